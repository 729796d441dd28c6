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
	return d.masked(ctx, found)
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
	return d.Phone(a)
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

// Masked is an appointment as a list shows it.
func (d *Desk) Masked(ctx context.Context, a Appointment) (Row, error) {
	zone, err := d.zone(ctx, a.Office)
	if err != nil {
		return Row{}, err
	}
	row := Row{
		Number: a.Number, Office: a.Office, Service: a.Service, Day: a.Day,
		StartsAt: a.StartsAt.In(zone), EndsAt: a.EndsAt.In(zone),
		Status: a.Status, Channel: string(a.Channel), Erased: a.Erased(),
	}
	if row.Erased {
		return row, nil
	}
	parties, err := d.Parties(ctx, a)
	if err != nil {
		return Row{}, err
	}
	phone, err := d.Phone(a)
	if err != nil {
		return Row{}, err
	}
	row.Phone = phone.Masked()
	for _, p := range parties {
		row.Names = append(row.Names, identity.MaskName(p.Name))
		row.Numbers = append(row.Numbers, p.Document.Masked())
		row.Kinds = append(row.Kinds, p.Document.Kind())
	}
	return row, nil
}

func dayOrNull(day date.Date) any {
	if day.IsZero() {
		return nil
	}
	return day
}
