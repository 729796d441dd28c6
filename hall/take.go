package hall

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/postgres"
)

// Opened is a conflict with all that the desk had: what was measured with which
// thermometer, what was said, and when.
type Opened struct {
	Conflict
	Deed     Deed
	Received time.Time // when it came here
	Takeable bool      // Take may have it count after all
}

// ConflictOf opens a conflict that waits, for whoever settles it. That they were shown it
// is in the audit before they are.
//
// The fault is ErrNoConflict.
func (d *Desk) ConflictOf(ctx context.Context, office string, id int64, actor string) (Opened, error) {
	var o Opened
	err := d.as(ctx, actor, func(tx postgres.Querier) error {
		var err error
		if o, err = d.open(ctx, tx, office, id); err != nil {
			return err
		}
		return postgres.Audit(ctx, tx, "desk_conflict_read", fmt.Sprintf("desk_conflict:%d", id), o.Code)
	})
	if err != nil {
		return Opened{}, err
	}
	return o, nil
}

func (d *Desk) open(ctx context.Context, tx postgres.Querier, office string, id int64) (Opened, error) {
	var row struct {
		Conflict
		Key    string    `db:"key"`
		At     time.Time `db:"at"`
		Sealed []byte    `db:"sealed"`
	}
	err := tx.GetContext(ctx, &row, `
		SELECT id, kind, number, coalesce(ticket, '') AS ticket, happened_at, actor, code, key, at, sealed
		FROM desk_conflict
		WHERE id = $1
		  AND office_id = $2
		  AND word IS NULL
		FOR NO KEY UPDATE`, id, office)
	if errors.Is(err, sql.ErrNoRows) {
		return Opened{}, ErrNoConflict
	}
	if err != nil {
		return Opened{}, fmt.Errorf("conflict %d: %w", id, err)
	}
	o := Opened{Conflict: row.Conflict, Received: row.At.UTC()}
	plain, err := d.Keys.Open(row.Sealed, conflictRow(Deed{Arrival: Arrival{Actor: row.Actor, Key: row.Key}}))
	if err == nil {
		err = json.Unmarshal(plain, &o.Deed) //nolint:musttag // as keepConflict has written it
	}
	if err != nil {
		return Opened{}, fmt.Errorf("open conflict %d: %w", id, err)
	}
	o.Takeable = o.Kind == Receive && takeable(o.Code)
	return o, nil
}

// takeable reports whether a couple that stood at the desk can be received after all,
// although the program would not by itself. What lacks a measurement, is another
// couple's or has been decided otherwise cannot.
func takeable(code string) bool {
	switch code {
	case ErrOtherOutcome.Code, ErrDayConfirmed.Code, ErrInFuture.Code, ErrNotItsTicket.Code, ErrReadingMissing.Code:
		return true
	}
	return false
}

// Take has a couple received as a desk received it, on the word of actor: at the time of
// the desk (at that of its being told, where the desk's clock was ahead), by the ticket in
// its hands where that is the desk's own, and with the outcome that the rules give.
// A day that somebody has closed or reported is counted anew; a report that has gone out
// stays as it is until another version is submitted. The same again changes nothing.
//
// Faults: ErrNoConflict, ErrNotTaken, ErrAlreadyIn, those of CheckIn; field word.
func (d *Desk) Take(ctx context.Context, office string, id int64, word, actor string) (CheckIn, error) {
	word, err := checkedWord(word)
	if err != nil {
		return CheckIn{}, err
	}
	o, err := d.Offices.Office(ctx, office)
	if err != nil {
		return CheckIn{}, err
	}
	var number string
	err = d.DB.GetContext(ctx, &number, `
		SELECT number
		FROM desk_conflict
		WHERE id = $1
		  AND office_id = $2`, id, office)
	if errors.Is(err, sql.ErrNoRows) {
		return CheckIn{}, ErrNoConflict
	}
	if err != nil {
		return CheckIn{}, fmt.Errorf("conflict %d: %w", id, err)
	}
	var answer CheckIn
	err = d.atDoor(ctx, number, actor, func(tx postgres.Querier, g guest) error {
		found, err := d.open(ctx, tx, office, id)
		if errors.Is(err, ErrNoConflict) {
			return answer.taken(ctx, tx, g, office, id, word)
		}
		if err == nil && (!found.Takeable || g.Office != office) {
			err = ErrNotTaken
		}
		if err == nil {
			err = settle(ctx, tx, office, id, word, true, actor)
		}
		if err == nil {
			answer, err = found.take(ctx, tx, g, o.Location, actor)
		}
		return err
	})
	return answer, err
}

// taken is the answer again where it was taken before.
func (c *CheckIn) taken(ctx context.Context, tx postgres.Querier, g guest, office string, id int64, word string) error {
	if err := settledBefore(ctx, tx, office, id, word, true); err != nil {
		return err
	}
	v, err := visitOf(ctx, tx, g)
	*c = v.answer(nil)
	return err
}

func (o Opened) take(ctx context.Context, tx postgres.Querier, g guest, office *time.Location, actor string) (CheckIn, error) {
	deed := o.Deed
	if deed.At.After(o.Received) {
		deed.At = o.Received
	}
	day := date.DateOf(deed.At.In(office))
	if day != g.Day {
		return CheckIn{}, ErrNotTaken
	}
	if err := g.notMissed(ctx, tx, day, actor); err != nil {
		return CheckIn{}, err
	}
	if deed.Ticket != "" {
		switch err := mayGive(ctx, tx, g, deed); {
		case errors.Is(err, ErrNotItsTicket):
			deed.Ticket = ""
		case err != nil:
			return CheckIn{}, err
		}
	}
	deed.Early, deed.Actor = true, actor
	answer, stored, err := deed.decide(ctx, tx, g)
	switch {
	case errors.Is(err, booking.ErrNotPossible), err == nil && !stored:
		return CheckIn{}, ErrNotTaken
	case err != nil:
		return CheckIn{}, err
	}
	return answer, recount(ctx, tx, g)
}
