package booking

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"hunyue/slots"
)

// What a client asked of one quota, and what it was told.
type (
	asked struct {
		what string // hold, confirm, settle, release
		who  int
	}
	told struct{ ok bool }
)

// onePlace is a quota of so many places as a sequential object: who holds and
// who is booked, one bit each. A confirmation is two steps, confirm and settle,
// and in between it counts twice: Redis has heard of a booking from the next one
// and still knows its hold. That may refuse somebody too early, and never sells
// a place again.
func onePlace(places int) porcupine.Model {
	type state struct{ held, booked uint64 }
	return porcupine.Model{
		Init: func() any { return state{} },
		Step: func(s, in, out any) (bool, any) {
			now, ask, ok := s.(state), in.(asked), out.(told).ok
			bit := uint64(1) << ask.who
			switch {
			case ask.what == "hold" && ok:
				return ones(now.held|now.booked) < places, state{now.held | bit, now.booked}
			case ask.what == "hold":
				return ones(now.held)+ones(now.booked) >= places, now
			case ask.what == "confirm" && ok:
				return now.held&bit != 0, state{now.held, now.booked | bit}
			case ask.what == "settle" && ok:
				return now.held&now.booked&bit != 0, state{now.held &^ bit, now.booked}
			case ask.what == "release" && ok:
				return now.held&bit != 0, state{now.held &^ bit, now.booked}
			}
			return false, now // a holder is never refused
		},
		Equal: func(a, b any) bool { return a == b },
		DescribeOperation: func(in, out any) string {
			return fmt.Sprintf("%+v -> %+v", in, out)
		},
	}
}

func ones(x uint64) int {
	n := 0
	for ; x != 0; x &= x - 1 {
		n++
	}
	return n
}

// Every history of concurrent clients on one quota could also have happened one
// request after another.
func TestHistoriesAreLinearizable(t *testing.T) {
	const histories, clients, places = 40, 12, 3
	w := newWorld(t)
	operations := 0
	for i := range histories {
		slot := w.slot(fmt.Sprintf("%02d%02d", i/60, i%60), places)
		history := record(w, slot, clients, fmt.Sprint(i))
		operations += len(history)
		if answer := porcupine.CheckOperationsTimeout(onePlace(places), history, 20*time.Second); answer != porcupine.Ok {
			t.Errorf("history %d is %s", i, answer)
		}
	}
	t.Logf("%d histories, %d operations", histories, operations)
}

// The checker is worth something only if it finds an oversold history.
func TestOversoldHistoryIsNotLinearizable(t *testing.T) {
	history := []porcupine.Operation{
		{ClientId: 0, Input: asked{"hold", 0}, Output: told{true}, Call: 0, Return: 1},
		{ClientId: 1, Input: asked{"hold", 1}, Output: told{true}, Call: 2, Return: 3},
	}
	if porcupine.CheckOperations(onePlace(1), history) {
		t.Error("two held one place and nothing was noticed")
	}
}

func record(w *world, slot slots.SlotID, clients int, name string) []porcupine.Operation {
	var (
		mu      sync.Mutex
		history []porcupine.Operation
		all     sync.WaitGroup
		began   = time.Now()
	)
	note := func(who int, what string, call time.Duration, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		history = append(history, porcupine.Operation{
			ClientId: who, Input: asked{what, who}, Output: told{ok},
			Call: int64(call), Return: int64(time.Since(began)),
		})
	}
	for who := range clients {
		application := w.couple()
		all.Go(func() {
			key := fmt.Sprintf("%s/%d", name, who)
			for range 3 {
				call := time.Since(began)
				h, err := w.desk.Hold(w.t.Context(), w.ask(slot, key))
				if err != nil && !errors.Is(err, ErrFull) {
					w.t.Errorf("hold: %v", err)
				}
				note(who, "hold", call, err == nil)
				if err != nil {
					continue
				}
				what := "confirm"
				call = time.Since(began)
				if rand.IntN(2) == 0 {
					what = "release"
					err = w.desk.Release(w.t.Context(), h.ID, h.Token, key)
				} else {
					_, err = w.desk.Confirm(w.t.Context(), w.application(h, key, application))
				}
				note(who, what, call, err == nil)
				if what == "confirm" {
					note(who, "settle", call, err == nil)
				}
				return // a hold id has one end
			}
		})
	}
	all.Wait()
	return history
}
