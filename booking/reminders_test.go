package booking

import (
	"testing"
	"time"

	"hunyue/slots"
)

// reminded is how many reminders each appointment has been asked one of.
func (w *world) reminded() map[int64]int {
	w.t.Helper()
	var rows []int64
	if err := w.db.Select(&rows, `SELECT appointment_id FROM outbox WHERE kind = 'reminder'`); err != nil {
		w.t.Fatal(err)
	}
	times := map[int64]int{}
	for _, appointment := range rows {
		times[appointment]++
	}
	return times
}

// remindAt runs the job twice when clocks show the time.
func (w *world) remindAt(at time.Time) {
	w.t.Helper()
	w.ahead(at.Sub(w.desk.Clock.Now()))
	for range 2 {
		if err := w.desk.Remind(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
}

// reminderTime is when the couples of w.day are reminded.
func (w *world) reminderTime() time.Time {
	w.t.Helper()
	zone, err := w.desk.zone(w.t.Context(), office)
	if err != nil {
		w.t.Fatal(err)
	}
	return slots.DefaultRules().ReminderTime.On(w.day.AddDays(-1), zone)
}

func TestCouplesOfTomorrowAreRemindedOnce(t *testing.T) {
	w := newWorld(t)
	slot, begins := w.slot("0900", 3), w.reminderTime()
	one, other, gone := w.book(slot), w.book(slot), w.book(slot)
	if _, err := w.desk.Cancel(t.Context(), Change{Appointment: gone, Code: w.code(gone), Actor: "couple"}); err != nil {
		t.Fatal(err)
	}
	w.day = w.day.AddDays(1)
	w.book(w.slot("0900", 1)) // the day after

	w.remindAt(begins.Add(-time.Minute))
	if got := w.reminded(); len(got) != 0 {
		t.Errorf("a minute too early these are reminded: %v", got)
	}
	w.remindAt(begins.Add(time.Minute))
	if got := w.reminded(); len(got) != 2 || got[one.ID] != 1 || got[other.ID] != 1 {
		t.Errorf("reminders by appointment: %v; want one each of %d and %d", got, one.ID, other.ID)
	}
}

func TestWhoHasJustBookedIsNotReminded(t *testing.T) {
	w := newWorld(t)
	slot, begins := w.slot("2300", 1), w.reminderTime()
	w.ahead(begins.Sub(w.desk.Clock.Now()))
	w.book(slot)
	w.remindAt(begins.Add(time.Hour))
	if got := w.reminded(); len(got) != 0 {
		t.Errorf("reminded of what they had just been told: %v", got)
	}
}
