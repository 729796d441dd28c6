package notify_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/notify"
)

// held is a handler that waits before it does what the next one does.
func held(next notify.Handler) (h notify.Handler, inHand <-chan struct{}, release func()) {
	begun, free := make(chan struct{}), make(chan struct{})
	return handlerFunc(func(ctx context.Context, e notify.Event) error {
		close(begun)
		<-free
		return next.Handle(ctx, e)
	}), begun, sync.OnceFunc(func() { close(free) })
}

// drainWith drains the messages with a handler, beside the test.
func (h *hall) drainWith(t *testing.T, handler notify.Handler) (ended <-chan struct{}) {
	t.Helper()
	end := make(chan struct{})
	go func() {
		defer close(end)
		if err := h.workerOf(h.db, map[notify.Topic]notify.Handler{notify.TopicMessage: handler}).Drain(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	return end
}

func TestALeaseThatRunsOutPassesTheEventOn(t *testing.T) {
	t.Parallel()
	busy := handlerFunc(func(context.Context, notify.Event) error { return errors.New("line busy") })
	for _, c := range []string{"and sends late", "and fails late"} {
		t.Run(c, func(t *testing.T) {
			t.Parallel()
			h := newHall(t)
			h.appointment(t)
			next := notify.Handler(h.sender)
			if c == "and fails late" {
				next = busy
			}
			slow, slowHasIt, releaseSlow := held(next)
			quick, quickHasIt, releaseQuick := held(h.sender)
			defer releaseSlow()
			defer releaseQuick()

			slowEnded := h.drainWith(t, slow)
			inTime(t, "first worker", slowHasIt)
			h.drain(t)
			h.nothingSent(t, "in the first worker's hand")
			h.shift(t, 61*time.Second)
			quickEnded := h.drainWith(t, quick)
			inTime(t, "second worker", quickHasIt)
			releaseSlow()
			inTime(t, "end of the first worker", slowEnded)
			h.shift(t, 80*time.Second)
			h.drain(t)
			h.nothingSent(t, "in the second worker's hand")
			releaseQuick()
			inTime(t, "end of the second worker", quickEnded)
			if diff := cmp.Diff([]notify.Kind{notify.Booked}, h.post.kinds()); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"booked done"}, h.states(t)); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
			t.Logf("fault: a worker hangs until its lease is over %s: messages sent: %d", c, len(h.post.kinds()))
		})
	}
}

func (h *hall) nothingSent(t *testing.T, where string) {
	t.Helper()
	if got := h.post.kinds(); len(got) != 0 {
		t.Errorf("an event was sent while it was %s: %v", where, got)
	}
}
