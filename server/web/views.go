package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/slots"
)

// The pages that come of a couple's forms outside the booking.
const (
	viewFind     = "find"
	viewFound    = "found"
	viewRare     = "rare"
	viewSlow     = "slow"
	viewTimes    = "times"  // to book
	viewPhone    = "phone"  // before a time of a hot day
	viewMove     = "move"   // times to move to
	viewStays    = "stays"  // why nothing was moved
	viewChange   = "change" // the code for it
	viewCancel   = "cancel"
	viewTimesNew = "anew"   // to book again
	viewRebook   = "rebook" // the code for it
	viewBusy     = "busy"
	viewData     = "data"
	viewCorrect  = "correct"
	viewSecond   = "second"
	viewCode     = "code"
	viewDone     = "done"
	viewGone     = "gone"
	viewWait     = "wait"   // to join the waiting list
	viewWaits    = "waits"  // the code for it
	viewAnswer   = "answer" // to an offer

	stepSent = "sent" // a code was
)

// view makes the page of an outcome as it would be made now. The request says what
// was sent.
func (p *Pages) view(c echo.Context, pg page, o outcome) error {
	switch strings.SplitN(c.Path(), "/", 3)[1] {
	case "b":
		return p.viewOfTheirs(c, pg, o)
	case "second":
		return p.viewOfSecond(c, pg, o)
	case "w":
		return p.viewOfWaiter(c, pg, o)
	}
	switch o.View {
	case viewWait, viewWaits:
		return p.web().viewWait(c, pg, o)
	case viewFind, viewFound:
		return p.viewFind(c, pg, o)
	case viewRare:
		return p.rareName(c)
	case viewSlow:
		return p.viewSlow(c, o)
	}
	return p.viewTimes(c, pg, o)
}

// viewFind is the form by which an appointment is found, or what was found.
func (p *Pages) viewFind(c echo.Context, pg page, o outcome) error {
	f, err := sentFind(c)
	if err != nil {
		return err
	}
	if o.View == viewFind {
		f.sent = o.Step
		return p.showFind(c, o.Status, pg, f, o.Wrong)
	}
	phone, wrong := identity.ParsePhone(f.Mobile)
	if wrong != "" || !o.said(c) {
		f.sent = byPhone
		return p.showFind(c, http.StatusOK, pg, f, nil)
	}
	rows, err := p.Desk.OfPhone(c.Request().Context(), phone)
	if err != nil {
		return err
	}
	waits, err := p.Desk.WaitersOfPhone(c.Request().Context(), phone)
	if err != nil {
		return err
	}
	return p.showFound(c, pg, phone, rows, waits)
}

// viewTimes is the times of a day, or the phone that comes before them.
func (p *Pages) viewTimes(c echo.Context, pg page, o outcome) error {
	l := p.web()
	w, err := l.wish(c)
	if err != nil {
		return err
	}
	day, err := date.ParseDate(o.Step)
	if err != nil {
		day = date.Date{}
	}
	if o.View == viewTimes {
		return l.chooseAgain(c, pg, o.Status, w, day, l.chooser(pg, w))
	}
	if needed, err := l.needsPhone(c, w.office.ID, day); err != nil || !needed {
		return l.phonePage(c) // which leads on
	}
	return l.askPhone(c, o.Status, pg, w, day, c.FormValue("sent") != "")
}

func (p *Pages) viewSlow(c echo.Context, o outcome) error {
	until, err := strconv.ParseInt(c.FormValue(slowUntil), 10, 64)
	if err != nil {
		return c.Redirect(http.StatusSeeOther, "/")
	}
	return p.showSlow(c, o.Status, c.Request().PostForm, c.FormValue(slowAction), time.Unix(until, 0))
}

// viewOfTheirs is a page of an appointment, if the browser still has its pass.
func (p *Pages) viewOfTheirs(c echo.Context, pg page, o outcome) error {
	switch o.View {
	case viewTimesNew, viewRebook, viewBusy:
		return p.viewRebook(c, pg, o)
	case viewData:
		mine, ok, err := p.mine(c)
		if err != nil || !ok {
			return err
		}
		return p.showData(c, o.Status, pg, mine, dataPage{Sent: o.Step == stepSent})
	case viewCorrect:
		mine, stored, ok, err := p.correctable(c)
		if err != nil || !ok {
			return err
		}
		f, _, _ := readCorrection(c, stored, wrongs{})
		f.sent = o.Step == stepSent
		return p.showCorrect(c, o.Status, pg, mine, f, o.Wrong)
	}
	mine, ok, err := p.standing(c)
	if err != nil || !ok {
		return err
	}
	if o.View == viewCancel {
		return p.showCancel(c, o.Status, pg, mine, o.Step == stepSent)
	}
	return p.viewMove(c, pg, mine, o)
}

func (p *Pages) viewMove(c echo.Context, pg page, mine own, o outcome) error {
	f := readBookForm(c.Request().PostForm)
	slot, err := slots.ParseSlotID(o.Step)
	switch {
	case o.View == viewChange:
		return p.showChange(c, o.Status, pg, mine, f)
	case o.View == viewMove:
		day, err := date.ParseDate(o.Step)
		if err != nil {
			day = date.Date{}
		}
		return p.showMove(c, o.Status, pg, mine, day)
	case err != nil || p.fixed(mine) != nil:
		return p.showStays(c, o.Status, pg, mine, slot, nil)
	}
	return p.stays(c, o.Status, pg, mine, slot)
}

func (p *Pages) viewRebook(c echo.Context, pg page, o outcome) error {
	mine, right, ok, err := p.entitled(c)
	if err != nil || !ok {
		return err
	}
	if o.View == viewBusy && o.said(c) {
		return p.web().busy(c, o.Status, pg, subject{wish: p.wishFor(mine)})
	}
	if o.View == viewRebook || o.View == viewBusy {
		return p.showRebook(c, o.Status, pg, mine, readBookForm(c.Request().PostForm))
	}
	day, err := date.ParseDate(o.Step)
	if err != nil {
		day = date.Date{}
	}
	return p.showRebooking(c, o.Status, pg, mine, right, day)
}

// viewOfSecond is a page of the second person. Whoever has confirmed is shown so,
// though the link is used up.
func (p *Pages) viewOfSecond(c echo.Context, pg page, o outcome) error {
	switch o.View {
	case viewGone:
		return p.goneSecond(c, pg)
	case viewCode:
		return p.showSecondCode(c, o.Status, pg, p.claim(c, wrongs{}))
	case viewDone:
		a, err := p.Desk.At(c.Request().Context(), o.Step, func(string) bool { return true })
		if err != nil {
			return err
		}
		return p.doneSecond(c, pg, a)
	}
	return p.showSecondForm(c, o.Status, pg, o.Wrong)
}

// doneSecond says that they are in the appointment, which has a place and a time.
func (p *Pages) doneSecond(c echo.Context, pg page, a booking.Appointment) error {
	if done, err := p.turnTo(c, pg, outcome{View: viewDone, Step: a.Number, Status: http.StatusOK}); done {
		return err
	}
	d := secondPage{page: pg, Done: true}
	if err := p.describe(c, &d, a); err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "second", d)
}
