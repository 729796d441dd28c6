package hall

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/postgres"
)

// backOn has a couple be as it was on a day of theirs that is over: whom the clock has
// noted as absent is booked again until what was done at a desk is decided.
//
// The fault is ErrDayConfirmed where somebody has closed or reported that day.
func (g *guest) backOn(ctx context.Context, tx postgres.Querier, day date.Date, actor string) error {
	confirmed, err := confirmedDay(ctx, tx, g.Office, day)
	switch {
	case err != nil:
		return err
	case confirmed:
		return ErrDayConfirmed
	}
	return g.notMissed(ctx, tx, day, actor)
}

// notMissed is backOn on somebody's word.
func (g *guest) notMissed(ctx context.Context, tx postgres.Querier, day date.Date, actor string) error {
	g.Today = day
	if g.Status != booking.NoShow {
		return nil
	}
	g.Status = booking.Booked
	return booking.Advance(ctx, tx, g.ID, booking.Booked, actor)
}

// confirmedDay reports whether somebody has closed or reported a day. Nobody reports it
// until the transaction ends.
func confirmedDay(ctx context.Context, tx postgres.Querier, office string, day date.Date) (bool, error) {
	if _, err := lockReport(ctx, tx, office, day); err != nil {
		return false, err
	}
	var confirmed bool
	err := tx.GetContext(ctx, &confirmed, `
		SELECT EXISTS (
			SELECT
			FROM day_close
			WHERE office_id = $1
			  AND day = $2
			  AND closed_by <> 'system'
		) OR EXISTS (
			SELECT
			FROM daily_report
			WHERE office_id = $1
			  AND day = $2
		)`, office, day)
	if err != nil {
		return false, fmt.Errorf("who has closed %s at %s: %w", day, office, err)
	}
	return confirmed, nil
}

// recount counts a day anew that is closed and on which a couple is no longer where it
// was.
func recount(ctx context.Context, tx postgres.Querier, g guest) error {
	var closed bool
	err := tx.GetContext(ctx, &closed, `
		SELECT true
		FROM day_close
		WHERE office_id = $1
		  AND day = $2
		FOR NO KEY UPDATE`, g.Office, g.Day)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("lock the closing of %s at %s: %w", g.Day, g.Office, err)
	}
	_, err = countDay(ctx, tx, g.Office, g.Day)
	return err
}
