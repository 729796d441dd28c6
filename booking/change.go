package booking

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// Change is a couple's or the staff's wish to cancel or move an appointment.
type Change struct {
	Appointment Appointment
	Code        string // sent to the phone on file; not asked of staff
	Actor       string // "couple", or the staff account
	Reason      string // staff only
	Staff       bool   // may act past the deadline, with a reason
}

// Cancel gives a place back, until the end of the day before the visit (domain
// rule 34); later only staff can. The place is not on sale at once: it cools
// until a random minute, so that it cannot be passed on. Cancelling twice is
// the same as once.
//
// Faults: ErrTooLate, ErrNotPossible, ErrCodeWrong, ErrCodeExpired, ErrCodeUsedUp;
// field reason ("required" of staff, "too_long").
func (d *Desk) Cancel(ctx context.Context, c Change) (Appointment, error) {
	a := c.Appointment
	if a.Status == Cancelled {
		return a, nil
	}
	if err := c.wrongReason(); err != nil {
		return a, err
	}
	var lines []string
	refused, err := d.afterCode(ctx, c, d.canceller(a), func(tx postgres.Querier, until *time.Time) (err error) {
		lines, err = EndAppointment(ctx, tx, a.ID, Cancelled, until, c.Actor)
		return err
	})
	return d.changed(ctx, a, lines, refused, err)
}

// longestReason is in code points.
const longestReason = 200

// wrongReason asks staff why they cancel (domain rule 34).
func (c Change) wrongReason() error {
	reason := strings.TrimSpace(c.Reason)
	switch {
	case c.Staff && reason == "":
		return fault.InFields(map[string]string{"reason": "required"})
	case utf8.RuneCountInString(reason) > longestReason:
		return fault.InFields(map[string]string{"reason": "too_long"})
	}
	return nil
}

// canceller spends the phone code that cancels an appointment: the same one
// however often the request is sent.
func (d *Desk) canceller(a Appointment) uuid.UUID {
	id, _ := uuid.FromBytes(d.Keys.MAC("cancel", a.Hold[:])[:16]) // fails only for another length
	return id
}

// Move takes the place of a hold and gives the old one back, in one step: the
// old place is kept until the new one is sure (domain rule 35). What the law asks
// of the couple has to hold on the new day.
//
// Faults: those of Cancel, those of a hold, invalid_input by field, ErrFull,
// ErrClosed, ErrSuspended, ErrTooManyMoves.
func (d *Desk) Move(ctx context.Context, c Change, hold uuid.UUID, token, session string) (Appointment, error) {
	a := c.Appointment
	g, slot, channel, err := d.read(token, hold, session)
	if err != nil {
		return a, err
	}
	if slot.Office != a.Office || slot.Group != a.Group {
		return a, ErrHoldForeign
	}
	parties, err := d.parties(ctx, d.DB, a)
	if err != nil {
		return a, err
	}
	rules, err := d.eligible(ctx, Application{Service: a.Service, Parties: parties}, slot)
	if err != nil {
		return a, err
	}
	if _, err := d.Holds.pin(ctx, slot.Family(channel), g); err != nil {
		d.Log.WarnContext(ctx, "hold not pinned", "error", err)
	}
	var lines []string
	refused, err := d.afterCode(ctx, c, hold, func(tx postgres.Querier, until *time.Time) (err error) {
		lines, err = moveAppointment(ctx, tx, a.ID, g, rules.MaxMoves, until, c.Actor)
		return err
	})
	if err == nil && refused == nil {
		d.free(ctx, g, "C", nil)
	}
	err = d.closedWhy(ctx, slot, slots.Service{ID: a.Service, Group: slot.Group}, channel, err)
	return d.changed(ctx, a, lines, refused, err)
}

// afterCode runs change in a transaction, in time and once the phone code is
// spent in it, by a spender for whom it stays good. The change is told until when
// the place that it gives back cools. A wrong code is an answer and not an error:
// the try has to be counted.
func (d *Desk) afterCode(ctx context.Context, c Change, spender uuid.UUID, change func(tx postgres.Querier, until *time.Time) error) (refused, err error) {
	t, err := d.terms(ctx, c.Appointment)
	if err != nil {
		return nil, err
	}
	err = postgres.InTx(ctx, d.DB, func(tx postgres.Querier) error {
		until, err := t.coolUntil(ctx, tx, c)
		if err != nil {
			return err
		}
		if !c.Staff {
			result, err := d.spend(ctx, tx, c, spender)
			if err != nil || result != "ok" {
				refused = confirmed{Result: result}.fault()
				return err
			}
		}
		if err := auditReason(ctx, tx, c); err != nil {
			return err
		}
		return change(tx, until)
	})
	return refused, faultOf(err)
}

// spend uses up the code that was sent to the phone on file.
func (d *Desk) spend(ctx context.Context, tx postgres.Querier, c Change, spender uuid.UUID) (string, error) {
	phone, err := d.phoneOf(c.Appointment)
	if err != nil {
		return "", err
	}
	var result string
	err = tx.GetContext(ctx, &result, `SELECT spend_code($1, $2, $3)`,
		c.Appointment.PhoneKey, d.Keys.MAC("code", []byte(phone.Number()), []byte(c.Code)), spender)
	if err != nil {
		return "", fmt.Errorf("spend phone code: %w", err)
	}
	return result, nil
}

// changed tells Redis and the worker about a change, and reads what came of it.
func (d *Desk) changed(ctx context.Context, a Appointment, lines []string, refused, err error) (Appointment, error) {
	if err != nil {
		return a, err
	}
	if refused != nil {
		return a, refused
	}
	d.settle(ctx, lines)
	return byID(ctx, d.DB, a.ID)
}

// settle tells Redis what Postgres counts now. If it cannot, the outbox and the
// reconciler will.
func (d *Desk) settle(ctx context.Context, lines []string) {
	if err := d.Holds.Settle(ctx, lines); err != nil {
		d.Log.WarnContext(ctx, "figures not settled at once", "error", err)
	}
	for _, line := range lines {
		office, _, _ := strings.Cut(line, "-")
		d.memory().changed(office)
	}
	d.Wake()
}

// terms is what an office says about giving up an appointment. They are read
// before the transaction, which would otherwise wait for a second connection
// while it keeps its own.
type terms struct {
	zone     *time.Location
	rules    slots.Rules
	deadline time.Time // from then on only staff can
}

func (d *Desk) terms(ctx context.Context, a Appointment) (terms, error) {
	zone, err := d.zone(ctx, a.Office)
	if err != nil {
		return terms{}, err
	}
	rules, err := d.Offices.Rules(ctx, a.Office, a.Day)
	return terms{zone, rules, a.Day.AddDays(1 - rules.CancelDays).In(zone)}, err
}

// coolUntil is when the place that c gives back may be sold again, or
// ErrTooLate. The database's clock decides.
func (t terms) coolUntil(ctx context.Context, tx postgres.Querier, c Change) (*time.Time, error) {
	var now time.Time
	if err := tx.GetContext(ctx, &now, `SELECT clock_now()`); err != nil {
		return nil, fmt.Errorf("the time of a change: %w", err)
	}
	if !c.Staff && !now.Before(t.deadline) {
		return nil, ErrTooLate
	}
	until := randomMinute(now, t.zone, int(t.rules.CoolingFrom), int(t.rules.CoolingUntil), rand.IntN)
	return &until, nil
}

// randomMinute is a minute between from and to (minutes of the day) that has
// not begun: today's if any is left, otherwise tomorrow's.
func randomMinute(now time.Time, zone *time.Location, from, to int, pick func(n int) int) time.Time {
	day := date.DateOf(now.In(zone))
	passed := now.In(zone).Hour()*60 + now.In(zone).Minute() + 1
	if passed >= to {
		day, passed = day.AddDays(1), 0
	}
	first := max(from, passed)
	return day.In(zone).Add(time.Duration(first+pick(max(1, to-first))) * time.Minute)
}

func auditReason(ctx context.Context, tx postgres.Querier, c Change) error {
	if c.Reason == "" {
		return nil
	}
	if err := postgres.SetActor(ctx, tx, c.Actor); err != nil {
		return err
	}
	return postgres.Audit(ctx, tx, "reason", fmt.Sprintf("appointment:%d", c.Appointment.ID), c.Reason)
}

// EndAppointment moves an appointment to a status that frees its place, in the
// caller's transaction, and returns the new figures of its quotas. The place
// cools until the given time; nil puts it on sale at once. Ending twice in the
// same way is the same as once. The fault is ErrNotPossible.
func EndAppointment(ctx context.Context, tx postgres.Querier, appointment int64, to Status, cool *time.Time, actor string) ([]string, error) {
	var row struct {
		Result string         `db:"result"`
		Lines  pq.StringArray `db:"lines"`
	}
	err := tx.GetContext(ctx, &row, `
		SELECT result, lines
		FROM end_appointment($1, $2, $3, $4)`, appointment, string(to), cool, actor)
	if err != nil {
		return nil, fmt.Errorf("end appointment %d: %w", appointment, faultOf(err))
	}
	return row.Lines, nil
}

// Advance moves an appointment along status_move in the caller's transaction;
// its place stays taken. The fault is ErrNotPossible.
func Advance(ctx context.Context, tx postgres.Querier, appointment int64, to Status, actor string) error {
	if err := postgres.SetActor(ctx, tx, actor); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE appointment SET status = $2 WHERE id = $1`, appointment, string(to))
	if err != nil {
		return fmt.Errorf("advance appointment %d to %s: %w", appointment, to, faultOf(err))
	}
	return nil
}

func moveAppointment(ctx context.Context, tx postgres.Querier, appointment int64, g grant, most int, cool *time.Time, actor string) ([]string, error) {
	var row confirmed
	err := tx.GetContext(ctx, &row, `
		SELECT result, lines
		FROM move_appointment($1, $2, $3, $4, $5, $6, $7, $8)`,
		appointment, g.Hold, g.Quota, g.Epoch, g.ends(), most, cool, actor)
	if err != nil {
		return nil, fmt.Errorf("move appointment %d: %w", appointment, faultOf(err))
	}
	return row.Lines, row.fault()
}
