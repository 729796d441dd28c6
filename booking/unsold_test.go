package booking

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"hunyue/internal/date"
	"hunyue/slots"
)

// unsoldDay is a walk-ins' day whose counter has given its places to the web, which has
// so many in each slot and stopped selling them so long ago.
func unsoldDay(t *testing.T, since time.Duration, places ...int) (*world, []slots.SlotID) {
	t.Helper()
	w, all := walkInDay(t, make([]int, len(places))...)
	for i, id := range all {
		w.exec(`
			INSERT INTO quota (id, office_id, day, kind, slot_id, biz_group, channel, cap, opens_at, closes_at)
			VALUES ($1, $2, $3, 'place', $4, 'marriage', 'web', $5, clock_now() - interval '9 days', clock_now() - $6 * interval '1 second')`,
			id.Quota(slots.Web), office, w.day, id.Row(), places[i], since.Seconds())
	}
	if err := w.desk.publishDay(t.Context(), office, w.day); err != nil {
		t.Fatal(err)
	}
	return w, all
}

// close suspends the day.
func (w *world) close(mode slots.Mode) {
	w.t.Helper()
	_, err := w.desk.Suspend(w.t.Context(), slots.Closing{Office: office, From: w.day, To: w.day, Mode: mode, Reason: "a drill"}, "test", false)
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) placesOf(id string) int {
	w.t.Helper()
	var n int
	if err := w.db.Get(&n, `SELECT cap FROM quota WHERE id = $1`, id); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// Domain rules 23 and 24: what went back to the web is no good to it today, and is
// there for who stands in the hall.
func TestAWalkInTakesWhatTheWebCanSellNoMore(t *testing.T) {
	t.Parallel()
	w, all := unsoldDay(t, 9*time.Hour, 1, 2)
	for i, want := range []slots.SlotID{all[0], all[1], all[1]} {
		a, err := w.walkIn(uuid.NewString())
		if err != nil {
			t.Fatalf("walk-in %d: %v", i, err)
		}
		if a.Quota != want.Quota(slots.Counter) || a.Channel != slots.Counter || !a.WalkIn {
			t.Errorf("walk-in %d is %s by %s; want the counter's of %s", i, a.Quota, a.Channel, want)
		}
	}
	if _, err := w.walkIn(uuid.NewString()); !errors.Is(err, ErrNoWalkIns) {
		t.Errorf("one more: %v, want no_walk_ins", err)
	}
	for i, n := range []int{1, 2} {
		if web, counter := w.placesOf(all[i].Quota(slots.Web)), w.placesOf(all[i].Quota(slots.Counter)); web != 0 || counter != n {
			t.Errorf("slot %d: %d at the web and %d at the counter, want 0 and %d", i, web, counter, n)
		}
	}
	w.drain()
	w.check()
}

func TestTheCountersOwnPlacesGoFirst(t *testing.T) {
	t.Parallel()
	w, all := unsoldDay(t, 9*time.Hour, 1, 0)
	if _, err := w.desk.SetCapacity(t.Context(), Capacity{Quota: all[1].Quota(slots.Counter), Places: 1, Reason: "kept", Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []slots.SlotID{all[1], all[0]} {
		if a, err := w.walkIn(uuid.NewString()); err != nil || a.Quota != want.Quota(slots.Counter) {
			t.Errorf("walk-in %d: %s, %v; want the place of %s", i, a.Quota, err, want)
		}
	}
	w.drain()
	w.check()
}

func TestAWalkInLeavesWhatCanStillBeSold(t *testing.T) {
	t.Parallel()
	for name, since := range map[string]time.Duration{"on sale": -time.Hour, "in the last minute": 30 * time.Second} {
		w, all := unsoldDay(t, since, 2)
		if a, err := w.walkIn(uuid.NewString()); !errors.Is(err, ErrNoWalkIns) {
			t.Errorf("%s: %s, %v; want no_walk_ins", name, a.Number, err)
		}
		if n := w.placesOf(all[0].Quota(slots.Web)); n != 2 {
			t.Errorf("%s: the web has %d of its 2 places", name, n)
		}
	}
}

// Where the office takes no walk-ins, or a cap above the slots is used up, places stay
// where they are.
func TestNoPlaceIsMovedInVain(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*world){
		"walk-ins suspended": func(w *world) { w.close(slots.WalkInOnly) },
		"closed":             func(w *world) { w.close(slots.Full) },
		"the hall is booked out": func(w *world) {
			w.exec(`INSERT INTO quota (id, office_id, day, kind, cap, opens_at, closes_at)
				VALUES ('430702-20310520-hall', '430702', $1, 'hall', 0, clock_now() - interval '1 day', clock_now() + interval '1 day')`, w.day)
			w.exec(`UPDATE quota SET parents = '{430702-20310520-hall}' WHERE kind = 'place'`)
		},
		"the slot has ended": func(w *world) { w.ahead(3 * time.Hour) },
	} {
		w, all := unsoldDay(t, 9*time.Hour, 2)
		stop(w)
		if a, err := w.walkIn(uuid.NewString()); !errors.Is(err, ErrNoWalkIns) {
			t.Errorf("%s: %s, %v; want no_walk_ins", name, a.Number, err)
		}
		if moved, err := w.desk.moveUnsold(t.Context(), all[0], "test"); moved || err != nil {
			t.Errorf("%s: moved %t, %v", name, moved, err)
		}
		if n := w.placesOf(all[0].Quota(slots.Web)); n != 2 {
			t.Errorf("%s: the web has %d of its 2 places", name, n)
		}
	}
}

// Two couples at two kiosks and one place that is left; and a crowd, some of whom press
// twice.
func TestWhoComesAtOnceNeverGetsOneUnsoldPlaceTwice(t *testing.T) {
	t.Parallel()
	for crowd, places := range map[int][]int{2: {1}, 16: {3, 2}} {
		w, all := unsoldDay(t, 9*time.Hour, places...)
		keys := make([]string, crowd)
		for i := range keys {
			keys[i] = uuid.NewString()
		}
		type answer struct {
			key, number string
			err         error
		}
		answers := make(chan answer, crowd+crowd/4)
		for i := range cap(answers) {
			go func() {
				a, err := w.walkIn(keys[i%crowd])
				answers <- answer{keys[i%crowd], a.Number, err}
			}()
		}
		got := map[string]string{}
		for range cap(answers) {
			a := <-answers
			switch {
			case a.err != nil && !errors.Is(a.err, ErrNoWalkIns):
				t.Error(a.err)
			case a.err == nil && got[a.key] != "" && got[a.key] != a.number:
				t.Errorf("one press got %s and %s", got[a.key], a.number)
			case a.err == nil:
				got[a.key] = a.number
			}
		}
		want := 0
		for i, n := range places {
			want += n
			if all := w.placesOf(all[i].Quota(slots.Web)) + w.placesOf(all[i].Quota(slots.Counter)); all != n {
				t.Errorf("slot %d has %d places, and had %d", i, all, n)
			}
		}
		if len(got) != want {
			t.Errorf("%d of %d places were given to %d couples", len(got), want, crowd)
		}
		w.drain()
		w.check()
	}
}

// What a walk-in gives back is there for the next one, and not for the web.
func TestThePlaceOfAWalkInComesBackToTheCounter(t *testing.T) {
	t.Parallel()
	w, all := unsoldDay(t, 9*time.Hour, 1)
	a, err := w.walkIn(uuid.NewString())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Cancel(t.Context(), Change{Appointment: a, Staff: true, Reason: "they left", Actor: "staff:hall"}); err != nil {
		t.Fatal(err)
	}
	w.exec(`UPDATE cooling SET until = clock_now()`) // whatever minute was drawn
	if err := w.desk.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	b, err := w.walkIn(uuid.NewString())
	if err != nil || b.Quota != all[0].Quota(slots.Counter) {
		t.Errorf("the next one: %s, %v", b.Quota, err)
	}
	if n := w.placesOf(all[0].Quota(slots.Web)); n != 0 {
		t.Errorf("the web has %d places back", n)
	}
	w.drain()
	w.check()
}

// A day whose places have gone back to the web, as they do by default, takes walk-ins
// all the same, from the publishing on.
func TestADayThatHasSpilledTakesWalkIns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ahead(time.Until(time.Date(2026, 5, 18, 1, 0, 0, 0, time.UTC)))
	day := date.Date{Year: 2026, Month: time.May, Day: 20}
	if err := w.desk.Offices.KnownCalendars(t.Context(), "test"); err != nil {
		t.Fatal(err)
	}
	hours := []slots.Period{{From: 9 * 60, To: 12 * 60}}
	err := w.desk.Offices.PutSchedule(t.Context(), office, day.AddDays(-2), slots.Template{
		SlotMinutes: 60, Capacity: slots.Capacity{slots.Marriage: 4}, Weekdays: slots.Week{"mon": hours, "tue": hours, "wed": hours},
	}, "test")
	if err == nil {
		_, err = w.desk.Publish(t.Context(), office, day, day, slots.PublishOptions{}, "test")
	}
	if err != nil {
		t.Fatal(err)
	}
	w.ahead(time.Date(2026, 5, 19, 9, 0, 0, 0, time.UTC).Sub(w.desk.Clock.Now())) // five in the afternoon before
	if err := w.desk.ReturnUnused(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.ahead(time.Date(2026, 5, 20, 1, 10, 0, 0, time.UTC).Sub(w.desk.Clock.Now()))
	a, err := w.walkIn(uuid.NewString())
	if want := fmt.Sprintf("%s-20260520-0900-marriage-counter", office); err != nil || a.Quota != want {
		t.Fatalf("%s, %v; want %s", a.Quota, err, want)
	}
	if p, err := w.desk.Publish(t.Context(), office, day, day, slots.PublishOptions{}, "test"); err != nil || !p.Empty() {
		t.Errorf("publishing again changes %+v, %v", p, err)
	}
	w.drain()
	w.check()
}
