package slots

import (
	"context"
	"errors"

	"hunyue/internal/date"
)

// planned is a day as it is planned: its schedule, and its exception if it has
// one.
type planned struct {
	office    Office
	day       date.Date
	scheduled bool // or else the template is empty
	template  Template
	calendar  Calendar
	now       *Exception
}

// dayOf is the day as it is planned.
func (s *Store) dayOf(ctx context.Context, o Office, day date.Date) (planned, error) {
	p := planned{office: o, day: day}
	var err error
	if p.calendar, err = loadCalendar(ctx, s.DB, []int{day.Year}); err != nil {
		return p, err
	}
	exceptions, err := loadExceptions(ctx, s.DB, o.ID, day, day)
	if err != nil {
		return p, err
	}
	if len(exceptions) > 0 {
		p.now = &exceptions[0]
	}
	p.template, err = s.Schedule(ctx, o.ID, day)
	p.scheduled = err == nil
	if errors.Is(err, ErrNoSchedule) {
		err = nil
	}
	return p, err
}

// opensMore reports whether the day would receive at a time, a group or more
// couples of a group for whom it is open neither as it is planned now nor as an
// ordinary day.
func (p planned) opensMore(e Exception) bool {
	for _, g := range Groups() {
		if !p.office.Offers(g) {
			continue
		}
		then := p.opening(&e, g)
		if then.beyond(p.opening(p.now, g)) && then.beyond(p.opening(nil, g)) {
			return true
		}
	}
	return false
}

// opening is when a group is received on a day, by the minute, and how many
// couples of it.
type opening struct {
	at      [endOfDay]bool
	couples int
}

func (p planned) opening(e *Exception, g Group) opening {
	var o opening
	t := p.template.on(e, p.day)
	for _, period := range Hours(t, p.calendar, e, p.day) {
		if t.places(period)[g] == 0 {
			continue
		}
		for minute := max(0, period.From); minute < min(period.To, endOfDay); minute++ {
			o.at[minute] = true
		}
	}
	for _, s := range Expand(p.template, p.calendar, e, p.day, p.office.Location) {
		o.couples += s.Capacity[g]
	}
	return o
}

// beyond reports whether o is open at a time at which other is not, or for more.
func (o opening) beyond(other opening) bool {
	for minute, open := range o.at {
		if open && !other.at[minute] {
			return true
		}
	}
	return o.couples > other.couples
}
