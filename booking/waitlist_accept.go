package booking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// accepts is the application that a couple left when it joined, for the place that it
// is offered.
func (d *Desk) accepts(ctx context.Context, a Answer, o Offer) (Application, confirmation, error) {
	w := a.Waiter
	app := Application{
		Hold: o.ID, Key: o.ID.String(), Service: w.Service, Locale: w.Locale, Channel: w.Channel, Actor: a.Actor,
	}
	var err error
	if app.Request, err = json.Marshal([]string{"waiting list", w.Number, o.ID.String()}); err != nil {
		return app, confirmation{}, err
	}
	if app.Parties, err = d.waiterParties(ctx, w); err != nil {
		return app, confirmation{}, err
	}
	if app.Phone, err = d.waiterPhone(w); err != nil {
		return app, confirmation{}, err
	}
	if err := json.Unmarshal(w.Consents, &app.Consents); err != nil {
		return app, confirmation{}, fmt.Errorf("consents of waiter %d: %w", w.ID, err)
	}
	if len(w.Caller) > 0 {
		caller, err := d.Keys.Open(w.Caller, callerRow(w.Entry))
		if err != nil {
			return app, confirmation{}, fmt.Errorf("caller of waiter %d: %w", w.ID, err)
		}
		app.Caller = string(caller)
	}
	rules, err := d.eligible(ctx, app, o.Slot)
	if err != nil {
		return app, confirmation{channel: w.Channel}, err
	}
	c, err := d.prepare(app, grant{Hold: o.ID, Quota: o.Quota, Ends: o.Until.UnixMilli()}, rules)
	c.code, c.fresh = nil, true // the phone was shown when they joined
	return app, c, err
}

// waiterParties opens who waits. The fault is ErrErased.
func (d *Desk) waiterParties(ctx context.Context, w Waiter) ([]Party, error) {
	if w.Ended() {
		return nil, ErrErased
	}
	var rows []sealedParty
	err := d.DB.SelectContext(ctx, &rows, `
		SELECT waiter_id AS appointment_id, role, sealed
		FROM waiter_person
		WHERE waiter_id = $1
		ORDER BY role`, w.ID)
	if err != nil {
		return nil, fmt.Errorf("persons of waiter %d: %w", w.ID, err)
	}
	return d.opened(Appointment{Hold: w.Entry}, rows)
}

// accept makes the appointment, until it is known whether it is made: see confirm.
func (d *Desk) accept(ctx context.Context, a Answer, o Offer, app Application, c confirmation) (Receipt, error) {
	var err error
	for range tries {
		var made confirmed
		var lines []string
		err = postgres.InTx(ctx, d.DB, func(tx postgres.Querier) (err error) {
			made, lines, err = d.acceptOnce(ctx, tx, a, c)
			return err
		})
		state := postgres.State(err)
		if err == nil {
			d.settle(ctx, lines)
			return Receipt{
				Number: made.Number, Secret: d.secret(o.ID), Status: made.Status, Office: o.Slot.Office,
				Service: app.Service, Slot: o.Slot, StartsAt: made.Starts, EndsAt: made.Ends,
			}, nil
		}
		if state == "HY001" {
			return Receipt{}, ErrNoOffer
		}
		if state != "" && !transient(state) {
			return Receipt{}, faultOf(err)
		}
		if _, told := errors.AsType[*fault.Error](err); told || ctx.Err() != nil {
			return Receipt{}, err
		}
	}
	d.Log.ErrorContext(ctx, "outcome of an accepted offer unknown", "error", err)
	return Receipt{}, ErrUnknownOutcome
}

// acceptOnce takes the place out of its rest and books it, in one transaction.
func (d *Desk) acceptOnce(ctx context.Context, tx postgres.Querier, a Answer, c confirmation) (confirmed, []string, error) {
	if err := lockWaiter(ctx, tx, a.Waiter.ID); err != nil {
		return confirmed{}, nil, err
	}
	var stands struct {
		Open  bool `db:"open"`
		Epoch int  `db:"epoch"`
	}
	err := tx.GetContext(ctx, &stands, `
		SELECT o.state = 'open' AND o.until > clock_now() AS open, q.epoch
		FROM wait_offer AS o
		JOIN quota AS q ON q.id = o.quota_id
		WHERE o.id = $1
		  AND o.waiter_id = $2`, a.Offer, a.Waiter.ID)
	if err != nil {
		return confirmed{}, nil, fmt.Errorf("the offer to waiter %d: %w", a.Waiter.ID, err)
	}
	if !stands.Open {
		return confirmed{}, nil, ErrNoOffer
	}
	c.grant.Epoch = stands.Epoch
	lines, err := d.Offices.TakeOffered(ctx, tx, a.Offer)
	if err != nil {
		return confirmed{}, nil, err
	}
	made, err := runConfirm(ctx, tx, c)
	if err == nil {
		err = made.fault()
	}
	if err != nil {
		return made, nil, err
	}
	if _, err := endOffer(ctx, tx, a.Waiter.ID, a.Offer, offerAccepted, a.Actor); err != nil {
		return made, nil, err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE waiter
		SET state = 'accepted', appointment_id = $2
		WHERE id = $1`, a.Waiter.ID, made.Appointment)
	if err != nil {
		return made, nil, fmt.Errorf("waiter %d has a place: %w", a.Waiter.ID, err)
	}
	return made, append(lines, made.Lines...), nil
}
