package booking

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"
	"golang.org/x/sync/singleflight"

	"hunyue/internal/date"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// rebuilds lets one request of a crowd fill Redis while the others wait for it.
type rebuilds struct{ singleflight.Group }

// rebuild fills an office-day that Redis does not know, from Postgres. Unless
// nothing of it was ever in Redis, new holds are kept out until every hold that
// may have been lost has ended: whoever was promised a place still gets it.
func (d *Desk) rebuild(ctx context.Context, office string, day date.Date, ttl time.Duration) error {
	_, err, _ := d.memory().rebuilding.Do(office+day.String(), func() (any, error) {
		return nil, d.fill(context.WithoutCancel(ctx), office, day, ttl)
	})
	return err
}

func (d *Desk) fill(ctx context.Context, office string, day date.Date, ttl time.Duration) error {
	first, err := d.Offices.MarkPublished(ctx, office, day)
	if err != nil {
		return err
	}
	lines, err := linesOf(ctx, d.DB, office, day, day)
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		return slots.ErrNoSuchSlot
	}
	quarantine := ttl + grace + partition
	if first {
		quarantine = 0
	}
	rebuilt, err := d.Holds.rebuild(ctx, lines, quarantine, time.Until(day.AddDays(2).In(time.UTC))-d.Clock.Shift())
	if err != nil {
		return d.away(ctx, err)
	}
	if rebuilt && !first {
		lossesSeen.Inc()
		d.Log.WarnContext(ctx, "redis had lost an office-day", "office", office, "day", day.String(), "quarantine", quarantine.String())
	}
	return nil
}

// linesOf is the quota lines of an office from one day to another, both
// included, or with no end.
func linesOf(ctx context.Context, db postgres.Querier, office string, from, to date.Date) ([]string, error) {
	var lines []string
	err := db.SelectContext(ctx, &lines, `
		SELECT quota_line(quota)
		FROM quota
		WHERE office_id = $1
		  AND day BETWEEN $2 AND coalesce($3, 'infinity'::date)
		ORDER BY id`, office, from, to)
	if err != nil {
		return nil, fmt.Errorf("quota lines: %w", err)
	}
	return lines, nil
}

// Reconcile compares what Redis counts with what Postgres counts, for every
// published day from today on, and mends Redis. It returns how many quotas
// differed.
func (d *Desk) Reconcile(ctx context.Context) (int, error) {
	differ := 0
	days, err := publishedDays(ctx, d.DB)
	if err != nil {
		return 0, err
	}
	for _, of := range days {
		lines, err := linesOf(ctx, d.DB, of.Office, of.Day, of.Day)
		if err != nil {
			return differ, err
		}
		known, stale, err := d.Holds.compare(ctx, lines)
		if err != nil {
			return differ, err
		}
		differ += len(stale)
		if !known {
			rules, err := d.Offices.Rules(ctx, of.Office, of.Day)
			if err != nil {
				return differ, err
			}
			err = d.rebuild(ctx, of.Office, of.Day, holdFor(rules))
			if err != nil {
				return differ, err
			}
		} else if err := d.Holds.Settle(ctx, stale); err != nil {
			return differ, err
		}
	}
	return differ, nil
}

type officeDay struct {
	Office string    `db:"office_id"`
	Day    date.Date `db:"day"`
}

// publishedDays is the office-days that have been in Redis and are not over.
func publishedDays(ctx context.Context, db postgres.Querier) ([]officeDay, error) {
	var days []officeDay
	err := db.SelectContext(ctx, &days, `
		SELECT DISTINCT office_id, day
		FROM quota
		WHERE published
		  AND day >= (clock_now() - interval '1 day')::date
		ORDER BY day, office_id`)
	if err != nil {
		return nil, fmt.Errorf("published days: %w", err)
	}
	return days, nil
}

// Resettle tells Redis how a quota and the caps above it stand now. The outbox
// worker calls it for every change, so that a crash between Postgres and Redis
// heals.
func (d *Desk) Resettle(ctx context.Context, quota string) error {
	var lines pq.StringArray
	if err := d.DB.GetContext(ctx, &lines, `SELECT quota_lines($1)`, quota); err != nil {
		return fmt.Errorf("lines of quota: %w", err)
	}
	return d.Holds.Settle(ctx, lines)
}
