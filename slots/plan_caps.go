package slots

import (
	"cmp"
	"slices"
	"time"
)

// parents is the caps above the quotas of a slot, in order.
func (p *plan) parents(id SlotID) []string {
	parents := []string{}
	_, half := p.aim.caps.HalfDay[id.Group]
	_, day := p.aim.caps.Day[id.Group]
	hall := p.aim.caps.Hall != nil
	for _, c := range id.caps() {
		if c == id.halfDayCap() && half || c == id.dayCap() && day || c == id.hallCap() && hall {
			parents = append(parents, c)
		}
	}
	return parents
}

// addCaps adds the caps that are above any of the rows.
func (p *plan) addCaps(rows map[string]quotaRow, before map[string]Quota) {
	ids := map[string]SlotID{}
	var last time.Time
	for _, row := range rows {
		id, _, _ := ParseQuotaID(row.ID) // they are all places
		for _, parent := range row.Parents {
			ids[parent] = id
		}
		if row.ClosesAt.After(last) {
			last = row.ClosesAt
		}
	}
	for id, below := range ids {
		row := p.capRow(id, below)
		row.ClosesAt = last
		q := before[id]
		row.Cap = min(max(0, q.Cap+row.Planned-q.Planned), mostCapped)
		if q.ID != "" {
			row.OpensAt = p.staysOpen(q, row.OpensAt)
		}
		rows[id] = row
	}
}

// capRow is the cap with the id, which is above the quotas of the slot below.
func (p *plan) capRow(id string, below SlotID) quotaRow {
	row := quotaRow{
		ID: id, Day: p.aim.day, Group: &below.Group, Parents: []string{},
		OpensAt: OpensAt(p.aim.rules, p.aim.day, p.aim.office.Location),
	}
	switch {
	case id == below.hallCap():
		row.Kind, row.Group, row.Planned = HallCap, nil, *p.aim.caps.Hall
	case id == below.dayCap():
		row.Kind, row.Planned = DayCap, p.aim.caps.Day[below.Group]
	default:
		row.Kind, row.Planned = HalfDayCap, p.aim.caps.HalfDay[below.Group]
	}
	return row
}

// findExcess lists the quotas with more couples than places.
func (p *plan) findExcess(rows map[string]quotaRow, before map[string]Quota) {
	booked := map[string]int{}
	for _, row := range rows {
		for _, parent := range row.Parents {
			booked[parent] += before[row.ID].Booked
		}
	}
	for id, row := range rows {
		q := before[id]
		if slices.Contains(p.recount, id) {
			q.Booked = booked[id]
		}
		if over := q.Booked + q.Cooling - row.Cap; over > 0 {
			p.preview.Excess = append(p.preview.Excess, Excess{Quota: id, Taken: q.Booked + q.Cooling, Cap: row.Cap, Excess: over})
		}
	}
	slices.SortFunc(p.preview.Excess, func(a, b Excess) int { return cmp.Compare(a.Quota, b.Quota) })
}
