package booking

import (
	"context"
	"fmt"
	"strings"

	"hunyue/internal/date"
)

// EndingIn is the active appointments of an office's day whose phone, or the
// document of one of whose parties, ends in tail, masked, in order of time, and at
// most so many. Numbers are sealed, so those of the day are opened one after the
// other (decision record 17).
func (d *Desk) EndingIn(ctx context.Context, office string, day date.Date, tail string, most int) ([]Row, error) {
	var all []Appointment
	err := d.DB.SelectContext(ctx, &all, `
		SELECT `+appointmentColumns+`
		FROM appointment
		WHERE office_id = $1
		  AND day = $2
		  AND is_active(status)
		ORDER BY starts_at, id
		LIMIT $3`, office, day, mostOpened)
	if err != nil {
		return nil, fmt.Errorf("appointments of a day: %w", err)
	}
	var found []Appointment
	for _, a := range all {
		ends, err := d.endsIn(ctx, a, tail)
		if err != nil {
			return nil, err
		}
		if ends && len(found) < most {
			found = append(found, a)
		}
	}
	return d.masked(ctx, office, false, found)
}

func (d *Desk) endsIn(ctx context.Context, a Appointment, tail string) (bool, error) {
	if a.Erased() {
		return false, nil
	}
	phone, err := d.phoneOf(a)
	if err != nil || strings.HasSuffix(phone.Number(), tail) {
		return err == nil, err
	}
	parties, err := d.parties(ctx, d.DB, a)
	for _, p := range parties {
		if strings.HasSuffix(p.Document.Number, tail) {
			return true, err
		}
	}
	return false, err
}

// BookedElsewhere is the office at which a couple is booked that shows its door
// pass at another one: the pass is theirs, and a number alone says nothing. The
// fault is ErrNoAppointment.
func (d *Desk) BookedElsewhere(ctx context.Context, scanned string) (office string, err error) {
	number, ours := d.readDoorPass(strings.TrimSpace(scanned))
	if !ours {
		return "", ErrNoAppointment
	}
	a, err := d.At(ctx, number, func(string) bool { return true })
	return a.Office, err
}
