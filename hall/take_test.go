package hall_test

import (
	"testing"
	"time"

	"hunyue/booking"
	"hunyue/hall"
)

// unsettled is the newest conflict that waits.
func (w *world) unsettled() hall.Conflict {
	w.t.Helper()
	open, err := w.Conflicts(w.t.Context(), office)
	if err != nil || len(open) == 0 {
		w.t.Fatalf("%d conflicts wait, %v", len(open), err)
	}
	return open[len(open)-1]
}

const lookedAt = `SELECT count(*) FROM audit WHERE action = 'desk_conflict_read' AND actor = 'settler'`

func TestSomebodySettlesAConflict(t *testing.T) {
	w := newWorld(t)
	w.healthy()
	w.letter(ourDesk, "hall")
	w.letter(otherDesk, "another")
	t.Run("WhatWasMeasuredIsShownAndTheLookIsNoted", w.rule(whatWasMeasuredIsShownAndTheLookIsNoted))
	t.Run("ByTakingWhatTheDeskDid", w.rule(byTakingWhatTheDeskDid))
	t.Run("ByTakingIsNotPossibleForWhatWasDecided", w.rule(byTakingIsNotPossibleForWhatWasDecided))
	t.Run("ByTakingADayLater", w.rule(byTakingADayLater))
}

func whatWasMeasuredIsShownAndTheLookIsNoted(t *testing.T, w *world) {
	d := w.alone(w.book("11:00"), "09:40", "C017") // too early, by the rules
	d.Said = hall.Admitted
	w.at("10:00")
	w.replay(d)
	looks := w.since(lookedAt)
	id := w.unsettled().ID
	o, err := w.ConflictOf(t.Context(), office, id, "settler")
	if err != nil || len(o.Deed.Readings) != 2 || o.Deed.Readings[0].Decicelsius != 365 || o.Deed.Readings[1].Device != "T1" ||
		!o.Deed.At.Equal(d.At) || o.Deed.Said != hall.Admitted || !o.Takeable {
		t.Errorf("opened: %+v, %v", o, err)
	}
	looks(1, "looks in the audit")
	_, err = w.ConflictOf(t.Context(), "430703", id, "settler")
	w.wantFault(err, hall.ErrNoConflict)
	_, err = w.ConflictOf(t.Context(), office, 999999, "settler")
	w.wantFault(err, hall.ErrNoConflict)
	if err := w.Settle(t.Context(), office, id, "left", "settler"); err != nil {
		t.Fatal(err)
	}
	_, err = w.ConflictOf(t.Context(), office, id, "settler")
	w.wantFault(err, hall.ErrNoConflict)
	looks(1, "looks in the audit")
}

func byTakingWhatTheDeskDid(t *testing.T, w *world) {
	for name, c := range map[string]struct {
		deed    func() hall.Deed
		outcome hall.Outcome
		ticket  string
		at      string
	}{
		"too early by the rules": {func() hall.Deed { return w.alone(w.book("11:00"), "09:40", "C021") }, hall.Admitted, "C021", "09:40"},
		"late by the rules": {func() hall.Deed {
			d := w.alone(w.book("09:00"), "09:55", "C022")
			d.Said = hall.Recheck // whatever it said
			return d
		}, hall.Late, "C022", "09:55"},
		"a clock that was ahead": {func() hall.Deed { return w.alone(w.book("10:00"), "10:20", "C023") }, hall.Admitted, "C023", "10:00"},
		"another desk's letter":  {func() hall.Deed { return w.alone(w.book("10:00"), "09:45", "D024") }, hall.Admitted, "A", "09:45"},
		"staff not yet measured": {func() hall.Deed { return w.alone(w.book("09:00"), "07:59", "C025") }, hall.Admitted, "C025", "07:59"},
	} {
		d := c.deed()
		w.at("10:00")
		if r := w.replay(d); !r.Conflict {
			t.Fatalf("%s: %+v, want a conflict", name, r)
		}
		id := w.unsettled().ID
		_, err := w.Take(t.Context(), office, id, " ", "settler")
		w.wantFields(err, map[string]string{"word": "required"})
		_, err = w.Take(t.Context(), "430703", id, "taken", "settler")
		w.wantFault(err, hall.ErrNoConflict)
		w.wantStatus(d.Number, booking.Booked)
		for range 2 {
			got, err := w.Take(t.Context(), office, id, "taken", "settler")
			if err != nil || got.Outcome != c.outcome || got.Ticket[:1] != c.ticket[:1] || len(c.ticket) > 1 && got.Ticket != c.ticket {
				t.Errorf("%s: %+v, %v; want %s with %s", name, got, err, c.outcome, c.ticket)
			}
		}
		w.wantCount(1, name+": visits at that time", `
			SELECT count(*)
			FROM visit AS v
			JOIN appointment AS a ON a.id = v.appointment_id
			WHERE a.number = $1
			  AND v.arrived_at BETWEEN $2 AND $2::timestamptz + interval '5 seconds'
			  AND v.recorded_by = 'settler'`, d.Number, instant(theDay, c.at))
		w.wantCount(1, name+": audit rows of its being taken", `
			SELECT count(*)
			FROM audit AS u
			JOIN desk_conflict AS c ON u.subject = 'desk_conflict:' || c.id
			WHERE c.id = $1
			  AND u.action = 'desk_conflict_taken'
			  AND u.actor = 'settler'
			  AND c.sealed IS NULL`, id)
		if r := w.replay(d); !r.Conflict {
			t.Errorf("%s: the desk brings it again: %+v", name, r)
		}
		w.wantCount(2, name+": readings", `SELECT count(*) FROM temperature AS t JOIN appointment AS a ON a.id = t.appointment_id WHERE a.number = $1`, d.Number)
		err = w.Settle(t.Context(), office, id, "otherwise", "settler")
		w.wantFault(err, hall.ErrNoConflict)
	}
}

func byTakingIsNotPossibleForWhatWasDecided(t *testing.T, w *world) {
	for name, deed := range map[string]func() hall.Deed{
		"received at another desk": func() hall.Deed {
			n := w.book("10:00")
			w.at("09:45")
			w.replay(w.alone(n, "09:41", "C031"))
			d := w.alone(n, "09:42", "D031")
			d.Actor = "another"
			return d
		},
		"cancelled": func() hall.Deed {
			n := w.book("10:00")
			w.move(n, booking.Cancelled)
			return w.alone(n, "09:40", "C032")
		},
		"nobody was measured": func() hall.Deed {
			d := w.alone(w.book("10:00"), "09:40", "C033")
			d.Readings = nil
			return d
		},
		"went in, and was never received": func() hall.Deed {
			d := w.alone(w.book("10:00"), "09:40", "")
			d.Kind, d.Readings = hall.GoIn, nil
			return d
		},
	} {
		d := deed()
		w.at("10:00")
		if r := w.replay(d); !r.Conflict {
			t.Fatalf("%s: %+v, want a conflict", name, r)
		}
		before := w.status(d.Number)
		id := w.unsettled().ID
		_, err := w.Take(t.Context(), office, id, "taken", "settler")
		w.wantFault(err, hall.ErrNotTaken)
		w.wantStatus(d.Number, before)
		if w.unsettled().ID != id {
			t.Errorf("%s: what could not be taken is settled", name)
		}
		if err := w.Settle(t.Context(), office, id, "left as it is", "settler"); err != nil {
			t.Error(err)
		}
	}
	w.replay(w.alone("99999999", "08:40", "C039"))
	_, err := w.Take(t.Context(), office, w.unsettled().ID, "taken", "settler")
	w.wantFault(err, booking.ErrNoAppointment)
}

func byTakingADayLater(t *testing.T, w *world) {
	number, deed := w.missed("C041")
	w.at("18:00")
	if _, err := w.CloseDay(t.Context(), office, theDay, "manager"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Submit(t.Context(), hall.DailyReport{Office: office, Day: theDay, Actor: "manager"}); err != nil {
		t.Fatal(err)
	}
	missing := w.count(`SELECT no_shows FROM day_close WHERE day = '2026-05-20'`)
	w.on(theDay.AddDays(1), "08:30")
	if r := w.replay(deed); r.Code != hall.ErrDayConfirmed.Code {
		t.Fatalf("%+v", r)
	}
	got, err := w.Take(t.Context(), office, w.unsettled().ID, "seen on the list on paper", "settler")
	if err != nil || got.Ticket != "C041" {
		t.Errorf("taken a day later: %+v, %v", got, err)
	}
	w.wantStatus(number, booking.CheckedIn)
	w.wantCount(missing-1, "no-shows of that day now", `SELECT no_shows FROM day_close WHERE day = '2026-05-20'`)
	w.wantCount(1, "visits at 09:05 of that day", `SELECT count(*) FROM visit WHERE ticket = 'C041' AND day = '2026-05-20' AND arrived_at = $1`, deed.At)
	w.wantCount(1, "versions of the report", `SELECT count(*) FROM daily_report`)
	var last time.Time
	if err := w.DB.GetContext(t.Context(), &last, `SELECT max(at) FROM audit WHERE action = 'desk_conflict_taken'`); err != nil || last.IsZero() {
		t.Error("nothing says who took it", err)
	}
}
