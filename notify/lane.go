package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/jmoiron/sqlx"
)

// The time that one taking up may last. The lease is longer than any handler's
// patience, so that nobody else takes up what is still being handled.
const (
	lease      = time.Minute
	noteWithin = 5 * time.Second // for noting how it went
)

// pace is how a topic is worked on.
type pace struct {
	hands    int           // how many events, or batches, at a time
	batch    int           // how many events in one go
	patience time.Duration // for one event
	first    time.Duration // before the second attempt; doubles
	longest  time.Duration // between two attempts
	attempts int           // before giving up; 0 never does
}

func (t Topic) pace() pace {
	switch t {
	case TopicSettle: // quick to repeat, and right only when done: never given up
		return pace{hands: 2, batch: 1000, patience: 3 * time.Second, first: 100 * time.Millisecond, longest: 5 * time.Second}
	case TopicCode: // of use for five minutes
		return pace{hands: 2, batch: 1, patience: 40 * time.Second, first: time.Second, longest: 10 * time.Second, attempts: 5}
	case TopicMessage:
	}
	return pace{hands: 4, batch: 1, patience: 40 * time.Second, first: 5 * time.Second, longest: 10 * time.Minute, attempts: 8}
}

// backoff is how long to wait after the given attempt.
func (p pace) backoff(attempt int) time.Duration {
	wait := p.first
	for range attempt - 1 {
		if wait *= 2; wait >= p.longest {
			return p.longest
		}
	}
	return wait
}

// lane is what one worker does about one topic.
type lane struct {
	db      *sqlx.DB
	log     *slog.Logger
	topic   Topic
	pace    pace
	handler Handler
	bell    chan struct{}
}

// lanes are the topics that w handles, the most urgent first.
func (w *Worker) lanes() []*lane {
	var all []*lane
	for _, t := range []Topic{TopicSettle, TopicCode, TopicMessage} {
		if h, ok := w.Handlers[t]; ok {
			all = append(all, &lane{db: w.DB, log: w.Log, topic: t, pace: t.pace(), handler: h, bell: make(chan struct{}, 1)})
		}
	}
	return all
}

// work is one hand: it waits for the bell and drains the lane, until ctx is
// done. What the database refuses is logged, and tried again at the next bell.
func (l *lane) work(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.bell:
		}
		if _, err := l.drain(ctx); err != nil && ctx.Err() == nil {
			l.log.ErrorContext(ctx, "outbox", "topic", l.topic, "error", err)
		}
	}
}

// drain handles events until none is due, and returns how many there were.
func (l *lane) drain(ctx context.Context) (done int, err error) {
	for ctx.Err() == nil {
		events, err := l.claim(ctx)
		if err != nil || len(events) == 0 {
			return done, err
		}
		ring(l.bell) // there may be more: another hand looks
		if err := l.do(ctx, once(events)); err != nil {
			return done, err
		}
		done += len(events)
	}
	return done, nil
}

// claim takes up a batch. It is not cut short by a stop: an event whose lease
// nobody knows of would wait until it has run out.
func (l *lane) claim(ctx context.Context) ([]Event, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
	defer cancel()
	return claim(ctx, l.db, l.topic, l.pace.batch)
}

// job is events that one call of the handler does.
type job []Event

// once joins events that ask for the same: a quota is settled to what it counts
// now, whichever of its changes asked for it.
func once(events []Event) []job {
	var jobs []job
	byQuota := map[string]int{}
	for _, e := range events {
		if i, ok := byQuota[e.Quota]; ok && e.Topic == TopicSettle {
			jobs[i] = append(jobs[i], e)
			continue
		}
		byQuota[e.Quota] = len(jobs)
		jobs = append(jobs, job{e})
	}
	return jobs
}

// do handles jobs and notes how that went. Both outlive ctx: what is on its way
// when we are told to stop is still noted.
func (l *lane) do(ctx context.Context, jobs []job) error {
	ctx = context.WithoutCancel(ctx)
	var done job
	for _, j := range jobs {
		err := l.handle(ctx, j[0])
		if err == nil {
			done = append(done, j...)
		} else if err := l.failed(ctx, j, err); err != nil {
			return err
		}
	}
	if len(done) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, noteWithin)
	defer cancel()
	return finish(ctx, l.db, done, "done")
}

// failed notes that a job was not done, and why not.
func (l *lane) failed(ctx context.Context, j job, why error) error {
	ctx, cancel := context.WithTimeout(ctx, noteWithin)
	defer cancel()
	if errors.Is(why, ErrDrop) {
		return finish(ctx, l.db, j, "dropped")
	}
	e := j[0]
	l.log.WarnContext(ctx, "event not done", "topic", e.Topic, "kind", e.Kind, "event", e.ID, "attempt", e.Attempt, "error", why)
	if errors.Is(why, ErrGiveUp) || l.last(e) {
		return giveUp(ctx, l.db, j)
	}
	return postpone(ctx, l.db, j, l.pace.backoff(e.Attempt))
}

// last reports whether e is not to be taken up again.
func (l *lane) last(e Event) bool { return l.pace.attempts > 0 && e.Attempt >= l.pace.attempts }

// handle calls the handler. A panic in it costs this event a turn, and the
// other events nothing.
func (l *lane) handle(ctx context.Context, e Event) (err error) {
	if l.pace.attempts > 0 && e.Attempt > l.pace.attempts {
		return fmt.Errorf("nobody who took it up lived to note it: %w", ErrGiveUp)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("handler panicked with a %T\n%s", p, debug.Stack()) // its words could name somebody
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, l.pace.patience)
	defer cancel()
	return l.handler.Handle(ctx, e)
}
