package watch_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"hunyue/internal/postgres"
	"hunyue/internal/testenv"
	"hunyue/server/watch"
)

const day = 24 * time.Hour

// as is one connection of its own that works as a role.
func (w *world) as(role postgres.Role) *sqlx.DB {
	w.t.Helper()
	db := testenv.Pool(w.t, w.db)
	db.SetMaxOpenConns(1)
	if role != postgres.Owner {
		if _, err := db.ExecContext(w.t.Context(), `SET ROLE `+string(role)); err != nil {
			w.t.Fatal(err)
		}
	}
	return db
}

func (w *world) remover() *watch.Remover {
	return &watch.Remover{DB: w.as(postgres.Purger), Days: watch.UsualDays}
}

// removes has everything removed that is due, and wants so many rows gone.
func (w *world) removes(when string, r *watch.Remover, want int64) {
	w.t.Helper()
	if n, err := r.Remove(w.t.Context()); err != nil || n != want {
		w.t.Errorf("%s: %d rows were removed (%v), want %d", when, n, err, want)
	}
}

// agedWorld has four seals, a day apart: of 3, 4, 5 and 2 rows.
func agedWorld(t *testing.T) (w *world, ids []int64) {
	t.Helper()
	w = newWorld(t)
	w.db.SetMaxOpenConns(1)
	for _, rows := range []int{3, 4, 5, 2} {
		w.audit(rows)
		w.ended()
		w.seal()
		w.later(2 * day)
	}
	if err := w.db.Select(&ids, `SELECT id FROM audit ORDER BY id`); err != nil || len(ids) != 14 {
		t.Fatalf("%d rows (%v), want 14", len(ids), err)
	}
	w.wantBreaks("untouched")
	return w, ids
}

func (w *world) wantSeals(when string, want ...int64) {
	w.t.Helper()
	var got []int64
	if err := w.db.Select(&got, `SELECT id FROM audit_seal ORDER BY id`); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Errorf("%s: seals %v (%v), want %v", when, got, err, want)
	}
}

// Kept for its days, gone after them, and the chain can be verified before, between
// and after.
func TestTheAuditIsKeptForItsDaysAndNotLonger(t *testing.T) {
	t.Parallel()
	w, ids := agedWorld(t)
	r := w.remover()
	if _, ok, err := w.Removed(t.Context()); ok || err != nil {
		t.Errorf("something is said to have been removed: %t, %v", ok, err)
	}
	w.later(355 * day) // 363 after the first rows
	w.removes("two days early", r, 0)
	w.wantSeals("two days early", 1, 2, 3, 4)

	w.later(4 * day) // 367 after the first, 365 and less after the others
	w.removes("in time for the first", r, 3)
	w.removes("again", r, 0)
	w.wantBreaks("after three rows")
	w.wantSeals("after three rows", 2, 3, 4)
	if n := w.audited(fmt.Sprintf(`id <= %d`, ids[2])); n != 0 {
		t.Errorf("%d rows are left of those whose days are over", n)
	}
	if n := w.audited(`action = 'audit_removed' AND actor = 'purge' AND detail LIKE '3 rows until %, kept 365 days, seal 1 %'`); n != 1 {
		t.Errorf("%d rows say that rows were removed, want 1", n)
	}
	w.ended()
	w.seal()
	w.wantBreaks("the removal is sealed as well")

	w.later(10 * day)
	r.Most = 6 // rows at a time: the second seal alone, then the third
	w.removes("in time for all", r, 11)
	w.wantBreaks("after all")
	w.wantSeals("the newest stays, and is chained to nothing else", 5)
	got, ok, err := w.Removed(t.Context())
	if err != nil || !ok || got.Rows != 14 || got.Days != 365 || got.Until.After(got.At.Add(-365*day)) {
		t.Errorf("what was removed is told as %+v %t, %v", got, ok, err)
	}
	if n := w.audited(`action = 'audit_removed'`); n != 4 {
		t.Errorf("%d removals are in the audit, want 4: of 3, 4, 5 and 2 rows", n)
	}
	w.ended()
	w.seal()
	w.wantBreaks("the chain goes on")

	w.later(400 * day)
	w.removes("the audit of removals has its days as well", r, 1)
	w.wantBreaks("a year later")
	w.wantSeals("nothing happened since: the newest stays", 6)
}

// What happens within a year is as well seen as before: a removal hides nothing.
func TestWhoeverTouchesTheAuditAfterARemovalIsNamed(t *testing.T) {
	t.Parallel()
	for name, does := range map[string]struct{ query, want string }{
		"a row in the middle is deleted": {`DELETE FROM audit WHERE id = %d`, "row %d of the audit was deleted"},
		"a row is changed":               {`UPDATE audit SET actor = 'other' WHERE id = %d`, "row %d of the audit was changed"},
		"one more seal and its rows": {
			`WITH s AS (DELETE FROM audit_seal WHERE id = 2 RETURNING ids) DELETE FROM audit USING s WHERE id = ANY (ids) AND %d > 0`,
			"seal 3 of the audit was cut off from the one before it",
		},
		"and a removal that nobody noted": {
			`WITH s AS (DELETE FROM audit_seal WHERE id = 2 RETURNING id, ids, hash), gone AS (DELETE FROM audit USING s WHERE audit.id = ANY (ids))
			INSERT INTO audit_removal (seal, hash, rows, until, days) SELECT id, hash, 4, clock_now() - interval '366 days', 365 FROM s WHERE %d > 0`,
			"removal 2 of the audit was put in",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, ids := agedWorld(t)
			w.later(359 * day)
			w.removes("in time for the first", w.remover(), 3)
			w.ended()
			w.seal()
			w.tamper(fmt.Sprintf(does.query, ids[5]))
			want := does.want
			if strings.Contains(want, "%d") {
				want = fmt.Sprintf(want, ids[5])
			}
			w.wantBreaks(name, want)
		})
	}
}

// What somebody touched stays where it is, and all after it, until somebody has
// looked: the job destroys no evidence.
func TestWhatIsNotAsItWasSealedIsNotRemoved(t *testing.T) {
	t.Parallel()
	w, ids := agedWorld(t)
	w.later(400 * day)
	w.tamper(fmt.Sprintf(`UPDATE audit SET detail = 'z' WHERE id = %d`, ids[5]))
	r := w.remover()
	r.Most = 3
	n, err := r.Remove(t.Context())
	if n != 3 || err == nil || !strings.Contains(err.Error(), fmt.Sprintf("row %d of the audit was changed", ids[5])) {
		t.Errorf("%d rows were removed, %v; want the 3 before and a complaint", n, err)
	}
	w.wantSeals("since", 2, 3, 4)
	w.wantBreaks("still there", fmt.Sprintf("row %d of the audit was changed", ids[5]))
}

func TestServersAtOnceRemoveEachRowOnce(t *testing.T) {
	t.Parallel()
	w, _ := agedWorld(t)
	w.later(400 * day)
	w.db.SetMaxOpenConns(4)
	removed := make([]int64, 4)
	var all errgroup.Group
	for i := range removed {
		r := w.remover()
		r.Most = 1
		all.Go(func() (err error) {
			removed[i], err = r.Remove(t.Context())
			return err
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, n := range removed {
		sum += n
	}
	rest, err := w.remover().Remove(t.Context()) // what nobody took, because another was at it
	if got, _, told := w.Removed(t.Context()); sum+rest != 12 || got.Rows != 12 || errors.Join(err, told) != nil {
		t.Errorf("%d and %d rows were removed and %d noted (%v), want 12", sum, rest, got.Rows, errors.Join(err, told))
	}
	w.wantBreaks("afterwards")
}

// No setting and no role ends the audit before the law lets it.
func TestNobodyEndsTheAuditEarly(t *testing.T) {
	t.Parallel()
	w, ids := agedWorld(t)
	w.later(170 * day) // 178 after the first rows
	r := w.remover()
	r.Days = 100
	if n, err := r.Remove(t.Context()); n != 0 || !postgres.Violates(err, "audit_removal_days_check") {
		t.Errorf("after 178 days %d rows were removed by a rule of 100, %v", n, err)
	}
	const (
		denied = "42501"
		kept   = "55000"
		wrong  = "23514"
	)
	note := func(days int, until string) string {
		return fmt.Sprintf(`INSERT INTO audit_removal (seal, hash, rows, until, days) VALUES (1, sha256(''), 3, clock_now() - interval '%s', %d);`, until, days)
	}
	row, seal := fmt.Sprintf(`DELETE FROM audit WHERE id = %d`, ids[0]), `DELETE FROM audit_seal WHERE id = 1`
	for _, tried := range []struct {
		as   postgres.Role
		what string
		want string
	}{
		{postgres.App, row, denied},
		{postgres.App, seal, denied},
		{postgres.App, `UPDATE audit SET detail = 'z'`, denied},
		{postgres.App, `TRUNCATE audit`, denied},
		{postgres.App, note(184, "185 days"), denied},
		{postgres.Purger, row, kept},
		{postgres.Purger, seal, kept},
		{postgres.Purger, `UPDATE audit SET detail = 'z'`, denied},
		{postgres.Purger, `TRUNCATE audit`, denied},
		{postgres.Purger, note(183, "184 days"), wrong},
		{postgres.Purger, note(184, "183 days"), wrong},
		{postgres.Purger, note(184, "185 days") + row, kept}, // the row is younger than what is noted
		{postgres.Owner, row, kept},
		{postgres.Owner, note(184, "185 days") + row, kept},
		{postgres.Owner, seal, kept},
		{postgres.Owner, `UPDATE audit SET detail = 'z'`, kept},
		{postgres.Owner, `TRUNCATE audit`, kept},
		{postgres.Owner, `UPDATE audit_seal SET hash = sha256('')`, kept},
	} {
		if _, err := w.as(tried.as).ExecContext(t.Context(), tried.what); postgres.State(err) != tried.want {
			t.Errorf("as %q, %s: %v, want %s", tried.as, tried.what, err, tried.want)
		}
	}
	w.wantBreaks("nothing came of it")
	if n := w.audited(`true`); n != 14 {
		t.Errorf("%d rows, want all 14", n)
	}
}
