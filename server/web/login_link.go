package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"hunyue/internal/fault"
	"hunyue/server/auth"
)

// linkPage is where a one-time link leads: to a password of one's own. The
// first account of all is made here too.
type linkPage struct {
	page
	At       string
	First    bool
	Who      string
	Username field
	Name     field
	Password field
}

func (p *Pages) linkForm(c echo.Context) error {
	l, err := p.Accounts.Follow(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	return p.showLink(c, http.StatusOK, l, nil)
}

func (p *Pages) showLink(c echo.Context, status int, l auth.Link, wrong wrongs) error {
	pg := p.page(c)
	pg.Other, pg.Settings = "", "" // their addresses would repeat the link
	d := linkPage{
		page: pg, At: "/staff/link/" + c.Param("token"), First: l.Account == 0, Who: l.Name,
		Username: pg.typed(field{Name: "username", Auto: "username", Hint: pg.T("people.username_hint")}, "login.username", c.FormValue("username"), wrong),
		Name:     pg.typed(field{Name: "name", Auto: "name"}, "people.name", c.FormValue("name"), wrong),
		Password: pg.typed(field{Name: "password_new", Type: "password", Auto: "new-password", Hint: p.passwordHint(pg)}, "account.new", "", wrong),
	}
	d.Mistakes = mistakesIn(pg.Reader, "", d.Username, d.Name, d.Password)
	return p.render(c, status, "link", d)
}

// followLink keeps the password, and signs them in with it: so they get to
// their second factor at once.
func (p *Pages) followLink(c echo.Context) error {
	ctx, token, chosen := c.Request().Context(), c.Param("token"), c.FormValue("password_new")
	l, err := p.Accounts.Follow(ctx, token)
	if err != nil {
		return err
	}
	username := l.Username
	if l.Account == 0 {
		username = c.FormValue("username")
		err = p.Accounts.SetUp(ctx, token, auth.NewUser{Username: username, Name: c.FormValue("name"), Password: chosen})
	} else {
		err = p.Accounts.Activate(ctx, token, chosen)
	}
	if err != nil {
		f := fault.Of(err)
		if len(f.Fields) == 0 {
			return err
		}
		wrong := wrongs(f.Fields)
		if code := wrong["password"]; code != "" {
			wrong["password_new"] = code
		}
		return p.showLink(c, http.StatusUnprocessableEntity, l, wrong)
	}
	return p.newcomer(c, username, chosen)
}

// newcomer signs somebody in with the password that they have just chosen.
// Whoever has a second factor shows it on the way in.
func (p *Pages) newcomer(c echo.Context, username, password string) error {
	s, err := p.Accounts.SignIn(c.Request().Context(), username, password, "")
	if err != nil {
		return c.Redirect(http.StatusSeeOther, "/staff/login")
	}
	return p.signedIn(c, s, loginPage{})
}
