package hall

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// Correction puts a reading right that was read or typed wrongly.
type Correction struct {
	Entry       int64
	Office      string
	Decicelsius int // what it should have been
	Reason      string
	Key         string // the form's; may be empty
	Actor       string
}

// The faults of corrections.
var (
	ErrNoEntry   = fault.New(fault.NotFound, "no_such_entry")
	ErrCorrected = fault.New(fault.Conflict, "already_corrected") // or measured again: only the newest line is corrected
	ErrDayOver   = fault.New(fault.Conflict, "ledger_day_over")   // a ledger is corrected on its day
)

// CorrectReading adds a line to the temperature ledger that takes the place of
// another, today's and the newest of its person. What was decided by the wrong one
// stays, but for a couple that rests, which may go on, for one that is in with what
// was a fever, or a member of staff with the second one: that is an incident, and for
// how many of those who came along were let in.
//
// Faults: ErrNoEntry, also for a line of another office, ErrCorrected, ErrDayOver,
// ErrScreeningOff, booking.ErrKeyReused; fields celsius ("range", "same"), reason.
func (d *Desk) CorrectReading(ctx context.Context, c Correction) error {
	c.Reason = strings.TrimSpace(c.Reason)
	wrong := map[string]string{}
	if c.Decicelsius < lowest || c.Decicelsius > highest {
		wrong["celsius"] = badRange
	}
	switch {
	case c.Reason == "":
		wrong["reason"] = required
	case utf8.RuneCountInString(c.Reason) > longestReason:
		wrong["reason"] = tooLong
	}
	if err := fault.InFields(wrong); err != nil {
		return err
	}
	at, err := d.Offices.Office(ctx, c.Office)
	if err != nil {
		return err
	}
	rules, err := d.Offices.Rules(ctx, c.Office, date.DateOf(d.Clock.Now().In(at.Location)))
	if err != nil {
		return err
	}
	if rules.Screening == slots.ScreeningOff {
		return ErrScreeningOff
	}
	return d.as(ctx, c.Actor, func(tx postgres.Querier) error {
		if err := lockLedger(ctx, tx, c.Office); err != nil {
			return err
		}
		asked := request{Actor: c.Actor, Key: c.Key, Body: digest("correction", c.Entry, c.Office, c.Decicelsius, c.Reason)}
		_, err := once(ctx, tx, asked, func() (int, bool, error) { return 0, true, c.keep(ctx, tx, rules) })
		return err
	})
}

// lockLedger lets those who write the ledgers of an office by hand take turns.
func lockLedger(ctx context.Context, tx postgres.Querier, office string) error {
	_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('ledger ' || $1, 0))`, office)
	if err != nil {
		return fmt.Errorf("lock ledgers of %s: %w", office, err)
	}
	return nil
}

// corrected is the line that is put right.
type corrected struct {
	Kind        string    `db:"kind"`
	Number      *string   `db:"number"`
	Staff       *string   `db:"staff_id"`
	Day         date.Date `db:"day"`
	Today       date.Date `db:"today"`
	Decicelsius int       `db:"decicelsius"`
	Last        bool      `db:"last"`
}

func (c Correction) keep(ctx context.Context, tx postgres.Querier, rules slots.Rules) error {
	var line corrected
	err := tx.GetContext(ctx, &line, `
		SELECT
			t.kind, a.number, t.staff_id, t.day, t.decicelsius,
			(clock_now() AT TIME ZONE o.time_zone)::date AS today,
			NOT EXISTS (SELECT FROM temperature AS later WHERE later.supersedes = t.id) AS last
		FROM temperature AS t
		JOIN office AS o ON o.id = t.office_id
		LEFT JOIN appointment AS a ON a.id = t.appointment_id
		WHERE t.id = $1
		  AND t.office_id = $2`, c.Entry, c.Office)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ErrNoEntry
	case err != nil:
		return fmt.Errorf("reading %d: %w", c.Entry, err)
	case line.Day != line.Today:
		return ErrDayOver
	case !line.Last:
		return ErrCorrected
	case line.Decicelsius == c.Decicelsius:
		return fault.InFields(map[string]string{"celsius": "same"})
	}
	switch {
	case line.Staff != nil:
		return c.keepOfStaff(ctx, tx, *line.Staff, rules, line.Today)
	case line.Number == nil:
		_, err := c.add(ctx, tx)
		return err
	}
	g, err := lock(ctx, tx, *line.Number) // before the line, as at the door
	if err != nil {
		return err
	}
	fever, err := c.add(ctx, tx)
	if err == nil && line.Kind == "companion" {
		return recountCompanions(ctx, tx, g.ID)
	}
	in := g.Status == booking.CheckedIn || g.Status == booking.Late || g.Status == booking.Called || g.Status == booking.InService
	if err != nil || !fever || !in {
		return err
	}
	g.Rules = rules
	return openIncident(ctx, tx, g, c.Actor)
}

// keepOfStaff stores the line of a member of staff, which may be their second fever.
func (c Correction) keepOfStaff(ctx context.Context, tx postgres.Querier, staff string, rules slots.Rules, today date.Date) error {
	if _, _, err := staffOf(ctx, tx, staff, today); err != nil { // before the line, as before work
		return err
	}
	if _, err := c.add(ctx, tx); err != nil {
		return err
	}
	p, now, err := staffOf(ctx, tx, staff, today)
	if err != nil || !p.feverish() {
		return err
	}
	return openStaffIncident(ctx, tx, staff, c.Office, rules, today, now, c.Actor)
}

// add stores the line and reports whether it is a couple's fever.
func (c Correction) add(ctx context.Context, tx postgres.Querier) (fever bool, err error) {
	err = tx.GetContext(ctx, &fever, `
		INSERT INTO temperature (kind, office_id, day, appointment_id, role, staff_id, decicelsius, threshold, device,
			supersedes, recorded_by, at, reason, corrected_at)
		SELECT kind, office_id, day, appointment_id, role, staff_id, $2, threshold, device, id, $3, at, $4, clock_now()
		FROM temperature
		WHERE id = $1
		RETURNING abnormal AND kind = 'party'`, c.Entry, c.Decicelsius, c.Actor, c.Reason)
	if postgres.Violates(err, "temperature_supersedes_key") {
		return false, ErrCorrected // at the same moment
	}
	if err != nil {
		return false, fmt.Errorf("correct reading %d: %w", c.Entry, err)
	}
	return fever, nil
}

// recountCompanions counts again how many of those who came along were let in and how
// many had a fever: as many as came the last time, by the readings that count now.
func recountCompanions(ctx context.Context, tx postgres.Querier, appointment int64) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE visit AS v
		SET turned_away = n.fevers, companions = v.companions + v.turned_away - n.fevers
		FROM (
			SELECT count(*) AS fevers
			FROM temperature AS t
			WHERE t.appointment_id = $1
			  AND t.kind = 'companion'
			  AND t.abnormal
			  AND NOT EXISTS (SELECT FROM temperature AS later WHERE later.supersedes = t.id)
			  AND t.at = (SELECT max(at) FROM temperature WHERE appointment_id = $1)
		) AS n
		WHERE v.appointment_id = $1
		  AND v.turned_away <> n.fevers
		  AND v.companions + v.turned_away >= n.fevers`, appointment)
	if err != nil {
		return fmt.Errorf("companions of appointment %d: %w", appointment, err)
	}
	return nil
}
