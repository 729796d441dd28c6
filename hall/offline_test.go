package hall_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/fault"
)

// alone is a couple that was received at a desk without the server.
func (w *world) alone(number, at, ticket string) hall.Deed {
	a := arrival(number, 365, 366)
	a.Key, a.At, a.Ticket = "key-of-"+number+ticket, instant(theDay, at), ticket
	return hall.Deed{Kind: hall.Receive, Staff: "hall", Arrival: a}
}

func (w *world) replay(d hall.Deed) hall.Replayed {
	w.t.Helper()
	r, err := w.Replay(w.t.Context(), d)
	if err != nil {
		w.t.Fatalf("replay of %s: %v", d.Number, err)
	}
	return r
}

// letter is that of the desk "hall".
func (w *world) letter(desk, actor string) hall.Letter {
	w.t.Helper()
	l, err := w.Letter(w.t.Context(), office, theDay, desk, actor)
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

const ourDesk, otherDesk = "DESK-AT-THE-WINDOW-0001", "DESK-AT-THE-GATE-000002"

// healthy has the staff of the desk measured early in the morning.
func (w *world) healthy() {
	w.t.Helper()
	w.at("08:00")
	_, err := w.RecordStaff(w.t.Context(), hall.StaffReading{
		Staff: "hall", Office: office, Actor: "hall", Readings: []hall.Reading{{Party: 1, Decicelsius: 364, Device: "T1"}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestAfterTheServerWasAway(t *testing.T) {
	w := newWorld(t)
	w.healthy()
	if l := w.letter(ourDesk, "hall"); l.Letter != "C" {
		t.Fatalf("the letter is %q, want C", l.Letter)
	}
	w.letter(otherDesk, "another")
	t.Run("WhatWasDoneIsDoneOnceAtItsOwnTime", w.rule(whatWasDoneIsDoneOnceAtItsOwnTime))
	t.Run("LateIsJudgedByTheTimeAtTheDesk", w.rule(lateIsJudgedByTheTimeAtTheDesk))
	t.Run("ALostAnswerLeavesTheTicketOfTheDesk", w.rule(aLostAnswerLeavesTheTicketOfTheDesk))
	t.Run("WhatCannotBeIsKeptForSomebody", w.rule(whatCannotBeIsKeptForSomebody))
	t.Run("AConflictIsSettledOnceAndThenForgetsWhatWasMeasured", w.rule(aConflictIsSettledOnceAndThenForgetsWhatWasMeasured))
}

func whatWasDoneIsDoneOnceAtItsOwnTime(t *testing.T, w *world) {
	number := w.book("09:00")
	w.at("10:30")
	d := w.alone(number, "09:03", "C001")
	for range 3 {
		if r := w.replay(d); r.Conflict || r.Answer.Ticket != "C001" || r.Answer.Outcome != hall.Admitted {
			t.Fatalf("replayed: %+v", r)
		}
	}
	w.wantStatus(number, booking.CheckedIn)
	w.wantCount(1, "visits at 09:03", `SELECT count(*) FROM visit WHERE ticket = 'C001' AND arrived_at = $1`, d.At)
	w.wantCount(2, "readings at 09:03", `SELECT count(*) FROM temperature WHERE kind = 'party' AND at = $1`, d.At)
	if l := w.letter(ourDesk, "hall"); l.Last != 1 {
		t.Errorf("the last ticket is %d, want 1", l.Last)
	}
}

func lateIsJudgedByTheTimeAtTheDesk(t *testing.T, w *world) {
	inTime, late := w.book("09:00"), w.book("09:00")
	w.at("11:00")
	if r := w.replay(w.alone(inTime, "09:10", "C002")); r.Answer.Outcome != hall.Admitted {
		t.Errorf("at 09:10: %+v, want admitted", r)
	}
	if r := w.replay(w.alone(late, "10:10", "C003")); r.Answer.Outcome != hall.Late {
		t.Errorf("at 10:10: %+v, want late", r)
	}
}

func aLostAnswerLeavesTheTicketOfTheDesk(t *testing.T, w *world) {
	number := w.book("09:00")
	d := w.alone(number, "08:49", "C004")
	then := d.Arrival
	then.At, then.Ticket = time.Time{}, ""
	drawn := w.checkIn(then) // whose answer nobody had
	for range 2 {
		if r := w.replay(d); r.Conflict || r.Answer.Ticket != "C004" {
			t.Fatalf("replayed: %+v, want the ticket C004 in place of %s", r, drawn.Ticket)
		}
	}
	w.wantCount(1, "visits with it", `SELECT count(*) FROM visit WHERE ticket = 'C004'`)
	w.wantCount(0, "visits with the other", `SELECT count(*) FROM visit WHERE ticket = $1`, drawn.Ticket)

	called := w.book("09:00")
	d = w.alone(called, "08:49", "C005")
	then = d.Arrival
	then.At, then.Ticket = time.Time{}, ""
	w.checkIn(then)
	if _, err := w.Call(t.Context(), called, "3", "registrar"); err != nil {
		t.Fatal(err)
	}
	if r := w.replay(d); r.Code != hall.ErrTicketCalled.Code {
		t.Errorf("after they were called: %+v, want a conflict", r)
	}
}

func whatCannotBeIsKeptForSomebody(t *testing.T, w *world) {
	more := w.since(`SELECT count(*) FROM desk_conflict`)
	stored := w.since(readings)
	for name, c := range map[string]struct {
		code string
		deed func() hall.Deed
	}{
		"cancelled meanwhile": {booking.ErrNotPossible.Code, func() hall.Deed {
			n := w.book("10:00")
			w.move(n, booking.Cancelled)
			return w.alone(n, "09:40", "C010")
		}},
		"received at another desk": {hall.ErrAlreadyIn.Code, func() hall.Deed {
			n := w.book("10:00")
			w.at("09:45")
			w.replay(w.alone(n, "09:41", "C011"))
			d := w.alone(n, "09:42", "D011")
			d.Actor = "another"
			return d
		}},
		"at another office": {hall.ErrOtherOffice.Code, func() hall.Deed {
			d := w.alone(w.book("10:00"), "09:40", "C012")
			d.Office = "430703"
			return d
		}},
		"no appointment": {booking.ErrNoAppointment.Code, func() hall.Deed { return w.alone("99999999", "09:40", "C013") }},
		"on a day that is not theirs": {hall.ErrNotToday.Code, func() hall.Deed {
			d := w.alone(w.book("10:00"), "09:40", "C014")
			d.At = d.At.Add(-24 * time.Hour)
			return d
		}},
		"in the future":              {hall.ErrInFuture.Code, func() hall.Deed { return w.alone(w.book("11:00"), "11:30", "C015") }},
		"before the staff were well": {hall.ErrReadingMissing.Code, func() hall.Deed { return w.alone(w.book("09:00"), "07:59", "C016") }},
		"too early":                  {hall.ErrOtherOutcome.Code, func() hall.Deed { return w.alone(w.book("11:00"), "09:40", "C017") }},
		"another desk's letter":      {hall.ErrNotItsTicket.Code, func() hall.Deed { return w.alone(w.book("10:00"), "09:40", "D018") }},
		"a fever and a ticket": {hall.ErrOtherOutcome.Code, func() hall.Deed {
			d := w.alone(w.book("10:00"), "09:40", "C019")
			d.Readings[0].Decicelsius = 378
			return d
		}},
		"nobody was measured": {"invalid_input", func() hall.Deed {
			d := w.alone(w.book("10:00"), "09:40", "C020")
			d.Readings = nil
			return d
		}},
	} {
		d := c.deed()
		w.at("10:00")
		for range 2 {
			if r := w.replay(d); !r.Conflict || r.Code != c.code {
				t.Errorf("%s: %+v, want the conflict %s", name, r, c.code)
			}
		}
	}
	more(11, "conflicts")
	stored(2, "readings, of the couple that the other desk received")
	if l := w.letter(ourDesk, "hall"); l.Last != 20 {
		t.Errorf("the last ticket is %d, want 20: it is in somebody's hands", l.Last)
	}
}

func aConflictIsSettledOnceAndThenForgetsWhatWasMeasured(t *testing.T, w *world) {
	before, err := w.Conflicts(t.Context(), office)
	if err != nil {
		t.Fatal(err)
	}
	w.replay(w.alone("99999998", "08:40", "C030"))
	open, err := w.Conflicts(t.Context(), office)
	if err != nil || len(open) != len(before)+1 {
		t.Fatalf("%d conflicts, %v; want %d", len(open), err, len(before)+1)
	}
	id := open[len(open)-1].ID
	if err := w.Settle(t.Context(), office, id, " ", "hall"); fault.Of(err).Fields["word"] != "required" {
		t.Errorf("settled without a word: %v", err)
	}
	if err := w.Settle(t.Context(), "430703", id, "done", "hall"); !errors.Is(err, hall.ErrNoConflict) {
		t.Errorf("settled by another office: %v", err)
	}
	for range 2 {
		if err := w.Settle(t.Context(), office, id, "number misread, received by hand", "hall"); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Settle(t.Context(), office, id, "otherwise", "hall"); !errors.Is(err, hall.ErrNoConflict) {
		t.Errorf("settled with another word: %v", err)
	}
	w.wantCount(1, "settled, and nothing sealed", `SELECT count(*) FROM desk_conflict WHERE id = $1 AND sealed IS NULL AND settled_by = 'hall'`, id)
	w.wantCount(1, "audit rows of it", `SELECT count(*) FROM audit WHERE action = 'desk_conflict_settled' AND subject = $1`, fmt.Sprint("desk_conflict:", id))
	if _, err := w.DB.ExecContext(t.Context(), `DELETE FROM desk_conflict`); err == nil {
		t.Error("conflicts can be deleted")
	}
}

func TestNoTwoDesksShareALetter(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	of := map[string]string{}
	var all sync.WaitGroup
	for i := range 30 {
		desk := fmt.Sprintf("DESK-NUMBER-%014d", i)
		all.Go(func() {
			for range 2 {
				l, err := w.Letter(t.Context(), office, theDay, desk, "hall")
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if had := of[l.Letter]; had != "" && had != desk && l.Letter != "" {
					t.Errorf("%s and %s have the letter %s", had, desk, l.Letter)
				}
				of[l.Letter] = desk
				mu.Unlock()
			}
		})
	}
	all.Wait()
	delete(of, "")
	if len(of) != 24 {
		t.Errorf("%d letters for 30 desks, want C to Z, 24", len(of))
	}
	t.Logf("count: 30 desks asked twice at once: %d letters, none shared", len(of))
}
