package slots

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/internal/postgres"
)

// Stops reports whether the suspension keeps the service out of the channel on the
// day.
func (s Suspension) Stops(day date.Date, service Service, ch Channel) bool {
	return !day.Before(s.From) &&
		(s.To.IsZero() || !day.After(s.To)) &&
		(slices.Contains(s.Services, service.ID) || slices.Contains(s.Groups, service.Group)) &&
		(s.Mode == Full || ch == Counter)
}

// Suspensions is the suspensions of the office that cover any day from one to
// another, with the end that they have now, in the order in which they were made.
func (s *Store) Suspensions(ctx context.Context, office string, from, to date.Date) ([]Suspension, error) {
	var rows []suspensionRow
	err := s.DB.SelectContext(ctx, &rows, `
		SELECT id, office_id, from_day, to_day, mode, services, groups, reason, notice, actor, at
		FROM suspension_now
		WHERE office_id = $1
		  AND from_day <= $3
		  AND (to_day IS NULL OR to_day >= $2)
		  AND (to_day IS NULL OR to_day >= from_day)
		ORDER BY id`, office, from, to)
	if err != nil {
		return nil, fmt.Errorf("suspensions of %s: %w", office, err)
	}
	suspensions := make([]Suspension, len(rows))
	for i, row := range rows {
		suspensions[i] = row.suspension()
	}
	return suspensions, nil
}

// Suspension is the suspension with the id, or ErrNoSuchSuspension.
func (s *Store) Suspension(ctx context.Context, id int64) (Suspension, error) {
	return findSuspension(ctx, s.DB, id)
}

func findSuspension(ctx context.Context, q postgres.Querier, id int64) (Suspension, error) {
	var rows []suspensionRow
	err := q.SelectContext(ctx, &rows, `
		SELECT id, office_id, from_day, to_day, mode, services, groups, reason, notice, actor, at
		FROM suspension_now
		WHERE id = $1`, id)
	if err != nil {
		return Suspension{}, fmt.Errorf("suspension %d: %w", id, err)
	}
	if len(rows) == 0 {
		return Suspension{}, ErrNoSuchSuspension
	}
	return rows[0].suspension(), nil
}

// SuspensionChange is one change of a suspension's end (domain rule 61).
type SuspensionChange struct {
	To     date.Date `db:"to_day"` // zero: until further notice
	Reason string    `db:"reason"`
	Actor  string    `db:"actor"`
	At     time.Time `db:"at"`
}

// SuspensionChanges is the changes of suspensions by the id of each, the first
// one first.
func (s *Store) SuspensionChanges(ctx context.Context, of []Suspension) (map[int64][]SuspensionChange, error) {
	var ids pq.Int64Array
	for _, suspension := range of {
		ids = append(ids, suspension.ID)
	}
	var rows []struct {
		Suspension int64 `db:"suspension_id"`
		SuspensionChange
	}
	err := s.DB.SelectContext(ctx, &rows, `
		SELECT suspension_id, to_day, reason, actor, at
		FROM suspension_change
		WHERE suspension_id = ANY ($1)
		ORDER BY id`, ids)
	if err != nil {
		return nil, fmt.Errorf("changes of suspensions: %w", err)
	}
	changes := map[int64][]SuspensionChange{}
	for _, row := range rows {
		changes[row.Suspension] = append(changes[row.Suspension], row.SuspensionChange)
	}
	return changes, nil
}

type suspensionRow struct {
	ID       int64          `db:"id"`
	Office   string         `db:"office_id"`
	From     date.Date      `db:"from_day"`
	To       date.Date      `db:"to_day"`
	Mode     Mode           `db:"mode"`
	Services pq.StringArray `db:"services"`
	Groups   pq.StringArray `db:"groups"`
	Reason   string         `db:"reason"`
	Notice   string         `db:"notice"`
	Actor    string         `db:"actor"`
	At       time.Time      `db:"at"`
}

func (r suspensionRow) suspension() Suspension {
	s := Suspension{
		ID: r.ID, Office: r.Office, From: r.From, To: r.To, Mode: r.Mode, Services: r.Services,
		Reason: r.Reason, Notice: r.Notice, Actor: r.Actor, At: r.At,
	}
	for _, g := range r.Groups {
		s.Groups = append(s.Groups, Group(g))
	}
	return s
}
