package booking

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"hunyue/internal/fault"
	"hunyue/internal/identity"
	"hunyue/slots"
)

// Where an office asks the second person themselves (decision 20), the couple has
// its place as soon as it books, and the second person is in no appointment until
// they say so: with their own phone, by a link that the first one sends them, or in
// the hall by being there.

// What can go wrong with a second person. The codes are promises.
var (
	ErrNoInvitation = fault.New(fault.NotFound, "no_invitation")       // used, used up, ended, or never there: a stranger learns nothing
	ErrNotInvited   = fault.New(fault.Invalid, "not_invited")          // name or document are not those that were booked
	ErrSecondBusy   = fault.New(fault.Conflict, "second_person_busy")  // in the hall; comes with SecondBusyError
	ErrSamePhone    = fault.New(fault.Invalid, "second_needs_a_phone") // the phone of whoever booked proves nothing about the second person
)

// Second is how the second person of an appointment stands.
type Second struct {
	Unconfirmed bool       // they have said nothing yet
	Link        string     // the secret of their link; "" where there is nothing to confirm online
	By          string     // how they confirmed: phone or presence; "" where nobody asked them
	At          *time.Time // when
	Consents    map[string]string
}

// Second says how the second person of an appointment stands; the zero value is an
// appointment for one, or one whose office does not ask.
func (d *Desk) Second(ctx context.Context, a Appointment) (Second, error) {
	var row struct {
		Unconfirmed bool       `db:"unconfirmed"`
		Linked      bool       `db:"linked"`
		By          string     `db:"confirmed_by"`
		At          *time.Time `db:"confirmed_at"`
		Consents    []byte     `db:"consents"`
	}
	err := d.DB.GetContext(ctx, &row, `
		SELECT p.unconfirmed, coalesce(s.confirmed_by, '') AS confirmed_by, s.confirmed_at, coalesce(s.consents, '{}') AS consents,
			p.unconfirmed AND s.link IS NOT NULL AND s.tries < 5 AND a.status = 'booked'
				AND a.day >= (clock_now() AT TIME ZONE o.time_zone)::date AS linked
		FROM second_person AS s
		JOIN appointment AS a ON a.id = s.appointment_id
		JOIN office AS o ON o.id = a.office_id
		JOIN party AS p ON p.appointment_id = s.appointment_id AND p.role = 2
		WHERE s.appointment_id = $1`, a.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return Second{}, nil
	}
	if err != nil {
		return Second{}, fmt.Errorf("second person of appointment %d: %w", a.ID, err)
	}
	s := Second{Unconfirmed: row.Unconfirmed, By: row.By, At: row.At}
	if row.Linked {
		s.Link = d.linkOf(a.Hold)
	}
	return s, json.Unmarshal(row.Consents, &s.Consents)
}

// linkOf is the secret of the link for the second person: 128 bits that belong to
// the hold, so that the couple is shown the same one again and the database keeps
// only a hash of it.
func (d *Desk) linkOf(hold uuid.UUID) string {
	return base64.RawURLEncoding.EncodeToString(d.Keys.MAC("second person", hold[:])[:16])
}

// linkHash is what a link is found by.
func (d *Desk) linkHash(link string) []byte {
	return d.Keys.MAC("link of a second person", []byte(link))
}

// asks is the hash of the link where the second person of an application is asked
// themselves; nil where both are taken at once.
func (d *Desk) asks(a Application, rules slots.Rules) []byte {
	if len(a.Parties) < 2 || a.known || rules.SecondPerson != slots.ByOwnPhone {
		return nil
	}
	return d.linkHash(d.linkOf(a.Hold))
}

// Invitation is what the second person sees of an appointment: their own half.
type Invitation struct {
	Appointment Appointment
	Inviter     string // masked
	Type        identity.DocumentType
	Phone       identity.Phone // that theirs must not be; to be shown to nobody
}

// Invited is what a link leads to, or ErrNoInvitation. It may be asked any number
// of times: what is used once is the link's confirmation.
func (d *Desk) Invited(ctx context.Context, link string) (Invitation, error) {
	a, err := d.linked(ctx, link)
	if err != nil {
		return Invitation{}, err
	}
	parties, err := d.parties(ctx, d.DB, a)
	if err != nil {
		return Invitation{}, err
	}
	phone, err := d.phoneOf(a)
	return Invitation{Appointment: a, Inviter: identity.MaskName(parties[0].Name), Type: parties[1].Document.Type, Phone: phone}, err
}

func (d *Desk) linked(ctx context.Context, link string) (Appointment, error) {
	var a Appointment
	err := d.DB.GetContext(ctx, &a, `
		SELECT `+appointmentColumns+`
		FROM appointment AS a
		WHERE status = 'booked'
		  AND day >= (SELECT (clock_now() AT TIME ZONE o.time_zone)::date FROM office AS o WHERE o.id = a.office_id)
		  AND id = (
			SELECT s.appointment_id
			FROM second_person AS s
			WHERE s.link = $1
			  AND s.tries < 5
			  AND s.confirmed_at IS NULL)`, d.linkHash(link))
	if errors.Is(err, sql.ErrNoRows) {
		return a, ErrNoInvitation
	}
	if err != nil {
		return a, fmt.Errorf("follow the link of a second person: %w", err)
	}
	return a, nil
}
