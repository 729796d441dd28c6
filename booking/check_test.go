package booking

import (
	"fmt"
	"maps"
	"testing"
)

// Where the audit has ended for an appointment, its history is not missed; where it
// has not, a row that is gone is found out as before.
func TestACheckMissesOnlyWhatTheAuditStillHasToHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	slot := w.slot("0900", 2)
	old, young := w.book(slot), w.book(slot)
	w.drain()
	w.check()
	tampers := func(query string, args ...any) {
		w.exec(`SET session_replication_role = replica; ` + fmt.Sprintf(query, args...) + `; RESET session_replication_role`)
	}
	want := func(when string, bad map[string]int) {
		t.Helper()
		if got := w.violations(); !maps.Equal(got, bad) {
			t.Errorf("%s: %v, want %v", when, got, bad)
		}
	}
	missed := func(n int) map[string]int {
		return map[string]int{"every_change_is_audited_once": n, "audit_ends_where_the_appointment_stands": n}
	}
	tampers(`UPDATE appointment SET created_at = created_at - interval '400 days' WHERE id = %d`, old.ID)
	tampers(`DELETE FROM audit WHERE subject = 'appointment:%d'`, old.ID)
	want("a history was taken away", missed(1))
	w.exec(`INSERT INTO audit_removal (seal, hash, rows, until, days) VALUES (1, sha256(''), 1, clock_now() - interval '399 days', 365)`)
	want("its days were over", map[string]int{})
	tampers(`DELETE FROM audit WHERE subject = 'appointment:%d'`, young.ID)
	want("another was taken away, whose days are not", missed(1))
}
