package watch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"hunyue/internal/postgres"
)

// The days that the audit is kept (domain rule 88). The law asks for six months, and
// six months have up to 184 days; the database knows this least as well.
const (
	UsualDays = 365
	LeastDays = 184
)

// Remover removes from the audit what is older than its days, the oldest first.
type Remover struct {
	DB   *sqlx.DB // as postgres.Purger: the database lets nobody else
	Days int      // at least LeastDays
	Most int      // rows at a time; 0: 2,000
}

// errTouched keeps what somebody may have to be asked about.
var errTouched = errors.New("the oldest rows of the audit are not as they were sealed, and stay: see hunyue check")

// Remove removes all that is due, a few seals at a time so that nobody waits, and
// returns how many rows those were. Where another server is at it, there is nothing to
// do. What is not as it was sealed is not removed, nor anything after it.
func (r *Remover) Remove(ctx context.Context) (int64, error) {
	var all int64
	for {
		n, err := r.some(ctx)
		all += n
		if err != nil || n == 0 {
			return all, err
		}
	}
}

// end is the oldest part of the chain, whose days are over.
type end struct {
	Seal  int64         `db:"seal"` // the last in it
	Hash  []byte        `db:"hash"` // of that
	Rows  pq.Int64Array `db:"rows"`
	Until time.Time     `db:"until"` // of the newest of them
}

func (r *Remover) some(ctx context.Context) (n int64, err error) {
	err = postgres.InTx(ctx, r.DB, func(tx postgres.Querier) error {
		if err := patient(ctx, tx); err != nil {
			return err
		}
		mine, err := alone(ctx, tx)
		if err != nil || !mine {
			return err
		}
		due, err := r.due(ctx, tx)
		if err != nil || due.Seal == 0 {
			return err
		}
		if err := untouched(ctx, tx, due.Seal); err != nil {
			return err
		}
		n = int64(len(due.Rows))
		return r.remove(ctx, tx, due)
	})
	if err != nil {
		return 0, fmt.Errorf("remove from the audit: %w", err)
	}
	return n, nil
}

// alone reports whether no other server removes anything, and sees to it that none
// does before the transaction has ended.
func alone(ctx context.Context, tx postgres.Querier) (mine bool, err error) {
	err = tx.GetContext(ctx, &mine, `SELECT pg_try_advisory_xact_lock(hashtextextended('remove from the audit', 0))`)
	return mine, err
}

// due is the oldest seals that are wholly over, as many as make up a few rows, but at
// least one. Days end at midnight, so that all is done once a day and not every hour.
// The newest seal of all stays: the next is chained to it.
func (r *Remover) due(ctx context.Context, tx postgres.Querier) (end, error) {
	most := r.Most
	if most == 0 {
		most = 2000
	}
	var found []end
	err := tx.SelectContext(ctx, &found, `
		WITH over AS (
			SELECT date_trunc('day', clock_now(), 'Asia/Shanghai') - make_interval(days => $1) AS before
		), oldest AS (
			SELECT s.id, s.ids, s.hash,
				row_number() OVER (ORDER BY s.id) AS nth,
				sum(cardinality(s.ids)) OVER (ORDER BY s.id) AS rows,
				bool_and(NOT EXISTS (SELECT FROM audit AS a WHERE a.id = ANY (s.ids) AND a.at >= over.before)) OVER (ORDER BY s.id) AS over
			FROM (
				SELECT id, ids, hash
				FROM audit_seal, over
				WHERE id < (SELECT max(id) FROM audit_seal)
				  AND at < over.before
				ORDER BY id
				LIMIT 1500) AS s, over
		), due AS (
			SELECT *
			FROM oldest
			WHERE over
			  AND (rows <= $2 OR nth = 1)
		)
		SELECT due.id AS seal, due.hash, these.rows, coalesce(these.until, clock_now()) AS until
		FROM due
		CROSS JOIN (
			SELECT array_agg(of.id ORDER BY of.id) AS rows, max(a.at) AS until
			FROM due AS d
			CROSS JOIN unnest(d.ids) AS of (id)
			LEFT JOIN audit AS a ON a.id = of.id) AS these
		ORDER BY due.id DESC
		LIMIT 1`, r.Days, most)
	if err != nil || len(found) == 0 {
		return end{}, err
	}
	return found[0], nil
}

// untouched refuses where anything up to that seal is not as it was sealed.
func untouched(ctx context.Context, tx postgres.Querier, seal int64) error {
	var broken []Break
	if err := rowsAsSealed(ctx, tx, seal, &broken); err != nil {
		return err
	}
	if err := sealsAsChained(ctx, tx, seal, &broken); err != nil {
		return err
	}
	if len(broken) > 0 {
		return fmt.Errorf("%w: %s", errTouched, broken[0])
	}
	return nil
}

// remove notes that it does, here and in the audit, and does.
func (r *Remover) remove(ctx context.Context, tx postgres.Querier, due end) error {
	if err := postgres.SetActor(ctx, tx, "purge"); err != nil {
		return err
	}
	var said string
	err := tx.GetContext(ctx, &said, `
		INSERT INTO audit_removal AS r (seal, hash, rows, until, days)
		VALUES ($1, $2, $3, $4, $5)
		RETURNING removal_said(r)`, due.Seal, due.Hash, len(due.Rows), due.Until, r.Days)
	if err != nil {
		return err
	}
	if err := postgres.Audit(ctx, tx, "audit_removed", "audit", said); err != nil {
		return err
	}
	n, err := postgres.Unaudit(ctx, tx, due.Rows)
	if err != nil {
		return err
	}
	if n != int64(len(due.Rows)) {
		return fmt.Errorf("%d rows are gone and %d were due", n, len(due.Rows))
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM audit_seal WHERE id <= $1`, due.Seal)
	return err
}

// Removal is what the auditor is told of what is not there any more.
type Removal struct {
	At    time.Time `db:"at"`    // of the last time
	Until time.Time `db:"until"` // of the newest row that was removed
	Days  int       `db:"days"`  // that the rule was then
	Rows  int64     `db:"rows"`  // all of them, ever
}

// Removed is what was removed so far; ok is false where nothing was.
func (l *Log) Removed(ctx context.Context) (r Removal, ok bool, err error) {
	var found []Removal
	err = l.DB.SelectContext(ctx, &found, `
		SELECT at, until, days, (SELECT sum(rows) FROM audit_removal) AS rows
		FROM audit_removal
		ORDER BY seal DESC
		LIMIT 1`)
	if err != nil || len(found) == 0 {
		if err != nil {
			err = fmt.Errorf("what was removed from the audit: %w", err)
		}
		return Removal{}, false, err
	}
	return found[0], true, nil
}
