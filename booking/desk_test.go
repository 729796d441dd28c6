package booking

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"hunyue/internal/fault"
	"hunyue/internal/identity"
	"hunyue/internal/testenv"
	"hunyue/slots"
)

func TestHoldBecomesOneAppointment(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 1)
	h, err := w.desk.Hold(t.Context(), w.ask(slot, "k"))
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(h.ExpiresAt); left < 4*time.Minute || left > 5*time.Minute+time.Second {
		t.Errorf("hold lasts %v", left)
	}
	application := w.application(h, "k", w.couple())
	first, err := w.desk.Confirm(t.Context(), application)
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.desk.Confirm(t.Context(), application)
	if err != nil {
		t.Fatalf("the same request again: %v", err)
	}
	again.Replayed = false
	if first != again {
		t.Errorf("asked again: %+v, first: %+v", again, first)
	}
	if n := w.booked(slot); n != 1 {
		t.Errorf("%d appointments of one hold", n)
	}
	w.check()
}

func TestReplayAfterExpiryGivesTheAppointment(t *testing.T) {
	w := newWorld(t)
	h, err := w.desk.Hold(t.Context(), w.ask(w.slot("0900", 1), "k"))
	if err != nil {
		t.Fatal(err)
	}
	application := w.application(h, "k", w.couple())
	first, err := w.desk.Confirm(t.Context(), application)
	if err != nil {
		t.Fatal(err)
	}
	w.ahead(time.Hour)
	if again, err := w.desk.Confirm(t.Context(), application); err != nil || again.Number != first.Number {
		t.Errorf("an hour later: %q, %v; first %q", again.Number, err, first.Number)
	}
}

func TestSameKeyIsTheSameHold(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 1)
	first, err := w.desk.Hold(t.Context(), w.ask(slot, "k"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.desk.Hold(t.Context(), w.ask(slot, "k"))
	if err != nil || again != first {
		t.Errorf("again: %+v, %v; first: %+v", again, err, first)
	}
	if _, err := w.desk.Hold(t.Context(), w.ask(slot, "other")); !errors.Is(err, ErrFull) {
		t.Errorf("a rival: %v, want %v", err, ErrFull)
	}
}

func TestHoldEnds(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 1)
	h, err := w.desk.Hold(t.Context(), w.ask(slot, "k"))
	if err != nil {
		t.Fatal(err)
	}
	w.ahead(5*time.Minute + grace + time.Second)
	if _, err := w.desk.Confirm(t.Context(), w.application(h, "k", w.couple())); !errors.Is(err, ErrHoldExpired) {
		t.Errorf("confirm after the end: %v, want %v", err, ErrHoldExpired)
	}
	if _, err := w.desk.Hold(t.Context(), w.ask(slot, "rival")); err != nil {
		t.Errorf("the place is not free again: %v", err)
	}
	w.check()
}

func TestAskingAgainDoesNotKeepAnEndedHold(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 1)
	h, err := w.desk.Hold(t.Context(), w.ask(slot, "k"))
	if err != nil {
		t.Fatal(err)
	}
	w.ahead(5*time.Minute + time.Second)
	for range 5 {
		if _, err := w.desk.Confirm(t.Context(), w.application(h, "k", w.couple())); !errors.Is(err, ErrHoldExpired) {
			t.Errorf("confirm after the end: %v, want %v", err, ErrHoldExpired)
		}
		w.ahead(4 * time.Second)
	}
	if _, err := w.desk.Hold(t.Context(), w.ask(slot, "rival")); err != nil {
		t.Errorf("the place is still kept: %v", err)
	}
}

func TestExtendGivesMoreTimeButNotForEver(t *testing.T) {
	w := newWorld(t)
	h, err := w.desk.Hold(t.Context(), w.ask(w.slot("0900", 1), "k"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		w.ahead(4 * time.Minute)
		longer, err := w.desk.Extend(t.Context(), h.ID, h.Token, "k")
		if err != nil {
			t.Fatal(err)
		}
		if more := longer.ExpiresAt.Sub(h.ExpiresAt); more < 3*time.Minute {
			t.Errorf("extended by %v", more)
		}
		h = longer
	}
	w.ahead(4 * time.Minute)
	if _, err := w.desk.Extend(t.Context(), h.ID, h.Token, "k"); !errors.Is(err, ErrNoExtension) {
		t.Errorf("third extension: %v, want %v", err, ErrNoExtension)
	}
	if _, err := w.desk.Confirm(t.Context(), w.application(h, "k", w.couple())); err != nil {
		t.Errorf("confirm within the extension: %v", err)
	}
}

func TestReleasedHoldCannotBeConfirmed(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 1)
	h, err := w.desk.Hold(t.Context(), w.ask(slot, "k"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.desk.Release(t.Context(), h.ID, h.Token, "k"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.desk.Confirm(t.Context(), w.application(h, "k", w.couple())); !errors.Is(err, ErrHoldExpired) {
		t.Errorf("confirm after release: %v, want %v", err, ErrHoldExpired)
	}
	w.book(slot)
	w.check()
}

func TestReleaseOfAnAppointmentIsRefused(t *testing.T) {
	w := newWorld(t)
	h, err := w.desk.Hold(t.Context(), w.ask(w.slot("0900", 1), "k"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Confirm(t.Context(), w.application(h, "k", w.couple())); err != nil {
		t.Fatal(err)
	}
	if err := w.desk.Release(t.Context(), h.ID, h.Token, "k"); !errors.Is(err, ErrBooked) {
		t.Errorf("release: %v, want %v", err, ErrBooked)
	}
}

func TestForeignTokensAreRefused(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 2)
	mine, err := w.desk.Hold(t.Context(), w.ask(slot, "mine"))
	if err != nil {
		t.Fatal(err)
	}
	yours, err := w.desk.Hold(t.Context(), w.ask(slot, "yours"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := newWorld(t).desk.handOut(grant{Hold: mine.ID, Quota: slot.Quota("phone")}, slot)
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"of another hold": yours.Token, "of another registry": other.Token, "cut": mine.Token[:len(mine.Token)-4], "empty": "", "noise": "a.b",
	} {
		a := w.application(mine, "mine", w.couple())
		a.Token = token
		if _, err := w.desk.Confirm(t.Context(), a); !errors.Is(err, ErrHoldForeign) {
			t.Errorf("a token %s: %v, want %v", name, err, ErrHoldForeign)
		}
	}
	stolen := w.application(mine, "thief", w.couple())
	if _, err := w.desk.Confirm(t.Context(), stolen); !errors.Is(err, ErrHoldForeign) {
		t.Errorf("another session: %v, want %v", err, ErrHoldForeign)
	}
	if n := w.booked(slot); n != 0 {
		t.Errorf("%d stored", n)
	}
}

func TestPersonHasOneActiveAppointment(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 3)
	couple := w.couple()
	confirm := func(key string, parties []Party) error {
		h, err := w.desk.Hold(t.Context(), w.ask(slot, key))
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.desk.Confirm(t.Context(), w.application(h, key, parties))
		return err
	}
	if err := confirm("first", couple); err != nil {
		t.Fatal(err)
	}
	if err := confirm("second", []Party{w.person(identity.Male), couple[1]}); !errors.Is(err, ErrPersonBusy) {
		t.Errorf("her again with another: %v, want %v", err, ErrPersonBusy)
	}
	if n := w.booked(slot); n != 1 {
		t.Errorf("%d stored", n)
	}
	w.check()
}

func TestPersonsNamedAtTheHoldAreInOneHold(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 3)
	couple := w.couple()
	persons := [][]byte{w.desk.Person(couple[0].Document), w.desk.Person(couple[1].Document)}
	first := w.ask(slot, "first")
	first.Persons = persons
	h, err := w.desk.Hold(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	second := w.ask(slot, "second")
	second.Persons = [][]byte{w.desk.Person(w.person(identity.Male).Document), persons[1]}
	if _, err := w.desk.Hold(t.Context(), second); !errors.Is(err, ErrPersonBusy) {
		t.Errorf("her in a second hold: %v, want %v", err, ErrPersonBusy)
	}
	if err := w.desk.Release(t.Context(), h.ID, h.Token, "first"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Hold(t.Context(), second); err != nil {
		t.Errorf("after the release: %v", err)
	}
}

func TestKeyReusedForAnotherRequestIsRefused(t *testing.T) {
	w := newWorld(t)
	h, err := w.desk.Hold(t.Context(), w.ask(w.slot("0900", 2), "k"))
	if err != nil {
		t.Fatal(err)
	}
	a := w.application(h, "k", w.couple())
	if _, err := w.desk.Confirm(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	other := a
	other.Request = []byte("something else")
	for _, later := range []time.Duration{0, 23 * time.Hour} {
		w.ahead(later)
		if _, err := w.desk.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.desk.Confirm(t.Context(), other); !errors.Is(err, ErrKeyReused) {
			t.Errorf("after %v: %v, want %v", later, err, ErrKeyReused)
		}
	}
	w.ahead(2 * time.Hour)
	if n, err := w.desk.Forget(t.Context()); err != nil || n != 1 {
		t.Errorf("%d keys forgotten after a day, %v", n, err)
	}
	if again, err := w.desk.Confirm(t.Context(), a); err != nil || !again.Replayed {
		t.Errorf("the same request after a day: %+v, %v", again, err)
	}
}

func TestIneligibleCouplesAreRefusedByField(t *testing.T) {
	w := newWorld(t)
	h, err := w.desk.Hold(t.Context(), w.ask(w.slot("0900", 1), "k"))
	if err != nil {
		t.Fatal(err)
	}
	him, her := w.person(identity.Male), w.person(identity.Female)
	young := him
	young.Born = w.day.AddDays(-22*365 + 10)
	abroad := her
	abroad.Document = identity.Document{Type: identity.Passport, Number: "E12345678"}
	for name, c := range map[string]struct {
		parties     []Party
		field, code string
	}{
		"alone":            {[]Party{him}, "parties", "count"},
		"twice himself":    {[]Party{him, him}, "parties.1.document.number", "same_person"},
		"two men":          {[]Party{him, w.person(identity.Male)}, "parties.1.sex", "one_man_one_woman"},
		"too young":        {[]Party{young, her}, "parties.0.birth_date", "under_age"},
		"not served here":  {[]Party{him, abroad}, "parties.1.document.type", "not_served_here"},
		"both from abroad": {[]Party{{Document: identity.Document{Type: identity.Passport, Number: "X1234567"}, Sex: identity.Male, Born: him.Born}, abroad}, "parties", "both_foreign"},
	} {
		_, err := w.desk.Confirm(t.Context(), w.application(h, "k", c.parties))
		if got := fault.Of(err).Fields[c.field]; got != c.code {
			t.Errorf("%s: %s is %q, want %q (%v)", name, c.field, got, c.code, err)
		}
	}
	var stored int
	if err := w.db.Get(&stored, `SELECT count(*) FROM appointment`); err != nil || stored != 0 {
		t.Errorf("%d stored, %v", stored, err)
	}
}

func TestACrowdTakesNoConnectionFromStaff(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 2)
	w.desk.DB = testenv.Pool(t, w.db)
	w.desk.DB.SetMaxOpenConns(1)
	crowd, err := w.desk.DB.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer crowd.Close()

	public := w.desk
	w.desk = public.On(w.db, public.Offices)
	a := w.book(slot)
	if _, err := w.desk.Cancel(t.Context(), Change{Appointment: a, Staff: true, Reason: "asked for it", Actor: "operator"}); err != nil {
		t.Errorf("cancel while the public has no connection left: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := public.Find(ctx, a.Number, "secret"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the public desk: %v; want it to wait, or this test shows nothing", err)
	}
}

func TestBothDesksSeeEachOthersChanges(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 1)
	staff := w.desk.On(w.db, w.desk.Offices)
	left := func(d *Desk) int {
		t.Helper()
		a, err := d.Availability(t.Context(), office)
		if err != nil {
			t.Fatal(err)
		}
		return a.Times(marriage, slots.Phone, w.day)[0].Remaining
	}
	if n := left(w.desk); n != 1 {
		t.Fatalf("%d places left before anything, want 1", n)
	}
	if _, err := staff.Hold(t.Context(), w.ask(slot, "k")); err != nil {
		t.Fatal(err)
	}
	if n := left(w.desk); n != 0 {
		t.Errorf("the public desk has %d places left after the staff's held the only one", n)
	}
}

func TestOfficesThatServeForeignersAreNamed(t *testing.T) {
	w := newWorld(t)
	w.exec(`INSERT INTO office (id, name, name_en, address, phone) VALUES ('430703', '鼎城区婚姻登记处', 'Dingcheng', '示例路2号', '0736-0000002')`)
	w.exec(`INSERT INTO office_service (office_id, service_id) VALUES ('430703', 'marriage')`)
	rules := slots.DefaultRules()
	rules.XBOverseas = true
	if err := w.desk.Offices.SetRules(t.Context(), "430703", w.day.AddDays(-6), rules, "test", "manager"); err != nil {
		t.Fatal(err)
	}
	h := w.held(w.slot("0900", 1), "k")
	for number, want := range map[string][]string{
		"E12345678": {"430703"}, // of a Chinese citizen abroad
		"X1234567":  nil,        // of a foreigner, whom nobody serves here
	} {
		couple := w.couple()
		couple[1].Document = identity.Document{Type: identity.Passport, Number: number}
		_, err := w.desk.Confirm(t.Context(), w.application(h, "k", couple))
		if f := fault.Of(err); f.Fields["parties.1.document.type"] != notServedHere || !slices.Equal(f.Offices, want) {
			t.Errorf("with %s: %v, offices %v; want %v", number, f.Fields, f.Offices, want)
		}
	}
}
