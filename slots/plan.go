package slots

import (
	"slices"
	"time"

	"hunyue/internal/date"
)

// aim is what a day shall offer.
type aim struct {
	office   Office
	day      date.Date
	slots    []Slot // that the schedule has, in order
	caps     Caps
	rules    Rules
	calendar Calendar
	now      time.Time
	held     map[string]int // see PublishOptions
}

// plan is what has to be written so that a day offers what it shall, as far as
// nobody who is booked is in the way.
type plan struct {
	aim  aim
	fits []Slot // of the schedule, that can be offered

	slots   []slotRow
	inserts []quotaRow
	updates []quotaRow
	recount []string // caps with other members than before
	lifted  []string // caps that are wanted no more
	preview DayPreview
}

// slotRow is a row of slot as it shall be.
type slotRow struct {
	ID        string    `json:"id"`
	Day       date.Date `json:"day"`
	StartsAt  time.Time `json:"starts_at"`
	EndsAt    time.Time `json:"ends_at"`
	Withdrawn bool      `json:"withdrawn"`
}

// oldSlot is a slot as it stands, with those who are booked in it.
type oldSlot struct {
	slotRow
	booked int
}

// planDay compares what a day offers with what it shall offer. What is booked is
// left alone: a slot with a couple in it is neither withdrawn nor resized, only
// closed to more.
func planDay(a aim, old []Quota) plan {
	p := plan{aim: a, preview: DayPreview{Day: a.day}}
	was := oldSlots(old)
	p.fit(was)
	p.planSlots(was)
	p.planQuotas(old)
	return p
}

// oldSlots gathers the slots of the quotas, in order.
func oldSlots(old []Quota) []oldSlot {
	var slots []oldSlot
	for _, q := range old { // slots sort before caps, by their start
		if q.Kind != Place {
			continue
		}
		if n := len(slots); n == 0 || slots[n-1].ID != q.Slot {
			row := slotRow{ID: q.Slot, Day: q.Day, StartsAt: q.StartsAt, EndsAt: q.EndsAt, Withdrawn: q.Withdrawn}
			slots = append(slots, oldSlot{slotRow: row})
		}
		slots[len(slots)-1].booked += q.Booked
	}
	return slots
}

// fit finds the slots that can be offered: all but those in the way of which
// there is one that couples are booked in and the schedule has no more.
func (p *plan) fit(was []oldSlot) {
	var left []oldSlot
	for _, o := range was {
		if o.booked > 0 && !slices.ContainsFunc(p.aim.slots, func(s Slot) bool { return p.same(s, o) }) {
			left = append(left, o)
			p.preview.Left = append(p.preview.Left, Left{Slot: o.ID, Booked: o.booked})
		}
	}
	for _, s := range p.aim.slots {
		if slices.ContainsFunc(left, func(o oldSlot) bool { return s.StartsAt.Before(o.EndsAt) && o.StartsAt.Before(s.EndsAt) }) {
			p.preview.Blocked = append(p.preview.Blocked, p.row(s))
			continue
		}
		p.fits = append(p.fits, s)
	}
}

func (p *plan) id(s Slot, g Group) SlotID {
	return SlotID{Office: p.aim.office.ID, Day: p.aim.day, Start: s.Start, Group: g}
}

func (p *plan) row(s Slot) string { return p.id(s, "").Row() }

func (p *plan) same(s Slot, o oldSlot) bool {
	return p.row(s) == o.ID && s.StartsAt.Equal(o.StartsAt) && s.EndsAt.Equal(o.EndsAt)
}

// planSlots plans the rows of the slots that fit, and withdraws the others.
func (p *plan) planSlots(was []oldSlot) {
	offered := map[string]bool{}
	for _, s := range p.fits {
		id := p.row(s)
		offered[id] = true
		i := slices.IndexFunc(was, func(o oldSlot) bool { return o.ID == id })
		if i >= 0 && p.same(s, was[i]) && !was[i].Withdrawn {
			continue
		}
		if i >= 0 && !p.same(s, was[i]) {
			p.preview.Resized = append(p.preview.Resized, id)
		}
		p.slots = append(p.slots, slotRow{ID: id, Day: s.Day, StartsAt: s.StartsAt, EndsAt: s.EndsAt})
	}
	for _, o := range was {
		if offered[o.ID] || o.Withdrawn {
			continue
		}
		if o.booked == 0 {
			p.preview.Withdrawn = append(p.preview.Withdrawn, o.ID)
		}
		gone := o.slotRow
		gone.Withdrawn = true
		p.slots = append(p.slots, gone)
	}
}
