package slots

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/internal/postgres"
)

// SpillsDue is the office-days whose unused phone and counter places should go
// back to the web now (domain rule 23): the spill clock has passed, the web still
// sells, and it has not been done. Ask Redis what of their quotas nobody holds,
// and call ReturnUnused.
func (s *Store) SpillsDue(ctx context.Context) ([]OfficeDay, error) {
	offices, err := s.Offices(ctx)
	if err != nil {
		return nil, err
	}
	year := s.Clock.Now().Year()
	calendar, err := s.Calendar(ctx, year-1, year, year+1)
	if err != nil {
		return nil, err
	}
	var due []OfficeDay
	for _, o := range offices {
		days, err := s.spilling(ctx, o, calendar)
		if err != nil {
			return nil, err
		}
		unspilled, err := s.unspilled(ctx, o, days)
		if err != nil {
			return nil, err
		}
		due = append(due, unspilled...)
	}
	return due, nil
}

// spilling is the days ahead between whose spill clock and the end of whose sale
// on the web it is now. No lead with holidays in it is longer than three weeks.
func (s *Store) spilling(ctx context.Context, o Office, c Calendar) ([]string, error) {
	const ahead = 21
	var days []string
	now := s.Clock.Now()
	for n := range ahead {
		day := s.today(o).AddDays(n)
		rules, err := s.Rules(ctx, o.ID, day)
		if err != nil {
			return nil, err
		}
		if rules.KeepShares {
			continue
		}
		last := Slot{Day: day, StartsAt: day.AddDays(1).In(o.Location)}
		if !now.Before(SpillsAt(rules, c, day, o.Location)) && now.Before(ClosesAt(rules, c, last, Web, o.Location)) {
			days = append(days, day.String())
		}
	}
	return days, nil
}

// unspilled is those of the days that are published and have not been spilled.
func (s *Store) unspilled(ctx context.Context, o Office, days []string) ([]OfficeDay, error) {
	if len(days) == 0 {
		return nil, nil
	}
	var due []OfficeDay
	err := s.DB.SelectContext(ctx, &due, `
		SELECT DISTINCT office_id, day
		FROM quota
		WHERE office_id = $1
		  AND day = ANY ($2::date[])
		  AND published
		  AND NOT EXISTS (SELECT FROM spill WHERE spill.office_id = quota.office_id AND spill.day = quota.day)
		ORDER BY day`, o.ID, pq.Array(days))
	if err != nil {
		return nil, fmt.Errorf("days of %s to spill: %w", o.ID, err)
	}
	return due, nil
}

// ReturnUnused gives a day's unused phone and counter places back to the web
// (domain rule 23), in the caller's transaction. Free says, by quota, how many
// places nobody holds: only Redis knows, so the caller takes them out of sale
// there first. A quota that it does not name keeps its places, and none loses more
// than it has left here. It is done once for a day; a second call returns nothing.
//
// What comes back is the changed quotas, those of the web included, in the order
// of their ids.
func (s *Store) ReturnUnused(ctx context.Context, tx postgres.Querier, d OfficeDay, free map[string]int, actor string) ([]Recap, error) {
	if err := postgres.SetActor(ctx, tx, actor); err != nil {
		return nil, err
	}
	if err := lockDays(ctx, tx, d.Office, d.Day, d.Day); err != nil {
		return nil, err
	}
	var days []date.Date
	err := tx.SelectContext(ctx, &days, `
		INSERT INTO spill (office_id, day)
		VALUES ($1, $2)
		ON CONFLICT DO NOTHING
		RETURNING day`, d.Office, d.Day)
	if err != nil {
		return nil, fmt.Errorf("spill %s of %s: %w", d.Day, d.Office, err)
	}
	if len(days) == 0 {
		return nil, nil
	}
	quotas, err := loadQuotas(ctx, tx, d.Office, d.Day, d.Day)
	if err != nil {
		return nil, err
	}
	return setCaps(ctx, tx, quotas, spilled(quotas, free), "unused places return to the web")
}

// spilled is the new caps of the quotas that change: what phone and counter lose,
// the web of the same slot and group gains.
func spilled(quotas []Quota, free map[string]int) map[string]int {
	caps := map[string]int{}
	for _, q := range quotas {
		caps[q.ID] = q.Cap
	}
	changed := map[string]int{}
	for _, q := range quotas {
		id, ch, err := ParseQuotaID(q.ID)
		if err != nil || ch == Web || q.Withdrawn {
			continue // a cap, or nothing to give
		}
		web := id.Quota(Web)
		n := min(free[q.ID], q.Free(), mostCapped-caps[web])
		if _, there := caps[web]; !there || n <= 0 {
			continue
		}
		caps[q.ID] -= n
		caps[web] += n
		changed[q.ID], changed[web] = caps[q.ID], caps[web]
	}
	return changed
}

// setCaps sets the caps that change, in the order of the quotas.
func setCaps(ctx context.Context, tx postgres.Querier, quotas []Quota, caps map[string]int, why string) ([]Recap, error) {
	var changed []Recap
	var lines []auditLine
	for _, q := range quotas {
		n, ok := caps[q.ID]
		if !ok {
			continue
		}
		line, err := setCap(ctx, tx, q.ID, n)
		if err != nil {
			return nil, err
		}
		change := Change{Quota: q.ID, Kind: q.Kind, Before: q.Cap, After: n}
		changed = append(changed, Recap{Change: change, Excess: max(0, q.Booked+q.Cooling-n), Line: line})
		lines = append(lines, capAudit(change, why))
	}
	return changed, audit(ctx, tx, lines)
}
