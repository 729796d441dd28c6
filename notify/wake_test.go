package notify_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/lib/pq"

	"hunyue/notify"
)

// running starts a worker like that of another process and returns a channel
// that tells of every event it has settled.
func running(t *testing.T, h *hall, dsn string) <-chan struct{} {
	t.Helper()
	settled := make(chan struct{}, 100)
	w := h.workerOf(h.db, map[notify.Topic]notify.Handler{notify.TopicSettle: handlerFunc(func(context.Context, notify.Event) error {
		settled <- struct{}{}
		return nil
	})})
	w.Outbox, w.DSN = notify.NewOutbox(h.db, h.clock, h.logger()), dsn
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := w.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { stop(); inTime(t, "end of the worker", ended) })
	return settled
}

// listening waits until a worker listens.
func (h *hall) listening(t *testing.T) {
	t.Helper()
	for range 20_000 {
		if len(h.texts(t, `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`)) > 0 {
			return
		}
	}
	t.Fatal("no worker listens")
}

func TestWakeReachesOtherProcessesBeforeTheyLook(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	settled := running(t, h, h.dsn)
	h.listening(t)
	var took []time.Duration
	for range 9 {
		began := time.Now()
		h.settle(t, "q")
		h.outbox.Wake(t.Context())
		inTime(t, "event", settled)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	if median := took[len(took)/2]; median > 200*time.Millisecond {
		t.Errorf("woken after %s in the median of %v, want less than 200ms", median, took)
	}
}

func TestAWorkerThatHearsNothingLooksByItself(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	settled := running(t, h, "")
	for range 2 {
		h.settle(t, "q")
		inTime(t, "event that nobody called for", settled)
		<-time.After(100 * time.Millisecond) // the first may be found at the start; after it the worker rests
	}
}

func TestWakesOfAReleaseMinuteAreFewNotifications(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	listener := pq.NewListener(h.dsn, time.Second, time.Second, nil)
	defer listener.Close()
	if err := listener.Listen("hunyue_outbox"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for range 5000 {
		h.outbox.Wake(t.Context())
	}
	most := 1 + int(time.Since(began)/(50*time.Millisecond))
	h.exec(t, h.db, `SELECT pg_notify('hunyue_outbox', 'end')`)
	heard := 0
	for n := range listener.Notify {
		if n != nil && n.Extra == "end" {
			break
		}
		heard++
	}
	if heard < 1 || heard > most {
		t.Errorf("%d notifications, want 1 to %d", heard, most)
	}
}
