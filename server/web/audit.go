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
	Fields []field
	Rows   []auditRow
	Asked  []hidden // the filter, for the copy
	Older  string   // where the rows before these are; "" where there are none
	Most   int      // rows of a copy
}

type auditRow struct{ At, Actor, Origin, Action, Subject, Status, Detail string }

// audit lists who did what, the newest first. What is looked for cannot name a
// couple, so it may stand in the address.
func (p *Pages) audit(c echo.Context) error {
	pg := p.page(c)
	f, wrong := auditFilter(c)
	d := auditPage{page: pg, Most: watch.MostExported}
	status := http.StatusOK
	if len(wrong) == 0 {
		rows, err := p.Looks.Show(c.Request().Context(), f, me(c).Actor())
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
	d.Fields = pg.auditFields(c, wrong)
	d.Mistakes = mistakesIn(pg.Reader, "", d.Fields...)
	return p.render(c, status, "audit", d)
}

// auditInputs is the inputs of the filter, with an example of what may be typed.
var auditInputs = []struct{ name, example string }{{"actor", "staff:hall"}, {"action", "unmasked"}, {"object", "appointment:17"}, {"day", ""}}

func (pg page) auditFields(c echo.Context, wrong wrongs) []field {
	var all []field
	for _, in := range auditInputs {
		f := field{Name: in.name, Auto: "off"}
		if in.example == "" {
			f.Type = "date"
		} else {
			f.Hint = pg.T("audit.example", "example", in.example)
		}
		all = append(all, pg.typed(f, "audit."+in.name, c.FormValue(in.name), wrong))
	}
	return all
}

func auditFilter(c echo.Context) (watch.Filter, wrongs) {
	f := watch.Filter{Actor: c.FormValue("actor"), Action: c.FormValue("action"), Object: c.FormValue("object")}
	wrong := wrongs{}
	if typed := c.FormValue("day"); typed != "" {
		day, err := date.ParseDate(typed)
		if err != nil {
			wrong["day"] = "date"
		} else {
			f.From, f.To = day.In(china), day.AddDays(1).In(china)
		}
	}
	f.Before, _ = strconv.ParseInt(c.FormValue("before"), 10, 64) // nonsense is the newest
	return f, wrong
}

func (d *auditPage) show(c echo.Context, rows []watch.Entry) {
	asked := url.Values{}
	for _, in := range auditInputs {
		if value := c.FormValue(in.name); value != "" {
			asked.Set(in.name, value)
			d.Asked = append(d.Asked, hidden{in.name, value})
		}
	}
	for _, e := range rows {
		d.Rows = append(d.Rows, auditRow{
			At: e.At.In(china).Format(auditTime), Actor: e.Actor, Origin: d.originOf(e), Action: e.Action, Subject: e.Subject,
			Status: movedTo(e.Old, e.New), Detail: e.Detail,
		})
	}
	if len(rows) == watch.MostShown {
		asked.Set("before", strconv.FormatInt(rows[len(rows)-1].ID, 10))
		d.Older = "/manage/audit?" + asked.Encode()
	}
}

// originOf is from where it was done: 10.0.3.17 · computer.
func (d *auditPage) originOf(e watch.Entry) string {
	network, device, known := strings.Cut(e.Origin, " ")
	if !known {
		return ""
	}
	return network + " · " + d.T("audit.device."+device)
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
	f, wrong := auditFilter(c)
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
	f, _ = f.Tidy()
	f.Before = 0
	now := p.Clock.Now().In(china).Format(time.RFC3339)
	lines := [][]string{
		{fmt.Sprintf("# %s %s %s %d/%d", me(c).Actor(), now, f, len(rows), watch.MostExported)},
		{"id", "at", "actor", "action", "object", "from", "to", "detail", "origin"},
	}
	for _, e := range rows {
		lines = append(lines, []string{
			strconv.FormatInt(e.ID, 10), e.At.In(china).Format(time.RFC3339Nano), e.Actor, e.Action, e.Subject, e.Old, e.New, e.Detail, e.Origin,
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
