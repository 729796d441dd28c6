package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"hunyue/internal/postgres"
)

// claim takes up to n due events of a topic in hand, for as long as a lease,
// the longest due first. Of one appointment only the oldest pending event can
// be taken up: its messages go out one after the other, in the order of the
// changes.
func claim(ctx context.Context, db postgres.Querier, t Topic, n int) ([]Event, error) {
	var events []Event
	err := db.SelectContext(ctx, &events, `
		WITH due AS (
			SELECT id
			FROM outbox AS o
			WHERE topic = $1
			  AND state = 'pending'
			  AND due_at <= (SELECT clock_now())
			  AND (leased_until IS NULL OR leased_until <= (SELECT clock_now()))
			  AND NOT EXISTS (
				SELECT
				FROM outbox AS before
				WHERE before.appointment_id = o.appointment_id
				  AND before.id < o.id
				  AND before.topic = o.topic
				  AND before.state NOT IN ('done', 'dropped', 'failed') -- "= 'pending'" tempts the planner to walk through all of outbox_due
			  )
			ORDER BY due_at, id
			LIMIT $2
			FOR UPDATE SKIP LOCKED
		)
		UPDATE outbox
		SET attempts = attempts + 1, leased_until = clock_now() + make_interval(secs => $3)
		FROM due
		WHERE outbox.id = due.id
		RETURNING outbox.id, event_id, topic, kind, coalesce(appointment_id, 0) AS appointment_id, coalesce(waiter_id, 0) AS waiter_id,
			coalesce(quota_id, '') AS quota_id, coalesce(code_id, 0) AS code_id, at, attempts`,
		t, n, lease.Seconds())
	if err != nil {
		return nil, fmt.Errorf("claim %s: %w", t, err)
	}
	return events, nil
}

// finish ends a job. It leaves alone what another worker has taken up since.
func finish(ctx context.Context, db postgres.Querier, j job, state string) error {
	ids, attempts := j.columns()
	_, err := db.ExecContext(ctx, `
		UPDATE outbox
		SET state = $3, leased_until = NULL
		FROM unnest($1::bigint[], $2::bigint[]) AS hand (id, n)
		WHERE outbox.id = hand.id
		  AND outbox.attempts = hand.n
		  AND outbox.state = 'pending'`,
		ids, attempts, state)
	if err != nil {
		return fmt.Errorf("note event %d as %s: %w", j[0].ID, state, err)
	}
	return nil
}

// giveUp ends a job that cannot be done. Whoever should have been told is put
// on the call list.
func giveUp(ctx context.Context, db postgres.Querier, j job) error {
	ids, attempts := j.columns()
	_, err := db.ExecContext(ctx, `
		WITH failed AS (
			UPDATE outbox
			SET state = 'failed', leased_until = NULL
			FROM unnest($1::bigint[], $2::bigint[]) AS hand (id, n)
			WHERE outbox.id = hand.id
			  AND outbox.attempts = hand.n
			  AND outbox.state = 'pending'
			RETURNING outbox.appointment_id, outbox.kind
		)
		SELECT add_contact(appointment_id, kind)
		FROM failed
		WHERE appointment_id IS NOT NULL
		  AND kind <> 'phone_changed' -- whoever calls would reach the new phone`,
		ids, attempts)
	if err != nil {
		return fmt.Errorf("give up event %d: %w", j[0].ID, err)
	}
	return nil
}

// postpone gives a job back for its next turn.
func postpone(ctx context.Context, db postgres.Querier, j job, wait time.Duration) error {
	ids, attempts := j.columns()
	_, err := db.ExecContext(ctx, `
		UPDATE outbox
		SET due_at = clock_now() + make_interval(secs => $3), leased_until = NULL
		FROM unnest($1::bigint[], $2::bigint[]) AS hand (id, n)
		WHERE outbox.id = hand.id
		  AND outbox.attempts = hand.n
		  AND outbox.state = 'pending'`,
		ids, attempts, wait.Seconds())
	if err != nil {
		return fmt.Errorf("postpone event %d: %w", j[0].ID, err)
	}
	return nil
}

// columns are the ids of the events and the attempts that tell whether they are
// still in our hand.
func (j job) columns() (ids, attempts pq.Int64Array) {
	for _, e := range j {
		ids = append(ids, e.ID)
		attempts = append(attempts, int64(e.Attempt))
	}
	return ids, attempts
}
