package hall

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hunyue/internal/date"
)

// Done is a couple that a counter has completed.
type Done struct {
	Number string    `db:"number"` // of the appointment
	Ticket string    `db:"ticket"`
	At     time.Time `db:"at"`
}

// LastDone is the couple that a counter completed last on a day, or the zero Done.
func (d *Desk) LastDone(ctx context.Context, office, counter string, day date.Date) (Done, error) {
	var last Done
	err := d.DB.GetContext(ctx, &last, `
		SELECT r.number, coalesce(v.ticket, '') AS ticket, r.at
		FROM registration AS r
		JOIN line_place AS p ON p.appointment_id = r.appointment_id
		LEFT JOIN visit AS v ON v.appointment_id = r.appointment_id
		WHERE p.office_id = $1
		  AND p.day = $2
		  AND p.counter = $3
		  AND r.undone_at IS NULL
		ORDER BY r.at DESC
		LIMIT 1`, office, day, counter)
	if errors.Is(err, sql.ErrNoRows) {
		return Done{}, nil
	}
	if err != nil {
		return Done{}, fmt.Errorf("last couple of counter %s: %w", counter, err)
	}
	last.At = last.At.UTC()
	return last, nil
}
