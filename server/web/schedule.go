package web

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/slots"
)

// weekdays is the days of a schedule in their order.
func weekdays() []string { return []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} }

// templateNow is the schedule that holds, or else an empty one.
func (p *Pages) templateNow(c echo.Context, o slots.Office, day date.Date) (slots.Template, error) {
	t, err := p.Offices.Schedule(c.Request().Context(), o.ID, day)
	if errors.Is(err, slots.ErrNoSchedule) {
		return slots.Template{SlotMinutes: 30}, nil
	}
	return t, err
}

// scheduleFields is the form of a week: what was typed, or else what holds.
func (pg page) scheduleFields(c echo.Context, t slots.Template, today date.Date, wrong wrongs) []field {
	value := func(name, now string) string {
		if c.Request().PostForm.Has(name) {
			return c.FormValue(name)
		}
		return now
	}
	number := func(name, label string, now int) field {
		return pg.typed(field{Name: name, Mode: "numeric"}, label, value(name, strconv.Itoa(now)), wrong)
	}
	fields := []field{
		pg.dated(c, "schedule.from", "schedule.from", today.AddDays(1), wrong),
		number("schedule.slot_minutes", "schedule.slot_minutes", t.SlotMinutes),
		number("schedule.cleaning_minutes", "schedule.cleaning_minutes", t.CleaningMinutes),
	}
	for _, g := range slots.Groups() {
		name := "schedule.capacity." + string(g)
		f := number(name, name, t.Capacity[g])
		f.Label = pg.T("schedule.capacity", "group", pg.T("group."+string(g)))
		fields = append(fields, f)
	}
	for _, key := range weekdays() {
		name := "schedule.weekdays." + key
		f := pg.typed(field{Name: name, Auto: "off"}, "weekday."+key, value(name, hoursText(t.Weekdays[key])), wrong)
		if key == "mon" {
			f.Hint = pg.T("schedule.hours_hint")
		}
		fields = append(fields, f)
	}
	return fields
}

func hoursText(periods []slots.Period) string {
	var all []string
	for _, p := range periods {
		all = append(all, p.From.String()+"-"+p.To.String())
	}
	return strings.Join(all, " ")
}

// hours reads hours as they are typed: 09:00-12:00 14:30-17:00. A period that
// was there before keeps its own capacity.
func hours(typed string, before []slots.Period) ([]slots.Period, bool) {
	periods := []slots.Period{}
	for one := range strings.FieldsSeq(strings.NewReplacer("：", ":", "–", "-", "—", "-", "，", " ", ",", " ").Replace(typed)) {
		first, last, _ := strings.Cut(one, "-")
		from, fromOK := slots.ParseTimeOfDay(first)
		to, toOK := slots.ParseTimeOfDay(last)
		if !fromOK || !toOK {
			return nil, false
		}
		p := slots.Period{From: from, To: to}
		if i := slices.IndexFunc(before, func(b slots.Period) bool { return b.From == from && b.To == to }); i >= 0 {
			p.Capacity = before[i].Capacity
		}
		periods = append(periods, p)
	}
	return periods, true
}

// schedule changes the ordinary week from a day on. What the form does not
// show, seasons and caps, stays as it is.
func (p *Pages) schedule(c echo.Context) error {
	o, today, err := p.managed(c)
	if err != nil {
		return err
	}
	t, err := p.templateNow(c, o, today)
	if err != nil {
		return err
	}
	wrong, pg := wrongs{}, p.page(c)
	from := typedDay(c, wrong, "schedule.from")
	t = typedTemplate(c, t, wrong)
	if len(wrong) > 0 {
		return p.showOffice(c, http.StatusUnprocessableEntity, pg, o, today, managePage{}, wrong)
	}
	err = p.Offices.PutSchedule(c.Request().Context(), o.ID, from, t, me(c).Actor())
	if err != nil {
		return p.notManaged(c, pg, o, today, inForm(err), "schedule.", managePage{})
	}
	pg.Notice = pg.T("schedule.saved", "day", pg.Day(from))
	return p.showOffice(c, http.StatusOK, pg, o, today, managePage{}, nil)
}

func typedTemplate(c echo.Context, t slots.Template, wrong wrongs) slots.Template {
	number := func(name string) int {
		n, err := strconv.Atoi(strings.TrimSpace(c.FormValue(name)))
		if err != nil {
			wrong[name] = "format"
		}
		return n
	}
	t.SlotMinutes, t.CleaningMinutes = number("schedule.slot_minutes"), number("schedule.cleaning_minutes")
	t.Capacity = slots.Capacity{}
	for _, g := range slots.Groups() {
		t.Capacity[g] = number("schedule.capacity." + string(g))
	}
	before := t.Weekdays
	t.Weekdays = slots.Week{}
	for _, key := range weekdays() {
		name := "schedule.weekdays." + key
		periods, ok := hours(c.FormValue(name), before[key])
		if !ok {
			wrong[name] = "format"
		}
		if len(periods) > 0 {
			t.Weekdays[key] = periods
		}
	}
	return t
}

// inForm puts what is wrong within a day's hours under the one input for that
// day, and what is wrong with the week under its first.
func inForm(err error) error {
	f, tellable := told(err)
	if !tellable || len(f.Fields) == 0 {
		return err
	}
	fields := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(f.Fields)) {
		code := f.Fields[name]
		parts := strings.Split(name, ".")
		switch {
		case name == "weekdays":
			name = "weekdays.mon"
		case len(parts) > 2:
			name = strings.Join(parts[:2], ".")
		}
		fields[name] = code
	}
	return fault.InFields(fields)
}
