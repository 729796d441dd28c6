package web

import (
	"errors"
	"net/http"
	"strings"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/identity"
)

// find looks for what stands in the single box, and says what it was read as.
func (k *console) find(typed string) error {
	r := readBox(typed, k.Clock.Now().In(k.office.Location))
	ctx := k.c.Request().Context()
	if r.wrong != "" {
		k.misread(r, typed)
		return nil
	}
	switch r.as {
	case meansPhone:
		return k.ring(r.phone)
	case meansDay:
		return k.showDay(r.day)
	case meansCommand:
		return k.command(r.text)
	case meansNumber, meansPass, meansDocument:
		rows, err := k.Desk.Search(ctx, k.office.ID, r.text, date.Date{})
		if err != nil {
			return err
		}
		return k.list(r, rows)
	case meansInitials, meansName:
		rows, err := k.Desk.Named(ctx, k.office.ID, k.today(), k.matching(r), mostListed+1)
		if err != nil {
			return err
		}
		return k.list(r, rows)
	case meansNothing, meansUnknown:
	}
	k.misread(boxReading{as: meansUnknown}, typed)
	return nil
}

// misread says what is wrong with what was typed, in words that can be said to the
// caller where they have to say it again. It stays in the box.
func (k *console) misread(r boxReading, typed string) {
	what := ""
	switch {
	case r.as == meansPhone && r.digits < mobileDigits:
		what = k.d.T("console.say_phone_short", "n", mobileDigits-r.digits)
	case r.as == meansPhone && r.digits > mobileDigits:
		what = k.d.T("console.say_phone_long", "n", r.digits-mobileDigits)
	case r.as == meansPhone:
		what = k.d.T("console.say_phone")
	case r.as == meansDay:
		what = k.d.T("console.say_day")
	case r.as == meansName:
		what = k.d.T("console.say_name")
	case r.as == meansDocument:
		what = k.d.speakable(r.wrong, r.digits)
	}
	k.said(r.as, what)
	k.d.Q, k.status = typed, http.StatusUnprocessableEntity
}

// mobileDigits is how many a mobile number has.
const mobileDigits = 11

// matching says which names are meant by a name or by initials.
func (k *console) matching(r boxReading) func(string) bool {
	if r.as == meansInitials {
		return func(name string) bool { return k.rare.Initials(name, r.text) }
	}
	return func(name string) bool { return name == r.text }
}

// said is the line under the box: what it was read as, and what came of it.
func (k *console) said(as meaning, what string) {
	k.d.Said = k.d.T("console.read." + string(as))
	if what != "" {
		k.d.Said += k.d.T("site.colon") + what
	}
}

func (k *console) saidFound(as meaning, n int) {
	what := k.d.T("console.found_none")
	if n > 0 {
		what = k.d.T("console.found", "n", n)
	}
	k.said(as, what)
}

// mostListed is how many of the appointments that were found are shown: as many
// as there are digits to pick them with. Staff look somebody up, they do not
// list people.
const mostListed = 9

// listedRow is an appointment that may be meant. It names nobody in full.
type listedRow struct{ Step, Key, Names, When, Status string }

// list shows what was found; one alone is taken at once.
func (k *console) list(r boxReading, rows []booking.Row) error {
	k.saidFound(r.as, len(rows))
	if len(rows) == 1 {
		return k.take(rows[0].Number)
	}
	for i, row := range rows {
		if i == mostListed {
			k.d.More = k.d.T("console.more", "n", mostListed)
			break
		}
		k.d.Found = append(k.d.Found, listedRow{
			Step: "take:" + row.Number, Key: digitOf(i), Names: strings.Join(k.d.readable(row, 1).Names, k.d.T("desk.and")),
			When:   k.d.ShortDay(row.Day) + " " + k.d.Span(row.StartsAt, row.EndsAt),
			Status: k.d.T("status." + string(row.Status)),
		})
	}
	if len(rows) == 0 {
		k.d.Q = k.typed.Get("q")
	}
	return nil
}

// ring takes the call of a number. What was begun for another is parked first.
func (k *console) ring(phone identity.Phone) error {
	if k.unfinished() && k.st.Phone != phone.Number() {
		if err := k.park(""); err != nil {
			return err
		}
	}
	said := k.d.Notice
	if err := k.release(); err != nil {
		return err
	}
	k.reset()
	k.d.Notice, k.st.Phone = said, phone.Number()
	if err := k.acquaint(); err != nil {
		return err
	}
	for _, a := range k.caller.Known {
		if a.Status.Active() && k.st.Found == "" {
			k.st.Found = a.Number
		}
	}
	k.saidFound(meansPhone, len(k.caller.Known))
	return k.takePersons()
}

// acquaint reads what is known of the caller, once in a request.
func (k *console) acquaint() error {
	call, err := k.call()
	if err != nil || k.st.Phone == "" {
		return err
	}
	k.caller, err = k.Desk.TakeCall(k.c.Request().Context(), call)
	return err
}

// takePersons has the booking made for those of the caller's newest one, if it was
// for as many people as are asked for now and they have no place.
func (k *console) takePersons() error {
	w, err := k.wanted()
	if err != nil || k.st.Found != "" || len(k.caller.Known) == 0 {
		return err
	}
	n := len(k.caller.Parties)
	if n >= w.service.PartiesMin && n <= w.service.PartiesMax {
		k.st.From = k.caller.Known[0].Number
	}
	return nil
}

// take puts an appointment on the card.
func (k *console) take(number string) error {
	if _, err := k.Desk.At(k.c.Request().Context(), number, me(k.c).MayServe); err != nil {
		return err
	}
	k.st.Found, k.st.Changing, k.st.Saved = number, false, ""
	return nil
}

// others has the persons typed, instead of those of the caller's newest booking.
func (k *console) others(string) error {
	k.st.From = ""
	return nil
}

// persons is the parties of the appointment whose persons are taken, if it is
// reached at the number that calls.
func (k *console) persons() ([]booking.Party, error) {
	ctx := k.c.Request().Context()
	a, err := k.Desk.At(ctx, k.st.From, func(office string) bool { return office == k.office.ID })
	if err != nil {
		return nil, err
	}
	phone, err := k.Desk.Contact(k.c.Request().Context(), a)
	if err != nil || phone != k.st.phone() {
		return nil, errors.Join(err, booking.ErrNoAppointment)
	}
	return k.Desk.Parties(ctx, a)
}
