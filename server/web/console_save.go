package web

import (
	"errors"
	"maps"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
)

// other reports whether somebody calls for the two.
func (k *console) other() bool { return k.typed.Get("other") != "" }

// filled is the form with what the server knows: who calls, from where, and the
// persons of the caller's newest booking.
func (k *console) filled() (bookForm, error) {
	f := k.f
	f.Slot, f.Service, f.Hold, f.Token, f.Until, f.Key = k.st.Slot, k.st.Service, k.st.Hold, k.st.Token, k.st.Until, k.st.Key
	if strings.TrimSpace(f.Phone) == "" {
		f.Phone = k.st.Phone
	}
	if !k.other() {
		f.Caller = k.d.T("console.caller_self")
	}
	if k.st.From == "" {
		return f, nil
	}
	parties, err := k.persons()
	for i, p := range parties {
		f.Parties[i] = partyForm{
			Name: p.Name, Type: string(p.Document.Type), Number: p.Document.Number, Sex: string(p.Sex), Born: p.Born.String(), Sure: p.Name,
		}
	}
	return f, err
}

// judged is the application that was typed and what it books. What is wrong with it
// is noted by field; it is then not to be made.
func (k *console) judged() (booking.Application, bookForm, subject, error) {
	f, err := k.filled()
	if err != nil {
		return booking.Application{}, f, subject{}, err
	}
	s, err := k.subject()
	if err != nil {
		return booking.Application{}, f, s, err
	}
	app, wrong := k.judge(f, s)
	maps.Copy(k.wrong, wrong)
	return app, f, s, nil
}

// check says what is wrong with what has been typed so far. What has not been
// typed yet is not wrong.
func (k *console) check() error {
	app, f, s, err := k.judged()
	if err != nil {
		return err
	}
	for field, code := range k.wrong {
		if code == "required" {
			delete(k.wrong, field)
		}
	}
	if len(k.wrong) > 0 {
		k.status = http.StatusUnprocessableEntity
		return nil
	}
	if len(app.Parties) < s.service.PartiesMin || f.Parties[0].Number == "" {
		return nil
	}
	_, err = k.duplicate(app, s)
	return err
}

// save books what is held, or moves the appointment on the card there.
func (k *console) save(string) error {
	switch {
	case k.st.Saved != "":
		return nil // it was saved before
	case k.st.Hold == "":
		k.alert(http.StatusUnprocessableEntity, k.d.T("console.no_slot"))
		return nil
	case k.st.Changing:
		return k.move()
	}
	app, f, s, err := k.judged()
	if err != nil {
		return err
	}
	if s.rules.CallBack && k.typed.Get("called_back") == "" {
		k.wrong["called_back"] = "required"
	}
	decided, err := k.decided(app, s)
	if err != nil {
		return err
	}
	if len(k.wrong) > 0 {
		k.status = http.StatusUnprocessableEntity
		return nil
	}
	if twice, err := k.duplicate(app, s); err != nil || twice {
		return err
	}
	return k.confirm(app, f, decided)
}

// decided is why somebody who cannot book online is booked all the same (domain
// rule 52): "" where everybody can. Where it is needed and missing that is wrong.
func (k *console) decided(app booking.Application, s subject) (string, error) {
	if len(app.Parties) == 0 || len(k.wrong) > 0 {
		return "", nil
	}
	until, err := k.Desk.RestrictedUntil(k.c.Request().Context(), app.Parties, s.rules, date.DateOf(s.now))
	if err != nil || until.IsZero() {
		return "", err
	}
	k.d.Restricted = k.d.T("busy.for_caller", "day", k.d.Day(until))
	reason := strings.TrimSpace(k.typed.Get("decision"))
	if reason == "" {
		k.wrong["decision"] = "required"
	} else if utf8.RuneCountInString(reason) > longestReason {
		k.wrong["decision"] = "too_long"
	}
	return reason, nil
}

// duplicate reports whether the two have an appointment already. It is put on the
// card if it is at one of the operator's offices.
func (k *console) duplicate(app booking.Application, s subject) (bool, error) {
	a, err := k.Desk.Together(k.c.Request().Context(), app.Parties, s.service.Group)
	if errors.Is(err, booking.ErrNoAppointment) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	k.status = http.StatusConflict
	if !me(k.c).MayServe(a.Office) {
		k.d.Alert = k.d.T("busy.for_staff")
		return true, nil
	}
	k.st.Found, k.d.Duplicate = a.Number, true
	return true, nil
}

// confirm makes the appointment. What was decided is kept before that.
func (k *console) confirm(app booking.Application, f bookForm, decision string) error {
	ctx := k.c.Request().Context()
	call, err := k.call()
	if err != nil {
		return err
	}
	if call.Phone.Number() == "" {
		k.st.Phone, call.Phone = app.Phone.Number(), app.Phone
	}
	if _, err := k.Desk.TakeCall(ctx, call); err != nil {
		return err
	}
	if err := k.Desk.NoteCall(ctx, call, booking.CallTerms{ForOther: k.other(), CalledBack: k.typed.Get("called_back") != "", Decision: decision}); err != nil {
		return err
	}
	if app.Request, err = f.request(); err != nil {
		return err
	}
	if app.Hold, err = uuid.Parse(f.Hold); err != nil {
		return booking.ErrHoldForeign
	}
	app.Token, app.Session, app.Key, app.Locale, app.Actor = f.Token, k.holder(k.c), f.Key, k.st.Locale, k.actor(k.c)
	made, err := k.Desk.Confirm(ctx, app)
	if err != nil {
		return k.unconfirmed(err)
	}
	return k.came(booking.CallBooked, made.Number)
}

// came ends the call with an appointment, and discards its draft.
func (k *console) came(o booking.CallOutcome, number string) error {
	ctx := k.c.Request().Context()
	a, err := k.Desk.At(ctx, number, me(k.c).MayServe)
	if err != nil {
		return err
	}
	call, err := k.call()
	if err != nil {
		return err
	}
	if err := errors.Join(k.Desk.EndCall(ctx, call.Key, o, a), k.Desk.Discard(ctx, k.office.ID, call.Key)); err != nil {
		return err
	}
	k.st.drop()
	k.st.Saved, k.st.Found, k.st.From, k.st.Changing = number, number, "", false
	k.d.Said = k.d.T("console.saved_said", "number", grouped(number))
	return nil
}

// grouped is a number of eight digits as people read it out.
func grouped(number string) string { return ownWords{Number: number}.Grouped() }

// unconfirmed says why there is no appointment. What was typed stays.
func (k *console) unconfirmed(err error) error {
	why := fault.Of(err)
	switch {
	case gone(err):
		return k.lose(err)
	case errors.Is(err, booking.ErrPersonBusy), errors.Is(err, booking.ErrBooked):
		k.st.drop()
		k.alert(http.StatusConflict, k.d.T("busy.for_staff"))
		return nil
	case errors.Is(err, booking.ErrUnknownOutcome), errors.Is(err, booking.ErrStillRunning):
		k.alert(statusOf(why), k.d.T("console.unknown"))
		return nil
	}
	return err
}
