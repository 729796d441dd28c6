package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/internal/fault"
	"hunyue/server/auth"
	"hunyue/server/limit"
	"hunyue/slots"
)

type loginPage struct {
	page
	Username, Password, Code field
	Next                     string
	Carried                  string // a form that was being filled in, sealed
	Key                      auth.Challenge
	SignOn                   string // where the city's single sign-on begins; "": there is none
}

// mountLogin adds what staff sign in with, and see to their own account on.
func (p *Pages) mountLogin(e *echo.Echo) {
	e.GET("/staff/login", p.loginForm)
	e.POST("/staff/login", p.login)
	e.POST("/staff/logout", p.logout, p.freesCall)
	e.GET("/staff/signon", p.leaveFor)
	e.GET("/staff/signon/back", p.arrive)
	e.GET("/staff/link/:token", p.linkForm)
	e.POST("/staff/link/:token", p.followLink)
	e.GET("/staff/account", p.account)
	e.POST("/staff/account/sessions", p.endOwn)
	e.POST("/staff/account/password", p.changePassword)
	e.GET("/staff/account/factor", p.factorForm)
	e.POST("/staff/account/factor", p.setFactor)
	e.POST("/staff/account/key", p.setKey)
}

// loginForm asks staff who they are.
func (p *Pages) loginForm(c echo.Context) error {
	pg := p.page(c)
	if p.expired(c) {
		pg.Notice = pg.T("login.expired")
	}
	if n := unsent(c); n != "" {
		pg.Notice += pg.T("deskstore.unsent", "n", n)
	}
	return p.showLogin(c, http.StatusOK, pg, loginPage{Next: c.QueryParam("next")}, "")
}

// expired reports whether the browser shows a session that has ended.
func (p *Pages) expired(c echo.Context) bool {
	token := p.Accounts.CookieToken(c.Request())
	if token == "" {
		return false
	}
	_, _, err := p.Accounts.Admit(c.Request().Context(), token)
	return errors.Is(err, auth.ErrLoginRequired)
}

func (p *Pages) showLogin(c echo.Context, status int, pg page, d loginPage, username string) error {
	pg.Other = otherLanguage(url.URL{Path: "/staff/login", RawQuery: url.Values{"next": {d.Next}}.Encode()}, pg.Lang)
	if d.Carried != "" {
		pg.Other, pg.Settings = "", ""
	}
	d.page = pg
	if p.Accounts.SignOn != nil {
		d.SignOn = "/staff/signon?" + url.Values{"next": {d.Next}}.Encode()
	}
	d.Username = field{Name: "username", Label: pg.T("login.username"), Value: username, Auto: "username"}
	d.Password = field{Name: "password", Label: pg.T("login.password"), Type: "password", Auto: "current-password"}
	d.Code = field{Name: "code", Label: pg.T("login.code"), Hint: pg.T("login.code_hint"), Mode: "numeric", Auto: "one-time-code"}
	var err error
	if d.Key, err = p.Accounts.AskKey(p.origin(c)); err != nil {
		return err
	}
	return p.render(c, status, "login", d)
}

// login signs a member of staff in and brings them to where they were going,
// or back to the form that they were filling in.
func (p *Pages) login(c echo.Context) error {
	username := c.FormValue("username")
	d := loginPage{Next: c.FormValue("next"), Carried: c.FormValue("carried")}
	ctx := c.Request().Context()
	spent, over := p.Limits.Spend(ctx, limit.Logins, whoSignsIn(c), "")
	if over != nil {
		return p.tooManyLogins(c, fault.Of(over), d, username)
	}
	s, err := p.shown(c, username, c.FormValue("password"))
	if errors.Is(err, auth.ErrLoginFailed) {
		return p.showLogin(c, http.StatusUnauthorized, p.page(c).refused(auth.ErrLoginFailed), d, username)
	}
	spent.Back(ctx) // it was right, or it was our fault
	if err != nil {
		return err
	}
	return p.signedIn(c, s, d)
}

// whoSignsIn is an address and nothing else: the cookies that couples are known by
// are made as fast as they are thrown away.
func whoSignsIn(c echo.Context) limit.Who {
	return limit.Who{Address: c.RealIP(), Request: c.Response().Header().Get(echo.HeaderXRequestID)}
}

// tooManyLogins keeps the user name, and no password, for when the budget of the
// address has units again.
func (p *Pages) tooManyLogins(c echo.Context, f *fault.Error, d loginPage, username string) error {
	pg := p.page(c)
	pg.Alert = pg.wait(f.RetryAfter)
	retryLater(c, f)
	return p.showLogin(c, http.StatusTooManyRequests, pg, d, username)
}

// shown signs somebody in with what they show: a key, or a code, or neither.
func (p *Pages) shown(c echo.Context, username, password string) (auth.Session, error) {
	ctx := c.Request().Context()
	if answer := c.FormValue("key_answer"); answer != "" {
		return p.Accounts.SignInWithKey(ctx, p.origin(c), username, password, c.FormValue("key_state"), answer)
	}
	return p.Accounts.SignIn(ctx, username, password, c.FormValue("code"))
}

// origin is the address that visitors use.
func (p *Pages) origin(c echo.Context) string {
	return cmp.Or(p.Base, c.Scheme()+"://"+c.Request().Host)
}

// signedIn gives the browser its session in place of the one that it had.
func (p *Pages) signedIn(c echo.Context, s auth.Session, d loginPage) error {
	if before := p.Accounts.CookieToken(c.Request()); before != "" {
		if err := p.Accounts.Logout(c.Request().Context(), before); err != nil {
			return err
		}
	}
	p.enters(c, s)
	if form, ok := p.broughtBack(s.Staff, d.Carried); ok && s.Step == auth.Ready {
		return p.resume(c, s.Staff, form)
	}
	return c.Redirect(http.StatusSeeOther, p.onwards(s, d.Next))
}

// enters sets the cookies of somebody who has signed in.
func (p *Pages) enters(c echo.Context, s auth.Session) {
	p.Accounts.SetCookie(c, s)
	p.takeDeskKey(c)
	p.rememberWho(c, s.Staff)
}

// onwards is where somebody goes who has signed in.
func (p *Pages) onwards(s auth.Session, next string) string {
	switch {
	case s.Step != auth.Ready:
		return stepAt(s.Step)
	case local(next):
		return next
	}
	return first(s.Staff)
}

// stepAt is the page that a step is taken on.
func stepAt(step auth.Step) string {
	if step == auth.SetFactor {
		return "/staff/account/factor"
	}
	return "/staff/account"
}

// beginnings is where somebody's work begins: on the first of these that they
// may see.
var beginnings = []string{"/manage", "/desk", "/call", "/manage/notices", "/manage/alarms", "/manage/people", "/manage/audit", "/manage/policy"}

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
	p.forgetWho(c)
	p.takeDeskKey(c)
	if unsent(c) == "" { // what a desk has not sent stays, and without the key it is sealed
		c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	}
	return c.Redirect(http.StatusSeeOther, "/staff/login")
}

// loginFirst sends somebody who is not signed in to where they can be. Whoever
// was sending a form is asked there and then, and their form is kept.
func (p *Pages) loginFirst(c echo.Context) error {
	r := c.Request()
	if carried := p.carry(c); carried != "" {
		pg := p.page(c)
		pg.Notice = pg.T("login.kept")
		return p.showLogin(c, http.StatusUnauthorized, pg, loginPage{Carried: carried}, "")
	}
	to := "/staff/login"
	if r.Method == http.MethodGet && local(r.URL.Path) {
		to += "?" + url.Values{"next": {r.URL.Path}}.Encode()
	}
	return c.Redirect(http.StatusSeeOther, to)
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
	switch f.Code {
	case auth.ErrLoginRequired.Code:
		return p.loginFirst(c)
	case auth.ErrFactorNeeded.Code:
		return c.Redirect(http.StatusSeeOther, stepAt(auth.SetFactor))
	case auth.ErrPasswordOld.Code:
		return c.Redirect(http.StatusSeeOther, stepAt(auth.ChoosePassword))
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
