package web

import (
	"context"
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/notify"
	"hunyue/server/auth"
	"hunyue/server/limit"
	"hunyue/slots"
)

// read is the form that was sent and what it books.
func (l line) read(c echo.Context) (bookForm, subject, error) {
	sent, err := posted(c)
	if err != nil {
		return bookForm{}, subject{}, err
	}
	f := readBookForm(sent)
	s, err := l.subject(c, f)
	return f, s, err
}

func (l line) subject(c echo.Context, f bookForm) (subject, error) {
	ctx := c.Request().Context()
	slot, err := slots.ParseSlotID(f.Slot)
	if err != nil {
		return subject{}, err
	}
	office, err := l.Offices.Office(ctx, slot.Office)
	if err != nil {
		return subject{}, err
	}
	if l.assisted() && !auth.From(ctx).MayServe(office.ID) {
		return subject{}, auth.ErrForbidden
	}
	w, err := l.wishAt(c, office, f.Service)
	if err != nil {
		return subject{}, err
	}
	if w.service.Group != slot.Group {
		return subject{}, slots.ErrNoSuchSlot
	}
	return subject{
		wish: w, slot: slot, starts: slot.Start.On(slot.Day, office.Location),
		now: l.Clock.Now().In(office.Location),
	}, nil
}

// hold keeps the place that was chosen and asks for whom.
func (l line) hold(c echo.Context) error {
	w, err := l.wish(c)
	if err != nil {
		return err
	}
	pg, f := l.page(c), bookForm{Slot: c.FormValue("slot"), Service: w.service.ID, Key: c.FormValue("key")}
	day := dayTyped(c)
	s, err := l.subject(c, f)
	if errors.Is(err, slots.ErrNoSuchSlot) {
		pg.Mistakes = []mistake{{"times", pg.T("wrong.slot.required")}}
		return l.chooseAgain(c, pg, http.StatusUnprocessableEntity, w, day, l.chooser(pg, w))
	}
	if err != nil {
		return err
	}
	if err := l.take(c, s, &f); err != nil {
		pg, why, err := pg.explained(c, err)
		if err != nil {
			return err
		}
		return l.chooseAgain(c, pg, statusOf(why), w, s.slot.Day, l.chooser(pg, w))
	}
	return c.Redirect(http.StatusSeeOther, l.detailsAt(f))
}

// dayTyped is the day of the form, or none.
func dayTyped(c echo.Context) date.Date {
	typed := c.FormValue("day")
	if typed == "" {
		typed = c.Param("date")
	}
	day, err := date.ParseDate(typed)
	if err != nil {
		return date.Date{}
	}
	return day
}

// begin asks for whom the place is. As long as nothing was sent the page may be
// kept: it names nobody, so the browser may write it to its disk, and what is
// typed into it stays in memory, where Back finds it. Pages that follow have names
// and numbers in them and stay no-store, since a browser keeps what it may on a
// disk that others use; it asks for them again, and they come filled in (turn.go).
func (l line) begin(c echo.Context) error { return l.open(c, onDetails) }

// checkAgain is the check as it was, for whoever comes back to it.
func (l line) checkAgain(c echo.Context) error { return l.open(c, onCheck) }

func (l line) open(c echo.Context, page string) error {
	asked := c.QueryParams()
	f := bookForm{
		Slot: asked.Get("slot"), Service: asked.Get("service"), Hold: asked.Get("hold"),
		Token: asked.Get("token"), Until: asked.Get("until"), Key: asked.Get("key"),
	}
	if f.Hold == "" {
		return l.lost(c)
	}
	if t, kept := l.turnedTo(c); kept && t.Form.Hold == f.Hold {
		return l.turnBack(c, t, page, asked.Get("part"))
	} else if kept && l.superseded(c, f.Hold) && !l.superseded(c, t.Form.Hold) {
		return c.Redirect(http.StatusSeeOther, l.turnedAt(t.Page, t.Form))
	}
	s, err := l.subject(c, f)
	if err != nil {
		return err
	}
	pg := l.page(c)
	pg.Other, pg.Settings = "", "" // the form has switches that keep what was typed
	c.Response().Header().Set("Cache-Control", "private, no-cache")
	return l.showDetails(c, http.StatusOK, pg, f, s, nil)
}

// take holds the place of s for whoever asks, and notes the hold in the form.
func (l line) take(c echo.Context, s subject, f *bookForm) error {
	if f.Key == "" {
		f.Key = newKey()
	}
	if l.cookieless(c) {
		return errNoCookies
	}
	holder := l.holder(c)
	phone, err := l.phoneFor(c)
	if err != nil {
		return err
	}
	held, err := l.Desk.Hold(c.Request().Context(), booking.HoldRequest{
		Slot: s.slot, Channel: l.channel, Session: holder, Key: f.Key, Phone: phone, Admit: l.admission(c, s),
	})
	if err != nil {
		return err
	}
	f.note(held)
	if l.assisted() {
		return nil
	}
	return l.oneHold(c, held, f.Service, holder)
}

func (f *bookForm) note(h booking.Hold) {
	f.Hold, f.Token, f.Until = h.ID.String(), h.Token, h.ExpiresAt.Format(time.RFC3339)
}

// lost is for whoever asks for the form without having sent one: a bookmark, or
// an address typed in.
func (l line) lost(c echo.Context) error { return c.Redirect(http.StatusSeeOther, l.home()) }

// details shows the form again as it was typed, or the check page in another
// language.
func (l line) details(c echo.Context) error {
	f, s, err := l.read(c)
	if err != nil {
		return err
	}
	if c.FormValue("page") == "check" {
		return l.showCheck(c, http.StatusOK, l.page(c), f, s)
	}
	if to := c.FormValue("go"); to != "" {
		f.Part = to
	}
	return l.showDetails(c, http.StatusOK, l.page(c), f, s, nil)
}

// leave gives the place back and shows the day again.
func (l line) leave(c echo.Context) error {
	f, s, err := l.read(c)
	if err != nil {
		return err
	}
	if id, wrong := uuid.Parse(f.Hold); wrong == nil {
		err = l.Desk.Release(c.Request().Context(), id, f.Token, l.holder(c))
	}
	if err != nil && !errors.Is(err, booking.ErrHoldForeign) && !errors.Is(err, booking.ErrBooked) {
		return err
	}
	l.forget(c)
	l.dropTurned(c)
	if !f.begun() {
		return c.Redirect(http.StatusSeeOther, l.timesAt(s.office.ID, s.slot.Day, s.service.ID))
	}
	pg := l.page(c)
	f.Token, f.Until = "", ""
	pg.Notice = pg.T("again.left", "time", pg.Day(s.slot.Day)+" "+pg.Clock(s.starts))
	return l.offer(c, http.StatusOK, pg, f, s, s.slot.Day)
}

// extend gives the couple more time.
func (l line) extend(c echo.Context) error {
	f, s, err := l.read(c)
	if err != nil {
		return err
	}
	pg, status := l.page(c), http.StatusOK
	id, wrong := uuid.Parse(f.Hold)
	if wrong != nil {
		return booking.ErrHoldForeign
	}
	if l.cookieless(c) {
		return l.unheld(c, pg, f, s, errNoCookies)
	}
	held, err := l.Desk.Extend(c.Request().Context(), id, f.Token, l.holder(c))
	switch {
	case errors.Is(err, booking.ErrNoExtension):
		pg, status = pg.refused(booking.ErrNoExtension), http.StatusConflict
	case err != nil:
		return l.unheld(c, pg, f, s, err)
	default:
		f.note(held)
		l.keep(c, held, f.Service)
		pg.Notice = pg.T("book.extended", "time", pg.Clock(held.ExpiresAt.In(s.office.Location)))
	}
	if c.FormValue("page") == "check" {
		return l.showCheck(c, status, pg, f, s)
	}
	return l.showDetails(c, status, pg, f, s, nil)
}

// check judges what was typed and, if all is well, shows it once more. A couple
// is sent a code.
func (l line) check(c echo.Context) error {
	f, s, err := l.read(c)
	if err != nil {
		return err
	}
	return l.checked(c, f, s)
}

func (l line) checked(c echo.Context, f bookForm, s subject) error {
	if t, kept := l.turnedTo(c); kept && !l.assisted() && t.Booked != "" && t.Form.Hold == f.Hold {
		return l.turnBack(c, t, onCheck, "")
	}
	pg := l.page(c)
	app, wrong := l.judge(f, s)
	if next, on := l.next(pg, f, s, wrong); on {
		return l.showDetails(c, http.StatusOK, pg, next, s, nil)
	}
	if len(wrong) > 0 {
		return l.showDetails(c, http.StatusUnprocessableEntity, pg, f, s, wrong)
	}
	if l.cookieless(c) {
		return l.unheld(c, pg, f, s, errNoCookies)
	}
	if ends, known := f.until(); known && !ends.After(l.Clock.Now()) {
		return l.unheld(c, pg, f, s, booking.ErrHoldExpired)
	}
	if l.assisted() {
		return l.checkForCaller(c, pg, f, s, app)
	}
	if l.known(c, f, app.Phone) {
		return l.showCheck(c, http.StatusOK, pg, f, s)
	}
	pg, err := l.send(c.Request().Context(), pg, app.Phone.Number())
	if err != nil {
		return err
	}
	return l.showCheck(c, http.StatusOK, pg, f, s)
}

// send sends a code and says so. That one was sent a moment ago is no mistake.
func (p *Pages) send(ctx context.Context, pg page, phone string) (page, error) {
	err := p.requestCode(ctx, phone, pg.Lang)
	switch {
	case err == nil:
		return p.sentNow(ctx, pg)
	case errors.Is(err, notify.ErrCodeTooSoon):
		return p.sentBefore(ctx, pg, phone, fault.Of(err).RetryAfter)
	case errors.Is(err, notify.ErrCodeTooMany):
		pg = pg.refused(notify.ErrCodeTooMany)
	case errors.Is(err, limit.ErrTooMany):
		pg.Alert = pg.wait(fault.Of(err).RetryAfter)
	default:
		return pg, err
	}
	return pg, nil
}

// sentNow says that a code was sent, or that texts are not getting through, to
// whoever asks for one.
func (p *Pages) sentNow(ctx context.Context, pg page) (page, error) {
	down, err := p.Codes.Down(ctx)
	if down {
		pg.Alert = pg.T("code.down")
	} else {
		pg.Notice = pg.T("code.sent")
	}
	return pg, err
}

// sentBefore says whether the last code can still be used, and when another can
// be had.
func (p *Pages) sentBefore(ctx context.Context, pg page, phone string, wait time.Duration) (page, error) {
	usable, err := p.Codes.Usable(ctx, phone)
	n := int(math.Ceil(wait.Seconds()))
	if usable {
		pg.Notice = pg.T("code.sent_before", "n", n)
	} else {
		pg.Alert = pg.T("code.wait", "n", n)
	}
	return pg, err
}

// code sends another code.
func (l line) code(c echo.Context) error { return l.check(c) }
