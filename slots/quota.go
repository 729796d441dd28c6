package slots

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/internal/postgres"
)

// Kind is what a quota counts.
type Kind string

// The kinds. A place belongs to one slot, group and channel; the others cap
// several of these together.
const (
	Place      Kind = "place"
	HalfDayCap Kind = "half_day"
	DayCap     Kind = "day"
	HallCap    Kind = "hall"
)

// Quota is one counter as Postgres has it. Holds are not in it. Slot, Channel,
// StartsAt and EndsAt are empty for caps, and Group for that of the hall.
type Quota struct {
	ID        string         `db:"id"`
	Office    string         `db:"office_id"`
	Day       date.Date      `db:"day"`
	Kind      Kind           `db:"kind"`
	Slot      string         `db:"slot_id"` // 430702-20260520-0900
	StartsAt  time.Time      `db:"starts_at"`
	EndsAt    time.Time      `db:"ends_at"`
	Withdrawn bool           `db:"withdrawn"` // the schedule has the slot no longer
	Group     Group          `db:"biz_group"`
	Channel   Channel        `db:"channel"`
	Parents   pq.StringArray `db:"parents"`
	Cap       int            `db:"cap"`
	Planned   int            `db:"planned"` // the cap by the schedule
	Booked    int            `db:"booked"`
	Cooling   int            `db:"cooling"` // cancelled, not yet on sale again
	Excess    int            `db:"excess"`
	Open      bool           `db:"open"` // false while suspended
	Epoch     int            `db:"epoch"`
	Version   int64          `db:"version"`
	Published bool           `db:"published"`
	OpensAt   time.Time      `db:"opens_at"`
	ClosesAt  time.Time      `db:"closes_at"`
	Line      string         `db:"line"` // as Redis keeps it; see quota_line
}

// Free is how many more places Postgres would sell, holds not counted.
func (q Quota) Free() int { return max(0, q.Cap-q.Booked-q.Cooling) }

// Offered reports whether the quota is worth showing: its slot is in the schedule
// and has places for the channel, or had.
func (q Quota) Offered() bool {
	return !q.Withdrawn && (q.Cap > 0 || q.Planned > 0 || q.Booked > 0)
}

// Quotas is every quota of the office from one day to another, caps included, in
// the order of their ids. It is one query.
func (s *Store) Quotas(ctx context.Context, office string, from, to date.Date) ([]Quota, error) {
	return loadQuotas(ctx, s.DB, office, from, to)
}

func loadQuotas(ctx context.Context, q postgres.Querier, office string, from, to date.Date) ([]Quota, error) {
	var quotas []Quota
	err := q.SelectContext(ctx, &quotas, selectQuotas+`
		WHERE quota.office_id = $1
		  AND quota.day BETWEEN $2 AND $3
		ORDER BY quota.id`, office, from, to)
	if err != nil {
		return nil, fmt.Errorf("quotas of %s from %s to %s: %w", office, from, to, err)
	}
	return quotas, nil
}

// Quota is the quota with the id, or ErrNoSuchSlot. It takes a Querier, so that a
// transaction sees what it has done.
func (s *Store) Quota(ctx context.Context, q postgres.Querier, id string) (Quota, error) {
	var quotas []Quota
	err := q.SelectContext(ctx, &quotas, selectQuotas+`
		WHERE quota.id = $1`, id)
	if err != nil {
		return Quota{}, fmt.Errorf("quota %s: %w", id, err)
	}
	if len(quotas) == 0 {
		return Quota{}, ErrNoSuchSlot
	}
	return quotas[0], nil
}

// selectQuotas reads quotas with the times of their slots.
const selectQuotas = `
	SELECT quota.id, quota.office_id, quota.day, kind, coalesce(slot_id, '') AS slot_id,
		coalesce(starts_at, 'epoch') AS starts_at, coalesce(ends_at, 'epoch') AS ends_at,
		coalesce(withdrawn, false) AS withdrawn,
		coalesce(biz_group, '') AS biz_group, coalesce(channel, '') AS channel, parents,
		cap, planned, booked, cooling, excess, state = 'open' AS open, epoch, version, published,
		opens_at, closes_at, quota_line(quota) AS line
	FROM quota
	LEFT JOIN slot ON slot.id = quota.slot_id`
