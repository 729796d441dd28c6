package hall

import (
	"context"
	"fmt"
	"time"

	"hunyue/internal/date"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// StaffReading is a member of staff, measured before work (domain rule 67).
type StaffReading struct {
	Staff    string    // the account
	Office   string    // where they work today
	Readings []Reading // usually one, of Party 1; two where the first is below 35.0
	Key      string    // the client's Idempotency-Key; may be empty
	Actor    string
}

// StaffHealth is what a reading of a member of staff says. The outcome is
// Admitted, Recheck or Deferred, by the rules that hold for couples.
type StaffHealth struct {
	Outcome   Outcome   `json:"outcome"`
	RecheckAt time.Time `json:"recheck_at,omitzero"` // of Recheck
}

// RecordStaff keeps a reading of a member of staff. A later one of the same day
// supersedes it; after two fevers nothing makes the day a normal one, and the health
// authority has to take over.
//
// Faults: ErrScreeningOff, ErrRecheckTooSoon, booking.ErrKeyReused, those of
// slots.Store for an office that is none, and the fields of CheckIn's readings.
func (d *Desk) RecordStaff(ctx context.Context, r StaffReading) (StaffHealth, error) {
	at, err := d.Offices.Office(ctx, r.Office)
	if err != nil {
		return StaffHealth{}, err
	}
	today := date.DateOf(d.Clock.Now().In(at.Location))
	rules, err := d.Offices.Rules(ctx, r.Office, today)
	if err != nil {
		return StaffHealth{}, err
	}
	if rules.Screening == slots.ScreeningOff {
		return StaffHealth{}, ErrScreeningOff
	}
	var health StaffHealth
	err = d.as(ctx, r.Actor, func(tx postgres.Querier) error {
		p, now, err := staffOf(ctx, tx, r.Staff, today)
		if err != nil {
			return err
		}
		asked := request{Actor: r.Actor, Key: r.Key, Body: digest("staff", r.Staff, r.Office, r.Readings)}
		health, err = once(ctx, tx, asked, func() (StaffHealth, bool, error) {
			health, err := r.keep(ctx, tx, p, rules, today, now)
			return health, true, err
		})
		return err
	})
	return health, err
}

// keep checks and stores the readings of p and says what they mean.
func (r StaffReading) keep(ctx context.Context, tx postgres.Querier, p person, rules slots.Rules, today date.Date, now time.Time) (StaffHealth, error) {
	s := screenOf(rules)
	s.required = true
	if err := s.check(r.Readings, []person{p}, now); err != nil {
		return StaffHealth{}, err
	}
	kept := temperature{Kind: "staff", Office: r.Office, Day: today, Staff: &r.Staff}
	for _, reading := range r.Readings {
		if err := kept.add(ctx, tx, &p, reading, s.limit, now, r.Actor); err != nil {
			return StaffHealth{}, err
		}
	}
	switch {
	case p.feverish():
		return StaffHealth{Outcome: Deferred}, openStaffIncident(ctx, tx, r.Staff, r.Office, rules, today, now, r.Actor)
	case p.suspect():
		return StaffHealth{Outcome: Recheck, RecheckAt: p.rested(s.wait).UTC()}, nil
	}
	return StaffHealth{Outcome: Admitted}, nil
}

// staffOf is a staff member's readings of a day and the time. Until the
// transaction ends nobody else adds to them.
func staffOf(ctx context.Context, tx postgres.Querier, staff string, day date.Date) (person, time.Time, error) {
	var now time.Time
	err := tx.GetContext(ctx, &now, `
		SELECT clock_now()
		FROM pg_advisory_xact_lock(hashtextextended('staff reading ' || $1, 0))`, staff)
	if err != nil {
		return nil, now, fmt.Errorf("lock readings of staff: %w", err)
	}
	var p person
	err = tx.SelectContext(ctx, &p, `
		SELECT id, abnormal, device, at
		FROM temperature AS t
		WHERE chain = 'staff:' || $1
		  AND day = $2
		  AND NOT EXISTS (SELECT FROM temperature AS c WHERE c.supersedes = t.id AND c.reason IS NOT NULL)
		ORDER BY id`, staff, day)
	if err != nil {
		return nil, now, fmt.Errorf("readings of staff: %w", err)
	}
	return p, now, nil
}

// StaffNormalToday reports whether the last reading of a member of staff today
// is normal and at most one was not. Today is the day at the office where they
// were measured.
func (d *Desk) StaffNormalToday(ctx context.Context, staff string) (bool, error) {
	var normal bool
	err := d.DB.GetContext(ctx, &normal, `
		SELECT count(*) FILTER (WHERE NOT t.abnormal AND later.id IS NULL) > 0
			AND count(*) FILTER (WHERE t.abnormal) < 2
		FROM temperature AS t
		JOIN office AS o ON o.id = t.office_id
		LEFT JOIN temperature AS later ON later.supersedes = t.id
		WHERE t.chain = 'staff:' || $1
		  AND t.day = (clock_now() AT TIME ZONE o.time_zone)::date
		  AND (later.id IS NULL OR later.reason IS NULL)`, staff)
	if err != nil {
		return false, fmt.Errorf("readings of staff: %w", err)
	}
	return normal, nil
}
