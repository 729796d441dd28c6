package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/slots"
)

// choicePage is where a day and a time are chosen.
type choicePage struct {
	page
	Question string
	Step     string // how far they are
	Office   officeRow
	Services []link
	Service  named
	Promise  string // what happens to the place that they have
	Holding  link   // the place that they hold, and its form
	News     *noticeRow
	Works    string   // what couples are told of a maintenance
	Stopped  bool     // by one that is on
	Hall     []string // how it is there now, in sentences
	Month    monthTable
	AsOf     string
	Again    string // the same page anew
	Back     string

	Day     string // the one that is chosen, in words
	Date    string
	Lunar   string // the day by the lunar calendar, for readers of Chinese
	Told    string // what the public is told of the day
	Times   []timeRow
	AnyOpen bool
	None    string // why there is nothing to choose
	Wait    string // where a couple joins the waiting list for the day
	Nearest []timeRow
	Key     string // makes the same choice twice the same hold
	Action  string
	Next    string // what follows the choice
	HeldFor int    // minutes
	Phone   string // of the office, where nothing is free
	Verify  string // where a phone is shown before a time is chosen
	Proof   proof
}

// chooser is what a page of days and times is for: a booking, or a move.
type chooser struct {
	question, step, promise, next string
	back                          string
	base                          string                 // the address without a day
	keep                          map[string]string      // what goes with every address
	dayAt                         func(date.Date) string // the address with a day
	action                        func(date.Date) string // where the choice is sent
}

// timeRow is a slot to choose, or to see that it cannot be chosen.
type timeRow struct {
	ID    string
	Words string
	State booking.State
	Label string
	Open  bool
	To    string // where it can be chosen, if that is another page

	Chosen bool // before something came between
}

// choose is the days and the times of an office for couples who book. It opens on
// the first day with places.
func (l line) choose(c echo.Context) error {
	w, err := l.wish(c)
	if err != nil {
		return err
	}
	day := date.Date{}
	if asked := c.Param("date"); asked != "" {
		if day, err = date.ParseDate(asked); err != nil {
			return slots.ErrNoSuchSlot
		}
	}
	pg := l.page(c)
	return l.showChoice(c, http.StatusOK, pg, w, day, l.chooser(pg, w))
}

// chooser is for booking.
func (l line) chooser(pg page, w wish) chooser {
	return chooser{
		question: pg.T("choice.title"), next: pg.T("times.next", "what", pg.asksFor(w.service)), step: l.step(pg, 1),
		back: l.home(), base: l.base + "/o/" + w.office.ID, keep: map[string]string{"service": w.service.ID},
		dayAt:  func(day date.Date) string { return l.timesAt(w.office.ID, day, w.service.ID) },
		action: func(day date.Date) string { return l.base + "/o/" + w.office.ID + "/" + day.String() },
	}
}

// showChoice shows the month of a day and its times; with a zero day those of the
// first with places.
func (l line) showChoice(c echo.Context, status int, pg page, w wish, day date.Date, ch chooser) error {
	a, err := l.Desk.Availability(c.Request().Context(), w.office.ID)
	if err != nil {
		return err
	}
	if day.IsZero() {
		day = l.opensOn(a, w, c.QueryParam("month"))
	}
	d := choicePage{
		page: pg, Question: ch.question, Step: ch.step, Promise: ch.promise, Back: ch.back, Action: ch.action(day), Next: ch.next,
		Office:  officeRow{Name: pg.officeName(w.office), Address: w.office.Address, Phone: w.office.Phone},
		Service: named{w.service.ID, pg.serviceName(w.service)}, Services: l.services(pg, w),
		Month: l.monthOf(pg, a, w, ch, day), AsOf: a.AsOf.In(w.office.Location).Format("15:04:05"), Again: ch.dayAt(day),
		Day: pg.Day(day), Date: day.String(), Key: newKey(), HeldFor: max(1, w.rules.HoldSeconds/60), Phone: w.office.Phone,
	}
	if ch.promise != "" {
		d.Services = nil // what is moved stays what it is
	} else {
		d.Holding = l.holding(c, pg, w)
	}
	if pg.Lang == "zh" && day.Year > 1900 && day.Year < 2100 {
		d.Lunar = lunar(day)
	}
	l.fillTimes(&d, a, w, day, ch)
	if d.Told, err = l.Offices.ToldOf(c.Request().Context(), w.office.ID, day, w.service); err != nil {
		return err
	}
	if d.News, err = l.newestNotice(c, pg, w.office.ID); err != nil {
		return err
	}
	if !l.assisted() {
		d.Works, d.Stopped = l.maintained(pg), l.Maintenance.On(l.Clock.Now())
		if asked := c.Param("date"); c.Param("office") != "" && (asked == "" || asked == w.today.String()) {
			d.Hall = l.hallNow(c, pg, w.office.ID)
		}
	}
	l.session(c)
	if err := l.guard(c, &d, w, day); err != nil {
		return err
	}
	return l.renderPacked(c, status, "choice", d)
}

func (l line) services(pg page, w wish) []link {
	var all []link
	for _, s := range w.office.Services {
		all = append(all, link{l.daysAt(w.office.ID, s.ID), pg.serviceName(s), s.ID == w.service.ID})
	}
	if len(all) == 1 {
		return nil
	}
	return all
}

// fillTimes adds the times of the day. Where nothing is left it says why, and
// where something is.
func (l line) fillTimes(d *choicePage, a *booking.Availability, w wish, day date.Date, ch chooser) {
	for _, slot := range a.Times(w.service, l.channel, day) {
		if slot.State == booking.Past {
			continue // of today
		}
		d.Times = append(d.Times, l.timeRow(d.page, w, slot))
		d.AnyOpen = d.AnyOpen || slot.State == booking.Open
	}
	if d.AnyOpen {
		return
	}
	d.None = d.whyNone(a, w, l.channel, day)
	if !l.assisted() && ch.promise == "" && len(a.Waitable(w.service, l.channel, day)) > 0 {
		d.None, d.Wait = d.T("wait.full"), waitAt(w, day)
	}
	for _, slot := range nearest(a, w, l.channel, day.In(w.office.Location).Add(12*time.Hour)) {
		row := l.timeRow(d.page, w, slot)
		row.Words = d.ShortDay(slot.Slot.Day) + " " + row.Words
		row.To = ch.dayAt(slot.Slot.Day)
		d.Nearest = append(d.Nearest, row)
	}
}

// whyNone says why a day has nothing to choose.
func (pg page) whyNone(a *booking.Availability, w wish, via slots.Channel, day date.Date) string {
	d := a.Days(w.service, via, day, day)[0]
	times := a.Times(w.service, via, day)
	switch {
	case d.State == booking.Unreleased && len(times) > 0:
		opens := times[0].OpensAt
		return pg.T("none.opens", "day", pg.ShortDay(date.DateOf(opens)), "time", pg.Clock(opens))
	case d.State == booking.Closed && pg.Has("none."+d.Reason):
		return pg.T("none." + d.Reason)
	}
	return pg.T("none." + string(d.State))
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

// chooseAgain shows the day again: nothing was chosen, or what was cannot be had.
func (l line) chooseAgain(c echo.Context, pg page, status int, w wish, day date.Date, ch chooser) error {
	if done, err := l.turnTo(c, pg, outcome{View: viewTimes, Step: day.String(), Status: status}); done {
		return err
	}
	at := ch.base
	if !day.IsZero() {
		at = ch.dayAt(day)
	}
	if to, err := url.Parse(at); err == nil {
		pg.Other = otherLanguage(*to, pg.Lang)
	}
	return l.showChoice(c, status, pg, w, day, ch)
}
