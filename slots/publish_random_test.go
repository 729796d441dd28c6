package slots_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// TestPreviewIsEffectWhateverHappens lets couples book and cancel at random
// between changes of a schedule, and holds after every publication that it did
// what its preview said, that nobody lost a place, and that all counts agree.
func TestPreviewIsEffectWhateverHappens(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := &world{Store: newStore(t), rand: rand.New(rand.NewPCG(seed, 20260520))}
			r := slots.DefaultRules()
			r.SpecialNoticeDays = 0
			if err := w.SetRules(t.Context(), wuling, day(t, "2026-05-18"), r, "a test", "manager"); err != nil {
				t.Fatal(err)
			}
			publish(t, w.Store, "2026-05-19", "2026-05-21")
			for range 8 {
				w.live(t)
				w.change(t)
				w.publish(t)
			}
		})
	}
}

type world struct {
	*slots.Store
	rand *rand.Rand
}

// live books and cancels.
func (w *world) live(t *testing.T) {
	all := quotas(t, w.Store, "2026-05-19", "2026-05-21")
	for range 12 {
		q := all[w.rand.IntN(len(all))]
		switch {
		case q.Kind != slots.Place:
		case w.rand.IntN(3) > 0:
			if err := takeOne(t.Context(), w.DB, q.ID, q.Epoch); err != nil && postgres.State(err) != "HY003" {
				t.Fatal(err)
			}
		case quota(t, w.Store, q.ID).Booked > 0:
			free(t, w.Store, q.ID, []any{nil, monday().Add(-time.Hour), monday().Add(time.Hour)}[w.rand.IntN(3)])
		}
	}
	if w.rand.IntN(2) == 0 {
		inTx(t, w.Store, func(tx postgres.Querier) error { _, err := w.Warm(t.Context(), tx); return err })
	}
}

// change makes another schedule, another day of its own, or another cap.
func (w *world) change(t *testing.T) {
	switch w.rand.IntN(4) {
	case 0:
		e := slots.Exception{
			Day: day(t, "2026-05-20"), Reason: "a special day", Hours: w.hours(),
			SlotMinutes: []int{0, 0, 20, 60}[w.rand.IntN(4)], Capacity: slots.Capacity{slots.Divorce: w.rand.IntN(3)},
		}
		if err := w.PutException(t.Context(), wuling, e, "manager"); err != nil {
			t.Fatal(fault.Of(err).Fields)
		}
	case 1:
		all := quotas(t, w.Store, "2026-05-19", "2026-05-21")
		q := all[w.rand.IntN(len(all))]
		if q.Withdrawn {
			return
		}
		inTx(t, w.Store, func(tx postgres.Querier) error {
			_, err := w.SetCap(t.Context(), tx, q.ID, w.rand.IntN(8), "by hand", "manager")
			return err
		})
	default:
		putSchedule(t, w.Store, "2026-05-19", w.template())
	}
}

func (w *world) hours() []slots.Period {
	all := []slots.Period{{From: 9 * 60, To: 10 * 60}, {From: 10 * 60, To: 11 * 60}, {From: 14 * 60, To: 15 * 60}}
	return all[w.rand.IntN(len(all)):]
}

func (w *world) template() slots.Template {
	hours := w.hours()
	t := slots.Template{
		SlotMinutes: []int{20, 30, 30, 40}[w.rand.IntN(4)],
		Weekdays:    slots.Week{"tue": hours, "wed": hours, "thu": hours},
		Capacity:    slots.Capacity{slots.Marriage: w.rand.IntN(9), slots.Divorce: w.rand.IntN(3)},
	}
	if w.rand.IntN(2) == 0 {
		t.Caps.HalfDay = map[slots.Group]int{slots.Marriage: w.rand.IntN(12)}
	}
	if w.rand.IntN(2) == 0 {
		hall := w.rand.IntN(15)
		t.Caps.Hall = &hall
	}
	return t
}

// publish publishes dry and then really.
func (w *world) publish(t *testing.T) {
	t.Helper()
	from, to := day(t, "2026-05-19"), day(t, "2026-05-21")
	before := quotas(t, w.Store, "2026-05-19", "2026-05-21")
	dry, err := w.Publish(t.Context(), wuling, from, to, slots.PublishOptions{DryRun: true}, "manager")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, quotas(t, w.Store, "2026-05-19", "2026-05-21")); diff != "" {
		t.Fatalf("a dry run changes (-before +after):\n%s", diff)
	}
	done := publish(t, w.Store, "2026-05-19", "2026-05-21")
	if diff := cmp.Diff(dry, done); diff != "" {
		t.Fatalf("preview (-dry +done):\n%s", diff)
	}
	after := quotas(t, w.Store, "2026-05-19", "2026-05-21")
	checkPreview(t, done, before, after)
	checkBooked(t, before, after)
	checkCounts(t, after)
	checkOffered(t, after)
	if again := publish(t, w.Store, "2026-05-19", "2026-05-21"); !again.Empty() {
		t.Fatalf("publishing again changes %+v", again)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// checkBooked wants every couple to have the place they had.
func checkBooked(t *testing.T, before, after []slots.Quota) {
	t.Helper()
	now := map[string]slots.Quota{}
	for _, q := range after {
		now[q.ID] = q
	}
	for _, q := range before {
		if q.Kind != slots.Place {
			continue
		}
		if n := now[q.ID]; n.Booked != q.Booked || n.Cooling != q.Cooling {
			t.Errorf("%s had %d couples and %d places cooling, now %d and %d", q.ID, q.Booked, q.Cooling, n.Booked, n.Cooling)
		}
		if n := now[q.ID]; q.Booked > 0 && (!n.StartsAt.Equal(q.StartsAt) || !n.EndsAt.Equal(q.EndsAt)) {
			t.Errorf("%s with couples in it has moved", q.ID)
		}
	}
}

// checkCounts wants caps to count what is below them, and every excess to be just
// what does not fit.
func checkCounts(t *testing.T, all []slots.Quota) {
	t.Helper()
	below := map[string]int{}
	for _, q := range all {
		for _, parent := range q.Parents {
			below[parent] += q.Booked
		}
	}
	for _, q := range all {
		if q.Kind != slots.Place && q.Booked != below[q.ID] {
			t.Errorf("%s counts %d couples, there are %d below it", q.ID, q.Booked, below[q.ID])
		}
		if want := max(0, q.Booked+q.Cooling-q.Cap); q.Excess != want {
			t.Errorf("%s: %d booked and %d cooling in %d places with an excess of %d, want %d", q.ID, q.Booked, q.Cooling, q.Cap, q.Excess, want)
		}
	}
}

// checkOffered wants no two slots at once, counting those that couples are still
// in.
func checkOffered(t *testing.T, all []slots.Quota) {
	t.Helper()
	type span struct {
		from, to time.Time
		booked   int
		dead     bool
	}
	spans := map[date.Date]map[string]span{}
	for _, q := range all {
		if q.Kind != slots.Place {
			continue
		}
		if spans[q.Day] == nil {
			spans[q.Day] = map[string]span{}
		}
		s := spans[q.Day][q.Slot]
		spans[q.Day][q.Slot] = span{q.StartsAt, q.EndsAt, s.booked + q.Booked, q.Withdrawn}
	}
	for _, slots := range spans {
		for a, x := range slots {
			for b, y := range slots {
				living := (!x.dead || x.booked > 0) && (!y.dead || y.booked > 0)
				if a < b && living && x.from.Before(y.to) && y.from.Before(x.to) {
					t.Errorf("slots %s and %s overlap", a, b)
				}
			}
		}
	}
}

// standing is what stands: by quota its cap, by excess.
func standing(all []slots.Quota) (caps, excess map[string]int) {
	caps, excess = map[string]int{}, map[string]int{}
	for _, q := range all {
		caps[q.ID] = q.Cap
		if q.Excess > 0 {
			excess[q.ID] = q.Excess
		}
	}
	return caps, excess
}

// checkPreview wants the days to stand after publishing exactly as the preview
// said.
func checkPreview(t *testing.T, p slots.Preview, before, after []slots.Quota) {
	t.Helper()
	want, _ := standing(before)
	said := map[string]int{}
	for _, d := range p.Days {
		for _, c := range slices.Concat(d.Added, d.Changed) {
			if want[c.Quota] != c.Before {
				t.Errorf("%s had %d places, the preview said %d", c.Quota, want[c.Quota], c.Before)
			}
			want[c.Quota] = c.After
		}
		for _, id := range d.Lifted {
			want[id] = 0
		}
		for _, e := range d.Excess {
			said[e.Quota] = e.Excess
		}
	}
	got, excess := standing(after)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("caps (-preview +effect):\n%s", diff)
	}
	if !maps.Equal(said, excess) {
		t.Errorf("excess: the preview said %v, it is %v", said, excess)
	}
}
