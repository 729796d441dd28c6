package hall_test

import (
	"testing"

	"hunyue/booking"
	"hunyue/hall"
)

// finished is a couple that counter 1 has served.
func (w *world) finished(certificate string) string {
	w.t.Helper()
	number := w.received()
	w.called(number, "1")
	if _, err := w.Start(w.t.Context(), number, "1", "registrar"); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.Complete(w.t.Context(), number, certificate, "registrar"); err != nil {
		w.t.Fatal(err)
	}
	return number
}

func TestARegistrationIsUndoneWithinFiveMinutes(t *testing.T) {
	w := newWorld(t)
	number := w.finished("J430702-2026-000011")
	p := press("1")
	p.Key = "undo-1"
	w.at("08:54:59")
	for range 2 {
		if err := w.Undo(t.Context(), number, p); err != nil {
			t.Fatal(err)
		}
	}
	w.wantStatus(number, booking.InService)
	w.wantInside(1)
	if _, err := w.Registered(t.Context(), number); err == nil {
		t.Error("what was undone is still the registration")
	}
	r, err := w.Complete(t.Context(), number, "J430702-2026-000012", "registrar")
	if err != nil || r.Certificate != "J430702-2026-000012" {
		t.Errorf("completed anew: %+v, %v", r, err)
	}
	w.wantCount(2, "registrations, one of them undone", `SELECT count(*) FROM registration`)
	w.wantCount(1, "undoings in the audit", `SELECT count(*) FROM audit WHERE action = 'registration_undone'`)
	other := w.finished("J430702-2026-000011") // the number is free again
	w.wantStatus(other, booking.Completed)
}

func TestAfterFiveMinutesARegistrationStands(t *testing.T) {
	w := newWorld(t)
	number := w.finished("J430702-2026-000021")
	w.at("08:56:00")
	w.wantFault(w.Undo(t.Context(), number, press("1")), hall.ErrUndoTooLate)
	w.wantRefused("55000", `UPDATE registration SET undone_at = clock_now(), undone_by = 'test'`)
	w.wantRefused("HY004", `UPDATE appointment SET status = 'in_service'`)
	w.wantStatus(number, booking.Completed)
}

func TestNothingButUndoingChangesARegistration(t *testing.T) {
	w := newWorld(t)
	number := w.finished("J430702-2026-000031")
	w.wantRefused("55000", `UPDATE registration SET undone_at = clock_now(), undone_by = 'test', registrar = 'another'`)
	w.wantRefused("55000", `UPDATE registration SET certificate = NULL, certificate_key = NULL`)
	w.wantRefused("55000", `DELETE FROM registration`)
	w.wantRefused("HY004", `UPDATE appointment SET status = 'in_service'`)
	if err := w.Undo(t.Context(), number, press("1")); err != nil {
		t.Fatal(err)
	}
	w.wantRefused("55000", `UPDATE registration SET undone_at = NULL, undone_by = NULL`)
}

func TestUndoingNeedsTheCounterFree(t *testing.T) {
	w := newWorld(t)
	number := w.finished("J430702-2026-000041")
	next := w.received()
	w.called(next, "1")
	if _, err := w.Start(t.Context(), next, "1", "registrar"); err != nil {
		t.Fatal(err)
	}
	w.wantFault(w.Undo(t.Context(), number, press("1")), hall.ErrCounterBusy)
	w.wantFault(w.Undo(t.Context(), number, press("2")), hall.ErrOtherCounter)
	w.wantFault(w.Undo(t.Context(), next, press("1")), booking.ErrNotPossible)
	w.wantStatus(number, booking.Completed)
	w.wantCount(0, "undone registrations", `SELECT count(*) FROM registration WHERE undone_at IS NOT NULL`)
}

// Somebody who has booked anew within these minutes is in one active appointment,
// and stays so (I2).
func TestUndoingTakesNobodyTwice(t *testing.T) {
	w := newWorld(t)
	number := w.finished("J430702-2026-000051")
	again := w.book("11:00")
	w.run(`UPDATE party SET active = false WHERE appointment_id = (SELECT id FROM appointment WHERE number = $1)`, again)
	w.run(`UPDATE party AS p SET person = old.person FROM party AS old
		WHERE p.appointment_id = (SELECT id FROM appointment WHERE number = $1)
		  AND old.appointment_id = (SELECT id FROM appointment WHERE number = $2) AND old.role = p.role`, again, number)
	w.run(`UPDATE party SET active = true WHERE appointment_id = (SELECT id FROM appointment WHERE number = $1)`, again)
	w.wantFault(w.Undo(t.Context(), number, press("1")), booking.ErrPersonBusy)
	w.wantStatus(number, booking.Completed)
}
