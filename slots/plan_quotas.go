package slots

import (
	"maps"
	"slices"
	"time"

	"hunyue/internal/date"
)

// quotaRow is a row of quota as it shall be, but for what is booked.
type quotaRow struct {
	ID       string    `json:"id"`
	Day      date.Date `json:"day"`
	Kind     Kind      `json:"kind"`
	Slot     *string   `json:"slot_id"`
	Group    *Group    `json:"biz_group"`
	Channel  *Channel  `json:"channel"`
	Parents  []string  `json:"parents"`
	Cap      int       `json:"cap"`
	Planned  int       `json:"planned"`
	OpensAt  time.Time `json:"opens_at"`
	ClosesAt time.Time `json:"closes_at"`
	Ends     int       `json:"ends_holds"` // 1 moves the epoch
}

// planQuotas plans the quotas of the slots that fit, puts an end to the sale in
// the others, and then plans the caps above them all.
func (p *plan) planQuotas(old []Quota) {
	before := map[string]Quota{}
	for _, q := range old {
		before[q.ID] = q
	}
	rows := p.places(before)
	for _, q := range old {
		if _, wanted := rows[q.ID]; q.Kind == Place && !wanted {
			rows[q.ID] = p.retired(q)
		}
	}
	p.addCaps(rows, before)
	for id, row := range rows {
		row.Cap = max(row.Cap, p.aim.held[id])
		rows[id] = row
	}
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		p.compare(rows[id], before)
	}
	for _, q := range old {
		if _, wanted := rows[q.ID]; !wanted && q.Cap+q.Planned+q.Booked+q.Cooling > 0 {
			p.lifted = append(p.lifted, q.ID)
			p.preview.Lifted = append(p.preview.Lifted, q.ID)
		}
	}
	p.findExcess(rows, before)
}

// places is the quotas of the slots that fit: where a group has places at all,
// one for every channel, so that places can be moved between them.
func (p *plan) places(before map[string]Quota) map[string]quotaRow {
	rows := map[string]quotaRow{}
	for _, g := range Groups() {
		capacities := make([]int, len(p.fits))
		for i, s := range p.fits {
			if p.aim.office.Offers(g) {
				capacities[i] = s.Capacity[g]
			}
		}
		for i, planned := range Split(capacities, p.aim.rules.Shares) {
			if capacities[i] == 0 {
				continue
			}
			for _, row := range p.slotQuotas(p.fits[i], g, planned, before) {
				rows[row.ID] = row
			}
		}
	}
	return rows
}

// slotQuotas is the quotas of one slot and group.
func (p *plan) slotQuotas(s Slot, g Group, planned Parts, before map[string]Quota) []quotaRow {
	id, slot := p.id(s, g), p.row(s)
	resized := slices.Contains(p.preview.Resized, slot)
	caps := moved(id, planned, before)
	var rows []quotaRow
	for _, ch := range Channels() {
		row := quotaRow{
			ID: id.Quota(ch), Day: s.Day, Kind: Place, Slot: &slot, Group: &g, Channel: &ch,
			Parents: p.parents(id), Cap: caps[ch], Planned: planned[ch],
			OpensAt:  OpensAt(p.aim.rules, s.Day, p.aim.office.Location),
			ClosesAt: ClosesAt(p.aim.rules, p.aim.calendar, s, ch, p.aim.office.Location),
		}
		if q, ok := before[row.ID]; ok {
			row.OpensAt = p.staysOpen(q, row.OpensAt)
			if resized {
				row.Ends = 1
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// moved is the caps of a slot's channels after the schedule has changed. Each
// moves by as much as the schedule does, so that what was added by hand or has
// spilled stays where it is. A channel that has given away more than it can lose
// takes the rest from the others.
func moved(id SlotID, planned Parts, before map[string]Quota) Parts {
	caps, missing := Parts{}, 0
	for _, ch := range Channels() {
		q := before[id.Quota(ch)]
		caps[ch] = q.Cap + planned[ch] - q.Planned
		missing += max(0, -caps[ch])
		caps[ch] = min(max(0, caps[ch]), mostCapped)
	}
	for _, ch := range Channels() {
		taken := min(missing, caps[ch])
		caps[ch] -= taken
		missing -= taken
	}
	return caps
}

// staysOpen keeps the time at which a quota has opened: what is on sale is not
// called back by a new release clock.
func (p *plan) staysOpen(q Quota, opensAt time.Time) time.Time {
	if !q.OpensAt.After(p.aim.now) {
		return q.OpensAt
	}
	return opensAt
}

// retired is a quota that the schedule has no more: it sells nothing, and counts
// those who are still in it.
func (p *plan) retired(q Quota) quotaRow {
	id, _, _ := ParseQuotaID(q.ID) // a place has such an id, or it would not be one
	return quotaRow{
		ID: q.ID, Day: q.Day, Kind: Place, Slot: &q.Slot, Group: &q.Group, Channel: &q.Channel,
		Parents: p.parents(id), OpensAt: q.OpensAt, ClosesAt: q.ClosesAt,
	}
}

// compare plans to write a row if it is not there as it shall be.
func (p *plan) compare(row quotaRow, before map[string]Quota) {
	q, there := before[row.ID]
	change := Change{Quota: row.ID, Kind: row.Kind, Before: q.Cap, After: row.Cap}
	regrouped := there && !slices.Equal(row.Parents, []string(q.Parents))
	switch {
	case !there:
		p.inserts = append(p.inserts, row)
		p.preview.Added = append(p.preview.Added, change)
		return
	case row.Cap != q.Cap:
		p.preview.Changed = append(p.preview.Changed, change)
	case regrouped || row.Planned != q.Planned || row.Ends > 0 || !row.OpensAt.Equal(q.OpensAt) || !row.ClosesAt.Equal(q.ClosesAt):
		p.preview.Adjusted = append(p.preview.Adjusted, row.ID)
	default:
		return
	}
	p.updates = append(p.updates, row)
	if regrouped {
		p.recount = append(p.recount, row.Parents...)
		p.recount = append(p.recount, q.Parents...)
	}
}
