package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"hunyue/server/auth"
)

// wayCookie remembers who was sent to the single sign-on. It has to come along
// when another site sends them back, so it is Lax, and short.
func (p *Pages) wayCookie(value string, age int) *http.Cookie {
	return &http.Cookie{
		Name: "way", Value: value, Path: "/staff/signon", MaxAge: age,
		HttpOnly: true, Secure: p.Accounts.Secure, SameSite: http.SameSiteLaxMode,
	}
}

// leaveFor sends somebody to the single sign-on.
func (p *Pages) leaveFor(c echo.Context) error {
	if p.Accounts.SignOn == nil {
		return p.loginForm(c)
	}
	way, err := p.Accounts.Leave(c.Request().Context(), c.QueryParam("next"))
	if err != nil {
		return err
	}
	c.SetCookie(p.wayCookie(way.Sealed, 600))
	return c.Redirect(http.StatusSeeOther, way.To)
}

type arrivedPage struct {
	page
	To string
}

// arrive signs somebody in who comes back from there. They go on from a page of
// ours: a browser brings the cookie of the session along from nowhere else.
func (p *Pages) arrive(c echo.Context) error {
	if p.Accounts.SignOn == nil {
		return p.loginForm(c)
	}
	sealed, err := c.Cookie("way")
	if err != nil {
		return p.signOnRefused(c, auth.ErrLoginFailed)
	}
	s, next, err := p.Accounts.Return(c.Request().Context(), sealed.Value, c.QueryParam("state"), c.QueryParam("code"))
	c.SetCookie(p.wayCookie("", -1))
	if err != nil {
		return p.signOnRefused(c, err)
	}
	p.enters(c, s)
	pg := p.page(c)
	pg.Other, pg.Settings = "", ""
	d := arrivedPage{page: pg, To: p.onwards(s, next)}
	c.Response().Header().Set("Refresh", "0; url="+d.To)
	return p.render(c, http.StatusOK, "arrived", d)
}

// signOnRefused shows the login form, and who is unknown what the provider
// calls them.
func (p *Pages) signOnRefused(c echo.Context, err error) error {
	pg := p.page(c)
	unbound, unknown := errors.AsType[*auth.UnboundError](err)
	switch {
	case unknown:
		pg.Alert = pg.T("signon.unbound", "subject", unbound.Subject)
	case errors.Is(err, auth.ErrLoginFailed):
		pg.Alert = pg.T("signon.refused")
	default:
		return err
	}
	return p.showLogin(c, http.StatusUnauthorized, pg, loginPage{}, "")
}
