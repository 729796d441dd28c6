package hall

import (
	"context"
	"fmt"

	"hunyue/booking"
	"hunyue/internal/postgres"
)

// Print notes that the ticket of a couple is put on paper, and reports whether it
// was before: a second copy says so, since two couples might hold the same number.
// The same key is the same copy, however often it is sent.
//
// Faults: booking.ErrNoAppointment, ErrNotPossible where there is no ticket.
func (d *Desk) Print(ctx context.Context, number, key, actor string) (again bool, err error) {
	came, err := d.Arrived(ctx, number)
	if err != nil {
		return false, err
	}
	if came.Ticket == "" {
		return false, booking.ErrNotPossible
	}
	err = d.with(ctx, number, actor, func(tx postgres.Querier, g guest) error {
		again, err = once(ctx, tx, request{Actor: actor, Key: key, Body: digest("print", number)}, func() (bool, bool, error) {
			before, err := printed(ctx, tx, g)
			return before, true, err
		})
		return err
	})
	return again, err
}

// printed adds a copy to the audit, which knows of those before it.
func printed(ctx context.Context, tx postgres.Querier, g guest) (bool, error) {
	var before bool
	err := tx.GetContext(ctx, &before, `
		SELECT EXISTS (SELECT FROM audit WHERE subject = $1 AND action IN ('ticket_printed', 'ticket_reprinted'))`, subject(g))
	if err != nil {
		return false, fmt.Errorf("copies of a ticket: %w", err)
	}
	action := "ticket_printed"
	if before {
		action = "ticket_reprinted"
	}
	if _, err := tx.ExecContext(ctx, `SELECT record_audit($1, $2, NULL, NULL, NULL)`, action, subject(g)); err != nil {
		return false, fmt.Errorf("note a copy of a ticket: %w", err)
	}
	return before, nil
}

func subject(g guest) string { return fmt.Sprintf("appointment:%d", g.ID) }
