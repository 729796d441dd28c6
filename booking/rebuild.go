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
func (d *Desk) rebuild(ctx context.Context, office string, day date.Date) error {
	_, err, _ := d.memory().rebuilding.Do(office+day.String(), func() (any, error) {
		return nil, d.fill(context.WithoutCancel(ctx), office, day)
	})
	return err
}

func (d *Desk) fill(ctx context.Context, office string, day date.Date) error {
	longest, err := d.Offices.LongestHold(ctx, office)
	if err != nil {
		return err
	}
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
	quarantine := longest + grace + partition
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

// Reconcile compares what Redis counts with what Postgres counts, for every day
// from today on, and mends Redis. It returns how many quotas differed. A day that
// nobody has asked for since it was published, or since Redis came back, is put
// into Redis, so that a quarantine does not wait for the first couple to begin.
func (d *Desk) Reconcile(ctx context.Context) (int, error) {
	differ := 0
	days, err := comingDays(ctx, d.DB)
	if err != nil {
		return 0, err
	}
	for _, of := range days {
		n, err := d.reconcile(ctx, of)
		if err != nil {
			return differ, err
		}
		differ += n
	}
	return differ, nil
}

func (d *Desk) reconcile(ctx context.Context, of officeDay) (int, error) {
	lines, err := linesOf(ctx, d.DB, of.Office, of.Day, of.Day)
	if err != nil {
		return 0, err
	}
	known, stale, err := d.Holds.compare(ctx, lines)
	if err != nil {
		return 0, err
	}
	if known && of.Published {
		return len(stale), d.Holds.Settle(ctx, stale)
	}
	if !of.Published {
		stale = nil // nothing was there that could differ
	}
	return len(stale), d.rebuild(ctx, of.Office, of.Day)
}

type officeDay struct {
	Office    string    `db:"office_id"`
	Day       date.Date `db:"day"`
	Published bool      `db:"published"` // in Redis, all of it
}

// comingDays is the office-days that are not over.
func comingDays(ctx context.Context, db postgres.Querier) ([]officeDay, error) {
	var days []officeDay
	err := db.SelectContext(ctx, &days, `
		SELECT office_id, day, bool_and(published) AS published
		FROM quota
		WHERE day >= ((SELECT clock_now()) - interval '1 day')::date
		GROUP BY office_id, day
		ORDER BY day, office_id`)
	if err != nil {
		return nil, fmt.Errorf("coming days: %w", err)
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
