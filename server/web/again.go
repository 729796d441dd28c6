package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/server/limit"
	"hunyue/slots"
)

type againPage struct {
	page
	Base   string
	Title  string
	Kept   bool // something was typed, and goes with every way on
	Legend string
	Times  []timeRow
	Days   field
	Keep   []hidden
	Back   string // where nothing is free, or nothing would help
	Busy   bool   // somebody has an appointment already: other times cannot help
	Find   bool   // which can be found here
	Phone  string // of the office
	Proof  proof
}

// unheld is the page for somebody whose place is gone: what they have typed is
// kept, and other places are offered.
func (l line) unheld(c echo.Context, pg page, f bookForm, s subject, err error) error {
	why := fault.Of(err)
	pg = pg.refused(why)
	retryLater(c, why)
	switch why.Code {
	case booking.ErrPersonBusy.Code, booking.ErrBooked.Code:
		pg = l.theirs(pg, err)
		t := turned{Form: f, Page: onAgain, Busy: true, Status: statusOf(why), Alert: pg.Alert, Why: pg.why}
		if done, err := l.turn(c, t); done {
			return err
		}
		return l.busy(c, statusOf(why), pg, s)
	case booking.ErrHoldExpired.Code:
		key := "again.expired"
		if l.superseded(c, f.Hold) {
			key = "again.superseded"
		}
		pg.Alert = pg.T(key, "time", pg.Day(s.slot.Day)+" "+pg.Clock(s.starts))
	case errNoCookies.Code:
		l.session(c) // so that it works as soon as they are allowed
	case booking.ErrFull.Code, booking.ErrClosed.Code, booking.ErrNotOpen.Code, booking.ErrHoldForeign.Code,
		booking.ErrSuspended.Code, booking.ErrResuming.Code, slots.ErrNoSuchSlot.Code, limit.ErrProofNeeded.Code:
	default:
		return err
	}
	return l.offer(c, statusOf(why), pg, f, s, date.Date{})
}

// busy is for a couple of whom somebody has an appointment already.
func (l line) busy(c echo.Context, status int, pg page, s subject) error {
	return l.render(c, status, "again", againPage{
		page: pg, Title: pg.T("again.busy_title"), Busy: true, Find: !l.assisted(), Phone: s.office.Phone,
		Back: l.daysAt(s.office.ID, s.service.ID),
	})
}

// offer shows the free times of a day, or, where there are none or no day is
// given, those nearest to the time that is gone.
func (l line) offer(c echo.Context, status int, pg page, f bookForm, s subject, day date.Date) error {
	t := turned{Form: f, Page: onAgain, Day: day.String(), Status: status, Alert: pg.Alert, Why: pg.why, Notice: pg.Notice}
	if done, err := l.turn(c, t); done {
		return err
	}
	a, err := l.Desk.Availability(c.Request().Context(), s.office.ID)
	if err != nil {
		return err
	}
	times, legend := openTimes(a, s.wish, l.channel, day), pg.Day(day)
	near := len(times) == 0
	if near {
		times, legend = nearest(a, s.wish, l.channel, s.starts), pg.T("again.legend")
	}
	again := againPage{
		page: pg, Base: l.base, Title: pg.T("again.title"), Kept: f.begun() && len(times) > 0, Legend: legend, Phone: s.office.Phone,
		Back: l.daysAt(s.office.ID, s.service.ID), Days: l.openDays(pg, a, s.wish, day),
		Keep:  append(f.typed(), hidden{"service", f.Service}, hidden{"hold", f.Hold}, hidden{"key", newKey()}, hidden{"was", f.Slot}),
		Proof: l.proof(c, pg, s.wish),
	}
	for _, t := range times {
		row := l.timeRow(pg, s.wish, t)
		if near {
			row.Words = pg.ShortDay(t.Slot.Day) + " " + row.Words
		}
		row.Chosen = again.Proof.Call != "" && row.ID == f.Slot
		again.Times = append(again.Times, row)
	}
	return l.render(c, status, "again", again)
}

// openDays is a choice of the days on which something is free.
func (l line) openDays(pg page, a *booking.Availability, w wish, chosen date.Date) field {
	days := field{Name: "day", Label: pg.T("again.day"), Choices: []option{{"", pg.T("book.choose"), chosen.IsZero()}}}
	for _, d := range a.Days(w.service, l.channel, w.today, w.today.AddDays(w.rules.HorizonDays)) {
		if d.State == booking.Open {
			days.Choices = append(days.Choices, option{d.Date.String(), pg.ShortDay(d.Date), d.Date == chosen})
		}
	}
	return days
}

// again shows another day's times to somebody whose place is gone, with what
// they have typed.
func (l line) again(c echo.Context) error {
	sent, err := posted(c)
	if err != nil {
		return err
	}
	f := readBookForm(sent)
	f.Slot = sent.Get("was")
	s, err := l.subject(c, f)
	if err != nil {
		return err
	}
	day, err := date.ParseDate(sent.Get("day"))
	if err != nil {
		day = date.Date{}
	}
	return l.offer(c, http.StatusOK, l.page(c), f, s, day)
}

// holdAgain takes one of the places that were offered and goes on with what was
// typed before: to the check, or to the form if more is to be typed.
func (l line) holdAgain(c echo.Context) error {
	f, s, err := l.read(c)
	if err != nil {
		return err
	}
	if err := l.take(c, s, &f); err != nil {
		return l.unheld(c, l.page(c), f, s, err)
	}
	if _, wrong := l.judge(f, s); len(wrong) > 0 {
		return l.showDetails(c, http.StatusOK, l.page(c), f, s, nil)
	}
	return l.checked(c, f, s)
}
