package booking

import (
	"errors"
	"testing"
	"time"

	"hunyue/slots"
)

// scheduled publishes the day of the world with slots of an hour from one time
// to another, all places for the phone.
func (w *world) scheduled(from, to slots.TimeOfDay, places int) {
	w.t.Helper()
	rules := slots.DefaultRules()
	rules.Shares = slots.Shares{Phone: 100}
	if err := w.desk.Offices.SetRules(w.t.Context(), office, w.day.AddDays(-7), rules, "test", "manager"); err != nil {
		w.t.Fatal(err)
	}
	template := slots.Template{SlotMinutes: 60, Weekdays: slots.Week{}, Capacity: slots.Capacity{slots.Marriage: places}}
	for _, weekday := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		template.Weekdays[weekday] = []slots.Period{{From: from, To: to}}
	}
	if err := w.desk.Offices.PutSchedule(w.t.Context(), office, w.day, template, "manager"); err != nil {
		w.t.Fatal(err)
	}
	_, err := w.desk.Publish(w.t.Context(), office, w.day, w.day, slots.PublishOptions{ConfirmUnpublishedCalendar: true}, "manager")
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestPublishingKeepsThePromiseToWhoHoldsAPlace(t *testing.T) {
	for name, then := range map[string]func(w *world){
		"no place":     func(w *world) { w.scheduled(9*60, 10*60, 0) },
		"no such slot": func(w *world) { w.scheduled(14*60, 15*60, 1) },
		"one place":    func(w *world) { w.scheduled(9*60, 10*60, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.scheduled(9*60, 10*60, 2)
			slot := slots.SlotID{Office: office, Day: w.day, Start: 9 * 60, Group: slots.Marriage}
			w.book(slot)
			h := w.held(slot, "k")
			then(w)
			if _, err := w.desk.Hold(t.Context(), w.ask(slot, "rival")); err == nil {
				t.Error("a rival holds a place that was cut")
			}
			w.ahead(time.Minute)
			if _, err := w.desk.Confirm(t.Context(), w.application(h, "k", w.couple())); err != nil {
				t.Errorf("who held a place when it was cut: %v", err)
			}
			if err := w.desk.Retire(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := w.booked(slot); n != 2 {
				t.Errorf("%d booked, want 2", n)
			}
			w.drain()
			w.check()
		})
	}
}

func TestWhatNobodyHoldsAnyMoreIsRetired(t *testing.T) {
	w := newWorld(t)
	w.scheduled(9*60, 10*60, 2)
	slot := slots.SlotID{Office: office, Day: w.day, Start: 9 * 60, Group: slots.Marriage}
	h := w.held(slot, "k")
	w.scheduled(14*60, 15*60, 1)
	if err := w.desk.Release(t.Context(), h.ID, h.Token, "k"); err != nil {
		t.Fatal(err)
	}
	if err := w.desk.Retire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Hold(t.Context(), w.ask(slot, "late")); !errors.Is(err, ErrFull) {
		t.Errorf("a place in a slot that was withdrawn: %v, want %v", err, ErrFull)
	}
	if q := w.quota(slot); q.Cap != 0 {
		t.Errorf("it could still sell %d places", q.Cap)
	}
	w.check()
}
