package hall

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// Conflict is something that was done at a desk while the server was away, and could
// not be done here: somebody has to see to the couple and say what came of it.
type Conflict struct {
	ID         int64     `db:"id"`
	Kind       DeedKind  `db:"kind"`
	Number     string    `db:"number"`
	Ticket     string    `db:"ticket"` // in the couple's hands; "": none
	HappenedAt time.Time `db:"happened_at"`
	Actor      string    `db:"actor"` // whoever did it
	Code       string    `db:"code"`  // why it could not be done
}

// Conflicts is those of an office that wait, the oldest first.
func (d *Desk) Conflicts(ctx context.Context, office string) ([]Conflict, error) {
	var all []Conflict
	err := d.DB.SelectContext(ctx, &all, `
		SELECT id, kind, number, coalesce(ticket, '') AS ticket, happened_at, actor, code
		FROM desk_conflict
		WHERE office_id = $1
		  AND word IS NULL
		ORDER BY id`, office)
	if err != nil {
		return nil, fmt.Errorf("conflicts of desks: %w", err)
	}
	return all, nil
}

// The faults of settling.
var (
	ErrNoConflict = fault.New(fault.NotFound, "no_such_conflict") // at the office, or settled with another word
	ErrNotTaken   = fault.New(fault.Conflict, "desk_not_taken")   // nothing of it can count: write what came of it
)

// Settle keeps what came of a conflict, in a word, and forgets what was sealed of it.
// The same word again changes nothing.
//
// Faults: ErrNoConflict; field word.
func (d *Desk) Settle(ctx context.Context, office string, id int64, word, actor string) error {
	word, err := checkedWord(word)
	if err != nil {
		return err
	}
	return d.as(ctx, actor, func(tx postgres.Querier) error {
		return settle(ctx, tx, office, id, word, false, actor)
	})
}

func checkedWord(word string) (string, error) {
	word = strings.TrimSpace(word)
	switch {
	case word == "":
		return "", fault.InFields(map[string]string{"word": required})
	case utf8.RuneCountInString(word) > longestReason:
		return "", fault.InFields(map[string]string{"word": tooLong})
	}
	return word, nil
}

// settle settles a conflict that waits, or finds it settled in the same way.
func settle(ctx context.Context, tx postgres.Querier, office string, id int64, word string, taken bool, actor string) error {
	done, err := tx.ExecContext(ctx, `
		UPDATE desk_conflict
		SET word = $3, taken = $4, settled_by = $5, settled_at = clock_now(), sealed = NULL
		WHERE id = $1
		  AND office_id = $2
		  AND word IS NULL`, id, office, word, taken, actor)
	if err != nil {
		return fmt.Errorf("settle conflict %d: %w", id, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return settledBefore(ctx, tx, office, id, word, taken)
}

func settledBefore(ctx context.Context, tx postgres.Querier, office string, id int64, word string, taken bool) error {
	var same bool
	err := tx.GetContext(ctx, &same, `
		SELECT EXISTS (
			SELECT
			FROM desk_conflict
			WHERE id = $1
			  AND office_id = $2
			  AND word = $3
			  AND taken = $4)`, id, office, word, taken)
	if err != nil {
		return fmt.Errorf("conflict %d: %w", id, err)
	}
	if !same {
		return ErrNoConflict
	}
	return nil
}

// keepConflict stores why a deed could not be done. Everything that it held is sealed
// beside, so that nothing of it is lost.
func (d *Desk) keepConflict(ctx context.Context, deed Deed, code string) (Replayed, error) {
	plain, err := json.Marshal(deed) //nolint:musttag // read again as a Deed alone
	if err != nil {
		return Replayed{}, fmt.Errorf("keep conflict: %w", err)
	}
	sealed, err := d.Keys.Seal(plain, conflictRow(deed))
	if err != nil {
		return Replayed{}, fmt.Errorf("seal conflict: %w", err)
	}
	err = d.as(ctx, deed.Actor, func(tx postgres.Querier) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO desk_conflict (office_id, actor, key, kind, number, ticket, happened_at, code, sealed)
			VALUES ($1, $2, $3, $4, $5, nullif($6, ''), $7, $8, $9)
			ON CONFLICT ON CONSTRAINT conflict_once DO NOTHING`,
			deed.Office, deed.Actor, deed.Key, string(deed.Kind), deed.Number, deed.Ticket, deed.At, code, sealed)
		return err
	})
	if err != nil {
		return Replayed{}, fmt.Errorf("keep conflict: %w", err)
	}
	return d.conflictOf(ctx, deed)
}

func conflictRow(deed Deed) string { return "desk_conflict:" + deed.Actor + ":" + deed.Key }

// conflictOf is what is known of a deed that was a conflict before.
func (d *Desk) conflictOf(ctx context.Context, deed Deed) (Replayed, error) {
	var codes []string
	err := d.DB.SelectContext(ctx, &codes, `
		SELECT code
		FROM desk_conflict
		WHERE actor = $1
		  AND key = $2`, deed.Actor, deed.Key)
	if err != nil {
		return Replayed{}, fmt.Errorf("conflicts of desks: %w", err)
	}
	if len(codes) == 0 {
		return Replayed{}, nil
	}
	return Replayed{Conflict: true, Code: codes[0]}, nil
}
