package booking

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"hunyue/slots"
)

func TestSoldOutIsRememberedUntilSomethingChanges(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 1)
	w.book(slot)
	if _, err := w.desk.Hold(t.Context(), w.ask(slot, "too late")); !errors.Is(err, ErrFull) {
		t.Fatalf("who comes too late: %v, want %v", err, ErrFull)
	}
	memory, quota := &w.desk.own.soldOut, slot.Quota(slots.Phone)
	at, noted := memory.of(office).at[quota]
	if !noted {
		t.Fatal("nothing is remembered")
	}
	for after, want := range map[time.Duration]bool{0: true, moment - 1: true, moment: false} {
		if full, _ := memory.known(office, quota, at.Add(after)); full != want {
			t.Errorf("%v later it is known: %t, want %t", after, full, want)
		}
	}
	if _, err := w.desk.SetCapacity(t.Context(), Capacity{Quota: slot.Quota(slots.Phone), Places: 2, Reason: "test", Actor: "manager"}); err != nil {
		t.Fatal(err)
	}
	w.held(slot, "at once, because it was changed here")
}

func TestWhatIsKnownToBeSoldOutIsNotAskedFor(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 20)
	memory, quota := &w.desk.own.soldOut, slot.Quota(slots.Phone)
	for n := range 20 { // the machine may be slower than the memory lasts
		now := w.desk.Clock.Now()
		_, changes := memory.known(office, quota, now)
		memory.note(office, quota, now, changes)
		if _, err := w.desk.Hold(t.Context(), w.ask(slot, fmt.Sprint(n))); errors.Is(err, ErrFull) {
			return
		}
	}
	t.Error("Redis is asked by everybody")
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
