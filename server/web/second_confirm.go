package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/fault"
	"hunyue/internal/identity"
)

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
	if done, err := p.turnTo(c, pg, outcome{View: viewCode, Status: status}); done {
		return err
	}
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
	return p.doneSecond(c, pg, a)
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
