package booking

import (
	"sync"
	"sync/atomic"
	"time"

	"hunyue/internal/date"
	"hunyue/slots"
)

// State is what a day or a slot is to somebody who wants to book.
type State string

// The states, of which a day has the first that fits.
const (
	Past       State = "past"
	Suspended  State = "suspended"
	Open       State = "open"
	Full       State = "full"
	Unreleased State = "unreleased"
	Closed     State = "closed"
)

// Availability is what one office has left, as of one moment. It is never
// changed; Cached keeps what readers have made of it.
type Availability struct {
	AsOf  time.Time
	zone  *time.Location
	rules slots.Rules
	cal   slots.Calendar
	stops []slots.Suspension
	cells map[date.Date][]cell

	made sync.Map
	kept atomic.Int64
}

// cell is a place quota with what is left of it.
type cell struct {
	slots.SlotID
	channel  slots.Channel
	left     int
	open     bool
	opens    time.Time
	closes   time.Time
	startsAt time.Time
	endsAt   time.Time
}

// Day is one date of an office's calendar. Reason is a word for why it cannot
// be booked: weekend, holiday, not_published, lead, or what the public reads of a
// suspension.
type Day struct {
	Date      date.Date
	State     State
	Remaining int
	Reason    string
}

// Time is one slot of a day.
type Time struct {
	Slot      slots.SlotID
	StartsAt  time.Time
	EndsAt    time.Time
	State     State
	Remaining int
	OpensAt   time.Time
}

// mostMade is how much readers may have an availability keep: more than is
// asked for on any ordinary day, and little enough to be asked for on purpose.
const mostMade = 200

// Cached is what make gives for key, made once for this availability unless a
// great many others were.
func (a *Availability) Cached(key string, make func() ([]byte, error)) ([]byte, error) {
	if v, ok := a.made.Load(key); ok {
		return v.([]byte), nil
	}
	v, err := make()
	if err == nil && a.kept.Add(1) <= mostMade {
		a.made.Store(key, v)
	}
	return v, err
}

// Times is the slots of a day for a service and channel, in order.
func (a *Availability) Times(service slots.Service, channel slots.Channel, day date.Date) []Time {
	out := []Time{}
	stopped := a.stopped(day, service, channel) != nil
	for _, c := range a.cells[day] {
		if c.Group != service.Group || c.channel != channel {
			continue
		}
		t := Time{
			Slot: c.SlotID, StartsAt: c.startsAt.In(a.zone), EndsAt: c.endsAt.In(a.zone),
			State: a.state(c, stopped), OpensAt: c.opens.In(a.zone),
		}
		if t.State == Open {
			t.Remaining = c.left
		}
		out = append(out, t)
	}
	return out
}

// Unsold is the slots of a day, in order, that have places for a service left which
// their channel can sell no more, though the slot has not ended: those that the counter
// may be given. It is none where the counter sells nothing.
func (a *Availability) Unsold(service slots.Service, day date.Date) []slots.SlotID {
	var out []slots.SlotID
	if a.stopped(day, service, slots.Counter) != nil {
		return nil
	}
	for _, c := range a.cells[day] {
		unsold := c.channel != slots.Counter && c.open && c.left > 0 && !c.closes.After(a.AsOf)
		if unsold && c.Group == service.Group && c.endsAt.After(a.AsOf) {
			out = append(out, c.SlotID)
		}
	}
	return out
}

func (a *Availability) state(c cell, stopped bool) State {
	switch {
	case !c.startsAt.After(a.AsOf) && !c.closes.After(a.AsOf):
		return Past
	case stopped:
		return Suspended
	case !c.open || !c.closes.After(a.AsOf):
		return Closed
	case c.opens.After(a.AsOf):
		return Unreleased
	case c.left == 0:
		return Full
	}
	return Open
}

// Days is the calendar of a service and channel from one date to another, both
// included.
func (a *Availability) Days(service slots.Service, channel slots.Channel, from, to date.Date) []Day {
	out := []Day{}
	for day := from; !day.After(to); day = day.AddDays(1) {
		out = append(out, a.day(service, channel, day))
	}
	return out
}

func (a *Availability) day(service slots.Service, channel slots.Channel, day date.Date) Day {
	today := date.DateOf(a.AsOf.In(a.zone))
	d := Day{Date: day}
	seen := map[State]bool{}
	for _, t := range a.Times(service, channel, day) {
		seen[t.State] = true
		d.Remaining += t.Remaining
	}
	stop := a.stopped(day, service, channel)
	switch {
	case day.Before(today):
		d.State = Past
	case stop != nil && (seen[Suspended] || len(seen) == 0):
		d.State, d.Reason = Suspended, stop.Notice
	case seen[Open]:
		d.State = Open
	case seen[Full]:
		d.State = Full
	case seen[Unreleased]:
		d.State = Unreleased
	case seen[Closed]:
		d.State, d.Reason = Closed, "lead"
	case seen[Past]:
		d.State = Past
	default:
		d.State, d.Reason = a.unpublished(day, today)
	}
	return d
}

// unpublished says why a day has no slots.
func (a *Availability) unpublished(day, today date.Date) (State, string) {
	special, is := a.cal.Special(day)
	switch {
	case is && special.Kind == slots.Holiday:
		return Closed, "holiday"
	case !a.cal.Workday(day):
		return Closed, "weekend"
	case day.After(today.AddDays(a.rules.HorizonDays)):
		return Unreleased, ""
	}
	return Closed, "not_published"
}

func (a *Availability) stopped(day date.Date, service slots.Service, channel slots.Channel) *slots.Suspension {
	for i, s := range a.stops {
		if s.Stops(day, service, channel) {
			return &a.stops[i]
		}
	}
	return nil
}
