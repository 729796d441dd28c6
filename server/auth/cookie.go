package auth

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

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
		HttpOnly: true, Secure: a.Secure, SameSite: http.SameSiteStrictMode,
	})
}

// ClearCookie takes the session out of the browser. Logout ends it.
func (a *Accounts) ClearCookie(c echo.Context) {
	c.SetCookie(&http.Cookie{
		Name: a.cookieName(), Path: "/", MaxAge: -1,
		HttpOnly: true, Secure: a.Secure, SameSite: http.SameSiteStrictMode,
	})
}
