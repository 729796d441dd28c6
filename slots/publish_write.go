package slots

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/internal/postgres"
)

// lockDays keeps the office and its quotas of the days as they are until the
// transaction ends: bookings of these days wait.
func lockDays(ctx context.Context, tx postgres.Querier, office string, from, to date.Date) error {
	if err := lockOffice(ctx, tx, office); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		SELECT id
		FROM quota
		WHERE office_id = $1
		  AND day BETWEEN $2 AND $3
		ORDER BY id
		FOR NO KEY UPDATE`, office, from, to)
	if err != nil {
		return fmt.Errorf("lock quotas: %w", err)
	}
	return nil
}

// write carries the plans out, each kind of change of all days in one statement.
func write(ctx context.Context, tx postgres.Querier, office string, plans []plan) error {
	var all plan
	for _, p := range plans {
		all.slots = append(all.slots, p.slots...)
		all.inserts = append(all.inserts, p.inserts...)
		all.updates = append(all.updates, p.updates...)
		all.recount = append(all.recount, p.recount...)
		all.lifted = append(all.lifted, p.lifted...)
	}
	for _, step := range []func(context.Context, postgres.Querier, string) error{
		all.writeSlots, all.insertQuotas, all.updateQuotas, all.recountCaps, all.liftCaps,
	} {
		if err := step(ctx, tx, office); err != nil {
			return err
		}
	}
	return auditPlans(ctx, tx, office, plans)
}

func (p plan) writeSlots(ctx context.Context, tx postgres.Querier, office string) error {
	if len(p.slots) == 0 {
		return nil
	}
	rows, err := json.Marshal(p.slots)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO slot (id, office_id, day, starts_at, ends_at, withdrawn)
		SELECT id, $1, day, starts_at, ends_at, withdrawn
		FROM jsonb_to_recordset($2) AS s (id text, day date, starts_at timestamptz, ends_at timestamptz, withdrawn boolean)
		ON CONFLICT (id) DO UPDATE
		SET starts_at = excluded.starts_at, ends_at = excluded.ends_at, withdrawn = excluded.withdrawn`,
		office, string(rows))
	if err != nil {
		return fmt.Errorf("write slots: %w", err)
	}
	return nil
}

func (p plan) insertQuotas(ctx context.Context, tx postgres.Querier, office string) error {
	if len(p.inserts) == 0 {
		return nil
	}
	rows, err := json.Marshal(p.inserts)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO quota (id, office_id, day, kind, slot_id, biz_group, channel, parents, cap, planned, opens_at, closes_at, state)
		SELECT id, $1, day, kind, slot_id, biz_group, channel, parents, cap, planned, opens_at, closes_at,
			CASE WHEN kind = 'place' AND suspended($1, day, biz_group, channel) THEN 'closed' ELSE 'open' END
		FROM jsonb_to_recordset($2) AS q (id text, day date, kind text, slot_id text, biz_group text, channel text,
			parents text[], cap int, planned int, opens_at timestamptz, closes_at timestamptz)
		ORDER BY id`,
		office, string(rows))
	if err != nil {
		return fmt.Errorf("insert quotas: %w", err)
	}
	return nil
}

// updateQuotas never writes what is booked.
func (p plan) updateQuotas(ctx context.Context, tx postgres.Querier, _ string) error {
	if len(p.updates) == 0 {
		return nil
	}
	rows, err := json.Marshal(p.updates)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE quota
		SET parents = q.parents, cap = q.cap, planned = q.planned, opens_at = q.opens_at, closes_at = q.closes_at,
			excess = greatest(0, booked + cooling - q.cap), epoch = epoch + q.ends_holds, version = version + 1
		FROM jsonb_to_recordset($1) AS q (id text, parents text[], cap int, planned int,
			opens_at timestamptz, closes_at timestamptz, ends_holds int)
		WHERE quota.id = q.id`, string(rows))
	if err != nil {
		return fmt.Errorf("update quotas: %w", err)
	}
	return nil
}

// recountCaps counts anew what is booked below caps whose members have changed.
func (p plan) recountCaps(ctx context.Context, tx postgres.Querier, _ string) error {
	if len(p.recount) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE quota
		SET booked = below.booked, excess = greatest(0, below.booked + cooling - cap), version = version + 1
		FROM (
			SELECT counted.id, coalesce(sum(member.booked), 0) AS booked
			FROM quota AS counted
			LEFT JOIN quota AS member
				ON member.office_id = counted.office_id
				AND member.day = counted.day
				AND counted.id = ANY (member.parents)
			WHERE counted.id = ANY ($1)
			GROUP BY counted.id
		) AS below
		WHERE quota.id = below.id`, pq.Array(p.recount))
	if err != nil {
		return fmt.Errorf("recount caps: %w", err)
	}
	return nil
}

// liftCaps empties caps that bound nothing any more. They stay as rows, because
// Redis believes the newest version of a quota, not a first one.
func (p plan) liftCaps(ctx context.Context, tx postgres.Querier, _ string) error {
	if len(p.lifted) == 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM cooling WHERE quota_id = ANY ($1)`, pq.Array(p.lifted)); err != nil {
		return fmt.Errorf("lift caps: %w", err)
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE quota
		SET cap = 0, planned = 0, booked = 0, cooling = 0, excess = 0, version = version + 1
		WHERE id = ANY ($1)`, pq.Array(p.lifted))
	if err != nil {
		return fmt.Errorf("lift caps: %w", err)
	}
	return nil
}

// auditPlans writes a line for every day that changes, and one for every cap.
func auditPlans(ctx context.Context, tx postgres.Querier, office string, plans []plan) error {
	var lines []auditLine
	for _, p := range plans {
		if p.preview.Empty() {
			continue
		}
		day := "office_day:" + office + "-" + compact(p.preview.Day)
		detail := p.preview.summary()
		if !p.aim.calendar.Confirmed(p.preview.Day.Year) {
			detail += ", without a confirmed calendar"
		}
		lines = append(lines, auditLine{Action: "published", Subject: day, Detail: detail})
		for _, c := range p.preview.Changed {
			lines = append(lines, capAudit(c, "schedule"))
		}
	}
	return audit(ctx, tx, lines)
}
