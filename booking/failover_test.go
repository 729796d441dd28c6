package booking

import (
	"errors"
	"fmt"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/testenv"
	"hunyue/slots"
)

func TestSentinelFailoverBreaksNoPromise(t *testing.T) {
	t.Parallel()
	client, group := testenv.OwnSentinel(t)
	w := worldAt(t, client, "")
	w.failover("the master of Sentinels", group, func() {})
}

// In a cluster the days of the other masters go on as if nothing had happened.
func TestClusterFailoverBreaksNoPromise(t *testing.T) {
	t.Parallel()
	client, group := testenv.OwnCluster(t, 1)
	w := worldAt(t, client, "")
	elsewhere := w.slot("0900", 1)
	for group.Master(w.key(w.day)) == group.Master(w.key(elsewhere.Day)) {
		w.day = w.day.AddDays(1)
	}
	w.failover("a master of a cluster", group, func() { w.book(elsewhere) })
}

// failover kills the Redis that decides about w.day while three couples type.
// The next one has not heard of the last of them. All three get their places,
// newcomers are kept out, and once every hold that may have been lost has ended
// the places that are left are sold, and no more; also on a day of that Redis
// that nobody asked for meanwhile.
func (w *world) failover(name string, group *testenv.Group, elsewhere func()) {
	w.t.Helper()
	slot, quiet := w.slot("0900", 5), w.quiet(group)
	w.book(slot)
	first, second := w.held(slot, "first"), w.held(slot, "second")
	group.CutOff(w.key(w.day))
	lost := w.held(slot, "lost")
	group.KillMaster(w.key(w.day))
	died := time.Now()

	w.confirm(first, "first") // nobody can be asked: Postgres decides
	elsewhere()
	w.left(slot)
	wait := w.resuming(slot, died.Add(30*time.Second))
	away := time.Since(died)
	at := w.desk.Holds.keys(slot.Family(slots.Phone))[1]
	if err := w.desk.Holds.Redis.ZScore(w.t.Context(), at, lost.ID.String()).Err(); !errors.Is(err, goredis.Nil) {
		w.t.Errorf("the last hold was not lost: %v", err)
	}
	w.confirm(second, "second")
	w.confirm(lost, "lost")
	if _, err := w.desk.Reconcile(w.t.Context()); err != nil {
		w.t.Error(err)
	}

	w.ahead(wait + time.Second)
	w.book(slot)
	w.book(quiet)
	if _, err := w.desk.Hold(w.t.Context(), w.ask(slot, "late")); !errors.Is(err, ErrFull) {
		w.t.Errorf("after all places are sold: %v, want %v", err, ErrFull)
	}
	w.drain()
	w.check()
	w.t.Logf("fault: %s killed while couples type, its replica one hold behind: asked again after %.1f s, newcomers kept out for %v, then %d of 5 places booked",
		name, away.Seconds(), wait, w.booked(slot))
}

// quiet is a slot of another day about which the same Redis decides.
func (w *world) quiet(group *testenv.Group) slots.SlotID {
	w.t.Helper()
	busy := w.day
	defer func() { w.day = busy }()
	for w.day = busy.AddDays(1); group.Master(w.key(w.day)) != group.Master(w.key(busy)); {
		w.day = w.day.AddDays(1)
	}
	return w.slot("0900", 1)
}

// key is that of an office-day in Redis.
func (w *world) key(day date.Date) string {
	return w.desk.Holds.base(slots.SlotID{Office: office, Day: day}.String()) + ":m"
}

func (w *world) confirm(h Hold, key string) {
	w.t.Helper()
	if _, err := w.desk.Confirm(w.t.Context(), w.application(h, key, w.couple())); err != nil {
		w.t.Errorf("a couple that held a place (%s) was told: %v", key, err)
	}
}

// resuming is newcomers, of whom none may be let in. It returns for how long,
// once there is a Redis again to say so.
func (w *world) resuming(slot slots.SlotID, limit time.Time) time.Duration {
	w.t.Helper()
	for n := 0; time.Now().Before(limit); n++ {
		_, err := w.desk.Hold(w.t.Context(), w.ask(slot, fmt.Sprintf("newcomer/%d", n)))
		if !errors.Is(err, ErrResuming) {
			w.t.Fatalf("a newcomer after the failover: %v, want %v", err, ErrResuming)
		}
		if wait := fault.Of(err).RetryAfter; wait > time.Minute {
			return wait
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.t.Fatal("nothing has taken over")
	return 0
}
