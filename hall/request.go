package hall

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"hunyue/booking"
	"hunyue/internal/postgres"
)

// request is what may be sent twice: who asked, the client's key, and a digest
// of what was asked.
type request struct {
	Actor string
	Key   string
	Body  []byte
}

// digest is 32 bytes that differ where parts do.
func digest(parts ...any) []byte {
	plain := fmt.Appendf(nil, "%#v", parts)
	sum := sha256.Sum256(plain)
	return sum[:]
}

// once answers a request: as before if it was answered before, and otherwise
// by act, whose answer is stored if act says so. An empty key stores nothing.
// Whoever calls keeps requests for one thing apart with a lock.
//
// Besides the faults of act: booking.ErrKeyReused.
func once[T any](ctx context.Context, tx postgres.Querier, r request, act func() (T, bool, error)) (T, error) {
	var answer T
	if r.Key == "" {
		answer, _, err := act()
		return answer, err
	}
	known, err := r.recall(ctx, tx, &answer)
	if err != nil || known {
		return answer, err
	}
	answer, keep, err := act()
	if err != nil || !keep {
		return answer, err
	}
	return answer, r.remember(ctx, tx, answer)
}

// recall reads the stored answer, if there is one.
func (r request) recall(ctx context.Context, tx postgres.Querier, answer any) (bool, error) {
	var row struct {
		Same   bool   `db:"same"`
		Answer []byte `db:"answer"`
	}
	err := tx.GetContext(ctx, &row, `
		SELECT body = $3 AS same, answer
		FROM hall_request
		WHERE actor = $1
		  AND key = $2`, r.Actor, r.Key, r.Body)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("recall request: %w", err)
	case !row.Same:
		return false, booking.ErrKeyReused
	}
	if err := json.Unmarshal(row.Answer, answer); err != nil {
		return false, fmt.Errorf("recall request: %w", err)
	}
	return true, nil
}

func (r request) remember(ctx context.Context, tx postgres.Querier, answer any) error {
	text, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("remember request: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO hall_request (actor, key, body, answer)
		VALUES ($1, $2, $3, $4)`, r.Actor, r.Key, r.Body, string(text))
	if postgres.Violates(err, "hall_request_pkey") {
		return booking.ErrKeyReused // at the same moment, for something else
	}
	if err != nil {
		return fmt.Errorf("remember request: %w", err)
	}
	return nil
}

// Forget deletes requests after a week, when nobody sends them again: what was
// measured can be guessed from their digests. It returns how many.
func (d *Desk) Forget(ctx context.Context) (int64, error) {
	done, err := d.DB.ExecContext(ctx, `
		DELETE FROM hall_request
		WHERE at < (SELECT clock_now()) - interval '7 days'`)
	if err != nil {
		return 0, fmt.Errorf("forget requests: %w", err)
	}
	return done.RowsAffected()
}
