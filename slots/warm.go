package slots

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"hunyue/internal/postgres"
)

// Warm puts the cancelled places on sale again whose time has come, in the
// caller's transaction, some hundred at a time. Several servers may do so at
// once. It returns the new lines of the quotas, for Redis; none if nothing was
// due. No actor has to be set: the cancellation is in the audit.
func (s *Store) Warm(ctx context.Context, tx postgres.Querier) ([]string, error) {
	var due []string // with a quota as often as it has places due
	err := tx.SelectContext(ctx, &due, `
		DELETE FROM cooling
		WHERE id IN (
			SELECT id
			FROM cooling
			WHERE until <= (SELECT clock_now())
			ORDER BY until, id
			LIMIT 500
			FOR UPDATE SKIP LOCKED
		)
		RETURNING quota_id`)
	if err != nil {
		return nil, fmt.Errorf("warm: %w", err)
	}
	if len(due) == 0 {
		return []string{}, nil
	}
	_, err = tx.ExecContext(ctx, `
		SELECT id
		FROM quota
		WHERE id = ANY ($1)
		ORDER BY id
		FOR NO KEY UPDATE`, pq.Array(due))
	if err != nil {
		return nil, fmt.Errorf("warm: %w", err)
	}
	lines := []string{}
	err = tx.SelectContext(ctx, &lines, `
		UPDATE quota
		SET cooling = cooling - due.places,
			excess = greatest(0, booked + cooling - due.places - cap),
			version = version + 1
		FROM (
			SELECT id, count(*)::int AS places
			FROM unnest($1::text[]) AS id
			GROUP BY id
		) AS due
		WHERE quota.id = due.id
		RETURNING quota_line(quota)`, pq.Array(due))
	if err != nil {
		return nil, fmt.Errorf("warm: %w", err)
	}
	return lines, nil
}
