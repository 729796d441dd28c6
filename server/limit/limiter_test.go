package limit

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	goredis "github.com/redis/go-redis/v9"

	"hunyue/internal/clock"
	"hunyue/internal/fault"
	"hunyue/internal/seal"
	"hunyue/internal/testenv"
)

func TestEachBudgetEndsAtItsFigure(t *testing.T) {
	t.Parallel()
	who := Who{Session: "s", Device: "d", Phone: "p", Address: "203.0.113.7"}
	program := Who{Address: "203.0.113.7"}
	for _, b := range Budgets() {
		b.Most = 3
		asks := who
		if b.Of == Address {
			asks = program // whoever shows a device is known by that
		}
		l, before := counter(t, b), trips(t, b.name())
		if through := l.spends(t, b.Act, asks, 5); through != 3 {
			t.Errorf("%s: %d of 5 went through a budget of 3", b.name(), through)
		}
		if n := trips(t, b.name()) - before; n < 2 {
			t.Errorf("%s tripped twice and is counted %v times", b.name(), n)
		}
	}
}

func TestBudgetsAreOneSubjectsEach(t *testing.T) {
	t.Parallel()
	l := counter(t, Budget{Finds, Device, 1, time.Hour}, Budget{Finds, Prefix, 4, time.Hour})
	for _, device := range []string{"a", "b", "c"} {
		if through := l.spends(t, Finds, Who{Device: device, Address: "203.0.113.7"}, 1); through != 1 {
			t.Errorf("device %s pays for others", device)
		}
	}
	if through := l.spends(t, Codes, Who{Device: "a", Address: "203.0.113.7"}, 3); through != 3 {
		t.Error("what has no budget is limited")
	}
}

func TestOverBudgetSaysHowLongAndTakesNothing(t *testing.T) {
	t.Parallel()
	l := counter(t, Budget{Finds, Device, 5, time.Hour}, Budget{Finds, Session, 1, time.Minute})
	who := Who{Device: "d", Session: "s"}
	if _, err := l.Spend(t.Context(), Finds, who, ""); err != nil {
		t.Fatal(err)
	}
	for range 9 {
		_, err := l.Spend(t.Context(), Finds, who, "")
		if !errors.Is(err, ErrTooMany) {
			t.Fatalf("over budget is %v", err)
		}
		if wait := fault.Of(err).RetryAfter; wait < 50*time.Second || wait > time.Minute {
			t.Errorf("the wait is %s, want nearly a minute", wait)
		}
	}
	if left := l.spends(t, Finds, Who{Device: "d"}, 9); left != 4 {
		t.Errorf("the device has %d units left, want 4: what was refused costs nothing", left)
	}
}

func TestUnitIsFreeAgainAfterTheWindow(t *testing.T) {
	t.Parallel()
	l := counter(t, Budget{Finds, Device, 1, 1500 * time.Millisecond})
	who := Who{Device: "d"}
	if through := l.spends(t, Finds, who, 1); through != 1 {
		t.Fatal("nothing went through")
	}
	_, err := l.Spend(t.Context(), Finds, who, "")
	time.Sleep(fault.Of(err).RetryAfter + 20*time.Millisecond)
	if through := l.spends(t, Finds, who, 2); through != 1 {
		t.Errorf("after the wait %d went through, want 1", through)
	}
}

func TestSameThingIsOneUnit(t *testing.T) {
	t.Parallel()
	l := counter(t, Budget{Codes, Device, 2, time.Hour})
	for range 5 {
		if _, err := l.Spend(t.Context(), Codes, Who{Device: "d"}, "the same"); err != nil {
			t.Fatal(err)
		}
	}
	if through := l.spends(t, Codes, Who{Device: "d"}, 3); through != 1 {
		t.Errorf("%d more went through, want 1", through)
	}
	if _, err := l.Spend(t.Context(), Codes, Who{Device: "d"}, "the same"); err != nil {
		t.Errorf("over budget the same thing again is %v", err)
	}
}

func TestUnitsComeBack(t *testing.T) {
	t.Parallel()
	l := counter(t, Budget{Holds, Device, 1, time.Hour}, Budget{Holds, Prefix, 1, time.Hour})
	who, hold := Who{Device: "d", Address: "2001:db8:1:2::3"}, uuid.New()
	admission := l.Admit(Ask{Who: who, Full: errGone})
	back, err := admission(t.Context(), hold)
	if err != nil {
		t.Fatal(err)
	}
	back() // the time was gone
	if _, err := admission(t.Context(), hold); err != nil {
		t.Fatalf("a place that was not granted has cost something: %v", err)
	}
	l.Booked(t.Context(), who, hold.String())
	second := uuid.New()
	if _, err := admission(t.Context(), second); err != nil {
		t.Fatalf("an appointment has cost something: %v", err)
	}
	time.Sleep(5 * time.Millisecond)
	l.Return(t.Context(), Holds, who, second.String(), time.Millisecond)
	if _, err := admission(t.Context(), uuid.New()); !errors.Is(err, errGone) {
		t.Errorf("a place that stood idle for long costs nothing: %v", err)
	}
	l.Released(t.Context(), who, second.String())
	if _, err := admission(t.Context(), uuid.New()); err != nil {
		t.Errorf("a place that was looked at for a moment has cost something: %v", err)
	}
}

// A carrier, a school or a town hall has one address for everybody.
func TestSixtyFourStrangersBehindOneAddressAllGetThrough(t *testing.T) {
	t.Parallel()
	l := counter(t)
	l.Budgets = nil // those of the program
	var through atomic.Int64
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			name := string(rune('A' + i))
			who := Who{Session: name, Device: name, Address: "203.0.113.7"}
			if i%2 == 0 {
				who = Who{Address: "203.0.113.7"} // a program
			}
			if l.admits(t, Ask{Who: who}) == nil {
				through.Add(1)
			}
		})
	}
	all.Wait()
	if through.Load() != 64 {
		t.Errorf("%d of 64 strangers behind one address were let in", through.Load())
	}
}

func TestWholeNetworkIsOneSubject(t *testing.T) {
	t.Parallel()
	for name, addresses := range map[string][]string{
		"IPv4":            {"203.0.113.7", "203.0.113.200", "::ffff:203.0.113.9"},
		"IPv6":            {"2001:db8:1::1", "2001:db8:1:ffff::2", "2001:db8:1:2:3:4:5:6"},
		"IPv4 with ports": nil,
	} {
		l := counter(t, Budget{Finds, Prefix, 2, time.Hour})
		through := 0
		for _, a := range addresses {
			through += l.spends(t, Finds, Who{Address: a}, 1)
		}
		if want := min(2, len(addresses)); through != want {
			t.Errorf("%s: %d addresses of a network went through, want %d", name, through, want)
		}
	}
	l := counter(t, Budget{Finds, Prefix, 2, time.Hour})
	if through := l.spends(t, Finds, Who{Address: "10.1.2.3"}, 30); through != 20 {
		t.Errorf("%d requests came through what may be a proxy, want ten times the budget", through)
	}
}

func TestRedisKeepsNobodysAddressOrNumber(t *testing.T) {
	t.Parallel()
	l := counter(t)
	l.Budgets = nil
	who := Who{Session: "the-session", Device: "the-device", Phone: "13800000001", Address: "203.0.113.7"}
	if err := l.admits(t, Ask{Who: who, Office: "430702", PerMinute: 60}); err != nil {
		t.Fatal(err)
	}
	for _, act := range []Act{Codes, Finds, Confirms} {
		if through := l.spends(t, act, who, 1); through != 1 {
			t.Fatalf("%s did not go through", act)
		}
	}
	stored := l.stored(t)
	for _, secret := range []string{who.Session, who.Device, who.Phone, who.Address, "203.0.113", "3800000001"} {
		if strings.Contains(stored, secret) {
			t.Errorf("redis keeps %s", secret)
		}
	}
	if n := strings.Count(stored, l.Prefix); n < 10 {
		t.Errorf("only %d keys were looked at", n)
	}
}

func TestWhatTripsIsLoggedWithoutNames(t *testing.T) {
	t.Parallel()
	l := counter(t, Budget{Finds, Address, 1, time.Hour})
	var said bytes.Buffer
	l.Log = slog.New(slog.NewTextHandler(&said, nil))
	l.spends(t, Finds, Who{Address: "203.0.113.7", Request: "r7"}, 2)
	if s := said.String(); !strings.Contains(s, "limit=finds.address") || !strings.Contains(s, "request=r7") || strings.Contains(s, "203.0") {
		t.Errorf("the log says %q", s)
	}
}

func TestWithoutRedisEverybodyIsLetThrough(t *testing.T) {
	t.Parallel()
	client, engine := testenv.OwnRedis(t)
	keys, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	l := &Limiter{
		Redis: client, Keys: keys, Clock: &clock.Clock{}, Log: slog.New(slog.DiscardHandler),
		Budgets: []Budget{{Holds, Device, 1, time.Hour}, {Finds, Device, 1, time.Hour}},
	}
	engine.Kill()
	before, began := counted(t, unchecked), l.Clock.Now()
	for range 20 {
		if err := l.admits(t, Ask{Who: Who{Device: "d"}, Office: "430702", PerMinute: 1}); err != nil {
			t.Errorf("without Redis a hold is answered %v", err)
		}
		if through := l.spends(t, Finds, Who{Device: "d"}, 1); through != 1 {
			t.Error("without Redis a look-up is refused")
		}
	}
	if took := l.Clock.Now().Sub(began); took > 3*time.Second {
		t.Errorf("40 requests without Redis took %s", took)
	}
	if n := counted(t, unchecked) - before; n < 40 {
		t.Errorf("%v of 40 requests are counted as not checked", n)
	}
}

// stuck is a Redis that takes connections and says nothing, until it is let go.
type stuck struct{ free chan struct{} }

func (s stuck) DialHook(next goredis.DialHook) goredis.DialHook { return next }

func (s stuck) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		if err := s.hang(ctx); err != nil {
			return err
		}
		return next(ctx, cmd)
	}
}

func (s stuck) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error {
		if err := s.hang(ctx); err != nil {
			return err
		}
		return next(ctx, cmds)
	}
}

func (s stuck) hang(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.free:
		return nil
	}
}

func TestSlowRedisCostsNobodyMoreThanAMoment(t *testing.T) {
	t.Parallel()
	l := counter(t, Budget{Finds, Device, 1, time.Hour})
	l.Patience = 0
	hangs := stuck{make(chan struct{})}
	l.Redis.AddHook(hangs)
	defer close(hangs.free)
	began := l.Clock.Now()
	if through := l.spends(t, Finds, Who{Device: "d"}, 100); through != 100 {
		t.Errorf("%d of 100 went through", through)
	}
	if took := l.Clock.Now().Sub(began); took > 3*time.Second {
		t.Errorf("100 requests of a Redis that hangs took %s", took)
	}
}

func TestLibraryThatIsGoneIsLoadedAgain(t *testing.T) {
	t.Parallel()
	client, _ := testenv.OwnRedis(t)
	l := counter(t, Budget{Finds, Device, 2, time.Hour})
	l.Redis, l.Prefix = client, ""
	if through := l.spends(t, Finds, Who{Device: "d"}, 1); through != 1 {
		t.Error("the first went not through")
	}
	if err := client.FunctionFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if through := l.spends(t, Finds, Who{Device: "d"}, 3); through != 1 {
		t.Errorf("%d went through with one unit left", through)
	}
}

func TestNobodyIsLimitedWithoutALimiter(t *testing.T) {
	t.Parallel()
	var l *Limiter
	if _, err := l.Spend(t.Context(), Finds, Who{Device: "d"}, ""); err != nil {
		t.Error(err)
	}
	l.Booked(t.Context(), Who{Device: "d"}, "h")
	if l.Admit(Ask{}) != nil || l.Challenge(Who{}) != "" {
		t.Error("no limiter asks for something")
	}
}

// A hold that is asked for again and refused gives back nothing of what it cost.
func TestARefusalGivesNothingBack(t *testing.T) {
	t.Parallel()
	l := counter(t, Budget{Holds, Device, 1, 24 * time.Hour}, Budget{Holds, Session, 1, time.Hour})
	hold := uuid.New()
	ask := func(device, session string, hold uuid.UUID) error {
		_, err := l.Admit(Ask{Who: Who{Device: device, Session: session}, Full: errGone})(t.Context(), hold)
		return err
	}
	for _, err := range []error{ask("mine", "first", hold), ask("another", "second", uuid.New())} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := ask("mine", "second", hold); !errors.Is(err, errGone) {
		t.Fatalf("in a session that is over its budget the answer is %v", err)
	}
	if err := ask("mine", "third", uuid.New()); !errors.Is(err, errGone) {
		t.Errorf("a second place for the device is answered %v", err)
	}
}
