package hall

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/slots"
)

// Shift is how a member of staff stands today: whether they were measured when they
// were to be (domain rule 67).
type Shift struct {
	Staff  string    // the account
	Last   time.Time // when they were last measured; zero: not today
	Normal bool      // the last reading was, and at most one was not

	Due   time.Time // they are to be measured by then, and have not been; zero: they need not be now
	Ready bool      // they may open a gate or a counter
}

// shiftReading is the last reading of somebody today.
type shiftReading struct {
	Staff  string    `db:"staff_id"`
	At     time.Time `db:"at"`
	Normal bool      `db:"normal"`
}

// Shifts is how each of these accounts stands today, in their order, where the
// office takes temperatures; none where it does not. A reading of today counts,
// wherever it was taken.
func (d *Desk) Shifts(ctx context.Context, office string, staff ...string) ([]Shift, error) {
	at, err := d.Offices.Office(ctx, office)
	if err != nil {
		return nil, err
	}
	now := d.Clock.Now().In(at.Location)
	today := date.DateOf(now)
	rules, err := d.Offices.Rules(ctx, office, today)
	if err != nil || rules.Screening == slots.ScreeningOff {
		return nil, err
	}
	read, err := d.shiftReadings(ctx, today, staff)
	if err != nil {
		return nil, err
	}
	all := make([]Shift, 0, len(staff))
	for _, who := range staff {
		s := Shift{Staff: who}
		if i := slices.IndexFunc(read, func(r shiftReading) bool { return r.Staff == who }); i >= 0 {
			s.Last, s.Normal = read[i].At.In(at.Location), read[i].Normal
		}
		s.judge(rules, now)
		all = append(all, s)
	}
	return all, nil
}

// judge says what is due at an instant by the office's rules. Of a stretch that is
// over a reading since it began makes up, however late.
func (s *Shift) judge(rules slots.Rules, now time.Time) {
	day, since := date.DateOf(now), time.Time{}
	var next time.Time // the end of the stretch that now is in
	for _, stretch := range rules.StaffReadings {
		from, to := stretch.From.On(day, now.Location()), stretch.To.On(day, now.Location())
		switch {
		case !now.Before(to):
			since = from
		case !now.Before(from) && s.Last.Before(from):
			next = to
		}
	}
	inTime := !s.Last.IsZero() && !s.Last.Before(since)
	s.Ready = s.Normal && inTime || rules.Screening != slots.ScreeningRequired
	switch {
	case !inTime:
		s.Due = now // before anything else
	case !next.IsZero():
		s.Due = next
	}
}

// shiftReadings is the last reading of each of today; corrected ones count as they
// were corrected.
func (d *Desk) shiftReadings(ctx context.Context, today date.Date, staff []string) ([]shiftReading, error) {
	var read []shiftReading
	err := d.DB.SelectContext(ctx, &read, `
		SELECT DISTINCT ON (t.staff_id)
			t.staff_id, t.at,
			NOT t.abnormal AND count(*) FILTER (WHERE t.abnormal) OVER (PARTITION BY t.staff_id) < 2 AS normal
		FROM temperature AS t
		WHERE t.kind = 'staff'
		  AND t.staff_id = ANY ($1)
		  AND t.day = $2
		  AND NOT EXISTS (SELECT FROM temperature AS c WHERE c.supersedes = t.id AND c.reason IS NOT NULL)
		ORDER BY t.staff_id, t.id DESC`, pq.Array(staff), today)
	if err != nil {
		return nil, fmt.Errorf("readings of staff: %w", err)
	}
	return read, nil
}

// MayReceive is ErrReadingMissing for staff who have not been found healthy
// today, or not in every stretch of it that is over, where the office requires it:
// they open no gate and no counter (domain rule 67). It is asked before they receive,
// call or serve anybody.
func (d *Desk) MayReceive(ctx context.Context, staff, office string) error {
	shifts, err := d.Shifts(ctx, office, staff)
	if err == nil && len(shifts) > 0 && !shifts[0].Ready {
		err = ErrReadingMissing
	}
	return err
}
