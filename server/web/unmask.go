package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"hunyue/server/watch"
)

// unmasking is the form by which staff are shown a couple in full.
type unmasking struct {
	To     string
	Reason field
	Done   bool // it is shown on this page
}

func (pg page) unmasking(g own, to string, wrong wrongs) unmasking {
	reason := field{Name: "unmask", Choices: []option{{"", pg.T("unmask.choose"), true}}}
	for _, r := range watch.Reasons() {
		reason.Choices = append(reason.Choices, option{string(r), pg.T("unmask." + string(r)), false})
	}
	return unmasking{To: to, Reason: pg.typed(reason, "unmask.reason", "", wrong), Done: g.unmasked}
}

// unmaskGuest shows a couple in full at the desk.
func (p *Pages) unmaskGuest(c echo.Context) error {
	return p.unmask(c, func(status int, pg page, g own, wrong wrongs) error {
		return p.showGuest(c, status, pg, g, guestPage{}, wrong)
	})
}

// unmaskCalled shows a couple in full to whoever has it on the phone.
func (p *Pages) unmaskCalled(c echo.Context) error {
	return p.unmask(c, func(status int, pg page, g own, wrong wrongs) error {
		return p.showCalled(c, status, pg, g, wrong)
	})
}

// unmask shows one couple in full in this one answer, for a reason that is kept in
// the audit (domain rule 85). Reasons are few, and none can be typed: what is typed
// might name somebody.
func (p *Pages) unmask(c echo.Context, show func(status int, pg page, g own, wrong wrongs) error) error {
	g, err := p.guestOf(c)
	if err != nil {
		return err
	}
	pg := p.page(c)
	ctx, known := watch.Unmasked(c.Request().Context(), watch.Reason(c.FormValue("unmask")))
	if !known {
		return show(http.StatusUnprocessableEntity, pg, g, wrongs{"unmask": "required"})
	}
	if g.Erased {
		return show(http.StatusOK, pg, g, nil)
	}
	parties, err := p.Desk.Parties(ctx, g.appointment)
	if err != nil {
		return err
	}
	phone, err := p.Desk.Contact(ctx, g.appointment)
	if err != nil {
		return err
	}
	g.Names, g.Numbers, g.Phone, g.unmasked = nil, nil, phone.Number(), true
	for _, party := range parties {
		g.Names = append(g.Names, party.Name)
		g.Numbers = append(g.Numbers, party.Document.Number)
	}
	pg.Notice = pg.T("unmask.done")
	return show(http.StatusOK, pg, g, nil)
}
