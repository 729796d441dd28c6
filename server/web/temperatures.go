package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/slots"
)

// ledgerPage is what the ledgers of a day have in common.
type ledgerPage struct {
	page
	Office    named
	Day       string
	Date      string
	Today     bool
	Back      link
	Pick      field // of another day
	CSV, XLSX string
	Signs     []string // who signs the printed page
}

// temperaturesPage is the temperature ledger of a day.
type temperaturesPage struct {
	ledgerPage
	On      bool // temperatures were taken that day
	Counts  string
	Rows    []temperatureRow
	Correct *correcting
}

// temperatureRow is a line of it. Of visitors it has a number and no name.
type temperatureRow struct {
	ID, At, Who, Value, Result, Device, By, Remark string
	Fever, Gone                                    bool
	Correct                                        string // where it can be put right; "" where it cannot
}

// correcting is the form that puts a line right.
type correcting struct {
	Entry, What, Key string
	Fields           []field
}

// ledgerDay is the day that was asked for: today if none was. A ledger has no day
// that is yet to come.
func (p *Pages) ledgerDay(c echo.Context) (slots.Office, date.Date, bool, error) {
	o, today, err := p.managed(c)
	if err != nil {
		return o, today, false, err
	}
	typed := c.QueryParam("date")
	if typed == "" {
		return o, today, true, nil
	}
	day, err := date.ParseDate(typed)
	if err != nil || day.After(today) {
		return o, today, false, slots.ErrNoSuchSlot
	}
	return o, day, day == today, nil
}

func (p *Pages) ledgerPage(c echo.Context, pg page, o slots.Office, day date.Date, today bool, at string) ledgerPage {
	l := ledgerPage{
		page: pg, Office: named{o.ID, pg.officeName(o)}, Day: pg.Day(day), Date: day.String(), Today: today,
		Back: link{To: "/desk?office=" + o.ID, Text: pg.T("nav.desk")},
		Pick: field{Name: "date", Type: "date", Label: pg.T("ledgers.date"), Value: day.String()},
		CSV:  at + "?" + url.Values{"date": {day.String()}, "as": {asCSV}}.Encode(), XLSX: at + "?" + url.Values{"date": {day.String()}, "as": {asXLSX}}.Encode(),
		Signs: pg.signs(),
	}
	if maySee(me(c), "/manage/:office/health") {
		l.Back = link{To: "/manage/" + o.ID + "/health", Text: pg.T("ledgers.title")}
	}
	return l
}

// signs is who signs what is printed.
func (pg page) signs() []string {
	return []string{pg.T("ledgers.sign_by"), pg.T("ledgers.sign_leader")}
}

// temperatures is the ledger, as a page or as a file.
func (p *Pages) temperatures(c echo.Context) error {
	o, day, today, err := p.ledgerDay(c)
	if err != nil {
		return err
	}
	pg := p.page(c)
	if c.QueryParam("done") != "" {
		pg.Notice = pg.T("ledgers.done_corrected")
	}
	if as := wantedFile(c); as != "" {
		return p.sendTemperatures(c, pg, o, day, as)
	}
	return p.showTemperatures(c, http.StatusOK, pg, o, day, today, c.QueryParam("correct"), nil)
}

func (p *Pages) showTemperatures(c echo.Context, status int, pg page, o slots.Office, day date.Date, today bool, correct string, wrong wrongs) error {
	d := temperaturesPage{ledgerPage: p.ledgerPage(c, pg, o, day, today, "/manage/"+o.ID+"/ledger/temperature")}
	entries, on, err := p.temperaturesOf(c, o, day)
	if err != nil {
		return err
	}
	d.On = on
	names, err := p.staffNames(c, o)
	if err != nil {
		return err
	}
	people, fevers := 0, 0
	for _, e := range entries {
		row := pg.temperatureRow(e, o, names)
		if on && today && e.Last {
			row.Correct = "/manage/" + o.ID + "/ledger/temperature?" + url.Values{"correct": {row.ID}}.Encode() + "#correct"
		}
		if e.Last {
			people++
		}
		if e.Last && e.Abnormal {
			fevers++
		}
		if row.Correct != "" && row.ID == correct {
			d.Correct = pg.correcting(c, row, wrong)
			d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", d.Correct.Fields...)...)
		}
		d.Rows = append(d.Rows, row)
	}
	d.Counts = pg.T("ledgers.counts", "lines", len(entries), "people", people, "fevers", fevers)
	return p.render(c, status, "temperatures", d)
}

// temperaturesOf is the lines of a day, and whether temperatures were taken on it at
// all: none are shown where they were not (domain rule 63).
func (p *Pages) temperaturesOf(c echo.Context, o slots.Office, day date.Date) ([]hall.Entry, bool, error) {
	rules, err := p.Offices.Rules(c.Request().Context(), o.ID, day)
	if err != nil || rules.Screening == slots.ScreeningOff {
		return nil, false, err
	}
	all, err := p.Hall.Temperatures(c.Request().Context(), o.ID, day)
	return all, true, err
}

// staffNames is who works at an office, by their account.
func (p *Pages) staffNames(c echo.Context, o slots.Office) (map[string]string, error) {
	there, err := p.Accounts.At(c.Request().Context(), o.ID)
	names := map[string]string{}
	for _, who := range there {
		names[who.Username] = who.Name
	}
	return names, err
}

// nameOf is a member of staff as "staff:hall", or as their account, in words.
func nameOf(names map[string]string, actor string) string {
	account := strings.TrimPrefix(actor, "staff:")
	if name := names[account]; name != "" {
		return name
	}
	return account
}

func (pg page) temperatureRow(e hall.Entry, o slots.Office, names map[string]string) temperatureRow {
	row := temperatureRow{
		ID: strconv.FormatInt(e.ID, 10), At: pg.Clock(e.At.In(o.Location)), Who: pg.measuredWho(e, names),
		Value: hall.FormatCelsius(e.Decicelsius), Result: pg.T("ledgers.normal"), Device: e.Device, By: nameOf(names, e.By), Fever: e.Abnormal, Gone: !e.Last,
	}
	if e.Unlinked {
		row.At = "–"
	}
	if e.Abnormal {
		row.Result = pg.T("ledgers.abnormal")
	}
	switch {
	case e.Reason != "" && e.CorrectedAt != nil && !e.Unlinked:
		row.Remark = pg.T("ledgers.corrects", "line", e.Replaces, "time", pg.Clock(e.CorrectedAt.In(o.Location)), "why", e.Reason)
	case e.Reason != "":
		row.Remark = pg.T("ledgers.corrects_then", "line", e.Replaces, "why", e.Reason)
	case e.Replaces != 0:
		row.Remark = pg.T("ledgers.again", "line", e.Replaces)
	}
	return row
}

// measuredWho says whose a reading is, as far as the ledger does.
func (pg page) measuredWho(e hall.Entry, names map[string]string) string {
	switch {
	case e.Kind == "staff":
		return pg.T("ledgers.who_staff", "name", nameOf(names, e.Staff))
	case e.Unlinked:
		return pg.T("ledgers.who_nobody")
	case e.Kind == "companion":
		return pg.T("ledgers.who_companion", "number", visitorNumber(e))
	}
	return pg.T("ledgers.who_party", "number", visitorNumber(e), "n", e.Party)
}

// visitorNumber is the ticket, and before there is one the number of the appointment.
func visitorNumber(e hall.Entry) string {
	if e.Ticket != "" {
		return e.Ticket
	}
	return e.Number
}

func (pg page) correcting(c echo.Context, row temperatureRow, wrong wrongs) *correcting {
	return &correcting{
		Entry: row.ID, Key: newKey(), What: pg.T("ledgers.line", "line", row.ID, "who", row.Who, "value", row.Value),
		Fields: []field{
			pg.typed(field{Name: "celsius", Mode: "decimal", Auto: "off"}, "ledgers.right_value", c.FormValue("celsius"), wrong),
			pg.typed(field{Name: "reason", Auto: "off"}, "ledgers.reason", c.FormValue("reason"), wrong),
		},
	}
}

// correctReading puts a line of today right by another.
func (p *Pages) correctReading(c echo.Context) error {
	o, today, err := p.managed(c)
	if err != nil {
		return err
	}
	entry := c.FormValue("entry")
	id, err := strconv.ParseInt(entry, 10, 64)
	if err != nil { // a form that is none of ours
		return p.showTemperatures(c, http.StatusUnprocessableEntity, p.page(c).refused(hall.ErrNoEntry), o, today, true, "", nil)
	}
	wrong, pg := wrongs{}, p.page(c)
	tenths, code := hall.ParseCelsius(c.FormValue("celsius"))
	if code != "" {
		wrong["celsius"] = code
	}
	if why := wrongReason(strings.TrimSpace(c.FormValue("reason"))); why != nil {
		wrong["reason"] = why["reason"]
	}
	if len(wrong) > 0 {
		return p.showTemperatures(c, http.StatusUnprocessableEntity, pg, o, today, true, entry, wrong)
	}
	err = p.Hall.CorrectReading(c.Request().Context(), hall.Correction{
		Entry: id, Office: o.ID, Decicelsius: tenths, Reason: c.FormValue("reason"), Key: c.FormValue("key"), Actor: me(c).Actor(),
	})
	if err != nil {
		pg, why, err := pg.explained(c, err)
		if err != nil {
			return err
		}
		return p.showTemperatures(c, statusOf(why), pg, o, today, true, entry, why.Fields)
	}
	return c.Redirect(http.StatusSeeOther, "/manage/"+o.ID+"/ledger/temperature?done=1")
}

// sendTemperatures is the ledger as a file.
func (p *Pages) sendTemperatures(c echo.Context, pg page, o slots.Office, day date.Date, as string) error {
	entries, _, err := p.temperaturesOf(c, o, day)
	if err != nil {
		return err
	}
	names, err := p.staffNames(c, o)
	if err != nil {
		return err
	}
	if err := p.Hall.Exported(c.Request().Context(), "temperature", o.ID, day, me(c).Actor()); err != nil {
		return err
	}
	s := p.sheetOf(c, pg, o, day, "temperature", pg.T("ledgers.temperature"))
	s.Head = []string{"#", pg.T("ledgers.time"), pg.T("ledgers.who"), pg.T("ledgers.value"), pg.T("ledgers.result"), pg.T("ledgers.device"), pg.T("ledgers.by"), pg.T("ledgers.remark")}
	for _, e := range entries {
		r := pg.temperatureRow(e, o, names)
		s.Rows = append(s.Rows, []string{r.ID, r.At, r.Who, r.Value, r.Result, r.Device, r.By, r.Remark})
	}
	return s.send(c, as)
}

// sheetOf is an empty sheet of an office's day.
func (p *Pages) sheetOf(c echo.Context, pg page, o slots.Office, day date.Date, name, title string) spreadsheet {
	taken := pg.T("ledgers.taken", "who", me(c).Name, "time", p.Clock.Now().In(o.Location).Format(time.DateTime))
	return spreadsheet{Name: "hunyue-" + name + "-" + o.ID + "-" + day.String(), Top: []string{title + " · " + pg.officeName(o) + " · " + pg.Day(day), taken}}
}
