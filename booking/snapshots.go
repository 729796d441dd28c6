package booking

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"hunyue/internal/date"
	"hunyue/slots"
)

// How old an availability may be before it is counted again, and how old it is
// given out meanwhile (domain rule 29 allows 2 s). Whoever has changed something
// sees it; but from one counting to the next goes at least a multiple of the time
// that the last one took, so that a crowd of changes leaves the processors alone,
// though never longer than fresh: somebody is waiting.
const (
	fresh   = time.Second
	usable  = 2 * time.Second
	share   = 4
	patient = 8 * time.Second // for one counting, less than a request waits
)

// snapshots is the newest availability of each office.
type snapshots struct {
	mu     sync.Mutex
	newest map[string]*snapshot
	flight singleflight.Group
}

type snapshot struct {
	of      *Availability
	took    time.Duration // to count
	changes int           // that have happened
	counted int           // of which of knows
}

// at is the snapshot of an office; the caller has the lock.
func (s *snapshots) at(office string) *snapshot {
	if s.newest == nil {
		s.newest = map[string]*snapshot{}
	}
	if s.newest[office] == nil {
		s.newest[office] = &snapshot{}
	}
	return s.newest[office]
}

// changed makes the next reader see a change made here.
func (s *snapshots) changed(office string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at(office).changes++
}

// get is the newest availability, if it has all changes, and whether it is time
// to count again.
func (s *snapshots) get(office string, now time.Time) (newest *Availability, due bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.newest[office]
	if n == nil || n.of == nil || n.counted != n.changes {
		return nil, true
	}
	age := now.Sub(n.of.AsOf)
	if age < 0 || age > usable {
		return nil, true
	}
	return n.of, age > fresh
}

// begin returns how many changes a counting that begins now will know, and how
// long it should wait before it does.
func (s *snapshots) begin(office string, now time.Time) (knows int, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.at(office)
	if n.of != nil {
		wait = min(share*n.took, n.of.AsOf.Add(n.took+share*n.took).Sub(now), fresh)
	}
	return n.changes, wait
}

func (s *snapshots) put(office string, a *Availability, knows int, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.at(office)
	n.of, n.counted, n.took = a, knows, took
}

// Availability is what an office has left, at most two seconds old, and with
// every change made through this desk before the call. Without Redis it leaves
// out the places that are only held.
func (d *Desk) Availability(ctx context.Context, office string) (*Availability, error) {
	if _, err := d.Offices.Office(ctx, office); err != nil {
		return nil, err // and nothing is remembered of offices that do not exist
	}
	var newest *Availability
	for range 3 { // a counting that was under way may have begun before the caller's change
		a, due := d.memory().availability.get(office, d.Clock.Now())
		if a != nil && !due {
			return a, nil
		}
		counting := d.memory().availability.flight.DoChan(office, func() (any, error) {
			return d.recount(context.WithoutCancel(ctx), office)
		})
		if a != nil {
			return a, nil // the next reader has the new one
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err() // the others go on waiting
		case counted := <-counting:
			if counted.Err != nil {
				return nil, counted.Err
			}
			newest = counted.Val.(*Availability)
		}
	}
	return newest, nil
}

func (d *Desk) recount(ctx context.Context, office string) (*Availability, error) {
	ctx, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	if _, wait := d.memory().availability.begin(office, d.Clock.Now()); wait > 0 {
		time.Sleep(wait)
	}
	began := d.Clock.Now()
	knows, _ := d.memory().availability.begin(office, began)
	a, err := d.count(ctx, office)
	if err == nil {
		d.memory().availability.put(office, a, knows, d.Clock.Now().Sub(began))
	}
	return a, err
}

func (d *Desk) count(ctx context.Context, office string) (*Availability, error) {
	a := &Availability{AsOf: d.Clock.Now().Truncate(time.Millisecond), cells: map[date.Date][]cell{}}
	var err error
	if a.zone, err = d.zone(ctx, office); err != nil {
		return nil, err
	}
	today := date.DateOf(a.AsOf.In(a.zone))
	if a.rules, err = d.Offices.Rules(ctx, office, today); err != nil {
		return nil, err
	}
	if a.cal, err = d.Offices.Calendar(ctx, today.Year, today.Year+1); err != nil {
		return nil, err
	}
	if a.stops, err = d.Offices.Suspensions(ctx, office, today, today.AddDays(ahead)); err != nil {
		return nil, err
	}
	quotas, err := d.Offices.Quotas(ctx, office, today, today.AddDays(ahead))
	if err != nil {
		return nil, err
	}
	days := byDay(quotas)
	for i, held := range d.held(ctx, days) {
		a.cells[days[i][0].Day] = cells(days[i], held)
	}
	return a, nil
}

// ahead is how many days an availability looks ahead, further than any horizon.
const ahead = 120

// byDay cuts quotas, which are in the order of their ids and so of their days.
func byDay(quotas []slots.Quota) [][]slots.Quota {
	var days [][]slots.Quota
	for i, q := range quotas {
		if i == 0 || q.Day != quotas[i-1].Day {
			days = append(days, nil)
		}
		days[len(days)-1] = append(days[len(days)-1], q)
	}
	return days
}

// held is how many holds of each quota are alive, day by day. Where Redis
// cannot say, none are counted, and it is not asked again: it may be hanging.
func (d *Desk) held(ctx context.Context, days [][]slots.Quota) [][]int {
	var away error
	held := make([][]int, len(days))
	for i, quotas := range days {
		held[i] = make([]int, len(quotas))
		if away != nil {
			continue
		}
		ids := make([]string, len(quotas))
		for j, q := range quotas {
			ids[j] = q.ID
		}
		var counted []int
		if counted, away = d.Holds.count(ctx, ids); away == nil {
			held[i] = counted
		}
	}
	if away != nil {
		d.Log.WarnContext(ctx, "availability without holds", "error", away)
	}
	return held
}

// cells is the places among a day's quotas, none with more left than the caps
// above it.
func cells(quotas []slots.Quota, held []int) []cell {
	left := map[string]int{}
	for i, q := range quotas {
		left[q.ID] = max(0, q.Free()-held[i])
	}
	var out []cell
	for _, q := range quotas {
		slot, channel, err := slots.ParseQuotaID(q.ID)
		if err != nil || !q.Offered() {
			continue // a cap, or nothing that the public should see
		}
		c := cell{
			SlotID: slot, channel: channel, left: left[q.ID], open: q.Open,
			opens: q.OpensAt, closes: q.ClosesAt, startsAt: q.StartsAt, endsAt: q.EndsAt,
		}
		for _, parent := range q.Parents {
			c.left = min(c.left, left[parent])
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b cell) int { return a.startsAt.Compare(b.startsAt) })
	return out
}
