package watch

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/jmoiron/sqlx"

	"hunyue/internal/postgres"
)

// Seal seals the audit rows that are new, and has the log say with which hash: who
// keeps the log elsewhere can show which chain was there. It waits for nobody who
// writes the audit.
func (l *Log) Seal(ctx context.Context) error {
	var made []struct {
		ID   int64  `db:"id"`
		Rows int    `db:"rows"`
		Hash []byte `db:"hash"`
	}
	err := postgres.InTx(ctx, l.DB, func(tx postgres.Querier) error {
		if err := patient(ctx, tx); err != nil {
			return err
		}
		return tx.SelectContext(ctx, &made, `SELECT id, cardinality(ids) AS rows, hash FROM seal_audit()`)
	})
	if err != nil {
		return fmt.Errorf("seal the audit: %w", err)
	}
	for _, s := range made {
		l.Log.InfoContext(ctx, "audit sealed", "seal", s.ID, "rows", s.Rows, "hash", hex.EncodeToString(s.Hash))
	}
	return nil
}

// patient gives a transaction the time that a long audit takes.
func patient(ctx context.Context, tx postgres.Querier) error {
	if _, err := tx.ExecContext(ctx, `SET LOCAL statement_timeout = '10min'`); err != nil {
		return fmt.Errorf("more time for the audit: %w", err)
	}
	return nil
}

// Break is something in the audit that is not as it was sealed.
type Break struct {
	What string `db:"what"` // row, seal or removal
	ID   int64  `db:"id"`
	How  string `db:"how"` // changed, deleted, added, …
}

// String names it in a sentence.
func (b Break) String() string { return fmt.Sprintf("%s %d of the audit was %s", b.What, b.ID, b.How) }

// all is an upTo that leaves no seal out.
const all int64 = 0

// Verify compares every audit row with its seal, and every seal with the one before
// it; the oldest that is left is chained to what was removed before it, because its
// days were over. What was cut off at the end is seen only by whoever has kept the
// newest hash.
func Verify(ctx context.Context, db *sqlx.DB) ([]Break, error) {
	found := []Break{}
	err := postgres.InTx(ctx, db, func(tx postgres.Querier) error {
		if err := patient(ctx, tx); err != nil {
			return err
		}
		if err := rowsAsSealed(ctx, tx, all, &found); err != nil {
			return err
		}
		if err := sealsAsChained(ctx, tx, all, &found); err != nil {
			return err
		}
		return removalsAsNoted(ctx, tx, &found)
	})
	if err != nil {
		return nil, fmt.Errorf("verify the audit: %w", err)
	}
	return found, nil
}

// rowsAsSealed adds to found the rows that are not as the seals up to one say. Whether
// a row was put in is known only where that is all of them.
func rowsAsSealed(ctx context.Context, tx postgres.Querier, upTo int64, found *[]Break) error {
	return tx.SelectContext(ctx, found, `
		WITH sealed AS (
			SELECT of.id, of.hash
			FROM audit_seal AS s, unnest(s.ids, s.hashes) AS of (id, hash)
			WHERE $1 = 0
			   OR s.id <= $1
		), newest AS (
			SELECT to_tx, base
			FROM audit_seal
			ORDER BY id DESC
			LIMIT 1
		)
		SELECT 'row' AS what, sealed.id, CASE WHEN a.id IS NULL THEN 'deleted' ELSE 'changed' END AS how
		FROM sealed
		LEFT JOIN audit AS a ON a.id = sealed.id
		WHERE a.id IS NULL
		   OR audit_hash(a) <> sealed.hash
		UNION ALL
		SELECT 'row', a.id, 'added'
		FROM audit AS a, newest
		WHERE $1 = 0
		  AND (a.id <= base
		    OR a.txid::text::bigint < to_tx
		    OR a.txid::text::bigint >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
		  AND NOT EXISTS (SELECT FROM sealed WHERE sealed.id = a.id)
		ORDER BY id`, upTo)
}

// sealsAsChained adds the seals up to one that are not as they were made.
func sealsAsChained(ctx context.Context, tx postgres.Querier, upTo int64, found *[]Break) error {
	var broken []Break
	err := tx.SelectContext(ctx, &broken, `
		WITH removed AS (
			SELECT coalesce(max(seal), 0) AS seal, coalesce((SELECT hash FROM audit_removal ORDER BY seal DESC LIMIT 1), '') AS hash
			FROM audit_removal
		)
		SELECT 'seal' AS what, id, CASE WHEN id <> before + 1 THEN 'cut off from the one before it' ELSE 'changed' END AS how
		FROM (
			SELECT s.id, s.hash, s.previous, seal_hash(s) AS should,
				lag(s.id, 1, removed.seal) OVER (ORDER BY s.id) AS before,
				lag(s.hash, 1, removed.hash) OVER (ORDER BY s.id) AS hash_before
			FROM audit_seal AS s, removed
			WHERE $1 = 0
			   OR s.id <= $1
		) AS chained
		WHERE id <> before + 1
		   OR previous <> hash_before
		   OR hash <> should
		ORDER BY id`, upTo)
	*found = append(*found, broken...)
	return err
}

// removalsAsNoted adds what is said to have been removed and is not in the audit, for
// as long as the audit would still have it.
func removalsAsNoted(ctx context.Context, tx postgres.Querier, found *[]Break) error {
	var broken []Break
	err := tx.SelectContext(ctx, &broken, `
		SELECT 'removal' AS what, r.seal AS id, 'put in' AS how
		FROM audit_removal AS r
		LEFT JOIN audit AS a ON a.action = 'audit_removed' AND a.subject = 'audit' AND a.actor = 'purge' AND a.detail = removal_said(r)
		WHERE a.id IS NULL
		  AND r.at > (SELECT max(until) FROM audit_removal)
		ORDER BY r.seal`)
	*found = append(*found, broken...)
	return err
}
