package slots_test

import (
	"testing"
	"time"

	"hunyue/internal/postgres"
	"hunyue/slots"
)

// A place that the web can sell no more becomes the counter's, with an audit row for
// each of the two, and publishing leaves it there; one that it can sell does not.
func TestAPlaceIsMovedForAWalkInOnceItsSaleIsOver(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-20", "2026-05-20")
	slot, err := slots.ParseSlotID("430702-20260520-0900-marriage")
	if err != nil {
		t.Fatal(err)
	}
	move := func() (changed []slots.Recap) {
		inTx(t, s, func(tx postgres.Querier) (err error) {
			changed, err = s.ForWalkIn(t.Context(), tx, slot, "staff:hall")
			return err
		})
		return changed
	}
	if changed := move(); len(changed) > 0 {
		t.Errorf("two days before: %+v, want nothing", changed)
	}
	setTime(t, s, monday().AddDate(0, 0, 2).Add(-50*time.Minute)) // ten past nine on the day
	before := quotas(t, s, "2026-05-20", "2026-05-20")
	web, counter := quota(t, s, slot.Quota(slots.Web)), quota(t, s, slot.Quota(slots.Counter))
	changed := move()
	if len(changed) != 2 || changed[0].Quota != counter.ID || changed[0].After != counter.Cap+1 || changed[1].Quota != web.ID || changed[1].After != web.Cap-1 {
		t.Fatalf("changed %+v of %d at the web and %d at the counter", changed, web.Cap, counter.Cap)
	}
	for _, c := range changed {
		if q := quota(t, s, c.Quota); q.Line != c.Line || q.Cap != c.After {
			t.Errorf("%s: line %q and %d places, want %q and %d", c.Quota, c.Line, c.After, q.Line, q.Cap)
		}
	}
	if a, b := places(before), places(quotas(t, s, "2026-05-20", "2026-05-20")); a != b {
		t.Errorf("%d places before, %d after", a, b)
	}
	if n := len(audited(t, s, "staff:hall", "cap_set")); n != 2 {
		t.Errorf("%d caps in the audit, want 2", n)
	}
	if p := publish(t, s, "2026-05-20", "2026-05-20"); !p.Empty() {
		t.Errorf("publishing takes the place back: %+v", p)
	}
	for range web.Cap - 1 {
		move()
	}
	if changed := move(); len(changed) > 0 {
		t.Errorf("moved %+v, and the web had none left", changed)
	}
}
