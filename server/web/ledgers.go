package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/server/auth"
	"hunyue/slots"
)

// healthPage is what a manager has to see to where temperatures are taken: couples with
// a fever, staff who were not measured, what was not disinfected, and until when
// temperatures are taken at all.
type healthPage struct {
	page
	Office    named
	Day       string
	On        bool // temperatures are taken today
	Owed      []owed
	Incidents []incidentCard
	Shifts    []shiftRow
	Stretches []string // when temperatures are taken
	Screening []field
	Ledgers   []link
}

// owed is something that somebody has still to do.
type owed struct {
	Text, To string
	Late     bool
}

// shiftRow is whether a member of staff was measured.
type shiftRow struct {
	Who, Text string
	Missing   bool
}

func (p *Pages) mountLedgers(e *echo.Echo) {
	p = p.forStaff()
	m := e.Group("/manage/:office")
	m.GET("/health", p.hallHealth)
	m.GET("/health/:step", func(c echo.Context) error { return backToHealth(c, "") })
	m.POST("/health/screening", p.setScreening)
	m.POST("/health/handover", p.handOver)
	m.POST("/health/let-in", p.letFeverIn)
	m.GET("/ledger/temperature", p.temperatures)
	m.POST("/ledger/temperature", p.correctReading)
	m.GET("/ledger/disinfection", p.disinfections)
	m.POST("/ledger/disinfection", p.disinfect)
	m.POST("/ledger/disinfection/check", p.checkDisinfected)
	m.GET("/ledger/disinfection/check", func(c echo.Context) error {
		return c.Redirect(http.StatusSeeOther, "/manage/"+url.PathEscape(c.Param("office"))+"/ledger/disinfection")
	})
	e.GET("/desk/today", p.dayList)
}

// backToHealth leads back to the page, which then says what was done.
func backToHealth(c echo.Context, done string) error {
	to := "/manage/" + url.PathEscape(c.Param("office")) + "/health"
	if done != "" {
		to += "?" + url.Values{"done": {done}}.Encode()
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// hallHealth is the page.
func (p *Pages) hallHealth(c echo.Context) error {
	o, today, err := p.managed(c)
	if err != nil {
		return err
	}
	pg := p.page(c)
	switch c.QueryParam("done") {
	case "handover":
		pg.Notice = pg.T("ledgers.done_handover")
	case "screening":
		pg.Notice = pg.T("ledgers.done_screening")
	}
	return p.showHealth(c, http.StatusOK, pg, o, today, nil)
}

func (p *Pages) showHealth(c echo.Context, status int, pg page, o slots.Office, today date.Date, wrong wrongs) error {
	d := healthPage{page: pg, Office: named{o.ID, pg.officeName(o)}, Day: pg.Day(today)}
	rules, err := p.Offices.Rules(c.Request().Context(), o.ID, today)
	if err != nil {
		return err
	}
	d.On = rules.Screening != slots.ScreeningOff
	if d.Owed, err = p.owed(c, pg, o, today); err != nil {
		return err
	}
	if d.Incidents, err = p.incidentCards(c, pg, o, today, wrong); err != nil {
		return err
	}
	if d.Shifts, err = p.shiftRows(c, pg, o); err != nil {
		return err
	}
	if d.Stretches, err = p.screeningWords(c, pg, o, today); err != nil {
		return err
	}
	d.Screening = pg.screeningFields(c, rules, today, wrong)
	d.Ledgers = []link{
		{To: "/manage/" + o.ID + "/ledger/temperature", Text: pg.T("ledgers.temperature")},
		{To: "/manage/" + o.ID + "/ledger/disinfection", Text: pg.T("ledgers.disinfection")},
		{To: "/desk/today?office=" + o.ID, Text: pg.T("ledgers.list")},
	}
	for _, i := range d.Incidents {
		d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, i.Number, i.To, i.At, i.Reason)...)
	}
	d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", d.Screening...)...)
	return p.render(c, status, "health", d)
}

// owed is what somebody at an office has to see to today: fevers to hand over, couples
// who are still there once the day is over, areas that were not disinfected, and for those who lead it, staff who were not measured.
func (p *Pages) owed(c echo.Context, pg page, o slots.Office, today date.Date) ([]owed, error) {
	ctx, leads := c.Request().Context(), maySee(me(c), "/manage/:office/health")
	all, err := p.owedIncidents(c, pg, o, today, leads)
	if err != nil {
		return nil, err
	}
	plan, err := p.Hall.Disinfecting(ctx, o.ID, today)
	if err != nil {
		return nil, err
	}
	var by []string
	for _, lack := range plan.Missing {
		by = append(by, pg.T("ledgers.lack", "area", pg.area(lack.Area), "time", lack.By))
	}
	left, err := p.owedCouples(c, pg, o, today)
	if err != nil {
		return nil, err
	}
	all = append(all, left...)
	if len(by) > 0 {
		all = append(all, owed{pg.T("ledgers.lacking", "what", strings.Join(by, pg.T("ledgers.comma"))), "/manage/" + o.ID + "/ledger/disinfection", true})
	}
	if !leads {
		return all, nil
	}
	rows, err := p.shiftRows(c, pg, o)
	missing := 0
	for _, r := range rows {
		if r.Missing {
			missing++
		}
	}
	if missing > 0 {
		all = append(all, owed{pg.T("ledgers.staff_missing", "n", missing), "/manage/" + o.ID + "/health#shifts", false})
	}
	return all, err
}

// owedIncidents is the fevers to hand over; those of staff for who leads alone.
func (p *Pages) owedIncidents(c echo.Context, pg page, o slots.Office, today date.Date, leads bool) ([]owed, error) {
	incidents, err := p.Hall.Incidents(c.Request().Context(), o.ID, today)
	if err != nil {
		return nil, err
	}
	var all []owed
	for _, i := range incidents {
		if !i.Open() || i.Staff != "" && !leads { // of a colleague's health the others are told nothing
			continue
		}
		key := "ledgers.incident_due"
		switch {
		case i.Staff != "" && i.Overdue():
			key = "ledgers.incident_staff_overdue"
		case i.Staff != "":
			key = "ledgers.incident_staff_due"
		case i.Overdue():
			key = "ledgers.incident_overdue"
		}
		due := owed{Text: pg.T(key, "number", i.Number, "time", pg.ledgerTime(i.DueAt, o, today)), Late: i.Overdue()}
		if leads {
			due.To = "/manage/" + o.ID + "/health#incidents"
		}
		all = append(all, due)
	}
	return all, nil
}

// ledgerTime is an instant at an office: the time alone where it is of the day.
func (pg page) ledgerTime(t time.Time, o slots.Office, day date.Date) string {
	at := t.In(o.Location)
	if date.DateOf(at) == day {
		return pg.Clock(at)
	}
	return pg.ShortDay(date.DateOf(at)) + " " + pg.Clock(at)
}

// shiftRows is who of an office was measured today, and who was not.
func (p *Pages) shiftRows(c echo.Context, pg page, o slots.Office) ([]shiftRow, error) {
	ctx := c.Request().Context()
	there, err := p.Accounts.At(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	var accounts []string
	for _, who := range there {
		names[who.Username], accounts = who.Name, append(accounts, who.Username)
	}
	shifts, err := p.Hall.Shifts(ctx, o.ID, accounts...)
	if err != nil {
		return nil, err
	}
	var rows []shiftRow
	for _, s := range shifts {
		rows = append(rows, shiftRow{names[s.Staff], pg.shiftWords(s), !s.Ready || !s.Due.IsZero()})
	}
	return rows, nil
}

// shiftWords says how somebody stands, and until when they are to be measured.
func (pg page) shiftWords(s hall.Shift) string {
	switch {
	case s.Last.IsZero():
		return pg.T("ledgers.shift_none")
	case !s.Normal:
		return pg.T("ledgers.shift_fever", "time", pg.Clock(s.Last))
	case !s.Ready:
		return pg.T("ledgers.shift_over", "time", pg.Clock(s.Last))
	case !s.Due.IsZero():
		return pg.T("ledgers.shift_due", "time", pg.Clock(s.Last), "by", pg.Clock(s.Due))
	}
	return pg.T("ledgers.shift_done", "time", pg.Clock(s.Last))
}

// ownShift says how whoever is signed in stands at an office; "" where nobody is
// measured, or nothing more is due.
func (p *Pages) ownShift(c echo.Context, pg page, s *auth.Staff, o slots.Office) (string, error) {
	shifts, err := p.Hall.Shifts(c.Request().Context(), o.ID, s.Username)
	if err != nil || len(shifts) == 0 || shifts[0].Due.IsZero() && shifts[0].Ready {
		return "", err
	}
	return pg.shiftWords(shifts[0]), nil
}
