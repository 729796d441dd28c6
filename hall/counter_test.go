package hall_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/fault"
)

func TestACoupleIsCalledServedAndRegistered(t *testing.T) {
	w := newWorld(t)
	number := w.received()
	w.at("09:10")
	called, err := w.Call(t.Context(), number, "3", "registrar")
	if err != nil || called.Ticket != "A001" || called.Counter != "3" {
		t.Errorf("called %+v, %v; want A001 to counter 3", called, err)
	}
	w.wantStatus(number, booking.Called)
	if again, err := w.Call(t.Context(), number, "3", "registrar"); err != nil || !cmp.Equal(called, again) {
		t.Errorf("called again %+v, %v; want %+v", again, err, called)
	}
	_, err = w.Call(t.Context(), number, "4", "another")
	w.wantFault(err, hall.ErrOtherCounter)

	started, err := w.Start(t.Context(), number, "3", "registrar")
	if err != nil || started.Counter != "3" {
		t.Errorf("started %+v, %v; want counter 3", started, err)
	}
	w.wantStatus(number, booking.InService)
	_, err = w.Start(t.Context(), number, "4", "another")
	w.wantFault(err, hall.ErrOtherCounter)
	_, err = w.Call(t.Context(), number, "3", "registrar")
	w.wantFault(err, booking.ErrNotPossible)
	w.wantCount(2, "turns", `SELECT count(*) FROM counter_call`)

	done, err := w.Complete(t.Context(), number, " j430702-2026-000123", "registrar")
	if err != nil {
		t.Fatal(err)
	}
	want := hall.Registration{Number: number, Service: "marriage", Certificate: "J430702-2026-000123", Day: theDay, Registrar: "registrar", At: done.At}
	if diff := cmp.Diff(want, done); diff != "" {
		t.Errorf("registration (-want +got):\n%s", diff)
	}
	w.wantStatus(number, booking.Completed)
	w.wantCount(5, "audit rows, one for each change of state", `
		SELECT count(*) FROM audit WHERE subject = 'appointment:' || (SELECT id FROM appointment WHERE number = $1)`, number)
}

func TestAtTheCounter(t *testing.T) {
	w := newWorld(t)
	t.Run("OneStepFollowsTheOther", w.rule(oneStepFollowsTheOther))
	t.Run("CompletingAgainChangesNothing", w.rule(completingAgainChangesNothing))
	t.Run("OneCertificateNumberIsForOneCouple", w.rule(oneCertificateNumberIsForOneCouple))
	t.Run("UnusualCertificateNumbersAreWarnedOf", w.rule(unusualCertificateNumbersAreWarnedOf))
	t.Run("AServiceWithoutCertificateIsCompletedWithoutNumber", w.rule(aServiceWithoutCertificateIsCompletedWithoutNumber))
	t.Run("OnlyTheReceivedAreServed", w.rule(onlyTheReceivedAreServed))
	t.Run("TheLateAreServedToo", w.rule(theLateAreServedToo))
	t.Run("NotAcceptingKeepsTheReason", w.rule(notAcceptingKeepsTheReason))
	t.Run("CountersHaveShortNames", w.rule(countersHaveShortNames))
}

func oneStepFollowsTheOther(t *testing.T, w *world) {
	number := w.received()
	_, err := w.Start(t.Context(), number, "3", "registrar")
	w.wantFault(err, booking.ErrNotPossible)
	_, err = w.Complete(t.Context(), number, "J430702-2026-000009", "registrar")
	w.wantFault(err, booking.ErrNotPossible)
	if _, err := w.Call(t.Context(), number, "3", "registrar"); err != nil {
		t.Fatal(err)
	}
	_, err = w.Start(t.Context(), number, "4", "another")
	w.wantFault(err, hall.ErrOtherCounter)
	_, err = w.Complete(t.Context(), number, "J430702-2026-000009", "registrar")
	w.wantFault(err, booking.ErrNotPossible)
	w.wantStatus(number, booking.Called)
}

func completingAgainChangesNothing(t *testing.T, w *world) {
	number := w.serving()
	first, err := w.Complete(t.Context(), number, "J430702-2026-000001", "registrar")
	if err != nil {
		t.Fatal(err)
	}
	stored := `SELECT encode(certificate || certificate_key, 'hex') FROM registration WHERE number = $1`
	before := w.text(stored, number)
	if again, err := w.Complete(t.Context(), number, "J430702-2026-000001", "another"); err != nil || !cmp.Equal(first, again) {
		t.Errorf("with the same number: %+v, %v; want %+v", again, err, first)
	}
	_, err = w.Complete(t.Context(), number, "J430702-2026-000002", "registrar")
	w.wantFault(err, hall.ErrCompleted)
	w.wantFault(w.NotAccepted(t.Context(), number, "changed their minds", "registrar"), booking.ErrNotPossible)
	if w.text(stored, number) != before {
		t.Error("what is stored has changed")
	}
	if again, err := w.Complete(t.Context(), number, "J430702-2026-000001", "registrar"); err != nil || !cmp.Equal(first, again) {
		t.Errorf("in the end: %+v, %v; want %+v", again, err, first)
	}
}

func oneCertificateNumberIsForOneCouple(t *testing.T, w *world) {
	numbers := []string{w.serving(), w.serving(), w.serving(), w.serving()}
	errs := make([]error, len(numbers))
	atOnce(len(numbers), func(i int) {
		_, errs[i] = w.Complete(t.Context(), numbers[i], "J430702-2026-000003", "registrar")
	})
	done := 0
	for i, err := range errs {
		if err == nil {
			done++
			w.wantStatus(numbers[i], booking.Completed)
			continue
		}
		w.wantFault(err, hall.ErrCertificateUsed)
		w.wantStatus(numbers[i], booking.InService)
	}
	if done != 1 {
		t.Errorf("%d couples have the same certificate number, want 1", done)
	}
}

func unusualCertificateNumbersAreWarnedOf(t *testing.T, w *world) {
	for range 2 { // old forms may recur
		r, err := w.Complete(t.Context(), w.serving(), "政字第2002208号", "registrar")
		if err != nil || r.Warning != "format" || r.Certificate != "政字第2002208号" {
			t.Errorf("registered %+v, %v; want the number as typed and a warning", r, err)
		}
	}
	number := w.serving()
	for typed, code := range map[string]string{" ": "required", strings.Repeat("9", 65): "too_long"} {
		_, err := w.Complete(t.Context(), number, typed, "registrar")
		w.wantFields(err, map[string]string{"certificate_number": code})
	}
	w.wantStatus(number, booking.InService)
}

func aServiceWithoutCertificateIsCompletedWithoutNumber(t *testing.T, w *world) {
	number := w.bookFor("09:00", "divorce_withdraw", 1)
	w.checkIn(arrival(number, 365))
	w.serve(number)
	for range 2 {
		r, err := w.Complete(t.Context(), number, "", "registrar")
		if err != nil || r.Certificate != "" || r.Warning != "" {
			t.Errorf("completed %+v, %v; want no number and no warning", r, err)
		}
	}
	w.wantStatus(number, booking.Completed)
}

func onlyTheReceivedAreServed(t *testing.T, w *world) {
	more := w.since(`SELECT (SELECT count(*) FROM counter_call) + (SELECT count(*) FROM registration)`)
	number := w.book("09:00")
	_, err := w.Call(t.Context(), number, "3", "registrar")
	w.wantFault(err, booking.ErrNotPossible)
	_, err = w.Start(t.Context(), number, "3", "registrar")
	w.wantFault(err, booking.ErrNotPossible)
	_, err = w.Complete(t.Context(), number, "J430702-2026-000004", "registrar")
	w.wantFault(err, booking.ErrNotPossible)
	w.wantFault(w.NotAccepted(t.Context(), number, "papers missing", "registrar"), booking.ErrNotPossible)
	_, err = w.Call(t.Context(), "99999999", "3", "registrar")
	w.wantFault(err, booking.ErrNoAppointment)
	more(0, "turns and registrations")
}

func theLateAreServedToo(t *testing.T, w *world) {
	number := w.book("09:00")
	w.at("10:00")
	w.checkIn(arrival(number, 365, 366)) // the only late couple here
	w.serve(number)
	if ticket := w.text(`SELECT ticket FROM visit JOIN appointment AS a ON a.id = appointment_id WHERE a.number = $1`, number); ticket != "B001" {
		t.Errorf("the ticket is %s, want B001", ticket)
	}
	if _, err := w.Complete(t.Context(), number, "J430702-2026-000005", "registrar"); err != nil {
		t.Error(err)
	}
}

func notAcceptingKeepsTheReason(t *testing.T, w *world) {
	number := w.received()
	for reason, code := range map[string]string{" ": "required", strings.Repeat("长", 201): "too_long"} {
		w.wantFields(w.NotAccepted(t.Context(), number, reason, "registrar"), map[string]string{"reason": code})
	}
	for range 2 {
		if err := w.NotAccepted(t.Context(), number, " papers missing ", "registrar"); err != nil {
			t.Error(err)
		}
	}
	w.wantFault(w.NotAccepted(t.Context(), number, "changed their minds", "registrar"), booking.ErrNotPossible)
	w.wantStatus(number, booking.NotAccepted)
	if got := w.text(`SELECT reason FROM refusal WHERE appointment_id = (SELECT id FROM appointment WHERE number = $1)`, number); got != "papers missing" {
		t.Errorf("the reason is %q", got)
	}
}

func countersHaveShortNames(t *testing.T, w *world) {
	number := w.received()
	for _, counter := range []string{"", " 3", "123456789", "三", "<b>"} {
		if _, err := w.Call(t.Context(), number, counter, "registrar"); fault.Of(err).Fields["counter"] != "format" {
			t.Errorf("counter %q: %v, want format", counter, err)
		}
	}
}
