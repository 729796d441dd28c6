package slots

import (
	"time"

	"hunyue/internal/date"
)

// OpensAt is when the places of a day go on sale, on every channel: at the
// release clock of the day that lies the horizon before it (domain rules 24, 25).
func OpensAt(r Rules, day date.Date, loc *time.Location) time.Time {
	return r.ReleaseTime.On(day.AddDays(-r.HorizonDays), loc)
}

// ClosesAt is when a channel stops selling places of the slot (domain rule 24).
//
// Phone and counter sell until the slot ends: staff see who can still be
// received. The web sells until the end of the day that lies the lead before the
// visit, in working days: with a lead of 1, a Tuesday is sold until Monday 24:00
// and a Monday until Friday 24:00, so that the office always has had a working
// day's end to prepare. With a lead of 0 the web sells until the slot starts.
func ClosesAt(r Rules, c Calendar, s Slot, ch Channel, loc *time.Location) time.Time {
	if ch != Web {
		return s.EndsAt
	}
	if r.LeadDays == 0 {
		return s.StartsAt
	}
	return c.workdaysBefore(s.Day, r.LeadDays).AddDays(1).In(loc)
}

// SpillsAt is when the phone's and the counter's unused places of a day go back
// to the web (domain rule 23): at the spill clock of the working day before it
// or, where the web closes earlier, of the last day on which the web still sells.
func SpillsAt(r Rules, c Calendar, day date.Date, loc *time.Location) time.Time {
	return r.SpillTime.On(c.workdaysBefore(day, max(1, r.LeadDays)), loc)
}
