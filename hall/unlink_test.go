package hall_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"hunyue/hall"
	"hunyue/internal/postgres"
	"hunyue/internal/testenv"
)

// as is a connection to the database of w that works as a role.
func (w *world) as(role postgres.Role) *sqlx.DB {
	w.t.Helper()
	db := testenv.Pool(w.t, w.DB)
	db.SetMaxOpenConns(1)
	if role != postgres.Owner {
		if _, err := db.ExecContext(w.t.Context(), `SET ROLE `+string(role)); err != nil {
			w.t.Fatal(err)
		}
	}
	return db
}

// measured is a day with a couple, a fever that passed, a companion and staff.
func (w *world) measured() {
	w.t.Helper()
	number := w.book("09:00")
	along := arrival(number, 374, 366)
	along.Companions = []hall.Companion{{Reason: "interpreter", Decicelsius: 381, Device: "T1"}}
	w.checkIn(along)
	w.at("09:01")
	w.checkIn(arrivalWith("T2", number, 365))
	w.recordStaff(staffReading("registrar", "T1", 365))
}

const (
	denied = "42501"
	linked = `SELECT count(*) FROM temperature WHERE appointment_id IS NOT NULL`
)

func TestNoRoleChangesAReading(t *testing.T) {
	w := newWorld(t)
	w.measured()
	w.on(theDay.AddDays(40), "09:00") // all of it may be unlinked by now
	w.run(`INSERT INTO reading_count (office_id, day, measured, abnormal) VALUES ($1, $2, 3, 1)`, office, theDay)
	unlinks := `UPDATE temperature SET appointment_id = NULL, unlinked_at = clock_now(), at = '2026-05-20T00:00+08' WHERE kind = 'party'`
	writes := []string{
		`UPDATE temperature SET decicelsius = 360`,
		`UPDATE temperature SET recorded_by = 'another'`,
		`UPDATE temperature SET supersedes = NULL`,
		`UPDATE temperature SET at = clock_now()`,
		`DELETE FROM temperature`,
		`DELETE FROM temperature WHERE kind = 'companion'`,
		`TRUNCATE temperature CASCADE`,
	}
	for role, state := range map[postgres.Role]string{postgres.Owner: kept, postgres.App: denied, postgres.Purger: denied} {
		db := w.as(role)
		all := writes
		if role != postgres.Purger {
			all = append(all, unlinks)
		}
		for _, query := range all {
			_, err := db.ExecContext(t.Context(), query)
			got := postgres.State(err)
			if got != state && (role != postgres.Purger || got != kept) { // a column that it may write, otherwise than it may
				t.Errorf("as %q %s: state %q (%v), want %q", role, query, got, err, state)
			}
		}
	}
	purger := w.as(postgres.Purger)
	for _, query := range []string{
		strings.Replace(unlinks, "kind = 'party'", "kind = 'staff'", 1),
		strings.Replace(unlinks, "2026-05-20T00:00", "2026-05-20T09:00", 1),
		strings.Replace(unlinks, "unlinked_at = clock_now(), ", "", 1),
	} {
		if _, err := purger.ExecContext(t.Context(), query); postgres.State(err) == "" {
			t.Errorf("%s was done (%v)", query, err)
		}
	}
	for _, query := range []string{
		`SELECT count(*) FROM appointment`, `SELECT count(*) FROM party`, `SELECT count(*) FROM visit`, `SELECT count(*) FROM account`,
		`INSERT INTO temperature (kind, office_id, day, staff_id, decicelsius, threshold, device, recorded_by) VALUES ('staff', '430702', '2026-05-20', 'x', 365, 373, 'T1', 'x')`,
		`UPDATE reading_count SET measured = 0`, `UPDATE incident SET office_id = '430703'`, `UPDATE audit SET detail = 'z'`,
	} {
		if _, err := purger.ExecContext(t.Context(), query); postgres.State(err) != denied {
			t.Errorf("the purge role: %s: %v, want it denied", query, err)
		}
	}
	if n := w.count(linked); n != 4 {
		t.Errorf("%d readings are linked, want all 4 of visitors", n)
	}
	if _, err := purger.ExecContext(t.Context(), unlinks); err != nil {
		t.Errorf("what the role is for: %v", err)
	}
}

func TestTheAppCannotChangeWhatIsKept(t *testing.T) {
	w := newWorld(t)
	app := w.as(postgres.App)
	var kept []string
	if err := w.DB.Select(&kept, `SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname IN ('kept_rows', 'purged_rows') GROUP BY 1 ORDER BY 1`); err != nil {
		t.Fatal(err)
	}
	if len(kept) < 20 {
		t.Fatalf("%d tables are kept: they are no longer found by their trigger", len(kept))
	}
	for _, table := range kept {
		for _, query := range []string{`DELETE FROM ` + table, `TRUNCATE ` + table, `ALTER TABLE ` + table + ` DISABLE TRIGGER ALL`, `DROP TABLE ` + table} {
			if _, err := app.ExecContext(t.Context(), query); postgres.State(err) != denied {
				t.Errorf("%s: %v, want it denied", query, err)
			}
		}
	}
	if _, err := app.ExecContext(t.Context(), `SELECT make_roles()`); postgres.State(err) != denied {
		t.Errorf("the app may grant: %v", err)
	}
}

func TestReadingsAreNobodysAfterTheirDays(t *testing.T) {
	w := newWorld(t)
	w.measured()
	before, err := w.Report(t.Context(), office, theDay)
	if err != nil {
		t.Fatal(err)
	}
	u := &hall.Unlinker{DB: w.as(postgres.Purger)}
	unlink := func(want int64) {
		t.Helper()
		if n, err := u.Unlink(context.WithoutCancel(t.Context())); err != nil || n != want {
			t.Errorf("%d unlinked (%v), want %d", n, err, want)
		}
	}
	w.on(theDay.AddDays(30), "23:59")
	unlink(0)
	w.on(theDay.AddDays(31), "00:01")
	unlink(4)
	unlink(0)
	w.wantCount(0, "linked readings", linked)
	w.wantCount(0, "minutes", `SELECT count(*) FROM temperature WHERE kind <> 'staff' AND at <> '2026-05-20T00:00+08'`)
	w.wantCount(1, "readings of staff with their minute", `SELECT count(*) FROM temperature WHERE kind = 'staff' AND staff_id = 'registrar' AND at <> '2026-05-20T00:00+08'`)
	w.wantCount(1, "links of a chain", `SELECT count(*) FROM temperature AS t JOIN temperature AS before ON before.id = t.supersedes`)
	w.wantCount(1, "audit rows", `SELECT count(*) FROM audit WHERE action = 'readings_unlinked' AND actor = 'purge' AND detail = '4'`)
	w.wantCount(1, "counts", fmt.Sprintf(`SELECT count(*) FROM reading_count WHERE measured = %d AND abnormal = %d`, before.Measured, before.Abnormal))
	after, err := w.Report(t.Context(), office, theDay)
	if err != nil || after.Measured != before.Measured || after.Abnormal != before.Abnormal || after.StaffMeasured != before.StaffMeasured {
		t.Errorf("%+v (%v), want the counts of %+v", after, err, before)
	}
}

func TestAnOfficeKeepsReadingsAsLongAsItsRule(t *testing.T) {
	w := newWorld(t)
	w.rules(`{"reading_days": 7}`)
	w.measured()
	u := &hall.Unlinker{DB: w.as(postgres.Purger)}
	w.on(theDay.AddDays(7), "12:00")
	if n, err := u.Unlink(t.Context()); n != 0 || err != nil {
		t.Errorf("%d unlinked on the last day (%v)", n, err)
	}
	w.on(theDay.AddDays(8), "12:00")
	if n, err := u.Unlink(t.Context()); n != 4 || err != nil {
		t.Errorf("%d unlinked (%v), want 4", n, err)
	}
}
