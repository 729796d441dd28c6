package booking

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"hunyue/internal/date"
	"hunyue/internal/postgres"
	"hunyue/notify"
)

// keptDays is how long the data of an appointment are kept after the visit, if
// nobody asks for their erasure before (domain section 6.3).
const keptDays = 90

// Erase takes out of an appointment that has ended whatever names or finds a
// person: names, documents, phone, caller, and the keys that they are found by.
// Its number, figures, states, consents and audit stay, and so does what the law
// has the counter keep. Erasing twice is the same as once. The fault is
// ErrNotPossible while the appointment is active: it has to be cancelled first.
func (d *Desk) Erase(ctx context.Context, a Appointment, actor string) (Appointment, error) {
	if a.Erased() {
		return a, nil
	}
	if _, err := d.erase(ctx, a, actor, "asked for"); err != nil {
		return a, err
	}
	return byID(ctx, d.DB, a.ID)
}

// EraseByCode is Erase for whoever has the phone of the appointment in hand. The
// code is not used up where nothing can be erased.
//
// Faults: ErrNotPossible, ErrCodeWrong, ErrCodeExpired, ErrCodeUsedUp.
func (d *Desk) EraseByCode(ctx context.Context, c Change) (Appointment, error) {
	a := c.Appointment
	switch {
	case a.Erased():
		return a, nil
	case a.Status.Active():
		return a, ErrNotPossible
	}
	spender, err := uuid.FromBytes(d.Keys.MAC("erase", a.Hold[:])[:16])
	if err != nil {
		return a, err
	}
	result, err := d.spend(ctx, d.DB, c, spender)
	if err == nil {
		err = confirmed{Result: result}.fault()
	}
	if err != nil {
		return a, err
	}
	return d.Erase(ctx, a, c.Actor)
}

// erase reports whether there was something to erase.
func (d *Desk) erase(ctx context.Context, a Appointment, actor, why string) (bool, error) {
	rules, err := d.Offices.Rules(ctx, a.Office, a.Day)
	if err != nil {
		return false, err
	}
	var until date.Date // it counts as missed so long, and restricts so long after
	if rules.NoShow.Count > 0 {
		until = a.Day.AddDays(rules.NoShow.WithinDays + rules.NoShow.RestrictDays)
	}
	var erased bool
	err = postgres.InTx(ctx, d.DB, func(tx postgres.Querier) error {
		if err := forgetCaller(ctx, tx, a); err != nil {
			return err
		}
		err := tx.GetContext(ctx, &erased, `SELECT erase_appointment($1, $2, $3, $4)`, a.ID, until, actor, why)
		if err != nil {
			return fmt.Errorf("erase appointment %d: %w", a.ID, faultOf(err))
		}
		return notify.Withdraw(ctx, tx, a.ID)
	})
	return erased, err
}

// forgetCaller makes the calls about an appointment nobody's.
func forgetCaller(ctx context.Context, tx postgres.Querier, a Appointment) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE call
		SET phone_key = nobody(), decision = ''
		WHERE appointment_id = $1
		  AND phone_key = $2`, a.ID, a.PhoneKey)
	if err != nil {
		return fmt.Errorf("calls about appointment %d: %w", a.ID, err)
	}
	return nil
}

// most appointments that one run of EraseOld takes.
const erasedAtOnce = 500

// EraseOld erases the data of appointments that ended with a visit 90 days ago or
// more, and what is kept beyond an erasure for no longer than it counts. It
// returns how many rows that were; it may run any number of times.
func (d *Desk) EraseOld(ctx context.Context) (int64, error) {
	var old []Appointment
	err := d.DB.SelectContext(ctx, &old, `
		SELECT `+appointmentColumns+`
		FROM appointment
		WHERE erased_at IS NULL
		  AND day < (SELECT clock_now())::date - $1::int
		  AND NOT is_active(status)
		ORDER BY day, id
		LIMIT $2`, keptDays, erasedAtOnce)
	if err != nil {
		return 0, fmt.Errorf("appointments to erase: %w", err)
	}
	var n int64
	for _, a := range old {
		erased, err := d.erase(ctx, a, "system", "kept long enough")
		if err != nil {
			return n, err
		}
		if erased {
			n++
		}
	}
	done, err := d.DB.ExecContext(ctx, `
		UPDATE party
		SET person = nobody(), counts_until = NULL
		WHERE counts_until < (SELECT clock_now())::date`)
	if err != nil {
		return n, fmt.Errorf("marks to erase: %w", err)
	}
	marks, err := done.RowsAffected()
	if err != nil {
		return n, err
	}
	told, err := d.DB.ExecContext(ctx, `
		UPDATE appointment AS a
		SET former_contact = NULL
		WHERE former_contact IS NOT NULL
		  AND NOT EXISTS (SELECT FROM outbox WHERE appointment_id = a.id AND kind = 'phone_changed' AND state = 'pending')`)
	if err != nil {
		return n, fmt.Errorf("former phones to erase: %w", err)
	}
	phones, err := told.RowsAffected()
	if err != nil {
		return n, err
	}
	calls, err := d.forgetCalls(ctx)
	return n + marks + phones + calls, err
}

// Excuse makes a missed appointment count for nothing, by a decision of staff
// with a reason (domain rules 51 and 53). Excusing twice is the same as once.
//
// Faults: ErrNotPossible if it was not missed; field reason ("required", "too_long").
func (d *Desk) Excuse(ctx context.Context, c Change) error {
	if err := c.wrongReason(); err != nil {
		return err
	}
	if c.Appointment.Status != NoShow {
		return ErrNotPossible
	}
	return postgres.InTx(ctx, d.DB, func(tx postgres.Querier) error {
		if err := postgres.SetActor(ctx, tx, c.Actor); err != nil {
			return err
		}
		done, err := tx.ExecContext(ctx, `
			INSERT INTO excuse (appointment_id, reason, actor)
			VALUES ($1, $2, $3)
			ON CONFLICT DO NOTHING`, c.Appointment.ID, c.Reason, c.Actor)
		if err != nil {
			return fmt.Errorf("excuse appointment %d: %w", c.Appointment.ID, err)
		}
		if n, err := done.RowsAffected(); n == 0 || err != nil {
			return err
		}
		return postgres.Audit(ctx, tx, "excused", fmt.Sprintf("appointment:%d", c.Appointment.ID), c.Reason)
	})
}

// Excused reports whether a missed appointment counts for nothing.
func (d *Desk) Excused(ctx context.Context, a Appointment) (bool, error) {
	var excused bool
	err := d.DB.GetContext(ctx, &excused, `SELECT EXISTS (SELECT FROM excuse WHERE appointment_id = $1)`, a.ID)
	if err != nil {
		return false, fmt.Errorf("excuse of appointment %d: %w", a.ID, err)
	}
	return excused, nil
}
