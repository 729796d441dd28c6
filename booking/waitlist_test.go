package booking

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"hunyue/internal/date"
	"hunyue/slots"
)

// waitWorld is a world at ten in the morning, with a morning slot of so many places
// for the web, all of them booked.
func waitWorld(t *testing.T, places int) (*world, slots.SlotID, []Appointment) {
	t.Helper()
	w := newWorld(t)
	w.at(1, 10, 0)
	slot := w.slot("0900", 0)
	w.webSlot(slot, places)
	var booked []Appointment
	for range places {
		booked = append(booked, w.bookWeb(slot))
	}
	return w, slot, booked
}

// at moves every clock to a time of the office, so many days from today.
func (w *world) at(days, hour, minute int) {
	w.t.Helper()
	day := date.DateOf(time.Now().In(china)).AddDays(days)
	w.ahead(time.Date(day.Year, day.Month, day.Day, hour, minute, 0, 0, china).Sub(w.desk.Clock.Now()))
}

// webSlot gives a slot so many places for the web.
func (w *world) webSlot(slot slots.SlotID, places int) {
	w.t.Helper()
	w.exec(`
		INSERT INTO quota (id, office_id, day, kind, slot_id, biz_group, channel, cap, planned, opens_at, closes_at)
		SELECT $1, office_id, day, 'place', slot_id, 'marriage', 'web', $2, $2, opens_at, closes_at
		FROM quota
		WHERE id = $3`, slot.Quota(slots.Web), places, slot.Quota(slots.Phone))
	if err := w.desk.publishDay(w.t.Context(), office, w.day); err != nil {
		w.t.Fatal(err)
	}
}

// bookWeb books a web place for a new couple; staff do, so that no code is asked.
func (w *world) bookWeb(slot slots.SlotID) Appointment {
	w.t.Helper()
	key := uuid.NewString()
	h, err := w.desk.Hold(w.t.Context(), HoldRequest{Slot: slot, Channel: slots.Web, Session: key, Key: key})
	if err != nil {
		w.t.Fatalf("hold: %v", err)
	}
	app := w.application(h, key, w.couple())
	app.Channel, app.Actor, app.Code = slots.Web, "couple", "123456"
	w.codeTo(app.Phone.Number())
	r, err := w.desk.Confirm(w.t.Context(), app)
	if err != nil {
		w.t.Fatalf("confirm: %v", err)
	}
	a, err := w.desk.Find(w.t.Context(), r.Number, r.Secret)
	if err != nil {
		w.t.Fatalf("find: %v", err)
	}
	return a
}

func (w *world) codeTo(phone string) {
	w.t.Helper()
	w.exec(`INSERT INTO phone_code (phone_key, code_mac, locale, expires_at) VALUES ($1, $2, 'zh', clock_now() + interval '5 minutes')`,
		w.desk.Keys.MAC("phone", []byte(phone)), w.desk.Keys.MAC("code", []byte(phone), []byte("123456")))
}

// joining is a new couple that wishes the morning of the day of w.
func (w *world) joining() Joining {
	w.t.Helper()
	app := w.application(Hold{}, uuid.NewString(), w.couple())
	app.Channel, app.Actor, app.Caller, app.Code = slots.Web, "couple", "", "123456"
	w.codeTo(app.Phone.Number())
	return Joining{Application: app, Office: office, Wishes: []Wish{{Day: w.day, Half: Morning}}}
}

// joined puts a new couple on the list.
func (w *world) joined() Waiter {
	w.t.Helper()
	waiter, err := w.desk.Join(w.t.Context(), w.joining())
	if err != nil {
		w.t.Fatalf("join: %v", err)
	}
	return waiter
}

// frees cancels an appointment and lets its place cool, whatever minute was drawn.
func (w *world) frees(a Appointment) {
	w.t.Helper()
	if _, err := w.desk.Cancel(w.t.Context(), Change{Appointment: a, Actor: "operator", Staff: true, Reason: "test"}); err != nil {
		w.t.Fatal(err)
	}
	w.exec(`UPDATE cooling SET until = clock_now() WHERE offer IS NULL`)
	w.warms()
}

func (w *world) warms() {
	w.t.Helper()
	if err := w.desk.Warm(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// now is how somebody on the list stands at this moment.
func (w *world) now(waiter Waiter) Waiter {
	w.t.Helper()
	is, err := w.desk.OnList(w.t.Context(), waiter.Number)
	if err != nil {
		w.t.Fatal(err)
	}
	return is
}

// answer is what somebody on the list says to the offer that they have, or says
// without one.
func (w *world) answer(waiter Waiter) Answer {
	w.t.Helper()
	o, err := w.desk.OpenOffer(w.t.Context(), waiter)
	if err != nil && !errors.Is(err, ErrNoOffer) {
		w.t.Fatal(err)
	}
	return Answer{Waiter: w.now(waiter), Offer: o.ID, Actor: "couple"}
}

func (w *world) states(want map[string]WaitState, waiters map[string]Waiter) {
	w.t.Helper()
	for who, state := range want {
		if got := w.now(waiters[who]).State; got != state {
			w.t.Errorf("%s is %s, want %s", who, got, state)
		}
	}
}

func TestACancelledPlaceIsOfferedInTheOrderOfJoining(t *testing.T) {
	w, slot, booked := waitWorld(t, 1)
	all := map[string]Waiter{"first": w.joined(), "second": w.joined(), "third": w.joined()}
	w.frees(booked[0])
	w.states(map[string]WaitState{"first": Offered, "second": Waiting, "third": Waiting}, all)
	if _, err := w.desk.Hold(t.Context(), HoldRequest{Slot: slot, Channel: slots.Web, Session: "a rival", Key: "a rival"}); !errors.Is(err, ErrFull) {
		t.Errorf("a rival while it is offered: %v, want %v", err, ErrFull)
	}

	w.ahead(29 * time.Minute)
	w.warms()
	w.states(map[string]WaitState{"first": Offered}, all)
	late := w.answer(all["first"])
	w.ahead(2 * time.Minute)
	w.warms()
	w.states(map[string]WaitState{"first": Waiting, "second": Offered, "third": Waiting}, all)
	if _, err := w.desk.Accept(t.Context(), late); !errors.Is(err, ErrNoOffer) {
		t.Errorf("the first, too late: %v, want %v", err, ErrNoOffer)
	}

	if err := w.desk.Decline(t.Context(), w.answer(all["second"])); err != nil {
		t.Fatal(err)
	}
	w.warms()
	w.states(map[string]WaitState{"first": Waiting, "second": Waiting, "third": Offered}, all)
	made, err := w.desk.Accept(t.Context(), w.answer(all["third"]))
	if err != nil || made.Status != Booked || made.Slot != slot {
		t.Fatalf("the third accepts: %+v, %v", made, err)
	}
	w.states(map[string]WaitState{"third": WaitBooked}, all)
	if got := w.booked(slot); got != 1 {
		t.Errorf("%d booked in one place", got)
	}
	w.drain()
	w.check()
}

func TestAPlaceThatNobodyWantsIsForEverybody(t *testing.T) {
	w, slot, booked := waitWorld(t, 2)
	waiter := w.joined()
	w.frees(booked[0])
	if err := w.desk.Decline(t.Context(), w.answer(waiter)); err != nil {
		t.Fatal(err)
	}
	w.warms() // nobody is left who has not been asked for this place
	if _, err := w.desk.Hold(t.Context(), HoldRequest{Slot: slot, Channel: slots.Web, Session: "anybody", Key: "anybody"}); err != nil {
		t.Errorf("anybody: %v", err)
	}
	w.frees(booked[1]) // another place: they are asked again
	w.states(map[string]WaitState{"they": Offered}, map[string]Waiter{"they": waiter})
	w.drain()
	w.check()
}

func TestAcceptingTwiceIsOneAppointment(t *testing.T) {
	w, slot, booked := waitWorld(t, 1)
	waiter := w.joined()
	w.frees(booked[0])
	a := w.answer(waiter)
	var numbers sync.Map
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			made, err := w.desk.Accept(t.Context(), a)
			if err != nil {
				t.Errorf("accept: %v", err)
			}
			numbers.Store(made.Number+" "+made.Secret, true)
		})
	}
	all.Wait()
	different := 0
	numbers.Range(func(any, any) bool { different++; return true })
	if different != 1 || w.booked(slot) != 1 {
		t.Errorf("%d receipts, %d booked; want one", different, w.booked(slot))
	}
	again, err := w.desk.Accept(t.Context(), a)
	if err != nil || !again.Replayed {
		t.Errorf("later: %+v, %v", again, err)
	}
	if err := w.desk.Decline(t.Context(), a); err != nil || w.booked(slot) != 1 {
		t.Errorf("declined after it was accepted: %v, %d booked", err, w.booked(slot))
	}
	w.drain()
	w.check()
}

func TestWhoMissesTwoOffersIsOffTheListAndErased(t *testing.T) {
	w, _, booked := waitWorld(t, 2)
	waiter := w.joined()
	for _, a := range booked {
		w.frees(a)
		w.ahead(31 * time.Minute)
		w.warms()
	}
	is := w.now(waiter)
	if is.State != WaitExpired || is.Misses != 2 {
		t.Errorf("%s after %d misses", is.State, is.Misses)
	}
	if string(is.PhoneKey) == string(waiter.PhoneKey) {
		t.Error("their phone is still found")
	}
	var told []string
	if err := w.db.Select(&told, `SELECT kind FROM outbox WHERE waiter_id = $1 ORDER BY id`, waiter.ID); err != nil {
		t.Fatal(err)
	}
	if want := []string{"wait_joined", "wait_hit", "wait_passed", "wait_hit", "wait_ended"}; !equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	if len(is.Contact) == 0 {
		t.Error("the phone is gone before the last text is sent")
	}
	w.exec(`UPDATE outbox SET state = 'done' WHERE waiter_id IS NOT NULL`)
	w.warms()
	if is = w.now(waiter); len(is.Contact) != 0 {
		t.Error("the phone stays after the last text")
	}
	w.drain()
	w.check()
}

func equal[T comparable](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
