package watch

import (
	"context"
	"fmt"
	"time"

	"hunyue/booking"
	"hunyue/internal/postgres"
)

// Honey is an appointment that nobody has a reason to open.
type Honey struct {
	Number string    `db:"number"`
	Since  time.Time `db:"at"`
	By     string    `db:"actor"`
}

// Honey is the appointments that are marked, the newest first.
func (l *Log) Honey(ctx context.Context) ([]Honey, error) {
	all := []Honey{}
	err := l.DB.SelectContext(ctx, &all, `
		SELECT number, newest.at, newest.actor
		FROM (
			SELECT DISTINCT ON (appointment_id) id, appointment_id, marked, actor, at
			FROM honey
			ORDER BY appointment_id, id DESC
		) AS newest
		JOIN appointment AS a ON a.id = newest.appointment_id
		WHERE marked
		ORDER BY newest.id DESC`)
	if err != nil {
		return nil, fmt.Errorf("honey records: %w", err)
	}
	return all, nil
}

// MarkHoney says of an appointment that nobody has a reason to open it, or that
// this holds no more. Whoever marks it is not shown whose it is. Twice is once. The
// fault is booking.ErrNoAppointment.
func (l *Log) MarkHoney(ctx context.Context, number string, marked bool, actor string) error {
	return postgres.InTx(ctx, l.DB, func(tx postgres.Querier) error {
		if err := postgres.SetActor(ctx, tx, actor); err != nil {
			return err
		}
		var found []struct {
			ID   int64 `db:"id"`
			Same bool  `db:"same"`
		}
		err := tx.SelectContext(ctx, &found, `
			SELECT id, is_honey(id) = $2 AS same
			FROM appointment
			WHERE number = $1
			FOR NO KEY UPDATE`, number, marked)
		if err != nil {
			return fmt.Errorf("find appointment: %w", err)
		}
		if len(found) == 0 {
			return booking.ErrNoAppointment
		}
		if found[0].Same {
			return nil
		}
		return markHoney(ctx, tx, found[0].ID, marked, actor)
	})
}

func markHoney(ctx context.Context, tx postgres.Querier, appointment int64, marked bool, actor string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO honey (appointment_id, marked, actor)
		VALUES ($1, $2, $3)`, appointment, marked, actor)
	if err != nil {
		return fmt.Errorf("mark appointment %d: %w", appointment, err)
	}
	action := "honey_marked"
	if !marked {
		action = "honey_unmarked"
	}
	return postgres.Audit(ctx, tx, action, "honey", "")
}
