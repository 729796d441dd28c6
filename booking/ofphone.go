package booking

import (
	"context"
	"fmt"

	"hunyue/internal/date"
	"hunyue/internal/identity"
)

const (
	mostOfPhone = 10 // a couple has one or two (domain rule 32)
	longAgo     = 30 // days: so long what has ended is still shown
)

// OfPhone is the appointments that are reached at a phone, masked, for whoever
// has it in hand: those that are active or, if none is, those whose day is not
// more than 30 days ago. The next come first, and there are at most 10.
func (d *Desk) OfPhone(ctx context.Context, phone identity.Phone) ([]Row, error) {
	var found []Appointment
	err := d.DB.SelectContext(ctx, &found, `
		WITH own AS (
			SELECT `+appointmentColumns+`, is_active(status) AS active
			FROM appointment
			WHERE phone_key = $1
		)
		SELECT `+appointmentColumns+`
		FROM own
		WHERE active
		   OR day >= $2 AND NOT EXISTS (SELECT FROM own WHERE active)
		ORDER BY starts_at, id
		LIMIT $3`,
		d.Keys.MAC("phone", []byte(phone.Number())), date.DateOf(d.Clock.Now()).AddDays(-longAgo), mostOfPhone)
	if err != nil {
		return nil, fmt.Errorf("appointments of a phone: %w", err)
	}
	return d.masked(ctx, "", false, found)
}
