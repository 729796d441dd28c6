package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/slots"
)

type timesPage struct {
	page
	Question string
	Day      string
	Date     string
	Office   string
	Service  named
	Times    []timeRow
	AnyOpen  bool
	Told     string // what the public is told of a suspension
	Nearest  []timeRow
	Key      string // makes the same choice twice the same hold
	Action   string
	Back     string
	Next     string // what follows the choice
	HeldFor  int    // minutes
}

// timeRow is a slot to choose, or to see that it cannot be chosen.
type timeRow struct {
	ID    string
	Words string
	State booking.State
	Label string
	Open  bool
	To    string // where it can be chosen, if that is another page
}

// times is the slots of one day.
func (l line) times(c echo.Context) error {
	w, day, err := l.wishOn(c)
	if err != nil {
		return err
	}
	times, err := l.timesOf(c, l.page(c), w, day)
	if err != nil {
		return err
	}
	l.session(c)
	return l.render(c, http.StatusOK, "times", times)
}

func (l line) wishOn(c echo.Context) (wish, date.Date, error) {
	w, err := l.wish(c)
	if err != nil {
		return w, date.Date{}, err
	}
	day, err := date.ParseDate(c.Param("date"))
	if err != nil {
		return w, day, slots.ErrNoSuchSlot
	}
	return w, day, nil
}

// timesOf is the page of a day. Where nothing is left it says where something
// is.
func (l line) timesOf(c echo.Context, pg page, w wish, day date.Date) (timesPage, error) {
	ctx := c.Request().Context()
	a, err := l.Desk.Availability(ctx, w.office.ID)
	if err != nil {
		return timesPage{}, err
	}
	t := timesPage{
		page: pg, Question: pg.T("times.title"), Day: pg.Day(day), Date: day.String(), Office: pg.officeName(w.office),
		Service: named{w.service.ID, pg.serviceName(w.service)},
		Key:     newKey(), Action: l.base + "/o/" + w.office.ID + "/" + day.String(),
		Back: l.daysAt(w.office.ID, w.service.ID), HeldFor: max(1, w.rules.HoldSeconds/60),
		Next: pg.T("times.next", "what", pg.asksFor(w.service)),
	}
	for _, slot := range a.Times(w.service, l.channel, day) {
		t.Times = append(t.Times, l.timeRow(pg, w, slot))
		t.AnyOpen = t.AnyOpen || slot.State == booking.Open
	}
	if !t.AnyOpen {
		for _, slot := range nearest(a, w, l.channel, day.In(w.office.Location).Add(12*time.Hour)) {
			row := l.timeRow(pg, w, slot)
			row.Words = pg.ShortDay(slot.Slot.Day) + " " + row.Words
			row.To = l.timesAt(w.office.ID, slot.Slot.Day, w.service.ID)
			t.Nearest = append(t.Nearest, row)
		}
	}
	t.Told, err = l.noticeOn(c, w, day)
	return t, err
}

func (l line) timeRow(pg page, w wish, t booking.Time) timeRow {
	row := timeRow{
		ID: t.Slot.String(), Words: pg.Span(t.StartsAt, t.EndsAt), State: t.State,
		Open: t.State == booking.Open, Label: pg.T("state." + string(t.State)),
	}
	switch {
	case row.Open && l.exact(w):
		row.Label = pg.T("state.left", "n", t.Remaining)
	case t.State == booking.Unreleased:
		row.Label = pg.T("state.opens", "day", pg.ShortDay(date.DateOf(t.OpensAt)), "time", pg.Clock(t.OpensAt))
	}
	return row
}

// noticeOn is what the public is told of the day: of a suspension, or of why it is
// unlike others.
func (l line) noticeOn(c echo.Context, w wish, day date.Date) (string, error) {
	stops, err := l.Offices.Suspensions(c.Request().Context(), w.office.ID, day, day)
	if err != nil {
		return "", err
	}
	for _, s := range stops {
		if s.Stops(day, w.service, slots.Counter) { // also where only walk-ins are not received
			return s.Notice, nil
		}
	}
	unlike, err := l.Offices.Exceptions(c.Request().Context(), w.office.ID, day, day)
	if err != nil || len(unlike) == 0 {
		return "", err
	}
	return unlike[0].Notice, nil
}
