package booking

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"hunyue/internal/fault"
	"hunyue/internal/identity"
	"hunyue/slots"
)

func TestHoldOfOnesOwnIsNoWayToAnotherCouple(t *testing.T) {
	w := newWorld(t)
	h := w.held(w.slot("0900", 2), "k")
	mine := w.application(h, "k", w.couple())
	if _, err := w.desk.Confirm(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	theirs := w.application(h, "k", w.couple())
	theirs.Key = "another key"
	if r, err := w.desk.Confirm(t.Context(), theirs); !errors.Is(err, ErrBooked) || r.Secret != "" {
		t.Errorf("other persons with the same hold: %v and a secret of %d characters, want %v", err, len(r.Secret), ErrBooked)
	}
	mine.Key = "the answer got lost" // and the page was sent again
	mine.Parties[0], mine.Parties[1] = mine.Parties[1], mine.Parties[0]
	if r, err := w.desk.Confirm(t.Context(), mine); err != nil || !r.Replayed {
		t.Errorf("the same persons, asking once more: %+v, %v", r, err)
	}
}

func TestRefusalIsRepeated(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 2)
	him := w.person(identity.Male)
	if _, err := w.desk.Confirm(t.Context(), w.application(w.held(slot, "one"), "one", []Party{him, w.person(identity.Female)})); err != nil {
		t.Fatal(err)
	}
	second := w.application(w.held(slot, "two"), "two", []Party{him, w.person(identity.Female)})
	for n := range 2 {
		if _, err := w.desk.Confirm(t.Context(), second); !errors.Is(err, ErrPersonBusy) {
			t.Errorf("time %d: %v, want %v", n+1, err, ErrPersonBusy)
		}
	}
}

func TestCancelTwiceAtOnceIsOnce(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 5)
	for range 5 {
		a := w.book(slot)
		wish := Change{Appointment: a, Code: w.code(a), Actor: "couple"}
		var errs [2]error
		var both sync.WaitGroup
		for i := range errs {
			both.Go(func() { _, errs[i] = w.desk.Cancel(t.Context(), wish) })
		}
		both.Wait()
		if err := errors.Join(errs[:]...); err != nil {
			t.Errorf("tapped twice: %v", err)
		}
	}
	w.drain()
	w.check()
}

func TestMoveOntoTheHoldOfAnotherAppointmentIsRefused(t *testing.T) {
	w := newWorld(t)
	a := w.book(w.slot("0900", 1))
	other := w.slot("1000", 1)
	h := w.held(other, "k")
	if _, err := w.desk.Confirm(t.Context(), w.application(h, "k", w.couple())); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Move(t.Context(), Change{Appointment: a, Staff: true, Actor: "operator"}, h.ID, h.Token, "k"); !errors.Is(err, ErrBooked) {
		t.Errorf("got %v, want %v", err, ErrBooked)
	}
}

func TestMoveAsksWhatTheLawAsks(t *testing.T) {
	w := newWorld(t)
	late := w.slot("0900", 1)
	w.day = w.day.AddDays(-1)
	early := w.slot("0900", 1)
	couple := w.couple()
	couple[0] = w.man22On(late)
	r, err := w.desk.Confirm(t.Context(), w.application(w.held(late, "late"), "late", couple))
	if err != nil {
		t.Fatal(err)
	}
	a, err := w.desk.Find(t.Context(), r.Number, r.Secret)
	if err != nil {
		t.Fatal(err)
	}
	h := w.held(early, "early")
	_, err = w.desk.Move(t.Context(), Change{Appointment: a, Staff: true, Actor: "operator"}, h.ID, h.Token, "early")
	if got := fault.Of(err).Fields["parties.0.birth_date"]; got != "under_age" {
		t.Errorf("moved to the day before his 22nd birthday: %v", err)
	}
}

// man22On has his 22nd birthday on the day of a slot.
func (w *world) man22On(slot slots.SlotID) Party {
	w.t.Helper()
	born := slot.Day
	born.Year -= 22
	number, err := identity.Synthetic(born, identity.Male, 1)
	if err != nil {
		w.t.Fatal(err)
	}
	document, wrong := identity.ParseDocument(identity.ResidentID, number, w.desk.Clock.Now())
	if wrong != "" {
		w.t.Fatalf("synthetic number: %s", wrong)
	}
	return Party{Name: "王五", Document: document, Sex: identity.Male, Born: born}
}

func TestOneCodeAsksAboutOnePersonOnly(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 3)
	w.exec(`
		INSERT INTO quota (id, office_id, day, kind, slot_id, biz_group, channel, cap, opens_at, closes_at)
		SELECT $2, office_id, day, kind, slot_id, biz_group, 'web', cap, opens_at, closes_at
		FROM quota
		WHERE id = $1`, slot.Quota(slots.Phone), slot.Quota(slots.Web))
	if err := w.desk.publishDay(t.Context(), office, w.day); err != nil {
		t.Fatal(err)
	}
	a := w.book(slot)
	known, err := w.desk.Parties(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	phone, err := w.desk.Phone(a)
	if err != nil {
		t.Fatal(err)
	}
	code := w.code(a)
	for n, want := range []error{ErrPersonBusy, ErrCodeExpired} {
		key := fmt.Sprint("question ", n)
		h, err := w.desk.Hold(t.Context(), HoldRequest{Slot: slot, Channel: slots.Web, Session: key, Key: key})
		if err != nil {
			t.Fatal(err)
		}
		curious := w.application(h, key, []Party{w.person(identity.Male), known[1]})
		curious.Channel, curious.Phone, curious.Code, curious.Actor = slots.Web, phone, code, "couple"
		if _, err := w.desk.Confirm(t.Context(), curious); !errors.Is(err, want) {
			t.Errorf("%s with one code: %v, want %v", key, err, want)
		}
	}
}
