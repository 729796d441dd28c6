package notify

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"hunyue/internal/clock"
)

// wakeChannel is what workers LISTEN to.
const wakeChannel = "hunyue_outbox"

// wakeEvery is the least time between two NOTIFYs of one process. The database
// lets only one transaction that notifies commit at a time, which a release
// minute must not feel.
const wakeEvery = 50 * time.Millisecond

// Outbox is where events wait. One Outbox serves a whole process.
type Outbox struct {
	db    *sqlx.DB
	clock *clock.Clock
	log   *slog.Logger

	bell chan struct{} // rings for the workers of this process

	mu     sync.Mutex
	rungAt time.Time // for all others
}

// NewOutbox is the outbox in db.
func NewOutbox(db *sqlx.DB, c *clock.Clock, log *slog.Logger) *Outbox {
	return &Outbox{db: db, clock: c, log: log, bell: make(chan struct{}, 1)}
}

// Wake rouses the workers of this process at once and those of all others at
// most every 50 ms. Call it after a commit, never in a transaction. It cannot
// fail: workers also look by themselves every 2 s.
func (o *Outbox) Wake(ctx context.Context) {
	ring(o.bell)
	if !o.mayNotify() {
		return // those who heard the last one look twice
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wakeEvery*5)
	defer cancel()
	if _, err := o.db.ExecContext(ctx, `SELECT pg_notify($1, '')`, wakeChannel); err != nil {
		o.log.WarnContext(ctx, "other workers not woken", "error", err)
	}
}

func (o *Outbox) mayNotify() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.clock.Now()
	if since := now.Sub(o.rungAt); since >= 0 && since < wakeEvery {
		return false
	}
	o.rungAt = now
	return true
}

// ring leaves one signal, however often it is called before it is heard.
func ring(bell chan<- struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// Age is how long the oldest pending event of each topic has been waiting; a
// topic without one is missing.
func (o *Outbox) Age(ctx context.Context) (map[Topic]time.Duration, error) {
	var rows []struct {
		Topic   Topic   `db:"topic"`
		Seconds float64 `db:"seconds"`
	}
	err := o.db.SelectContext(ctx, &rows, `
		SELECT topic, extract(epoch FROM clock_now() - min(at))::float8 AS seconds
		FROM outbox
		WHERE state = 'pending'
		GROUP BY topic`)
	if err != nil {
		return nil, fmt.Errorf("age of the outbox: %w", err)
	}
	age := map[Topic]time.Duration{}
	for _, r := range rows {
		age[r.Topic] = time.Duration(r.Seconds * float64(time.Second))
	}
	return age, nil
}

// Purge deletes what nobody needs any more: events and stored messages a week
// after they were done, phone codes after the day that their limit counts. It
// returns how many rows went.
func (o *Outbox) Purge(ctx context.Context) (int64, error) {
	var all int64
	for _, statement := range []string{purgeEvents, purgeCodes, purgeDevMessages} {
		n, err := o.purge(ctx, statement)
		all += n
		if err != nil {
			return all, fmt.Errorf("purge: %w", err)
		}
	}
	return all, nil
}

// purge runs a statement that deletes up to purgeBatch rows until it finds
// fewer, so that no transaction is long.
func (o *Outbox) purge(ctx context.Context, statement string) (all int64, err error) {
	for {
		done, err := o.db.ExecContext(ctx, statement, purgeBatch)
		if err != nil {
			return all, err
		}
		n, err := done.RowsAffected()
		all += n
		if err != nil || n < purgeBatch {
			return all, err
		}
	}
}

const purgeBatch = 1000

const (
	purgeEvents = `
		DELETE FROM outbox
		WHERE id IN (
			SELECT id
			FROM outbox
			WHERE state <> 'pending'
			  AND at < (SELECT clock_now()) - interval '7 days'
			LIMIT $1
		)`
	purgeCodes = `
		DELETE FROM phone_code
		WHERE id IN (
			SELECT id
			FROM phone_code
			WHERE created_at < (SELECT clock_now()) - interval '1 day'
			LIMIT $1
		)`
	purgeDevMessages = `
		DELETE FROM dev_message
		WHERE id IN (
			SELECT id
			FROM dev_message
			WHERE at < (SELECT clock_now()) - interval '7 days'
			LIMIT $1
		)`
)
