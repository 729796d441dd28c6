package notify

import (
	"context"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"golang.org/x/sync/errgroup"
)

// pollEvery is how often a worker looks without having been called.
const pollEvery = 2 * time.Second

// Worker takes up the events of the outbox. Any number may run at once, in any
// number of processes. Every topic has hands of its own, so that a channel that
// hangs does not keep Redis or a code waiting.
type Worker struct {
	DB       *sqlx.DB
	Handlers map[Topic]Handler // a topic without one is left to other workers
	Outbox   *Outbox           // its Wake rouses this worker
	DSN      string            // where to LISTEN for other processes; empty: their events wait for the next look
	Log      *slog.Logger
}

// Run works until ctx is done. Then it finishes what it has in hand and
// returns nil.
func (w *Worker) Run(ctx context.Context) error {
	var g errgroup.Group
	var bells []chan struct{}
	for _, l := range w.lanes() {
		bells = append(bells, l.bell)
		for range l.pace.hands {
			g.Go(func() error { return l.work(ctx) })
		}
	}
	heard := make(chan struct{}, 1)
	g.Go(func() error { return w.hear(ctx, heard) })
	g.Go(func() error { return w.rouse(ctx, bells, heard) })
	return g.Wait()
}

// Drain does what is due now, and what becomes due by that, in the caller's
// goroutine. Events that other workers have in hand, or that failed and wait
// for their next turn, are not due.
func (w *Worker) Drain(ctx context.Context) error {
	for {
		found := 0
		for _, l := range w.lanes() {
			n, err := l.drain(ctx)
			if err != nil {
				return err
			}
			found += n
		}
		if found == 0 {
			return ctx.Err()
		}
	}
}

// rouse rings all lanes at once, whenever somebody called and every pollEvery.
func (w *Worker) rouse(ctx context.Context, bells []chan struct{}, heard <-chan struct{}) error {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	var again <-chan time.Time
	for {
		for _, b := range bells {
			ring(b)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-poll.C:
		case <-w.Outbox.bell:
		case <-heard:
			again = time.After(wakeEvery + 10*time.Millisecond) // for what was committed while the caller kept still
		case <-again:
			again = nil
		}
	}
}

// hear passes on what other processes notify. Without a connection it keeps
// trying; meanwhile the worker polls.
func (w *Worker) hear(ctx context.Context, heard chan<- struct{}) error {
	if w.DSN == "" {
		return nil
	}
	l := pq.NewListener(w.DSN, 100*time.Millisecond, pollEvery, func(_ pq.ListenerEventType, err error) {
		if err != nil && ctx.Err() == nil {
			w.Log.WarnContext(ctx, "outbox: not listening", "error", err)
		}
	})
	stop := context.AfterFunc(ctx, func() { _ = l.Close() }) // fails only if closed before
	defer stop()
	if err := l.Listen(wakeChannel); err != nil && ctx.Err() == nil {
		w.Log.ErrorContext(ctx, "outbox: cannot listen", "error", err)
	}
	for range l.Notify { // closed with the listener; nil after a new connection, when something may have been missed
		ring(heard)
	}
	return nil
}
