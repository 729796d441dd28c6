package booking

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"hunyue/internal/testenv"
	"hunyue/slots"
)

// left is what a reader sees of a slot.
func (w *world) left(slot slots.SlotID) Time {
	w.t.Helper()
	a, err := w.desk.Availability(w.t.Context(), office)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, at := range a.Times(marriage, slots.Phone, w.day) {
		if at.Slot == slot {
			return at
		}
	}
	w.t.Fatalf("%s is not shown", slot)
	return Time{}
}

func TestEveryoneSeesTheirOwnChange(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 3)
	for want := 3; want > 0; want-- {
		if got := w.left(slot); got.Remaining != want || got.State != Open {
			t.Errorf("%d left and %s, want %d", got.Remaining, got.State, want)
		}
		if _, err := w.desk.Hold(t.Context(), w.ask(slot, time.Now().String())); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.left(slot); got.Remaining != 0 || got.State != Full {
		t.Errorf("%d left and %s after the last hold", got.Remaining, got.State)
	}
}

// asks counts what Redis is asked.
type asks struct{ atomic.Int64 }

func (a *asks) DialHook(next goredis.DialHook) goredis.DialHook { return next }

func (a *asks) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		a.Add(1)
		return next(ctx, cmd)
	}
}

func (a *asks) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return next
}

func TestReadersDoNotWaitForARedisThatIsAway(t *testing.T) {
	own, server := testenv.OwnRedis(t)
	w := worldAt(t, own, "")
	slot := w.slot("0900", 2)
	w.book(slot)
	for range 5 {
		w.day = w.day.AddDays(1)
		w.slot("0900", 1)
	}
	w.day = slot.Day
	server.Kill()
	var asked asks
	own.AddHook(&asked)
	got := w.left(slot)
	if got.Remaining != 1 || asked.Load() != 1 {
		t.Errorf("%d left after asking %d times; want what Postgres counts, after one", got.Remaining, asked.Load())
	}
	t.Logf("fault: Redis killed while somebody looks: %d of 2 places left, as Postgres counts, after asking Redis %d time", got.Remaining, asked.Load())
}

// Counting takes a fifth of the time at most, however many changes there are.
func TestACrowdOfChangesCountsRarely(t *testing.T) {
	w := newWorld(t)
	w.left(w.slot("0900", 300))
	var (
		all   sync.WaitGroup
		mu    sync.Mutex
		took  = map[*Availability]time.Duration{}
		began = time.Now()
	)
	for range 8 {
		all.Go(func() {
			for range 20 {
				w.desk.own.availability.changed(office)
				a, err := w.desk.Availability(t.Context(), office)
				if err != nil {
					t.Error(err)
					return
				}
				w.desk.own.availability.mu.Lock()
				one := w.desk.own.availability.newest[office].took
				w.desk.own.availability.mu.Unlock()
				mu.Lock()
				took[a] = one
				mu.Unlock()
			}
		})
	}
	all.Wait()
	var counting time.Duration
	for _, one := range took {
		counting += one
	}
	if spent := time.Since(began); counting > spent/2 {
		t.Errorf("counted %d times for %v of %v", len(took), counting, spent)
	}
}

func TestDayHasAReason(t *testing.T) {
	w := newWorld(t)
	slot := w.slot("0900", 1)
	a, err := w.desk.Availability(t.Context(), office)
	if err != nil {
		t.Fatal(err)
	}
	days := a.Days(marriage, slots.Phone, w.day.AddDays(-8), w.day.AddDays(60))
	for _, d := range days {
		switch {
		case d.Date == slot.Day && (d.State != Open || d.Remaining != 1):
			t.Errorf("the published day is %s with %d left", d.State, d.Remaining)
		case d.Date.Before(w.day.AddDays(-7)) && d.State != Past:
			t.Errorf("%s is %s", d.Date, d.State)
		case d.State == Closed && d.Reason == "":
			t.Errorf("%s is closed and nobody says why", d.Date)
		}
	}
	if last := days[len(days)-1]; last.State != Unreleased && last.Reason == "" {
		t.Errorf("sixty days ahead is %s", last.State)
	}
}
