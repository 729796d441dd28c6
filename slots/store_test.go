package slots_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/jmoiron/sqlx"

	"hunyue/internal/clock"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/internal/testenv"
	"hunyue/slots"
)

// wuling is the office of most tests. It is Monday, 18 May 2026, ten in the
// morning there.
const wuling = "430702"

func monday() time.Time {
	return time.Date(2026, time.May, 18, 10, 0, 0, 0, time.FixedZone("CST", 8*60*60))
}

// newStore is a store with wuling, the known calendars and the default week.
func newStore(t testing.TB) *slots.Store {
	t.Helper()
	s := &slots.Store{DB: testenv.DB(t), Clock: new(clock.Clock)}
	setTime(t, s, monday())
	if err := s.KnownCalendars(t.Context(), "setup"); err != nil {
		t.Fatal(err)
	}
	putOffice(t, s, wuling)
	putSchedule(t, s, "2026-05-18", week())
	return s
}

// setTime sets the clocks of the program and of Postgres.
func setTime(t testing.TB, s *slots.Store, now time.Time) {
	t.Helper()
	shift := now.Sub(s.Clock.Now()) + s.Clock.Shift()
	s.Clock.Set(shift)
	if err := postgres.Shift(t.Context(), s.DB, shift); err != nil {
		t.Fatal(err)
	}
}

func putOffice(t testing.TB, s *slots.Store, id string) {
	t.Helper()
	services, err := s.Services(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := slots.Office{ID: id, Name: "武陵区婚姻登记处", NameEN: "Wuling", Address: "人民路1号", Phone: "0736-0000000", Services: services}
	if err := s.PutOffice(t.Context(), o, "setup"); err != nil {
		t.Fatalf("%v %v", err, fault.Of(err).Fields)
	}
}

// week is mornings of two slots from Monday to Friday.
func week() slots.Template {
	hours := []slots.Period{{From: 9 * 60, To: 10 * 60}}
	return slots.Template{
		SlotMinutes: 30,
		Weekdays:    slots.Week{"mon": hours, "tue": hours, "wed": hours, "thu": hours, "fri": hours},
		Capacity:    slots.Capacity{slots.Marriage: 10, slots.Divorce: 1},
	}
}

func putSchedule(t testing.TB, s *slots.Store, from string, template slots.Template) {
	t.Helper()
	if err := s.PutSchedule(t.Context(), wuling, day(t, from), template, "manager"); err != nil {
		t.Fatalf("%v %v", err, fault.Of(err).Fields)
	}
}

func publish(t testing.TB, s *slots.Store, from, to string) slots.Preview {
	t.Helper()
	p, err := s.Publish(t.Context(), wuling, day(t, from), day(t, to), slots.PublishOptions{}, "manager")
	if err != nil {
		t.Fatalf("publish: %v %v", err, fault.Of(err).Fields)
	}
	return p
}

func quotas(t *testing.T, s *slots.Store, from, to string) []slots.Quota {
	t.Helper()
	all, err := s.Quotas(t.Context(), wuling, day(t, from), day(t, to))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func quota(t *testing.T, s *slots.Store, id string) slots.Quota {
	t.Helper()
	q, err := s.Quota(t.Context(), s.DB, id)
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	return q
}

// take books n places as booking does, without a couple.
func take(t *testing.T, s *slots.Store, id string, n int) {
	t.Helper()
	for range n {
		if err := takeOne(t.Context(), s.DB, id, 1); err != nil {
			t.Fatal(err)
		}
	}
}

func takeOne(ctx context.Context, db *sqlx.DB, id string, epoch int) error {
	_, err := db.ExecContext(ctx, `SELECT take_place($1, $2)`, id, epoch)
	return err
}

// free cancels a place, which cools until the given instant.
func free(t *testing.T, s *slots.Store, id string, until any) {
	t.Helper()
	if _, err := s.DB.ExecContext(t.Context(), `SELECT free_place($1, $2)`, id, until); err != nil {
		t.Fatal(err)
	}
}

func inTx(t *testing.T, s *slots.Store, f func(tx postgres.Querier) error) {
	t.Helper()
	if err := postgres.InTx(t.Context(), s.DB, f); err != nil {
		t.Fatalf("%v %v", err, fault.Of(err).Fields)
	}
}

// audited is what the audit says of actions by the actor: "action subject detail".
func audited(t *testing.T, s *slots.Store, actor string, actions ...string) []string {
	t.Helper()
	var all []struct {
		Action  string `db:"action"`
		Subject string `db:"subject"`
		Detail  string `db:"detail"`
	}
	err := s.DB.SelectContext(t.Context(), &all, `
		SELECT action, subject, coalesce(detail, '') AS detail
		FROM audit
		WHERE actor = $1
		ORDER BY id`, actor)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, a := range all {
		if slices.Contains(actions, a.Action) {
			lines = append(lines, strings.TrimSpace(a.Action+" "+a.Subject+" "+a.Detail))
		}
	}
	return lines
}
