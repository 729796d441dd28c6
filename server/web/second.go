package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/boombuler/barcode/qr"
	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/identity"
)

// mountSecond adds what the second person of a couple confirms with, where the
// office asks them themselves (decision 20).
func (p *Pages) mountSecond(e *echo.Echo) {
	e.GET("/b/:number/second", p.invitation)
	e.GET("/second/:token", p.secondForm)
	e.POST("/second/:token", p.secondAgain)
	e.POST("/second/:token/check", p.secondCheck)
	e.POST("/second/:token/confirm", p.secondConfirm)
	e.GET("/second/:token/:step", func(c echo.Context) error {
		return c.Redirect(http.StatusSeeOther, secondAt(c.Param("token")))
	})
}

func secondAt(token string) string { return "/second/" + url.PathEscape(token) }

// invitePage is the first person's: the link that the second one gets.
type invitePage struct {
	page
	Own  ownWords
	Link string // "": it is used up, and the hall is left
	Code *qrCode
}

// invitation shows the couple the link for the second person.
func (p *Pages) invitation(c echo.Context) error {
	mine, ok, err := p.standing(c)
	if err != nil || !ok {
		return err
	}
	second, err := p.Desk.Second(c.Request().Context(), mine.appointment)
	if err != nil {
		return err
	}
	if !second.Unconfirmed {
		return c.Redirect(http.StatusSeeOther, "/b/"+mine.Number)
	}
	pg := p.page(c)
	d := invitePage{page: pg, Own: pg.ownWords(mine)}
	if second.Link != "" {
		d.Link = p.origin(c) + secondAt(second.Link)
		code, err := qr.Encode(d.Link, qr.M, qr.Unicode)
		if err != nil {
			return fmt.Errorf("QR code of a link: %w", err)
		}
		d.Code = &qrCode{code}
	}
	return p.render(c, http.StatusOK, "invite", d)
}

// secondPage is what the second person sees: their own half, and of the other a
// masked name.
type secondPage struct {
	page
	At           string
	When, Where  string
	Inviter      string
	OfficePhone  string
	Gone, Done   bool
	Name, Number field
	Phone        field
	Ticks        []tick
	Keep         []hidden
	Code         *field // once it was sent
	SentTo       string
}

// secondForm is where the link leads.
func (p *Pages) secondForm(c echo.Context) error {
	p.nameDevice(c)
	return p.showSecondForm(c, http.StatusOK, p.secondPage(c), nil)
}

// secondPage is a page whose switches would repeat the link in other addresses.
func (p *Pages) secondPage(c echo.Context) page {
	pg := p.page(c)
	pg.Other, pg.Settings = "", ""
	return pg
}

// invited is what the link of the address leads to. If it leads nowhere, the answer
// has been given.
func (p *Pages) invited(c echo.Context, pg page) (booking.Invitation, secondPage, bool, error) {
	inv, err := p.Desk.Invited(c.Request().Context(), c.Param("token"))
	d := secondPage{page: pg, At: secondAt(c.Param("token"))}
	if errors.Is(err, booking.ErrNoInvitation) {
		return inv, d, false, p.goneSecond(c, pg)
	}
	if err != nil {
		return inv, d, false, err
	}
	d.Inviter = inv.Inviter
	err = p.describe(c, &d, inv.Appointment)
	return inv, d, err == nil, err
}

// describe says where and when.
func (p *Pages) describe(c echo.Context, d *secondPage, a booking.Appointment) error {
	office, err := p.Offices.Office(c.Request().Context(), a.Office)
	if err != nil {
		return err
	}
	d.When = d.Day(a.Day) + " " + d.Clock(a.StartsAt.In(office.Location))
	d.Where, d.OfficePhone = d.officeName(office), office.Phone
	return nil
}

func (p *Pages) goneSecond(c echo.Context, pg page) error {
	return p.render(c, http.StatusNotFound, "second", secondPage{page: pg, Gone: true})
}

func (p *Pages) showSecondForm(c echo.Context, status int, pg page, wrong wrongs) error {
	inv, d, ok, err := p.invited(c, pg)
	if err != nil || !ok {
		return err
	}
	rules, err := p.Offices.Rules(c.Request().Context(), inv.Appointment.Office, inv.Appointment.Day)
	if err != nil {
		return err
	}
	d.Name = pg.typed(field{Name: "name", Hint: pg.T("second.name_hint"), Auto: "off"}, "second.name", c.FormValue("name"), wrong)
	d.Number = pg.typed(field{Name: "document.number", Auto: "off"}, "document."+string(inv.Type), c.FormValue("document.number"), wrong)
	if code := wrong["document.number"]; code == "format" || code == "too_long" {
		d.Number.Wrong = pg.wrongNumber(inv.Type, d.Number.Value)
	}
	d.Phone = pg.typed(field{Name: "phone", Type: "tel", Mode: "tel", Auto: "tel-national", Hint: pg.T("second.phone_hint")}, "second.phone", c.FormValue("phone"), wrong)
	if wrong["phone"] == booking.ErrSamePhone.Code {
		d.Phone.Wrong = pg.Fault(booking.ErrSamePhone.Code)
	}
	d.Ticks = pg.secondTicks(c, wrong)
	for _, t := range pg.healthTicks(bookForm{Health: c.FormValue("consents.health")}, rules, false) {
		t.Label = pg.T("second.health", "version", healthVersion)
		d.Ticks = append(d.Ticks, t)
	}
	d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", d.Name, d.Number, d.Phone)...)
	for _, t := range d.Ticks {
		if t.Wrong != "" {
			d.Mistakes = append(d.Mistakes, mistake{t.Name, t.Wrong})
		}
	}
	return p.render(c, status, "second", d)
}

// secondTicks is what the second person agrees to, for themselves.
func (pg page) secondTicks(c echo.Context, wrong wrongs) []tick {
	return []tick{
		{
			Name: "consents.agreement", Value: agreementVersion, On: c.FormValue("consents.agreement") == agreementVersion,
			Label: pg.T("second.agreement", "version", agreementVersion), Wrong: wrong.say(pg.Reader, "consents.agreement"),
		},
		{
			Name: "consents.privacy", Value: privacyVersion, On: c.FormValue("consents.privacy") == privacyVersion,
			Label: pg.T("second.privacy", "version", privacyVersion), Wrong: wrong.say(pg.Reader, "consents.privacy"),
		},
	}
}

// secondAgain shows the form as it was typed, in another language or size.
func (p *Pages) secondAgain(c echo.Context) error {
	if c.FormValue("page") == "code" {
		return p.showSecondCode(c, http.StatusOK, p.secondPage(c), p.claim(c, wrongs{}))
	}
	return p.showSecondForm(c, http.StatusOK, p.secondPage(c), nil)
}

// claim reads the form. What is wrong with a document is said by its form alone: by
// whose it is, the desk judges.
func (p *Pages) claim(c echo.Context, wrong wrongs) booking.Claim {
	claim := booking.Claim{Link: c.Param("token"), Code: digits(c.FormValue("code")), Consents: map[string]string{
		"agreement": c.FormValue("consents.agreement"), "privacy": c.FormValue("consents.privacy"),
	}}
	if c.FormValue("consents.health") == healthVersion {
		claim.Consents["health"] = healthVersion
	}
	if claim.Consents["agreement"] != agreementVersion {
		wrong["consents.agreement"] = "required"
	}
	if claim.Consents["privacy"] != privacyVersion {
		wrong["consents.privacy"] = "required"
	}
	claim.Phone = p.web().judgePhone(wrong, c.FormValue("phone"))
	return claim
}

// judged is a claim about an invitation, and what is wrong with it.
func (p *Pages) judged(c echo.Context, inv booking.Invitation) (booking.Claim, wrongs) {
	wrong, code := wrongs{}, ""
	claim := p.claim(c, wrong)
	note := func(input string) {
		if code != "" {
			wrong[input] = code
		}
	}
	claim.Document, code = identity.ParseDocument(inv.Type, c.FormValue("document.number"), p.Clock.Now())
	note("document.number")
	claim.Name, code = identity.NormaliseName(c.FormValue("name"), inv.Type != identity.ResidentID)
	if unusual(code) && claim.Name != "" {
		code = "" // that it is theirs is compared, not guessed
	}
	note("name")
	return claim, wrong
}

// secondCheck judges who it is and sends a code to the phone that they typed.
func (p *Pages) secondCheck(c echo.Context) error {
	pg := p.secondPage(c)
	inv, _, ok, err := p.invited(c, pg)
	if err != nil || !ok {
		return err
	}
	claim, wrong := p.judged(c, inv)
	if len(wrong) > 0 {
		return p.showSecondForm(c, http.StatusUnprocessableEntity, pg, wrong)
	}
	if _, err := p.Desk.Recognise(c.Request().Context(), claim); err != nil {
		return p.secondRefused(c, pg, claim, err)
	}
	if pg, err = p.send(c.Request().Context(), pg, claim.Phone.Number()); err != nil {
		return err
	}
	return p.showSecondCode(c, http.StatusOK, pg, claim)
}

func (p *Pages) showSecondCode(c echo.Context, status int, pg page, claim booking.Claim) error {
	inv, d, ok, err := p.invited(c, pg)
	if err != nil || !ok {
		return err
	}
	code := pg.codeField()
	d.Code, d.SentTo = &code, claim.Phone.Masked()
	for _, name := range []string{"name", "document.number", "phone", "consents.agreement", "consents.privacy", "consents.health"} {
		d.Keep = append(d.Keep, hidden{name, c.FormValue(name)})
	}
	d.Keep = append(d.Keep, hidden{"type", string(inv.Type)}) // so that it is read alike once the link is used
	return p.render(c, status, "second", d)
}

// secondConfirm has the second person in the appointment.
func (p *Pages) secondConfirm(c echo.Context) error {
	pg, ctx := p.secondPage(c), c.Request().Context()
	inv, err := p.Desk.Invited(ctx, c.Param("token"))
	used := errors.Is(err, booking.ErrNoInvitation) // by this form, it may be
	if err != nil && !used {
		return err
	}
	if used {
		inv.Type = identity.DocumentType(c.FormValue("type"))
	}
	claim, wrong := p.judged(c, inv)
	if len(wrong) > 0 {
		return p.showSecondForm(c, http.StatusUnprocessableEntity, pg, wrong)
	}
	if claim.Code == "" {
		pg.Mistakes = []mistake{{"code", pg.T("wrong.code.required")}}
		return p.showSecondCode(c, http.StatusUnprocessableEntity, pg, claim)
	}
	a, err := p.Desk.ConfirmSecond(ctx, claim)
	if err != nil {
		return p.secondRefused(c, pg, claim, err)
	}
	d := secondPage{page: pg, Done: true}
	if err := p.describe(c, &d, a); err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "second", d)
}

// secondRefused says why somebody is not confirmed, where it can be told.
func (p *Pages) secondRefused(c echo.Context, pg page, claim booking.Claim, err error) error {
	why := fault.Of(err)
	switch why.Code {
	case booking.ErrNoInvitation.Code:
		return p.goneSecond(c, pg)
	case booking.ErrCodeWrong.Code, booking.ErrCodeExpired.Code, booking.ErrCodeUsedUp.Code:
		pg.Mistakes = []mistake{{"code", pg.Fault(why.Code)}}
		return p.showSecondCode(c, http.StatusUnprocessableEntity, pg, claim)
	case booking.ErrSamePhone.Code, booking.ErrPhoneBusy.Code:
		return p.showSecondForm(c, http.StatusUnprocessableEntity, pg, wrongs{"phone": why.Code})
	case booking.ErrNotInvited.Code, booking.ErrPersonBusy.Code:
		return p.showSecondForm(c, statusOf(why), p.web().theirs(pg.refused(why), err), nil)
	}
	return err
}

// waiting is where the couple finds the link for the second person; "" where nobody
// is asked, or they have confirmed.
func (p *Pages) waiting(c echo.Context, mine own) (string, error) {
	if mine.Status != booking.Booked {
		return "", nil
	}
	second, err := p.Desk.Second(c.Request().Context(), mine.appointment)
	if err != nil || !second.Unconfirmed {
		return "", err
	}
	return "/b/" + mine.Number + "/second", nil
}

// saidBySecond is what the second person has agreed to, and when.
func (pg page) saidBySecond(mine own, second booking.Second) string {
	if second.At == nil {
		return ""
	}
	at := second.At.In(mine.office.Location)
	return pg.T("second.said."+second.By, "at", pg.Day(date.DateOf(at))+" "+pg.Clock(at))
}
