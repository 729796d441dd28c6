package notify_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/notify"
)

// handlerFunc is a function that handles.
type handlerFunc func(ctx context.Context, e notify.Event) error

func (f handlerFunc) Handle(ctx context.Context, e notify.Event) error { return f(ctx, e) }

// inTime fails the test if what never happens.
func inTime(t *testing.T, what string, happened <-chan struct{}) {
	t.Helper()
	select {
	case <-happened:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s: not within 20 s", what)
	}
}

func TestNoMessageOvertakesAnother(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	var mu sync.Mutex
	order := map[int64][]int64{}
	handled := 0
	handlers := map[notify.Topic]notify.Handler{notify.TopicMessage: handlerFunc(func(_ context.Context, e notify.Event) error {
		mu.Lock()
		defer mu.Unlock()
		handled++
		if handled%5 == 0 && e.Attempt == 1 {
			return errors.New("line busy")
		}
		order[e.Appointment] = append(order[e.Appointment], e.ID)
		return nil
	})}
	const appointments, events = 25, 4
	for range events {
		for a := range int64(appointments) {
			if err := notify.Enqueue(t.Context(), h.db, notify.Moved, a); err != nil {
				t.Fatal(err)
			}
		}
	}
	for turn := range 10 { // those that failed have their next turn later
		h.shift(t, time.Duration(turn)*time.Minute)
		var workers sync.WaitGroup
		for range 4 {
			workers.Go(func() {
				if err := h.workerOf(h.db, handlers).Drain(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		workers.Wait()
	}
	if len(order) != appointments {
		t.Errorf("%d appointments told, want %d", len(order), appointments)
	}
	for a, ids := range order {
		if len(ids) != events || !slices.IsSorted(ids) {
			t.Errorf("appointment %d was told %v, want %d in order", a, ids, events)
		}
	}
}

func TestAFailingEventHoldsUpOnlyItsOwnAppointment(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	var told []int64
	handlers := map[notify.Topic]notify.Handler{notify.TopicMessage: handlerFunc(func(_ context.Context, e notify.Event) error {
		switch e.Appointment {
		case 1:
			return errors.New("line busy")
		case 2:
			panic("13800000001 is nobody")
		}
		told = append(told, e.Appointment)
		return nil
	})}
	for _, a := range []int64{1, 1, 2, 3, 4} {
		if err := notify.Enqueue(t.Context(), h.db, notify.Moved, a); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.workerOf(h.db, handlers).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int64{3, 4}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if strings.Contains(h.log.String(), mobile) {
		t.Errorf("the words of a panic are in the log:\n%s", h.log)
	}
	if got := h.texts(t, `SELECT attempts::text FROM outbox WHERE appointment_id < 3 ORDER BY id`); !slices.Equal(got, []string{"1", "0", "1"}) {
		t.Errorf("attempts of the failing appointments: %v, want 1 0 1", got)
	}
	t.Logf("fault: the handler fails for one appointment and panics for another: %d others told", len(told))
}

func TestAnEventThatKeepsFailingIsGivenUpAndCalled(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	asked := 0
	fails := handlerFunc(func(context.Context, notify.Event) error { asked++; return errors.New("line busy") })
	handlers := map[notify.Topic]notify.Handler{notify.TopicMessage: fails, notify.TopicSettle: fails}
	h.appointment(t)
	for turn := range 12 {
		h.shift(t, time.Duration(turn)*time.Hour)
		if err := h.workerOf(h.db, handlers).Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 8 {
		t.Errorf("tried %d times, want 8", asked)
	}
	if diff := cmp.Diff([]string{"booked failed"}, h.states(t)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	calls := h.calls(t)
	if diff := cmp.Diff([]string{"booked"}, calls); diff != "" {
		t.Errorf("call list (-want +got):\n%s", diff)
	}
	t.Logf("fault: a channel that is down for good: tried %d times, then on the call list: %d", asked, len(calls))
	h.settle(t, "q")
	for turn := range 30 {
		h.shift(t, 13*time.Hour+time.Duration(turn)*time.Minute)
		if err := h.workerOf(h.db, handlers).Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if asked < 8+30 {
		t.Errorf("a settlement was tried %d times in 30 turns, want each time: it is never given up", asked-8)
	}
}

func TestManyChangesOfAQuotaAreSettledOnce(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	var settled []string
	handlers := map[notify.Topic]notify.Handler{notify.TopicSettle: handlerFunc(func(_ context.Context, e notify.Event) error {
		settled = append(settled, e.Quota)
		return nil
	})}
	for range 20 {
		h.settle(t, "a")
		h.settle(t, "b")
	}
	if err := h.workerOf(h.db, handlers).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	slices.Sort(settled)
	if diff := cmp.Diff([]string{"a", "b"}, settled); diff != "" {
		t.Errorf("settled (-want +got):\n%s", diff)
	}
	if got := h.texts(t, `SELECT state || ' ' || count(*) FROM outbox GROUP BY state`); !slices.Equal(got, []string{"done 40"}) {
		t.Errorf("events: %v, want 40 done", got)
	}
}

func TestAWorkerThatIsStoppedFinishesTheMessageInHand(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	a := h.appointment(t)
	inHand, release, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	h.post.before = func(notify.Message) error {
		close(inHand)
		<-release
		return nil
	}
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		defer close(ended)
		if err := h.worker().Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	inTime(t, "message in hand", inHand)
	stop()
	h.move(t, a, "cancelled") // its turn comes after the message in hand
	select {
	case <-ended:
		t.Error("the worker left its message")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	inTime(t, "end of the worker", ended)
	if diff := cmp.Diff([]string{"booked done", "cancelled pending"}, h.states(t)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"sent"}, h.attempts(t)); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
}
