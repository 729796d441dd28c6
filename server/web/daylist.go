package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/slots"
)

// dayListPage is who has an appointment on a day, to be printed or taken along: a hall
// works by it when nothing else does (domain rule 99).
type dayListPage struct {
	page
	Office    named
	Offices   []link
	Day       string
	Days      []link // today, and tomorrow from the evening on
	Early     string // tomorrow's list is not there yet
	Filter    []field
	Date      string // for the form of the filter
	Count     string
	Rows      []dayRow
	CSV       string
	Narrowed  bool
	PrintedAt string
	Closing   *closing // of today, once it ends soon
	Owed      []owed
}

// dayRow is a line of it, with the names masked.
type dayRow struct {
	Number, Ticket, Names, When, Service, Status, Counter string

	begins string // 09:00
	status booking.Status
}

// here reports whether they were received and are neither served nor refused.
func (r dayRow) here() bool { return r.status.Active() && r.status != booking.Booked }

// evening is from when the list of the next day can be had.
const evening = slots.TimeOfDay(17 * 60)

// listed is the day that was asked for, if its list can be had now.
func (p *Pages) listed(c echo.Context, o slots.Office) (day date.Date, early bool, err error) {
	now := p.Clock.Now().In(o.Location)
	today := date.DateOf(now)
	typed := c.QueryParam("date")
	if typed == "" {
		return today, false, nil
	}
	day, err = date.ParseDate(typed)
	switch {
	case err != nil || day != today && day != today.AddDays(1):
		return today, false, slots.ErrNoSuchSlot
	case day != today && now.Before(evening.On(today, o.Location)):
		return today, true, nil
	}
	return day, false, nil
}

// dayList is the list, as a page or as a file. That it was shown is noted as any list
// of the day is.
func (p *Pages) dayList(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	day, early, err := p.listed(c, o)
	if err != nil {
		return err
	}
	pg := p.page(c)
	all, statuses, err := p.dayRows(c, pg, o, day)
	if err != nil {
		return err
	}
	rows := slices.DeleteFunc(slices.Clone(all), func(r dayRow) bool {
		return c.QueryParam("status") != "" && string(r.status) != c.QueryParam("status") || c.QueryParam("slot") != "" && r.begins != c.QueryParam("slot")
	})
	if wantedFile(c) == asCSV {
		return p.sendDayList(c, pg, o, day, rows)
	}
	d := dayListPage{
		page: pg, Office: named{o.ID, pg.officeName(o)}, Day: pg.Day(day), Date: day.String(), Rows: rows, Narrowed: len(rows) < len(all),
		Count: pg.T("ledgers.list_count", "n", len(rows), "all", len(all)), Filter: pg.dayFilter(c, all, statuses),
		PrintedAt: pg.T("ledgers.printed", "who", me(c).Name, "time", pg.ShortDay(date.DateOf(p.Clock.Now().In(o.Location)))+" "+pg.clockIn(p.Clock.Now(), o)),
	}
	asked := url.Values{"office": {o.ID}, "date": {d.Date}, "status": {c.QueryParam("status")}, "slot": {c.QueryParam("slot")}, "as": {asCSV}}
	d.CSV = "/desk/today?" + asked.Encode()
	if day == date.DateOf(p.Clock.Now().In(o.Location)) {
		if err := p.fillClosing(c, &d, o, day, all); err != nil {
			return err
		}
	}
	if early {
		d.Early = pg.T("ledgers.list_early")
	}
	if d.Offices, err = p.officeLinks(c, pg, "/desk/today", o.ID, me(c).Offices); err != nil {
		return err
	}
	now := p.Clock.Now().In(o.Location)
	for i, day := range []date.Date{date.DateOf(now), date.DateOf(now).AddDays(1)} {
		if i == 0 || !now.Before(evening.On(date.DateOf(now), o.Location)) {
			to := "/desk/today?" + url.Values{"office": {o.ID}, "date": {day.String()}}.Encode()
			d.Days = append(d.Days, link{to, pg.ShortDay(day), day.String() == d.Date})
		}
	}
	return p.render(c, http.StatusOK, "daylist", d)
}

// fillClosing adds what is left to do today.
func (p *Pages) fillClosing(c echo.Context, d *dayListPage, o slots.Office, today date.Date, all []dayRow) error {
	if c.QueryParam("done") == "ended" {
		d.Notice = d.T("ledgers.visit_ended")
	}
	var err error
	if d.Closing, err = p.closing(c, d.page, o, all); err != nil || d.Closing == nil {
		return err
	}
	d.Owed, err = p.owed(c, d.page, o, today)
	d.Owed = slices.DeleteFunc(d.Owed, func(w owed) bool { return strings.HasPrefix(w.To, "/desk/today?") }) // they are listed
	return err
}

// dayRows is everybody of a day, and the statuses that they are in.
func (p *Pages) dayRows(c echo.Context, pg page, o slots.Office, day date.Date) ([]dayRow, []booking.Status, error) {
	names, err := p.namesOn(c, pg, o, day)
	if err != nil {
		return nil, nil, err
	}
	visits, err := p.Hall.Today(c.Request().Context(), o.ID, day)
	if err != nil {
		return nil, nil, err
	}
	var rows []dayRow
	var statuses []booking.Status
	for _, v := range visits {
		service, _ := o.Service(v.Service)
		rows = append(rows, dayRow{
			Number: v.Number, Ticket: v.Ticket, Names: names[v.Number], When: pg.Span(v.StartsAt.In(o.Location), v.EndsAt.In(o.Location)),
			Service: pg.serviceName(service), Status: pg.T("status." + string(v.Status)), Counter: v.Counter,
			begins: pg.clockIn(v.StartsAt, o), status: v.Status,
		})
		if !slices.Contains(statuses, v.Status) {
			statuses = append(statuses, v.Status)
		}
	}
	return rows, statuses, nil
}

func (pg page) dayFilter(c echo.Context, all []dayRow, statuses []booking.Status) []field {
	status := field{Name: "status", Label: pg.T("desk.status"), Choices: []option{{"", pg.T("ledgers.all"), c.QueryParam("status") == ""}}}
	for _, s := range statuses {
		status.Choices = append(status.Choices, option{string(s), pg.T("status." + string(s)), c.QueryParam("status") == string(s)})
	}
	slot := field{Name: "slot", Label: pg.T("answer.when"), Choices: []option{{"", pg.T("ledgers.all"), c.QueryParam("slot") == ""}}}
	for _, r := range all {
		if !slices.ContainsFunc(slot.Choices, func(o option) bool { return o.Value == r.begins }) {
			slot.Choices = append(slot.Choices, option{r.begins, r.When, c.QueryParam("slot") == r.begins})
		}
	}
	return []field{status, slot}
}

// sendDayList is the list as a file, for when there is no network.
func (p *Pages) sendDayList(c echo.Context, pg page, o slots.Office, day date.Date, rows []dayRow) error {
	if err := p.Hall.Exported(c.Request().Context(), "day_list", o.ID, day, me(c).Actor()); err != nil {
		return err
	}
	s := p.sheetOf(c, pg, o, day, "day", pg.T("ledgers.list"))
	s.Head = []string{pg.T("answer.number"), pg.T("ledgers.ticket"), pg.T("answer.who"), pg.T("answer.when"), pg.T("ledgers.service"), pg.T("desk.status"), pg.T("ledgers.counter")}
	for _, r := range rows {
		s.Rows = append(s.Rows, []string{r.Number, r.Ticket, r.Names, r.When, r.Service, r.Status, r.Counter})
	}
	return s.send(c, asCSV)
}
