package hall

import (
	"context"
	"fmt"
	"time"

	"hunyue/internal/date"
	"hunyue/internal/postgres"
)

// Entry is a line of the temperature ledger (体温登记). Of visitors it has the ticket
// and the number of the appointment, and neither once it is nobody's; it names no
// couple.
type Entry struct {
	ID          int64      `db:"id"`
	Kind        string     `db:"kind"` // party, companion or staff
	Number      string     `db:"number"`
	Ticket      string     `db:"ticket"`
	Party       int        `db:"role"` // 1 or 2; 0 for others
	Staff       string     `db:"staff_id"`
	Decicelsius int        `db:"decicelsius"`
	Abnormal    bool       `db:"abnormal"`
	Device      string     `db:"device"`
	At          time.Time  `db:"at"` // the day's beginning once it is nobody's
	By          string     `db:"recorded_by"`
	Replaces    int64      `db:"supersedes"` // the line before it of the same person; 0: none
	Reason      string     `db:"reason"`     // of a correction; "" for what was measured
	CorrectedAt *time.Time `db:"corrected_at"`
	Last        bool       `db:"last"` // nothing has taken its place
	Unlinked    bool       `db:"unlinked"`
}

// Temperatures is an office's ledger of a day, in the order in which it was written.
func (d *Desk) Temperatures(ctx context.Context, office string, day date.Date) ([]Entry, error) {
	all := []Entry{}
	err := d.DB.SelectContext(ctx, &all, `
		SELECT
			t.id, t.kind, t.decicelsius, t.abnormal, t.device, t.at, t.recorded_by, t.corrected_at,
			coalesce(a.number, '') AS number,
			coalesce(v.ticket, '') AS ticket,
			coalesce(t.role, 0) AS role,
			coalesce(t.staff_id, '') AS staff_id,
			coalesce(t.supersedes, 0) AS supersedes,
			coalesce(t.reason, '') AS reason,
			t.unlinked_at IS NOT NULL AS unlinked,
			NOT EXISTS (SELECT FROM temperature AS later WHERE later.supersedes = t.id) AS last
		FROM temperature AS t
		LEFT JOIN appointment AS a ON a.id = t.appointment_id
		LEFT JOIN visit AS v ON v.appointment_id = t.appointment_id
		WHERE t.office_id = $1
		  AND t.day = $2
		ORDER BY t.id`, office, day)
	if err != nil {
		return nil, fmt.Errorf("temperatures of %s at %s: %w", day, office, err)
	}
	return all, nil
}

// Exported notes that somebody takes a ledger of an office's day away as a file.
func (d *Desk) Exported(ctx context.Context, ledger, office string, day date.Date, actor string) error {
	return d.as(ctx, actor, func(tx postgres.Querier) error {
		return postgres.Audit(ctx, tx, "ledger_exported", "day:"+office+":"+day.String(), ledger)
	})
}
