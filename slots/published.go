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

// Park notes that a Redis which only this program uses is about to be stopped in
// good order, with everything on disk: nothing can be lost, so the next filling
// may open the days at once. Call it when no request can come any more. After a
// crash nobody has called it, and every filling waits for holds that may be lost.
func (s *Store) Park(ctx context.Context) error {
	_, err := s.DB.ExecContext(ctx, `
		UPDATE quota
		SET published = false
		WHERE published
		  AND day >= ((SELECT clock_now()) - interval '1 day')::date`)
	if err != nil {
		return fmt.Errorf("park the published days: %w", err)
	}
	return nil
}
