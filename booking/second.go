package booking

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"hunyue/internal/fault"
	"hunyue/internal/identity"
	"hunyue/internal/postgres"
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
	ErrSecondBusy   = fault.New(fault.Conflict, "second_person_busy")  // in the hall; comes with BookedElsewhere
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

// Claim is who opens a link, and what they agree to.
type Claim struct {
	Link     string
	Name     string // normalised
	Document identity.Document
	Phone    identity.Phone
	Code     string // sent to Phone; asked for by ConfirmSecond alone
	Consents map[string]string
}

// Recognise says whether whoever opened a link is who was booked. Five wrong tries
// use the link up. Which of the two was wrong is not told.
//
// Faults: ErrNoInvitation, ErrNotInvited, ErrSamePhone.
func (d *Desk) Recognise(ctx context.Context, c Claim) (Appointment, error) {
	invited, err := d.Invited(ctx, c.Link)
	if err != nil {
		return Appointment{}, err
	}
	a := invited.Appointment
	if err := d.countTry(ctx, c.Link); err != nil {
		return a, err
	}
	parties, err := d.parties(ctx, d.DB, a)
	if err != nil {
		return a, err
	}
	name := subtle.ConstantTimeCompare(d.Keys.MAC("name", []byte(parties[1].Name)), d.Keys.MAC("name", []byte(c.Name)))
	if subtle.ConstantTimeCompare(d.Person(parties[1].Document), d.Person(c.Document))&name != 1 {
		return a, ErrNotInvited
	}
	_, err = d.DB.ExecContext(ctx, `UPDATE second_person SET tries = 0 WHERE link = $1`, d.linkHash(c.Link)) // they need not guess
	if err != nil {
		return a, fmt.Errorf("tries of a link: %w", err)
	}
	if c.Phone.Number() == invited.Phone.Number() {
		return a, ErrSamePhone
	}
	return a, nil
}

// countTry counts a try before it is judged, so that many at once are no more than
// five.
func (d *Desk) countTry(ctx context.Context, link string) error {
	done, err := d.DB.ExecContext(ctx, `
		UPDATE second_person
		SET tries = tries + 1
		WHERE link = $1
		  AND tries < 5`, d.linkHash(link))
	if err != nil {
		return fmt.Errorf("tries of a link: %w", err)
	}
	if n, err := done.RowsAffected(); n == 0 || err != nil {
		return errors.Join(ErrNoInvitation, err)
	}
	return nil
}

// ConfirmSecond has the second person in the appointment. Confirming twice with the
// same phone is the same as once. Whoever has another appointment is told
// ErrPersonBusy and no more: the reason goes to the phone of that one (decision 14).
//
// Faults: those of Recognise, ErrPersonBusy (with BusyError where the phone is that
// of the other appointment), ErrPhoneBusy, ErrCodeWrong, ErrCodeExpired,
// ErrCodeUsedUp.
func (d *Desk) ConfirmSecond(ctx context.Context, c Claim) (Appointment, error) {
	a, err := d.Recognise(ctx, c)
	if errors.Is(err, ErrNoInvitation) {
		return d.confirmedBefore(ctx, c)
	}
	if err != nil {
		return a, err
	}
	rules, err := d.Offices.Rules(ctx, a.Office, a.Day)
	if err != nil {
		return a, err
	}
	q, err := d.secondQuestion(a, c, rules)
	if err != nil {
		return a, err
	}
	err = d.confirmSecond(ctx, c, q, rules.PerPhone)
	if errors.Is(err, ErrPersonBusy) {
		err = errors.Join(err, d.explainRefusal(ctx, q))
	}
	return a, err
}

// secondQuestion is what is asked about the second person, as confirm would ask it.
func (d *Desk) secondQuestion(a Appointment, c Claim, rules slots.Rules) (confirmation, error) {
	number := []byte(c.Phone.Number())
	spender, err := uuid.FromBytes(d.Keys.MAC("second person confirms", a.Hold[:])[:16])
	if err != nil {
		return confirmation{}, err
	}
	consents, err := json.Marshal(c.Consents)
	return confirmation{
		grant: grant{Hold: spender, Quota: a.Quota}, persons: [][]byte{d.Person(c.Document)}, channel: slots.Web, consents: string(consents),
		phone: d.Keys.MAC("phone", number), code: d.Keys.MAC("code", number, []byte(c.Code)),
		misses: misses(Application{Channel: slots.Web, Service: a.Service}, rules),
	}, err
}

func (d *Desk) confirmSecond(ctx context.Context, c Claim, q confirmation, perPhone int) error {
	var result string
	err := d.DB.GetContext(ctx, &result, `SELECT confirm_second($1, $2, $3, $4, $5, $6, $7)`,
		d.linkHash(c.Link), q.phone, q.code, q.grant.Hold, q.consents, perPhone, q.misses)
	switch {
	case err != nil && postgres.State(err) == "":
		return fmt.Errorf("confirm a second person: %w", err)
	case err != nil:
		return faultOf(err)
	case result == "gone":
		return ErrNoInvitation
	}
	return confirmed{Result: result}.fault()
}

// confirmedBefore is the appointment for whoever has confirmed by this link with
// this phone: the answer was lost, or the form was sent twice. The fault is
// ErrNoInvitation.
func (d *Desk) confirmedBefore(ctx context.Context, c Claim) (Appointment, error) {
	var a Appointment
	err := d.DB.GetContext(ctx, &a, `
		SELECT `+appointmentColumns+`
		FROM appointment
		WHERE id = (
			SELECT s.appointment_id
			FROM second_person AS s
			JOIN party AS p ON p.appointment_id = s.appointment_id AND p.role = 2
			WHERE s.link = $1
			  AND s.confirmed_by = 'phone'
			  AND s.phone_key = $2
			  AND p.person = $3)`,
		d.linkHash(c.Link), d.Keys.MAC("phone", []byte(c.Phone.Number())), d.Person(c.Document))
	if errors.Is(err, sql.ErrNoRows) {
		return a, ErrNoInvitation
	}
	if err != nil {
		return a, fmt.Errorf("whether a second person has confirmed: %w", err)
	}
	return a, nil
}

// BookedElsewhere comes with ErrSecondBusy: the appointment that the second person
// is in, for staff before whom they stand.
type BookedElsewhere struct {
	Number string // masked
	Office string
}

// Error says nothing of a person: errors are logged.
func (BookedElsewhere) Error() string { return "the second person is in another appointment" }

// Present confirms the second person of an appointment who stands in the hall; of
// any other it changes nothing. It joins the transaction that lets them in. Why is
// for what reason they are let in though they have another appointment, which they
// then stay in; "" refuses it.
//
// Faults: ErrSecondBusy with BookedElsewhere.
func Present(ctx context.Context, tx postgres.Querier, appointment int64, why, actor string) error {
	var other struct {
		Number sql.NullString `db:"number"`
		Office sql.NullString `db:"office"`
	}
	err := tx.GetContext(ctx, &other, `SELECT number, office FROM second_present($1, $2, $3)`, appointment, why, actor)
	if err != nil {
		return fmt.Errorf("second person of appointment %d in the hall: %w", appointment, err)
	}
	if n := other.Number.String; n != "" {
		return errors.Join(ErrSecondBusy, BookedElsewhere{Number: n[:2] + "****" + n[6:], Office: other.Office.String})
	}
	return nil
}

// secondKnown reports whether the second person of an appointment that was taken
// away was in it: they need not confirm what is booked in its place.
func (d *Desk) secondKnown(ctx context.Context, a Appointment) (bool, error) {
	var known bool
	err := d.DB.GetContext(ctx, &known, `SELECT NOT EXISTS (SELECT FROM party WHERE appointment_id = $1 AND unconfirmed)`, a.ID)
	if err != nil {
		return false, fmt.Errorf("second person of appointment %d: %w", a.ID, err)
	}
	return known, nil
}
