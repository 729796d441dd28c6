package web

import (
	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/fault"
	"hunyue/slots"
)

type againPage struct {
	page
	Lost    string // the time that is gone, in words
	Times   []timeRow
	Keep    []hidden
	Action  string
	Back    string
	FindOld bool // they have an appointment already, which can be found
}

// unheld is the page for somebody whose place is gone: what they have typed is
// kept, and the nearest places are offered.
func (l line) unheld(c echo.Context, pg page, f bookForm, s subject, err error) error {
	switch fault.Of(err).Code {
	case booking.ErrHoldExpired.Code, booking.ErrFull.Code, booking.ErrClosed.Code, booking.ErrNotOpen.Code,
		booking.ErrHoldForeign.Code, booking.ErrPersonBusy.Code, booking.ErrSuspended.Code,
		booking.ErrBooked.Code, booking.ErrResuming.Code, slots.ErrNoSuchSlot.Code:
		return l.offer(c, pg, f, s, fault.Of(err))
	}
	return err
}

func (l line) offer(c echo.Context, pg page, f bookForm, s subject, why *fault.Error) error {
	a, err := l.Desk.Availability(c.Request().Context(), s.office.ID)
	if err != nil {
		return err
	}
	pg = pg.refused(why)
	if why.Code == booking.ErrHoldExpired.Code {
		pg.Alert = pg.T("again.expired")
	}
	again := againPage{
		page: pg, Lost: pg.Day(s.slot.Day) + " " + pg.Clock(s.starts), Action: l.base + "/book/hold",
		Back: l.daysAt(s.office.ID, s.service.ID), FindOld: (why.Code == booking.ErrPersonBusy.Code || why.Code == booking.ErrBooked.Code) && !l.assisted(),
		Keep: append(f.typed(), hidden{"service", f.Service}, hidden{"key", newKey()}),
	}
	for _, t := range nearest(a, s.wish, l.channel, s.starts) {
		row := l.timeRow(pg, s.wish, t)
		row.Words = pg.ShortDay(t.Slot.Day) + " " + row.Words
		again.Times = append(again.Times, row)
	}
	retryLater(c, why)
	return l.render(c, statusOf(why), "again", again)
}

// holdAgain takes one of the places that were offered and goes on with what was
// typed before.
func (l line) holdAgain(c echo.Context) error {
	f, s, err := l.read(c)
	if err != nil {
		return err
	}
	if err := l.take(c, s, &f); err != nil {
		return l.unheld(c, l.page(c), f, s, err)
	}
	return l.checked(c, f, s)
}
