package booking

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"hunyue/internal/identity"
	"hunyue/internal/postgres"
)

// OwnData is all that is stored about a couple with its appointment, in full: for
// the couple itself and nobody else (domain rule 90).
type OwnData struct {
	Appointment Appointment
	Parties     []Party
	Phone       identity.Phone
	Caller      string            // who asked, where somebody else typed
	Consents    map[string]string // which version of each text; agreed to when it was booked
	Second      Second            // how the second person confirmed, where they were asked
	History     []Happened
	Messages    []Sent
}

// Happened is one change, or one look at these data.
type Happened struct {
	At     time.Time `db:"at"`
	By     string    `db:"by"` // couple, staff or system: which of the staff is not told
	What   string    `db:"action"`
	Status Status    `db:"status"` // that it came to; empty where it stayed
	Why    string    `db:"why"`    // where staff looked: for what, and as what; the first and the second word
}

// Sent is a message about the appointment, without its text.
type Sent struct {
	At    time.Time `db:"at"`
	Kind  string    `db:"kind"`
	State string    `db:"state"` // pending, done, failed, dropped
}

// OwnData opens what is stored about a couple. The fault is ErrErased. Messages
// are listed for a week after they were sent.
func (d *Desk) OwnData(ctx context.Context, a Appointment) (OwnData, error) {
	own := OwnData{Appointment: a}
	var err error
	if own.Parties, err = d.Parties(ctx, a); err != nil {
		return own, err
	}
	if own.Phone, err = d.phoneOf(a); err != nil {
		return own, err
	}
	if own.Caller, own.Consents, err = d.agreed(ctx, a); err != nil {
		return own, err
	}
	if own.Second, err = d.Second(ctx, a); err != nil {
		return own, err
	}
	err = d.DB.SelectContext(ctx, &own.History, `
		SELECT at, split_part(actor, ':', 1) AS by, action, coalesce(new_status, '') AS status,
			CASE WHEN action IN ('read', 'unmasked') THEN coalesce(detail, '') ELSE '' END AS why
		FROM audit
		WHERE subject = 'appointment:' || $1
		ORDER BY id`, fmt.Sprint(a.ID))
	if err != nil {
		return own, fmt.Errorf("history of appointment %d: %w", a.ID, err)
	}
	err = d.DB.SelectContext(ctx, &own.Messages, `
		SELECT at, kind, state
		FROM outbox
		WHERE appointment_id = $1
		  AND topic = 'message'
		ORDER BY id`, a.ID)
	if err != nil {
		return own, fmt.Errorf("messages about appointment %d: %w", a.ID, err)
	}
	return own, nil
}

// agreed is who called and what was agreed to.
func (d *Desk) agreed(ctx context.Context, a Appointment) (caller string, consents map[string]string, err error) {
	var row struct {
		Caller   []byte `db:"caller"`
		Consents []byte `db:"consents"`
	}
	err = d.DB.GetContext(ctx, &row, `SELECT caller, consents FROM appointment WHERE id = $1`, a.ID)
	if err != nil {
		return "", nil, fmt.Errorf("consents of appointment %d: %w", a.ID, err)
	}
	if err := json.Unmarshal(row.Consents, &consents); err != nil {
		return "", nil, fmt.Errorf("consents of appointment %d: %w", a.ID, err)
	}
	if row.Caller == nil {
		return "", consents, nil
	}
	plain, err := d.Keys.Open(row.Caller, callerRow(a.Hold))
	if err != nil {
		return "", nil, fmt.Errorf("caller of appointment %d: %w", a.ID, err)
	}
	return string(plain), consents, nil
}

// AgreedTo reports whether a consent of this name came with the appointment, and
// with the second person where they are asked themselves.
func (d *Desk) AgreedTo(ctx context.Context, a Appointment, name string) (bool, error) {
	var agreed bool
	err := d.DB.GetContext(ctx, &agreed, `
		SELECT coalesce(consents ->> $2, '') <> ''
		   AND NOT EXISTS (SELECT FROM second_person AS s WHERE s.appointment_id = a.id AND coalesce(s.consents ->> $2, '') = '')
		FROM appointment AS a
		WHERE id = $1`, a.ID, name)
	if err != nil {
		return false, fmt.Errorf("consent of appointment %d: %w", a.ID, err)
	}
	return agreed, nil
}

// Witness is what a permission to see the data of an appointment is bound to: it
// is another one as soon as the phone is changed or the data are erased.
func (d *Desk) Witness(a Appointment) []byte {
	return d.Keys.MAC("own data", a.Hold[:], a.PhoneKey)[:16]
}

// Opened notes that the data of an appointment were shown to whoever has its phone
// in hand.
func (d *Desk) Opened(ctx context.Context, a Appointment, actor string) error {
	return postgres.InTx(ctx, d.DB, func(tx postgres.Querier) error {
		if err := postgres.SetActor(ctx, tx, actor); err != nil {
			return err
		}
		return postgres.Audit(ctx, tx, "data_opened", fmt.Sprintf("appointment:%d", a.ID), "")
	})
}
