package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/server/auth"
	"hunyue/slots"
)

type todayPage struct {
	page
	Office   named
	Offices  []link
	Day      string
	Rows     []guestRow
	Find     field
	Found    []guestRow
	Reading  []field // of the one who is signed in; none where nobody is measured
	Normal   bool
	Key      string
	Verdict  string
	Searched bool
}

// guestRow is a line of the hall's list. It names nobody in full.
type guestRow struct{ Number, Names, When, Status, Ticket, Counter string }

// place is the office where a member of staff works: the one in the request, or
// else their first.
func (p *Pages) place(c echo.Context) (slots.Office, error) {
	s := me(c)
	id := c.FormValue("office")
	if id == "" && len(s.Offices) > 0 {
		id = s.Offices[0]
	}
	if !s.MayServe(id) {
		return slots.Office{}, auth.ErrForbidden
	}
	return p.Offices.Office(c.Request().Context(), id)
}

// today is the list of the day at the office.
func (p *Pages) today(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	return p.showToday(c, http.StatusOK, p.page(c), o, todayPage{}, nil)
}

func (p *Pages) showToday(c echo.Context, status int, pg page, o slots.Office, t todayPage, wrong wrongs) error {
	ctx, s := c.Request().Context(), me(c)
	day := date.DateOf(p.Clock.Now().In(o.Location))
	rows, err := p.guests(c, pg, o, day)
	if err != nil {
		return err
	}
	rules, err := p.Offices.Rules(ctx, o.ID, day)
	if err != nil {
		return err
	}
	t.page, t.Rows, t.Day, t.Key = pg, rows, pg.Day(day), newKey()
	t.Office = named{o.ID, pg.officeName(o)}
	t.Find = field{Name: "q", Label: pg.T("desk.find"), Hint: pg.T("desk.find_hint"), Value: t.Find.Value, Auto: "off"}
	if t.Offices, err = p.officeLinks(c, pg, "/desk", o.ID, s.Offices); err != nil {
		return err
	}
	if rules.Screening != slots.ScreeningOff {
		if t.Normal, err = p.Hall.StaffNormalToday(ctx, s.Username); err != nil {
			return err
		}
		t.Reading = pg.ownReadingFields(c, wrong)
		t.Mistakes = append(t.Mistakes, mistakesIn(pg.Reader, "", t.Reading...)...)
	}
	return p.render(c, status, "today", t)
}

// officeLinks leads to the same page at their other offices.
func (p *Pages) officeLinks(c echo.Context, pg page, at, here string, ids []string) ([]link, error) {
	var links []link
	for _, id := range ids {
		o, err := p.Offices.Office(c.Request().Context(), id)
		if err != nil {
			return nil, err
		}
		links = append(links, link{at + "?office=" + id, pg.officeName(o), id == here})
	}
	if len(links) < 2 {
		return nil, nil
	}
	return links, nil
}

// guests is the hall's list of a day with masked names.
func (p *Pages) guests(c echo.Context, pg page, o slots.Office, day date.Date) ([]guestRow, error) {
	visits, err := p.Hall.Today(c.Request().Context(), o.ID, day)
	if err != nil {
		return nil, err
	}
	named, err := p.Desk.Search(c.Request().Context(), o.ID, "", day)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, row := range named {
		names[row.Number] = strings.Join(pg.readable(row, 1).Names, pg.T("desk.and"))
	}
	rows := make([]guestRow, 0, len(visits))
	for _, v := range visits {
		row := guestRow{
			Number: v.Number, Names: names[v.Number], Ticket: v.Ticket, Counter: v.Counter, Status: pg.T("status." + string(v.Status)),
			When: pg.Span(v.StartsAt.In(o.Location), v.EndsAt.In(o.Location)),
		}
		if v.RecheckAt != nil && v.Status == booking.Booked {
			row.Status = pg.T("desk.resting", "time", pg.Clock(v.RecheckAt.In(o.Location)))
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// lookUp finds somebody by number, QR code, phone or document. What was typed is not put
// into an address.
func (p *Pages) lookUp(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	q := strings.TrimSpace(c.FormValue("q"))
	pg := p.page(c)
	if q == "" {
		pg.Mistakes = []mistake{{"q", pg.T("wrong.q.required")}}
		return p.showToday(c, http.StatusUnprocessableEntity, pg, o, todayPage{}, nil)
	}
	if n := digits(q); (len(n) == 8 || len(n) == 16) && !strings.ContainsFunc(q, unicode.IsLetter) {
		q = n // however the number was grouped
	}
	found, err := p.Desk.Search(c.Request().Context(), o.ID, q, date.Date{})
	if err != nil {
		return err
	}
	if len(found) == 1 {
		return c.Redirect(http.StatusSeeOther, "/desk/"+found[0].Number)
	}
	t := todayPage{Searched: true, Find: field{Value: c.FormValue("q")}}
	slices.Reverse(found) // the latest first
	for _, row := range found {
		t.Found = append(t.Found, guestRow{
			Number: row.Number, Names: strings.Join(pg.readable(row, 1).Names, pg.T("desk.and")), Status: pg.T("status." + string(row.Status)),
			When: pg.ShortDay(row.Day) + " " + pg.Span(row.StartsAt, row.EndsAt),
		})
	}
	return p.showToday(c, http.StatusOK, pg, o, t, nil)
}

func (pg page) ownReadingFields(c echo.Context, wrong wrongs) []field {
	celsius := field{Name: "celsius", Mode: "decimal", Auto: "off"}
	fields := []field{pg.typed(celsius, "door.celsius", c.FormValue("celsius"), wrong)}
	if c.FormValue("again") != "" || wrong["celsius"] == "too_low_repeat" {
		fields = append(fields, pg.typed(field{Name: "again", Mode: "decimal", Auto: "off"}, "door.again", c.FormValue("again"), wrong))
	}
	return append(fields, pg.typed(field{Name: "device", Auto: "off"}, "door.device", c.FormValue("device"), wrong))
}

// ownReading keeps the temperature of the one who is signed in (domain rule 67).
func (p *Pages) ownReading(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	s, wrong := me(c), wrongs{}
	r := hall.StaffReading{Staff: s.Username, Office: o.ID, Key: c.FormValue("key"), Actor: s.Actor()}
	for _, input := range []string{"celsius", "again"} {
		if typed := c.FormValue(input); input == "celsius" || typed != "" {
			r.Readings = append(r.Readings, reading(wrong, input, typed, 1, c.FormValue("device")))
		}
	}
	if len(wrong) > 0 {
		return p.showToday(c, http.StatusUnprocessableEntity, p.page(c), o, todayPage{}, wrong)
	}
	health, err := p.Hall.RecordStaff(c.Request().Context(), r)
	pg := p.page(c)
	if err != nil {
		pg, why, err := pg.explained(c, err)
		if err != nil {
			return err
		}
		return p.showToday(c, statusOf(why), pg, o, todayPage{}, readingFaults(why, []string{"celsius", "again"}))
	}
	t := todayPage{Verdict: pg.T("own." + string(health.Outcome))}
	if health.Outcome == hall.Recheck {
		t.Verdict = pg.T("own.recheck_at", "time", pg.Clock(health.RecheckAt.In(o.Location)))
	}
	return p.showToday(c, http.StatusOK, pg, o, t, nil)
}

// reading reads one typed temperature and notes under its input what is wrong.
func reading(wrong wrongs, input, typed string, party int, device string) hall.Reading {
	tenths, code := hall.ParseCelsius(typed)
	if code != "" {
		wrong[input] = code
	}
	return hall.Reading{Party: party, Decicelsius: tenths, Device: device}
}

// readingFaults puts what the hall says of the readings under the inputs that
// they were typed in.
func readingFaults(f *fault.Error, inputs []string) wrongs {
	wrong := wrongs{}
	for name, code := range f.Fields {
		switch {
		case name == "readings":
			wrong[inputs[0]] = code
		case strings.HasSuffix(name, ".device"):
			wrong["device"] = code
		case strings.HasPrefix(name, "companions."):
			wrong["companion."+name[strings.LastIndexByte(name, '.')+1:]] = code
		case strings.HasPrefix(name, "readings."):
			place, _, _ := strings.Cut(name[len("readings."):], ".")
			if i, err := strconv.Atoi(place); err == nil && i < len(inputs) {
				wrong[inputs[i]] = code
			}
		}
	}
	return wrong
}

// clockIn is an instant as the clocks at an office show it.
func (pg page) clockIn(t time.Time, o slots.Office) string { return pg.Clock(t.In(o.Location)) }
