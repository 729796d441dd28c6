package notify_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"hunyue/notify"
)

func TestAnOperatorHasOneCallInHandAndNobodyElseHasIt(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	o.cancelled()
	o.cancelled()
	a := o.next(anna)
	if again := o.next(anna); again.ID != a.ID {
		t.Errorf("sent twice, next gives %d and then %d", a.ID, again.ID)
	}
	b := o.next(ben)
	if b.ID == 0 || b.ID == a.ID {
		t.Errorf("anna has %d and ben %d", a.ID, b.ID)
	}
	if call := o.next("staff:carol", true); call.ID != 0 {
		t.Errorf("carol has %d, which anna or ben is calling", call.ID)
	}
	o.record(ben, a, notify.Reached, notify.ErrCallNotHeld)
	if _, there, err := o.Next(t.Context(), anna, "430703", false); there || err != nil {
		t.Errorf("another office has a call: %v", err)
	}
	if call := o.next("staff:carol"); call.ID != a.ID {
		t.Errorf("carol has %d, want %d: anna has gone to another office", call.ID, a.ID)
	}
	if _, there, err := o.Held(t.Context(), anna, here); there || err != nil {
		t.Errorf("anna still has a call in hand: %v", err)
	}
}

func TestACallThatIsPutBackLetsOthersGoFirst(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	o.cancelled()
	o.cancelled()
	a := o.next(anna)
	for range 2 { // sent twice, it puts back one
		if err := o.PutBack(t.Context(), anna, a.ID); err != nil {
			t.Fatal(err)
		}
	}
	b := o.next(anna)
	if b.ID == 0 || b.ID == a.ID {
		t.Errorf("put back %d, and got %d", a.ID, b.ID)
	}
	if err := o.PutBack(t.Context(), anna, a.ID); err != nil {
		t.Fatal(err)
	}
	if held, there, err := o.Held(t.Context(), anna, here); held.ID != b.ID || !there || err != nil {
		t.Errorf("has %d in hand, want %d, %v", held.ID, b.ID, err)
	}
	if tries := o.texts(t, `SELECT tries::text FROM contact WHERE tries > 0`); len(tries) != 0 {
		t.Errorf("putting back counts as a call")
	}
}

// An operator who has gone keeps an entry for ten minutes, counted from the last
// sign of life.
func TestALeaseEndsTenMinutesAfterTheLastSignOfLife(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	o.cancelled()
	a := o.next(anna)
	o.shift(t, 9*time.Minute)
	if err := o.Keep(t.Context(), anna); err != nil {
		t.Fatal(err)
	}
	o.shift(t, 18*time.Minute)
	if call := o.next(ben); call.ID != 0 {
		t.Error("ben has what anna has shown life for nine minutes ago")
	}
	if _, there, err := o.Held(t.Context(), anna, here); !there || err != nil {
		t.Errorf("anna has it no more, %v", err)
	}
	o.shift(t, 27*time.Minute)
	if call := o.next(ben); call.ID != 0 {
		t.Error("ben has what anna has looked at nine minutes ago")
	}
	o.shift(t, 29*time.Minute)
	if err := o.Keep(t.Context(), anna); err != nil { // too late: it is anybody's
		t.Fatal(err)
	}
	if call := o.next(ben); call.ID != a.ID {
		t.Errorf("eleven minutes after the last sign of life ben has %d, want %d", call.ID, a.ID)
	}
	o.record(anna, a, notify.Reached, notify.ErrCallNotHeld)
	o.record(ben, a, notify.Reached, nil)
}

// Eight operators work off two hundred entries at once, each sending every form
// twice, some of them leaving in the middle of a call.
func TestEveryCallIsInOneHandAtATimeAndNoneIsLost(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	const entries, hands = 200, 8
	for range entries {
		o.cancelled()
	}
	floor := &floor{operators: o, inHand: map[int64]string{}}
	var all errgroup.Group
	for n := range hands {
		all.Go(func() error {
			return floor.work(rand.New(rand.NewPCG(uint64(n), 57)), fmt.Sprintf("staff:operator%d", n))
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	open := must(o.Open(t.Context(), here, entries))
	if len(open) != len(floor.left) || len(open) == 0 {
		t.Fatalf("%d entries are open; %d operators have left in the middle of one", len(open), len(floor.left))
	}
	for _, call := range open {
		if floor.left[call.ID] != call.Holder {
			t.Errorf("entry %d is in the hands of %q, want %q, who has left", call.ID, call.Holder, floor.left[call.ID])
		}
	}
	o.shift(t, 11*time.Minute)
	for range open {
		o.record(anna, o.next(anna, true), notify.Reached, nil)
	}
	o.open()
	got := fmt.Sprint(o.texts(t, `
		SELECT count(*) || ' ended, ' || sum(tries) || ' calls'
		FROM contact
		WHERE outcome IN ('reached', 'given_up')`))
	if want := fmt.Sprintf("[%d ended, %d calls]", entries, floor.calls+len(open)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	t.Logf("count: call list: %d entries, %d operators, %d calls, %d left in the middle of one", entries, hands, floor.calls, len(open))
}

// floor is a room full of operators, and what each of them has in hand.
type floor struct {
	*operators
	mu     sync.Mutex
	inHand map[int64]string
	left   map[int64]string // in the hands of somebody who has gone
	calls  int
}

// work calls until there is nothing to be called.
func (f *floor) work(chance *rand.Rand, who string) error {
	for {
		call, there, err := f.twice(who)
		if err != nil || !there {
			return err
		}
		if err := f.took(call.ID, who); err != nil {
			return err
		}
		switch n := chance.IntN(40); {
		case n == 0 && call.Tries == 0:
			f.leave(call.ID, who)
			who += "x" // somebody else sits down there
		case n < 4:
			f.gave(call.ID, 0)
			err = f.PutBack(f.t.Context(), who, call.ID)
		case n < 20 && !call.GivesUp():
			err = f.recordTwice(who, call, notify.NoAnswer)
		case n < 20:
			err = f.recordTwice(who, call, notify.GivenUp)
		default:
			err = f.recordTwice(who, call, notify.Reached)
		}
		if err != nil {
			return err
		}
	}
}

// twice asks for the next entry twice at once, as a double click does.
func (f *floor) twice(who string) (first notify.Call, there bool, err error) {
	var other notify.Call
	var both errgroup.Group
	both.Go(func() (err error) {
		first, there, err = f.Next(f.t.Context(), who, here, true)
		return err
	})
	both.Go(func() (err error) {
		other, _, err = f.Next(f.t.Context(), who, here, true)
		return err
	})
	if err := both.Wait(); err != nil {
		return first, there, err
	}
	if first.ID != other.ID && first.ID != 0 && other.ID != 0 {
		return first, there, fmt.Errorf("%s has %d and %d in hand", who, first.ID, other.ID)
	}
	if first.ID == 0 { // what was free became so between the two
		first, there = other, other.ID != 0
	}
	return first, there, nil
}

func (f *floor) took(id int64, who string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if before := f.inHand[id]; before != "" {
		return fmt.Errorf("%s has entry %d, which is in the hands of %s", who, id, before)
	}
	f.inHand[id] = who
	return nil
}

func (f *floor) gave(id int64, calls int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.inHand, id)
	f.calls += calls
}

func (f *floor) leave(id int64, who string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left == nil {
		f.left = map[int64]string{}
	}
	f.left[id] = who
}

func (f *floor) recordTwice(who string, call notify.Call, how notify.Outcome) error {
	calls := 1
	if how == notify.GivenUp {
		calls = 0
	}
	f.gave(call.ID, calls)
	sent := notify.Called{ID: call.ID, Outcome: how, Key: uuid.NewString()}
	var errs [2]error
	var both sync.WaitGroup
	for i := range errs {
		both.Go(func() { errs[i] = f.Record(f.t.Context(), who, here, sent) })
	}
	both.Wait()
	return errors.Join(errs[:]...)
}
