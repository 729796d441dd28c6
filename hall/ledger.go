package hall

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// Entry is a line of the temperature ledger (体温登记). Of visitors it has the ticket
// and the number of the appointment, and neither once it is nobody's; it names no
// couple.
type Entry struct {
	ID          int64      `db:"id"`
	Kind        string     `db:"kind"` // party, companion or staff
	Number      string     `db:"number"`
	Ticket      string     `db:"ticket"`
	Party       int        `db:"role"` // 1 or 2; 0 for others
	Staff       string     `db:"staff_id"`
	Decicelsius int        `db:"decicelsius"`
	Abnormal    bool       `db:"abnormal"`
	Device      string     `db:"device"`
	At          time.Time  `db:"at"` // the day's beginning once it is nobody's
	By          string     `db:"recorded_by"`
	Replaces    int64      `db:"supersedes"` // the line before it of the same person; 0: none
	Reason      string     `db:"reason"`     // of a correction; "" for what was measured
	CorrectedAt *time.Time `db:"corrected_at"`
	Last        bool       `db:"last"` // nothing has taken its place
	Unlinked    bool       `db:"unlinked"`
}

// Temperatures is an office's ledger of a day, in the order in which it was written.
func (d *Desk) Temperatures(ctx context.Context, office string, day date.Date) ([]Entry, error) {
	all := []Entry{}
	err := d.DB.SelectContext(ctx, &all, `
		SELECT
			t.id, t.kind, t.decicelsius, t.abnormal, t.device, t.at, t.recorded_by, t.corrected_at,
			coalesce(a.number, '') AS number,
			coalesce(v.ticket, '') AS ticket,
			coalesce(t.role, 0) AS role,
			coalesce(t.staff_id, '') AS staff_id,
			coalesce(t.supersedes, 0) AS supersedes,
			coalesce(t.reason, '') AS reason,
			t.unlinked_at IS NOT NULL AS unlinked,
			NOT EXISTS (SELECT FROM temperature AS later WHERE later.supersedes = t.id) AS last
		FROM temperature AS t
		LEFT JOIN appointment AS a ON a.id = t.appointment_id
		LEFT JOIN visit AS v ON v.appointment_id = t.appointment_id
		WHERE t.office_id = $1
		  AND t.day = $2
		ORDER BY t.id`, office, day)
	if err != nil {
		return nil, fmt.Errorf("temperatures of %s at %s: %w", day, office, err)
	}
	return all, nil
}

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
// stays, but for a couple that rests, which may go on, and for one that is in with
// what was a fever, or a member of staff with the second one: that is an incident.
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
			a.number, t.staff_id, t.day, t.decicelsius,
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

// Exported notes that somebody takes a ledger of an office's day away as a file.
func (d *Desk) Exported(ctx context.Context, ledger, office string, day date.Date, actor string) error {
	return d.as(ctx, actor, func(tx postgres.Querier) error {
		return postgres.Audit(ctx, tx, "ledger_exported", "day:"+office+":"+day.String(), ledger)
	})
}
