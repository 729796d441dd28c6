package hall

import (
	"context"
	"fmt"
	"time"

	"hunyue/booking"
	"hunyue/internal/postgres"
)

// UndoWithin is how long a registration may be undone at the counter. After that
// it stands, and a wrong number is corrected beside it.
const UndoWithin = 5 * time.Minute

// Undo takes a completion back, within UndoWithin: the couple is being served again
// at its counter. The registration stays where it is, marked as undone; its
// certificate number may be given again.
//
// Faults: booking.ErrNoAppointment, ErrNotPossible, ErrKeyReused, ErrPersonBusy
// for one who has booked anew meanwhile, ErrOtherOffice, ErrOtherCounter,
// ErrCounterBusy, ErrUndoTooLate.
func (d *Desk) Undo(ctx context.Context, number string, p Press) error {
	return d.press(ctx, number, p, "undo", func(tx postgres.Querier, g guest) error {
		if g.Status != booking.Completed {
			return booking.ErrNotPossible
		}
		r, err := d.registrationOf(ctx, tx, g)
		if err != nil {
			return err
		}
		if g.Now.Sub(r.At) > UndoWithin {
			return ErrUndoTooLate
		}
		return p.undo(ctx, tx, g)
	})
}

func (p Press) undo(ctx context.Context, tx postgres.Querier, g guest) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE registration
		SET undone_at = $2, undone_by = $3
		WHERE appointment_id = $1
		  AND undone_at IS NULL`, g.ID, g.Now, p.Actor)
	if err != nil {
		return fmt.Errorf("undo registration of appointment %d: %w", g.ID, err)
	}
	if err := booking.Advance(ctx, tx, g.ID, booking.InService, p.Actor); err != nil {
		return err
	}
	own, err := placeOf(ctx, tx, g)
	if err != nil {
		return err
	}
	if own.Counter != p.Counter {
		return ErrOtherCounter
	}
	if err := seat(ctx, tx, g, p.Counter); err != nil {
		return err
	}
	if _, err := letInIfRoom(ctx, tx, g, 0, p.Actor); err != nil {
		return err
	}
	return noteStep(ctx, tx, g, "undone", &p.Counter, p.Actor)
}
