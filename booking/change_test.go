package booking

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"hunyue/internal/postgres"
	"hunyue/slots"
)

// code makes "123456" the code that was sent to whoever booked a.
func (w *world) code(a Appointment) string {
	w.t.Helper()
	phone, err := w.desk.Phone(a)
	if err != nil {
		w.t.Fatal(err)
	}
	w.exec(`INSERT INTO phone_code (phone_key, code_mac, locale, expires_at) VALUES ($1, $2, 'zh', clock_now() + interval '5 minutes')`,
		a.PhoneKey, w.desk.Keys.MAC("code", []byte(phone.Number()), []byte("123456")))
	return "123456"
}

func (w *world) quota(slot slots.SlotID) slots.Quota {
	w.t.Helper()
	q, err := w.desk.Offices.Quota(w.t.Context(), w.db, slot.Quota(slots.Phone))
	if err != nil {
		w.t.Fatal(err)
	}
	return q
}

func TestCancelledPlaceCoolsBeforeItIsSoldAgain(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 1)
	a := w.book(slot)
	done, err := w.desk.Cancel(t.Context(), Change{Appointment: a, Code: w.code(a), Actor: "couple"})
	if err != nil || done.Status != Cancelled {
		t.Fatalf("cancel: %s, %v", done.Status, err)
	}
	if _, err := w.desk.Hold(t.Context(), w.ask(slot, "waiting for it")); !errors.Is(err, ErrFull) {
		t.Errorf("a rival at once: %v, want %v", err, ErrFull)
	}
	w.ahead(44 * time.Hour)
	if err := w.desk.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Hold(t.Context(), w.ask(slot, "later")); err != nil {
		t.Errorf("after it has cooled: %v", err)
	}
	w.check()
}

func TestCancelNeedsTheCode(t *testing.T) {
	w := newWorld(t)
	a := w.book(w.slot("0900", 1))
	w.code(a)
	for range 5 {
		if _, err := w.desk.Cancel(t.Context(), Change{Appointment: a, Code: "000000", Actor: "couple"}); !errors.Is(err, ErrCodeWrong) {
			t.Errorf("a wrong code: %v, want %v", err, ErrCodeWrong)
		}
	}
	if _, err := w.desk.Cancel(t.Context(), Change{Appointment: a, Code: "123456", Actor: "couple"}); !errors.Is(err, ErrCodeUsedUp) {
		t.Errorf("the right code after five wrong ones: %v, want %v", err, ErrCodeUsedUp)
	}
	w.check()
}

func TestAfterTheDeadlineOnlyStaffCancel(t *testing.T) {
	w := newWorld(t)
	a := w.book(w.slot("0900", 1))
	w.ahead(a.StartsAt.Sub(w.desk.Clock.Now()) - time.Hour)
	if _, err := w.desk.Cancel(t.Context(), Change{Appointment: a, Code: w.code(a), Actor: "couple"}); !errors.Is(err, ErrTooLate) {
		t.Errorf("the couple on the day: %v, want %v", err, ErrTooLate)
	}
	if _, err := w.desk.Cancel(t.Context(), Change{Appointment: a, Actor: "operator", Staff: true, Reason: "ill"}); err != nil {
		t.Errorf("staff on the day: %v", err)
	}
}

func TestMoveKeepsTheOldPlaceUntilTheNewOneIsSure(t *testing.T) {
	w := newWorld(t)
	from, to := w.slot("0900", 1), w.slot("1000", 1)
	a := w.book(from)
	h, err := w.desk.Hold(t.Context(), w.ask(to, "k"))
	if err != nil {
		t.Fatal(err)
	}
	if got := w.quota(from).Booked; got != 1 {
		t.Errorf("while the new place is only held the old one counts %d", got)
	}
	change := Change{Appointment: a, Code: w.code(a), Actor: "couple"}
	moved, err := w.desk.Move(t.Context(), change, h.ID, h.Token, "k")
	if err != nil {
		t.Fatal(err)
	}
	if moved.Number != a.Number || moved.Quota != to.Quota(slots.Phone) || w.quota(from).Booked != 0 || w.quota(to).Booked != 1 {
		t.Errorf("moved to %s; counted %d there and %d here", moved.Quota, w.quota(to).Booked, w.quota(from).Booked)
	}
	again, err := w.desk.Move(t.Context(), change, h.ID, h.Token, "k")
	if err != nil || again.Quota != moved.Quota || again.Reschedules != 1 {
		t.Errorf("asked again: %s after %d moves, %v", again.Quota, again.Reschedules, err)
	}
	w.drain()
	w.check()
}

func TestMoveOntoAnExpiredHoldChangesNothing(t *testing.T) {
	w := newWorld(t)
	from, to := w.slot("0900", 1), w.slot("1000", 1)
	a := w.book(from)
	h, err := w.desk.Hold(t.Context(), w.ask(to, "k"))
	if err != nil {
		t.Fatal(err)
	}
	w.ahead(6 * time.Minute)
	if _, err := w.desk.Move(t.Context(), Change{Appointment: a, Actor: "operator", Staff: true}, h.ID, h.Token, "k"); !errors.Is(err, ErrHoldExpired) {
		t.Errorf("got %v, want %v", err, ErrHoldExpired)
	}
	if w.quota(from).Booked != 1 || w.quota(to).Booked != 0 {
		t.Error("the place has changed")
	}
	w.check()
}

func TestSuspensionCancelsExactlyWhatIsInIt(t *testing.T) {
	w := newWorld(t)
	first := w.day
	var inside, outside []Appointment
	for n := range 9 {
		w.day = first.AddDays(n)
		a := w.book(w.slot("0900", 2))
		if n >= 1 && n <= 7 {
			inside = append(inside, a)
		} else {
			outside = append(outside, a)
		}
	}
	held := w.slotOf(inside[0].Quota[:len(inside[0].Quota)-len("-phone")])
	h, err := w.desk.Hold(t.Context(), w.ask(held, "typing"))
	if err != nil {
		t.Fatal(err)
	}
	closing := slots.Closing{Office: office, From: first.AddDays(1), To: first.AddDays(7), Mode: slots.Full, Reason: "疫情防控"}
	preview, err := w.desk.Suspend(t.Context(), closing, "manager", true)
	if err != nil || len(preview.Affected) != len(inside) {
		t.Fatalf("preview: %d affected of %d, %v", len(preview.Affected), len(inside), err)
	}
	if a, err := byID(t.Context(), w.db, inside[0].ID); err != nil || a.Status != Booked {
		t.Errorf("the preview has changed %s, %v", a.Status, err)
	}
	done, err := w.desk.Suspend(t.Context(), closing, "manager", false)
	if err != nil || len(done.Affected) != len(inside) {
		t.Fatalf("effect: %d affected, %v", len(done.Affected), err)
	}
	for _, want := range []struct {
		of     []Appointment
		status Status
	}{{inside, CancelledByOffice}, {outside, Booked}} {
		for _, a := range want.of {
			if now, err := byID(t.Context(), w.db, a.ID); err != nil || now.Status != want.status {
				t.Errorf("%s is %s, want %s (%v)", a.Day, now.Status, want.status, err)
			}
		}
	}
	if _, err := w.desk.Confirm(t.Context(), w.application(h, "typing", w.couple())); err == nil {
		t.Error("a hold from before the suspension was confirmed in it")
	}
	if _, err := w.desk.Hold(t.Context(), w.ask(held, "after")); !errors.Is(err, ErrSuspended) {
		t.Errorf("a hold in the suspension: %v, want %v", err, ErrSuspended)
	}
	var calls int
	if err := w.db.Get(&calls, `SELECT count(*) FROM contact WHERE open`); err != nil || calls != len(inside) {
		t.Errorf("%d couples on the call list, want %d (%v)", calls, len(inside), err)
	}
	w.drain()
	w.check()
}

// cancelled is how many of the appointments are, by the office.
func (w *world) cancelled(all []Appointment) int {
	w.t.Helper()
	n := 0
	for _, a := range all {
		now, err := byID(w.t.Context(), w.db, a.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		if now.Status == CancelledByOffice {
			n++
		}
	}
	return n
}

// Domain rule 61: a suspension of the 2nd day goes on to the 4th, and then is over
// on the 3rd.
func TestAnotherEndOfASuspensionConcernsOnlyTheDaysBetween(t *testing.T) {
	w := newWorld(t)
	first := w.day
	var booked []Appointment
	var at []slots.SlotID
	for n := range 5 {
		w.day = first.AddDays(n)
		at = append(at, w.slot("0900", 2))
		booked = append(booked, w.book(at[n]))
	}
	s, err := w.desk.Suspend(t.Context(), slots.Closing{Office: office, From: first.AddDays(1), To: first.AddDays(1), Mode: slots.Full, Reason: "疫情防控"}, "manager", false)
	if err != nil || w.cancelled(booked) != 1 {
		t.Fatalf("%d cancelled, %v; want that of the 2nd day", w.cancelled(booked), err)
	}
	typing, err := w.desk.Hold(t.Context(), w.ask(at[2], "typing"))
	if err != nil {
		t.Fatal(err)
	}

	longer := Amendment{Office: office, Suspension: s.ID, To: first.AddDays(3), Reason: "疫情未结束"}
	preview, err := w.desk.Amend(t.Context(), longer, "manager", true)
	if err != nil || len(preview.Affected) != 2 || preview.ID != 0 || w.cancelled(booked) != 1 {
		t.Fatalf("preview: %+v, %v; want two affected and nobody cancelled", preview, err)
	}
	if _, err := w.desk.Hold(t.Context(), w.ask(at[3], "looking")); err != nil {
		t.Errorf("a hold after the preview: %v", err)
	}
	done, err := w.desk.Amend(t.Context(), longer, "manager", false)
	if err != nil || len(done.Affected) != 2 || done.Closed != preview.Closed || w.cancelled(booked[1:4]) != 3 || w.cancelled(booked) != 3 {
		t.Fatalf("extended: %+v, %v; %d cancelled, want those of the 2nd to the 4th day", done, err, w.cancelled(booked))
	}
	if _, err := w.desk.Confirm(t.Context(), w.application(typing, "typing", w.couple())); err == nil {
		t.Error("a hold from before was confirmed in the days that were added")
	}
	if _, err := w.desk.Hold(t.Context(), w.ask(at[2], "after")); !errors.Is(err, ErrSuspended) {
		t.Errorf("a hold in the days that were added: %v, want %v", err, ErrSuspended)
	}
	w.drain()
	w.check()

	shorter := Amendment{Office: office, Suspension: s.ID, To: first.AddDays(2), Reason: "疫情结束"}
	done, err = w.desk.Amend(t.Context(), shorter, "manager", false)
	if err != nil || len(done.Affected) != 0 || done.Reopened != 1 || done.Closed != 0 || w.cancelled(booked) != 3 {
		t.Errorf("shortened: %+v, %v; want one quota open again and nobody cancelled", done, err)
	}
	w.book(at[3])
	if _, err := w.desk.Hold(t.Context(), w.ask(at[2], "later")); !errors.Is(err, ErrSuspended) {
		t.Errorf("a hold in what is left of it: %v, want %v", err, ErrSuspended)
	}
	var calls int
	if err := w.db.Get(&calls, `SELECT count(*) FROM contact WHERE open`); err != nil || calls != 3 {
		t.Errorf("%d couples on the call list, want 3 (%v)", calls, err)
	}
	w.drain()
	w.check()

	shorter.Office = "430703"
	if _, err := w.desk.Amend(t.Context(), shorter, "manager", false); !errors.Is(err, slots.ErrNoSuchSuspension) {
		t.Errorf("by another office: %v, want %v", err, slots.ErrNoSuchSuspension)
	}
}

func TestCutLeavesAnExcessAndCancelsNobody(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 3)
	w.book(slot)
	w.book(slot)
	done, err := w.desk.SetCapacity(t.Context(), Capacity{Quota: slot.Quota(slots.Phone), Places: 1, Reason: "a counter is closed", Actor: "manager"})
	if err != nil || done.After != 1 || done.Excess != 1 {
		t.Fatalf("cut to %d with an excess of %d, %v", done.After, done.Excess, err)
	}
	if n := w.booked(slot); n != 2 {
		t.Errorf("%d still booked", n)
	}
	if _, err := w.desk.Hold(t.Context(), w.ask(slot, "k")); !errors.Is(err, ErrFull) {
		t.Errorf("hold: %v, want %v", err, ErrFull)
	}
	w.check()
}

func TestCutKeepsThePromiseToWhoHoldsAPlace(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 3)
	h, err := w.desk.Hold(t.Context(), w.ask(slot, "k"))
	if err != nil {
		t.Fatal(err)
	}
	done, err := w.desk.SetCapacity(t.Context(), Capacity{Quota: slot.Quota(slots.Phone), Places: 0, Reason: "closed", Actor: "manager"})
	if err != nil || done.After != 1 {
		t.Fatalf("cut to %d, %v; one couple is typing", done.After, err)
	}
	if _, err := w.desk.Confirm(t.Context(), w.application(h, "k", w.couple())); err != nil {
		t.Errorf("the couple was told: %v", err)
	}
}

// Caps above the slots bind all of them together, in Redis and in Postgres.
func TestDayCapBindsAllSlots(t *testing.T) {
	w := newWorld(t)
	a, b := w.slot("0900", 2), w.slot("1500", 2)
	cap := a.Family(slots.Phone)[2] // the day's
	w.exec(`INSERT INTO quota (id, office_id, day, kind, biz_group, cap, opens_at, closes_at) VALUES ($1, $2, $3, 'day', 'marriage', 3, clock_now() - interval '1 day', clock_now() + interval '90 days')`, cap, office, w.day)
	w.exec(`UPDATE quota SET parents = ARRAY[$1], version = version + 1 WHERE kind = 'place'`, cap)
	if err := w.desk.publishDay(t.Context(), office, w.day); err != nil {
		t.Fatal(err)
	}
	w.book(a)
	w.book(a)
	w.book(b)
	if _, err := w.desk.Hold(t.Context(), w.ask(b, "k")); !errors.Is(err, ErrFull) {
		t.Errorf("the fourth of three: %v, want %v", err, ErrFull)
	}
	w.drain()
	w.check()
}

// The SQL functions, called directly: what they refuse leaves nothing behind.
func TestRefusedConfirmationLeavesNoTrace(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 1)
	w.book(slot)
	h := w.handedOut(slot.String(), 1)[0]
	g, err := readGrant(w.desk.Keys, h.Token, h.ID, "handed/0")
	if err != nil {
		t.Fatal(err)
	}
	c, err := w.desk.prepare(w.application(h, "handed/0", w.couple()), g, slots.DefaultRules())
	if err != nil {
		t.Fatal(err)
	}
	c.fresh = true
	if _, err := runConfirm(t.Context(), w.db, c); postgres.State(err) != "HY003" {
		t.Errorf("full: %v", err)
	}
	c.grant.Ends = time.Now().Add(-time.Second).UnixMilli()
	if _, err := runConfirm(t.Context(), w.db, c); postgres.State(err) != "HY001" {
		t.Errorf("expired: %v", err)
	}
	c.fresh = false
	if made, err := runConfirm(t.Context(), w.db, c); err != nil || made.Result != "gone" {
		t.Errorf("not fresh: %s, %v", made.Result, err)
	}
	var left int
	if err := w.db.Get(&left, `SELECT count(*) FROM hold_outcome WHERE hold_id = $1`, h.ID); err != nil || left != 0 {
		t.Errorf("%d outcomes left, %v", left, err)
	}
	ended, _, err := voidHold(t.Context(), w.db, grant{Hold: uuid.New(), Quota: slot.Quota(slots.Phone)}, "R", "test")
	if err != nil || ended != "R" {
		t.Errorf("void: %s, %v", ended, err)
	}
	w.check()
}
