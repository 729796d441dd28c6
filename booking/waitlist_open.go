package booking

import (
	"time"

	"hunyue/internal/date"
	"hunyue/slots"
)

// Waitable is the half-days of a day that couples may wait for at an office: sold
// out, on sale, and far enough ahead for an offer. None where the office keeps no
// list.
func (a *Availability) Waitable(service slots.Service, channel slots.Channel, day date.Date) []Wish {
	if !a.rules.Waitlist || a.stopped(day, service, channel) != nil {
		return nil
	}
	full, open, quota := map[Half]time.Time{}, map[Half]bool{}, map[Half]string{}
	for _, c := range a.cells[day] {
		if c.Group != service.Group || c.channel != channel {
			continue
		}
		half := HalfOf(c.SlotID)
		switch a.state(c, false) {
		case Open:
			open[half] = true
		case Full:
			full[half], quota[half] = later(full[half], c.closes), c.Quota(c.channel)
		case Past, Suspended, Unreleased, Closed:
		}
	}
	deadline := day.AddDays(1 - a.rules.CancelDays).In(a.zone)
	var all []Wish
	for _, half := range []Half{Morning, Afternoon} {
		closes := earlier(full[half], deadline)
		if _, sold := full[half]; sold && !open[half] && closes.After(a.AsOf.Add(waitFor(a.rules))) {
			all = append(all, Wish{Day: day, Half: half, ClosesAt: closes, quota: quota[half]})
		}
	}
	return all
}

// noon is in minutes of the day, as the half-day caps have it.
const noon = 12 * 60

// HalfOf is the half of its day that a slot starts in.
func HalfOf(slot slots.SlotID) Half {
	if slot.Start < noon {
		return Morning
	}
	return Afternoon
}

// waitFor is how long an offer is kept.
func waitFor(rules slots.Rules) time.Duration { return time.Duration(rules.WaitMinutes) * time.Minute }

// offerTime is until when an offer that is made now is kept: for the minutes that the
// office gives, and to the end of a minute, since a text tells it. Offers are made and
// answered in the hours in which cancelled places go on sale; where those of today do
// not reach, later is when it is tried again. Both are zero where nothing can be
// offered before the deadline any more.
func offerTime(now time.Time, zone *time.Location, rules slots.Rules, deadline time.Time) (until, again time.Time) {
	day := date.DateOf(now.In(zone))
	from, to := rules.CoolingFrom.On(day, zone), rules.CoolingUntil.On(day, zone)
	until = now.Add(waitFor(rules)).Truncate(time.Minute)
	if until.Before(now.Add(waitFor(rules))) {
		until = until.Add(time.Minute)
	}
	switch {
	case now.Before(from):
		again = from
	case until.After(to):
		again = rules.CoolingFrom.On(day.AddDays(1), zone)
	}
	if again.IsZero() {
		if until.After(deadline) {
			return time.Time{}, time.Time{}
		}
		return until, time.Time{}
	}
	if again.Add(waitFor(rules)).After(deadline) {
		again = time.Time{}
	}
	return time.Time{}, again
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
