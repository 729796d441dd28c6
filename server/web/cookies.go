package web

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/internal/fault"
)

// What a browser keeps for us. None of it names anybody but what is sealed (turn.go).

// setCookie sets a cookie out of reach of scripts and of other sites' forms.
func (p *Pages) setCookie(c echo.Context, cookie http.Cookie) {
	cookie.HttpOnly, cookie.Secure, cookie.SameSite = true, p.Accounts.Secure, http.SameSiteLaxMode
	c.SetCookie(&cookie)
}

// typedCookie has what somebody has typed, for the addresses of one flow.
const typedCookie = "typed"

// putSealed has the browser keep v, for half an hour and for the addresses below
// path; false if it is more than browsers keep.
func (p *Pages) putSealed(c echo.Context, row, path string, v any) bool {
	plain, err := json.Marshal(v)
	if err != nil {
		return false
	}
	sealed, err := p.Keys.Seal(plain, row)
	value := base64.RawURLEncoding.EncodeToString(sealed)
	if err != nil || len(value) > turnedMost {
		return false
	}
	p.setCookie(c, http.Cookie{Name: typedCookie, Value: value, Path: path, MaxAge: int(turnedFor.Seconds())})
	return true
}

// openSealed reads what the browser keeps into v; false where it is none of ours.
func (p *Pages) openSealed(c echo.Context, row string, v any) bool {
	cookie, err := c.Cookie(typedCookie)
	if err != nil {
		return false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return false
	}
	plain, err := p.Keys.Open(sealed, row)
	return err == nil && json.Unmarshal(plain, v) == nil
}

// own is the name of a cookie that only this host can set, where it comes over
// https.
func (p *Pages) own(name string) string {
	if p.Accounts.Secure {
		return "__Host-" + name
	}
	return name
}

// session is who holds: a random name for this browser, until it is closed.
func (p *Pages) session(c echo.Context) string {
	p.nameDevice(c)
	name := p.own("session")
	if known, err := c.Cookie(name); err == nil && len(known.Value) >= 26 {
		return known.Value
	}
	id := rand.Text()
	p.setCookie(c, http.Cookie{Name: name, Value: id, Path: "/"})
	c.Request().AddCookie(&http.Cookie{Name: name, Value: id}) // the same for the rest of this request
	c.Set(sessionNew, true)
	return id
}

// sessionNew is where a request notes that its session has not been sent back yet.
const sessionNew = "session made here"

// keepsCookies reports whether the browser has sent back any that it was given.
func keepsCookies(c echo.Context) bool {
	sent := len(c.Request().Cookies())
	if c.Get(sessionNew) != nil {
		sent--
	}
	return sent > 0
}

// errNoCookies: the browser was given a session and has not sent it back, so
// that a place could be held and never be booked.
var errNoCookies = fault.New(fault.Invalid, "cookies_needed")

// cookieless reports whether a couple's browser keeps no cookies. Every page
// that a place can be chosen on gives it one.
func (l line) cookieless(c echo.Context) bool {
	_, err := c.Cookie(l.own("session"))
	return err != nil && !l.assisted()
}

// pass lets a browser see one appointment. Changes need a phone code besides.
type pass struct {
	Number string `json:"n"`
	Secret string `json:"s,omitempty"` // of the appointment, where this browser made it
	Until  int64  `json:"u"`           // seconds
}

const (
	passPurpose = "appointment page"
	passFor     = 100 * 24 * time.Hour // longer than anything is booked ahead
)

// letIn gives the browser a pass, which it sends back for that appointment's
// pages alone.
func (p *Pages) letIn(c echo.Context, number, secret string) error {
	return p.letInFor(c, number, secret, passFor)
}

func (p *Pages) letInFor(c echo.Context, number, secret string, d time.Duration) error {
	payload, err := json.Marshal(pass{number, secret, p.Clock.Now().Add(d).Unix()})
	if err != nil {
		return err
	}
	p.setCookie(c, http.Cookie{
		Name: "pass", Value: p.Keys.Sign(passPurpose, payload), Path: "/b/" + number,
		MaxAge: int(d.Seconds()),
	})
	return nil
}

// passOf is the browser's pass for an appointment, if it has one.
func (p *Pages) passOf(c echo.Context, number string) (pass, bool) {
	cookie, err := c.Cookie("pass")
	if err != nil {
		return pass{}, false
	}
	payload, err := p.Keys.Verify(passPurpose, cookie.Value)
	if err != nil {
		return pass{}, false
	}
	var shown pass
	if json.Unmarshal(payload, &shown) != nil || shown.Number != number {
		return pass{}, false
	}
	return shown, p.Clock.Now().Before(time.Unix(shown.Until, 0))
}
