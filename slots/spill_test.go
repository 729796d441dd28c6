package slots_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/postgres"
	"hunyue/slots"
)

func TestUnusedPlacesReturnToTheWebOnce(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-20", "2026-05-20")
	take(t, s, "430702-20260520-0900-marriage-phone", 1)
	spill := func(free map[string]int) []slots.Recap {
		var changed []slots.Recap
		inTx(t, s, func(tx postgres.Querier) error {
			var err error
			changed, err = s.ReturnUnused(t.Context(), tx, slots.OfficeDay{Office: wuling, Day: day(t, "2026-05-20")}, free, "jobs")
			return err
		})
		return changed
	}
	before := quotas(t, s, "2026-05-20", "2026-05-20")
	changed := spill(map[string]int{
		"430702-20260520-0900-marriage-phone":   9, // more than it has left: one is booked
		"430702-20260520-0900-marriage-counter": 1,
		"430702-20260520-0930-marriage-phone":   1, // somebody holds the other
		"430702-20260520-0930-marriage-web":     7, // not for the web to give
		"430702-20260520-0930-marriage-counter": -1,
	})
	var got []string
	for _, c := range changed {
		got = append(got, fmt.Sprintf("%s %d -> %d", strings.TrimPrefix(c.Quota, "430702-20260520-"), c.Before, c.After))
		if q := quota(t, s, c.Quota); q.Line != c.Line || q.Cap != c.After {
			t.Errorf("%s: line %q and %d places, want %q and %d", c.Quota, c.Line, c.After, q.Line, q.Cap)
		}
	}
	want := []string{
		"0900-marriage-counter 1 -> 0", "0900-marriage-phone 2 -> 1", "0900-marriage-web 7 -> 9",
		"0930-marriage-phone 2 -> 1", "0930-marriage-web 7 -> 8",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	if a, b := places(before), places(quotas(t, s, "2026-05-20", "2026-05-20")); a != b {
		t.Errorf("%d places before, %d after", a, b)
	}
	if again := spill(map[string]int{"430702-20260520-0930-marriage-phone": 1}); len(again) != 0 {
		t.Errorf("a second time: %+v, want nothing", again)
	}
	if p := publish(t, s, "2026-05-20", "2026-05-20"); !p.Empty() {
		t.Errorf("publishing takes the places back: %+v", p)
	}
	if n := len(audited(t, s, "jobs", "cap_set")); n != 5 {
		t.Errorf("%d caps in the audit, want 5", n)
	}
}

func places(all []slots.Quota) int {
	n := 0
	for _, q := range all {
		if q.Kind == slots.Place {
			n += q.Cap
		}
	}
	return n
}

func TestAScheduleCutAfterASpillKeepsTheSum(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-20", "2026-05-20")
	inTx(t, s, func(tx postgres.Querier) error {
		_, err := s.ReturnUnused(t.Context(), tx, slots.OfficeDay{Office: wuling, Day: day(t, "2026-05-20")},
			map[string]int{"430702-20260520-0900-marriage-phone": 2, "430702-20260520-0900-marriage-counter": 1}, "jobs")
		return err
	})
	half := week()
	half.Capacity = slots.Capacity{slots.Marriage: 5, slots.Divorce: 1}
	putSchedule(t, s, "2026-05-20", half)
	publish(t, s, "2026-05-20", "2026-05-20")
	sum := 0
	for _, ch := range slots.Channels() {
		sum += quota(t, s, "430702-20260520-0900-marriage-"+string(ch)).Cap
	}
	if sum != 5 {
		t.Errorf("the slot sells %d places, the schedule has 5", sum)
	}
}

func TestWhenASpillIsDue(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-18", "2026-05-29")
	for d := day(t, "2026-05-18"); d != day(t, "2026-05-29"); d = d.AddDays(1) { // the last one is not in Redis
		if _, err := s.MarkPublished(t.Context(), wuling, d); err != nil {
			t.Fatal(err)
		}
	}
	due := func(fact string, at time.Time, want string) {
		t.Helper()
		setTime(t, s, at)
		all, err := s.SpillsDue(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range all {
			got = append(got, d.Office+" "+d.Day.String())
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: due %v, want %s", fact, got, want)
		}
	}
	at := func(day, hour, minute int) time.Time {
		return time.Date(2026, time.May, day, hour, minute, 0, 0, time.FixedZone("CST", 8*60*60))
	}
	due("before the spill clock", at(18, 15, 59), "")
	due("at the spill clock", at(18, 16, 0), "430702 2026-05-19")
	due("in the night the web has closed", at(19, 0, 1), "")
	due("on Friday for Monday", at(22, 18, 0), "430702 2026-05-25")
	due("a day that Redis does not have", at(28, 18, 0), "")
	inTx(t, s, func(tx postgres.Querier) error {
		_, err := s.ReturnUnused(t.Context(), tx, slots.OfficeDay{Office: wuling, Day: day(t, "2026-05-27")}, nil, "jobs")
		return err
	})
	due("a day that has spilled", at(26, 18, 0), "")
}
