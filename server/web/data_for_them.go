package web

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// Whatever a couple can do about its data by itself, staff can do for it (domain rule
// 83): at the desk with its documents before them, or on the phone. They get the
// couple's own pages for a while, in their browser and as themselves.

// dataOfGuest opens what is kept of a couple that is at the desk.
func (p *Pages) dataOfGuest(c echo.Context) error {
	return p.dataFor(c, "/desk/", func(status int, pg page, g own, wrong wrongs) error {
		return p.showGuest(c, status, pg, g, guestPage{}, wrong)
	})
}

// dataOfCalled opens what is kept of a couple that is on the phone.
func (p *Pages) dataOfCalled(c echo.Context) error {
	return p.dataFor(c, "/call/", func(status int, pg page, g own, wrong wrongs) error {
		return p.showCalled(c, status, pg, g, wrong)
	})
}

// dataFor opens it for a reason that is kept, as in full view: the look is in the audit
// before there is one. With the step "leave" it is shut again.
func (p *Pages) dataFor(c echo.Context, from string, show func(status int, pg page, g own, wrong wrongs) error) error {
	g, err := p.guestOf(c)
	if err != nil {
		return err
	}
	from += g.Number
	if c.FormValue("step") == "leave" {
		for _, name := range []string{"data", "pass"} {
			p.setCookie(c, http.Cookie{Name: name, Path: "/b/" + g.Number, MaxAge: -1})
		}
		p.setCookie(c, http.Cookie{Name: typedCookie, Path: dataAt(g.Number), MaxAge: -1})
		return c.Redirect(http.StatusSeeOther, from)
	}
	ctx, wrong, err := p.mayUnmask(c)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return show(http.StatusUnprocessableEntity, p.page(c), g, wrong)
	}
	if g.Erased {
		return show(http.StatusOK, p.page(c), g, nil)
	}
	if _, err := p.Desk.Parties(ctx, g.appointment); err != nil {
		return err
	}
	if err := p.Desk.Opened(ctx, g.appointment, me(c).Actor()); err != nil {
		return err
	}
	if err := p.letInFor(c, g.Number, "", permissionFor); err != nil {
		return err
	}
	if err := p.permit(c, g.appointment, permission{By: me(c).Actor(), From: from}); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, dataAt(g.Number))
}
