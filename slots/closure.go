package slots

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// What can go wrong with a suspension that is to end earlier or later.
var (
	ErrNoSuchSuspension = fault.New(fault.NotFound, "no_such_suspension")
	ErrSuspensionOver   = fault.New(fault.Conflict, "suspension_over") // people have been received since: suspend anew
)

// Mode is what a suspension closes.
type Mode string

// The modes (domain rules 55 and 56).
const (
	Full       Mode = "full"         // nobody is received
	WalkInOnly Mode = "walk_in_only" // no walk-ins: the counter sells nothing, web and phone go on
)

// Suspension is a time in which an office does not receive (暂停办理).
type Suspension struct {
	ID     int64
	Office string
	From   date.Date
	To     date.Date // zero: until further notice
	Mode   Mode

	Services []string // that are suspended
	Groups   []Group  // all of whose services these are: their places are closed

	Reason string
	Notice string // what the public reads
	Actor  string
	At     time.Time
}

// Closing is a suspension to be made. It names services; none means all that the
// office offers. The places of a business group are closed once all services of
// the office that share them are suspended; until then they are for the others.
type Closing struct {
	Office   string
	From     date.Date
	To       date.Date // zero: until further notice
	Mode     Mode
	Services []string
	Reason   string
	Notice   string
}

// Closure is what a suspension, or a change of one, has done.
type Closure struct {
	Suspension int64
	Since      date.Date // the first day that it has come to cover; zero if there is none
	Until      date.Date // the last one; zero for no end
	Closed     []string  // quotas that are closed now and were open; their holds have ended
	Reopened   []string  // quotas that are open again
	Lines      []string  // of all these quotas, as Redis keeps them
}

// Close suspends the office in the caller's transaction: it keeps the suspension
// and closes the places that it covers. Those who are booked in them are for the
// caller to find. Mistakes are in the fields of the fault,
// "from": "past" among them.
func (s *Store) Close(ctx context.Context, tx postgres.Querier, c Closing, actor string) (Closure, error) {
	o, err := s.Office(ctx, c.Office)
	if err != nil {
		return Closure{}, err
	}
	services, err := s.checkClosing(o, c)
	if err != nil {
		return Closure{}, err
	}
	if err := begin(ctx, tx, o.ID, actor); err != nil {
		return Closure{}, err
	}
	id, before, err := c.insert(ctx, tx, services, wholeGroups(o, services), actor)
	if err != nil || before {
		return Closure{Suspension: id, Since: c.From, Until: c.To}, err
	}
	done, err := s.enforce(ctx, tx, o, id, "suspended", span(c.From, c.To)+": "+c.Reason)
	done.Since, done.Until = c.From, c.To
	return done, err
}

// insert keeps the suspension, or finds the one that says the same and is in
// force: a request that is sent again makes no second one.
func (c Closing) insert(ctx context.Context, tx postgres.Querier, services []string, groups []Group, actor string) (id int64, before bool, err error) {
	var same []int64
	err = tx.SelectContext(ctx, &same, `
		SELECT id
		FROM suspension_now
		WHERE office_id = $1
		  AND from_day = $2
		  AND to_day IS NOT DISTINCT FROM $3::date
		  AND mode = $4
		  AND services = $5
		  AND reason = $6
		  AND notice = $7
		LIMIT 1`, c.Office, c.From, c.To, c.Mode, pq.Array(services), c.Reason, c.Notice)
	if err != nil {
		return 0, false, fmt.Errorf("look for the suspension: %w", err)
	}
	if len(same) > 0 {
		return same[0], true, nil
	}
	err = tx.GetContext(ctx, &id, `
		INSERT INTO suspension (office_id, from_day, to_day, mode, services, groups, reason, notice, actor)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		RETURNING id`, c.Office, c.From, c.To, c.Mode, pq.Array(services), pq.Array(groups), c.Reason, c.Notice, actor)
	if err != nil {
		return 0, false, fmt.Errorf("suspend %s: %w", c.Office, err)
	}
	return id, false, nil
}

// checkClosing is the services that c suspends, in the order of the office's.
func (s *Store) checkClosing(o Office, c Closing) ([]string, error) {
	wrong := map[string]string{}
	s.notPast(wrong, "from", o, c.From)
	if !c.To.IsZero() && (!c.To.Valid() || c.To.Before(c.From)) {
		wrong["to"] = "order"
	}
	if c.Mode != Full && c.Mode != WalkInOnly {
		wrong["mode"] = "unknown"
	}
	if strings.TrimSpace(c.Reason) == "" {
		wrong["reason"] = "required"
	}
	for i, id := range c.Services {
		if _, ok := o.Service(id); !ok {
			wrong[fmt.Sprintf("services.%d", i)] = "unknown"
		}
	}
	services := []string{}
	for _, offered := range o.Services {
		if len(c.Services) == 0 || slices.Contains(c.Services, offered.ID) {
			services = append(services, offered.ID)
		}
	}
	return services, fault.InFields(wrong)
}

// wholeGroups is the groups of which the office offers no other services.
func wholeGroups(o Office, services []string) []Group {
	whole := []Group{}
	for _, g := range Groups() {
		left := slices.ContainsFunc(o.Services, func(s Service) bool { return s.Group == g && !slices.Contains(services, s.ID) })
		if o.Offers(g) && !left {
			whole = append(whole, g)
		}
	}
	return whole
}

// Amend ends a suspension earlier or later, in the caller's transaction. To
// is its last day now, zero until further notice, and the day
// before its first to lift it altogether. The suspension itself stays as it was
// written, and every change of its end is kept beside it (domain rule 61). Places
// that are covered no more open again, unless another suspension covers them.
//
// Days that are over stay as they were: a last day before yesterday is refused,
// as "to": "past", and so is a suspension that ended before yesterday, with
// ErrSuspensionOver.
func (s *Store) Amend(ctx context.Context, tx postgres.Querier, id int64, to date.Date, reason, actor string) (Closure, error) {
	before, err := findSuspension(ctx, tx, id)
	if err != nil {
		return Closure{}, err
	}
	o, err := s.Office(ctx, before.Office)
	if err != nil {
		return Closure{}, err
	}
	if err := begin(ctx, tx, o.ID, actor); err != nil {
		return Closure{}, err
	}
	if before, err = findSuspension(ctx, tx, id); err != nil { // now that nobody else amends it
		return Closure{}, err
	}
	if err := before.checkAmend(to, s.today(o), reason); err != nil {
		return Closure{}, err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO suspension_change (suspension_id, to_day, reason, actor)
		VALUES ($1, $2, $3, $4)`, id, to, reason, actor)
	if err != nil {
		return Closure{}, fmt.Errorf("amend suspension %d: %w", id, err)
	}
	done, err := s.enforce(ctx, tx, o, id, "suspension_amended", span(before.From, to)+": "+reason)
	done.Since, done.Until = before.newly(to, s.today(o)), to
	return done, err
}

// checkAmend judges a new last day.
func (s Suspension) checkAmend(to, today date.Date, reason string) error {
	wrong := map[string]string{}
	switch {
	case to.IsZero():
	case !to.Valid() || to.Before(s.From.AddDays(-1)):
		wrong["to"] = "order"
	case to.Before(today.AddDays(-1)):
		wrong["to"] = "past"
	}
	if strings.TrimSpace(reason) == "" {
		wrong["reason"] = "required"
	}
	if err := fault.InFields(wrong); err != nil {
		return err
	}
	if !s.To.IsZero() && s.To.Before(today.AddDays(-1)) {
		return ErrSuspensionOver
	}
	return nil
}

// newly is the first day from today on that a new end adds; zero if it adds none.
func (s Suspension) newly(to, today date.Date) date.Date {
	if s.To.IsZero() || !to.IsZero() && !to.After(s.To) {
		return date.Date{}
	}
	first := s.To.AddDays(1)
	if first.Before(today) {
		first = today
	}
	return first
}

// Reopen receives again from the day on: it ends the suspension the day before.
func (s *Store) Reopen(ctx context.Context, tx postgres.Querier, id int64, from date.Date, reason, actor string) (Closure, error) {
	return s.Amend(ctx, tx, id, from.AddDays(-1), reason, actor)
}

// enforce makes the quotas of the office agree with its suspensions from today
// on and writes the audit. Only suspensions close quotas, so that what no
// suspension covers is open. All quotas of the days that it covers or that change
// are locked, caps too, in the order of their ids: confirmations of a suspended
// service wait for it, and the caller may free their places.
func (s *Store) enforce(ctx context.Context, tx postgres.Querier, o Office, id int64, action, detail string) (Closure, error) {
	var locked []string
	err := tx.SelectContext(ctx, &locked, `
		SELECT id
		FROM quota
		WHERE office_id = $1
		  AND day >= $2
		  AND (day IN (
			SELECT day
			FROM quota
			WHERE office_id = $1
			  AND day >= $2
			  AND kind = 'place'
			  AND (state = 'closed') <> suspended(office_id, day, biz_group, channel)
		  ) OR day BETWEEN (SELECT from_day FROM suspension_now WHERE id = $3)
			AND coalesce((SELECT to_day FROM suspension_now WHERE id = $3), 'infinity'))
		ORDER BY id
		FOR NO KEY UPDATE`, o.ID, s.today(o), id)
	if err != nil {
		return Closure{}, fmt.Errorf("suspension %d: %w", id, err)
	}
	var turned []struct {
		ID   string `db:"id"`
		Open bool   `db:"open"`
		Line string `db:"line"`
	}
	err = tx.SelectContext(ctx, &turned, `
		UPDATE quota
		SET state = CASE state WHEN 'open' THEN 'closed' ELSE 'open' END,
			epoch = epoch + CASE state WHEN 'open' THEN 1 ELSE 0 END,
			version = version + 1
		WHERE id = ANY ($1)
		  AND kind = 'place'
		  AND (state = 'closed') <> suspended(office_id, day, biz_group, channel)
		RETURNING id, state = 'open' AS open, quota_line(quota) AS line`, pq.Array(locked))
	if err != nil {
		return Closure{}, fmt.Errorf("suspension %d: %w", id, err)
	}
	c := Closure{Suspension: id}
	lines := []auditLine{{Action: action, Subject: fmt.Sprintf("suspension:%d", id), Detail: detail}}
	for _, q := range turned {
		c.Lines = append(c.Lines, q.Line)
		if q.Open {
			c.Reopened = append(c.Reopened, q.ID)
		} else {
			c.Closed = append(c.Closed, q.ID)
		}
		lines = append(lines, stateAudit(q.ID, q.Open))
	}
	return c, audit(ctx, tx, lines)
}

// begin names who acts and lets those who change the office take turns.
func begin(ctx context.Context, tx postgres.Querier, office, actor string) error {
	if err := postgres.SetActor(ctx, tx, actor); err != nil {
		return err
	}
	return lockOffice(ctx, tx, office)
}

func stateAudit(quota string, open bool) auditLine {
	if open {
		return auditLine{Action: "quota_opened", Subject: "quota:" + quota}
	}
	return auditLine{Action: "quota_closed", Subject: "quota:" + quota}
}

func span(from, to date.Date) string {
	if to.IsZero() {
		return from.String() + " until further notice"
	}
	return from.String() + " to " + to.String()
}
