package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/identity"
	"hunyue/server/limit"
	"hunyue/slots"
)

// On hot days a phone comes before the times: nobody sits on a place without one.
// That no place is kept otherwise is seen to by booking.Desk.Hold; here is how a
// browser shows a phone, once, and goes on.

// inHand is what a browser keeps that has shown a phone. It names the phone to
// nobody: the number itself is on the form.
type inHand struct {
	Phone []byte `json:"p"` // keyed hash
	Until int64  `json:"u"` // seconds
}

const (
	inHandPurpose = "phone in hand"
	inHandFor     = time.Hour // to wait for the release, and to choose again when a time is gone
)

// mountPhone adds the page that asks for a phone before the times of a day.
func (l line) mountPhone(e *echo.Echo) {
	e.Use(l.phoneFirst)
	e.GET("/o/:office/:date/phone", l.phonePage)
	e.POST("/o/:office/:date/phone", l.showPhone)
}

// phoneFirst asks who has chosen a time of a hot day for a phone, and keeps what
// was chosen and typed.
func (l line) phoneFirst(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Request().Method != http.MethodPost || c.Path() != "/o/:office/:date" && c.Path() != "/book/hold" {
			return next(c)
		}
		slot, err := slots.ParseSlotID(c.FormValue("slot"))
		if err != nil {
			return next(c)
		}
		needed, err := l.needsPhone(c, slot.Office, slot.Day)
		if err != nil || !needed {
			return next(c) // which finds out what is wrong
		}
		w, err := l.wishOf(c, slot.Office)
		if err != nil {
			return err
		}
		return l.askPhone(c, http.StatusOK, l.page(c), w, slot.Day, false)
	}
}

// needsPhone reports whether a day is a hot one and the browser has shown no phone.
func (l line) needsPhone(c echo.Context, office string, day date.Date) (bool, error) {
	if l.assisted() || l.provenPhone(c) != "" {
		return false, nil
	}
	return l.Offices.VerifiesFirst(c.Request().Context(), office, day)
}

// guard adds to a page of times what comes before a choice: a phone on hot days, a
// proof of work in a rush, and then what was chosen is chosen still.
func (l line) guard(c echo.Context, d *choicePage, w wish, day date.Date) error {
	d.Proof = l.proof(c, d.page, w)
	for i := range d.Times {
		d.Times[i].Chosen = d.Proof.Call != "" && d.Times[i].ID == c.FormValue("slot")
	}
	var err error
	d.Verify, err = l.verifyAt(c, w, day)
	return err
}

// verifyAt is where a phone is shown before the times of a day, or "" if they can
// be chosen. Who moves an appointment has shown one.
func (l line) verifyAt(c echo.Context, w wish, day date.Date) (string, error) {
	needed, err := l.needsPhone(c, w.office.ID, day)
	if err != nil || !needed || c.Param("number") != "" {
		return "", err
	}
	return "/o/" + w.office.ID + "/" + day.String() + "/phone?" + url.Values{"service": {w.service.ID}}.Encode(), nil
}

func (l line) wishOf(c echo.Context, office string) (wish, error) {
	o, err := l.Offices.Office(c.Request().Context(), office)
	if err != nil {
		return wish{}, err
	}
	return l.wishAt(c, o, c.FormValue("service"))
}

type phonePage struct {
	page
	Day    string
	Office string
	Action string
	Phone  field
	Code   field
	Sent   bool
	Keep   []hidden // what was chosen and typed before
	Back   string
	Call   string // the office's phone
}

// phonePage asks for the phone of somebody who has chosen a hot day.
func (l line) phonePage(c echo.Context) error {
	w, day, err := l.hotDay(c)
	if err != nil {
		return err
	}
	if needed, err := l.needsPhone(c, w.office.ID, day); err != nil || !needed {
		return errors.Join(err, c.Redirect(http.StatusSeeOther, l.timesAt(w.office.ID, day, w.service.ID)))
	}
	return l.askPhone(c, http.StatusOK, l.page(c), w, day, false)
}

func (l line) hotDay(c echo.Context) (wish, date.Date, error) {
	w, err := l.wish(c)
	if err != nil {
		return w, date.Date{}, err
	}
	day, err := date.ParseDate(c.Param("date"))
	if err != nil {
		return w, day, slots.ErrNoSuchSlot
	}
	return w, day, nil
}

// askPhone shows the form, with a place for the code once one was sent.
func (l line) askPhone(c echo.Context, status int, pg page, w wish, day date.Date, sent bool) error {
	at := "/o/" + w.office.ID + "/" + day.String() + "/phone"
	o := outcome{At: at, View: viewPhone, Step: day.String(), Status: status, Sent: map[string]string{"sent": ""}}
	if sent {
		o.Sent["sent"] = "1"
	}
	if done, err := l.turnTo(c, pg, o); done {
		return err
	}
	wrong := wrongs{}
	for _, m := range pg.Mistakes {
		wrong[m.Field] = m.Text
	}
	d := phonePage{
		page: pg, Day: pg.Day(day), Office: pg.officeName(w.office), Sent: sent, Call: w.office.Phone,
		Action: at, Back: l.daysAt(w.office.ID, w.service.ID),
		Phone: field{
			Name: "phone", Label: pg.T("book.phone"), Hint: pg.T("phone.hint"), Value: c.FormValue("phone"), Wrong: wrong["phone"],
			Type: "tel", Mode: "tel", Auto: "tel-national",
		},
		Code: field{
			Name: "code", Label: pg.T("code.label"), Hint: pg.T("code.hint"), Wrong: wrong["code"],
			Mode: "numeric", Auto: "one-time-code",
		},
		Keep: []hidden{{"service", w.service.ID}},
	}
	if sent {
		d.Keep = append(d.Keep, hidden{"sent", "1"})
	}
	f := readBookForm(c.Request().PostForm)
	if f.Slot != "" {
		d.Keep = append(d.Keep, hidden{"slot", f.Slot}, hidden{"key", f.Key})
		for _, h := range f.typed() {
			if h.Name != "phone" {
				d.Keep = append(d.Keep, h)
			}
		}
	}
	l.session(c)
	return l.render(c, status, "phone", d)
}

// showPhone sends a code to the phone, or reads the code that came, and goes on.
func (l line) showPhone(c echo.Context) error {
	w, day, err := l.hotDay(c)
	if err != nil {
		return err
	}
	pg := l.page(c)
	if c.FormValue("page") != "" { // as its reader wants it now
		return l.askPhone(c, http.StatusOK, pg, w, day, c.FormValue("sent") != "")
	}
	phone, code := identity.ParsePhone(c.FormValue("phone"))
	if code == "" && !phone.TakesSMS() {
		code = "not_mobile"
	}
	if code != "" {
		return l.phoneMistake(c, pg, w, day, "phone", wrongs{"phone": code}.say(pg.Reader, "phone"), false)
	}
	if c.FormValue("step") == "code" {
		pg, err := l.send(c.Request().Context(), pg, phone.Number())
		if err != nil {
			return err
		}
		return l.askPhone(c, statusOfPage(pg), pg, w, day, true)
	}
	typedCode := digits(c.FormValue("code"))
	if typedCode == "" {
		return l.phoneMistake(c, pg, w, day, "code", pg.T("wrong.code.required"), true)
	}
	switch err := l.prove(c, phone.Number(), typedCode); {
	case errors.Is(err, booking.ErrCodeWrong), errors.Is(err, booking.ErrCodeExpired), errors.Is(err, booking.ErrCodeUsedUp):
		return l.phoneMistake(c, pg, w, day, "code", pg.Fault(fault.Of(err).Code), true)
	case errors.Is(err, limit.ErrTooMany):
		return l.slowDown(c, fault.Of(err))
	case err != nil:
		return err
	}
	return l.goOn(c, w, day)
}

func (l line) phoneMistake(c echo.Context, pg page, w wish, day date.Date, input, text string, sent bool) error {
	pg.Mistakes = []mistake{{input, text}}
	return l.askPhone(c, http.StatusUnprocessableEntity, pg, w, day, sent)
}

// statusOfPage is for a page on which a code was asked for.
func statusOfPage(pg page) int {
	if pg.Failed() {
		return http.StatusTooManyRequests
	}
	return http.StatusOK
}

// prove notes that the browser has shown a phone, if the code is the one that
// came to it.
func (l line) prove(c echo.Context, phone, code string) error {
	ctx := c.Request().Context()
	spent, err := l.Limits.Spend(ctx, limit.Confirms, whoIn(ctx), "")
	if err != nil {
		return err
	}
	mark, err := l.Desk.Prove(ctx, phone, code)
	if err != nil {
		return err
	}
	spent.Back(ctx)
	payload, err := json.Marshal(inHand{mark, l.Clock.Now().Add(inHandFor).Unix()})
	if err != nil {
		return err
	}
	c.Set(inHandPurpose, string(mark)) // for the rest of this request
	l.setCookie(c, http.Cookie{Name: l.own("phone"), Value: l.Keys.Sign(inHandPurpose, payload), Path: "/", MaxAge: int(inHandFor.Seconds())})
	return nil
}

// provenPhone is the mark of the phone that the browser has shown, or "".
func (p *Pages) provenPhone(c echo.Context) string {
	if mark, now := c.Get(inHandPurpose).(string); now {
		return mark
	}
	cookie, err := c.Cookie(p.own("phone"))
	if err != nil {
		return ""
	}
	payload, err := p.Keys.Verify(inHandPurpose, cookie.Value)
	if err != nil {
		return ""
	}
	var shown inHand
	if json.Unmarshal(payload, &shown) != nil || !p.Clock.Now().Before(time.Unix(shown.Until, 0)) {
		return ""
	}
	return string(shown.Phone)
}

// phoneFor is the mark of the phone that a place is asked for with: the one that
// was shown, or the one on file where a couple moves its appointment or books anew.
func (p *Pages) phoneFor(c echo.Context) ([]byte, error) {
	number := c.Param("number")
	pass, ok := p.passOf(c, number)
	if number == "" || !ok {
		return []byte(p.provenPhone(c)), nil
	}
	a, err := p.Desk.At(c.Request().Context(), pass.Number, func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	return p.Desk.OnFile(a), nil
}

// goOn does what somebody wanted who had no phone to show: it keeps the time that
// they chose, or shows them the times.
func (l line) goOn(c echo.Context, w wish, day date.Date) error {
	f := readBookForm(c.Request().PostForm)
	switch {
	case f.Slot == "":
		return c.Redirect(http.StatusSeeOther, l.timesAt(w.office.ID, day, w.service.ID))
	case f.Parties[0].empty() && f.Parties[1].empty():
		return l.hold(c)
	}
	return l.holdAgain(c)
}

// known reports whether the place was asked for by whoever has the phone of the
// form in hand, so that no code is asked for again.
func (l line) known(c echo.Context, f bookForm, phone identity.Phone) bool {
	hold, err := uuid.Parse(f.Hold)
	return err == nil && l.Desk.Proves(f.Token, hold, l.holder(c), phone.Number())
}
