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
	ErrCallNotHeld = fault.New(fault.Conflict, "call_not_held") // it was put back, or somebody else has it
)

// CallsBeforeGivingUp is how often a number is called before it may be left.
const CallsBeforeGivingUp = 3

const (
	// callLease is how long an entry stays in an operator's hands without a
	// sign of life: longer than any call with a new booking, and well within
	// the quarter of an hour after which they are signed out.
	callLease = 10 * time.Minute

	// callAgainAfter is when a number is called again where nobody was reached:
	// whoever did not hear the phone is often back from it by then, and three
	// calls still fit into a morning.
	callAgainAfter = 30 * time.Minute

	// putBackFor is how long an entry that was put back uncalled lets others go
	// before it.
	putBackFor = 5 * time.Minute
)

// Outcome is how a call went.
type Outcome string

// The outcomes. All but Reached and GivenUp leave the call on the list.
const (
	Reached     Outcome = "reached"
	NoAnswer    Outcome = "no_answer"
	WrongNumber Outcome = "wrong_number"
	GivenUp     Outcome = "given_up" // not a call: the end of trying
)

// Outcomes is all of them, in the order in which they are offered.
func Outcomes() []Outcome { return []Outcome{Reached, NoAnswer, WrongNumber, GivenUp} }

// CallReasons is every kind of message that can put somebody on the call list.
func CallReasons() []Kind {
	return []Kind{CancelledByOffice, Cancelled, Moved, Booked, Reminder, NoShow, HealthDeferred, Tried, Restricted}
}

// CallList is who has to be told by phone: whoever texts do not reach, or did
// not, and all whom the office has cancelled (domain rules 7, 57, 92). Several
// operators work it off at once, and no two of them have the same entry in hand.
type CallList struct{ DB *sqlx.DB }

// Call is one entry.
type Call struct {
	ID          int64      `db:"id"`
	Appointment int64      `db:"appointment_id"`
	Number      string     `db:"number"` // of the appointment
	StartsAt    time.Time  `db:"starts_at"`
	Reason      Kind       `db:"reason"`        // what they have to be told
	Suspension  int64      `db:"suspension_id"` // that has cancelled the appointment; 0: none
	Since       time.Time  `db:"created_at"`
	Tries       int        `db:"tries"`
	Outcome     Outcome    `db:"outcome"`  // of the last try; "" before it
	TriedAt     *time.Time `db:"tried_at"` // nil before the first
	DueAt       *time.Time `db:"due_at"`   // when it is to be called again; nil: now
	Holder      string     `db:"holder"`   // who has it in hand; "" for nobody
}

// GivesUp reports whether the number has been called often enough to be left.
func (c Call) GivesUp() bool { return c.Tries >= CallsBeforeGivingUp }

// Waits reports whether the number is not to be called again before long.
func (c Call) Waits(now time.Time) bool { return c.DueAt != nil && c.DueAt.After(now) }

// Open returns up to limit open entries of an office in the order in which they
// will be called: those that wait for their next call last, the least tried first,
// the next visit first, and visits that are over after those to come.
func (c *CallList) Open(ctx context.Context, office string, limit int) ([]Call, error) {
	calls := []Call{}
	err := c.DB.SelectContext(ctx, &calls, `
		SELECT id, appointment_id, number, starts_at, reason, coalesce(suspension_id, 0) AS suspension_id, created_at,
			tries, coalesce(outcome, '') AS outcome, tried_at, due_at,
			CASE WHEN held_until > now.t THEN holder ELSE '' END AS holder
		FROM call_entry, (SELECT clock_now() AS t) AS now
		WHERE office_id = $1
		  AND open
		ORDER BY greatest(due_at, now.t), tries, starts_at <= now.t, starts_at, id
		LIMIT $2`, office, limit)
	if err != nil {
		return nil, fmt.Errorf("call list of %s: %w", office, err)
	}
	return calls, nil
}

// Tally is how far the list has come with what has to be told for one reason.
type Tally struct {
	Reason     Kind  `db:"reason"`
	Suspension int64 `db:"suspension_id"` // of CancelledByOffice; 0: none
	Todo       int   `db:"todo"`
	InHand     int   `db:"in_hand"`
	Waiting    int   `db:"waiting"` // for their next call
	Reached    int   `db:"reached"`
	GivenUp    int   `db:"given_up"`
}

// Left is how many have still to be told.
func (t Tally) Left() int { return t.Todo + t.InHand + t.Waiting }

// All is how many there were.
func (t Tally) All() int { return t.Left() + t.Reached + t.GivenUp }

// Progress is the tallies of an office, the newest suspension first. A
// suspension counts whole; of other reasons, what was ended before since is left
// out. Where nothing is open and nothing was called since, there is no tally.
func (c *CallList) Progress(ctx context.Context, office string, since time.Time) ([]Tally, error) {
	tallies := []Tally{}
	err := c.DB.SelectContext(ctx, &tallies, `
		SELECT reason, coalesce(suspension_id, 0) AS suspension_id,
			count(*) FILTER (WHERE open AND held_until > now.t) AS in_hand,
			count(*) FILTER (WHERE open AND (held_until > now.t) IS NOT TRUE AND due_at > now.t) AS waiting,
			count(*) FILTER (WHERE open AND (held_until > now.t) IS NOT TRUE AND (due_at > now.t) IS NOT TRUE) AS todo,
			count(*) FILTER (WHERE outcome = 'reached') AS reached,
			count(*) FILTER (WHERE outcome = 'given_up') AS given_up
		FROM call_entry, (SELECT clock_now() AS t) AS now
		WHERE office_id = $1
		  AND (open OR suspension_id IS NOT NULL OR tried_at >= $2)
		GROUP BY reason, suspension_id
		HAVING bool_or(open) OR max(tried_at) >= $2
		ORDER BY suspension_id DESC NULLS LAST, reason`, office, since)
	if err != nil {
		return nil, fmt.Errorf("progress of the call list of %s: %w", office, err)
	}
	return tallies, nil
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
