package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/slots"
)

type homePage struct {
	page
	Offices []officeRow
}

type officeRow struct {
	Name, Address, Phone, To string
	Abroad                   bool // registers couples of whom one is not a resident of the mainland
}

// home is the list of offices.
func (p *Pages) home(c echo.Context) error {
	return p.offices(c, p.web(), func(string) bool { return true })
}

func (p *Pages) offices(c echo.Context, l line, shown func(office string) bool) error {
	ctx := c.Request().Context()
	all, err := p.Offices.Offices(ctx)
	if err != nil {
		return err
	}
	home := homePage{page: p.page(c)}
	for _, o := range all {
		if !shown(o.ID) || len(o.Services) == 0 {
			continue
		}
		rules, err := p.Offices.Rules(ctx, o.ID, date.DateOf(p.Clock.Now().In(o.Location)))
		if err != nil {
			return err
		}
		home.Offices = append(home.Offices, officeRow{
			Name: home.officeName(o), Address: o.Address, Phone: o.Phone,
			To: l.base + "/o/" + o.ID, Abroad: rules.XBForeign || rules.XBHMT || rules.XBOverseas,
		})
	}
	return p.render(c, http.StatusOK, "home", home)
}

func (pg page) officeName(o slots.Office) string {
	if pg.Lang == "en" {
		return o.NameEN
	}
	return o.Name
}

func (pg page) serviceName(s slots.Service) string {
	if pg.Lang == "en" {
		return s.NameEN
	}
	return s.Name
}

type daysPage struct {
	page
	Office   officeRow
	Question string // the heading
	Service  string
	Services []link
	Days     []dayRow
	AsOf     string
	Back     string
	Promise  string
}

// dayRow is one day of the calendar. Only open and full days lead somewhere.
type dayRow struct {
	Date  string // 2026-05-20
	Words string // 5月20日 周三
	State booking.State
	Label string // what the state means, in words
	Few   bool
	To    string
}

// days is the calendar of an office, as far ahead as it sells.
func (l line) days(c echo.Context) error {
	w, err := l.wish(c)
	if err != nil {
		return err
	}
	a, err := l.Desk.Availability(c.Request().Context(), w.office.ID)
	if err != nil {
		return err
	}
	pg := l.page(c)
	days := daysPage{
		page: pg, Question: pg.T("days.title"), Service: pg.serviceName(w.service),
		Office: officeRow{Name: pg.officeName(w.office), Address: w.office.Address, Phone: w.office.Phone},
		AsOf:   a.AsOf.In(w.office.Location).Format("15:04:05"), Back: l.home(),
		Days: l.dayRows(pg, a, w, func(day date.Date) string { return l.timesAt(w.office.ID, day, w.service.ID) }),
	}
	for _, s := range w.office.Services {
		days.Services = append(days.Services, link{l.daysAt(w.office.ID, s.ID), pg.serviceName(s), s.ID == w.service.ID})
	}
	return l.render(c, http.StatusOK, "days", days)
}

func (l line) dayRows(pg page, a *booking.Availability, w wish, to func(date.Date) string) []dayRow {
	last := w.today.AddDays(w.rules.HorizonDays)
	var rows []dayRow
	for _, d := range a.Days(w.service, l.channel, w.today, last) {
		row := dayRow{Date: d.Date.String(), Words: pg.ShortDay(d.Date), State: d.State, Few: few(d)}
		row.Label = l.dayLabel(pg, a, w, d)
		if d.State == booking.Open || d.State == booking.Full || d.State == booking.Unreleased || d.State == booking.Suspended {
			row.To = to(d.Date)
		}
		rows = append(rows, row)
	}
	return rows
}

// few is when it is worth saying that a day is nearly full.
func few(d booking.Day) bool { return d.State == booking.Open && d.Remaining <= 5 }

// dayLabel says what a day is: how much is left, when it opens, why it is
// closed. How many places are left is for staff, and for the public where the
// office says so (domain rule 29).
func (l line) dayLabel(pg page, a *booking.Availability, w wish, d booking.Day) string {
	switch d.State {
	case booking.Open:
		if l.exact(w) {
			return pg.T("state.left", "n", d.Remaining)
		}
		if few(d) {
			return pg.T("state.few")
		}
	case booking.Unreleased:
		if times := a.Times(w.service, l.channel, d.Date); len(times) > 0 {
			opens := times[0].OpensAt
			return pg.T("state.opens", "day", pg.ShortDay(date.DateOf(opens)), "time", pg.Clock(opens))
		}
	case booking.Closed:
		if key := "closed." + d.Reason; pg.Has(key) {
			return pg.T(key)
		}
	case booking.Past, booking.Suspended, booking.Full:
	}
	return pg.T("state." + string(d.State))
}

func (l line) exact(w wish) bool { return l.assisted() || w.rules.ExactCounts }
