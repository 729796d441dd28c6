package slots

import (
	"context"
	"fmt"

	"hunyue/internal/postgres"
)

// Leftovers is the quotas of coming days that could still sell places in slots
// which the schedule has no more: couples held these when it was published.
func (s *Store) Leftovers(ctx context.Context) ([]string, error) {
	var ids []string
	err := s.DB.SelectContext(ctx, &ids, `
		SELECT quota.id
		FROM quota
		JOIN slot ON slot.id = quota.slot_id
		WHERE slot.withdrawn
		  AND quota.cap > 0
		  AND quota.day >= ((SELECT clock_now()) - interval '1 day')::date
		ORDER BY quota.id`)
	if err != nil {
		return nil, fmt.Errorf("leftovers of withdrawn slots: %w", err)
	}
	return ids, nil
}

// Retire makes a quota of a withdrawn slot sell nothing more, in the caller's
// transaction, and returns its line. Who is booked in it stays.
func (s *Store) Retire(ctx context.Context, tx postgres.Querier, quota, actor string) (string, error) {
	if err := postgres.SetActor(ctx, tx, actor); err != nil {
		return "", err
	}
	q, err := s.Quota(ctx, tx, quota)
	if err != nil {
		return "", err
	}
	line, err := setCap(ctx, tx, quota, 0)
	if err != nil {
		return "", err
	}
	return line, audit(ctx, tx, []auditLine{capAudit(Change{Quota: quota, Kind: q.Kind, Before: q.Cap}, "withdrawn")})
}
