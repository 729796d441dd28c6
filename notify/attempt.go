package notify

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"hunyue/internal/postgres"
)

// errLate: another worker has taken the event up since, or will before the
// channel could answer.
var errLate = errors.New("too late in the lease to send")

// attempt is the last handing over of an event. The zero value is none.
type attempt struct {
	State     string    `db:"state"` // "", sending, sent, failed
	Reference uuid.UUID `db:"reference"`
	Doubts    int       `db:"doubts"` // attempts of this event of which the channel could not tell
}

func lastAttempt(ctx context.Context, db postgres.Querier, event int64) (attempt, error) {
	var last []attempt
	err := db.SelectContext(ctx, &last, `
		SELECT state, reference, count(*) FILTER (WHERE error = 'unknown') OVER () AS doubts
		FROM attempt
		WHERE outbox_id = $1
		ORDER BY n DESC
		LIMIT 1`, event)
	if err != nil {
		return attempt{}, fmt.Errorf("last attempt of event %d: %w", event, err)
	}
	if len(last) == 0 {
		return attempt{}, nil
	}
	return last[0], nil
}

// begin records that e is about to be handed over, if it is still in our hand
// and stays so until the channel has answered.
func begin(ctx context.Context, tx postgres.Querier, e Event, reference uuid.UUID) error {
	done, err := tx.ExecContext(ctx, `
		INSERT INTO attempt (outbox_id, n, reference)
		SELECT id, attempts, $3
		FROM outbox
		WHERE id = $1
		  AND attempts = $2
		  AND state = 'pending'
		  AND leased_until > clock_now() + make_interval(secs => $4)`,
		e.ID, e.Attempt, reference, sendWithin.Seconds())
	if err != nil {
		return fmt.Errorf("begin attempt of event %d: %w", e.ID, err)
	}
	n, err := done.RowsAffected()
	if err == nil && n == 0 {
		err = errLate
	}
	return err
}

// noteAttempt records how an attempt ended.
func noteAttempt(ctx context.Context, db postgres.Querier, event int64, reference uuid.UUID, state, problem string) error {
	_, err := db.ExecContext(ctx, `
		UPDATE attempt
		SET state = $2, error = nullif($3, '')
		WHERE reference = $1`,
		reference, state, problem)
	if err != nil {
		return fmt.Errorf("note attempt of event %d: %w", event, err)
	}
	return nil
}
