package hall_test

import (
	"strings"
	"testing"

	"hunyue/internal/postgres"
)

const kept = "55000" // what refuse_change answers

// wantRefused runs SQL that the database must refuse in this state.
func (w *world) wantRefused(state, query string) {
	w.t.Helper()
	_, err := w.DB.ExecContext(w.t.Context(), query)
	if got := postgres.State(err); got != state {
		w.t.Errorf("%s: state %q (%v), want %q", query, got, err, state)
	}
}

func TestWhatTheHallHasWrittenStays(t *testing.T) {
	w := newWorld(t)
	number := w.received()
	refused := w.received()
	w.serve(number)
	if _, err := w.Complete(t.Context(), number, "J430702-2026-000123", "registrar"); err != nil {
		t.Fatal(err)
	}
	if err := w.NotAccepted(t.Context(), refused, "papers missing", "registrar"); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		`UPDATE temperature SET decicelsius = 360`,
		`UPDATE temperature SET supersedes = NULL`,
		`DELETE FROM temperature`,
		`TRUNCATE temperature CASCADE`,
		`UPDATE registration SET certificate = '\x00'`,
		`UPDATE registration SET certificate = NULL, certificate_key = NULL, nationwide = false`,
		`UPDATE registration SET registrar = 'another'`,
		`DELETE FROM registration`,
		`TRUNCATE registration CASCADE`,
		`UPDATE counter_call SET counter = '4'`,
		`DELETE FROM counter_call`,
		`TRUNCATE counter_call`,
		`UPDATE refusal SET reason = 'another'`,
		`DELETE FROM refusal`,
		`TRUNCATE refusal`,
		`UPDATE visit SET ticket = 'A999'`,
		`UPDATE visit SET outcome = 'late', ticket = 'B001'`,
		`DELETE FROM visit`,
		`TRUNCATE visit`,
	} {
		w.wantRefused(kept, query)
	}
	w.wantRefused("HY004", `UPDATE appointment SET status = 'booked' WHERE status = 'completed'`)
	w.wantRefused("HY004", `UPDATE appointment SET status = 'cancelled' WHERE status = 'completed'`)
	w.wantRefused("23505", withCertificate(`NULL, NULL, false`))
	w.wantRefused("23514", withCertificate(`certificate, NULL, false`))                 // found by nothing
	w.wantRefused("23514", withCertificate(`NULL, certificate_key, false`))             // read by nobody
	w.wantRefused("23514", withCertificate(`NULL, NULL, true`))                         // of the present form, and missing
	w.wantRefused("23514", withCertificate(`certificate, 'J430702-2026-000124', true`)) // a key that is none
}

// withCertificate registers a couple again with these values of certificate,
// certificate_key and nationwide.
func withCertificate(values string) string {
	return `INSERT INTO registration (appointment_id, number, service_id, certificate, certificate_key, nationwide, office_id, day, registrar)
		SELECT appointment_id, number, service_id, ` + values + `, office_id, day, registrar FROM registration`
}

func TestReadingsOfAPersonAreOneUnbrokenChain(t *testing.T) {
	w := newWorld(t)
	number := w.book("09:00")
	w.checkIn(arrival(number, 374, 366))
	w.at("09:01")
	w.checkIn(arrivalWith("T2", number, 365, 366))

	w.wantCount(2, "beginnings", `SELECT count(*) FROM temperature WHERE supersedes IS NULL`)
	w.wantCount(4, "readings reached from their beginning", `
		WITH RECURSIVE reached AS (
			SELECT id, chain FROM temperature WHERE supersedes IS NULL
			UNION
			SELECT t.id, t.chain FROM temperature AS t JOIN reached AS r ON t.supersedes = r.id AND t.chain = r.chain
		)
		SELECT count(*) FROM reached`)

	// add inserts a reading of a role of this appointment behind another reading.
	add := func(role, behind string) string {
		return strings.NewReplacer("ROLE", role, "BEHIND", behind).Replace(`
			INSERT INTO temperature (kind, office_id, day, appointment_id, role, decicelsius, threshold, device, recorded_by, supersedes)
			SELECT 'party', office_id, day, appointment_id, ROLE, 365, 373, 'T1', 'test', BEHIND FROM visit`)
	}
	w.wantRefused("23505", add("1", "NULL"))                                              // a second beginning
	w.wantRefused("23505", add("1", "(SELECT min(id) FROM temperature WHERE role = 1)"))  // a fork
	w.wantRefused("23503", add("1", "(SELECT max(id) FROM temperature WHERE role = 2)"))  // into another's chain
	w.wantRefused("23514", add("1", "9999"))                                              // what is yet to come
	w.wantRefused("23514", strings.Replace(add("1", "NULL"), "365", "339", 1))            // no body is so cold
	w.wantRefused("23514", strings.Replace(add("NULL", "NULL"), "'party'", "'staff'", 1)) // a staff member without an account
	w.run(add("1", "(SELECT max(id) FROM temperature WHERE role = 1)"))                   // a correction
	w.wantCount(5, "readings", readings)
}
