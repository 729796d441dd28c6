package hall

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hunyue/internal/date"
	"hunyue/internal/postgres"
)

// temperature says whose a reading is.
type temperature struct {
	Kind        string // party, companion or staff
	Office      string
	Day         date.Date
	Appointment *int64
	Role        *int
	Staff       *string
}

// add stores a reading behind the last of p, which it supersedes. The limit
// that makes it a fever is stored with it.
func (t temperature) add(ctx context.Context, tx postgres.Querier, p *person, r Reading, limit int, at time.Time, actor string) error {
	var before *int64
	if n := len(*p); n > 0 {
		before = &(*p)[n-1].ID
	}
	var l link
	err := tx.GetContext(ctx, &l, `
		INSERT INTO temperature (kind, office_id, day, appointment_id, role, staff_id,
			decicelsius, threshold, device, supersedes, recorded_by, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		RETURNING id, abnormal, device, at`,
		t.Kind, t.Office, t.Day, t.Appointment, t.Role, t.Staff,
		r.Decicelsius, limit, strings.TrimSpace(r.Device), before, actor, at)
	if err != nil {
		return fmt.Errorf("keep reading of a %s: %w", t.Kind, err)
	}
	*p = append(*p, l)
	return nil
}

// partiesOf is the readings of a couple so far, one person for each party. What was
// corrected is not among them.
func partiesOf(ctx context.Context, tx postgres.Querier, g guest) ([]person, error) {
	var links []link
	err := tx.SelectContext(ctx, &links, `
		SELECT id, role, abnormal, device, at
		FROM temperature AS t
		WHERE appointment_id = $1
		  AND kind = 'party'
		  AND day = $2
		  AND NOT EXISTS (SELECT FROM temperature AS c WHERE c.supersedes = t.id AND c.reason IS NOT NULL)
		ORDER BY id`, g.ID, g.Day)
	if err != nil {
		return nil, fmt.Errorf("readings of appointment %d: %w", g.ID, err)
	}
	people := make([]person, g.Parties)
	for _, l := range links {
		people[l.Role-1] = append(people[l.Role-1], l)
	}
	return people, nil
}
