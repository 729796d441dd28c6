package slots

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/internal/postgres"
)

// Cooled is a cancelled place, or its share of a cap, whose cooling time is over.
type Cooled struct {
	ID        int64          `db:"id"`
	Quota     string         `db:"quota_id"`
	Kind      Kind           `db:"kind"`
	Until     time.Time      `db:"until"`
	Office    string         `db:"office_id"`
	Day       date.Date      `db:"day"`
	Group     Group          `db:"biz_group"`
	Channel   Channel        `db:"channel"`
	Parents   pq.StringArray `db:"parents"`
	Withdrawn bool           `db:"withdrawn"`
	Sells     bool           `db:"sells"` // it could be sold now: open, on sale, and not cut
	ClosesAt  time.Time      `db:"closes_at"`
}

// Warm puts the cancelled places on sale again whose time has come, in the
// caller's transaction, some hundred at a time. Several servers may do so at
// once. It returns the new lines of the quotas, for Redis; none if nothing was
// due. No actor has to be set: the cancellation is in the audit.
func (s *Store) Warm(ctx context.Context, tx postgres.Querier) ([]string, error) {
	due, err := s.Due(ctx, tx)
	if err != nil {
		return nil, err
	}
	return s.PutOnSale(ctx, tx, due)
}

// Due is the cancelled places whose time has come and that nobody is offered, the
// first due first and some hundred at most, in the caller's hands until its
// transaction ends: nobody else is told of them.
func (s *Store) Due(ctx context.Context, tx postgres.Querier) ([]Cooled, error) {
	var due []Cooled
	err := tx.SelectContext(ctx, &due, `
		SELECT c.id, c.quota_id, q.kind, c.until, q.office_id, q.day, coalesce(q.biz_group, '') AS biz_group,
			coalesce(q.channel, '') AS channel, q.parents, coalesce(slot.withdrawn, false) AS withdrawn,
			q.state = 'open' AND q.excess = 0
				AND (q.kind <> 'place' OR q.opens_at <= (SELECT clock_now()) AND q.closes_at > (SELECT clock_now())) AS sells,
			q.closes_at
		FROM cooling AS c
		JOIN quota AS q ON q.id = c.quota_id
		LEFT JOIN slot ON slot.id = q.slot_id
		WHERE c.until <= (SELECT clock_now())
		  AND c.offer IS NULL
		ORDER BY c.until, c.id
		LIMIT 500
		FOR UPDATE OF c SKIP LOCKED`)
	if err != nil {
		return nil, fmt.Errorf("cooled places: %w", err)
	}
	return due, nil
}

// PutOnSale ends the cooling of places in the caller's hands, and returns the new
// lines of their quotas.
func (s *Store) PutOnSale(ctx context.Context, tx postgres.Querier, due []Cooled) ([]string, error) {
	if len(due) == 0 {
		return []string{}, nil
	}
	ids, quotas := make([]int64, 0, len(due)), make([]string, 0, len(due))
	for _, c := range due {
		ids, quotas = append(ids, c.ID), append(quotas, c.Quota)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM cooling WHERE id = ANY ($1)`, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("warm: %w", err)
	}
	return countCooled(ctx, tx, quotas)
}

// countCooled takes from quotas what cools in them no longer, one place for every
// time that one is named, and returns their new lines.
func countCooled(ctx context.Context, tx postgres.Querier, quotas []string) ([]string, error) {
	_, err := tx.ExecContext(ctx, `
		SELECT id
		FROM quota
		WHERE id = ANY ($1)
		ORDER BY id
		FOR NO KEY UPDATE`, pq.Array(quotas))
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
		RETURNING quota_line(quota)`, pq.Array(quotas))
	if err != nil {
		return nil, fmt.Errorf("warm: %w", err)
	}
	return lines, nil
}
