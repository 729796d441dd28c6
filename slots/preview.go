package slots

import "hunyue/internal/date"

// Preview is what publishing changes, or has changed: a dry run and the real one
// return the same.
type Preview struct {
	Days []DayPreview `json:"days"`
}

// DayPreview is what publishing changes on one day, and what it has to leave.
type DayPreview struct {
	Day    date.Date `json:"day"`
	Closed string    `json:"closed,omitempty"` // why the schedule has no slot: "holiday", "exception" or "no_hours"

	Added     []Change `json:"added,omitempty"`     // new quotas
	Changed   []Change `json:"changed,omitempty"`   // quotas with another cap than before
	Adjusted  []string `json:"adjusted,omitempty"`  // quotas with the same cap, but other times or bounds above them
	Lifted    []string `json:"lifted,omitempty"`    // caps that bound nothing any more
	Resized   []string `json:"resized,omitempty"`   // slots with another end; holds in them are over
	Withdrawn []string `json:"withdrawn,omitempty"` // slots that are not offered any more; nobody is booked in them

	// What stays on every run until somebody moves the couples.
	Left    []Left   `json:"left,omitempty"`    // slots that the schedule has no more, but couples have
	Blocked []string `json:"blocked,omitempty"` // slots that cannot be offered, because one that is left is in their way
	Excess  []Excess `json:"excess,omitempty"`  // quotas with more couples than places
}

// Change is a quota and its cap before and after.
type Change struct {
	Quota  string `json:"quota"`
	Kind   Kind   `json:"kind"`
	Before int    `json:"before"`
	After  int    `json:"after"`
}

// Left is a slot that keeps its couples and sells nothing more.
type Left struct {
	Slot   string `json:"slot"` // 430702-20260520-0900
	Booked int    `json:"booked"`
}

// Excess is a quota whose cap is below what is booked. Nobody is cancelled for it
// (domain rule 26); cancellations use it up.
type Excess struct {
	Quota  string `json:"quota"`
	Taken  int    `json:"taken"` // booked, and cancelled but not yet on sale again
	Cap    int    `json:"cap"`
	Excess int    `json:"excess"`
}

// Empty reports whether nothing changes.
func (p Preview) Empty() bool {
	for _, d := range p.Days {
		if !d.Empty() {
			return false
		}
	}
	return true
}

// Empty reports whether nothing changes on the day.
func (d DayPreview) Empty() bool {
	return len(d.Added)+len(d.Changed)+len(d.Adjusted)+len(d.Lifted)+len(d.Resized)+len(d.Withdrawn) == 0
}

// Places is how many places are added and how many are taken away, caps above
// the slots not counted.
func (p Preview) Places() (added, removed int) {
	for _, d := range p.Days {
		for _, changes := range [][]Change{d.Added, d.Changed} {
			for _, c := range changes {
				if c.Kind != Place {
					continue
				}
				added += max(0, c.After-c.Before)
				removed += max(0, c.Before-c.After)
			}
		}
	}
	return added, removed
}
