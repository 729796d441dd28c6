package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// What CallList.Record may refuse.
var (
	ErrNoSuchCall  = fault.New(fault.NotFound, "no_such_call")
	ErrTooFewCalls = fault.New(fault.Conflict, "too_few_calls") // three first (domain rule 57)
)

// callsBeforeGivingUp is how often a number is called before it may be left.
const callsBeforeGivingUp = 3

// Outcome is how a call went.
type Outcome string

// The outcomes. All but Reached and GivenUp leave the call on the list.
const (
	Reached     Outcome = "reached"
	NoAnswer    Outcome = "no_answer"
	WrongNumber Outcome = "wrong_number"
	GivenUp     Outcome = "given_up" // not a call: the end of trying
)

// CallList is who has to be told by phone: whoever texts do not reach, or did
// not, and all whom the office has cancelled (domain rules 7, 57, 92).
type CallList struct{ DB *sqlx.DB }

// Call is one entry.
type Call struct {
	ID          int64      `db:"id"`
	Appointment int64      `db:"appointment_id"`
	Reason      Kind       `db:"reason"` // what they have to be told
	Since       time.Time  `db:"created_at"`
	Tries       int        `db:"tries"`
	Outcome     Outcome    `db:"outcome"`  // of the last try; "" before it
	TriedAt     *time.Time `db:"tried_at"` // nil before the first
}

// Open returns up to limit open entries of an office, the least tried first and
// then the oldest.
func (c *CallList) Open(ctx context.Context, office string, limit int) ([]Call, error) {
	calls := []Call{}
	err := c.DB.SelectContext(ctx, &calls, `
		SELECT contact.id, appointment_id, reason, contact.created_at, tries, coalesce(outcome, '') AS outcome, tried_at
		FROM contact
		JOIN appointment ON appointment.id = contact.appointment_id
		WHERE office_id = $1
		  AND open
		ORDER BY tries, contact.id
		LIMIT $2`, office, limit)
	if err != nil {
		return nil, fmt.Errorf("call list of %s: %w", office, err)
	}
	return calls, nil
}

// Record notes how a call of the office went, who called, and takes it off the
// list if somebody was reached. Giving up needs three calls first.
//
// Faults: ErrNoSuchCall (also if it is off the list), ErrTooFewCalls.
func (c *CallList) Record(ctx context.Context, actor, office string, id int64, o Outcome) error {
	return postgres.InTx(ctx, c.DB, func(tx postgres.Querier) error {
		tries, err := c.lock(ctx, tx, office, id)
		if err != nil {
			return err
		}
		if o == GivenUp && tries < callsBeforeGivingUp {
			return ErrTooFewCalls
		}
		return c.record(ctx, tx, actor, id, o)
	})
}

// lock is how often an open entry has been tried. Two who record it take turns.
func (c *CallList) lock(ctx context.Context, tx postgres.Querier, office string, id int64) (int, error) {
	var tries []int
	err := tx.SelectContext(ctx, &tries, `
		SELECT tries
		FROM contact
		JOIN appointment ON appointment.id = contact.appointment_id
		WHERE contact.id = $1
		  AND office_id = $2
		  AND open
		FOR UPDATE OF contact`, id, office)
	if err != nil {
		return 0, fmt.Errorf("call %d: %w", id, err)
	}
	if len(tries) == 0 {
		return 0, ErrNoSuchCall
	}
	return tries[0], nil
}

func (c *CallList) record(ctx context.Context, tx postgres.Querier, actor string, id int64, o Outcome) error {
	if err := postgres.SetActor(ctx, tx, actor); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		WITH called AS (
			UPDATE contact
			SET tries = tries + CASE $2 WHEN 'given_up' THEN 0 ELSE 1 END,
			    outcome = $2,
			    tried_at = clock_now(),
			    open = $2 NOT IN ('reached', 'given_up')
			WHERE id = $1
			RETURNING appointment_id, reason
		)
		SELECT record_audit('called', 'appointment:' || appointment_id, NULL, NULL, reason || ' ' || $2)
		FROM called`, id, o)
	if err != nil {
		return fmt.Errorf("record call %d: %w", id, err)
	}
	return nil
}

// addContact puts the appointment of e on the call list, once per reason.
func addContact(ctx context.Context, db postgres.Querier, e Event) error {
	if _, err := db.ExecContext(ctx, `SELECT add_contact($1, $2)`, e.Appointment, e.Kind); err != nil {
		return fmt.Errorf("put appointment %d on the call list: %w", e.Appointment, err)
	}
	return nil
}

// Withdraw takes an appointment off the list, in the caller's transaction: its
// data are erased, so that nobody can be called any more.
func Withdraw(ctx context.Context, tx postgres.Querier, appointment int64) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM contact WHERE appointment_id = $1 AND open`, appointment); err != nil {
		return fmt.Errorf("withdraw appointment %d: %w", appointment, err)
	}
	return nil
}
