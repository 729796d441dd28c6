package booking

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// Answer is what a couple on the list, or staff for it, does about it.
type Answer struct {
	Waiter Waiter
	Offer  uuid.UUID
	Actor  string // "couple", or the staff account
}

// Accept turns an offered place into an appointment, with what the couple gave when it
// joined. Accepting twice gives the same appointment. What refuses it for good ends
// the offer: the place goes to the next, and the couple waits on.
//
// Faults: ErrNoOffer, ErrPersonBusy, ErrFull, ErrClosed, ErrSuspended, ErrPhoneBusy,
// ErrUnknownOutcome, invalid_input by field where they cannot be registered that day.
func (d *Desk) Accept(ctx context.Context, a Answer) (Receipt, error) {
	o, made, err := d.answered(ctx, a)
	if err != nil || made.Number != "" {
		return made, err
	}
	app, c, err := d.accepts(ctx, a, o)
	if err == nil {
		made, err = d.accept(ctx, a, o, app, c)
	}
	if errors.Is(err, ErrNoOffer) { // a twin of this request was first
		before, err := waiterBooked(ctx, d.DB, a)
		if err != nil {
			return Receipt{}, err
		}
		return d.receipt(before), nil
	}
	if err == nil || !refusesOffer(err) {
		return made, err
	}
	err = d.closedWhy(ctx, o.Slot, slots.Service{ID: a.Waiter.Service, Group: a.Waiter.Group}, c.channel, err)
	if errors.Is(err, ErrPersonBusy) {
		err = errors.Join(err, d.explainRefusal(ctx, c))
	}
	return Receipt{}, errors.Join(err, d.pass(ctx, a, offerRefused))
}

// refusesOffer reports whether an offer can never become an appointment. Whose phone
// has too many can cancel one of them as long as the offer stands.
func refusesOffer(err error) bool {
	told, known := errors.AsType[*fault.Error](err)
	return errors.Is(err, ErrPersonBusy) || errors.Is(err, ErrFull) || errors.Is(err, ErrClosed) || known && len(told.Fields) > 0
}

// answered is an offer that is open, or the appointment that was made of it.
func (d *Desk) answered(ctx context.Context, a Answer) (Offer, Receipt, error) {
	o, err := d.OpenOffer(ctx, a.Waiter)
	if err == nil && o.ID == a.Offer {
		return o, Receipt{}, nil
	}
	if err != nil && !errors.Is(err, ErrNoOffer) {
		return o, Receipt{}, err
	}
	made, err := waiterBooked(ctx, d.DB, a)
	if err != nil {
		return o, Receipt{}, err
	}
	return o, d.receipt(made), nil
}

// receipt is what the couple of an appointment is told that was made before.
func (d *Desk) receipt(a Appointment) Receipt {
	slot, _, _ := slots.ParseQuotaID(a.Quota) // it was booked by it
	return Receipt{
		Number: a.Number, Secret: d.secret(a.Hold), Status: a.Status, Office: a.Office,
		Service: a.Service, Slot: slot, StartsAt: a.StartsAt, EndsAt: a.EndsAt, Replayed: true,
	}
}

// waiterBooked is the appointment that was made of an offer, or ErrNoOffer.
func waiterBooked(ctx context.Context, db postgres.Querier, a Answer) (Appointment, error) {
	var made []Appointment
	err := db.SelectContext(ctx, &made, `
		SELECT `+appointmentColumns+`
		FROM appointment
		WHERE hold_id = $1
		  AND id = (SELECT w.appointment_id FROM waiter AS w WHERE w.id = $2)`, a.Offer, a.Waiter.ID)
	if err != nil {
		return Appointment{}, fmt.Errorf("appointment of an offer: %w", err)
	}
	if len(made) == 0 {
		return Appointment{}, ErrNoOffer
	}
	return made[0], nil
}

// Decline gives an offered place to the next; the couple waits on. Declining what is
// over is the same.
func (d *Desk) Decline(ctx context.Context, a Answer) error { return d.pass(ctx, a, offerDeclined) }

func (d *Desk) pass(ctx context.Context, a Answer, ending string) error {
	return postgres.InTx(ctx, d.DB, func(tx postgres.Querier) error {
		return d.passOn(ctx, tx, a.Waiter.ID, a.Offer, ending, a.Actor)
	})
}

// Leave takes a couple off the list, and what it left with us is erased. An offered
// place goes to the next. Leaving twice is the same as once; who has booked by it
// leaves nothing.
func (d *Desk) Leave(ctx context.Context, a Answer) error {
	return postgres.InTx(ctx, d.DB, func(tx postgres.Querier) error {
		if err := postgres.SetActor(ctx, tx, a.Actor); err != nil {
			return err
		}
		if err := lockWaiter(ctx, tx, a.Waiter.ID); err != nil {
			return err
		}
		o, err := d.offerBy(ctx, tx, `
			SELECT id, quota_id, until
			FROM wait_offer
			WHERE waiter_id = $1
			  AND state = 'open'`, a.Waiter.ID)
		if err == nil {
			err = d.passOn(ctx, tx, a.Waiter.ID, o.ID, offerDeclined, a.Actor)
		}
		if err != nil && !errors.Is(err, ErrNoOffer) {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE waiter
			SET state = 'left', contact = ''
			WHERE id = $1
			  AND state = 'waiting'`, a.Waiter.ID)
		if err != nil {
			return fmt.Errorf("waiter %d leaves: %w", a.Waiter.ID, err)
		}
		return nil
	})
}
