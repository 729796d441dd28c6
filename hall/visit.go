package hall

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// visit is a couple's arrival, as the table keeps it.
type visit struct {
	Appointment int64      `db:"appointment_id"`
	Office      string     `db:"office_id"`
	Day         date.Date  `db:"day"`
	ArrivedAt   time.Time  `db:"arrived_at"`
	Outcome     Outcome    `db:"outcome"` // "" until it is stored
	Ticket      *string    `db:"ticket"`
	RecheckAt   *time.Time `db:"recheck_at"`
	Companions  int        `db:"companions"`
	TurnedAway  int        `db:"turned_away"`
	Reason      string     `db:"companion_reason"`

	given  string // a ticket that was given out while the server was away
	inside bool
}

// visitOf is the visit of g, or one that begins now.
func visitOf(ctx context.Context, tx postgres.Querier, g guest) (visit, error) {
	var v visit
	err := tx.GetContext(ctx, &v, `
		SELECT v.appointment_id, v.office_id, v.day, v.arrived_at, v.outcome, v.ticket, v.recheck_at,
			v.companions, v.turned_away, v.companion_reason
		FROM visit AS v
		WHERE v.appointment_id = $1`, g.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return visit{Appointment: g.ID, Office: g.Office, Day: g.Day, ArrivedAt: g.Now}, nil
	}
	if err != nil {
		return visit{}, fmt.Errorf("visit of appointment %d: %w", g.ID, err)
	}
	if !v.decided() && v.Day != g.Day { // the appointment was moved to another day since
		return visit{Appointment: g.ID, Office: g.Office, Day: g.Day, ArrivedAt: g.Now}, nil
	}
	if v.Ticket == nil {
		return v, nil
	}
	place, err := placeOf(ctx, tx, g)
	v.inside = place.Inside || !g.Status.Active()
	return v, err
}

// decided reports whether nothing can change what became of the arrival.
func (v visit) decided() bool { return v.Outcome != "" && v.Outcome != Recheck && v.Outcome != Noted }

// answer is what the door is told; people are those who may have to be
// measured again.
func (v visit) answer(people []person) CheckIn {
	c := CheckIn{Outcome: v.Outcome, Companions: v.Companions, TurnedAway: v.TurnedAway}
	if v.Ticket != nil {
		c.Ticket, c.Outside = *v.Ticket, !v.inside
	}
	if v.RecheckAt != nil {
		c.RecheckAt = v.RecheckAt.UTC()
	}
	for i, p := range people {
		if v.Outcome == Recheck && p.suspect() {
			c.Recheck = append(c.Recheck, i+1)
		}
	}
	return c
}

// settle decides what becomes of a visit, whose slot begins as given, by the
// readings of its people.
func (v *visit) settle(a Arrival, people []person, begins time.Time, rules slots.Rules) {
	v.Outcome, v.RecheckAt = Admitted, nil
	if v.ArrivedAt.After(begins.Add(time.Duration(rules.LateMinutes) * time.Minute)) {
		v.Outcome = Late
	}
	wait := screenOf(rules).wait
	for _, p := range people {
		if p.suspect() && v.Outcome != Deferred {
			rested := p.rested(wait)
			v.Outcome, v.RecheckAt = Recheck, &rested // the last to be measured rests longest
		}
		if p.feverish() {
			v.Outcome, v.RecheckAt = Deferred, nil
		}
	}
	v.accompany(a.Companions, rules)
}

// accompany counts who comes along, and why.
func (v *visit) accompany(companions []Companion, rules slots.Rules) {
	v.Companions, v.TurnedAway = 0, 0
	var reasons []string
	for _, c := range companions {
		if reason := strings.TrimSpace(c.Reason); reason != "" {
			reasons = append(reasons, reason)
		}
		if rules.Screening != slots.ScreeningOff && c.Decicelsius >= rules.FeverDecicelsius {
			v.TurnedAway++
			continue
		}
		v.Companions++
	}
	v.Reason = strings.Join(reasons, "; ")
}

// finish stores a settled visit with what follows from its outcome: the
// appointment's next status, and a ticket for those who are let in.
func (v *visit) finish(ctx context.Context, tx postgres.Querier, g guest, actor string) error {
	switch v.Outcome {
	case Admitted, Late:
		return v.admit(ctx, tx, g, actor)
	case Deferred:
		if err := booking.Advance(ctx, tx, v.Appointment, booking.HealthDeferred, actor); err != nil {
			return err
		}
	case Early, Recheck, Noted: // the appointment stays booked
	}
	return v.store(ctx, tx, actor)
}

// admit gives a couple its ticket and a place in the line.
func (v *visit) admit(ctx context.Context, tx postgres.Querier, g guest, actor string) error {
	if err := lockDay(ctx, tx, g.Office, g.Day, g.Rules); err != nil {
		return err
	}
	series, to := "A", booking.CheckedIn
	if v.Outcome == Late {
		series, to = "B", booking.Late
	}
	if g.WalkIn {
		series = "B"
	}
	if err := booking.Advance(ctx, tx, v.Appointment, to, actor); err != nil {
		return err
	}
	if v.given == "" {
		var err error
		if v.given, err = drawTicket(ctx, tx, v.Office, v.Day, series); err != nil {
			return err
		}
	}
	v.Ticket = &v.given
	if err := v.store(ctx, tx, actor); err != nil {
		return err
	}
	return v.join(ctx, tx, g, v.Outcome == Admitted && !g.WalkIn, actor)
}

func (v *visit) store(ctx context.Context, tx postgres.Querier, actor string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO visit (appointment_id, office_id, day, arrived_at, outcome, ticket, recheck_at,
			companions, turned_away, companion_reason, recorded_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (appointment_id) DO UPDATE
		SET day = excluded.day, arrived_at = excluded.arrived_at, outcome = excluded.outcome, ticket = excluded.ticket, recheck_at = excluded.recheck_at,
			companions = excluded.companions, turned_away = excluded.turned_away,
			companion_reason = excluded.companion_reason, recorded_by = excluded.recorded_by`,
		v.Appointment, v.Office, v.Day, v.ArrivedAt, string(v.Outcome), v.Ticket, v.RecheckAt,
		v.Companions, v.TurnedAway, v.Reason, actor)
	if postgres.Violates(err, "ticket_once") {
		return ErrTicketGiven
	}
	if err != nil {
		return fmt.Errorf("store visit of appointment %d: %w", v.Appointment, err)
	}
	return nil
}

// drawTicket is the next ticket of an office's day: A001, A002 and so on for
// the booked, B001 for those in walk-in order. It says nothing of who they are
// or what they came for (domain rule 46). The row stays locked until the
// transaction ends; a ticket that was drawn and not committed is drawn again.
func drawTicket(ctx context.Context, tx postgres.Querier, office string, day date.Date, series string) (string, error) {
	var n int
	err := tx.GetContext(ctx, &n, `
		INSERT INTO ticket_series AS s (office_id, day, series, last)
		VALUES ($1, $2, $3, 1)
		ON CONFLICT (office_id, day, series) DO UPDATE
		SET last = s.last + 1
		RETURNING last`, office, day, series)
	if err != nil {
		return "", fmt.Errorf("draw ticket: %w", err)
	}
	return fmt.Sprintf("%s%03d", series, n), nil
}
