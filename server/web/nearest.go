package web

import (
	"cmp"
	"slices"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/slots"
)

// offered is how many other times are offered to somebody who has lost theirs.
const offered = 3

// openTimes is the open times of a day.
func openTimes(a *booking.Availability, w wish, via slots.Channel, day date.Date) []booking.Time {
	return slices.DeleteFunc(slices.Clone(a.Times(w.service, via, day)), func(t booking.Time) bool { return t.State != booking.Open })
}

// nearest is the open times that lie nearest to the one that was wanted, in the
// order of the calendar.
func nearest(a *booking.Availability, w wish, via slots.Channel, wanted time.Time) []booking.Time {
	var open []booking.Time
	for _, d := range a.Days(w.service, via, w.today, w.today.AddDays(w.rules.HorizonDays)) {
		if d.State != booking.Open {
			continue
		}
		for _, t := range a.Times(w.service, via, d.Date) {
			if t.State == booking.Open {
				open = append(open, t)
			}
		}
	}
	away := func(t booking.Time) time.Duration { return t.StartsAt.Sub(wanted).Abs() }
	slices.SortStableFunc(open, func(a, b booking.Time) int { return cmp.Compare(away(a), away(b)) })
	open = open[:min(offered, len(open))]
	slices.SortFunc(open, func(a, b booking.Time) int { return a.StartsAt.Compare(b.StartsAt) })
	return open
}
