package booking

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"hunyue/internal/postgres"
	"hunyue/slots"
)

// confirmation is the arguments of the database's confirm.
type confirmation struct {
	grant    grant
	fresh    bool
	key      string
	body     []byte
	code     []byte // nil: not asked
	actor    string
	perPhone int // 0: no limit
	service  string
	channel  slots.Channel
	numbers  []string
	caller   []byte
	phone    []byte
	contact  []byte
	locale   string
	consents string
	persons  [][]byte
	sealed   [][]byte
	misses   pq.Int64Array // see misses
	link     []byte        // see asks; nil: both persons are taken at once
}

// confirmed is its answer.
type confirmed struct {
	Result      string         `db:"result"`
	Reason      string         `db:"reason"` // of void
	Number      string         `db:"number"`
	Appointment int64          `db:"appointment"`
	Status      Status         `db:"status"`
	Starts      time.Time      `db:"starts"`
	Ends        time.Time      `db:"ends"`
	Lines       pq.StringArray `db:"lines"`
}

const confirmSQL = `
	SELECT result,
		coalesce(reason, '') AS reason,
		coalesce(number, '') AS number,
		coalesce(appointment, 0) AS appointment,
		coalesce(status, '') AS status,
		coalesce(starts, 'epoch') AS starts,
		coalesce(ends, 'epoch') AS ends,
		coalesce(lines, '{}') AS lines
	FROM confirm($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`

func runConfirm(ctx context.Context, db postgres.Querier, c confirmation) (confirmed, error) {
	var made confirmed
	err := db.GetContext(ctx, &made, confirmSQL,
		c.grant.Hold, c.fresh, c.grant.Quota, c.grant.Epoch, c.grant.ends(),
		c.key, c.body, c.code, c.actor, c.perPhone,
		c.service, string(c.channel), pq.StringArray(c.numbers), c.caller, c.phone, c.contact, c.locale, c.consents,
		pq.ByteaArray(c.persons), pq.ByteaArray(c.sealed), c.misses, c.link)
	if err != nil {
		return made, fmt.Errorf("confirm: %w", err)
	}
	return made, nil
}

// voidHold ends a hold in the database and returns how it has really ended.
func voidHold(ctx context.Context, db postgres.Querier, g grant, ending, why string) (string, []string, error) {
	var row struct {
		Ended string         `db:"ended"`
		Lines pq.StringArray `db:"lines"`
	}
	err := db.GetContext(ctx, &row, `
		SELECT ended, lines
		FROM void_hold($1, $2, $3, $4)`,
		g.Hold, g.Quota, ending, why)
	if err != nil {
		return "", nil, fmt.Errorf("void hold: %w", err)
	}
	return row.Ended, row.Lines, nil
}

// Forget deletes the clients' keys of more than a day ago, and returns how many.
// Until then a key with another request is refused. The same request is answered
// the same for ever: that is the hold's outcome, which stays.
func (d *Desk) Forget(ctx context.Context) (int64, error) {
	done, err := d.DB.ExecContext(ctx, `
		DELETE FROM idempotency
		WHERE at < (SELECT clock_now()) - interval '24 hours'`)
	if err != nil {
		return 0, fmt.Errorf("forget old keys: %w", err)
	}
	return done.RowsAffected()
}
