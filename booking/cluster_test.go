package booking

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"hunyue/internal/date"
	"hunyue/internal/testenv"
	"hunyue/slots"
)

// Everything that is asked of Redis goes to one server of a cluster, and not
// always to the same.
func TestClusterServesADesk(t *testing.T) {
	t.Parallel()
	client, group := testenv.OwnCluster(t, 0)
	w := worldAt(t, client, "")
	onEveryMaster(t, client, func(ctx context.Context, m *goredis.Client) error {
		found, err := m.FunctionList(ctx, goredis.FunctionListQuery{LibraryNamePattern: "hunyue"}).Result()
		if len(found) != 1 {
			t.Errorf("%s has not been given the library", m.Options().Addr)
		}
		return err
	})
	first := w.day
	w.publish(first, first.AddDays(12))
	var busy atomic.Int64
	onEveryMaster(t, client, func(ctx context.Context, m *goredis.Client) error {
		keys, err := m.DBSize(ctx).Result()
		if keys > 0 {
			busy.Add(1)
		}
		return err
	})
	if busy.Load() < 2 {
		t.Errorf("the days are on %d master", busy.Load())
	}
	for n := range 6 {
		w.lively(first.AddDays(n), first.AddDays(n+6))
	}
	w.suspend(first.AddDays(1), first.AddDays(3))
	w.drain()
	w.check()

	w.emptied(client, w.offered(first.AddDays(4)))
	w.drain()
	w.check()

	gone := first
	for group.Master(w.key(gone)) == group.Master(w.key(first.AddDays(4))) {
		gone = gone.AddDays(1)
	}
	group.KillMaster(w.key(gone))
	slot := w.offered(first.AddDays(4))
	before := w.booked(slot)
	w.amongTheOthers(client, slot)
	t.Logf("fault: a master without a replica killed: days of the others go on, %d more booked by a program that starts meanwhile", w.booked(slot)-before)
}

// amongTheOthers: while a master is away, the days of the others are served, by
// a program that starts only now, and though they lose the library.
func (w *world) amongTheOthers(client *goredis.ClusterClient, slot slots.SlotID) {
	w.t.Helper()
	if err := w.desk.Holds.Load(w.t.Context()); err != nil {
		w.t.Errorf("the program does not start: %v", err)
	}
	other, err := client.MasterForKey(w.t.Context(), w.key(slot.Day))
	w.must(err)
	w.must(other.FunctionFlush(w.t.Context()).Err())
	w.book(slot)
}

func onEveryMaster(t testing.TB, client *goredis.ClusterClient, do func(ctx context.Context, m *goredis.Client) error) {
	t.Helper()
	if err := client.ForEachMaster(t.Context(), do); err != nil {
		t.Fatal(err)
	}
}

// publish has the office offer every day, with caps of every kind above the
// slots: four places by phone in each.
func (w *world) publish(from, to date.Date) {
	w.t.Helper()
	hall := 100
	hours := []slots.Period{{From: 9 * 60, To: 11 * 60}}
	err := w.desk.Offices.PutSchedule(w.t.Context(), office, from, slots.Template{
		SlotMinutes: 30, Capacity: slots.Capacity{slots.Marriage: 20},
		Weekdays: slots.Week{"mon": hours, "tue": hours, "wed": hours, "thu": hours, "fri": hours, "sat": hours, "sun": hours},
		Caps:     slots.Caps{HalfDay: map[slots.Group]int{slots.Marriage: 60}, Day: map[slots.Group]int{slots.Marriage: 50}, Hall: &hall},
	}, "manager")
	if err == nil {
		_, err = w.desk.Publish(w.t.Context(), office, from, to, slots.PublishOptions{ConfirmUnpublishedCalendar: true}, "manager")
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// offered is a slot of the day as a reader finds it.
func (w *world) offered(day date.Date) slots.SlotID {
	w.t.Helper()
	a, err := w.desk.Availability(w.t.Context(), office)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, at := range a.Times(marriage, slots.Phone, day) {
		if at.State == Open {
			return at.Slot
		}
	}
	w.t.Fatalf("nothing is offered on %s", day)
	return slots.SlotID{}
}

// lively is a day on which people do all that they can do, and one couple moves
// to another day.
func (w *world) lively(day, other date.Date) {
	w.t.Helper()
	slot, ctx := w.offered(day), w.t.Context()
	w.named(slot)
	back := w.held(slot, "back")
	w.must(w.desk.Release(ctx, back.ID, back.Token, "back"))
	a := w.book(slot)
	_, err := w.desk.Cancel(ctx, Change{Appointment: a, Code: w.code(a), Actor: "couple"})
	w.must(err)
	a = w.book(slot)
	to := w.held(w.offered(other), "to")
	_, err = w.desk.Move(ctx, Change{Appointment: a, Code: w.code(a), Actor: "couple"}, to.ID, to.Token, "to")
	w.must(err)
	for _, places := range []int{6, 2} {
		_, err := w.desk.SetCapacity(ctx, Capacity{Quota: slot.Quota(slots.Phone), Places: places, Reason: "test", Actor: "manager"})
		w.must(err)
	}
	if _, err := w.desk.Hold(ctx, w.ask(slot, "late")); !errors.Is(err, ErrFull) { // two cool, one is booked
		w.t.Errorf("after a cut: %v, want %v", err, ErrFull)
	}
}

// named is a couple that says who they are before they hold a place, and takes
// its time.
func (w *world) named(slot slots.SlotID) {
	w.t.Helper()
	ctx, couple := w.t.Context(), w.couple()
	named, twice := w.ask(slot, "named"), w.ask(slot, "twice")
	named.Persons = [][]byte{w.desk.Person(couple[0].Document), w.desk.Person(couple[1].Document)}
	twice.Persons = named.Persons[1:]
	h, err := w.desk.Hold(ctx, named)
	w.must(err)
	if _, err := w.desk.Hold(ctx, twice); !errors.Is(err, ErrPersonBusy) {
		w.t.Errorf("a person in a second hold: %v, want %v", err, ErrPersonBusy)
	}
	w.ahead(time.Minute)
	h, err = w.desk.Extend(ctx, h.ID, h.Token, named.Key)
	w.must(err)
	_, err = w.desk.Confirm(ctx, w.application(h, named.Key, couple))
	w.must(err)
}

// suspend closes the office from one day to another.
func (w *world) suspend(from, to date.Date) {
	w.t.Helper()
	slot := w.offered(from)
	w.held(slot, "typing")
	done, err := w.desk.Suspend(w.t.Context(), slots.Closing{Office: office, From: from, To: to, Mode: slots.Full, Reason: "疫情防控"}, "manager", false)
	if err != nil || len(done.Affected) == 0 {
		w.t.Errorf("%d are affected, %v", len(done.Affected), err)
	}
	if _, err := w.desk.Hold(w.t.Context(), w.ask(slot, "suspended")); !errors.Is(err, ErrSuspended) {
		w.t.Errorf("a hold in the suspension: %v, want %v", err, ErrSuspended)
	}
}

// emptied leaves every server without data and library, and sees the days come
// back: one because somebody asks for it, the others because they are looked
// after.
func (w *world) emptied(client *goredis.ClusterClient, slot slots.SlotID) {
	w.t.Helper()
	h := w.held(slot, "lost")
	onEveryMaster(w.t, client, func(ctx context.Context, m *goredis.Client) error {
		return errors.Join(m.FlushAll(ctx).Err(), m.FunctionFlush(ctx).Err())
	})
	if _, err := w.desk.Hold(w.t.Context(), w.ask(slot, "newcomer")); !errors.Is(err, ErrResuming) {
		w.t.Errorf("a newcomer after the loss: %v, want %v", err, ErrResuming)
	}
	w.confirm(h, "lost")
	back, err := w.desk.Reconcile(w.t.Context())
	if err != nil || back == 0 {
		w.t.Errorf("%d quotas put back, %v", back, err)
	}
	if differ, err := w.desk.Reconcile(w.t.Context()); err != nil || differ != 0 {
		w.t.Errorf("%d quotas still differ, %v", differ, err)
	}
	w.ahead(5*time.Minute + grace + partition + time.Second)
	w.book(slot)
	w.t.Logf("fault: every server of a cluster emptied, the library too: %d quotas put back, %d booked on the day after all", back, w.booked(slot))
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}
