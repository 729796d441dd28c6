package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
)

// turned is a page of the booking that came of a form, as the browser keeps it for
// us: sealed, for as long as it takes to book, and readable with our key and this
// browser's session alone. The page is then asked for with GET. Back and Reload
// lead to it, filled in as it was, where the answer to a form would be gone and the
// browser could only say so (docs/decisions/0030-back-finds-what-was-typed.md).
type turned struct {
	Form     bookForm  `json:"f"`
	Page     string    `json:"p,omitempty"` // onDetails or onCheck
	Status   int       `json:"s,omitempty"`
	Alert    string    `json:"a,omitempty"`
	Notice   string    `json:"n,omitempty"`
	Mistakes []mistake `json:"m,omitempty"`
	Wrong    wrongs    `json:"w,omitempty"`
	Booked   string    `json:"b,omitempty"` // the number of the appointment that came of it; then nothing else but the hold is kept
	At       int64     `json:"t"`           // seconds
}

const (
	onDetails = "details"
	onCheck   = "check"

	turnedFor  = 30 * time.Minute
	turnedMost = 3800 // bytes: browsers keep 4096 with the name
)

func turnedRow(session string) string { return "booking under way:" + session }

// turn answers a couple's form with the address of the page that came of it; false
// where that page has to be the answer itself.
func (l line) turn(c echo.Context, t turned) (done bool, err error) {
	if l.assisted() || c.Request().Method != http.MethodPost || c.Response().Header().Get("Retry-After") != "" || l.cookieless(c) {
		return false, nil
	}
	if !l.putTurned(c, t) {
		return false, nil
	}
	c.Set(turnedStatus, t.Status)
	return true, c.Redirect(http.StatusSeeOther, l.turnedAt(t.Page, t.Form))
}

// turnedStatus is where a request notes what its page answers, once it is asked for.
const turnedStatus = "status of the page that is turned to"

// statusAnswered is the status of the answer to a form, or of the page that it turns to.
func statusAnswered(c echo.Context) int {
	if status, turns := c.Get(turnedStatus).(int); turns {
		return status
	}
	return c.Response().Status
}

// putTurned has the browser keep t; false if it is more than browsers keep.
func (l line) putTurned(c echo.Context, t turned) bool {
	t.At = l.Clock.Now().Unix()
	plain, err := json.Marshal(t)
	if err != nil {
		return false
	}
	sealed, err := l.Keys.Seal(plain, turnedRow(l.session(c)))
	value := base64.RawURLEncoding.EncodeToString(sealed)
	if err != nil || len(value) > turnedMost {
		return false
	}
	l.setCookie(c, http.Cookie{Name: "typed", Value: value, Path: "/book", MaxAge: int(turnedFor.Seconds())})
	return true
}

// turnedTo is the page that this browser keeps.
func (l line) turnedTo(c echo.Context) (turned, bool) {
	cookie, err := c.Cookie("typed")
	if err != nil || l.cookieless(c) {
		return turned{}, false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return turned{}, false
	}
	plain, err := l.Keys.Open(sealed, turnedRow(l.session(c)))
	if err != nil {
		return turned{}, false
	}
	var t turned
	if json.Unmarshal(plain, &t) != nil {
		return turned{}, false
	}
	return t, l.Clock.Now().Sub(time.Unix(t.At, 0)) < turnedFor
}

// dropTurned has the browser forget what was typed.
func (l line) dropTurned(c echo.Context) {
	l.setCookie(c, http.Cookie{Name: "typed", Path: "/book", MaxAge: -1})
}

// turnedAt is the address of a page with the hold that it is about.
func (l line) turnedAt(page string, f bookForm) string {
	asked := url.Values{}
	for _, h := range f.held() {
		asked.Set(h.Name, h.Value)
	}
	if f.Part != "" {
		asked.Set("part", f.Part)
	}
	return l.base + "/book/" + page + "?" + asked.Encode()
}

// turnBack shows a page that the browser kept; with the address of another, the same
// form there. What it says of a mistake is said where it was made.
func (l line) turnBack(c echo.Context, t turned, page, part string) error {
	if t.Booked != "" {
		return c.Redirect(http.StatusSeeOther, "/b/"+t.Booked+"?already=1")
	}
	f, same := t.Form, t.Page == page && t.Form.Part == part
	f.Part = part
	s, err := l.subject(c, f)
	if err != nil {
		return err
	}
	pg, status, wrong := l.page(c), http.StatusOK, wrongs(nil)
	pg.Other, pg.Settings = "", "" // the form has switches that keep what was typed
	if ends, known := f.until(); known && page == onCheck && !ends.After(l.Clock.Now()) {
		return l.unheld(c, pg, f, s, booking.ErrHoldExpired)
	}
	if same {
		pg.Alert, pg.Notice, pg.Mistakes, status, wrong = t.Alert, t.Notice, t.Mistakes, t.Status, t.Wrong
	}
	if page == onDetails {
		return l.showDetails(c, status, pg, f, s, wrong)
	}
	if _, wrong := l.judge(f, s); len(wrong) > 0 {
		return l.showDetails(c, http.StatusUnprocessableEntity, pg, f, s, wrong)
	}
	return l.showCheck(c, status, pg, f, s)
}
