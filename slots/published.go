package slots

import (
	"context"
	"fmt"

	"hunyue/internal/date"
)

// MarkPublished notes that the quotas of a day are about to be put into Redis. It
// returns true for the one call that finds the day new: only then can no hold
// have been lost, and Redis may be filled at once. Call it after Publish has
// committed and before Redis is written.
func (s *Store) MarkPublished(ctx context.Context, office string, day date.Date) (bool, error) {
	var first []bool
	err := s.DB.SelectContext(ctx, &first, `
		WITH marked AS (
			UPDATE quota
			SET published = true
			WHERE office_id = $1
			  AND day = $2
			  AND NOT published
			RETURNING id
		)
		SELECT NOT EXISTS (SELECT FROM quota WHERE office_id = $1 AND day = $2 AND published)
		FROM marked
		LIMIT 1`, office, day)
	if err != nil {
		return false, fmt.Errorf("mark %s of %s published: %w", day, office, err)
	}
	return len(first) > 0 && first[0], nil
}
