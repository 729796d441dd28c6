package booking

import (
	"errors"
	"testing"
	"time"

	"hunyue/internal/postgres"
	"hunyue/slots"
)

// held asks for a place with a key, or fails the test.
func (w *world) held(slot slots.SlotID, key string) Hold {
	w.t.Helper()
	h, err := w.desk.Hold(w.t.Context(), w.ask(slot, key))
	if err != nil {
		w.t.Fatalf("hold %q: %v", key, err)
	}
	return h
}

func TestLateConfirmationLeavesOtherHoldsAlone(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 2)
	early := w.held(slot, "early")
	w.ahead(296 * time.Second)
	w.held(slot, "late")
	if _, err := w.desk.Confirm(t.Context(), w.application(early, "early", w.couple())); err != nil {
		t.Fatal(err)
	}
	holds := w.desk.Holds.keys(slot.Family(slots.Phone))[1]
	if left := w.desk.Holds.Redis.PTTL(t.Context(), holds).Val(); left < 5*time.Minute {
		t.Errorf("the holds of the slot are forgotten in %s, while one of them has five minutes", left)
	}
}

func TestHoldIsKeptForThreeTimesItsTimeAtMost(t *testing.T) {
	w := newWorld(t)
	h := w.held(w.slot("0900", 1), "k")
	slot, began := h.Slot, w.desk.Clock.Now()
	for h.ExpiresAt.Sub(began) < time.Hour {
		w.ahead(4 * time.Minute)
		extended, err := w.desk.Extend(t.Context(), h.ID, h.Token, "k")
		if errors.Is(err, ErrNoExtension) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h = w.held(slot, "k"); !h.ExpiresAt.Equal(extended.ExpiresAt) {
			t.Errorf("asked again, a hold ends at %s and not at %s", h.ExpiresAt, extended.ExpiresAt)
		}
	}
	if kept := h.ExpiresAt.Sub(began); kept > 15*time.Minute+time.Second {
		t.Errorf("a place was kept for %s", kept)
	}
}

func TestReleasedKeyHoldsAnew(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 1)
	first := w.held(slot, "k")
	if err := w.desk.Release(t.Context(), first.ID, first.Token, "k"); err != nil {
		t.Fatal(err)
	}
	second := w.held(slot, "k")
	if again := w.held(slot, "k"); again.ID != second.ID {
		t.Errorf("the second hold is %s, asked again %s", second.ID, again.ID)
	}
	if _, err := w.desk.Confirm(t.Context(), w.application(second, "k", w.couple())); err != nil {
		t.Errorf("confirm what was held anew: %v", err)
	}
	w.check()
}

func TestConfirmedKeyHoldsNothingMore(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 2)
	if _, err := w.desk.Confirm(t.Context(), w.application(w.held(slot, "k"), "k", w.couple())); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Hold(t.Context(), w.ask(slot, "k")); !errors.Is(err, ErrBooked) {
		t.Errorf("a late tap for a hold that was confirmed: %v, want %v", err, ErrBooked)
	}
}

func TestHoldEndsWithTheSale(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 1)
	closes := w.quota(slot).ClosesAt
	w.ahead(closes.Add(-time.Minute).Sub(w.desk.Clock.Now()))
	if h := w.held(slot, "k"); h.ExpiresAt.After(closes) {
		t.Errorf("a hold is promised until %s, the sale closes at %s", h.ExpiresAt, closes)
	}
}

func TestBookingDoesNotLiftACut(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 3)
	quota := slot.Quota(slots.Phone)
	before := w.held(slot, "before")
	floor, err := w.desk.Holds.limit(t.Context(), quota, 1, false) // the first half of a cut to one place
	if err != nil || floor != 1 {
		t.Fatalf("cut to %d, %v; want 1", floor, err)
	}
	if _, err := w.desk.Confirm(t.Context(), w.application(before, "before", w.couple())); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Hold(t.Context(), w.ask(slot, "after")); !errors.Is(err, ErrFull) {
		t.Errorf("a hold while the cut is on its way to Postgres: %v, want %v", err, ErrFull)
	}
	err = postgres.InTx(t.Context(), w.db, func(tx postgres.Querier) error { // the second half
		done, err := w.desk.Offices.SetCap(t.Context(), tx, quota, floor, "test", "manager")
		w.desk.settle(t.Context(), []string{done.Line})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	w.check()
}

func TestLossDoesNotEndAHoldThatCannotBeExtended(t *testing.T) {
	w := newWorld(t)
	h := w.held(w.slot("0900", 1), "k")
	w.lose(h.Slot)
	_, extended := w.desk.Extend(t.Context(), h.ID, h.Token, "k")
	if !errors.Is(extended, ErrNoExtension) {
		t.Errorf("extend after a loss: %v, want %v: the token still books", extended, ErrNoExtension)
	}
	if _, err := w.desk.Confirm(t.Context(), w.application(h, "k", w.couple())); err != nil {
		t.Errorf("confirm after a loss: %v", err)
	}
	t.Logf("fault: Redis forgets a day while a couple types: told %v when they extend, then %d booked", extended, w.booked(h.Slot))
}

// lose makes Redis forget the day of a slot.
func (w *world) lose(slot slots.SlotID) {
	w.t.Helper()
	keys, err := w.desk.Holds.Redis.Keys(w.t.Context(), w.desk.Holds.base(slot.String())+"*").Result()
	if err == nil {
		err = w.desk.Holds.Redis.Del(w.t.Context(), keys...).Err()
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestParkedDaysComeBackByThemselves(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 1)
	w.book(slot)
	if err := w.desk.Offices.Park(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.desk.Holds.Redis.HSet(t.Context(), w.desk.Holds.base(slot.String())+":m", "rid", "0123456789abcdef") // the next life
	if _, err := w.desk.Hold(t.Context(), w.ask(slot, "k")); !errors.Is(err, ErrFull) {
		t.Errorf("a full day: %v, want %v", err, ErrFull)
	}
	if n, err := w.desk.Reconcile(t.Context()); n != 0 || err != nil {
		t.Errorf("reconciled %d quotas, %v; want none to differ", n, err)
	}
	if days, err := comingDays(t.Context(), w.db); err != nil || len(days) != 1 || !days[0].Published {
		t.Errorf("days in Redis: %+v, %v", days, err)
	}
}
