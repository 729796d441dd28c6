package hall_test

import (
	"strings"
	"testing"
	"time"

	"hunyue/booking"
	"hunyue/hall"
)

// feverish is a couple that was measured twice, and put off at 09:05.
func (w *world) feverish() string {
	w.t.Helper()
	number := w.book("09:00")
	w.checkIn(arrival(number, 375, 366))
	w.at("09:05")
	if c := w.checkIn(arrivalWith("T2", number, 376)); c.Outcome != hall.Deferred {
		w.t.Fatalf("outcome %s, want deferred", c.Outcome)
	}
	return number
}

// incident is that of a couple.
func (w *world) incident(number string) hall.Incident {
	w.t.Helper()
	all, err := w.Incidents(w.t.Context(), office, theDay)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, i := range all {
		if i.Number == number {
			return i
		}
	}
	w.t.Fatalf("no incident of %s in %+v", number, all)
	return hall.Incident{}
}

func TestIncidents(t *testing.T) {
	w := newWorld(t)
	t.Run("ASecondFeverHasToBeHandedOver", w.rule(aSecondFeverHasToBeHandedOver))
	t.Run("AHandoverIsSaidOnceAndInFull", w.rule(aHandoverIsSaidOnceAndInFull))
	t.Run("TheLeaderOnDutyLetsThemIn", w.rule(theLeaderOnDutyLetsThemIn))
	t.Run("WhoMayNotBeLetIn", w.rule(whoMayNotBeLetIn))
	t.Run("WhoWasHandedOverIsNotLetIn", w.rule(whoWasHandedOverIsNotLetIn))
	t.Run("OneFeverIsNoIncident", w.rule(oneFeverIsNoIncident))
	t.Run("AFeverFoundInTheLedgerIsAnIncident", w.rule(aFeverFoundInTheLedgerIsAnIncident))
}

func aSecondFeverHasToBeHandedOver(t *testing.T, w *world) {
	number := w.feverish()
	i := w.incident(number)
	if !i.Open() || i.Overdue() || i.DueAt.Sub(i.OpenedAt) != 2*time.Hour {
		t.Errorf("%+v, want it open and due in two hours", i)
	}
	w.at("11:06")
	if i := w.incident(number); !i.Overdue() {
		t.Errorf("%+v, want it overdue at 11:06", i)
	}
	w.on(theDay.AddDays(3), "09:00")
	all, err := w.Incidents(t.Context(), office, theDay.AddDays(3))
	if err != nil || len(all) == 0 {
		t.Errorf("%+v (%v): what is open is forgotten on another day", all, err)
	}
	h := hall.Handover{Incident: i.ID, Office: office, To: "武陵区疾控中心", At: instant(theDay, "11:30"), Actor: "manager"}
	for range 2 {
		if err := w.HandOver(t.Context(), h); err != nil {
			t.Fatal(err)
		}
	}
	if i := w.incident(number); i.Open() || !i.Overdue() || i.To != h.To {
		t.Errorf("%+v, want it handed over, and too late", i)
	}
	w.wantCount(1, "audit rows", `SELECT count(*) FROM audit WHERE action = 'incident_handed_over' AND subject = 'incident:' || $1::text`, i.ID)
}

func aHandoverIsSaidOnceAndInFull(t *testing.T, w *world) {
	i := w.incident(w.feverish())
	w.at("09:30")
	right := hall.Handover{Incident: i.ID, Office: office, To: "CDC", At: instant(theDay, "09:20"), Actor: "manager"}
	for name, bad := range map[string]struct {
		change func(*hall.Handover)
		want   map[string]string
	}{
		"to nobody":     {func(h *hall.Handover) { h.To = " " }, map[string]string{"to": "required"}},
		"to a story":    {func(h *hall.Handover) { h.To = strings.Repeat("长", 61) }, map[string]string{"to": "too_long"}},
		"at no time":    {func(h *hall.Handover) { h.At = time.Time{} }, map[string]string{"at": "required"}},
		"in the future": {func(h *hall.Handover) { h.At = instant(theDay, "09:40") }, map[string]string{"at": "future"}},
		"before it was": {func(h *hall.Handover) { h.At = instant(theDay, "09:00") }, map[string]string{"at": "early"}},
	} {
		h := right
		bad.change(&h)
		t.Run(name, func(*testing.T) { w.wantFields(w.HandOver(t.Context(), h), bad.want) })
	}
	elsewhere := right
	elsewhere.Office = "430703"
	w.wantFault(w.HandOver(t.Context(), elsewhere), hall.ErrNoIncident)
	if err := w.HandOver(t.Context(), right); err != nil {
		t.Fatal(err)
	}
	other := right
	other.To = "another"
	w.wantFault(w.HandOver(t.Context(), other), hall.ErrHandedOver)
}

func theLeaderOnDutyLetsThemIn(t *testing.T, w *world) {
	number := w.feverish()
	w.at("09:10")
	first, err := w.LetIn(t.Context(), number, office, "breastfeeding, seen by the doctor", "manager")
	if err != nil || first.Outcome != hall.Admitted || first.Ticket == "" {
		t.Fatalf("%+v, %v; want a ticket", first, err)
	}
	w.wantStatus(number, booking.CheckedIn)
	again, err := w.LetIn(t.Context(), number, office, " breastfeeding, seen by the doctor", "manager")
	if err != nil || again.Ticket != first.Ticket {
		t.Errorf("again: %+v, %v; want the ticket %s", again, err, first.Ticket)
	}
	if i := w.incident(number); i.Open() || !i.LetIn {
		t.Errorf("%+v, want it closed", i)
	}
	w.wantCount(1, "audit rows", `SELECT count(*) FROM audit WHERE action = 'let_in' AND actor = 'manager'
		AND subject = (SELECT 'appointment:' || id FROM appointment WHERE number = $1)`, number)
	w.wantFault(w.HandOver(t.Context(), hall.Handover{Incident: w.incident(number).ID, Office: office, To: "CDC", At: instant(theDay, "09:08"), Actor: "manager"}), hall.ErrHandedOver)
	w.serve(number)
}

func whoMayNotBeLetIn(t *testing.T, w *world) {
	number := w.feverish()
	letIn := func(number, at, reason string) error {
		_, err := w.LetIn(t.Context(), number, at, reason, "manager")
		return err
	}
	w.wantFields(letIn(number, office, " "), map[string]string{"reason": "required"})
	w.wantFields(letIn(number, office, strings.Repeat("长", 201)), map[string]string{"reason": "too_long"})
	w.wantFault(letIn(number, "430703", "x"), hall.ErrOtherOffice)
	w.wantFault(letIn("99999999", office, "x"), booking.ErrNoAppointment)
	w.wantFault(letIn(w.book("09:00"), office, "x"), booking.ErrNotPossible)
	w.wantFault(letIn(w.received(), office, "x"), booking.ErrNotPossible)
	w.on(theDay.AddDays(1), "09:00")
	w.wantFault(letIn(number, office, "x"), hall.ErrOtherDay)
	w.wantRefused("HY004", `UPDATE appointment SET status = 'checked_in' WHERE number = '`+number+`'`)
}

func whoWasHandedOverIsNotLetIn(t *testing.T, w *world) {
	number := w.feverish()
	if err := w.HandOver(t.Context(), hall.Handover{Incident: w.incident(number).ID, Office: office, To: "CDC", At: instant(theDay, "09:05"), Actor: "manager"}); err != nil {
		t.Fatal(err)
	}
	_, err := w.LetIn(t.Context(), number, office, "x", "manager")
	w.wantFault(err, hall.ErrHandedOver)
	w.wantStatus(number, booking.HealthDeferred)
}

func oneFeverIsNoIncident(_ *testing.T, w *world) {
	more := w.since(`SELECT count(*) FROM incident`)
	number := w.book("09:00")
	w.checkIn(arrival(number, 375, 366))
	w.at("09:05")
	w.checkIn(arrivalWith("T2", number, 372))
	more(0, "incidents")
}

func aFeverFoundInTheLedgerIsAnIncident(t *testing.T, w *world) {
	number := w.received()
	id := w.count(`SELECT max(id) FROM temperature WHERE kind = 'party'`)
	if err := w.CorrectReading(t.Context(), hall.Correction{Entry: int64(id), Office: office, Decicelsius: 386, Reason: "misread", Actor: "hall"}); err != nil {
		t.Fatal(err)
	}
	if i := w.incident(number); !i.Open() {
		t.Errorf("%+v, want it open", i)
	}
	w.wantStatus(number, booking.CheckedIn)
}
