package hall

import (
	"context"
	"time"

	"hunyue/booking"
	"hunyue/internal/postgres"
)

// Note says that a couple is here that has still to be measured: it came at that time,
// whenever somebody measures it, so that it is not late by waiting for a thermometer.
// Nobody is let in by it (domain rule 64). The answer is Noted, what CheckIn would say of
// whoever comes too early, or what was decided of them already.
//
// Faults: those of CheckIn that are not about readings or companions.
func (d *Desk) Note(ctx context.Context, a Arrival) (CheckIn, error) {
	var answer CheckIn
	err := d.atDoor(ctx, a.Number, a.Actor, func(tx postgres.Querier, g guest) error {
		if g.Office != a.Office {
			return ErrOtherOffice
		}
		asked := request{Actor: a.Actor, Key: a.Key, Body: digest("note", a.Number, a.Office)}
		var err error
		answer, err = once(ctx, tx, asked, func() (CheckIn, bool, error) { return a.note(ctx, tx, g) })
		return err
	})
	return answer, err
}

// note decides it. The second result is false where nothing was stored.
func (a Arrival) note(ctx context.Context, tx postgres.Querier, g guest) (CheckIn, bool, error) {
	v, err := visitOf(ctx, tx, g)
	opens := g.StartsAt.Add(-time.Duration(g.Rules.EarlyMinutes) * time.Minute).UTC()
	switch {
	case err != nil:
		return CheckIn{}, false, err
	case v.decided():
		return v.answer(nil), false, nil
	case g.Status != booking.Booked:
		return CheckIn{}, false, booking.ErrNotPossible
	case g.Day != g.Today:
		return CheckIn{}, false, ErrOtherDay
	case v.Outcome != "":
		return v.answer(nil), false, nil // here already, or resting after a fever
	case g.Now.Before(opens):
		return CheckIn{Outcome: Early, OpensAt: opens}, false, nil
	}
	v.Outcome = Noted
	return v.answer(nil), true, v.store(ctx, tx, a.Actor)
}
