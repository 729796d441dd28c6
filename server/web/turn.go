package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
)

// turned is a page of the booking that came of a form, as the browser keeps it for
// us: sealed, for as long as it takes to book, and readable with our key and this
// browser's session alone. The page is then asked for with GET. Back and Reload
// lead to it, filled in as it was, where the answer to a form would be gone and the
// browser could only say so (docs/decisions/0030-back-finds-what-was-typed.md).
type turned struct {
	Form     bookForm  `json:"f"`
	Page     string    `json:"p,omitempty"` // onDetails, onCheck or onAgain
	Day      string    `json:"d,omitempty"` // whose times are offered; "": those nearest to the one that is gone
	Busy     bool      `json:"o,omitempty"` // somebody has an appointment already: nothing is offered
	Why      string    `json:"y,omitempty"`
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
	onAgain   = "again"

	turnedFor  = 30 * time.Minute
	turnedMost = 3800 // bytes: browsers keep 4096 with the name
)

func turnedRow(session string) string { return "booking under way:" + session }

// turn answers a couple's form with the address of the page that came of it; false
// where that page has to be the answer itself.
func (l line) turn(c echo.Context, t turned) (done bool, err error) {
	if l.assisted() || c.Request().Method != http.MethodPost || c.Response().Header().Get("Retry-After") != "" || l.cookieless(c) || !keepsCookies(c) {
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
	return l.putSealed(c, turnedRow(l.session(c)), "/book", t)
}

// turnedTo is the page that this browser keeps.
func (l line) turnedTo(c echo.Context) (turned, bool) {
	var t turned
	if l.cookieless(c) || !l.openSealed(c, turnedRow(l.session(c)), &t) {
		return turned{}, false
	}
	return t, l.Clock.Now().Sub(time.Unix(t.At, 0)) < turnedFor
}

// dropTurned has the browser forget what was typed.
func (l line) dropTurned(c echo.Context) {
	l.setCookie(c, http.Cookie{Name: typedCookie, Path: "/book", MaxAge: -1})
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
// form there. What it says of a mistake is said where it was made. Of a place that
// was given back there is no form any more: others are offered instead.
func (l line) turnBack(c echo.Context, t turned, page, part string) error {
	if t.Booked != "" {
		return c.Redirect(http.StatusSeeOther, "/b/"+t.Booked+"?already=1")
	}
	if t.Page == onAgain && t.Form.Token == "" {
		page, part = onAgain, ""
	}
	f, same := t.Form, t.Page == page && (page == onAgain || t.Form.Part == part)
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
		pg.Alert, pg.why, pg.Notice, pg.Mistakes, status, wrong = t.Alert, t.Why, t.Notice, t.Mistakes, t.Status, t.Wrong
	}
	if page == onAgain {
		return l.offerAgain(c, status, pg, t, s)
	}
	if page == onDetails {
		return l.showDetails(c, status, pg, f, s, wrong)
	}
	if _, wrong := l.judge(f, s); len(wrong) > 0 {
		return l.showDetails(c, http.StatusUnprocessableEntity, pg, f, s, wrong)
	}
	return l.showCheck(c, status, pg, f, s)
}

// offerAgain shows what was offered, as it is now.
func (l line) offerAgain(c echo.Context, status int, pg page, t turned, s subject) error {
	if t.Busy {
		return l.busy(c, status, pg, s)
	}
	day, err := date.ParseDate(t.Day)
	if err != nil {
		day = date.Date{}
	}
	return l.offer(c, status, pg, t.Form, s, day)
}

// offers is where others are offered for a place that is gone, for whoever comes
// back to it. If nothing is kept, the times of its day are what there is to show.
func (l line) offers(c echo.Context) error {
	asked := c.QueryParams()
	f := bookForm{Slot: asked.Get("slot"), Service: asked.Get("service")}
	if t, kept := l.turnedTo(c); kept && (t.Booked != "" || t.Page == onAgain && t.Form.Slot == f.Slot) {
		return l.turnBack(c, t, onAgain, "")
	} else if kept {
		return c.Redirect(http.StatusSeeOther, l.turnedAt(t.Page, t.Form))
	}
	s, err := l.subject(c, f)
	if err != nil {
		return l.lost(c)
	}
	return c.Redirect(http.StatusSeeOther, l.timesAt(s.office.ID, s.slot.Day, s.service.ID))
}
