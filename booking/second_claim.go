package booking

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"hunyue/internal/identity"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

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
