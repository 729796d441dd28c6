package booking

import (
	"context"
	"errors"
	"fmt"
	"time"

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

// Suspension is what a suspension does, or would do.
type Suspension struct {
	ID       int64 // 0 for a dry run
	Closed   int   // quotas
	Affected []Affected
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
	tried, closure, err := d.suspend(ctx, c, actor, true)
	if err != nil || dryRun {
		return tried, err
	}
	d.shut(ctx, closure.Closed)
	done, closure, err := d.suspend(ctx, c, actor, false)
	if err != nil {
		return done, err
	}
	lines, err := linesOf(ctx, d.DB, c.Office, c.From, c.To)
	if err != nil {
		return done, err
	}
	d.settle(ctx, append(closure.Lines, lines...))
	return done, nil
}

func (d *Desk) suspend(ctx context.Context, c slots.Closing, actor string, dryRun bool) (Suspension, slots.Closure, error) {
	var (
		s       Suspension
		closure slots.Closure
	)
	err := postgres.InTx(ctx, d.DB, func(tx postgres.Querier) error {
		var err error
		if closure, err = d.Offices.Close(ctx, tx, c, actor); err != nil {
			return err
		}
		if s.Affected, err = affected(ctx, tx, closure.Suspension); err != nil {
			return err
		}
		if dryRun {
			return errDryRun
		}
		s.ID = closure.Suspension
		return cancelAll(ctx, tx, s.Affected, actor)
	})
	s.Closed = len(closure.Closed)
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return s, closure, err
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

// cancelAll ends the appointments and, with their messages, puts them on the
// call list. The closed places do not cool: nobody can take them.
func cancelAll(ctx context.Context, tx postgres.Querier, gone []Affected, actor string) error {
	for _, a := range gone {
		if _, err := EndAppointment(ctx, tx, a.ID, CancelledByOffice, nil, actor); err != nil {
			return err
		}
	}
	return nil
}

// affected is the couples of a full suspension who have not come yet: who is in
// the hall is served.
func affected(ctx context.Context, db postgres.Querier, suspension int64) ([]Affected, error) {
	gone := []Affected{}
	err := db.SelectContext(ctx, &gone, `
		SELECT a.id, a.number, a.service_id, a.starts_at
		FROM appointment AS a
		JOIN suspension_now AS s ON s.office_id = a.office_id
			AND a.day BETWEEN s.from_day AND coalesce(s.to_day, 'infinity')
			AND a.biz_group = ANY (s.groups)
		WHERE s.id = $1
		  AND s.mode = 'full'
		  AND a.status = 'booked'
		ORDER BY a.starts_at, a.id`, suspension)
	if err != nil {
		return nil, fmt.Errorf("affected appointments: %w", err)
	}
	return gone, nil
}
