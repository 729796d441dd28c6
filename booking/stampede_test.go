package booking

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hunyue/internal/fault"
	"hunyue/internal/testenv"
	"hunyue/slots"
)

const (
	rivals = 64
	places = 10
)

// figures is what stampedes come to.
type figures struct {
	answers  testenv.Answers
	failures atomic.Int64 // answers that were neither yes nor no
	spent    time.Duration

	rounds, stored, refused, oversold int
}

func (f *figures) String() string {
	return fmt.Sprintf("%d rounds of %d rivals for %d places: %d stored, %d refused, %d oversold, in %.1f s; %v, %d failures",
		f.rounds, rivals, places, f.stored, f.refused, f.oversold, f.spent.Seconds(), &f.answers, f.failures.Load())
}

// count adds a round with so many appointments.
func (f *figures) count(crowd []*rival, stored int) {
	f.rounds++
	f.stored += stored
	f.oversold += max(0, stored-places)
	for _, r := range crowd {
		if errors.Is(r.err, ErrFull) {
			f.refused++
		}
	}
}

// rival is one couple in a stampede and what became of it.
type rival struct {
	*figures
	key      string
	parties  []Party
	hold     Hold
	receipts []Receipt
	err      error
}

// run holds and confirms like an impatient couple: a quarter of all requests
// are sent twice at once, and what may have failed for a moment is sent again
// with the same key.
func (r *rival) run(w *world, slot slots.SlotID) {
	r.hold, r.err = insist(r.figures, func() (Hold, error) { return w.desk.Hold(w.t.Context(), w.ask(slot, r.key)) })
	if r.err != nil {
		return
	}
	application := w.application(r.hold, r.key, r.parties)
	taps := 1
	if rand.IntN(4) == 0 {
		taps = 2
	}
	receipts, errs := make([]Receipt, taps), make([]error, taps)
	var all sync.WaitGroup
	for i := range taps {
		all.Go(func() {
			receipts[i], errs[i] = insist(r.figures, func() (Receipt, error) { return w.desk.Confirm(w.t.Context(), application) })
		})
	}
	all.Wait()
	r.receipts, r.err = receipts, errors.Join(errs...)
}

// insist repeats what may succeed a moment later.
func insist[T any](f *figures, try func() (T, error)) (T, error) {
	for n := 0; ; n++ {
		asked := time.Now()
		v, err := try()
		f.answers.Waited(time.Since(asked))
		if kind := fault.Of(err).Kind; err != nil && (kind == fault.Internal || kind == fault.Unavailable) {
			f.failures.Add(1)
		}
		if n == 20 || (!errors.Is(err, ErrUnknownOutcome) && !errors.Is(err, ErrStillRunning)) {
			return v, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func stampede(w *world, slot slots.SlotID, name string, f *figures) []*rival {
	crowd := make([]*rival, rivals)
	for i := range crowd {
		crowd[i] = &rival{figures: f, key: fmt.Sprintf("%s/%d", name, i), parties: w.couple()}
	}
	var all sync.WaitGroup
	start := make(chan struct{})
	for _, r := range crowd {
		all.Go(func() {
			<-start
			r.run(w, slot)
		})
	}
	began := time.Now()
	close(start)
	all.Wait()
	f.spent += time.Since(began)
	return crowd
}

// 64 couples want 10 places at the same moment, 200 times over.
func TestStampedeStoresExactlyTheCapacity(t *testing.T) {
	w := newWorld(t)
	var f figures
	for round := range 200 {
		slot := w.slot(fmt.Sprintf("%02d%02d", round/60, round%60), places)
		crowd := stampede(w, slot, fmt.Sprint(round), &f)
		booked := 0
		for _, r := range crowd {
			switch {
			case r.err == nil:
				booked++
				w.sameReceipt(slot, r)
			case !errors.Is(r.err, ErrFull):
				t.Errorf("round %d: a rival was answered %v", round, r.err)
			}
		}
		stored := w.booked(slot)
		if booked != places || stored != places {
			t.Errorf("round %d: %d told so, %d stored, %d places", round, booked, stored, places)
		}
		f.count(crowd, stored)
	}
	w.drain()
	w.check()
	t.Logf("stampede: couples at the desk, %v", &f)
}

// sameReceipt asks again with the same key, after everything is over.
func (w *world) sameReceipt(slot slots.SlotID, r *rival) {
	again, err := w.desk.Confirm(w.t.Context(), w.application(r.hold, r.key, r.parties))
	if err != nil {
		w.t.Errorf("asked again: %v", err)
	}
	for _, receipt := range append(r.receipts, again) {
		if receipt.Number != again.Number || receipt.Secret != again.Secret || receipt.Slot != slot {
			w.t.Errorf("two answers for one key: %s and %s", receipt.Number, again.Number)
		}
	}
}

// FLUSHALL in the middle of it: nobody who was granted a hold is refused, and
// nothing is oversold.
func TestFlushDuringTheStampedeBreaksNoPromise(t *testing.T) {
	own, _ := testenv.OwnRedis(t)
	w := worldAt(t, own, "")
	var f figures
	promised, broken := 0, 0
	for round := range 20 {
		slot := w.slot(fmt.Sprintf("%02d00", round), places)
		done := make(chan struct{})
		go func() {
			defer close(done)
			time.Sleep(time.Duration(rand.IntN(15)) * time.Millisecond)
			own.FlushAll(t.Context())
		}()
		crowd := stampede(w, slot, fmt.Sprint(round), &f)
		<-done
		granted := 0
		for _, r := range crowd {
			if r.hold.Token != "" {
				promised++
			}
			switch {
			case r.hold.Token != "" && r.err != nil:
				broken++
				t.Errorf("round %d: refused after a granted hold: %v", round, r.err)
			case r.err == nil:
				granted++
			case !errors.Is(r.err, ErrFull) && !errors.Is(r.err, ErrResuming):
				t.Errorf("round %d: %v", round, r.err)
			}
		}
		stored := w.booked(slot)
		if stored != granted || stored > places {
			t.Errorf("round %d: %d stored, %d told so, %d places", round, stored, granted, places)
		}
		f.count(crowd, stored)
		if _, err := w.desk.Reconcile(t.Context()); err != nil { // notices the loss if nobody else has
			t.Fatal(err)
		}
		w.ahead(5*time.Minute + grace + partition + time.Second) // the quarantine
		for left := places - granted; left > 0; left-- {
			w.book(slot)
		}
		if _, err := w.desk.Hold(t.Context(), w.ask(slot, "late")); !errors.Is(err, ErrFull) {
			t.Errorf("round %d: after all places are sold: %v", round, err)
		}
	}
	w.drain()
	w.check()
	t.Logf("fault: FLUSHALL in the middle of %d stampedes: %d holds granted, %d refused after one, %d stored, %d oversold",
		f.rounds, promised, broken, f.stored, f.oversold)
}
