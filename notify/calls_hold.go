package notify

import (
	"context"
	"fmt"

	"hunyue/internal/postgres"
)

// Next is the entry of the office that an operator has in hand, or else the one
// to be called next, which is in their hands from now on; false if there is none.
// What waits for its next call is taken only if early is set. It stays in hand
// until it is recorded, put back, or ten minutes have passed without a sign of
// life: then it is anybody's.
func (c *CallList) Next(ctx context.Context, actor, office string, early bool) (call Call, there bool, err error) {
	err = c.actAs(ctx, actor, func(tx postgres.Querier) error {
		if err := takeTurns(ctx, tx, actor); err != nil {
			return err
		}
		if call, there, err = hold(ctx, tx, actor, office); there || err != nil {
			return err
		}
		if err := release(ctx, tx, actor); err != nil { // of another office, or no news any more
			return err
		}
		if there, err = take(ctx, tx, actor, office, early); !there || err != nil {
			return err
		}
		if call, there, err = hold(ctx, tx, actor, office); err != nil {
			return err
		}
		return postgres.Audit(ctx, tx, "call_taken", fmt.Sprintf("appointment:%d", call.Appointment), string(call.Reason))
	})
	return call, there, err
}

// takeTurns lets one request of an operator wait for the other: what the first has
// taken in hand, the second must find there.
func takeTurns(ctx context.Context, tx postgres.Querier, actor string) error {
	_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('call list ' || $1, 0))`, actor)
	if err != nil {
		return fmt.Errorf("wait for the operator's other request: %w", err)
	}
	return nil
}

// Held is the entry of the office that an operator has in hand, for another ten
// minutes; false if there is none.
func (c *CallList) Held(ctx context.Context, actor, office string) (Call, bool, error) {
	return hold(ctx, c.DB, actor, office)
}

// Keep lets an operator have what is in their hands for another ten minutes.
func (c *CallList) Keep(ctx context.Context, actor string) error {
	_, err := c.DB.ExecContext(ctx, `
		UPDATE contact
		SET held_until = clock_now() + make_interval(secs => $2)
		WHERE holder = $1
		  AND held_until < clock_now() + make_interval(secs => $2 - 30) -- not with every request
		  AND held_until > clock_now()`, actor, callLease.Seconds())
	if err != nil {
		return fmt.Errorf("keep a call in hand: %w", err)
	}
	return nil
}

// PutBack takes the entry out of an operator's hands uncalled, and lets others go
// before it for a while. It changes nothing if they have another one by now.
func (c *CallList) PutBack(ctx context.Context, actor string, id int64) error {
	_, err := c.DB.ExecContext(ctx, `
		UPDATE contact
		SET holder = NULL, held_until = NULL, due_at = greatest(due_at, clock_now() + make_interval(secs => $3))
		WHERE id = $1
		  AND holder = $2`, id, actor, putBackFor.Seconds())
	if err != nil {
		return fmt.Errorf("put back call %d: %w", id, err)
	}
	return nil
}

// Release takes whatever it is out of an operator's hands: they are leaving.
func (c *CallList) Release(ctx context.Context, actor string) error {
	return release(ctx, c.DB, actor)
}

func release(ctx context.Context, db postgres.Querier, actor string) error {
	_, err := db.ExecContext(ctx, `
		UPDATE contact
		SET holder = NULL, held_until = NULL
		WHERE holder = $1`, actor)
	if err != nil {
		return fmt.Errorf("release a call: %w", err)
	}
	return nil
}

// hold is what an operator has in hand at the office, for another lease.
func hold(ctx context.Context, tx postgres.Querier, actor, office string) (Call, bool, error) {
	var held []Call
	err := tx.SelectContext(ctx, &held, `
		UPDATE contact
		SET held_until = clock_now() + make_interval(secs => $3)
		FROM call_entry AS e
		WHERE contact.holder = $1
		  AND e.id = contact.id
		  AND e.office_id = $2
		RETURNING contact.id, e.appointment_id, e.number, e.starts_at, contact.reason, coalesce(e.suspension_id, 0) AS suspension_id,
			contact.created_at, contact.tries, coalesce(contact.outcome, '') AS outcome, contact.tried_at, contact.due_at, contact.holder`,
		actor, office, callLease.Seconds())
	if err != nil {
		return Call{}, false, fmt.Errorf("call in hand at %s: %w", office, err)
	}
	if len(held) == 0 {
		return Call{}, false, nil
	}
	return held[0], true, nil
}

// take puts the next entry into an operator's hands; false if there is none that
// nobody else is about to take. What decides is said of contact itself: of a row
// that has changed meanwhile, the database looks at these columns again.
func take(ctx context.Context, tx postgres.Querier, actor, office string, early bool) (bool, error) {
	result, err := tx.ExecContext(ctx, `
		WITH next AS (
			SELECT contact.id
			FROM contact
			JOIN call_entry AS e ON e.id = contact.id
			CROSS JOIN (SELECT clock_now() AS t) AS now
			WHERE e.office_id = $2
			  AND contact.open
			  AND (contact.holder IS NULL OR contact.held_until <= now.t)
			  AND ($3 OR contact.due_at IS NULL OR contact.due_at <= now.t)
			ORDER BY greatest(contact.due_at, now.t), contact.tries, e.starts_at <= now.t, e.starts_at, contact.id
			LIMIT 1
			FOR UPDATE OF contact SKIP LOCKED
		)
		UPDATE contact
		SET holder = $1, held_until = clock_now() + make_interval(secs => $4)
		FROM next
		WHERE contact.id = next.id`, actor, office, early, callLease.Seconds())
	if err != nil {
		return false, fmt.Errorf("take the next call of %s: %w", office, err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// actAs runs f in a transaction in which the actor acts.
func (c *CallList) actAs(ctx context.Context, actor string, f func(tx postgres.Querier) error) error {
	return postgres.InTx(ctx, c.DB, func(tx postgres.Querier) error {
		if err := postgres.SetActor(ctx, tx, actor); err != nil {
			return err
		}
		return f(tx)
	})
}
