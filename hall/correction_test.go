package hall_test

import (
	"strings"
	"testing"

	"hunyue/hall"
)

func TestCorrections(t *testing.T) {
	w := newWorld(t)
	t.Run("AWrongReadingIsCorrectedByALinkedLine", w.rule(aWrongReadingIsCorrectedByALinkedLine))
	t.Run("WhoRestsForATypingMistakeGoesOn", w.rule(whoRestsForATypingMistakeGoesOn))
	t.Run("ACorrectionIsRefused", w.rule(aCorrectionIsRefused))
	t.Run("ACorrectionOfWhoCameAlongIsCounted", w.rule(aCorrectionOfWhoCameAlongIsCounted))
	t.Run("OfTwoCorrectionsAtOnceOneIsKept", w.rule(ofTwoCorrectionsAtOnceOneIsKept))
}

// newest is the newest line of the ledger.
func (w *world) newest() hall.Entry {
	w.t.Helper()
	all, err := w.Temperatures(w.t.Context(), office, theDay)
	if err != nil || len(all) == 0 {
		w.t.Fatalf("ledger: %d lines, %v", len(all), err)
	}
	return all[len(all)-1]
}

func aWrongReadingIsCorrectedByALinkedLine(t *testing.T, w *world) {
	number := w.received()
	was := w.newest()
	if was.Number != number || was.Ticket == "" || was.Party != 2 || !was.Last || was.Decicelsius != 366 {
		t.Fatalf("the ledger has %+v", was)
	}
	w.at("10:00")
	c := hall.Correction{Entry: was.ID, Office: office, Decicelsius: 368, Reason: " misread ", Key: "c1", Actor: "hall"}
	for range 2 {
		if err := w.CorrectReading(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	now := w.newest()
	if now.Replaces != was.ID || now.Reason != "misread" || now.Decicelsius != 368 || !now.At.Equal(was.At) || now.Number != number ||
		now.CorrectedAt == nil || now.CorrectedAt.Before(instant(theDay, "10:00")) {
		t.Errorf("the correction is %+v of %+v", now, was)
	}
	w.wantCount(1, "audit rows", `SELECT count(*) FROM audit WHERE action = 'reading_corrected' AND subject = 'temperature:' || $1::text AND actor = 'hall'`, was.ID)
	report, err := w.Report(t.Context(), office, theDay)
	if err != nil || report.Measured%2 != 0 {
		t.Errorf("%d measured (%v): a correction is nobody more", report.Measured, err)
	}
}

func whoRestsForATypingMistakeGoesOn(t *testing.T, w *world) {
	number := w.book("09:00")
	if c := w.checkIn(arrival(number, 366, 386)); c.Outcome != hall.Recheck {
		t.Fatalf("outcome %s, want a recheck", c.Outcome)
	}
	if err := w.CorrectReading(t.Context(), hall.Correction{Entry: w.newest().ID, Office: office, Decicelsius: 366, Reason: "typed wrongly", Actor: "hall"}); err != nil {
		t.Fatal(err)
	}
	if rest, err := w.Resting(t.Context(), number); err != nil || len(rest.Parties) > 0 {
		t.Errorf("rests: %+v, %v", rest, err)
	}
	if c := w.checkIn(arrival(number)); c.Outcome != hall.Admitted {
		t.Errorf("outcome %s, want admitted", c.Outcome)
	}
}

func aCorrectionIsRefused(t *testing.T, w *world) {
	w.received()
	right := hall.Correction{Entry: w.newest().ID, Office: office, Decicelsius: 367, Reason: "misread", Actor: "hall"}
	bad := func(change func(*hall.Correction)) error {
		c := right
		change(&c)
		return w.CorrectReading(t.Context(), c)
	}
	w.wantFields(bad(func(c *hall.Correction) { c.Decicelsius, c.Reason = 339, "" }), map[string]string{"celsius": "range", "reason": "required"})
	w.wantFields(bad(func(c *hall.Correction) { c.Decicelsius, c.Reason = 431, strings.Repeat("长", 201) }), map[string]string{"celsius": "range", "reason": "too_long"})
	w.wantFields(bad(func(c *hall.Correction) { c.Decicelsius = 366 }), map[string]string{"celsius": "same"})
	w.wantFault(bad(func(c *hall.Correction) { c.Office = "430703" }), hall.ErrNoEntry)
	w.wantFault(bad(func(c *hall.Correction) { c.Entry = 1 << 40 }), hall.ErrNoEntry)
	if err := w.CorrectReading(t.Context(), right); err != nil {
		t.Fatal(err)
	}
	w.wantFault(bad(func(c *hall.Correction) { c.Decicelsius = 368 }), hall.ErrCorrected)
	last := w.newest().ID
	w.on(theDay.AddDays(1), "09:00")
	w.wantFault(bad(func(c *hall.Correction) { c.Entry = last }), hall.ErrDayOver)
	w.wantRefused("55000", `INSERT INTO temperature (kind, office_id, day, appointment_id, role, decicelsius, threshold, device, recorded_by, supersedes, at, reason, corrected_at)
		SELECT kind, office_id, day, appointment_id, role, 360, threshold, device, 'x', id, at, 'too late', clock_now() FROM temperature ORDER BY id DESC LIMIT 1`)
}

func aCorrectionOfWhoCameAlongIsCounted(t *testing.T, w *world) {
	number := w.book("09:00")
	along := func(tenths ...int) (all []hall.Companion) {
		for _, n := range tenths {
			all = append(all, hall.Companion{Reason: "interpreter", Decicelsius: n, Device: "T1"})
		}
		return all
	}
	counted := func(in, out int) {
		t.Helper()
		w.wantCount(1, "visits so counted", `SELECT count(*) FROM visit AS v JOIN appointment AS a ON a.id = v.appointment_id
			WHERE a.number = $1 AND v.companions = $2 AND v.turned_away = $3`, number, in, out)
	}
	correct := func(tenths int) {
		t.Helper()
		err := w.CorrectReading(t.Context(), hall.Correction{Entry: w.newest().ID, Office: office, Decicelsius: tenths, Reason: "misread", Actor: "hall"})
		if err != nil {
			t.Fatal(err)
		}
	}
	first := arrival(number, 375, 366)
	first.Companions = along(366)
	w.checkIn(first)
	before := w.newest().ID
	w.at("09:05")
	second := arrivalWith("T2", number, 366)
	second.Companions = along(365, 366)
	if c := w.checkIn(second); c.Companions != 2 || c.Ticket == "" {
		t.Fatalf("%+v, want them in with two", c)
	}
	counted(2, 0)
	correct(386)
	counted(1, 1)
	correct(387)
	counted(1, 1)
	correct(366)
	counted(2, 0)
	// Who came along the first time is not who came in.
	if err := w.CorrectReading(t.Context(), hall.Correction{Entry: before, Office: office, Decicelsius: 380, Reason: "misread", Actor: "hall"}); err != nil {
		t.Fatal(err)
	}
	counted(2, 0)
	w.wantRefused("55000", `UPDATE visit SET companions = 3 WHERE appointment_id = (SELECT id FROM appointment WHERE number = '`+number+`')`)
}

func ofTwoCorrectionsAtOnceOneIsKept(t *testing.T, w *world) {
	w.received()
	id, errs := w.newest().ID, make([]error, 4)
	atOnce(len(errs), func(i int) {
		errs[i] = w.CorrectReading(t.Context(), hall.Correction{Entry: id, Office: office, Decicelsius: 350 + i, Reason: "misread", Actor: "hall"})
	})
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
			continue
		}
		w.wantFault(err, hall.ErrCorrected)
	}
	if done != 1 {
		t.Errorf("%d corrections of one line, want 1", done)
	}
}
