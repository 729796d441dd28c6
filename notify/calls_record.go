package notify

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// Called is how a call went.
type Called struct {
	ID      int64 // of the entry
	Outcome Outcome
	Key     string // of the form: sent twice, it is one call
}

// wrong is the fields that are not as they must be.
func (r Called) wrong() map[string]string {
	wrong := map[string]string{}
	switch r.Outcome {
	case Reached, NoAnswer, WrongNumber, GivenUp:
	case "":
		wrong["outcome"] = "required"
	default:
		wrong["outcome"] = "unknown"
	}
	if _, err := uuid.Parse(r.Key); err != nil {
		wrong["key"] = "format"
	}
	return wrong
}

// Record notes how a call of the office went, who called, and takes it off the
// list if somebody was reached; otherwise it comes back after half an hour. The
// operator must have it in hand, and has nothing in hand afterwards. Giving up
// needs three calls first. Sent again under its key, it is not counted again.
//
// Faults: fields outcome and key; ErrNoSuchCall, also if it is off the list;
// ErrCallNotHeld, ErrTooFewCalls.
func (c *CallList) Record(ctx context.Context, actor, office string, r Called) error {
	if err := fault.InFields(r.wrong()); err != nil {
		return err
	}
	err := c.actAs(ctx, actor, func(tx postgres.Querier) error {
		now, there, err := lockCall(ctx, tx, office, r.ID)
		if err != nil {
			return err
		}
		again, err := r.before(ctx, tx, actor)
		if again || err != nil {
			return err
		}
		switch {
		case !there || !now.Open:
			return ErrNoSuchCall
		case now.Holder != actor:
			return ErrCallNotHeld
		case r.Outcome == GivenUp && now.Tries < CallsBeforeGivingUp:
			return ErrTooFewCalls
		}
		if err := r.note(ctx, tx, actor); err != nil {
			return err
		}
		return r.end(ctx, tx)
	})
	if postgres.Violates(err, "contact_call_pkey") { // the key of another call
		return ErrCallNotHeld
	}
	return err
}

// standing is how an entry stands while it is locked.
type standing struct {
	Open   bool   `db:"open"`
	Tries  int    `db:"tries"`
	Holder string `db:"holder"`
}

// lockCall is an entry of the office, open or not. Those who record it take turns.
func lockCall(ctx context.Context, tx postgres.Querier, office string, id int64) (standing, bool, error) {
	var found []standing
	err := tx.SelectContext(ctx, &found, `
		SELECT open, tries, coalesce(holder, '') AS holder
		FROM contact
		JOIN appointment ON appointment.id = contact.appointment_id
		WHERE contact.id = $1
		  AND office_id = $2
		FOR UPDATE OF contact`, id, office)
	if err != nil {
		return standing{}, false, fmt.Errorf("call %d: %w", id, err)
	}
	if len(found) == 0 {
		return standing{}, false, nil
	}
	return found[0], true, nil
}

// before reports whether the same has been recorded under its key.
func (r Called) before(ctx context.Context, tx postgres.Querier, actor string) (bool, error) {
	var again bool
	err := tx.GetContext(ctx, &again, `
		SELECT EXISTS (
			SELECT
			FROM contact_call
			WHERE request_key = $1
			  AND contact_id = $2
			  AND actor = $3
			  AND outcome = $4
		)`, r.Key, r.ID, actor, r.Outcome)
	if err != nil {
		return false, fmt.Errorf("earlier record of call %d: %w", r.ID, err)
	}
	return again, nil
}

func (r Called) note(ctx context.Context, tx postgres.Querier, actor string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO contact_call (request_key, contact_id, actor, outcome)
		VALUES ($1, $2, $3, $4)`, r.Key, r.ID, actor, r.Outcome)
	if err != nil {
		return fmt.Errorf("note call %d: %w", r.ID, err)
	}
	return nil
}

func (r Called) end(ctx context.Context, tx postgres.Querier) error {
	_, err := tx.ExecContext(ctx, `
		WITH called AS (
			UPDATE contact
			SET tries = tries + CASE $2 WHEN 'given_up' THEN 0 ELSE 1 END,
			    outcome = $2,
			    tried_at = clock_now(),
			    due_at = clock_now() + make_interval(secs => $3),
			    open = $2 NOT IN ('reached', 'given_up'),
			    holder = NULL,
			    held_until = NULL
			WHERE id = $1
			RETURNING appointment_id, reason
		)
		SELECT record_audit('called', 'appointment:' || appointment_id, NULL, NULL, reason || ' ' || $2)
		FROM called`, r.ID, r.Outcome, callAgainAfter.Seconds())
	if err != nil {
		return fmt.Errorf("record call %d: %w", r.ID, err)
	}
	return nil
}
