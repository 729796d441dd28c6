package booking

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/slots"
)

// Together is the active appointment of just these persons in a business group,
// or ErrNoAppointment: one of them alone, or with somebody else, is not told.
func (d *Desk) Together(ctx context.Context, parties []Party, group slots.Group) (Appointment, error) {
	var found []Appointment
	err := d.DB.SelectContext(ctx, &found, `
		SELECT `+appointmentColumns+`
		FROM appointment AS a
		WHERE id IN (SELECT appointment_id FROM party WHERE active AND biz_group = $1 AND person = ANY ($2))
		  AND (SELECT count(*) FROM party WHERE appointment_id = a.id) = cardinality($2)
		  AND NOT EXISTS (SELECT FROM party WHERE appointment_id = a.id AND person <> ALL ($2))`,
		string(group), pq.ByteaArray(d.persons(parties)))
	if err != nil {
		return Appointment{}, fmt.Errorf("appointment of two persons: %w", err)
	}
	if len(found) == 0 {
		return Appointment{}, ErrNoAppointment
	}
	return found[0], nil
}

// mostOpened is how many parties are opened to find a name: see the decision
// record on sealed names.
const mostOpened = 4000

// Named is the active appointments of an office from a day on in which somebody
// has a name that matches, masked, the soonest first, and at most so many. The
// names are sealed, so they are opened one after the other, 4,000 at most.
func (d *Desk) Named(ctx context.Context, office string, from date.Date, matches func(name string) bool, most int) ([]Row, error) {
	var found []struct {
		Appointment
		Role   int    `db:"role"`
		Sealed []byte `db:"sealed"`
	}
	err := d.DB.SelectContext(ctx, &found, `
		SELECT `+appointmentColumns+`, role, sealed
		FROM appointment
		JOIN (SELECT appointment_id, role, sealed FROM party WHERE active OR unconfirmed) AS p ON p.appointment_id = appointment.id
		WHERE office_id = $1
		  AND is_active(status)
		  AND day >= $2
		  AND NOT walk_in
		ORDER BY starts_at, id, role
		LIMIT $3`, office, from, mostOpened)
	if err != nil {
		return nil, fmt.Errorf("names at an office: %w", err)
	}
	var named []Appointment
	for _, row := range found {
		if n := len(named); n == most || n > 0 && named[n-1].ID == row.ID {
			continue
		}
		plain, err := d.Keys.Open(row.Sealed, partyRow(row.Hold, row.Role))
		if err != nil {
			return nil, fmt.Errorf("party %d of appointment %d: %w", row.Role, row.ID, err)
		}
		party, err := unfile(plain)
		if err != nil {
			return nil, fmt.Errorf("party %d of appointment %d: %w", row.Role, row.ID, err)
		}
		if matches(party.Name) {
			named = append(named, row.Appointment)
		}
	}
	return d.masked(ctx, office, false, named)
}
