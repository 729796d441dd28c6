package hall_test

import (
	"context"
	"testing"

	"hunyue/booking"
	"hunyue/hall"
)

func amendment(number, certificate string) hall.Amendment {
	return hall.Amendment{Number: number, Certificate: certificate, Reason: "录入错误", Actor: "staff:manager"}
}

func (w *world) amend(a hall.Amendment) {
	w.t.Helper()
	if err := w.Amend(w.t.Context(), a); err != nil {
		w.t.Fatal(err)
	}
}

// wantNumber expects the number that counts, and how many there were.
func (w *world) wantNumber(number, want string, were int) {
	w.t.Helper()
	r, err := w.Registered(w.t.Context(), number)
	if err != nil || r.Certificate != want {
		w.t.Errorf("%s has %q, %v; want %q", number, r.Certificate, err, want)
	}
	all, err := w.Amended(w.t.Context(), number)
	if err != nil || len(all) != were || were > 0 && all[were-1].Certificate != want {
		w.t.Errorf("the numbers of %s are %+v, %v; want %d", number, all, err, were)
	}
}

func TestACorrectionKeepsBothNumbers(t *testing.T) {
	w := newWorld(t)
	number := w.completed("J430702-2026-000123")
	w.wantNumber(number, "J430702-2026-000123", 1)
	w.amend(amendment(number, "J430702-2026-000132"))
	w.wantNumber(number, "J430702-2026-000132", 2)
	w.amend(amendment(number, "政字第2002208号"))
	w.wantNumber(number, "政字第2002208号", 3)
	w.wantCount(2, "audit rows", `SELECT count(*) FROM audit WHERE action = 'certificate_amended' AND actor = 'staff:manager' AND detail IS NULL`)
	w.wantCount(1, "registrations", `SELECT count(*) FROM registration`)
	w.wantRefused(kept, `UPDATE amendment SET reason = 'another'`)
	w.wantRefused(kept, `DELETE FROM amendment`)
	w.wantRefused("23505", `INSERT INTO amendment SELECT * FROM amendment WHERE n = 1`)
	for _, text := range []string{"2026-000132", "2026-000123", "2002208"} {
		if found := w.tablesWith(text); found != nil {
			t.Errorf("%s can be read in %v", text, found)
		}
	}
}

// A number that was put right is free for whoever really has it; one that counts is
// nobody else's.
func TestNoTwoRegistrationsStandWithOneNumber(t *testing.T) {
	w := newWorld(t)
	first, second := w.completed("J430702-2026-000201"), w.completed("J430702-2026-000202")
	w.wantFault(w.Amend(t.Context(), amendment(first, "J430702-2026-000202")), hall.ErrCertificateUsed)
	w.wantNumber(first, "J430702-2026-000201", 1)
	w.amend(amendment(first, "J430702-2026-000203"))
	w.amend(amendment(second, "J430702-2026-000201"))
	_, err := w.Complete(t.Context(), w.serving(), "J430702-2026-000203", "registrar")
	w.wantFault(err, hall.ErrCertificateUsed)
	w.completed("J430702-2026-000202")

	errs := make(chan error, 2)
	for _, number := range []string{first, second} {
		go func() { errs <- w.Amend(context.WithoutCancel(t.Context()), amendment(number, "J430702-2026-000300")) }()
	}
	if a, b := <-errs, <-errs; (a == nil) == (b == nil) {
		t.Errorf("two corrections to one number at once: %v, %v", a, b)
	}
}

func TestACorrectionIsSentTwiceAndMadeOnce(t *testing.T) {
	w := newWorld(t)
	number := w.completed("J430702-2026-000123")
	a := amendment(number, "J430702-2026-000124")
	a.Key = "key"
	w.amend(a)
	w.amend(a)
	w.wantNumber(number, "J430702-2026-000124", 2)
	a.Certificate = "J430702-2026-000125"
	w.wantFault(w.Amend(t.Context(), a), booking.ErrKeyReused)
}

func TestACorrectionIsRefused(t *testing.T) {
	w := newWorld(t)
	number, waiting := w.completed("J430702-2026-000123"), w.received()
	for _, tt := range []struct {
		change      func(a *hall.Amendment)
		field, code string
	}{
		{func(a *hall.Amendment) { a.Reason = " " }, "reason", "required"},
		{func(a *hall.Amendment) { a.Reason = "应为 000124" }, "reason", "digits"},
		{func(a *hall.Amendment) { a.Certificate = "" }, "certificate_number", "required"},
		{func(a *hall.Amendment) { a.Certificate = "J430702-2026-000123" }, "certificate_number", "same"},
	} {
		a := amendment(number, "J430702-2026-000124")
		tt.change(&a)
		w.wantFields(w.Amend(t.Context(), a), map[string]string{tt.field: tt.code})
	}
	w.wantFault(w.Amend(t.Context(), amendment(waiting, "J430702-2026-000124")), booking.ErrNotPossible)
	w.wantFault(w.Amend(t.Context(), amendment("99999999", "J430702-2026-000124")), booking.ErrNoAppointment)
	w.wantNumber(number, "J430702-2026-000123", 1)
}

func TestARefusalHasAReasonOfTheList(t *testing.T) {
	w := newWorld(t)
	number := w.received()
	w.wantFields(w.Refuse(t.Context(), number, hall.Refusal{}, "registrar"), map[string]string{"refusal": "required"})
	w.wantFields(w.Refuse(t.Context(), number, hall.Refusal{Code: "mood"}, "registrar"), map[string]string{"refusal": "required"})
	w.wantFields(w.Refuse(t.Context(), number, hall.Refusal{Code: hall.OtherReason}, "registrar"), map[string]string{"reason": "required"})
	for range 2 { // a double click
		if err := w.Refuse(t.Context(), number, hall.Refusal{Code: hall.BadPhotos}, "registrar"); err != nil {
			t.Fatal(err)
		}
	}
	w.wantFault(w.Refuse(t.Context(), number, hall.Refusal{Code: hall.Mismatch}, "registrar"), booking.ErrNotPossible)
	w.wantCount(1, "refusals", `SELECT count(*) FROM refusal WHERE code = 'photos' AND reason = ''`)
	w.wantRefused("23514", `INSERT INTO refusal (appointment_id, code, reason, actor) SELECT 1, 'other', '', 'x'`)
}
