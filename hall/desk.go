package hall

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"

	"hunyue/booking"
	"hunyue/internal/clock"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/internal/seal"
	"hunyue/slots"
)

// What can go wrong in the hall, besides booking.ErrNoAppointment,
// booking.ErrNotPossible and booking.ErrKeyReused. The codes are promises.
var (
	ErrOtherOffice     = fault.New(fault.Conflict, "other_office")      // the place is booked elsewhere
	ErrOtherDay        = fault.New(fault.Conflict, "other_day")         // booked for another day than today
	ErrRecheckTooSoon  = fault.New(fault.Conflict, "recheck_too_soon")  // rest first; RetryAfter says how long
	ErrScreeningOff    = fault.New(fault.Conflict, "screening_off")     // no health data is kept here today
	ErrOtherCounter    = fault.New(fault.Conflict, "other_counter")     // another counter has this couple
	ErrCertificateUsed = fault.New(fault.Conflict, "certificate_used")  // by another registration
	ErrCompleted       = fault.New(fault.Conflict, "already_completed") // with another certificate number
	ErrNotZero         = fault.New(fault.Conflict, "not_zero")          // somebody had a fever: no zero report
	ErrDayNotOver      = fault.New(fault.Conflict, "day_not_over")      // RetryAfter says when it is

	ErrNobodyWaits   = fault.New(fault.Conflict, "nobody_waits")        // whom this counter may call
	ErrCounterShut   = fault.New(fault.Conflict, "counter_shut")        // open it first
	ErrCounterTaken  = fault.New(fault.Conflict, "counter_taken")       // somebody else sits there
	ErrCounterBusy   = fault.New(fault.Conflict, "counter_busy")        // it has a couple
	ErrHallFull      = fault.New(fault.Conflict, "hall_full")           // one out, one in (domain rule 68)
	ErrNotTheirTurn  = fault.New(fault.Conflict, "not_their_turn")      // others wait outside longer
	ErrRecallTooSoon = fault.New(fault.Conflict, "recall_too_soon")     // RetryAfter says how long
	ErrPassFirst     = fault.New(fault.Conflict, "called_often_enough") // pass them (domain rule 47)
	ErrCallAgain     = fault.New(fault.Conflict, "call_again")          // they were not called often enough to be passed
	ErrUndoTooLate   = fault.New(fault.Conflict, "undo_too_late")       // after five minutes a registration stands
	ErrTicketGiven   = fault.New(fault.Conflict, "ticket_given")        // to another couple

	ErrReadingMissing = fault.New(fault.Forbidden, "own_reading_missing") // staff who have not been found healthy today
)

// Desk is the hall's: the door, the counters and the end of the day. Whether
// staff may act for an office is asked before, at the way in.
type Desk struct {
	DB      *sqlx.DB
	Offices *slots.Store
	Keys    *seal.Keys // of certificate numbers: without them nothing is completed
	Clock   *clock.Clock
	Log     *slog.Logger
}

// guest is an appointment as the hall needs it, and the time at its office.
type guest struct {
	ID       int64          `db:"id"`
	Number   string         `db:"number"`
	Office   string         `db:"office_id"`
	Service  string         `db:"service_id"`
	Day      date.Date      `db:"day"`
	StartsAt time.Time      `db:"starts_at"`
	Status   booking.Status `db:"status"`
	Parties  int            `db:"parties"`
	WalkIn   bool           `db:"walk_in"`
	Now      time.Time      `db:"now"`   // by the database's clock
	Today    date.Date      `db:"today"` // at the office
	Rules    slots.Rules    `db:"-"`     // of Day
}

// lock finds a couple by its number and lets nobody else receive, serve or
// miss it until the transaction ends. The fault is booking.ErrNoAppointment.
func lock(ctx context.Context, tx postgres.Querier, number string) (guest, error) {
	var g guest
	err := tx.GetContext(ctx, &g, `
		SELECT
			a.id, a.number, a.office_id, a.service_id, a.day, a.starts_at, a.status, a.walk_in,
			(SELECT count(*) FROM party AS p WHERE p.appointment_id = a.id) AS parties,
			clock_now() AS now,
			(clock_now() AT TIME ZONE o.time_zone)::date AS today
		FROM appointment AS a
		JOIN office AS o ON o.id = a.office_id
		WHERE a.number = $1
		FOR NO KEY UPDATE OF a`, number)
	if errors.Is(err, sql.ErrNoRows) {
		return guest{}, booking.ErrNoAppointment
	}
	if err != nil {
		return guest{}, fmt.Errorf("lock appointment: %w", err)
	}
	return g, nil
}

// whereAndWhen is the office and the day of an appointment.
func whereAndWhen(ctx context.Context, db postgres.Querier, number string) (string, date.Date, error) {
	var booked struct {
		Office string    `db:"office_id"`
		Day    date.Date `db:"day"`
	}
	err := db.GetContext(ctx, &booked, `
		SELECT office_id, day
		FROM appointment
		WHERE number = $1`, number)
	if errors.Is(err, sql.ErrNoRows) {
		return "", date.Date{}, booking.ErrNoAppointment
	}
	if err != nil {
		return "", date.Date{}, fmt.Errorf("find appointment: %w", err)
	}
	return booked.Office, booked.Day, nil
}

// as runs act in a transaction in which actor acts, and again where others held the
// line for too long.
func (d *Desk) as(ctx context.Context, actor string, act func(tx postgres.Querier) error) error {
	return postgres.Insist(ctx, func() error {
		return postgres.InTx(ctx, d.DB, func(tx postgres.Querier) error {
			if err := postgres.SetActor(ctx, tx, actor); err != nil {
				return err
			}
			return act(tx)
		})
	})
}

// onDay does the same for an office's day, in whose line nobody else changes
// anything meanwhile. The rules are read before the transaction, which would
// otherwise wait for a second connection while it keeps its own.
func (d *Desk) onDay(ctx context.Context, office string, day date.Date, actor string, act func(tx postgres.Querier, rules slots.Rules) error) error {
	rules, err := d.Offices.Rules(ctx, office, day)
	if err != nil {
		return err
	}
	return d.as(ctx, actor, func(tx postgres.Querier) error {
		if err := lockDay(ctx, tx, office, day, rules); err != nil {
			return err
		}
		return act(tx, rules)
	})
}

// atDoor does so for one couple that is not in the line: the day stays free until
// it draws a ticket, so that those who are measured do not wait for each other.
func (d *Desk) atDoor(ctx context.Context, number, actor string, act func(tx postgres.Querier, g guest) error) error {
	office, day, err := whereAndWhen(ctx, d.DB, number)
	if err != nil {
		return err
	}
	rules, err := d.Offices.Rules(ctx, office, day)
	if err != nil {
		return err
	}
	return d.as(ctx, actor, func(tx postgres.Querier) error { return asOf(ctx, tx, number, office, day, rules, act) })
}

// with does so for one couple in the line of its day. The day is locked before the
// couple, by everybody, so that no two of them wait for each other.
func (d *Desk) with(ctx context.Context, number, actor string, act func(tx postgres.Querier, g guest) error) error {
	office, day, err := whereAndWhen(ctx, d.DB, number)
	if err != nil {
		return err
	}
	return d.onDay(ctx, office, day, actor, func(tx postgres.Querier, rules slots.Rules) error {
		return asOf(ctx, tx, number, office, day, rules, act)
	})
}

// asOf locks a couple, which must be where it was when the rules of that day were
// read.
func asOf(ctx context.Context, tx postgres.Querier, number, office string, day date.Date, rules slots.Rules, act func(tx postgres.Querier, g guest) error) error {
	g, err := lock(ctx, tx, number)
	if err != nil {
		return err
	}
	if g.Office != office || g.Day != day {
		return booking.ErrNotPossible // moved at this very moment
	}
	g.Rules = rules
	return act(tx, g)
}

// lockDay lets nobody else change the line of a day until the transaction ends.
func lockDay(ctx context.Context, tx postgres.Querier, office string, day date.Date, rules slots.Rules) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO hall_day (office_id, day)
		VALUES ($1, $2)
		ON CONFLICT (office_id, day) DO NOTHING`, office, day)
	if err != nil {
		return fmt.Errorf("begin %s at %s: %w", day, office, err)
	}
	_, err = tx.ExecContext(ctx, `
		SELECT
		FROM hall_day
		WHERE office_id = $1
		  AND day = $2
		FOR NO KEY UPDATE`, office, day)
	if err != nil {
		return fmt.Errorf("lock %s at %s: %w", day, office, err)
	}
	return setRoom(ctx, tx, office, day, rules)
}
