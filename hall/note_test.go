package hall_test

import (
	"strings"
	"testing"
	"time"

	"hunyue/booking"
	"hunyue/hall"
)

func TestNotes(t *testing.T) {
	w := newWorld(t)
	t.Run("WhoIsNotedIsMeasuredAndNotLate", w.rule(whoIsNotedIsMeasuredAndNotLate))
	t.Run("ANoteLetsNobodyIn", w.rule(aNoteLetsNobodyIn))
	t.Run("ANoteIsSaidOnceAndChangesNothing", w.rule(aNoteIsSaidOnceAndChangesNothing))
	t.Run("WhoCannotBeNoted", w.rule(whoCannotBeNoted))
	t.Run("WhoMovesToAnotherDayComesAnew", w.rule(whoMovesToAnotherDayComesAnew))
	t.Run("WhoWasOnlyNotedDidNotComeIn", w.rule(whoWasOnlyNotedDidNotComeIn))
}

// sameMinute: clocks go on while a test runs.
func sameMinute(at, want time.Time) bool { return at.Truncate(time.Minute).Equal(want) }

func (w *world) note(number string) hall.CheckIn {
	w.t.Helper()
	c, err := w.Note(w.t.Context(), hall.Arrival{Number: number, Office: office, Actor: "kiosk:hall"})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func whoIsNotedIsMeasuredAndNotLate(t *testing.T, w *world) {
	number := w.book("09:00")
	w.at("09:21")
	if c := w.note(number); c.Outcome != hall.Noted || c.Ticket != "" {
		t.Fatalf("%+v, want noted and no ticket", c)
	}
	w.at("09:40") // past the half hour
	came, err := w.Arrived(t.Context(), number)
	if err != nil || came.Outcome != hall.Noted || !sameMinute(came.At, instant(theDay, "09:21")) {
		t.Errorf("%+v, %v; want noted at 09:21", came, err)
	}
	c := w.checkIn(arrival(number, 365, 366))
	if c.Outcome != hall.Admitted || !strings.HasPrefix(c.Ticket, "A") {
		t.Errorf("%+v, want an A ticket", c)
	}
	if came, err := w.Arrived(t.Context(), number); err != nil || !sameMinute(came.At, instant(theDay, "09:21")) {
		t.Errorf("%+v, %v; want them here since 09:21", came, err)
	}
	late := w.book("09:00")
	w.note(late)
	if c := w.checkIn(arrival(late, 365, 366)); c.Outcome != hall.Late {
		t.Errorf("who came at 09:40: %+v, want late", c)
	}
}

// Domain rule 64.
func aNoteLetsNobodyIn(t *testing.T, w *world) {
	number := w.book("09:00")
	w.note(number)
	w.wantStatus(number, booking.Booked)
	if wait, err := w.Waiting(t.Context(), number); err != nil || wait.Ticket != "" {
		t.Errorf("%+v, %v; want nothing", wait, err)
	}
	_, err := w.CheckIn(t.Context(), arrival(number))
	w.wantFields(err, map[string]string{"readings": "required"})
	w.wantRefused("23514", `UPDATE visit SET ticket = 'A999' WHERE appointment_id = (SELECT id FROM appointment WHERE number = '`+number+`')`)
	if c := w.checkIn(arrival(number, 375, 366)); c.Outcome != hall.Recheck {
		t.Errorf("%+v, want a recheck", c)
	}
	if c := w.note(number); c.Outcome != hall.Recheck {
		t.Errorf("a note of who rests: %+v, want the rest as it is", c)
	}
}

func aNoteIsSaidOnceAndChangesNothing(t *testing.T, w *world) {
	number := w.book("10:00")
	w.at("09:20")
	if c := w.note(number); c.Outcome != hall.Early || !c.OpensAt.Equal(instant(theDay, "09:30")) {
		t.Errorf("%+v, want it to be early until 09:30", c)
	}
	w.at("09:45")
	w.note(number)
	w.at("09:50")
	w.note(number)
	if came, err := w.Arrived(t.Context(), number); err != nil || !sameMinute(came.At, instant(theDay, "09:45")) {
		t.Errorf("%+v, %v; want it here since 09:45", came, err)
	}
	in := w.checkIn(arrival(number, 365, 366))
	if c := w.note(number); c.Ticket != in.Ticket {
		t.Errorf("%+v, want the ticket %s again", c, in.Ticket)
	}
	w.wantRefused("55000", `UPDATE visit SET outcome = 'noted', ticket = NULL WHERE appointment_id = (SELECT id FROM appointment WHERE number = '`+number+`')`)
}

func whoCannotBeNoted(t *testing.T, w *world) {
	note := func(number, at string) error {
		_, err := w.Note(t.Context(), hall.Arrival{Number: number, Office: at, Actor: "kiosk:hall"})
		return err
	}
	number := w.book("09:00")
	w.wantFault(note("99999999", office), booking.ErrNoAppointment)
	w.wantFault(note(number, "430703"), hall.ErrOtherOffice)
	w.on(theDay.AddDays(-1), "09:00")
	w.wantFault(note(number, office), hall.ErrOtherDay)
	w.at("09:00")
	w.move(number, booking.Cancelled)
	w.wantFault(note(number, office), booking.ErrNotPossible)
}

// An arrival of which nothing was decided belongs to its day: neither the rest after a
// fever nor the time of a note follows an appointment that is moved.
func whoMovesToAnotherDayComesAnew(t *testing.T, w *world) {
	rests, noted := w.book("09:00"), w.book("09:00")
	w.checkIn(arrival(rests, 375, 366))
	w.note(noted)
	next := theDay.AddDays(1)
	for _, number := range []string{rests, noted} {
		w.run(`UPDATE appointment SET day = day + 1, starts_at = starts_at + interval '1 day', ends_at = ends_at + interval '1 day' WHERE number = $1`, number)
	}
	w.on(next, "09:10")
	if rest, err := w.Resting(t.Context(), rests); err != nil || len(rest.Parties) > 0 {
		t.Errorf("rests on another day: %+v, %v", rest, err)
	}
	if r, err := w.Report(t.Context(), office, next); err != nil || r.Expected != 2 || r.Arrived != 0 {
		t.Errorf("%d expected and %d here on the next day (%v), want 2 and 0", r.Expected, r.Arrived, err)
	}
	for _, number := range []string{rests, noted} {
		c, err := w.CheckIn(t.Context(), arrival(number, 365, 366))
		if err != nil || c.Outcome != hall.Admitted {
			t.Errorf("%+v, %v; want them admitted", c, err)
		}
		if came, err := w.Arrived(t.Context(), number); err != nil || !sameMinute(came.At, instant(next, "09:10")) {
			t.Errorf("%+v, %v; want them here since 09:10 of that day", came, err)
		}
	}
}

// Domain rule 43: a note is not a check-in.
func whoWasOnlyNotedDidNotComeIn(t *testing.T, w *world) {
	number := w.book("11:00")
	w.at("11:00")
	w.note(number)
	r, err := w.Report(t.Context(), office, theDay)
	if err != nil || r.Open == 0 {
		t.Errorf("%+v, %v; want them open while the day lasts", r, err)
	}
	w.at("12:30")
	if _, err := w.CloseDay(t.Context(), office, theDay, "system"); err != nil {
		t.Fatal(err)
	}
	w.wantStatus(number, booking.NoShow)
}
