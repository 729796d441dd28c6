package hall

import (
	"context"
	"fmt"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// OpenCounter opens a counter for whoever presses, until the end of the day or
// CloseCounter. Whether they may is asked before: a registrar needs a permission
// that is valid today (domain rule 49) and a normal reading (rule 67).
//
// Faults: ErrCounterTaken, that of slots.Store for an office that is none; field
// counter.
func (d *Desk) OpenCounter(ctx context.Context, p Press) error {
	return d.atCounter(ctx, p, func(tx postgres.Querier, _ slots.Rules, day date.Date) error {
		registrar, err := open(ctx, tx, p, day)
		if err == nil && registrar != p.Actor {
			return ErrCounterTaken
		}
		return err
	})
}

// CloseCounter closes a counter that has no couple. Who was sent on to it may be
// called by any other. One that is closed stays so.
//
// Faults: ErrCounterBusy, that of slots.Store for an office that is none; field
// counter.
func (d *Desk) CloseCounter(ctx context.Context, p Press) error {
	return d.atCounter(ctx, p, func(tx postgres.Querier, rules slots.Rules, day date.Date) error {
		line, err := lineOf(ctx, tx, p.Office, day)
		if err != nil {
			return err
		}
		for _, l := range line {
			if l.Counter == p.Counter && !l.waits() && !l.Parked {
				return ErrCounterBusy
			}
		}
		return shut(ctx, tx, p, day, rules)
	})
}

// atCounter runs act on today's line of an office.
func (d *Desk) atCounter(ctx context.Context, p Press, act func(tx postgres.Querier, rules slots.Rules, day date.Date) error) error {
	if !counterName.MatchString(p.Counter) {
		return fault.InFields(map[string]string{"counter": badFormat})
	}
	o, err := d.Offices.Office(ctx, p.Office)
	if err != nil {
		return err
	}
	day := date.DateOf(d.Clock.Now().In(o.Location))
	return d.onDay(ctx, p.Office, day, p.Actor, func(tx postgres.Querier, rules slots.Rules) error { return act(tx, rules, day) })
}

// open opens a counter that is not open and returns who sits there.
func open(ctx context.Context, tx postgres.Querier, p Press, day date.Date) (string, error) {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO counter_session (office_id, day, counter, registrar)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (office_id, day, counter) WHERE closed_at IS NULL DO NOTHING`, p.Office, day, p.Counter, p.Actor)
	if err != nil {
		return "", fmt.Errorf("open counter: %w", err)
	}
	var registrar string
	err = tx.GetContext(ctx, &registrar, `
		SELECT registrar
		FROM counter_session
		WHERE office_id = $1
		  AND day = $2
		  AND counter = $3
		  AND closed_at IS NULL`, p.Office, day, p.Counter)
	if err != nil {
		return "", fmt.Errorf("who is at the counter: %w", err)
	}
	return registrar, nil
}

func shut(ctx context.Context, tx postgres.Querier, p Press, day date.Date, rules slots.Rules) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE counter_session
		SET closed_at = clock_now()
		WHERE office_id = $1
		  AND day = $2
		  AND counter = $3
		  AND closed_at IS NULL`, p.Office, day, p.Counter)
	if err != nil {
		return fmt.Errorf("close counter: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE line_place
		SET for_counter = NULL
		WHERE office_id = $1
		  AND day = $2
		  AND for_counter = $3`, p.Office, day, p.Counter)
	if err != nil {
		return fmt.Errorf("close counter: %w", err)
	}
	return setRoom(ctx, tx, p.Office, day, rules)
}

func isOpen(ctx context.Context, tx postgres.Querier, office string, day date.Date, counter string) (bool, error) {
	counters, _, err := countersOf(ctx, tx, office, day)
	for _, c := range counters {
		if c.Name == counter {
			return true, err
		}
	}
	return false, err
}

// countersOf is the counters that are open on a day, by name, and how many may still
// enter of those who are let in together.
func countersOf(ctx context.Context, db postgres.Querier, office string, day date.Date) ([]Counter, int, error) {
	var rows []struct {
		Counter
		Batch int `db:"batch"`
	}
	err := db.SelectContext(ctx, &rows, `
		SELECT
			d.batch,
			coalesce(s.counter, '') AS counter,
			coalesce(s.registrar, '') AS registrar,
			coalesce(s.opened_at, 'epoch') AS opened_at,
			coalesce((
				SELECT v.ticket
				FROM line_place AS p
				JOIN visit AS v ON v.appointment_id = p.appointment_id
				JOIN appointment AS a ON a.id = p.appointment_id
				WHERE p.office_id = s.office_id
				  AND p.day = s.day
				  AND p.counter = s.counter
				  AND a.status IN ('called', 'in_service')
				ORDER BY p.serving DESC, p.appointment_id
				LIMIT 1), '') AS ticket
		FROM hall_day AS d
		LEFT JOIN counter_session AS s ON s.office_id = d.office_id
			AND s.day = d.day
			AND s.closed_at IS NULL
		WHERE d.office_id = $1
		  AND d.day = $2
		ORDER BY length(s.counter), s.counter`, office, day)
	if err != nil {
		return nil, 0, fmt.Errorf("counters on %s at %s: %w", day, office, err)
	}
	var counters []Counter
	batch := 0
	for _, row := range rows {
		batch = row.Batch
		if row.Name != "" { // a day on which none is open is a row all the same
			row.OpenedAt = row.OpenedAt.UTC()
			counters = append(counters, row.Counter)
		}
	}
	return counters, batch, nil
}
