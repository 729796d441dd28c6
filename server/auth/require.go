package auth

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// Require lets in staff with one of the roles (any role where none is named)
// who carry their token in the Authorization header. It is for the API: a
// browser does not send that header for anybody else's page.
//
// Faults: ErrLoginRequired, ErrForbidden.
func (a *Accounts) Require(roles ...string) echo.MiddlewareFunc { return a.require(Bearer, roles) }

// RequirePage is Require for pages, where the token is in the cookie. Writes
// behind it need protection against other sites' forms.
func (a *Accounts) RequirePage(roles ...string) echo.MiddlewareFunc {
	return a.require(a.CookieToken, roles)
}

func (a *Accounts) require(token func(*http.Request) string, roles []string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			staff, err := a.Authenticate(r.Context(), token(r))
			if err != nil {
				return err
			}
			if !staff.Has(roles...) {
				return ErrForbidden
			}
			c.SetRequest(r.WithContext(context.WithValue(r.Context(), staffKey{}, staff)))
			return next(c)
		}
	}
}

// Bearer is the token in the Authorization header, or "".
func Bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// CookieToken is the token in the browser's cookie, or "".
func (a *Accounts) CookieToken(r *http.Request) string {
	c, err := r.Cookie(a.cookieName())
	if err != nil {
		return ""
	}
	return c.Value
}

func (a *Accounts) cookieName() string {
	if a.Secure {
		return "__Host-staff"
	}
	return "staff"
}

// SetCookie keeps the session in the browser until it is closed, out of reach
// of scripts and of other sites.
func (a *Accounts) SetCookie(c echo.Context, s Session) {
	c.SetCookie(&http.Cookie{
		Name: a.cookieName(), Value: s.Token, Path: "/",
		HttpOnly: true, Secure: a.Secure, SameSite: http.SameSiteLaxMode,
	})
}

// ClearCookie takes the session out of the browser. Logout ends it.
func (a *Accounts) ClearCookie(c echo.Context) {
	c.SetCookie(&http.Cookie{
		Name: a.cookieName(), Path: "/", MaxAge: -1,
		HttpOnly: true, Secure: a.Secure, SameSite: http.SameSiteLaxMode,
	})
}
