package web

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/identity"
	"hunyue/server/auth"
	"hunyue/slots"
)

// The console of the phone line. It is one page with one form: every step sends
// the whole form and is answered with the whole page, so that nothing typed is
// ever lost and nothing needs a script. What the server has to remember between
// two steps travels in the form, sealed (callState).

// mountConsole adds the console and what it is asked for in other ways.
func (p *Pages) mountConsole(call *echo.Group) {
	call.GET("", p.console)
	call.GET("/offices", p.callOffices)
	call.POST("", p.consoleStep)
}

// console is one request of an operator.
type console struct {
	line
	c      echo.Context
	st     callState
	typed  url.Values
	f      bookForm
	office slots.Office
	d      consolePage
	wrong  wrongs
	status int

	caller booking.Caller // of the phone of the call
}

// console begins with nobody on the line.
func (p *Pages) console(c echo.Context) error {
	k, err := p.openConsole(c, url.Values{})
	if err != nil {
		return err
	}
	return k.show()
}

// consoleStep does what was asked for and shows the console again.
func (p *Pages) consoleStep(c echo.Context) error {
	sent, err := posted(c)
	if err != nil {
		return err
	}
	k, err := p.openConsole(c, sent)
	if err != nil {
		return err
	}
	step, of, _ := strings.Cut(sent.Get("step"), ":")
	do := k.steps()[step]
	if do == nil {
		do, step = k.enter, "enter"
	}
	if slices.Contains(goesOn, step) {
		k.prolong()
	}
	if err := do(of); err != nil {
		if err := k.explain(err); err != nil {
			return err
		}
	}
	return k.show()
}

// steps is what the buttons of the console do, by the first word of their value.
// The rest of the value is what it is done to.
func (k *console) steps() map[string]func(of string) error {
	return map[string]func(of string) error{
		"enter": k.enter, "day": k.pickDay, "hold": k.hold, "back": k.back, "save": k.save, "look": k.look,
		"take": k.take, "others": k.others, "change": k.change, "anew": k.anew, "new": k.begin, "lang": k.language,
		"park": k.park, "resume": k.resume, "discard": k.discard,
	}
}

// goesOn is the steps with which a call goes on with the place that it has.
var goesOn = []string{"enter", "look", "lang", "others"}

// prolong keeps the place for longer while the caller reads out names and numbers,
// as often as the office allows. Where that cannot be, saving says so.
func (k *console) prolong() {
	until, held := k.st.heldUntil()
	if !held || until.Sub(k.Clock.Now()) > prolonged {
		return
	}
	id, err := uuid.Parse(k.st.Hold)
	if err != nil {
		return
	}
	if longer, err := k.Desk.Extend(k.c.Request().Context(), id, k.st.Token, k.holder(k.c)); err == nil {
		k.st.Token, k.st.Until = longer.Token, longer.ExpiresAt.Format(time.RFC3339)
	}
}

// prolonged is how close the end of a hold may come before more is asked for.
const prolonged = 3 * time.Minute

// openConsole reads what was sent. A state that is not ours, or of another
// office than theirs, is none.
func (p *Pages) openConsole(c echo.Context, sent url.Values) (*console, error) {
	k := &console{line: p.phone(), c: c, typed: sent, wrong: wrongs{}, status: http.StatusOK, d: consolePage{page: p.page(c)}}
	k.d.Other = "" // the console has no address that says how it stands
	k.f = readConsoleForm(sent)
	k.st = p.readCallState(sent.Get("state"), me(c).Actor())
	id := k.st.Office
	if id == "" {
		id = c.FormValue("office")
	}
	if id == "" && len(me(c).Offices) > 0 {
		id = me(c).Offices[0]
	}
	if !me(c).MayServe(id) {
		return nil, auth.ErrForbidden
	}
	var err error
	if k.office, err = p.Offices.Office(c.Request().Context(), id); err != nil {
		return nil, err
	}
	k.st.Office = id
	if k.st.Locale == "" {
		k.st.Locale = k.d.Lang
	}
	if service := sent.Get("service"); service != "" && k.st.Hold == "" && !k.st.Changing {
		k.st.Service = service
	}
	return k, nil
}

// readConsoleForm is what was typed. Where nothing else is taken than resident IDs
// nobody is asked for the kind of document.
func readConsoleForm(sent url.Values) bookForm {
	f := readBookForm(sent)
	for i := range f.Parties {
		f.Parties[i].Type = cmp.Or(f.Parties[i].Type, string(identity.ResidentID))
	}
	return f
}

// enter is the Enter key, wherever it was pressed: what stands in the single box is
// looked for, a day that was typed is shown, and what else was typed is checked.
func (k *console) enter(string) error {
	switch typed := k.typed.Get("date"); {
	case strings.TrimSpace(k.typed.Get("q")) != "":
		return k.find(k.typed.Get("q"))
	case strings.TrimSpace(typed) != "" && typed != k.st.typedDay():
		return k.pickDay(typed)
	case k.st.Hold != "" && !k.st.Changing:
		return k.check()
	}
	return nil
}

// look shows the console again.
func (k *console) look(string) error { return nil }

// language changes the language of the call: of what is read out and of the text
// that is sent.
func (k *console) language(string) error {
	k.st.Locale = map[string]string{"zh": "en", "en": "zh"}[k.st.Locale]
	return nil
}

// begin ends the call and waits for the next. What is held is given back.
func (k *console) begin(string) error {
	err := k.release()
	k.reset()
	return err
}

// reset is a console with nobody on the line.
func (k *console) reset() {
	k.st = callState{Office: k.st.Office, Service: k.st.Service, Locale: k.d.Lang}
	k.f, k.wrong = bookForm{}, wrongs{}
	k.typed = url.Values{}
}

// explain says on the page why a step was not done, if that can be said.
func (k *console) explain(err error) error {
	pg, why, err := k.d.explained(k.c, err)
	if err != nil {
		return err
	}
	k.d.page, k.status = pg, statusOf(why)
	maps.Copy(k.wrong, why.Fields)
	return nil
}

// alert says on the page what went wrong.
func (k *console) alert(status int, text string) { k.d.Alert, k.status = text, status }

// today is the day at the office.
func (k *console) today() date.Date { return date.DateOf(k.Clock.Now().In(k.office.Location)) }

// subject is what the console books: read from the place that is held.
func (k *console) subject() (subject, error) {
	return k.line.subject(k.c, bookForm{Slot: k.st.Slot, Service: k.st.Service})
}

// wanted is the office and the service of the call.
func (k *console) wanted() (wish, error) {
	w, err := k.wishAt(k.c, k.office, k.st.Service)
	k.st.Service = w.service.ID
	return w, err
}

// known is the appointment on the card, and ErrNoAppointment where there is none.
func (k *console) found() (own, error) {
	a, err := k.Desk.At(k.c.Request().Context(), k.st.Found, me(k.c).MayServe)
	if err != nil {
		return own{}, err
	}
	return k.Pages.known(k.c, a)
}

// gone reports whether a place that was held cannot be had any more.
func gone(err error) bool {
	for _, f := range []*fault.Error{
		booking.ErrHoldExpired, booking.ErrHoldForeign, booking.ErrFull, booking.ErrClosed, booking.ErrSuspended, booking.ErrNotOpen,
	} {
		if errors.Is(err, f) {
			return true
		}
	}
	return false
}
