package booking

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/internal/identity"
)

// Row is an appointment as staff see it in a list: masked (domain rule 85).
type Row struct {
	Number   string
	Office   string
	Service  string
	Day      date.Date
	StartsAt time.Time
	EndsAt   time.Time
	Status   Status
	Channel  string
	Names    []string
	Numbers  []string // of the identity documents
	Kinds    []identity.PartyKind
	Phone    string
	Erased   bool // nobody can say whose it was: names, numbers and phone are empty
	WalkIn   bool // nor ever could: they came without an appointment
}

// most is how many rows a search gives: staff look somebody up, they do not
// list people.
const most = 200

var eightDigits = regexp.MustCompile(`^[1-9][0-9]{7}$`)

// Search is the appointments of an office that q names: an appointment number,
// what its QR code holds (see DoorPass), a phone or a document number, each of
// them whole; with an empty q all of one day. A zero day means any day. There are at most 200, in order of time.
func (d *Desk) Search(ctx context.Context, office, q string, day date.Date) ([]Row, error) {
	q = strings.TrimSpace(q)
	number, phone, persons := d.recognise(q)
	var found []Appointment
	err := d.DB.SelectContext(ctx, &found, `
		SELECT `+appointmentColumns+`
		FROM appointment AS a
		WHERE office_id = $1
		  AND ($2::date IS NULL OR day = $2)
		  AND ($3 = ''
		    OR number = $4
		    OR phone_key = $5
		    OR EXISTS (SELECT FROM party WHERE appointment_id = a.id AND person = ANY ($6)))
		ORDER BY starts_at, id
		LIMIT $7`,
		office, dayOrNull(day), q, number, phone, pq.ByteaArray(persons), most)
	if err != nil {
		return nil, fmt.Errorf("search appointments: %w", err)
	}
	return d.masked(ctx, office, q == "", found)
}

// Day is every appointment of an office's day, in order of time, however many there are:
// for a list that has to be whole.
func (d *Desk) Day(ctx context.Context, office string, day date.Date) ([]Row, error) {
	found, err := d.ofDay(ctx, office, day)
	if err != nil {
		return nil, err
	}
	return d.masked(ctx, office, true, found)
}

// DayBy is Day, and by the number of each appointment what hint makes of its names: for
// a list that is searched by names and must hold none.
func (d *Desk) DayBy(ctx context.Context, office string, day date.Date, hint func(name string) string) ([]Row, map[string][]string, error) {
	found, err := d.ofDay(ctx, office, day)
	if err != nil {
		return nil, nil, err
	}
	hints := map[string][]string{}
	rows, err := d.maskedBy(ctx, office, true, found, func(row Row, parties []Party) {
		for _, p := range parties {
			hints[row.Number] = append(hints[row.Number], hint(p.Name))
		}
	})
	if err != nil {
		return nil, nil, err // they were not noted: nothing is shown
	}
	return rows, hints, nil
}

func (d *Desk) ofDay(ctx context.Context, office string, day date.Date) ([]Appointment, error) {
	var found []Appointment
	err := d.DB.SelectContext(ctx, &found, `
		SELECT `+appointmentColumns+`
		FROM appointment
		WHERE office_id = $1
		  AND day = $2
		ORDER BY starts_at, id`, office, day)
	if err != nil {
		return nil, fmt.Errorf("appointments of a day: %w", err)
	}
	return found, nil
}

// recognise says what q may be: eight digits are an appointment's number, or a
// Taiwan permit's; sixteen are a door pass, if it is ours. What it cannot be is
// empty, and nothing has that.
func (d *Desk) recognise(q string) (number string, phone []byte, persons [][]byte) {
	if eightDigits.MatchString(q) {
		number = q
	}
	if n, ours := d.readDoorPass(q); ours {
		number = n
	}
	if p, wrong := identity.ParsePhone(q); wrong == "" {
		phone = d.Keys.MAC("phone", []byte(p.Number()))
	}
	for _, t := range []identity.DocumentType{
		identity.ResidentID, identity.HMTResidence, identity.ForeignPR,
		identity.HKMacaoPermit, identity.TaiwanPermit, identity.Passport,
	} {
		if document, wrong := identity.ParseDocument(t, q, d.Clock.Now()); wrong == "" {
			persons = append(persons, d.Person(document))
		}
	}
	return number, phone, persons
}

// Reached is the phone of an appointment for whoever knows it, or the number of
// the document of one of the parties: the second fact beside the appointment's
// number (domain rules 36 and 39). The fault is ErrNoAppointment.
func (d *Desk) Reached(ctx context.Context, a Appointment, fact string) (identity.Phone, error) {
	_, phone, persons := d.recognise(strings.TrimSpace(fact))
	var knows bool
	err := d.DB.GetContext(ctx, &knows, `
		SELECT phone_key = $2 OR EXISTS (SELECT FROM party WHERE appointment_id = a.id AND person = ANY ($3))
		FROM appointment AS a
		WHERE id = $1`, a.ID, orNobody(phone), pq.ByteaArray(persons))
	if err != nil {
		return identity.Phone{}, fmt.Errorf("who asks for appointment %d: %w", a.ID, err)
	}
	if !knows {
		return identity.Phone{}, ErrNoAppointment
	}
	return d.Contact(ctx, a)
}

// Recognises reports whether a fact has the form of a phone's or a document's
// number.
func (d *Desk) Recognises(fact string) bool {
	_, phone, persons := d.recognise(strings.TrimSpace(fact))
	return phone != nil || persons != nil
}

// orNobody is a key, or one that nobody has.
func orNobody(key []byte) []byte {
	if key == nil {
		return []byte{}
	}
	return key
}

// Latest is the appointments of an office's day that were made last, at most so
// many, in order of time: for whoever books for others and has no list to see.
func (d *Desk) Latest(ctx context.Context, office string, day date.Date, most int) ([]Row, error) {
	var found []Appointment
	err := d.DB.SelectContext(ctx, &found, `
		SELECT `+appointmentColumns+`
		FROM (
			SELECT *
			FROM appointment
			WHERE office_id = $1
			  AND day = $2
			ORDER BY id DESC
			LIMIT $3
		) AS made
		ORDER BY starts_at, id`, office, day, most)
	if err != nil {
		return nil, fmt.Errorf("latest appointments: %w", err)
	}
	return d.masked(ctx, office, false, found)
}

// Masked is an appointment as a list shows it.
func (d *Desk) Masked(ctx context.Context, a Appointment) (Row, error) {
	rows, err := d.masked(ctx, a.Office, false, []Appointment{a})
	if err != nil {
		return Row{}, err
	}
	return rows[0], nil
}

func dayOrNull(day date.Date) any {
	if day.IsZero() {
		return nil
	}
	return day
}
