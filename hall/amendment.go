package hall

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"hunyue/booking"
	"hunyue/internal/fault"
	"hunyue/internal/identity"
	"hunyue/internal/postgres"
)

// Amendment puts the certificate number of a registration right that can no longer
// be undone.
type Amendment struct {
	Number      string // of the appointment
	Certificate string // as it should have been
	Reason      string
	Key         string // the client's Idempotency-Key; may be empty
	Actor       string
}

// Amended is a number that a registration has had.
type Amended struct {
	Certificate string // in plain
	Reason      string // why it took the place of the one before; "" of the first
	Actor       string
	At          time.Time
}

// manyDigits is what a reason does not need: the number itself, which stands
// nowhere in plain.
var manyDigits = regexp.MustCompile(`[0-9０-９]{5,}`)

func (a Amendment) wrong() map[string]string {
	wrong := map[string]string{}
	switch {
	case a.Reason == "":
		wrong["reason"] = required
	case utf8.RuneCountInString(a.Reason) > longestReason:
		wrong["reason"] = tooLong
	case manyDigits.MatchString(a.Reason):
		wrong["reason"] = "digits"
	}
	return wrong
}

// Amend keeps another number for a registration, beside the one that it was given.
// It is the manager's, with a reason. No two registrations that stand have the same
// number of the present form, and one that was put right leaves its own free.
//
// Faults: booking.ErrNoAppointment, ErrNotPossible (nothing was registered, or
// without a certificate), ErrKeyReused, ErrCertificateUsed; fields
// certificate_number ("required", "too_long", "same"), reason ("required",
// "too_long", "digits").
func (d *Desk) Amend(ctx context.Context, a Amendment) error {
	a.Reason = strings.TrimSpace(a.Reason)
	c, warning := identity.ParseCertificate(a.Certificate)
	wrong := a.wrong()
	if c.String() == "" {
		wrong["certificate_number"] = warning
	}
	if err := fault.InFields(wrong); err != nil {
		return err
	}
	return d.with(ctx, a.Number, a.Actor, func(tx postgres.Querier, g guest) error {
		asked := request{Actor: a.Actor, Key: a.Key, Body: digest("amend", a.Number, d.Keys.MAC("certificate", []byte(c.String())), a.Reason)}
		_, err := once(ctx, tx, asked, func() (bool, bool, error) { return true, true, d.amend(ctx, tx, g, a, c) })
		return err
	})
}

func (d *Desk) amend(ctx context.Context, tx postgres.Querier, g guest, a Amendment, c identity.Certificate) error {
	now, err := standing(ctx, tx, g)
	if err != nil {
		return err
	}
	if former, err := d.openNumber(now); err != nil {
		return err
	} else if former == c.String() {
		return fault.InFields(map[string]string{"certificate_number": "same"})
	}
	sealed, err := d.Keys.Seal([]byte(c.String()), amendmentRow(now.ID, now.N+1))
	if err != nil {
		return fmt.Errorf("seal corrected certificate of appointment %d: %w", g.ID, err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO amendment (registration_id, n, certificate, certificate_key, nationwide, reason, actor, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		now.ID, now.N+1, sealed, d.Keys.MAC("certificate", []byte(c.String())), c.Prefix != "", a.Reason, a.Actor, g.Now)
	if postgres.Violates(err, "certificate_once") {
		return ErrCertificateUsed
	}
	if err != nil {
		return fmt.Errorf("amend registration of appointment %d: %w", g.ID, err)
	}
	return nil
}

// standing is the number that counts, of a registration that has one.
func standing(ctx context.Context, tx postgres.Querier, g guest) (numberRow, error) {
	var row numberRow
	err := tx.GetContext(ctx, &row, `
		SELECT id, appointment_id, certificate, n
		FROM standing_registration
		WHERE appointment_id = $1
		  AND certificate IS NOT NULL`, g.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return row, booking.ErrNotPossible
	}
	if err != nil {
		return row, fmt.Errorf("registration of appointment %d: %w", g.ID, err)
	}
	return row, nil
}

// Amended is every number that a registration has had, the first of them first: it
// is for those who may put it right. It is empty where nothing stands.
func (d *Desk) Amended(ctx context.Context, number string) ([]Amended, error) {
	var rows []struct {
		numberRow
		Reason string    `db:"reason"`
		Actor  string    `db:"actor"`
		At     time.Time `db:"at"`
	}
	err := d.DB.SelectContext(ctx, &rows, `
		SELECT id, appointment_id, certificate, 0 AS n, '' AS reason, registrar AS actor, at
		FROM registration
		WHERE number = $1
		  AND undone_at IS NULL
		  AND certificate IS NOT NULL
		UNION ALL
		SELECT m.registration_id, r.appointment_id, m.certificate, m.n, m.reason, m.actor, m.at
		FROM amendment AS m
		JOIN registration AS r ON r.id = m.registration_id
		WHERE r.number = $1
		  AND r.undone_at IS NULL
		ORDER BY n`, number)
	if err != nil {
		return nil, fmt.Errorf("numbers of a registration: %w", err)
	}
	all := make([]Amended, 0, len(rows))
	for _, row := range rows {
		plain, err := d.openNumber(row.numberRow)
		if err != nil {
			return nil, err
		}
		all = append(all, Amended{Certificate: plain, Reason: row.Reason, Actor: row.Actor, At: row.At.UTC()})
	}
	return all, nil
}
