package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/internal/fault"
	"hunyue/server/auth"
	"hunyue/slots"
)

type loginPage struct {
	page
	Username, Password field
	Next               string
}

// loginForm asks staff who they are.
func (p *Pages) loginForm(c echo.Context) error {
	return p.showLogin(c, http.StatusOK, p.page(c), "", c.QueryParam("next"))
}

func (p *Pages) showLogin(c echo.Context, status int, pg page, username, next string) error {
	pg.Other = otherLanguage(url.URL{Path: "/staff/login", RawQuery: url.Values{"next": {next}}.Encode()}, pg.Lang)
	return p.render(c, status, "login", loginPage{
		page:     pg,
		Username: field{Name: "username", Label: pg.T("login.username"), Value: username, Auto: "username"},
		Password: field{Name: "password", Label: pg.T("login.password"), Type: "password", Auto: "current-password"},
		Next:     next,
	})
}

// login signs a member of staff in and brings them to where they were going.
func (p *Pages) login(c echo.Context) error {
	username, next := c.FormValue("username"), c.FormValue("next")
	s, err := p.Accounts.Login(c.Request().Context(), username, c.FormValue("password"), "")
	if errors.Is(err, auth.ErrLoginFailed) {
		return p.showLogin(c, http.StatusUnauthorized, p.page(c).refused(auth.ErrLoginFailed), username, next)
	}
	if err != nil {
		return err
	}
	p.Accounts.SetCookie(c, s)
	if !local(next) {
		next = first(s.Staff)
	}
	return c.Redirect(http.StatusSeeOther, next)
}

// beginnings is where somebody's work begins: on the first of these that they
// may see.
var beginnings = []string{"/manage", "/desk", "/call", "/manage/notices", "/manage/alarms", "/manage/audit", "/manage/policy"}

func first(s *auth.Staff) string {
	for _, page := range beginnings {
		if maySee(s, page) {
			return page
		}
	}
	return "/staff"
}

// staff is for those whose work has no pages yet; others are sent to theirs.
func (p *Pages) staff(c echo.Context) error {
	if to := first(me(c)); to != "/staff" {
		return c.Redirect(http.StatusSeeOther, to)
	}
	return p.render(c, http.StatusOK, "staff", staffPage{page: p.page(c), Username: me(c).Username})
}

type staffPage struct {
	page
	Username string
}

// local reports whether an address is one of ours for staff, so that nobody is
// sent elsewhere by a link.
func local(to string) bool {
	for _, begins := range []string{"/desk", "/call", "/manage"} {
		rest, ok := strings.CutPrefix(to, begins)
		if ok && (rest == "" || rest[0] == '/' || rest[0] == '?') {
			return true
		}
	}
	return false
}

// logout signs them out, here and on the server.
func (p *Pages) logout(c echo.Context) error {
	if err := p.Accounts.Logout(c.Request().Context(), p.Accounts.CookieToken(c.Request())); err != nil {
		return err
	}
	p.Accounts.ClearCookie(c)
	return c.Redirect(http.StatusSeeOther, "/staff/login")
}

type errorPage struct {
	page
	Title, Happened, Next, Request string
	Action                         string   // where the form can be gone on with
	Keep                           []hidden // what was typed into it
}

// Error answers with a page that says what happened and what to do next. Staff
// who are not signed in are sent to where they can be.
func (p *Pages) Error(c echo.Context, status int, f *fault.Error) error {
	r := c.Request()
	if f.Code == auth.ErrLoginRequired.Code {
		to := "/staff/login"
		if r.Method == http.MethodGet && local(r.URL.Path) {
			to += "?" + url.Values{"next": {r.URL.Path}}.Encode()
		}
		return c.Redirect(http.StatusSeeOther, to)
	}
	pg := p.page(c)
	retryLater(c, f)
	e := errorPage{page: pg, Title: pg.trouble(status), Happened: pg.Fault(f.Code), Next: pg.next(f)}
	if f.Code == ErrMaintenance.Code {
		e.Title, e.Happened, e.Next = pg.T("maintenance.title"), p.maintained(pg), pg.T("maintenance.next")
	}
	if e.Action, e.Keep = wayBack(r); e.Action != "" {
		e.Next = pg.T("trouble.kept", "next", e.Next)
	}
	if id := c.Response().Header().Get(echo.HeaderXRequestID); id != "" {
		e.Request = pg.T("page.request", "id", id)
	}
	return p.render(c, status, "error", e)
}

// wayBack is the form that a couple, or somebody for them, was filling in when
// something went wrong, so that nothing has to be typed again.
func wayBack(r *http.Request) (action string, keep []hidden) {
	base, _, ofLine := strings.Cut(r.URL.Path, "/book/")
	f := readBookForm(r.PostForm)
	if _, err := slots.ParseSlotID(f.Slot); err != nil || !ofLine || f.Hold == "" {
		return "", nil
	}
	return base + "/book/details", append(f.held(), f.typed()...)
}

// next is what somebody can do about a fault.
func (pg page) next(f *fault.Error) string {
	if f.Code == "too_large" { // of what reads the request
		return pg.T("next.shorter")
	}
	switch f.Kind {
	case fault.Internal, fault.Unavailable, fault.TooMany:
		return pg.T("next.later")
	case fault.NotFound:
		return pg.T("next.elsewhere")
	case fault.Unauthorized, fault.Forbidden:
		return pg.T("next.ask")
	case fault.Invalid, fault.Conflict:
	}
	return pg.T("next.back")
}
