package hall_test

import (
	"strings"
	"testing"
	"time"

	"hunyue/hall"
	"hunyue/slots"
)

// wiped is an entry of an area from 09:00 to 09:40 that is right.
func wiped(area string, due slots.TimeOfDay) hall.DisinfectionEntry {
	d := hall.UsualDisinfection()
	d.Area, d.Due, d.Planned, d.Operator = area, due, due > 0, "保洁员"
	d.From, d.To = instant(theDay, "09:00"), instant(theDay, "09:40")
	return hall.DisinfectionEntry{Disinfection: d, Office: office, Actor: "staff:hall"}
}

func (w *world) disinfected(e hall.DisinfectionEntry) int64 {
	w.t.Helper()
	id, err := w.Disinfected(w.t.Context(), e)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) plan() hall.Plan {
	w.t.Helper()
	p, err := w.Disinfecting(w.t.Context(), office, theDay)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func TestWhatIsMissingAppearsAtNoonAndAtSix(t *testing.T) {
	w := newWorld(t)
	w.at("10:00")
	if p := w.plan(); !p.Holds || len(p.Missing) != 0 || len(p.Coming) != 10 {
		t.Errorf("in the morning: %+v, want nothing missing and 10 to come", p)
	}
	w.disinfected(wiped("hall", 12*60))
	w.disinfected(wiped("toilets", 0)) // beside the plan
	w.at("11:59:59")
	if p := w.plan(); len(p.Missing) != 0 {
		t.Errorf("before noon: %+v missing", p.Missing)
	}
	w.at("12:00")
	if p := w.plan(); len(p.Missing) != 4 || p.Missing[0] != (hall.Lack{Area: "counters", By: 12 * 60}) || p.Unchecked != 2 {
		t.Errorf("at noon: %+v, want four areas", p)
	}
	w.disinfected(wiped("counters", 12*60)) // late, but for noon
	w.at("18:00")
	if p := w.plan(); len(p.Missing) != 3+5 {
		t.Errorf("at six: %+v, want 8", p.Missing)
	}
}

func TestDisinfections(t *testing.T) {
	w := newWorld(t)
	t.Run("AnEntryIsRight", w.rule(anEntryIsRight))
	t.Run("AnEntryIsKeptOnceAndStays", w.rule(anEntryIsKeptOnceAndStays))
	t.Run("AWrongEntryIsCorrectedByAnother", w.rule(aWrongEntryIsCorrectedByAnother))
	t.Run("SomebodyElseChecksItThatDay", w.rule(somebodyElseChecksItThatDay))
	t.Run("CountersAreWipedAfterEachCouple", w.rule(countersAreWipedAfterEachCouple))
}

func anEntryIsRight(t *testing.T, w *world) {
	w.at("10:00")
	for name, bad := range map[string]struct {
		change func(*hall.DisinfectionEntry)
		want   map[string]string
	}{
		"empty": {func(e *hall.DisinfectionEntry) { e.Disinfection = hall.Disinfection{} }, map[string]string{
			"area": "required", "agent": "required", "concentration": "required", "operator": "required", "method": "required",
			"contact": "range", "from": "required", "to": "required",
		}},
		"too long": {func(e *hall.DisinfectionEntry) {
			e.Area, e.Agent, e.Operator = strings.Repeat("长", 21), strings.Repeat("长", 41), strings.Repeat("长", 33)
		}, map[string]string{"area": "too_long", "agent": "too_long", "operator": "too_long"}},
		"no method":      {func(e *hall.DisinfectionEntry) { e.Method = "pray" }, map[string]string{"method": "required"}},
		"too many":       {func(e *hall.DisinfectionEntry) { e.ContactMinutes = 601 }, map[string]string{"contact": "range"}},
		"backwards":      {func(e *hall.DisinfectionEntry) { e.To = e.From }, map[string]string{"to": "order"}},
		"tomorrow":       {func(e *hall.DisinfectionEntry) { e.To = instant(theDay, "10:01") }, map[string]string{"to": "future"}},
		"yesterday":      {func(e *hall.DisinfectionEntry) { e.From = e.From.Add(-24 * time.Hour) }, map[string]string{"from": "other_day"}},
		"by no such":     {func(e *hall.DisinfectionEntry) { e.Due = 13 * 60 }, map[string]string{"due": "unknown"}},
		"for no reason":  {func(e *hall.DisinfectionEntry) { e.Replaces = 1 }, map[string]string{"reason": "required"}},
		"for too many":   {func(e *hall.DisinfectionEntry) { e.Replaces, e.Reason = 1, strings.Repeat("长", 201) }, map[string]string{"reason": "too_long"}},
		"of no strength": {func(e *hall.DisinfectionEntry) { e.Concentration = "\t" }, map[string]string{"concentration": "required"}},
	} {
		e := wiped("hall", 12*60)
		bad.change(&e)
		t.Run(name, func(*testing.T) {
			_, err := w.Disinfected(t.Context(), e)
			w.wantFields(err, bad.want)
		})
	}
	missing := wiped("hall", 12*60)
	missing.Replaces, missing.Reason = 1<<40, "x"
	_, err := w.Disinfected(t.Context(), missing)
	w.wantFault(err, hall.ErrNoEntry)
}

func anEntryIsKeptOnceAndStays(t *testing.T, w *world) {
	w.at("10:00")
	more := w.since(`SELECT count(*) FROM disinfection`)
	e := wiped("hall", 12*60)
	e.Key = "d1"
	ids, errs := make([]int64, 4), make([]error, 4)
	atOnce(len(ids), func(i int) { ids[i], errs[i] = w.Disinfected(t.Context(), e) })
	for i := range ids {
		if errs[i] != nil || ids[i] != ids[0] {
			t.Errorf("request %d: entry %d, %v; want %d", i, ids[i], errs[i], ids[0])
		}
	}
	more(1, "entries")
	for _, query := range []string{
		`UPDATE disinfection SET agent = 'x'`, `DELETE FROM disinfection`, `TRUNCATE disinfection CASCADE`,
		`TRUNCATE disinfection_check`, `TRUNCATE incident CASCADE`, `TRUNCATE handover`, `TRUNCATE reading_count`,
	} {
		w.wantRefused(kept, query)
	}
	w.wantCount(1, "audit rows", `SELECT count(*) FROM audit WHERE action = 'disinfection_entered' AND subject = 'disinfection:' || $1::text`, ids[0])
}

func aWrongEntryIsCorrectedByAnother(t *testing.T, w *world) {
	w.at("10:00")
	wrong := w.disinfected(wiped("ticket_machine", 12*60))
	better := wiped("door_handles", 12*60)
	better.Replaces, better.Reason = wrong, "another area"
	right := w.disinfected(better)
	_, err := w.Disinfected(t.Context(), better)
	w.wantFault(err, hall.ErrCorrected)
	better.Office = "430703"
	_, err = w.Disinfected(t.Context(), better)
	w.wantFault(err, hall.ErrNoEntry)
	all, err := w.Disinfections(t.Context(), office, theDay)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		if l.ID == wrong && l.Last || l.ID == right && (!l.Last || l.Replaces != wrong || l.Reason != "another area") {
			t.Errorf("in the ledger: %+v", l)
		}
	}
	w.wantFault(w.CheckDisinfected(t.Context(), wrong, office, "主任", "staff:manager"), hall.ErrCorrected)
	w.on(theDay.AddDays(1), "10:00")
	late := wiped("door_handles", 12*60)
	late.From, late.To = late.From.Add(24*time.Hour), late.To.Add(24*time.Hour)
	late.Replaces, late.Reason = right, "too late"
	_, err = w.Disinfected(t.Context(), late)
	w.wantFault(err, hall.ErrDayOver)
}

func somebodyElseChecksItThatDay(t *testing.T, w *world) {
	w.at("10:00")
	id := w.disinfected(wiped("hall", 12*60))
	check := func(name, actor string) error { return w.CheckDisinfected(t.Context(), id, office, name, actor) }
	w.wantFault(check("大厅引导员", "staff:hall"), hall.ErrOwnEntry)
	w.wantFault(check("保洁员", "staff:cleaner"), hall.ErrOwnEntry)
	w.wantFault(w.CheckDisinfected(t.Context(), id, "430703", "x", "staff:x"), hall.ErrNoEntry)
	w.wantRefused("23514", `SELECT set_actor('x'); INSERT INTO disinfection_check (disinfection_id, recorded_by, checker) SELECT id, recorded_by, recorded_by FROM disinfection ORDER BY id DESC LIMIT 1`)
	w.wantRefused("23503", `SELECT set_actor('x'); INSERT INTO disinfection_check (disinfection_id, recorded_by, checker) SELECT id, 'x', recorded_by FROM disinfection ORDER BY id DESC LIMIT 1`)
	for range 2 {
		if err := check("主任", "staff:manager"); err != nil {
			t.Fatal(err)
		}
	}
	w.wantFault(check("登记员", "staff:registrar"), hall.ErrChecked)
	other := w.disinfected(wiped("hall", 0))
	w.on(theDay.AddDays(1), "00:01")
	w.wantFault(w.CheckDisinfected(t.Context(), other, office, "主任", "staff:manager"), hall.ErrDayOver)
	w.wantRefused("55000", `INSERT INTO disinfection_check (disinfection_id, recorded_by, checker) SELECT id, recorded_by, 'x' FROM disinfection ORDER BY id DESC LIMIT 1`)
}

func countersAreWipedAfterEachCouple(t *testing.T, w *world) {
	before := w.plan()
	number := w.serving()
	if _, err := w.Complete(t.Context(), number, "J430702-2026-000777", "registrar"); err != nil {
		t.Fatal(err)
	}
	w.at("10:00")
	e := wiped("counters", 0)
	e.AfterCouple = true
	w.disinfected(e)
	if p := w.plan(); p.Couples != before.Couples+1 || p.Wipes != before.Wipes+1 {
		t.Errorf("%+v after %+v, want one couple and one wipe more", p, before)
	}
}

func TestThereIsNoPlanWhereNobodyIsMeasured(t *testing.T) {
	w := newWorld(t)
	w.rules(`{"screening": "off"}`)
	w.at("18:00")
	if p := w.plan(); p.Holds || len(p.Missing) > 0 {
		t.Errorf("%+v, want none", p)
	}
}
