package hall

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/identity"
	"hunyue/internal/postgres"
)

// Registration is what the counter did for a couple. It is one row that nothing
// alters.
type Registration struct {
	Number      string    `db:"number"` // of the appointment
	Service     string    `db:"service_id"`
	Certificate string    `db:"-"`   // its number in plain; "" where the service gives out none
	Day         date.Date `db:"day"` // at the office
	Registrar   string    `db:"registrar"`
	At          time.Time `db:"at"`

	// Warning is what is unusual about the certificate number, for the eyes of
	// whoever typed it: "format", "province", "prefix", "division", "year" or
	// "unexpected". The registration stands all the same.
	Warning string `db:"-"`
}

// LogValue leaves out whose it is: the certificate number is masked.
func (r Registration) LogValue() slog.Value {
	c, _ := identity.ParseCertificate(r.Certificate)
	return slog.GroupValue(
		slog.String("service", r.Service),
		slog.String("certificate", c.Masked()),
		slog.String("day", r.Day.String()),
	)
}

// Complete notes that a couple has been served and the number of the
// certificate they took home. The number was given out by the national system;
// an unusual one is warned of and taken. Services that end without a
// certificate need none. The same number again changes nothing.
//
// Faults: booking.ErrNoAppointment, ErrNotPossible, ErrCompleted,
// ErrCertificateUsed; field certificate_number ("required", "too_long").
func (d *Desk) Complete(ctx context.Context, number, certificate, registrar string) (Registration, error) {
	var r Registration
	err := d.with(ctx, number, registrar, func(tx postgres.Querier, g guest) error {
		read, warning, wrong := readCertificate(certificate, g.Service, divisionOf(g.Office, g.Rules), g.Today)
		if wrong != "" {
			return fault.InFields(map[string]string{"certificate_number": wrong})
		}
		if g.Status != booking.Completed {
			if err := d.register(ctx, tx, g, read, registrar); err != nil {
				return err
			}
		}
		var err error
		if r, err = d.registrationOf(ctx, tx, g); err != nil {
			return err
		}
		if r.Certificate != read.String() {
			return ErrCompleted
		}
		r.Warning = warning
		return nil
	})
	if err != nil {
		return Registration{}, err
	}
	return r, nil
}

// Registered is the registration of a couple that has been completed, with the
// number in plain: it is for those who complete registrations.
//
// The fault is booking.ErrNotPossible for a couple that has none.
func (d *Desk) Registered(ctx context.Context, number string) (Registration, error) {
	var g guest
	err := d.DB.GetContext(ctx, &g, `
		SELECT r.appointment_id AS id
		FROM registration AS r
		JOIN appointment AS a ON a.id = r.appointment_id
		WHERE a.number = $1
		  AND r.undone_at IS NULL`, number)
	if errors.Is(err, sql.ErrNoRows) {
		return Registration{}, booking.ErrNotPossible
	}
	if err != nil {
		return Registration{}, fmt.Errorf("find registration: %w", err)
	}
	return d.registrationOf(ctx, d.DB, g)
}

func (d *Desk) register(ctx context.Context, tx postgres.Querier, g guest, c identity.Certificate, registrar string) error {
	sealed, err := d.sealCertificate(c, g.ID)
	if err != nil {
		return err
	}
	if err := booking.Advance(ctx, tx, g.ID, booking.Completed, registrar); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO registration (appointment_id, number, service_id, certificate, certificate_key, nationwide,
			office_id, day, registrar, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		g.ID, g.Number, g.Service, sealed.Number, sealed.Key, sealed.Nationwide,
		g.Office, g.Today, registrar, g.Now)
	if postgres.Violates(err, "certificate_once") {
		return ErrCertificateUsed
	}
	if err != nil {
		return fmt.Errorf("register appointment %d: %w", g.ID, err)
	}
	return nil
}

func (d *Desk) registrationOf(ctx context.Context, tx postgres.Querier, g guest) (Registration, error) {
	var row struct {
		numberRow
		Registration
	}
	err := tx.GetContext(ctx, &row, `
		SELECT id, appointment_id, number, service_id, certificate, n, day, registrar, at
		FROM standing_registration
		WHERE appointment_id = $1`, g.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return Registration{}, ErrCompleted // by other means than Complete
	}
	if err != nil {
		return Registration{}, fmt.Errorf("registration of appointment %d: %w", g.ID, err)
	}
	r := row.Registration
	r.At = r.At.UTC()
	r.Certificate, err = d.openNumber(row.numberRow)
	return r, err
}
