package booking

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hunyue/internal/postgres"
	"hunyue/slots"
)

// shutdown closes the day of the world.
func (w *world) shutdown() (Suspension, error) {
	return w.desk.Suspend(w.t.Context(), slots.Closing{
		Office: office, From: w.day, To: w.day, Mode: slots.Full, Reason: "test", Notice: "test",
	}, "manager", false)
}

func TestSuspensionAndCancellationsAtOnce(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 40)
	booked := make([]Appointment, 40)
	for i := range booked {
		booked[i] = w.book(slot)
	}
	var couples atomic.Int64
	var all sync.WaitGroup
	for _, a := range booked {
		all.Go(func() {
			_, err := w.desk.Cancel(t.Context(), Change{Appointment: a, Staff: true, Reason: "test", Actor: "operator"})
			switch state := postgres.State(err); {
			case err == nil:
				couples.Add(1)
			case !errors.Is(err, ErrNotPossible) && state != "55P03" && state != "40P01":
				t.Errorf("cancel: %v", err)
			}
		})
	}
	done, err := w.shutdown()
	all.Wait()
	if err != nil {
		t.Fatalf("suspend: %v", err)
	}
	if sum := int(couples.Load()) + len(done.Affected); sum != len(booked) || w.booked(slot) != 0 {
		t.Errorf("%d cancelled and %d taken away of %d, %d still booked", couples.Load(), len(done.Affected), len(booked), w.booked(slot))
	}
	w.drain()
	w.check()
}

func TestWhoIsBeingReceivedIsNotTakenAway(t *testing.T) {
	w := newWorld(t)
	a := w.book(w.slot("0900", 1))
	arriving, err := w.db.Beginx()
	if err != nil {
		t.Fatal(err)
	}
	defer arriving.Rollback()
	if err := Advance(t.Context(), arriving, a.ID, CheckedIn, "hall"); err != nil {
		t.Fatal(err)
	}
	type result struct {
		Suspension
		err error
	}
	ended := make(chan result)
	go func() {
		s, err := w.shutdown()
		ended <- result{s, err}
	}()
	time.Sleep(200 * time.Millisecond) // it waits for the couple by now
	if err := arriving.Commit(); err != nil {
		t.Fatal(err)
	}
	done := <-ended
	now, err := byID(t.Context(), w.db, a.ID)
	if done.err != nil || err != nil || len(done.Affected) != 0 || now.Status != CheckedIn {
		t.Errorf("affected %d, %v; the couple is %s, %v", len(done.Affected), done.err, now.Status, err)
	}
}

func BenchmarkSuspensionOfThousand(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b)
		slot := w.slot("0900", 1000)
		for range 1000 {
			w.book(slot)
		}
		b.StartTimer()
		if done, err := w.shutdown(); err != nil || len(done.Affected) != 1000 {
			b.Fatalf("%d, %v", len(done.Affected), err)
		}
	}
}

func TestSuspendedServiceLeavesTheOthersOfItsGroup(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 4)
	kept := w.book(slot)
	again := w.application(w.held(slot, "again"), "again", w.couple())
	again.Service = "remarriage"
	receipt, err := w.desk.Confirm(t.Context(), again)
	if err != nil {
		t.Fatal(err)
	}
	late := w.application(w.held(slot, "late"), "late", w.couple())
	late.Service = "remarriage"

	closing := slots.Closing{
		Office: office, From: w.day, To: w.day, Mode: slots.Full, Services: []string{"remarriage"}, Reason: "test", Notice: "test",
	}
	for n := range 2 { // sent twice, it is one
		done, err := w.desk.Suspend(t.Context(), closing, "manager", false)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 && (len(done.Affected) != 1 || done.Affected[0].Number != receipt.Number || done.Closed != 0) {
			t.Errorf("affected %+v, closed %d; want the remarriage alone and no place", done.Affected, done.Closed)
		}
	}
	if now, err := byID(t.Context(), w.db, kept.ID); err != nil || now.Status != Booked {
		t.Errorf("the marriage is %s, %v", now.Status, err)
	}
	if _, err := w.desk.Confirm(t.Context(), late); !errors.Is(err, ErrSuspended) {
		t.Errorf("a remarriage held before: %v, want %v", err, ErrSuspended)
	}
	w.book(slot)
	a, err := w.desk.Availability(t.Context(), office)
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Times(slots.Service{ID: "remarriage", Group: slots.Marriage}, slots.Phone, w.day)[0].State; got != Suspended {
		t.Errorf("for a remarriage the slot is %s", got)
	}
	if got := a.Times(marriage, slots.Phone, w.day)[0].State; got != Open {
		t.Errorf("for a marriage the slot is %s", got)
	}
	var n int
	if err := w.db.Get(&n, `SELECT count(*) FROM suspension`); err != nil || n != 1 {
		t.Errorf("%d suspensions, %v; want 1", n, err)
	}
	w.drain()
	w.check()
}
