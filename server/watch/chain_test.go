package watch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hunyue/internal/postgres"
	"hunyue/server/watch"
)

// audit writes so many rows, each in a transaction of its own.
func (w *world) audit(n int) {
	w.t.Helper()
	for range n {
		if err := audited(w, w.db); err != nil {
			w.t.Fatal(err)
		}
	}
}

func audited(w *world, q postgres.Querier) error {
	ctx := postgres.WithOrigin(w.t.Context(), "10.0.3.17 computer")
	_, err := q.ExecContext(ctx, `WITH who AS MATERIALIZED (SELECT set_actor('test')) SELECT record_audit('reason', 'day:x', NULL, NULL, 'y') FROM who`)
	return err
}

// ended waits until every transaction that began before the newest row has: tests
// beside this one have some on the same server.
func (w *world) ended() {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var all bool
		err := w.db.Get(&all, `
			SELECT count(*) = 0
			FROM audit
			WHERE txid >= pg_snapshot_xmin(pg_current_snapshot())
			  AND txid < pg_snapshot_xmax(pg_current_snapshot())`)
		if err != nil {
			w.t.Fatal(err)
		}
		if all {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatal("a transaction beside this test does not end")
		}
	}
}

func (w *world) seal() {
	w.t.Helper()
	if err := w.Seal(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// wantBreaks verifies, and wants these.
func (w *world) wantBreaks(when string, want ...string) {
	w.t.Helper()
	found, err := watch.Verify(w.t.Context(), w.db)
	if err != nil {
		w.t.Fatal(err)
	}
	var got []string
	for _, b := range found {
		got = append(got, b.String())
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("%s: %q, want %q", when, got, want)
	}
}

// tamper does what only who owns the database can.
func (w *world) tamper(query string) {
	w.t.Helper()
	for _, q := range []string{`SET session_replication_role = replica`, query, `RESET session_replication_role`} {
		if _, err := w.db.Exec(q); err != nil {
			w.t.Fatalf("%s: %v", q, err)
		}
	}
}

// sealedWorld has one connection, 3 rows under one seal and 2 under the next.
func sealedWorld(t *testing.T) (w *world, ids []int64) {
	t.Helper()
	w = newWorld(t)
	w.db.SetMaxOpenConns(1)
	w.audit(3)
	w.ended()
	w.seal()
	w.audit(2)
	w.ended()
	w.seal()
	w.seal() // nothing new: no seal
	if err := w.db.Select(&ids, `SELECT id FROM audit ORDER BY id`); err != nil {
		t.Fatal(err)
	}
	var seals int
	if err := w.db.Get(&seals, `SELECT count(*) FROM audit_seal`); err != nil || seals != 2 || len(ids) != 5 {
		t.Fatalf("%d seals over %d rows (%v), want 2 over 5", seals, len(ids), err)
	}
	w.wantBreaks("untouched")
	return w, ids
}

func TestWhoeverTouchesTheAuditIsNamed(t *testing.T) {
	t.Parallel()
	for name, does := range map[string]struct {
		query string // %d is the second row
		want  string
	}{
		"a word is changed":      {`UPDATE audit SET detail = 'z' WHERE id = %d`, "row %d of the audit was changed"},
		"an actor is changed":    {`UPDATE audit SET actor = 'other' WHERE id = %d`, "row %d of the audit was changed"},
		"a moment is changed":    {`UPDATE audit SET at = at + interval '1 microsecond' WHERE id = %d`, "row %d of the audit was changed"},
		"nothing becomes a word": {`UPDATE audit SET old_status = '' WHERE id = %d`, "row %d of the audit was changed"},
		"another origin":         {`UPDATE audit SET origin = '10.0.3.18 computer' WHERE id = %d`, "row %d of the audit was changed"},
		"no origin any more":     {`UPDATE audit SET origin = NULL WHERE id = %d`, "row %d of the audit was changed"},
		"a row is deleted":       {`DELETE FROM audit WHERE id = %d`, "row %d of the audit was deleted"},
		"a seal is deleted":      {`DELETE FROM audit_seal WHERE id = 1 AND %d > 0`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, ids := sealedWorld(t)
			w.tamper(fmt.Sprintf(does.query, ids[1]))
			if does.want != "" {
				w.wantBreaks(name, fmt.Sprintf(does.want, ids[1]))
				return
			}
			w.wantBreaks(name,
				fmt.Sprintf("row %d of the audit was added", ids[0]), fmt.Sprintf("row %d of the audit was added", ids[1]),
				fmt.Sprintf("row %d of the audit was added", ids[2]), "seal 2 of the audit was cut off from the one before it")
		})
	}
}

func TestWhoeverMendsASealBreaksTheNext(t *testing.T) {
	t.Parallel()
	w, ids := sealedWorld(t)
	w.tamper(fmt.Sprintf(`UPDATE audit SET detail = 'z' WHERE id = %d`, ids[1]))
	w.tamper(`UPDATE audit_seal AS s SET hashes = (SELECT array_agg(audit_hash(a) ORDER BY a.id) FROM audit AS a WHERE a.id = ANY (s.ids)) WHERE id = 1`)
	w.wantBreaks("the row's hash is mended", "seal 1 of the audit was changed")
	w.tamper(`UPDATE audit_seal AS s SET hash = seal_hash(s) WHERE id = 1`)
	w.wantBreaks("the seal is mended as well", "seal 2 of the audit was changed")
}

func TestARowPutInLaterIsNamed(t *testing.T) {
	t.Parallel()
	w, ids := sealedWorld(t)
	w.tamper(fmt.Sprintf(`INSERT INTO audit (actor, action, subject, txid) SELECT 'other', action, subject, txid FROM audit WHERE id = %d`, ids[1]))
	w.wantBreaks("a row of an old transaction", fmt.Sprintf("row %d of the audit was added", ids[4]+1))
	w.audit(1)
	w.ended()
	w.seal()
	w.wantBreaks("a minute later", fmt.Sprintf("row %d of the audit was added", ids[4]+1))
}

// A transaction that began before a seal and ends after it is in a later one: no row
// is left out, though its id is lower than some that are sealed.
func TestWhatCommitsLateIsSealedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	late, err := w.db.Beginx()
	if err != nil {
		t.Fatal(err)
	}
	defer late.Rollback()
	if err := audited(w, late); err != nil {
		t.Fatal(err)
	}
	w.audit(2)
	w.seal() // what came after the late one waits with it
	w.audit(1)
	if err := late.Commit(); err != nil {
		t.Fatal(err)
	}
	w.wantBreaks("before it is sealed")
	w.ended()
	w.seal()
	w.wantBreaks("once it is sealed")
	var unsealed int
	if err := w.db.Get(&unsealed, `SELECT count(*) FROM audit AS a WHERE NOT EXISTS (SELECT FROM audit_seal AS s WHERE a.id = ANY (s.ids))`); err != nil || unsealed != 0 {
		t.Errorf("%d rows are in no seal (%v), want 0", unsealed, err)
	}
	if said := w.said.String(); !strings.Contains(said, "audit sealed") || !strings.Contains(said, `"rows":4`) {
		t.Errorf("the log does not say what was sealed: %s", said)
	}
}

// Where the database is restored on another server, transactions are numbered from
// the beginning again. The chain goes on.
func TestTheChainGoesOnInARestoredDatabase(t *testing.T) {
	t.Parallel()
	w, ids := sealedWorld(t)
	far := fmt.Sprint(int64(1) << 40)
	w.tamper(`UPDATE audit SET txid = '` + far + `'`)
	w.tamper(`UPDATE audit_seal AS s SET to_tx = ` + far + ` + 1, hashes = (SELECT array_agg(audit_hash(a) ORDER BY a.id) FROM audit AS a WHERE a.id = ANY (s.ids))`)
	w.tamper(`UPDATE audit_seal AS s SET hash = seal_hash(s) WHERE id = 1`)
	w.tamper(`UPDATE audit_seal SET previous = (SELECT hash FROM audit_seal WHERE id = 1) WHERE id = 2`)
	w.tamper(`UPDATE audit_seal AS s SET hash = seal_hash(s) WHERE id = 2`)
	w.wantBreaks("as on the other server")
	w.audit(2)
	w.ended()
	w.seal()
	w.audit(1)
	w.ended()
	w.seal()
	w.wantBreaks("after the first seals here")
	var unsealed, twice int
	err := w.db.QueryRow(`
		SELECT count(*) FILTER (WHERE n = 0), count(*) FILTER (WHERE n > 1)
		FROM (SELECT (SELECT count(*) FROM audit_seal AS s WHERE a.id = ANY (s.ids)) AS n FROM audit AS a) AS sealed`).Scan(&unsealed, &twice)
	if err != nil || unsealed != 0 || twice != 0 {
		t.Errorf("%d rows are in no seal and %d in two (%v), want 0", unsealed, twice, err)
	}
	w.tamper(fmt.Sprintf(`UPDATE audit SET detail = 'z' WHERE id = %d`, ids[1]))
	w.wantBreaks("changed afterwards", fmt.Sprintf("row %d of the audit was changed", ids[1]))
}

// Rows from before there were origins are sealed as they were, and one that is put in
// is seen.
func TestRowsWithoutAnOriginAreSealedAsBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.db.SetMaxOpenConns(1)
	err := postgres.InTx(t.Context(), w.db, func(tx postgres.Querier) error {
		if err := postgres.SetActor(t.Context(), tx, "test"); err != nil {
			return err
		}
		return postgres.Audit(t.Context(), tx, "reason", "day:x", "y")
	})
	if err != nil {
		t.Fatal(err)
	}
	var same bool
	err = w.db.Get(&same, `
		SELECT audit_hash(a) = sha256(convert_to(jsonb_build_array(a.id, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
			a.actor, a.action, a.subject, a.old_status, a.new_status, a.detail, a.txid::text)::text, 'UTF8'))
		FROM audit AS a`)
	if err != nil || !same {
		t.Errorf("a row without an origin has another hash than before there were any, %v", err)
	}
	w.ended()
	w.seal()
	w.tamper(`UPDATE audit SET origin = '10.0.3.17 computer'`)
	w.wantBreaks("an origin is put in", "row 1 of the audit was changed")
}
