package hall

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// Closed is a day that is over. NoShows, Deferred and Open count the whole day
// and not what this closing changed, so that closing again counts nothing twice.
type Closed struct {
	Office   string    `db:"office_id"`
	Day      date.Date `db:"day"`
	ClosedAt time.Time `db:"closed_at"` // the first time
	NoShows  int       `db:"no_shows"`
	Deferred int       `db:"deferred"`

	// Open is how many were received and neither served nor refused. Staff owe
	// each of them an end, with a reason (domain rule 48).
	Open int `db:"still_open"`

	Marked        int  `db:"-"` // no-shows that this closing noted
	AlreadyClosed bool `db:"-"`
}

// CloseDay notes who did not come, once the day's last slot has ended (domain
// rule 43). It may be run again at any time. Not counted as no-shows are those
// who cancelled, were cancelled or came late (rule 51), and those who left to
// rest after a fever and did not come back: they did appear, and are deferred. Who was
// noted as here and never measured was not received (rule 43): a manager may excuse them.
//
// Faults: ErrDayNotOver, and that of slots.Store for an office that is none.
func (d *Desk) CloseDay(ctx context.Context, office string, day date.Date, actor string) (Closed, error) {
	var c Closed
	err := d.as(ctx, actor, func(tx postgres.Querier) error {
		if err := mustBeOver(ctx, tx, office, day); err != nil {
			return err
		}
		first, err := enterClosing(ctx, tx, office, day, actor)
		if err != nil {
			return err
		}
		marked, err := missAbsent(ctx, tx, office, day, actor)
		if err != nil {
			return err
		}
		c, err = countDay(ctx, tx, office, day)
		c.Marked, c.AlreadyClosed = marked, !first
		return err
	})
	if err != nil {
		return Closed{}, err
	}
	return c, nil
}

// mustBeOver is ErrDayNotOver until the last slot of the day has ended or, on a
// day without slots, until midnight at the office.
func mustBeOver(ctx context.Context, tx postgres.Querier, office string, day date.Date) error {
	var t struct {
		Ends time.Time `db:"ends"`
		Now  time.Time `db:"now"`
	}
	err := tx.GetContext(ctx, &t, `
		SELECT
			coalesce(
				greatest(
					(SELECT max(s.ends_at) FROM slot AS s WHERE s.office_id = o.id AND s.day = $2),
					(SELECT max(a.ends_at) FROM appointment AS a WHERE a.office_id = o.id AND a.day = $2)
				),
				($2::date + 1)::timestamp AT TIME ZONE o.time_zone
			) AS ends,
			clock_now() AS now
		FROM office AS o
		WHERE o.id = $1`, office, day)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return slots.ErrNoSuchOffice
	case err != nil:
		return fmt.Errorf("end of day %s at %s: %w", day, office, err)
	case t.Now.Before(t.Ends):
		return ErrDayNotOver.After(t.Ends.Sub(t.Now))
	}
	return nil
}

// enterClosing reports whether the day is closed for the first time. Of two
// closings at once the second waits for the first. Somebody who closes what the clock
// has closed answers for it from then on.
func enterClosing(ctx context.Context, tx postgres.Querier, office string, day date.Date, actor string) (bool, error) {
	done, err := tx.ExecContext(ctx, `
		INSERT INTO day_close (office_id, day, closed_by)
		VALUES ($1, $2, $3)
		ON CONFLICT (office_id, day) DO NOTHING`, office, day, actor)
	if err != nil {
		return false, fmt.Errorf("close day %s at %s: %w", day, office, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 1 {
		return true, err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE day_close
		SET closed_by = $3
		WHERE office_id = $1
		  AND day = $2
		  AND closed_by = 'system'
		  AND $3 <> 'system'`, office, day, actor)
	if err != nil {
		return false, fmt.Errorf("close day %s at %s: %w", day, office, err)
	}
	return false, nil
}

// missAbsent ends what is still booked and returns how many did not come.
func missAbsent(ctx context.Context, tx postgres.Querier, office string, day date.Date, actor string) (int, error) {
	var booked []int64
	err := tx.SelectContext(ctx, &booked, `
		SELECT id
		FROM appointment
		WHERE office_id = $1
		  AND day = $2
		  AND status = 'booked'
		ORDER BY id
		FOR NO KEY UPDATE`, office, day)
	if err != nil {
		return 0, fmt.Errorf("absent of %s at %s: %w", day, office, err)
	}
	resting, err := deferResting(ctx, tx, booked)
	if err != nil {
		return 0, err
	}
	for _, id := range booked {
		to := booking.NoShow
		if resting[id] {
			to = booking.HealthDeferred
		}
		if err := booking.Advance(ctx, tx, id, to, actor); err != nil {
			return 0, err
		}
	}
	return len(booked) - len(resting), nil
}

// deferResting ends the visits of those who did not come back to be measured
// again, and returns which these are.
func deferResting(ctx context.Context, tx postgres.Querier, booked []int64) (map[int64]bool, error) {
	var ended []int64
	err := tx.SelectContext(ctx, &ended, `
		UPDATE visit AS v
		SET outcome = 'deferred', recheck_at = NULL
		FROM appointment AS a
		WHERE a.id = v.appointment_id
		  AND a.id = ANY ($1)
		  AND v.day = a.day
		  AND v.outcome = 'recheck'
		RETURNING v.appointment_id`, pq.Array(booked))
	if err != nil {
		return nil, fmt.Errorf("defer those who rest: %w", err)
	}
	resting := make(map[int64]bool, len(ended))
	for _, id := range ended {
		resting[id] = true
	}
	return resting, nil
}

// countDay stores how the day stands now.
func countDay(ctx context.Context, tx postgres.Querier, office string, day date.Date) (Closed, error) {
	var c Closed
	err := tx.GetContext(ctx, &c, `
		UPDATE day_close AS d
		SET no_shows = n.no_shows, deferred = n.deferred, still_open = n.still_open
		FROM (
			SELECT
				count(*) FILTER (WHERE status = 'no_show') AS no_shows,
				count(*) FILTER (WHERE status = 'health_deferred') AS deferred,
				count(*) FILTER (WHERE status IN ('late', 'checked_in', 'called', 'in_service')) AS still_open
			FROM appointment
			WHERE office_id = $1
			  AND day = $2
		) AS n
		WHERE d.office_id = $1
		  AND d.day = $2
		RETURNING d.office_id, d.day, d.closed_at, d.no_shows, d.deferred, d.still_open`, office, day)
	if err != nil {
		return Closed{}, fmt.Errorf("count day %s at %s: %w", day, office, err)
	}
	c.ClosedAt = c.ClosedAt.UTC()
	return c, nil
}

// CloseDue closes every day of every office that has ended: those of the last
// 31 days that were not closed, and any older one on which somebody is still
// booked. One day that cannot be closed does not keep the others open; the
// error then joins what went wrong.
func (d *Desk) CloseDue(ctx context.Context) ([]Closed, error) {
	var due []struct {
		Office string    `db:"office_id"`
		Day    date.Date `db:"day"`
	}
	err := d.DB.SelectContext(ctx, &due, dueSQL)
	if err != nil {
		return nil, fmt.Errorf("days to close: %w", err)
	}
	var closed []Closed
	var failed error
	for _, day := range due {
		c, err := d.CloseDay(ctx, day.Office, day.Day, "system")
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		d.Log.InfoContext(ctx, "day closed", "office", c.Office, "day", c.Day.String(), "no_shows", c.NoShows, "still_open", c.Open)
		closed = append(closed, c)
	}
	return closed, failed
}

// The time is read once: clock_now is volatile, and an index cannot be searched
// for what may change from row to row.
const dueSQL = `
	SELECT o.id AS office_id, s.day
	FROM office AS o
	JOIN slot AS s ON s.office_id = o.id
		AND s.starts_at > (SELECT clock_now()) - interval '31 days'
	WHERE NOT EXISTS (
		SELECT
		FROM day_close AS d
		WHERE d.office_id = s.office_id
		  AND d.day = s.day
	)
	GROUP BY o.id, s.day
	HAVING max(s.ends_at) <= (SELECT clock_now())
	UNION
	SELECT a.office_id, a.day
	FROM appointment AS a
	JOIN office AS o ON o.id = a.office_id
	WHERE a.status = 'booked'
	  AND a.day < ((SELECT clock_now()) AT TIME ZONE o.time_zone)::date
	ORDER BY day, office_id`
