package web

import (
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/fault"
	"hunyue/internal/identity"
)

type correctPage struct {
	page
	Number string
	Names  []field
	Phone  field
	Code   field
	Sent   bool // a code is on its way to the new phone
	Key    string
}

// correction is what was typed, and what stands.
type correction struct {
	names []string
	phone string
	key   string
	sent  bool
}

// correcting asks what is to be put right.
func (p *Pages) correcting(c echo.Context) error {
	mine, stored, ok, err := p.correctable(c)
	if err != nil || !ok {
		return err
	}
	f := correction{phone: stored.Phone.Number(), key: newKey()}
	for _, one := range stored.Parties {
		f.names = append(f.names, one.Name)
	}
	if sent, err := posted(c); err == nil && sent.Has("phone") { // and not stored
		f, _, _ = readCorrection(c, stored, wrongs{})
	}
	return p.showCorrect(c, http.StatusOK, p.page(c), mine, f, nil)
}

// correctable is what the browser may see and correct. Once a couple has been
// received, the counter does that.
func (p *Pages) correctable(c echo.Context) (own, booking.OwnData, bool, error) {
	mine, stored, ok, err := p.seen(c)
	if err == nil && ok && mine.Status != booking.Booked {
		return mine, stored, false, toData(c)
	}
	return mine, stored, ok, err
}

func (p *Pages) showCorrect(c echo.Context, status int, pg page, mine own, f correction, wrong wrongs) error {
	if done, err := p.turnTo(c, pg, outcome{View: viewCorrect, Step: stepIf(f.sent), Status: status, Wrong: wrong}); done {
		return err
	}
	d := correctPage{page: pg, Number: mine.Number, Sent: f.sent, Key: f.key, Code: pg.codeField()}
	for i, name := range f.names {
		shown := pg.typed(field{Name: partyInput(i, "name"), Hint: pg.T("book.name_hint"), Auto: "off"}, "book.name", name, wrong)
		whose := pg.partyName(i, len(f.names))
		d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, whose, shown)...)
		if len(f.names) > 1 {
			shown.Label = pg.T("data.name_of", "whose", whose, "label", shown.Label)
		}
		d.Names = append(d.Names, shown)
	}
	d.Phone = pg.typed(field{Name: "phone", Type: "tel", Mode: "tel", Auto: "tel-national", Hint: pg.T("data.phone_hint")}, "book.phone", f.phone, wrong)
	if wrong["phone"] == booking.ErrPhoneBusy.Code {
		d.Phone.Wrong = pg.T("wrong.phone.limit", "n", mine.rules.PerPhone)
	}
	d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", d.Phone)...)
	return p.render(c, status, "correct", d)
}

// correct stores what was put right. A new phone is sent a code first, to show
// that it is theirs.
func (p *Pages) correct(c echo.Context) error {
	mine, stored, ok, err := p.correctable(c)
	if err != nil || !ok {
		return err
	}
	pg, wrong := p.page(c), wrongs{}
	f, names, phone := readCorrection(c, stored, wrong)
	if len(wrong) > 0 {
		return p.showCorrect(c, http.StatusUnprocessableEntity, pg, mine, f, wrong)
	}
	ctx, code, changed := c.Request().Context(), digits(c.FormValue("code")), phone.Number() != stored.Phone.Number()
	if f.sent = changed; changed && (code == "" || c.FormValue("again") != "") {
		return p.askNewPhone(c, pg, mine, f, phone)
	}
	key, err := uuid.Parse(f.key)
	if err != nil {
		key = uuid.New()
	}
	given, _ := p.permission(c, mine.appointment)
	now, err := p.Desk.Correct(ctx, booking.Correction{
		Appointment: mine.appointment, Names: names, Phone: phone, Code: code, Key: key, Actor: given.actor(),
	})
	if err != nil {
		return p.uncorrected(c, pg, mine, f, err)
	}
	if err := p.permit(c, now, given); err != nil { // the old one was for the old phone
		return err
	}
	return c.Redirect(http.StatusSeeOther, dataAt(mine.Number)+"?saved=1")
}

// readCorrection reads the form, and notes what is wrong with it. What stands and
// was not touched is right.
func readCorrection(c echo.Context, stored booking.OwnData, wrong wrongs) (f correction, names []string, phone identity.Phone) {
	f = correction{phone: c.FormValue("phone"), key: c.FormValue("key")}
	for i, one := range stored.Parties {
		input := partyInput(i, "name")
		typed := c.FormValue(input)
		name, code := identity.NormaliseName(typed, one.Document.Type != identity.ResidentID)
		if code != "" && typed != one.Name {
			wrong[input] = code
		} else if code != "" {
			name = one.Name
		}
		f.names, names = append(f.names, typed), append(names, name)
	}
	phone, code := identity.ParsePhone(f.phone)
	if code == "" && phone.Number() != stored.Phone.Number() && !phone.TakesSMS() {
		code = "not_mobile"
	}
	if code != "" {
		wrong["phone"] = code
	}
	return f, names, phone
}

// askNewPhone sends a code to the new phone and asks for it.
func (p *Pages) askNewPhone(c echo.Context, pg page, mine own, f correction, phone identity.Phone) error {
	if c.FormValue("asked") == f.phone && c.FormValue("again") == "" {
		pg.Mistakes = []mistake{{"code", pg.T("wrong.code.required")}}
		return p.showCorrect(c, http.StatusUnprocessableEntity, pg, mine, f, nil)
	}
	pg, err := p.send(c.Request().Context(), pg, phone.Number())
	if err != nil {
		return err
	}
	return p.showCorrect(c, http.StatusOK, pg, mine, f, nil)
}

// uncorrected says why nothing was stored.
func (p *Pages) uncorrected(c echo.Context, pg page, mine own, f correction, err error) error {
	why := fault.Of(err)
	switch why.Code {
	case booking.ErrPhoneBusy.Code:
		f.sent = false
		return p.showCorrect(c, http.StatusConflict, pg, mine, f, wrongs{"phone": why.Code})
	case booking.ErrStillRunning.Code:
		retryLater(c, why)
		pg.Alert = pg.T("data.phone_again")
		return p.showCorrect(c, statusOf(why), pg, mine, f, nil)
	}
	pg, status, err := pg.unchanged(err)
	if err != nil {
		return err
	}
	return p.showCorrect(c, status, pg, mine, f, nil)
}
