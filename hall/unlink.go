package hall

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"hunyue/internal/date"
	"hunyue/internal/postgres"
)

// Unlinker takes from the readings of visitors, once rules.reading_days are over,
// whose they were and at what minute (domain rule 70). How many were measured and
// how many had a fever stays.
type Unlinker struct {
	DB *sqlx.DB // as postgres.Purger: the database lets nobody else
}

// visitorDay is a day of an office on which visitors were measured.
type visitorDay struct {
	Office string    `db:"office_id"`
	Day    date.Date `db:"day"`
	Begins time.Time `db:"begins"` // at the office
}

// Unlink does all days that are due and returns how many readings those were. A day
// that fails does not keep the others; the error joins what went wrong.
func (u *Unlinker) Unlink(ctx context.Context) (int64, error) {
	var due []visitorDay
	err := u.DB.SelectContext(ctx, &due, `
		SELECT t.office_id, t.day, t.day::timestamp AT TIME ZONE o.time_zone AS begins
		FROM (
			SELECT DISTINCT office_id, day
			FROM temperature
			WHERE appointment_id IS NOT NULL
			  AND day < (SELECT clock_now())::date
		) AS t
		JOIN office AS o ON o.id = t.office_id
		WHERE may_unlink(t.office_id, t.day)
		ORDER BY t.day, t.office_id`)
	if err != nil {
		return 0, fmt.Errorf("readings to unlink: %w", err)
	}
	var all int64
	var failed error
	for _, d := range due {
		n, err := u.unlink(ctx, d)
		all, failed = all+n, errors.Join(failed, err)
	}
	return all, failed
}

// unlink does one day, all its readings at once: those of a person refer to each
// other.
func (u *Unlinker) unlink(ctx context.Context, d visitorDay) (n int64, err error) {
	err = postgres.InTx(ctx, u.DB, func(tx postgres.Querier) error {
		if err := postgres.SetActor(ctx, tx, "purge"); err != nil {
			return err
		}
		if err := d.count(ctx, tx); err != nil {
			return err
		}
		if n, err = d.unlink(ctx, tx); err != nil {
			return err
		}
		if err := d.unlinkIncidents(ctx, tx); err != nil {
			return err
		}
		return postgres.Audit(ctx, tx, "readings_unlinked", "day:"+d.Office+":"+d.Day.String(), fmt.Sprint(n))
	})
	return n, err
}

// count keeps what the day came to, by the readings that nothing supersedes.
func (d visitorDay) count(ctx context.Context, tx postgres.Querier) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO reading_count (office_id, day, measured, abnormal)
		SELECT $1, $2, count(*), count(*) FILTER (WHERE t.abnormal)
		FROM temperature AS t
		WHERE t.office_id = $1
		  AND t.day = $2
		  AND t.kind <> 'staff'
		  AND NOT EXISTS (SELECT FROM temperature AS later WHERE later.supersedes = t.id)
		ON CONFLICT (office_id, day) DO NOTHING`, d.Office, d.Day)
	if err != nil {
		return fmt.Errorf("count readings of %s at %s: %w", d.Day, d.Office, err)
	}
	return nil
}

func (d visitorDay) unlink(ctx context.Context, tx postgres.Querier) (int64, error) {
	done, err := tx.ExecContext(ctx, `
		UPDATE temperature
		SET appointment_id = NULL, unlinked_at = clock_now(), at = $3,
			corrected_at = CASE WHEN corrected_at IS NOT NULL THEN $3::timestamptz END
		WHERE office_id = $1
		  AND day = $2
		  AND appointment_id IS NOT NULL`, d.Office, d.Day, d.Begins)
	if err != nil {
		return 0, fmt.Errorf("unlink readings of %s at %s: %w", d.Day, d.Office, err)
	}
	return done.RowsAffected()
}

func (d visitorDay) unlinkIncidents(ctx context.Context, tx postgres.Querier) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE incident
		SET appointment_id = NULL, unlinked_at = clock_now()
		WHERE office_id = $1
		  AND day = $2
		  AND appointment_id IS NOT NULL`, d.Office, d.Day)
	if err != nil {
		return fmt.Errorf("unlink incidents of %s at %s: %w", d.Day, d.Office, err)
	}
	return nil
}
