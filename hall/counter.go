package hall

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"time"

	"hunyue/booking"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// Turn is a couple at a counter. What it says may be shown to everybody in the
// hall (domain rule 46).
type Turn struct {
	Ticket  string    `db:"ticket"`
	Counter string    `db:"counter"`
	At      time.Time `db:"at"`
}

// counterName is "3" or "B12"; the table has the same check.
var counterName = regexp.MustCompile(`^[0-9A-Za-z]{1,8}$`)

// Call asks a couple that has been received to a counter. Calling again from
// the same counter changes nothing.
//
// Faults: booking.ErrNoAppointment, ErrNotPossible, ErrOtherCounter; field
// counter. A counter that is not open is opened.
func (d *Desk) Call(ctx context.Context, number, counter, actor string) (Turn, error) {
	return d.turn(ctx, number, counter, actor, booking.Called)
}

// Start begins to serve a couple at the counter that has called it. Starting
// again there changes nothing. Its faults are those of Call, and ErrCounterBusy
// where another couple is being served, ErrHallFull where this one cannot come in.
func (d *Desk) Start(ctx context.Context, number, counter, actor string) (Turn, error) {
	return d.turn(ctx, number, counter, actor, booking.InService)
}

func (d *Desk) turn(ctx context.Context, number, counter, actor string, to booking.Status) (Turn, error) {
	if !counterName.MatchString(counter) {
		return Turn{}, fault.InFields(map[string]string{"counter": badFormat})
	}
	var t Turn
	err := d.with(ctx, number, actor, func(tx postgres.Querier, g guest) error {
		if g.Status != to {
			if _, err := open(ctx, tx, Press{Office: g.Office, Counter: counter, Actor: actor}, g.Day); err != nil {
				return err
			}
			if err := setRoom(ctx, tx, g.Office, g.Day, g.Rules); err != nil {
				return err
			}
			if err := enterTurn(ctx, tx, g, counter, actor, to); err != nil {
				return err
			}
		}
		var err error
		if t, err = lastTurn(ctx, tx, g, to); err != nil {
			return err
		}
		if t.Counter != counter {
			return ErrOtherCounter
		}
		return nil
	})
	if err != nil {
		return Turn{}, err
	}
	return t, nil
}

// enterTurn calls a couple to a counter, or seats it there. Whoever was called goes
// in as soon as there is room, and sits down inside alone.
func enterTurn(ctx context.Context, tx postgres.Querier, g guest, counter, actor string, to booking.Status) error {
	own, err := placeOf(ctx, tx, g)
	if err != nil {
		return err
	}
	if g.Status == booking.Called && own.Counter != counter {
		return ErrOtherCounter
	}
	if err := booking.Advance(ctx, tx, g.ID, to, actor); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO counter_call (appointment_id, step, counter, actor, at)
		VALUES ($1, $2, $3, $4, $5)`, g.ID, string(to), counter, actor, g.Now)
	if err != nil {
		return fmt.Errorf("enter turn of appointment %d: %w", g.ID, err)
	}
	inside := own.Inside
	if !inside {
		if inside, err = letInIfRoom(ctx, tx, g, 0, actor); err != nil {
			return err
		}
	}
	switch {
	case to == booking.Called:
		return take(ctx, tx, g, counter)
	case !inside:
		return ErrHallFull
	}
	return seat(ctx, tx, g, counter)
}

// take notes which counter has called a couple.
func take(ctx context.Context, tx postgres.Querier, g guest, counter string) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE line_place
		SET counter = $2, calls = 1, serving = false, parked = false, for_counter = NULL
		WHERE appointment_id = $1`, g.ID, counter)
	if err != nil {
		return fmt.Errorf("call appointment %d: %w", g.ID, err)
	}
	return nil
}

// seat notes which counter serves a couple. It serves one at a time.
func seat(ctx context.Context, tx postgres.Querier, g guest, counter string) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE line_place
		SET counter = $2, serving = true
		WHERE appointment_id = $1`, g.ID, counter)
	if postgres.Violates(err, "one_at_a_counter") {
		return ErrCounterBusy
	}
	if err != nil {
		return fmt.Errorf("serve appointment %d: %w", g.ID, err)
	}
	return nil
}

// placeOf is a couple's place in the line, also of one whose visit has ended.
// Nobody without a ticket has one.
func placeOf(ctx context.Context, tx postgres.Querier, g guest) (InLine, error) {
	var own InLine
	err := tx.GetContext(ctx, &own, `
		SELECT coalesce(counter, '') AS counter, serving, parked, inside, calls, rounds
		FROM line_place
		WHERE appointment_id = $1`, g.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return InLine{}, booking.ErrNotPossible
	}
	if err != nil {
		return InLine{}, fmt.Errorf("place of appointment %d: %w", g.ID, err)
	}
	return own, nil
}

// turnOf is the newest call of a couple.
func (d *Desk) turnOf(ctx context.Context, number string) (Turn, error) {
	var g guest
	if err := d.DB.GetContext(ctx, &g.ID, `SELECT id FROM appointment WHERE number = $1`, number); err != nil {
		return Turn{}, fmt.Errorf("find appointment: %w", err)
	}
	return lastTurn(ctx, d.DB, g, booking.Called)
}

// lastTurn is the last time a couple was called, or served.
func lastTurn(ctx context.Context, tx postgres.Querier, g guest, step booking.Status) (Turn, error) {
	var t Turn
	err := tx.GetContext(ctx, &t, `
		SELECT coalesce(v.ticket, '') AS ticket, c.counter, c.at
		FROM counter_call AS c
		LEFT JOIN visit AS v ON v.appointment_id = c.appointment_id
		WHERE c.appointment_id = $1
		  AND c.step = $2
		ORDER BY c.id DESC
		LIMIT 1`, g.ID, string(step))
	if errors.Is(err, sql.ErrNoRows) {
		return Turn{}, ErrOtherCounter // by other means than Call and Start
	}
	if err != nil {
		return Turn{}, fmt.Errorf("turn of appointment %d: %w", g.ID, err)
	}
	t.At = t.At.UTC()
	return t, nil
}
