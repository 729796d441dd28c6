package slots

import (
	"maps"
	"time"

	"hunyue/internal/date"
)

// Slot is a stretch of a day in which couples are received.
type Slot struct {
	Day      date.Date
	Start    TimeOfDay
	StartsAt time.Time
	EndsAt   time.Time
	Capacity Capacity // all channels together
}

// Exception is a day unlike others: a special day, or one that is closed or
// shortened (domain rules 20 and 30). It replaces the hours of the day; no hours
// close it. How long its slots are and how many places they have is the
// schedule's, as far as it does not say otherwise.
type Exception struct {
	Day         date.Date
	Hours       []Period
	SlotMinutes int      // 0: as the schedule has it
	Capacity    Capacity // of the groups that it names, of which 0 leaves one out
	Reason      string   // why, for the audit
	Notice      string   // what the public reads; may be empty
	VerifyFirst bool     // a hot day: who books online shows a phone before they choose a time
}

// Expand is the slots of the day, in order. They lie within the hours, do not
// overlap, and last as long as the template says, or the exception.
//
// An exception beats the calendar and the calendar the week: statutory holidays
// are closed, and a make-up workday has the hours of a Monday, since it is an
// ordinary working day whatever its name (domain rule 20). A slot over which the
// clocks are changed is left out.
func Expand(t Template, c Calendar, e *Exception, day date.Date, loc *time.Location) []Slot {
	var slots []Slot
	t = t.on(e, day)
	for _, p := range Hours(t, c, e, day) {
		slots = append(slots, t.cut(p, day, loc)...)
	}
	return slots
}

// on is the template with what an exception says of the day.
func (t Template) on(e *Exception, day date.Date) Template {
	if e == nil || e.Day != day {
		return t
	}
	if e.SlotMinutes > 0 {
		t.SlotMinutes = e.SlotMinutes
	}
	capacity := Capacity{}
	maps.Copy(capacity, t.Capacity)
	maps.Copy(capacity, e.Capacity)
	t.Capacity = capacity
	return t
}

// Hours is the periods in which the office receives on the day, in order; none
// if it is closed.
func Hours(t Template, c Calendar, e *Exception, day date.Date) []Period {
	if e != nil && e.Day == day {
		return e.Hours
	}
	special, _ := c.Special(day)
	switch special.Kind {
	case Holiday:
		return nil
	case MakeupWorkday:
		return t.hours(day, time.Monday)
	}
	return t.hours(day, day.Weekday())
}

// cut divides the period into slots.
func (t Template) cut(p Period, day date.Date, loc *time.Location) []Slot {
	length, step := TimeOfDay(t.SlotMinutes), TimeOfDay(t.SlotMinutes+t.CleaningMinutes)
	if length <= 0 || step < length {
		return nil
	}
	capacity := t.places(p)
	var slots []Slot
	for start := p.From; start+length <= p.To; start += step {
		s := Slot{Day: day, Start: start, StartsAt: start.On(day, loc), EndsAt: (start + length).On(day, loc)}
		if s.EndsAt.Sub(s.StartsAt) != time.Duration(length)*time.Minute || !shows(s.StartsAt, day, start) {
			continue
		}
		s.Capacity = maps.Clone(capacity)
		slots = append(slots, s)
	}
	return slots
}

// shows reports whether clocks show exactly start at the instant: where they
// skip an hour, they do not.
func shows(at time.Time, day date.Date, start TimeOfDay) bool {
	return date.DateOf(at) == day && TimeOfDay(at.Hour()*60+at.Minute()) == start
}

// places is the capacity of a slot in the period.
func (t Template) places(p Period) Capacity {
	capacity := Capacity{}
	maps.Copy(capacity, t.Capacity)
	maps.Copy(capacity, p.Capacity)
	return capacity
}
