package booking

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"hunyue/internal/fault"
	"hunyue/internal/identity"
	"hunyue/internal/postgres"
	"hunyue/notify"
)

// Correction is what a couple puts right about itself until it is received. Who
// comes cannot be changed: persons are those of the documents (another person is
// another appointment), so their numbers are not in here.
type Correction struct {
	Appointment Appointment
	Names       []string       // normalised, in the order of the parties
	Phone       identity.Phone // the same as before, or a new one
	Code        string         // sent to the new one
	Key         uuid.UUID      // of this request: sent twice, it is made once
	Actor       string
}

// Correct stores a correction. Each name or phone that differs has an audit row
// that does not say how it was or is. The phone before is told that it hears
// nothing more. Correcting twice is the same as once.
//
// Faults: ErrErased, ErrNotPossible once they were received, ErrCodeWrong,
// ErrCodeExpired, ErrCodeUsedUp, ErrPhoneBusy (domain rule 32), ErrStillRunning
// while the phone before has not been told of an earlier change; field names
// ("count"), field phone ("not_mobile").
func (d *Desk) Correct(ctx context.Context, c Correction) (Appointment, error) {
	rules, err := d.Offices.Rules(ctx, c.Appointment.Office, c.Appointment.Day)
	if err != nil {
		return c.Appointment, err
	}
	var refused error
	err = postgres.InTx(ctx, d.DB, func(tx postgres.Querier) error {
		parties, before, err := d.lockData(ctx, tx, c)
		if err != nil {
			return err
		}
		if before.Number() != c.Phone.Number() {
			if refused, err = d.changePhone(ctx, tx, c, rules.PerPhone); refused != nil || err != nil {
				return err
			}
		}
		return d.rename(ctx, tx, c, parties)
	})
	switch {
	case err != nil:
		return c.Appointment, faultOf(err)
	case refused != nil:
		return c.Appointment, refused
	}
	d.Wake()
	return byID(ctx, d.DB, c.Appointment.ID)
}

// lockData is who an appointment is for and its phone, which stay as they are
// until the transaction ends. It refuses what cannot be corrected.
func (d *Desk) lockData(ctx context.Context, tx postgres.Querier, c Correction) ([]Party, identity.Phone, error) {
	var a Appointment
	err := postgres.SetActor(ctx, tx, c.Actor)
	if err == nil {
		err = tx.GetContext(ctx, &a, `
			SELECT `+appointmentColumns+`
			FROM appointment
			WHERE id = $1
			FOR NO KEY UPDATE`, c.Appointment.ID)
	}
	if err != nil {
		return nil, identity.Phone{}, fmt.Errorf("lock appointment %d: %w", c.Appointment.ID, err)
	}
	parties, err := d.parties(ctx, tx, a)
	if err != nil {
		return nil, identity.Phone{}, err
	}
	before, err := d.phoneOf(a)
	switch {
	case err != nil:
	case a.Status != Booked:
		err = ErrNotPossible
	case len(c.Names) != len(parties):
		err = fault.InFields(map[string]string{"names": "count"})
	case before.Number() != c.Phone.Number() && !c.Phone.TakesSMS():
		err = fault.InFields(map[string]string{"phone": "not_mobile"})
	}
	return parties, before, err
}

// rename seals the parties anew whose names differ.
func (d *Desk) rename(ctx context.Context, tx postgres.Querier, c Correction, parties []Party) error {
	for i, p := range parties {
		if p.Name == c.Names[i] {
			continue
		}
		p.Name = c.Names[i]
		sealed, err := p.seal(d.Keys, c.Appointment.Hold, i+1)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE party SET sealed = $3 WHERE appointment_id = $1 AND role = $2`, c.Appointment.ID, i+1, sealed)
		if err != nil {
			return fmt.Errorf("rename party %d of appointment %d: %w", i+1, c.Appointment.ID, err)
		}
		if err := c.audit(ctx, tx, fmt.Sprintf("name of party %d", i+1)); err != nil {
			return err
		}
	}
	return nil
}

func (c Correction) audit(ctx context.Context, tx postgres.Querier, what string) error {
	return postgres.Audit(ctx, tx, "data_corrected", fmt.Sprintf("appointment:%d", c.Appointment.ID), what)
}

// changePhone has the appointment reached at another phone, whose code is spent. A
// wrong code is an answer and not an error: the try has to be counted.
func (d *Desk) changePhone(ctx context.Context, tx postgres.Querier, c Correction, most int) (refused, err error) {
	number := []byte(c.Phone.Number())
	key := d.Keys.MAC("phone", number)
	var result string
	err = tx.GetContext(ctx, &result, `SELECT spend_code($1, $2, $3)`, key, d.Keys.MAC("code", number, []byte(c.Code)), c.Key)
	if err != nil {
		return nil, fmt.Errorf("spend phone code: %w", err)
	}
	if refused = (confirmed{Result: result}).fault(); refused != nil {
		return refused, nil
	}
	sealed, err := d.Keys.Seal(number, contactRow(c.Appointment.Hold))
	if err != nil {
		return nil, err
	}
	if refused, err = d.mayTake(ctx, tx, c.Appointment.ID, key, most); refused != nil || err != nil {
		return refused, err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE appointment
		SET former_contact = contact, contact = $2, phone_key = $3
		WHERE id = $1`, c.Appointment.ID, sealed, key)
	if err != nil {
		return nil, fmt.Errorf("change phone of appointment %d: %w", c.Appointment.ID, err)
	}
	if err := c.audit(ctx, tx, "phone"); err != nil {
		return nil, err
	}
	return nil, notify.Enqueue(ctx, tx, notify.PhoneChanged, c.Appointment.ID)
}

// mayTake is ErrPhoneBusy for a phone that carries as many appointments as it may
// (domain rule 32), in turn with whoever books with it.
func (d *Desk) mayTake(ctx context.Context, tx postgres.Querier, appointment int64, key []byte, most int) (refused, err error) {
	_, err = tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 0))`, key)
	if err != nil {
		return nil, fmt.Errorf("take turns with a phone: %w", err)
	}
	var found struct {
		Active  int  `db:"active"`
		Telling bool `db:"telling"`
	}
	err = tx.GetContext(ctx, &found, `
		SELECT
			(SELECT count(*) FROM appointment WHERE phone_key = $2 AND id <> $1 AND is_active(status)) AS active,
			EXISTS (SELECT FROM outbox WHERE appointment_id = $1 AND kind = 'phone_changed' AND state = 'pending') AS telling`, appointment, key)
	switch {
	case err != nil:
		return nil, fmt.Errorf("appointments of a phone: %w", err)
	case most > 0 && found.Active >= most:
		return ErrPhoneBusy, nil
	case found.Telling:
		return ErrStillRunning.After(time.Minute), nil
	}
	return nil, nil
}
