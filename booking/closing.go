package booking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// Affected is an appointment that a suspension takes away.
type Affected struct {
	ID       int64     `db:"id"`
	Number   string    `db:"number"`
	Service  string    `db:"service_id"`
	StartsAt time.Time `db:"starts_at"`
}

// Suspension is what a suspension, or another end of one, does or would do.
type Suspension struct {
	ID       int64 // 0 for a dry run
	Closed   int   // quotas
	Reopened int   // quotas
	Affected []Affected
}

// Amendment is another last day of a suspension: zero until further notice, and
// the day before its first to lift it altogether.
type Amendment struct {
	Office     string // whose it must be
	Suspension int64
	To         date.Date
	Reason     string
}

// errDryRun rolls back what was only tried.
var errDryRun = errors.New("dry run")

// Suspend closes an office as c says. A full suspension cancels the
// appointments in it, frees their persons and puts every couple on the call
// list until somebody is recorded as reached; walk_in_only closes the counter's
// places and leaves appointments as they are (domain rules 55 to 59). A dry run
// does the same and takes it back. Those affected come in order of time.
//
// Once it returns, no confirmation succeeds in the suspended days: the quotas
// have a new epoch, and tokens name the old one.
func (d *Desk) Suspend(ctx context.Context, c slots.Closing, actor string, dryRun bool) (Suspension, error) {
	return d.enforce(ctx, closing{c.Office, c.From, c.To, func(tx postgres.Querier) (slots.Closure, error) {
		return d.Offices.Close(ctx, tx, c, actor)
	}}, actor, dryRun)
}

// Amend ends a suspension earlier or later (domain rule 61). What is covered no
// more is on sale again; to whoever is booked in days that come to it, what
// Suspend says happens.
//
// Faults: slots.ErrNoSuchSuspension, also for one of another office,
// slots.ErrSuspensionOver; fields to and reason.
func (d *Desk) Amend(ctx context.Context, a Amendment, actor string, dryRun bool) (Suspension, error) {
	found, err := d.Offices.Suspension(ctx, a.Suspension)
	if err == nil && found.Office != a.Office {
		err = slots.ErrNoSuchSuspension
	}
	if err != nil {
		return Suspension{}, err
	}
	c := closing{office: a.Office, to: a.To, act: func(tx postgres.Querier) (slots.Closure, error) {
		return d.Offices.Amend(ctx, tx, a.Suspension, a.To, a.Reason, actor)
	}}
	if !found.To.IsZero() {
		c.from = found.To.AddDays(1)
	}
	return d.enforce(ctx, c, actor, dryRun)
}

// closing makes or changes a suspension, in a transaction, and closes the days
// from one to another, which may have no end. Without a first day it closes none.
type closing struct {
	office   string
	from, to date.Date
	act      func(tx postgres.Querier) (slots.Closure, error)
}

// enforce tries a closing and, unless that is all, keeps new holds out of what it
// closes, does it, and tells Redis.
func (d *Desk) enforce(ctx context.Context, c closing, actor string, dryRun bool) (Suspension, error) {
	tried, would, err := d.carryOut(ctx, c, actor, true)
	if err == nil && len(tried.Affected) > 0 {
		err = d.watched(ctx, View{Office: c.office, List: true, Records: recordsOf(tried.Affected)})
	}
	if err != nil {
		return Suspension{}, err
	}
	if dryRun {
		return tried, nil
	}
	d.shut(ctx, would.Closed)
	done, closure, err := d.carryOut(ctx, c, actor, false)
	if err != nil {
		d.lift(ctx, would.Closed)
		return done, err
	}
	d.memory().changed(c.office)
	d.Offices.Changed(c.office)
	d.settle(ctx, closure.Lines)
	return done, nil
}

// recordsOf is those affected as a list that names nobody.
func recordsOf(gone []Affected) []Record {
	all := make([]Record, len(gone))
	for i, a := range gone {
		all[i].Appointment = a.ID
	}
	return all
}

// carryOut does it in one transaction, which begins anew when it loses against
// others who want the same rows. Whoever gives up an appointment locks it before
// its quotas, and so is it here.
func (d *Desk) carryOut(ctx context.Context, c closing, actor string, dryRun bool) (s Suspension, closure slots.Closure, err error) {
	err = postgres.Insist(ctx, func() error {
		return postgres.InTx(ctx, d.DB, func(tx postgres.Querier) error {
			if err := lockBooked(ctx, tx, c.office, c.from, c.to); err != nil {
				return err
			}
			if closure, err = c.act(tx); err != nil {
				return err
			}
			if s.Affected, err = affected(ctx, tx, closure); err != nil {
				return err
			}
			if dryRun {
				return errDryRun
			}
			s.ID = closure.Suspension
			freed, err := cancelAll(ctx, tx, s.Affected, actor)
			closure.Lines = append(closure.Lines, freed...)
			return err
		})
	})
	s.Closed, s.Reopened = len(closure.Closed), len(closure.Reopened)
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return s, closure, err
}

// lockBooked keeps those who are booked from one day to another from changing
// anything until the transaction ends, which may take longer than a request's.
func lockBooked(ctx context.Context, tx postgres.Querier, office string, from, to date.Date) error {
	if _, err := tx.ExecContext(ctx, `SET LOCAL statement_timeout = '30s'`); err != nil {
		return fmt.Errorf("more time for a suspension: %w", err)
	}
	_, err := tx.ExecContext(ctx, `
		SELECT id
		FROM appointment
		WHERE office_id = $1
		  AND day BETWEEN $2 AND coalesce($3, 'infinity'::date)
		  AND status = 'booked'
		ORDER BY id
		FOR NO KEY UPDATE`, office, from, to)
	if err != nil {
		return fmt.Errorf("lock who is booked at %s: %w", office, err)
	}
	return nil
}

// shut keeps new holds out of places while Postgres closes them. If Redis
// cannot be asked, Postgres refuses the confirmations alone.
func (d *Desk) shut(ctx context.Context, quotas []string) {
	for _, quota := range quotas {
		if _, err := d.Holds.limit(ctx, quota, 0, true); err != nil {
			d.Log.WarnContext(ctx, "suspension begins without redis", "error", err)
			return
		}
	}
}

// lift takes back a limit that came to nothing or has served. What cannot be
// lifted now ends by itself.
func (d *Desk) lift(ctx context.Context, quotas []string) {
	for _, quota := range quotas {
		if err := d.Holds.lift(context.WithoutCancel(ctx), quota); err != nil {
			d.Log.WarnContext(ctx, "a limit is not lifted at once", "error", err)
			return
		}
	}
}

// cancelAll ends the appointments, which are locked, and with their messages
// puts them on the call list. The closed places do not cool: nobody can take
// them. It returns the new figures.
func cancelAll(ctx context.Context, tx postgres.Querier, gone []Affected, actor string) ([]string, error) {
	ids := make([]int64, len(gone))
	for i, a := range gone {
		ids[i] = a.ID
	}
	var lines pq.StringArray
	err := tx.GetContext(ctx, &lines, `SELECT end_appointments($1, $2, $3)`, pq.Array(ids), string(CancelledByOffice), actor)
	if err != nil {
		return nil, fmt.Errorf("cancel %d appointments: %w", len(ids), faultOf(err))
	}
	return lines, nil
}

// affected is the couples who have not come yet and are booked in days that a full
// suspension has come to cover: who is in the hall is served.
func affected(ctx context.Context, db postgres.Querier, c slots.Closure) ([]Affected, error) {
	gone := []Affected{}
	err := db.SelectContext(ctx, &gone, `
		SELECT a.id, a.number, a.service_id, a.starts_at
		FROM appointment AS a
		JOIN suspension_now AS s ON s.office_id = a.office_id
			AND a.day BETWEEN s.from_day AND coalesce(s.to_day, 'infinity')
			AND a.service_id = ANY (s.services)
		WHERE s.id = $1
		  AND s.mode = 'full'
		  AND a.day >= $2
		  AND a.status = 'booked'
		ORDER BY a.starts_at, a.id
		FOR NO KEY UPDATE OF a`, c.Suspension, c.Since)
	if err != nil {
		return nil, fmt.Errorf("affected appointments: %w", err)
	}
	return gone, nil
}
