package booking

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// Appointment is a booked place and who it is for. What names a person stays
// sealed until Parties or Phone is asked for.
type Appointment struct {
	ID          int64         `db:"id"`
	Number      string        `db:"number"`
	Hold        uuid.UUID     `db:"hold_id"`
	Office      string        `db:"office_id"`
	Quota       string        `db:"quota_id"`
	Service     string        `db:"service_id"`
	Group       slots.Group   `db:"biz_group"`
	Day         date.Date     `db:"day"`
	StartsAt    time.Time     `db:"starts_at"`
	EndsAt      time.Time     `db:"ends_at"`
	Status      Status        `db:"status"`
	Reschedules int           `db:"reschedules"`
	Channel     slots.Channel `db:"channel"`
	Locale      string        `db:"locale"`
	PhoneKey    []byte        `db:"phone_key"`
	Contact     []byte        `db:"contact"`
	CreatedAt   time.Time     `db:"created_at"`
	ErasedAt    *time.Time    `db:"erased_at"` // when its data were erased; nil: they are there
	WalkIn      bool          `db:"walk_in"`   // of somebody who came without one: there were no data
}

const appointmentColumns = `id, number, hold_id, office_id, quota_id, service_id, biz_group, day,
	starts_at, ends_at, status, reschedules, channel, locale, phone_key, contact,
	created_at, erased_at, walk_in`

// Find is the appointment with this number, if the secret is its own. A wrong
// secret and a number that nobody has are the same ErrNoAppointment.
func (d *Desk) Find(ctx context.Context, number, secret string) (Appointment, error) {
	a, err := byNumber(ctx, d.DB, number)
	if err != nil && !errors.Is(err, ErrNoAppointment) {
		return Appointment{}, err
	}
	if subtle.ConstantTimeCompare([]byte(secret), []byte(d.secret(a.Hold))) != 1 || a.ID == 0 {
		return Appointment{}, ErrNoAppointment
	}
	return a, nil
}

// At is the appointment with this number at one of these offices, or
// ErrNoAppointment. It is for staff, whose offices these are.
func (d *Desk) At(ctx context.Context, number string, serves func(office string) bool) (Appointment, error) {
	a, err := byNumber(ctx, d.DB, number)
	if err == nil && !serves(a.Office) {
		return Appointment{}, ErrNoAppointment
	}
	return a, err
}

func byNumber(ctx context.Context, db postgres.Querier, number string) (Appointment, error) {
	var a Appointment
	err := db.GetContext(ctx, &a, `
		SELECT `+appointmentColumns+`
		FROM appointment
		WHERE number = $1`, number)
	if errors.Is(err, sql.ErrNoRows) {
		return a, ErrNoAppointment
	}
	if err != nil {
		return a, fmt.Errorf("find appointment: %w", err)
	}
	return a, nil
}

// byID is the appointment with this id; there is one.
func byID(ctx context.Context, db postgres.Querier, id int64) (Appointment, error) {
	var a Appointment
	err := db.GetContext(ctx, &a, `
		SELECT `+appointmentColumns+`
		FROM appointment
		WHERE id = $1`, id)
	if err != nil {
		return a, fmt.Errorf("find appointment %d: %w", id, err)
	}
	return a, nil
}

// Erased reports whether the data of an appointment were erased: nobody can say
// any more whose it was.
func (a Appointment) Erased() bool { return a.ErasedAt != nil }

// Parties opens who an appointment is for, in the order in which they applied.
// The fault is ErrErased.
func (d *Desk) Parties(ctx context.Context, a Appointment) ([]Party, error) {
	parties, err := d.parties(ctx, d.DB, a)
	if err == nil {
		err = d.watchedOne(ctx, a, parties)
	}
	if err != nil {
		return nil, err
	}
	return parties, nil
}

func (d *Desk) parties(ctx context.Context, db postgres.Querier, a Appointment) ([]Party, error) {
	if a.Erased() {
		return nil, ErrErased
	}
	rows, err := sealedParties(ctx, db, a.ID)
	if err != nil {
		return nil, err
	}
	return d.opened(a, rows[a.ID])
}

// sealedParty is a party as it is stored.
type sealedParty struct {
	Appointment int64  `db:"appointment_id"`
	Role        int    `db:"role"`
	Sealed      []byte `db:"sealed"`
}

// sealedParties is the parties of appointments, by the id of each.
func sealedParties(ctx context.Context, db postgres.Querier, ids ...int64) (map[int64][]sealedParty, error) {
	var rows []sealedParty
	err := db.SelectContext(ctx, &rows, `
		SELECT appointment_id, role, sealed
		FROM party
		WHERE appointment_id = ANY ($1)
		ORDER BY appointment_id, role`, pq.Int64Array(ids))
	if err != nil {
		return nil, fmt.Errorf("parties of %d appointments: %w", len(ids), err)
	}
	of := make(map[int64][]sealedParty, len(ids))
	for _, row := range rows {
		of[row.Appointment] = append(of[row.Appointment], row)
	}
	return of, nil
}

// opened is the parties of an appointment as they read.
func (d *Desk) opened(a Appointment, rows []sealedParty) ([]Party, error) {
	parties := make([]Party, 0, len(rows))
	for _, row := range rows {
		plain, err := d.Keys.Open(row.Sealed, partyRow(a.Hold, row.Role))
		if err != nil {
			return nil, fmt.Errorf("party %d of appointment %d: %w", row.Role, a.ID, err)
		}
		p, err := unfile(plain)
		if err != nil {
			return nil, fmt.Errorf("party %d of appointment %d: %w", row.Role, a.ID, err)
		}
		parties = append(parties, p)
	}
	return parties, nil
}

func unfile(plain []byte) (Party, error) {
	var f filed
	if err := json.Unmarshal(plain, &f); err != nil {
		return Party{}, err
	}
	born, err := date.ParseDate(f.Born)
	if err != nil {
		return Party{}, errors.New("birth date on file is none")
	}
	return Party{
		Name:     f.Name,
		Document: identity.Document{Type: identity.DocumentType(f.Type), Number: f.Number},
		Sex:      identity.Sex(f.Sex),
		Born:     born,
	}, nil
}

// Phone opens the number that an appointment is reached at, at a desk that nobody
// watches: at that of staff, Contact does. The fault is ErrErased.
func (d *Desk) Phone(a Appointment) (identity.Phone, error) {
	if d.Watch != nil {
		return identity.Phone{}, errors.New("the phone is asked for unwatched: Contact opens it")
	}
	return d.phoneOf(a)
}

// Contact opens the number that an appointment is reached at. The fault is
// ErrErased.
func (d *Desk) Contact(ctx context.Context, a Appointment) (identity.Phone, error) {
	parties, err := d.parties(ctx, d.DB, a)
	if err == nil {
		err = d.watchedOne(ctx, a, parties)
	}
	if err != nil {
		return identity.Phone{}, err
	}
	return d.phoneOf(a)
}

func (d *Desk) phoneOf(a Appointment) (identity.Phone, error) {
	if a.Erased() {
		return identity.Phone{}, ErrErased
	}
	return d.openPhone(a, a.Contact)
}

func (d *Desk) openPhone(a Appointment, sealed []byte) (identity.Phone, error) {
	plain, err := d.Keys.Open(sealed, contactRow(a.Hold))
	if err != nil {
		return identity.Phone{}, fmt.Errorf("phone of appointment %d: %w", a.ID, err)
	}
	phone, wrong := identity.ParsePhone(string(plain))
	if wrong != "" {
		return identity.Phone{}, fmt.Errorf("phone of appointment %d on file: %s", a.ID, wrong)
	}
	return phone, nil
}
