package hall

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hunyue/internal/date"
	"hunyue/internal/postgres"
)

// Letter is what a desk's own tickets begin with on one day, and the last number that
// is known of them. It is empty where there are more desks than letters: such a desk
// gives out no tickets by itself.
type Letter struct {
	Letter string
	Last   int
}

// Letter gives a desk, which is a browser and whoever works at it, a letter for the
// office's day: the same one however often it asks.
func (d *Desk) Letter(ctx context.Context, office string, day date.Date, desk, actor string) (Letter, error) {
	l, err := letterOf(ctx, d.DB, office, day, desk, actor)
	if err != nil || l.Letter != "" {
		return l, err
	}
	err = d.as(ctx, actor, func(tx postgres.Querier) error { return nextLetter(ctx, tx, office, day, desk, actor) })
	if err != nil {
		return Letter{}, err
	}
	return letterOf(ctx, d.DB, office, day, desk, actor)
}

// letterOf is the letter that a desk has. Tickets of conflicts count too: a couple has
// them in its hands.
func letterOf(ctx context.Context, db postgres.Querier, office string, day date.Date, desk, actor string) (Letter, error) {
	var l struct {
		Letter string `db:"letter"`
		Last   int    `db:"last"`
	}
	err := db.GetContext(ctx, &l, `
		SELECT l.letter, greatest(
			(SELECT coalesce(max(substr(v.ticket, 2)::int), 0)
			FROM visit AS v
			WHERE v.office_id = l.office_id
			  AND v.day = l.day
			  AND v.ticket LIKE l.letter || '%'),
			(SELECT coalesce(max(substr(c.ticket, 2)::int), 0)
			FROM desk_conflict AS c
			WHERE c.office_id = l.office_id
			  AND c.at >= l.at
			  AND c.ticket LIKE l.letter || '%')) AS last
		FROM desk_letter AS l
		WHERE l.office_id = $1
		  AND l.day = $2
		  AND l.desk = $3
		  AND l.actor = $4`, office, day, desk, actor)
	if errors.Is(err, sql.ErrNoRows) {
		return Letter{}, nil
	}
	if err != nil {
		return Letter{}, fmt.Errorf("letter of a desk: %w", err)
	}
	return Letter{l.Letter, l.Last}, nil
}

// nextLetter takes the first letter that nobody has. Desks that ask at once take turns.
func nextLetter(ctx context.Context, tx postgres.Querier, office string, day date.Date, desk, actor string) error {
	_, err := tx.ExecContext(ctx, `
		WITH turn AS MATERIALIZED (
			SELECT pg_advisory_xact_lock(hashtextextended('desk letter ' || $1 || $2::date, 0))
		)
		SELECT FROM turn`, office, day)
	if err != nil {
		return fmt.Errorf("letters of desks: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO desk_letter (office_id, day, letter, desk, actor)
		SELECT $1, $2, chr(n), $3, $4
		FROM generate_series(ascii('C'), ascii('Z')) AS n
		WHERE NOT EXISTS (SELECT FROM desk_letter WHERE office_id = $1 AND day = $2 AND letter = chr(n))
		ORDER BY n
		LIMIT 1
		ON CONFLICT ON CONSTRAINT one_letter DO NOTHING`, office, day, desk, actor)
	if err != nil {
		return fmt.Errorf("give a desk a letter: %w", err)
	}
	return nil
}

// mayGive is ErrNotItsTicket unless the ticket of a deed bears a letter of whoever
// gave it out.
func mayGive(ctx context.Context, tx postgres.Querier, g guest, deed Deed) error {
	var own bool
	err := tx.GetContext(ctx, &own, `
		SELECT EXISTS (
			SELECT
			FROM desk_letter
			WHERE office_id = $1
			  AND day = $2
			  AND letter = left($3, 1)
			  AND actor = $4)`, g.Office, g.Today, deed.Ticket, deed.Actor)
	if err != nil {
		return fmt.Errorf("letters of desks: %w", err)
	}
	if !own {
		return ErrNotItsTicket
	}
	return nil
}
