package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/slots"
)

// special is the days of an office that are planned unlike others, and the form
// for one more.
type special struct {
	Fields []field
	Days   []specialDay
	Trial  *trial
}

// specialDay is one of them.
type specialDay struct{ Date, When, Hours, Why, Hot string }

// trial is what a day unlike others would offer, or what it is planned to.
type trial struct {
	Done  bool
	Day   string
	Date  string
	Times []string
	Keep  []hidden
}

// specialInputs is the inputs of the form but for the groups' places.
func specialInputs() []string {
	return []string{"special.day", "special.hours", "special.slot_minutes", "special.reason", "special.notice", "special.verify_first"}
}

// specialFields is the form for a day: what was typed, and otherwise nothing.
func (pg page) specialFields(c echo.Context, o slots.Office, wrong wrongs) []field {
	typed := func(f field, label string) field { return pg.typed(f, label, c.FormValue(f.Name), wrong) }
	fields := []field{
		typed(field{Name: "special.day", Type: "date"}, "special.day"),
		typed(field{Name: "special.hours", Auto: "off", Hint: pg.T("schedule.hours_hint")}, "special.hours"),
		typed(field{Name: "special.slot_minutes", Mode: "numeric", Hint: pg.T("special.usual")}, "schedule.slot_minutes"),
	}
	for _, g := range groupsOf(o) {
		f := typed(field{Name: specialCapacity(g), Mode: "numeric", Hint: pg.T("special.places_hint")}, "special.day")
		f.Label = pg.T("schedule.capacity", "group", pg.T("group."+string(g)))
		fields = append(fields, f)
	}
	return append(fields,
		typed(field{Name: "special.reason", Hint: pg.T("suspend.reason_hint")}, "special.reason"),
		typed(field{Name: "special.notice", Long: true, Hint: pg.T("suspend.notice_hint")}, "special.notice"),
		pg.verifyFirst(c.FormValue("special.verify_first")))
}

// verifyFirst asks whether the day is a hot one.
func (pg page) verifyFirst(typed string) field {
	return field{
		Name: "special.verify_first", Label: pg.T("special.verify_first"), Hint: pg.T("special.verify_hint"),
		Choices: []option{{"", pg.T("special.verify_no"), typed == ""}, {"1", pg.T("special.verify_yes"), typed == "1"}},
	}
}

func specialCapacity(g slots.Group) string { return "special.capacity." + string(g) }

// groupsOf is the groups that an office has a service of.
func groupsOf(o slots.Office) []slots.Group {
	var all []slots.Group
	for _, g := range slots.Groups() {
		if o.Offers(g) {
			all = append(all, g)
		}
	}
	return all
}

// specialDays lists what is planned from today on.
func (p *Pages) specialDays(c echo.Context, pg page, o slots.Office, today date.Date) ([]specialDay, error) {
	planned, err := p.Offices.Exceptions(c.Request().Context(), o.ID, today, today.AddDays(365))
	if err != nil {
		return nil, err
	}
	var all []specialDay
	for _, e := range planned {
		hours := hoursText(e.Hours)
		if hours == "" {
			hours = pg.T("special.closed")
		}
		day := specialDay{Date: e.Day.String(), When: pg.ShortDay(e.Day), Hours: hours, Why: e.Reason}
		if e.VerifyFirst {
			day.Hot = pg.T("special.verify_first")
		}
		all = append(all, day)
	}
	return all, nil
}

// putSpecial shows what a day would offer and then, if the manager says so, plans
// it. It is offered when it is published.
func (p *Pages) putSpecial(c echo.Context) error {
	o, today, err := p.managed(c)
	if err != nil {
		return err
	}
	e, wrong := specialOf(c, o)
	pg, ctx := p.page(c), c.Request().Context()
	if len(wrong) > 0 {
		return p.showOffice(c, http.StatusUnprocessableEntity, pg, o, today, managePage{}, wrong)
	}
	done := c.FormValue("step") == "put"
	given, err := p.Offices.TryException(ctx, o.ID, e)
	if err == nil && done {
		err = p.Offices.PutException(ctx, o.ID, e, me(c).Actor())
	}
	if err != nil {
		return p.notManaged(c, pg, o, today, inHours(err), "special.", managePage{})
	}
	shown := &trial{Done: done, Day: pg.Day(e.Day), Date: e.Day.String()}
	for _, s := range given {
		shown.Times = append(shown.Times, pg.Span(s.StartsAt, s.EndsAt)+" "+pg.placesText(o, s.Capacity))
	}
	names := specialInputs()
	for _, g := range groupsOf(o) {
		names = append(names, specialCapacity(g))
	}
	for _, name := range names {
		shown.Keep = append(shown.Keep, hidden{name, c.FormValue(name)})
	}
	return p.showOffice(c, http.StatusOK, pg, o, today, managePage{Special: special{Trial: shown}}, nil)
}

// placesText is how many couples of each group: 结婚 10、离婚 5.
func (pg page) placesText(o slots.Office, of slots.Capacity) string {
	var all []string
	for _, g := range groupsOf(o) {
		if of[g] > 0 {
			all = append(all, pg.T("group."+string(g))+" "+strconv.Itoa(of[g]))
		}
	}
	return strings.Join(all, pg.T("desk.and"))
}

func specialOf(c echo.Context, o slots.Office) (slots.Exception, wrongs) {
	wrong := wrongs{}
	number := func(name string) (n int, typed bool) {
		value := strings.TrimSpace(c.FormValue(name))
		if value == "" {
			return 0, false
		}
		n, err := strconv.Atoi(value)
		if err != nil {
			wrong[name] = "format"
		}
		return n, true
	}
	e := slots.Exception{
		Day: typedDay(c, wrong, "special.day"), Capacity: slots.Capacity{},
		Reason: strings.TrimSpace(c.FormValue("special.reason")), Notice: strings.TrimSpace(c.FormValue("special.notice")),
		VerifyFirst: c.FormValue("special.verify_first") == "1",
	}
	if minutes, typed := number("special.slot_minutes"); typed {
		if e.SlotMinutes = minutes; minutes == 0 {
			wrong["special.slot_minutes"] = "out_of_range"
		}
	}
	for _, g := range groupsOf(o) {
		if n, typed := number(specialCapacity(g)); typed {
			e.Capacity[g] = n
		}
	}
	var read bool
	if e.Hours, read = hours(c.FormValue("special.hours"), nil); !read {
		wrong["special.hours"] = "format"
	}
	if e.Notice == "" {
		wrong["special.notice"] = "required"
	}
	return e, wrong
}

// inHours puts what is wrong with a period under the one input for hours.
func inHours(err error) error {
	f, tellable := told(err)
	if !tellable || len(f.Fields) == 0 {
		return err
	}
	fields := map[string]string{}
	for name, code := range f.Fields {
		if strings.HasPrefix(name, "hours.") {
			name = "hours"
		}
		fields[name] = code
	}
	return fault.InFields(fields)
}

// dropSpecial makes a day like others again, when it is published.
func (p *Pages) dropSpecial(c echo.Context) error {
	o, today, err := p.managed(c)
	if err != nil {
		return err
	}
	day, err := date.ParseDate(c.FormValue("day"))
	if err != nil {
		return slots.ErrNoSuchSlot
	}
	pg := p.page(c)
	if err := p.Offices.DropException(c.Request().Context(), o.ID, day, me(c).Actor()); err != nil {
		return p.notManaged(c, pg, o, today, err, "special.", managePage{})
	}
	pg.Notice = pg.T("special.dropped", "day", pg.Day(day))
	return p.showOffice(c, http.StatusOK, pg, o, today, managePage{}, nil)
}
