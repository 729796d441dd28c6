package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/slots"
)

// disinfectionsPage is the disinfection ledger of a day.
type disinfectionsPage struct {
	ledgerPage
	Missing, Coming []string // of the plan
	Wipes           string   // after couples; "" where the plan does not want them
	Rows            []disinfectionRow
	Entry           *disinfecting // nil: on another day
}

// disinfectionRow is a line of it.
type disinfectionRow struct {
	ID, When, Area, With, Method, Operator, Checker, Remark string
	Gone                                                    bool
	Check                                                   bool   // whoever looks may check it
	Correct                                                 string // where it can be put right; "" where it cannot
}

// disinfecting is the form for an entry, or for one in place of another.
type disinfecting struct {
	Key      string
	Replaces string // the line that it corrects, or ""
	Fields   []field
}

// The plan's times in a form: minutes of the day, "couple" or "".
const afterCouple = "couple"

// disinfections is the ledger, as a page or as a file.
func (p *Pages) disinfections(c echo.Context) error {
	o, day, today, err := p.ledgerDay(c)
	if err != nil {
		return err
	}
	pg := p.page(c)
	switch c.QueryParam("done") {
	case "entry":
		pg.Notice = pg.T("ledgers.done_entry")
	case "check":
		pg.Notice = pg.T("ledgers.done_check")
	}
	if as := wantedFile(c); as != "" {
		return p.sendDisinfections(c, pg, o, day, as)
	}
	return p.showDisinfections(c, http.StatusOK, pg, o, day, today, c.QueryParam("correct"), nil)
}

func (p *Pages) showDisinfections(c echo.Context, status int, pg page, o slots.Office, day date.Date, today bool, correct string, wrong wrongs) error {
	ctx, at := c.Request().Context(), "/manage/"+o.ID+"/ledger/disinfection"
	d := disinfectionsPage{ledgerPage: p.ledgerPage(c, pg, o, day, today, at)}
	rules, err := p.Offices.Rules(ctx, o.ID, day)
	if err != nil {
		return err
	}
	plan, err := p.Hall.Disinfecting(ctx, o.ID, day)
	if err != nil {
		return err
	}
	d.Missing, d.Coming = pg.lacks(plan.Missing), pg.lacks(plan.Coming)
	if plan.AfterCouple && plan.Holds {
		d.Wipes = pg.T("ledgers.wipes", "n", plan.Wipes, "couples", plan.Couples)
	}
	lines, err := p.Hall.Disinfections(ctx, o.ID, day)
	if err != nil {
		return err
	}
	names, err := p.staffNames(c, o)
	if err != nil {
		return err
	}
	begin := hall.UsualDisinfection()
	begin.Operator, begin.From, begin.To = me(c).Name, p.Clock.Now().Add(-time.Duration(begin.ContactMinutes)*time.Minute), p.Clock.Now()
	replaces := ""
	for _, l := range lines {
		row := pg.disinfectionRow(l, o, names)
		if today && l.Last {
			row.Check = l.Checker == "" && l.By != me(c).Actor() && l.Operator != me(c).Name
			row.Correct = at + "?" + url.Values{"correct": {row.ID}}.Encode() + "#entry"
		}
		if row.Correct != "" && row.ID == correct {
			replaces, begin = row.ID, l.Disinfection()
		}
		d.Rows = append(d.Rows, row)
	}
	if today {
		d.Entry = &disinfecting{Key: newKey(), Replaces: replaces, Fields: pg.disinfectionFields(c, o, rules.Disinfection, begin, replaces != "", wrong)}
		d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", d.Entry.Fields...)...)
	}
	return p.render(c, status, "disinfections", d)
}

func (pg page) lacks(all []hall.Lack) []string {
	var words []string
	for _, l := range all {
		words = append(words, pg.T("ledgers.lack", "area", pg.area(l.Area), "time", l.By))
	}
	return words
}

// area is what an area is called.
func (pg page) area(name string) string {
	if slices.Contains(slots.DisinfectionAreas(), name) {
		return pg.T("ledgers.area." + name)
	}
	return name
}

func (pg page) disinfectionRow(l hall.DisinfectedLine, o slots.Office, names map[string]string) disinfectionRow {
	row := disinfectionRow{
		ID: strconv.FormatInt(l.ID, 10), When: pg.Span(l.From.In(o.Location), l.To.In(o.Location)), Area: pg.area(l.Area),
		With:   pg.T("ledgers.with", "agent", l.Agent, "concentration", l.Concentration, "n", l.ContactMinutes),
		Method: pg.T("ledgers.method." + string(l.Method)), Operator: l.Operator, Gone: !l.Last,
	}
	if l.CheckedAt != nil {
		row.Checker = nameOf(names, l.Checker) + " " + pg.Clock(l.CheckedAt.In(o.Location))
	}
	var remarks []string
	switch {
	case l.AfterCouple:
		remarks = append(remarks, pg.T("ledgers.due_couple"))
	case l.Due != nil:
		remarks = append(remarks, pg.T("ledgers.due_by", "time", slots.TimeOfDay(*l.Due)))
	}
	if l.Replaces != 0 {
		remarks = append(remarks, pg.T("ledgers.corrects", "line", l.Replaces, "time", pg.clockIn(l.At, o), "why", l.Reason))
	}
	row.Remark = strings.Join(remarks, pg.T("ledgers.comma"))
	return row
}

// typedOr is what was typed into an input, or else what it begins with.
func typedOr(c echo.Context, name, begin string) string {
	if c.Request().PostForm.Has(name) {
		return c.FormValue(name)
	}
	return begin
}

func (pg page) disinfectionFields(c echo.Context, o slots.Office, plan slots.Disinfection, begin hall.Disinfection, corrects bool, wrong wrongs) []field {
	area := field{Name: "area"}
	chosen := typedOr(c, "area", begin.Area)
	known := plan.Areas
	if begin.Area != "" && !slices.Contains(known, begin.Area) {
		known = append(slices.Clone(known), begin.Area)
	}
	for _, name := range known {
		area.Choices = append(area.Choices, option{name, pg.area(name), chosen == name})
	}
	due := field{Name: "due", Hint: pg.T("ledgers.due_hint")}
	wanted := typedOr(c, "due", dueInput(begin))
	for _, by := range plan.By {
		value := strconv.Itoa(int(by))
		due.Choices = append(due.Choices, option{value, pg.T("ledgers.due_by", "time", by), wanted == value})
	}
	due.Choices = append(due.Choices, option{afterCouple, pg.T("ledgers.due_couple"), wanted == afterCouple}, option{"0", pg.T("ledgers.due_none"), wanted == "0"})
	method := field{Name: "method"}
	for _, m := range hall.Methods() {
		method.Choices = append(method.Choices, option{string(m), pg.T("ledgers.method." + string(m)), typedOr(c, "method", string(begin.Method)) == string(m)})
	}
	text := func(name, label, value string) field {
		return pg.typed(field{Name: name, Auto: "off"}, label, typedOr(c, name, value), wrong)
	}
	clock := func(name, label string, at time.Time) field {
		return pg.typed(field{Name: name, Type: "time"}, label, typedOr(c, name, at.In(o.Location).Format("15:04")), wrong)
	}
	fields := []field{
		pg.typed(area, "ledgers.area", chosen, wrong),
		pg.typed(field{Name: "other", Auto: "off"}, "ledgers.area_other", typedOr(c, "other", ""), wrong),
		pg.typed(due, "ledgers.due", wanted, wrong),
		text("agent", "ledgers.agent", begin.Agent), text("concentration", "ledgers.concentration", begin.Concentration),
		pg.typed(method, "ledgers.method", "", wrong),
		pg.typed(field{Name: "contact", Mode: "numeric", Auto: "off"}, "ledgers.contact", typedOr(c, "contact", strconv.Itoa(begin.ContactMinutes)), wrong),
		clock("began", "ledgers.began", begin.From), clock("ended", "ledgers.ended", begin.To),
		text("operator", "ledgers.operator", begin.Operator),
	}
	if corrects {
		fields = append(fields, pg.typed(field{Name: "reason", Auto: "off"}, "ledgers.reason", c.FormValue("reason"), wrong))
	}
	return fields
}

func dueInput(d hall.Disinfection) string {
	switch {
	case d.AfterCouple:
		return afterCouple
	case d.Planned:
		return strconv.Itoa(int(d.Due))
	case d.Area == "":
		return "" // the first of the plan
	}
	return "0"
}

// disinfectionInputs is under which input the fault of each field stands.
var disinfectionInputs = map[string]string{
	"area": "area", "due": "due", "agent": "agent", "concentration": "concentration", "method": "method", "contact": "contact",
	"from": "began", "to": "ended", "operator": "operator", "reason": "reason",
}

// disinfect keeps an entry of today.
func (p *Pages) disinfect(c echo.Context) error {
	o, today, err := p.managed(c)
	if err != nil {
		return err
	}
	wrong := wrongs{}
	e := hall.DisinfectionEntry{Disinfection: typedDisinfection(c, o, today, wrong), Office: o.ID, Reason: c.FormValue("reason"), Key: c.FormValue("key"), Actor: me(c).Actor()}
	replaces := c.FormValue("replaces")
	if replaces != "" {
		if e.Replaces, err = strconv.ParseInt(replaces, 10, 64); err != nil {
			return hall.ErrNoEntry
		}
	}
	if len(wrong) > 0 {
		return p.showDisinfections(c, http.StatusUnprocessableEntity, p.page(c), o, today, true, replaces, wrong)
	}
	if _, err := p.Hall.Disinfected(c.Request().Context(), e); err != nil {
		return p.notDisinfected(c, o, today, replaces, err)
	}
	return c.Redirect(http.StatusSeeOther, "/manage/"+o.ID+"/ledger/disinfection?done=entry")
}

func typedDisinfection(c echo.Context, o slots.Office, today date.Date, wrong wrongs) hall.Disinfection {
	clock := func(name string) time.Time {
		typed := strings.TrimSpace(c.FormValue(name))
		at, ok := slots.ParseTimeOfDay(typed)
		switch {
		case typed == "":
			wrong[name] = "required"
		case !ok:
			wrong[name] = "format"
		default:
			return at.On(today, o.Location)
		}
		return time.Time{}
	}
	d := hall.Disinfection{
		Area: c.FormValue("area"), Agent: c.FormValue("agent"), Concentration: c.FormValue("concentration"),
		Method: hall.Method(c.FormValue("method")), From: clock("began"), To: clock("ended"), Operator: c.FormValue("operator"),
	}
	if other := strings.TrimSpace(c.FormValue("other")); other != "" {
		d.Area = other
	}
	var err error
	if d.ContactMinutes, err = strconv.Atoi(strings.TrimSpace(c.FormValue("contact"))); err != nil {
		wrong["contact"] = "range"
	}
	switch due := c.FormValue("due"); due {
	case afterCouple:
		d.AfterCouple = true
	case "0":
	default:
		by, err := strconv.Atoi(due)
		if err != nil {
			wrong["due"] = "required"
		}
		d.Planned, d.Due = true, slots.TimeOfDay(by)
	}
	return d
}

// checkDisinfected notes that whoever is signed in has looked at what an entry says.
func (p *Pages) checkDisinfected(c echo.Context) error {
	o, today, err := p.managed(c)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(c.FormValue("entry"), 10, 64)
	if err != nil { // a form that is none of ours
		return p.showDisinfections(c, http.StatusUnprocessableEntity, p.page(c).refused(hall.ErrNoEntry), o, today, true, "", nil)
	}
	if err := p.Hall.CheckDisinfected(c.Request().Context(), id, o.ID, me(c).Name, me(c).Actor()); err != nil {
		return p.notDisinfected(c, o, today, "", err)
	}
	return c.Redirect(http.StatusSeeOther, "/manage/"+o.ID+"/ledger/disinfection?done=check")
}

// notDisinfected shows the ledger again with why nothing was written.
func (p *Pages) notDisinfected(c echo.Context, o slots.Office, today date.Date, replaces string, err error) error {
	pg, why, err := p.page(c).explained(c, err)
	if err != nil {
		return err
	}
	wrong := wrongs{}
	for name, code := range why.Fields {
		wrong[disinfectionInputs[name]] = code
	}
	return p.showDisinfections(c, statusOf(why), pg, o, today, true, replaces, wrong)
}

// sendDisinfections is the ledger as a file.
func (p *Pages) sendDisinfections(c echo.Context, pg page, o slots.Office, day date.Date, as string) error {
	lines, err := p.Hall.Disinfections(c.Request().Context(), o.ID, day)
	if err != nil {
		return err
	}
	names, err := p.staffNames(c, o)
	if err != nil {
		return err
	}
	if err := p.Hall.Exported(c.Request().Context(), "disinfection", o.ID, day, me(c).Actor()); err != nil {
		return err
	}
	s := p.sheetOf(c, pg, o, day, "disinfection", pg.T("ledgers.disinfection"))
	s.Head = []string{
		"#", pg.T("ledgers.time"), pg.T("ledgers.area"), pg.T("ledgers.agent"), pg.T("ledgers.concentration"), pg.T("ledgers.method"),
		pg.T("ledgers.contact"), pg.T("ledgers.operator"), pg.T("ledgers.checker"), pg.T("ledgers.remark"),
	}
	for _, l := range lines {
		r := pg.disinfectionRow(l, o, names)
		s.Rows = append(s.Rows, []string{r.ID, r.When, r.Area, l.Agent, l.Concentration, r.Method, strconv.Itoa(l.ContactMinutes), r.Operator, r.Checker, r.Remark})
	}
	return s.send(c, as)
}
