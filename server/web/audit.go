package web

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/server/watch"
)

// mountAudit adds what the auditor and the security administrator see: who of the
// staff did and saw what, and what is odd about it. Neither is shown a couple.
func (p *Pages) mountAudit(e *echo.Echo) {
	audit := e.Group("/manage/audit")
	audit.GET("", p.audit)
	audit.POST("/export", p.exportAudit)
	audit.GET("/export", func(c echo.Context) error { return c.Redirect(http.StatusSeeOther, "/manage/audit") })

	alarms := e.Group("/manage/alarms")
	alarms.GET("", p.alarms)
	alarms.POST("/:id/answer", p.answerAlarm)
	alarms.POST("/honey", p.markHoney)
	for _, sent := range []string{"/:id/answer", "/honey"} { // after signing in again
		alarms.GET(sent, func(c echo.Context) error { return c.Redirect(http.StatusSeeOther, "/manage/alarms") })
	}
}

type auditPage struct {
	page
	Fields  []field
	Words   []string // that may be typed for an action
	Rows    []auditRow
	Asked   []hidden // the filter, for the copy
	Older   string   // where the rows before these are; "" where there are none
	Most    int      // rows of a copy
	Removed string   // what is not there any more; "" where nothing was removed
}

// auditRow is a row in words. By, Raw and Code are how the database has it, where that
// differs: who knows these words finds what is meant elsewhere by them.
type auditRow struct{ At, Actor, By, Origin, Action, Subject, Raw, Status, Detail, Code string }

// audit lists who did what, the newest first. What is looked for cannot name a
// couple, so it may stand in the address.
func (p *Pages) audit(c echo.Context) error {
	ctx, pg := c.Request().Context(), p.page(c)
	f, wrong := pg.auditFilter(c, p.Clock.Now())
	d := auditPage{page: pg, Most: watch.MostExported, Words: pg.auditWords("audit.does.")}
	status := http.StatusOK
	if len(wrong) == 0 {
		rows, err := p.Looks.Show(ctx, f, me(c).Actor())
		if why := fault.Of(err); err != nil && len(why.Fields) > 0 {
			wrong = why.Fields
		} else if err != nil {
			return err
		}
		d.show(c, rows)
	}
	if len(wrong) > 0 {
		status = http.StatusUnprocessableEntity
	}
	gone, some, err := p.Looks.Removed(ctx)
	if err != nil {
		return err
	}
	if some {
		d.Removed = pg.T("audit.removed", "until", pg.Day(date.DateOf(gone.Until.In(china))), "days", gone.Days, "n", gone.Rows, "at", pg.Day(date.DateOf(gone.At.In(china))))
	}
	d.Fields = pg.auditFields(c, wrong)
	d.Mistakes = mistakesIn(pg.Reader, "", d.Fields...)
	return p.render(c, status, "audit", d)
}

// auditInputs is the inputs of the filter.
var auditInputs = []string{"actor", "action", "object", "day"}

func (pg page) auditFields(c echo.Context, wrong wrongs) []field {
	hints := map[string]string{
		"actor":  pg.T("audit.actor_hint", "example", "hall"),
		"action": pg.T("audit.action_hint", "example", pg.T("audit.does.unmasked")),
		"object": pg.T("audit.object_hint", "example", pg.T("audit.one", "kind", pg.T("audit.on.appointment"), "id", "17")),
	}
	var all []field
	for _, name := range auditInputs {
		f := field{Name: name, Auto: "off", Hint: hints[name]}
		switch name {
		case "day":
			f.Type = "date"
		case "action":
			f.List = "words"
		}
		all = append(all, pg.typed(f, "audit."+name, c.FormValue(name), wrong))
	}
	return all
}

// auditFilter is what was typed, as the audit has it, and what means nothing.
func (pg page) auditFilter(c echo.Context, now time.Time) (watch.Filter, wrongs) {
	f, wrong := watch.Filter{}, wrongs{}
	understood := map[string]bool{}
	f.Actors, understood["actor"] = pg.auditActors(c.FormValue("actor"))
	f.Actions, understood["action"] = pg.auditActions(c.FormValue("action"))
	f.Object, understood["object"] = pg.auditObject(c.FormValue("object"))
	for name, ok := range understood {
		if !ok {
			wrong[name] = "unknown"
		}
	}
	if typed := c.FormValue("day"); typed != "" {
		day, err := date.ParseDate(typed)
		switch {
		case err != nil:
			wrong["day"] = "date"
		case day.In(china).After(now):
			wrong["day"] = "ahead"
		default:
			f.From, f.To = day.In(china), day.AddDays(1).In(china)
		}
	}
	f.Before, _ = strconv.ParseInt(c.FormValue("before"), 10, 64) // nonsense is the newest
	return f, wrong
}

func (d *auditPage) show(c echo.Context, rows []watch.Entry) {
	asked := url.Values{}
	for _, name := range auditInputs {
		if value := c.FormValue(name); value != "" {
			asked.Set(name, value)
			d.Asked = append(d.Asked, hidden{name, value})
		}
	}
	for _, e := range rows {
		d.Rows = append(d.Rows, d.auditRow(e))
	}
	if len(rows) == watch.MostShown {
		asked.Set("before", strconv.FormatInt(rows[len(rows)-1].ID, 10))
		d.Older = "/manage/audit?" + asked.Encode()
	}
}

func (pg page) auditRow(e watch.Entry) auditRow {
	row := auditRow{
		At: e.At.In(china).Format(auditTime), Actor: pg.auditActor(e.Actor), By: e.Actor, Origin: pg.originOf(e),
		Action: pg.auditAction(e), Subject: pg.auditSubject(e.Subject), Raw: e.Action + " " + e.Subject,
		Status: movedTo(pg.auditStatus(e, e.Old), pg.auditStatus(e, e.New)), Detail: pg.auditDetail(e), Code: e.Detail,
	}
	if row.Detail == "" {
		row.Detail, row.Code = e.Detail, ""
	}
	return row
}

// originOf is from where it was done: 10.0.3.17 · computer.
func (pg page) originOf(e watch.Entry) string {
	network, device, known := strings.Cut(e.Origin, " ")
	if !known {
		return ""
	}
	return network + " · " + pg.T("audit.device."+device)
}

// china is the time zone of every office (domain rule 97).
var china = time.FixedZone("Asia/Shanghai", 8*60*60)

const auditTime = "2006-01-02 15:04:05"

// movedTo is the change of a status.
func movedTo(from, to string) string {
	if from == "" || from == to {
		return to
	}
	return from + " → " + to
}

// exportAudit gives the rows to be taken away, with a first line that says who took
// them, when, and what was asked for.
func (p *Pages) exportAudit(c echo.Context) error {
	pg := p.page(c)
	f, wrong := pg.auditFilter(c, p.Clock.Now())
	if err := fault.InFields(wrong); err != nil {
		return err
	}
	rows, err := p.Looks.Export(c.Request().Context(), f, me(c).Actor())
	if err != nil {
		return err
	}
	var file strings.Builder
	file.WriteString("\uFEFF") // or spreadsheets take it for another encoding
	w := csv.NewWriter(&file)
	w.UseCRLF = true
	f.Before = 0
	now := p.Clock.Now().In(china).Format(time.RFC3339)
	lines := [][]string{
		{fmt.Sprintf("# %s %s %s %d/%d", me(c).Actor(), now, f, len(rows), watch.MostExported)},
		{"id", "at", "actor", "action", "object", "from", "to", "detail", "origin", pg.T("audit.actor"), pg.T("audit.action"), pg.T("audit.subject"), pg.T("audit.status"), pg.T("audit.detail")},
	}
	for _, e := range rows {
		row := pg.auditRow(e)
		lines = append(lines, []string{
			strconv.FormatInt(e.ID, 10), e.At.In(china).Format(time.RFC3339Nano), e.Actor, e.Action, e.Subject, e.Old, e.New, e.Detail, e.Origin,
			row.Actor, row.Action, row.Subject, row.Status, row.Detail,
		})
	}
	for _, line := range lines {
		for i := range line {
			line[i] = harmlessCell(line[i])
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="hunyue-audit.csv"`)
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", []byte(file.String()))
}

// harmlessCell is text that no spreadsheet takes for a formula (ASVS 1.2.10).
func harmlessCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}
