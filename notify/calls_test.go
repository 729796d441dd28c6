package notify_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hunyue/notify"
)

func TestACallStaysOnTheListUntilSomebodyIsReached(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	list := &notify.CallList{DB: h.db}
	first, second := h.appointment(t), h.appointment(t)
	h.move(t, first, "cancelled_by_office")
	h.move(t, second, "cancelled_by_office")
	record := func(office string, call int64, o notify.Outcome, want error) {
		t.Helper()
		if err := list.Record(t.Context(), "operator", office, call, o); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", o, err, want)
		}
	}
	open := func(want ...notify.Call) {
		t.Helper()
		got, err := list.Open(t.Context(), "430702", 10)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(notify.Call{}, "ID", "Since", "TriedAt"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("call list (-want +got):\n%s", diff)
		}
	}
	calls, err := list.Open(t.Context(), "430702", 10)
	if err != nil || len(calls) != 2 {
		t.Fatalf("calls %v, error %v; want 2", calls, err)
	}
	a, b := calls[0].ID, calls[1].ID

	record("430703", a, notify.Reached, notify.ErrNoSuchCall) // another office's
	record("430702", a, notify.NoAnswer, nil)
	open(notify.Call{Appointment: second, Reason: notify.CancelledByOffice},
		notify.Call{Appointment: first, Reason: notify.CancelledByOffice, Tries: 1, Outcome: notify.NoAnswer})
	record("430702", b, notify.Reached, nil)
	record("430702", b, notify.Reached, notify.ErrNoSuchCall)
	record("430702", a, notify.WrongNumber, nil)
	record("430702", a, notify.GivenUp, notify.ErrTooFewCalls)
	record("430702", a, notify.NoAnswer, nil)
	record("430702", a, notify.GivenUp, nil)
	open()

	want := []string{"operator cancelled_by_office no_answer", "operator cancelled_by_office reached", "operator cancelled_by_office wrong_number", "operator cancelled_by_office no_answer", "operator cancelled_by_office given_up"}
	if diff := cmp.Diff(want, h.texts(t, `SELECT actor || ' ' || detail FROM audit WHERE action = 'called' ORDER BY id`)); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
	if got, err := list.Open(t.Context(), "430703", 10); err != nil || len(got) != 0 {
		t.Errorf("another office's list: %v, error %v", got, err)
	}
	h.exec(t, h.db, `SELECT add_contact($1, 'reminder')`, first) // a new reason is a new call
	h.shift(t, time.Minute)
	open(notify.Call{Appointment: first, Reason: notify.Reminder})
}
