package notify_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"hunyue/internal/fault"
	"hunyue/notify"
)

// operators work off a hall's call list.
type operators struct {
	*hall
	*notify.CallList
	t *testing.T
}

const anna, ben = "staff:anna", "staff:ben"

func newOperators(t *testing.T) *operators {
	t.Helper()
	h := newHall(t)
	return &operators{h, &notify.CallList{DB: h.db}, t}
}

// cancelled is an appointment that the office has cancelled.
func (o *operators) cancelled() int64 {
	o.t.Helper()
	a := o.appointment(o.t)
	o.move(o.t, a, "cancelled_by_office")
	return a
}

// next is the appointment that somebody is to call; 0 for none.
func (o *operators) next(who string, early ...bool) notify.Call {
	o.t.Helper()
	call, _, err := o.Next(o.t.Context(), who, here, len(early) > 0)
	if err != nil {
		o.t.Fatal(err)
	}
	return call
}

func (o *operators) record(who string, call notify.Call, how notify.Outcome, want error) {
	o.t.Helper()
	err := o.Record(o.t.Context(), who, here, notify.Called{ID: call.ID, Outcome: how, Key: uuid.NewString()})
	if !errors.Is(err, want) {
		o.t.Errorf("%s records %s of appointment %d: got %v, want %v", who, how, call.Appointment, err, want)
	}
}

// open checks the open entries but for their ids and times.
func (o *operators) open(want ...notify.Call) {
	o.t.Helper()
	got, err := o.Open(o.t.Context(), here, 10)
	if err != nil {
		o.t.Fatal(err)
	}
	ignored := cmpopts.IgnoreFields(notify.Call{}, "ID", "Number", "StartsAt", "Since", "TriedAt", "DueAt")
	if diff := cmp.Diff(want, got, ignored, cmpopts.EquateEmpty()); diff != "" {
		o.t.Errorf("call list (-want +got):\n%s", diff)
	}
}

func TestACallStaysOnTheListUntilSomebodyIsReached(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	first, second := o.cancelled(), o.cancelled()
	a := o.next(anna)
	if err := o.Record(t.Context(), anna, "430703", notify.Called{ID: a.ID, Outcome: notify.Reached, Key: uuid.NewString()}); !errors.Is(err, notify.ErrNoSuchCall) {
		t.Errorf("recorded at another office: %v, want %v", err, notify.ErrNoSuchCall)
	}
	o.record(anna, a, notify.NoAnswer, nil)
	o.open(notify.Call{Appointment: second, Reason: notify.CancelledByOffice},
		notify.Call{Appointment: first, Reason: notify.CancelledByOffice, Tries: 1, Outcome: notify.NoAnswer})
	b := o.next(anna)
	o.record(anna, b, notify.Reached, nil)
	o.record(anna, b, notify.Reached, notify.ErrNoSuchCall)
	o.record(anna, o.next(anna, true), notify.WrongNumber, nil)
	o.record(anna, o.next(anna, true), notify.GivenUp, notify.ErrTooFewCalls)
	o.record(anna, o.next(anna), notify.NoAnswer, nil)
	if third := o.next(anna, true); third.Appointment != first || !third.GivesUp() {
		t.Errorf("after three calls: %+v, want that of appointment %d, which may be given up", third, first)
	}
	o.record(anna, a, notify.GivenUp, nil)
	o.open()

	want := []string{"no_answer", "reached", "wrong_number", "no_answer", "given_up"}
	for i := range want {
		want[i] = anna + " cancelled_by_office " + want[i]
	}
	if diff := cmp.Diff(want, o.texts(t, `SELECT actor || ' ' || detail FROM audit WHERE action = 'called' ORDER BY id`)); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
	if got, err := o.Open(t.Context(), "430703", 10); err != nil || len(got) != 0 {
		t.Errorf("another office's list: %v, error %v", got, err)
	}
}

// The table refuses it too, whoever writes there.
func TestNobodyIsGivenUpBeforeThreeCalls(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	o.cancelled()
	_, err := o.db.ExecContext(t.Context(), `UPDATE contact SET tries = 2, outcome = 'given_up', tried_at = clock_now(), open = false`)
	if err == nil {
		t.Error("given up after two calls")
	}
	o.exec(t, o.db, `UPDATE contact SET tries = 3, outcome = 'given_up', tried_at = clock_now(), open = false`)
}

func TestACallIsCountedOnceHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	o.cancelled()
	o.cancelled()
	call := o.next(anna)
	sent := notify.Called{ID: call.ID, Outcome: notify.NoAnswer, Key: uuid.NewString()}
	for range 3 {
		if err := o.Record(t.Context(), anna, here, sent); err != nil {
			t.Errorf("sent again: %v", err)
		}
	}
	other := sent
	other.Outcome = notify.Reached
	if err := o.Record(t.Context(), anna, here, other); !errors.Is(err, notify.ErrCallNotHeld) {
		t.Errorf("another outcome under the key: %v, want %v", err, notify.ErrCallNotHeld)
	}
	other.ID = o.next(anna).ID
	if err := o.Record(t.Context(), anna, here, other); !errors.Is(err, notify.ErrCallNotHeld) {
		t.Errorf("another call under the key: %v, want %v", err, notify.ErrCallNotHeld)
	}
	if got := o.texts(t, `SELECT tries::text FROM contact ORDER BY id`); !cmp.Equal(got, []string{"1", "0"}) {
		t.Errorf("tries %v, want 1 and 0", got)
	}
	for name, wrong := range map[string]notify.Called{
		"outcome": {ID: call.ID, Key: uuid.NewString()}, "key": {ID: call.ID, Outcome: notify.Reached, Key: "1"},
	} {
		if f := fault.Of(o.Record(t.Context(), anna, here, wrong)); f.Fields[name] == "" {
			t.Errorf("without %s: %v, want the field", name, f.Fields)
		}
	}
	if f := fault.Of(o.Record(t.Context(), anna, here, notify.Called{ID: call.ID, Outcome: "maybe", Key: uuid.NewString()})); f.Fields["outcome"] != "unknown" {
		t.Errorf("an outcome that there is not: %v", f.Fields)
	}
}

func TestWhoDidNotAnswerIsCalledAgainAfterHalfAnHour(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	first := o.cancelled()
	o.record(anna, o.next(anna), notify.NoAnswer, nil)
	if call := o.next(anna); call.ID != 0 {
		t.Errorf("appointment %d is to be called again at once", call.Appointment)
	}
	o.shift(t, 29*time.Minute)
	if call := o.next(anna); call.ID != 0 {
		t.Errorf("appointment %d is to be called again after 29 minutes", call.Appointment)
	}
	second := o.cancelled()
	if call := o.next(ben, true); call.Appointment != second {
		t.Errorf("before its time comes %d, want %d, which has not been called", call.Appointment, second)
	}
	if call := o.next(anna, true); call.Appointment != first {
		t.Errorf("where nothing else is left comes %d, want %d before its time", call.Appointment, first)
	}
	if err := o.Release(t.Context(), anna); err != nil {
		t.Fatal(err)
	}
	o.shift(t, 31*time.Minute)
	if call := o.next(anna); call.Appointment != first {
		t.Errorf("after half an hour comes %d, want %d", call.Appointment, first)
	}
}

// What was to be said and is not true any more is not said; what is said twice
// is said once.
func TestOnlyNewsIsOnTheList(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	add := func(a int64, reasons ...string) {
		for _, reason := range reasons {
			o.exec(t, o.db, `SELECT add_contact($1, $2)`, a, reason)
		}
	}
	booked, gone := o.appointment(t), o.appointment(t)
	add(booked, "booked", "moved", "reminder", "restricted")
	add(gone, "booked", "reminder", "tried")
	o.open(notify.Call{Appointment: booked, Reason: notify.Reminder},
		notify.Call{Appointment: booked, Reason: notify.Restricted},
		notify.Call{Appointment: gone, Reason: notify.Reminder},
		notify.Call{Appointment: gone, Reason: notify.Tried})
	held := o.next(anna)
	o.move(t, gone, "cancelled")
	add(gone, "cancelled")
	o.open(notify.Call{Appointment: booked, Reason: notify.Reminder, Holder: anna},
		notify.Call{Appointment: booked, Reason: notify.Restricted},
		notify.Call{Appointment: gone, Reason: notify.Cancelled})

	o.move(t, booked, "cancelled_by_office")
	if call := o.next(anna); call.ID == held.ID || call.Appointment != booked {
		t.Errorf("still to be told of the visit: %+v", call)
	}
	o.exec(t, o.db, `UPDATE appointment SET erased_at = clock_now(), contact = '', phone_key = nobody() WHERE id = $1`, gone)
	for _, call := range must(o.Open(t.Context(), here, 10)) {
		if call.Appointment == gone {
			t.Errorf("%s of an appointment that was erased is on the list", call.Reason)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// The text about a suspension fails an hour later: by then they have been called.
func TestWhoWasToldOfASuspensionIsNotCalledForItsText(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	a := o.cancelled()
	o.record(anna, o.next(anna), notify.Reached, nil)
	o.exec(t, o.db, `SELECT add_contact($1, 'cancelled_by_office')`, a)
	o.open()
	moved := o.appointment(t)
	for range 2 { // each move is news of its own
		o.exec(t, o.db, `SELECT add_contact($1, 'moved')`, moved)
		o.record(anna, o.next(anna), notify.Reached, nil)
	}
}

func TestTheProgressAddsUp(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	reminded := o.appointment(t)
	o.exec(t, o.db, `SELECT add_contact($1, 'reminder')`, reminded)
	o.record(anna, o.next(anna), notify.Reached, nil)
	morning := must(time.Parse(time.RFC3339, o.texts(t, `SELECT to_char(clock_now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`)[0])).Add(time.Minute)
	o.shift(t, 2*time.Minute)

	o.exec(t, o.db, `
		INSERT INTO suspension (office_id, from_day, to_day, mode, services, groups, reason, notice, actor)
		VALUES ('430702', '2126-05-20', '2126-05-20', 'full', '{marriage}', '{marriage}', '停电', '停电。', 'test')`)
	for range 5 {
		o.cancelled()
	}
	o.record(anna, o.next(anna), notify.Reached, nil)
	o.record(anna, o.next(anna), notify.NoAnswer, nil)
	o.next(anna)
	want := []notify.Tally{{Reason: notify.CancelledByOffice, Suspension: 1, Todo: 2, InHand: 1, Waiting: 1, Reached: 1}}
	got := must(o.Progress(t.Context(), here, morning))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	if len(got) == 1 && (got[0].Left() != 4 || got[0].All() != 5) {
		t.Errorf("%d of %d left, want 4 of 5", got[0].Left(), got[0].All())
	}
	if got := must(o.Progress(t.Context(), here, morning.Add(-time.Hour))); len(got) != 2 || got[1] != (notify.Tally{Reason: notify.Reminder, Reached: 1}) {
		t.Errorf("with what was ended before: %+v", got)
	}
	if got := must(o.Progress(t.Context(), "430703", morning)); len(got) != 0 {
		t.Errorf("at another office: %+v", got)
	}
}
