package slots

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// source is what is remembered: how often it was asked, or a failure.
type source struct {
	asked atomic.Int64
	fails error
}

func (s *source) load(context.Context) (int, error) { return int(s.asked.Add(1)), s.fails }

func TestACrowdWaitsForOneQuery(t *testing.T) {
	var m memory[int]
	var from source
	now := time.Unix(0, 0)
	var crowd sync.WaitGroup
	for range 50 {
		crowd.Go(func() {
			if v, err := m.get(t.Context(), "office", now, from.load); v != 1 || err != nil {
				t.Errorf("got %d, %v; want 1", v, err)
			}
		})
	}
	crowd.Wait()
	if n := from.asked.Load(); n != 1 {
		t.Errorf("%d queries for one value, want 1", n)
	}
}

func TestWhileOneLoadsTheOthersGoOn(t *testing.T) {
	var m memory[string]
	old := func(context.Context) (string, error) { return "old", nil }
	if _, err := m.get(t.Context(), "k", time.Unix(0, 0), old); err != nil {
		t.Fatal(err)
	}
	later := time.Unix(0, 0).Add(rememberFor)
	inner := ""
	got, err := m.get(t.Context(), "k", later, func(ctx context.Context) (string, error) {
		inner, _ = m.get(ctx, "k", later, func(context.Context) (string, error) { return "", errors.New("a second query") })
		return "new", nil
	})
	if err != nil || inner != "old" || got != "new" {
		t.Errorf("whoever loads gets %q, %v, the others %q; want new and old", got, err, inner)
	}
}

func TestWhatIsRememberedEnds(t *testing.T) {
	var m memory[int]
	var from source
	at := func(d time.Duration) int {
		v, err := m.get(t.Context(), "k", time.Unix(100, 0).Add(d), from.load)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, step := range []struct {
		fact string
		at   time.Duration
		want int
	}{
		{"the first time", 0, 1},
		{"a moment later", rememberFor - 1, 1},
		{"after its time", rememberFor, 2},
		{"the clock was set back", -time.Hour, 3},
	} {
		if got := at(step.at); got != step.want {
			t.Errorf("%s: got load %d, want %d", step.fact, got, step.want)
		}
	}
	m.forget("k")
	if got := at(-time.Hour); got != 4 {
		t.Errorf("after forgetting: got load %d, want 4", got)
	}
}

func TestAFailureIsNotRemembered(t *testing.T) {
	var m memory[int]
	from := source{fails: errors.New("down")}
	if _, err := m.get(t.Context(), "k", time.Unix(0, 0), from.load); !errors.Is(err, from.fails) {
		t.Errorf("got %v, want the failure", err)
	}
	from.fails = nil
	if v, err := m.get(t.Context(), "k", time.Unix(0, 0), from.load); v != 2 || err != nil {
		t.Errorf("got %d, %v; want 2", v, err)
	}
	if len(m.entries) != 1 {
		t.Errorf("%d entries, want 1", len(m.entries))
	}
}
