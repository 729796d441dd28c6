package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
)

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
	if done, err := p.turnTo(c, pg, outcome{View: viewGone, Status: http.StatusNotFound}); done {
		return err
	}
	return p.render(c, http.StatusNotFound, "second", secondPage{page: pg, Gone: true})
}

func (p *Pages) showSecondForm(c echo.Context, status int, pg page, wrong wrongs) error {
	if done, err := p.turnTo(c, pg, outcome{View: viewSecond, Status: status, Wrong: wrong}); done {
		return err
	}
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
