package booking

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hunyue/internal/postgres"
)

// SecondBusyError comes with ErrSecondBusy: the appointment that the second person
// is in, for staff before whom they stand.
type SecondBusyError struct {
	Number string // masked
	Office string
}

// Error says nothing of a person: errors are logged.
func (SecondBusyError) Error() string { return "the second person is in another appointment" }

// Present confirms the second person of an appointment who stands in the hall; of
// any other it changes nothing. It joins the transaction that lets them in. Why is
// for what reason they are let in though they have another appointment, which they
// then stay in; "" refuses it.
//
// Faults: ErrSecondBusy with SecondBusyError.
func Present(ctx context.Context, tx postgres.Querier, appointment int64, why, actor string) error {
	var other struct {
		Number sql.NullString `db:"number"`
		Office sql.NullString `db:"office"`
	}
	err := tx.GetContext(ctx, &other, `SELECT number, office FROM second_present($1, $2, $3)`, appointment, why, actor)
	if err != nil {
		return fmt.Errorf("second person of appointment %d in the hall: %w", appointment, err)
	}
	if n := other.Number.String; n != "" {
		return errors.Join(ErrSecondBusy, SecondBusyError{Number: n[:2] + "****" + n[6:], Office: other.Office.String})
	}
	return nil
}

// secondKnown reports whether the second person of an appointment that was taken
// away was in it: they need not confirm what is booked in its place.
func (d *Desk) secondKnown(ctx context.Context, a Appointment) (bool, error) {
	var known bool
	err := d.DB.GetContext(ctx, &known, `SELECT NOT EXISTS (SELECT FROM party WHERE appointment_id = $1 AND unconfirmed)`, a.ID)
	if err != nil {
		return false, fmt.Errorf("second person of appointment %d: %w", a.ID, err)
	}
	return known, nil
}
