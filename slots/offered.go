package slots

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"hunyue/internal/postgres"
)

// A place that is offered to a couple on the waiting list goes on cooling, in its own
// quota and in every cap above it, so that neither Postgres nor Redis sells it.

// WithCaps is the rows of a cooled place in due, itself first: its own and one of
// each cap above it, that came with the same cancellation. None: some cap has given
// its share away, so that the place cannot be promised to anybody.
func (c Cooled) WithCaps(due []Cooled) []Cooled {
	rows := []Cooled{c}
	for _, parent := range c.Parents {
		for _, above := range due {
			if above.Quota == parent && above.Sells && above.Until.Equal(c.Until) {
				rows = append(rows, above)
				break
			}
		}
	}
	if len(rows) != 1+len(c.Parents) || !c.Sells || c.Withdrawn {
		return nil
	}
	return rows
}

// KeepFor has places in the caller's hands go on cooling until an instant, for an
// offer. Nobody puts them on sale before that offer is let go.
func (s *Store) KeepFor(ctx context.Context, tx postgres.Querier, rows []Cooled, offer uuid.UUID, until time.Time) error {
	return keepCooling(ctx, tx, rows, &offer, until)
}

// KeepCooling has places in the caller's hands go on cooling until an instant.
func (s *Store) KeepCooling(ctx context.Context, tx postgres.Querier, rows []Cooled, until time.Time) error {
	return keepCooling(ctx, tx, rows, nil, until)
}

func keepCooling(ctx context.Context, tx postgres.Querier, rows []Cooled, offer *uuid.UUID, until time.Time) error {
	ids := make([]int64, 0, len(rows))
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE cooling
		SET until = $2, offer = $3
		WHERE id = ANY ($1)`, pq.Array(ids), until, offer)
	if err != nil {
		return fmt.Errorf("keep cooled places: %w", err)
	}
	return nil
}

// LetGo makes an offered place due again, in the caller's transaction: for the next
// who waits, or for everybody.
func (s *Store) LetGo(ctx context.Context, tx postgres.Querier, offer uuid.UUID) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE cooling
		SET until = (SELECT clock_now()), offer = NULL
		WHERE offer = $1`, offer)
	if err != nil {
		return fmt.Errorf("let an offered place go: %w", err)
	}
	return nil
}

// TakeOffered ends the cooling of an offered place, in the caller's transaction,
// which then has to count who takes it, and returns the new lines of the quotas. They
// stay locked, so that nobody else is sold the place.
func (s *Store) TakeOffered(ctx context.Context, tx postgres.Querier, offer uuid.UUID) ([]string, error) {
	var quotas []string
	err := tx.SelectContext(ctx, &quotas, `
		DELETE FROM cooling
		WHERE offer = $1
		RETURNING quota_id`, offer)
	if err != nil {
		return nil, fmt.Errorf("take an offered place: %w", err)
	}
	return countCooled(ctx, tx, quotas)
}
