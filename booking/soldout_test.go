package booking

import (
	"errors"
	"testing"
	"time"

	"hunyue/slots"
)

func TestSoldOutIsRememberedUntilSomethingChanges(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 1)
	w.book(slot)
	for _, key := range []string{"asks Redis", "need not ask"} {
		if _, err := w.desk.Hold(t.Context(), w.ask(slot, key)); !errors.Is(err, ErrFull) {
			t.Errorf("who %s: %v, want %v", key, err, ErrFull)
		}
	}
	if full, _ := w.desk.own.soldOut.known(office, slot.Quota(slots.Phone), w.desk.Clock.Now()); !full {
		t.Error("Redis is asked by everybody")
	}
	if _, err := w.desk.SetCapacity(t.Context(), Capacity{Quota: slot.Quota(slots.Phone), Places: 2, Reason: "test", Actor: "manager"}); err != nil {
		t.Fatal(err)
	}
	w.held(slot, "at once, because it was changed here")
}

func TestWhatAnotherServerPutsOnSaleIsSeenAMomentLater(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 1)
	w.book(slot)
	another := &Desk{
		DB: w.db, Holds: w.desk.Holds, Offices: w.desk.Offices, Keys: w.desk.Keys, Clock: w.desk.Clock, Log: w.desk.Log, Wake: func() {},
	}
	if _, err := w.desk.Hold(t.Context(), w.ask(slot, "k")); !errors.Is(err, ErrFull) {
		t.Fatalf("a rival: %v, want %v", err, ErrFull)
	}
	if _, err := another.SetCapacity(t.Context(), Capacity{Quota: slot.Quota(slots.Phone), Places: 2, Reason: "test", Actor: "manager"}); err != nil {
		t.Fatal(err)
	}
	w.ahead(moment)
	w.held(slot, "k")
}

func TestAnAnswerFromBeforeAChangeIsNotRemembered(t *testing.T) {
	var s soldOut
	now := time.Now()
	_, changes := s.known(office, "quota", now)
	s.changed(office)
	s.note(office, "quota", now, changes)
	if full, _ := s.known(office, "quota", now); full {
		t.Error("full, though it was asked before the change")
	}
}
