package hall

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Arrived is how a couple was received at the door. It is zero for any other.
type Arrived struct {
	At      time.Time `db:"arrived_at"`
	Outcome Outcome   `db:"outcome"`
	Ticket  string    `db:"ticket"` // "" for whoever was not let in
	By      string    `db:"recorded_by"`
}

// Arrived is when the couple with this appointment number came, and what was
// decided of it by whom.
func (d *Desk) Arrived(ctx context.Context, number string) (Arrived, error) {
	var a Arrived
	err := d.DB.GetContext(ctx, &a, `
		SELECT v.arrived_at, v.outcome, coalesce(v.ticket, '') AS ticket, v.recorded_by
		FROM visit AS v
		JOIN appointment AS a ON a.id = v.appointment_id AND a.day = v.day
		WHERE a.number = $1`, number)
	if errors.Is(err, sql.ErrNoRows) {
		return Arrived{}, nil
	}
	if err != nil {
		return Arrived{}, fmt.Errorf("arrival of an appointment: %w", err)
	}
	a.At = a.At.UTC()
	return a, nil
}
