package hall_test

import (
	"testing"

	"hunyue/booking"
	"hunyue/hall"
)

// missed is a couple that a desk received alone, and a day that has ended without its
// being told.
func (w *world) missed(ticket string) (string, hall.Deed) {
	w.t.Helper()
	number := w.book("09:00")
	return number, w.alone(number, "09:05", ticket)
}

// byTheClock closes what is over as the program does by itself.
func (w *world) byTheClock() {
	w.t.Helper()
	if _, err := w.CloseDue(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

const counted = `SELECT no_shows * 10000 + deferred * 100 + still_open FROM day_close WHERE day = '2026-05-20'`

func TestWhatADeskBringsTheNextMorningCountsForItsDay(t *testing.T) {
	w := newWorld(t)
	w.healthy()
	w.letter(ourDesk, "hall")
	received, deed := w.missed("C001")
	feverish, hot := w.missed("")
	hot.Readings[0].Decicelsius, hot.Said = 378, hall.Recheck
	absent := w.book("09:00")
	late := w.book("09:00")
	lateDeed := w.alone(late, "09:50", "C002")
	went := hall.Deed{Kind: hall.GoIn, Staff: "hall", Arrival: deed.Arrival}
	went.Key = "key-of-going-in"

	w.at("23:50")
	w.byTheClock()
	w.wantStatus(received, booking.NoShow)
	w.wantCount(4*10000, "no-shows by the clock", counted)
	w.on(theDay.AddDays(1), "08:30")
	for range 2 {
		if r := w.replay(deed); r.Conflict || r.Answer.Ticket != "C001" || r.Answer.Outcome != hall.Admitted {
			t.Fatalf("the next morning: %+v", r)
		}
		if r := w.replay(went); r.Conflict {
			t.Errorf("they went in: %+v", r)
		}
	}
	if r := w.replay(lateDeed); r.Conflict || r.Answer.Outcome != hall.Late {
		t.Errorf("who came late: %+v, want late", r)
	}
	if r := w.replay(hot); r.Conflict || r.Answer.Outcome != hall.Recheck {
		t.Errorf("who had a fever: %+v, want recheck", r)
	}
	w.wantStatus(received, booking.CheckedIn)
	w.wantStatus(late, booking.Late)
	w.wantStatus(absent, booking.NoShow)
	w.wantCount(1, "visits at 09:05 of that day", `SELECT count(*) FROM visit WHERE ticket = 'C001' AND day = '2026-05-20' AND arrived_at = $1`, deed.At)
	w.wantCount(6, "readings of that day", `SELECT count(*) FROM temperature WHERE kind = 'party' AND day = '2026-05-20'`)
	w.wantCount(0, "parties that block nobody", `SELECT count(*) FROM party AS p JOIN appointment AS a ON a.id = p.appointment_id WHERE a.number = $1 AND NOT p.active`, received)
	for range 2 { // closing again counts nothing twice (rule 43)
		w.byTheClock()
		w.wantCount(1*10000+1*100+2, "no-shows, deferred and still open", counted)
	}
	w.wantStatus(feverish, booking.HealthDeferred)
	w.wantCount(1, "closings", `SELECT count(*) FROM audit WHERE action = 'day_closed'`)
	w.wantCount(0, "conflicts", `SELECT count(*) FROM desk_conflict`)
}

func TestADayThatNobodyHasClosedYetTakesWhatADeskBrings(t *testing.T) {
	w := newWorld(t)
	w.healthy()
	w.letter(ourDesk, "hall")
	number, deed := w.missed("C001")
	w.on(theDay.AddDays(1), "08:30")
	if r := w.replay(deed); r.Conflict || r.Answer.Ticket != "C001" {
		t.Fatalf("the next morning: %+v", r)
	}
	w.byTheClock()
	w.wantStatus(number, booking.CheckedIn)
	w.wantCount(1, "still open, and nobody missing", counted)
}

func TestWhatADeskBringsAfterSomebodyClosedTheDayIsAConflict(t *testing.T) {
	for name, confirm := range map[string]func(w *world) error{
		"closed by somebody": func(w *world) error {
			_, err := w.CloseDay(w.t.Context(), office, theDay, "manager")
			return err
		},
		"closed by the clock and then by somebody": func(w *world) error {
			w.byTheClock()
			_, err := w.CloseDay(w.t.Context(), office, theDay, "manager")
			return err
		},
		"reported": func(w *world) error {
			w.byTheClock()
			_, err := w.Submit(w.t.Context(), hall.DailyReport{Office: office, Day: theDay, Actor: "manager"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.healthy()
			w.letter(ourDesk, "hall")
			number, deed := w.missed("C001")
			w.at("18:00")
			if err := confirm(w); err != nil {
				t.Fatal(err)
			}
			w.on(theDay.AddDays(1), "08:30")
			for range 2 {
				if r := w.replay(deed); !r.Conflict || r.Code != hall.ErrDayConfirmed.Code {
					t.Fatalf("%+v, want a conflict", r)
				}
			}
			w.wantStatus(number, booking.NoShow)
			w.wantCount(0, "visits", `SELECT count(*) FROM visit`)
			w.wantCount(1, "conflicts", `SELECT count(*) FROM desk_conflict`)
			if _, err := w.DB.ExecContext(t.Context(), `UPDATE appointment SET status = 'booked' WHERE number = $1`, number); err == nil {
				t.Error("whoever missed a day that somebody has closed is booked again")
			}
			w.wantCount(1, "who answers for the day", `SELECT (count(*) > 0)::int FROM audit WHERE action IN ('day_closed', 'report_submitted') AND actor = 'manager'`)
		})
	}
}

func TestAfterAWeekWhatADeskBringsIsAConflict(t *testing.T) {
	w := newWorld(t)
	w.healthy()
	w.letter(ourDesk, "hall")
	_, deed := w.missed("C001")
	w.on(theDay.AddDays(8), "08:30")
	if r := w.replay(deed); !r.Conflict || r.Code != hall.ErrNotToday.Code {
		t.Errorf("%+v, want a conflict", r)
	}
}

func TestWhoHasBookedAnewIsNotReceivedTwice(t *testing.T) {
	w := newWorld(t)
	w.healthy()
	w.letter(ourDesk, "hall")
	number, deed := w.missed("C001")
	w.at("23:50")
	w.byTheClock()
	anew := w.book("09:00")
	w.run(`UPDATE party SET person = (SELECT person FROM party AS p JOIN appointment AS a ON a.id = p.appointment_id WHERE a.number = $1 AND p.role = 1)
		WHERE role = 1 AND appointment_id = (SELECT id FROM appointment WHERE number = $2)`, number, anew)
	w.on(theDay.AddDays(1), "08:30")
	if r := w.replay(deed); !r.Conflict {
		t.Errorf("%+v, want a conflict", r)
	}
	w.wantStatus(number, booking.NoShow)
}
