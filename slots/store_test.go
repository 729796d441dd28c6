package slots_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"hunyue/internal/clock"
	"hunyue/internal/date"
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
func newStore(t *testing.T) *slots.Store {
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
func setTime(t *testing.T, s *slots.Store, now time.Time) {
	t.Helper()
	shift := now.Sub(s.Clock.Now()) + s.Clock.Shift()
	s.Clock.Set(shift)
	if err := postgres.Shift(t.Context(), s.DB, shift); err != nil {
		t.Fatal(err)
	}
}

func putOffice(t *testing.T, s *slots.Store, id string) {
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

func putSchedule(t *testing.T, s *slots.Store, from string, template slots.Template) {
	t.Helper()
	if err := s.PutSchedule(t.Context(), wuling, day(t, from), template, "manager"); err != nil {
		t.Fatalf("%v %v", err, fault.Of(err).Fields)
	}
}

func publish(t *testing.T, s *slots.Store, from, to string) slots.Preview {
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

func TestOffices(t *testing.T) {
	s := newStore(t)
	putOffice(t, s, "430703")
	offices, err := s.Offices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(offices) != 2 || offices[0].ID != wuling || offices[1].ID != "430703" {
		t.Fatalf("got %v, want two offices", offices)
	}
	o, err := s.Office(t.Context(), wuling)
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Services) != 11 || o.Services[0].ID != "marriage" || o.Location.String() != "Asia/Shanghai" {
		t.Errorf("got %d services from %v in %s; want 11, marriage first, in Asia/Shanghai", len(o.Services), o.Services, o.Location)
	}
	if service, ok := o.Service("divorce_withdraw"); !ok || service.Group != slots.Divorce || service.PartiesMin != 1 || service.PartiesMax != 1 {
		t.Errorf("a withdrawal is %+v, %t; want one party of the divorces", service, ok)
	}
	for _, id := range []string{"430704", "", "'; --"} {
		if _, err := s.Office(t.Context(), id); !errors.Is(err, slots.ErrNoSuchOffice) {
			t.Errorf("office %q: got %v, want ErrNoSuchOffice", id, err)
		}
	}
	o.Services = o.Services[:1]
	if err := s.PutOffice(t.Context(), o, "setup"); err != nil {
		t.Fatal(err)
	}
	if o, err = s.Office(t.Context(), wuling); err != nil || len(o.Services) != 1 || o.Offers(slots.Divorce) {
		t.Errorf("after a change: %v, %v; want marriages only, at once", o.Services, err)
	}
}

func TestEveryMistakeInAnOfficeIsNamed(t *testing.T) {
	s := newStore(t)
	err := s.PutOffice(t.Context(), slots.Office{
		ID: "43-702", NameEN: "x", TimeZone: "Asia/Wuling", Services: []slots.Service{{ID: "marriage"}, {ID: "annulment"}},
	}, "setup")
	want := map[string]string{
		"id": "format", "name": "required", "address": "required", "phone": "required",
		"timezone": "unknown", "services.1": "unknown",
	}
	if diff := cmp.Diff(want, fault.Of(err).Fields); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
}

func TestRulesHoldFromTheirDateOn(t *testing.T) {
	s := newStore(t)
	set := func(from string, perPhone int) {
		r := slots.DefaultRules()
		r.PerPhone = perPhone
		if err := s.SetRules(t.Context(), wuling, day(t, from), r, "decided in a meeting", "manager"); err != nil {
			t.Fatalf("%v %v", err, fault.Of(err).Fields)
		}
	}
	set("2026-06-01", 3)
	set("2026-05-20", 4)
	set("2026-06-01", 5) // corrects the first
	for on, want := range map[string]int{"2026-05-19": 2, "2026-05-20": 4, "2026-05-31": 4, "2026-06-01": 5, "2027-01-01": 5} {
		r, err := s.Rules(t.Context(), wuling, day(t, on))
		if err != nil || r.PerPhone != want {
			t.Errorf("on %s: %d, %v; want %d", on, r.PerPhone, err, want)
		}
	}
	if _, err := s.Rules(t.Context(), "430799", day(t, "2026-06-01")); !errors.Is(err, slots.ErrNoSuchOffice) {
		t.Errorf("rules of no office: %v, want ErrNoSuchOffice", err)
	}
	if n := len(audited(t, s, "manager", "rules_set")); n != 3 {
		t.Errorf("%d audit rows, want 3", n)
	}
}

func TestRulesAreNeverSetRetroactively(t *testing.T) {
	s := newStore(t)
	r := slots.DefaultRules()
	r.LeadDays = 9
	err := s.SetRules(t.Context(), wuling, day(t, "2026-05-17"), r, " ", "manager")
	want := map[string]string{"from": "past", "note": "required", "lead_days": "out_of_range"}
	if diff := cmp.Diff(want, fault.Of(err).Fields); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
}

func TestRulesStoredBeforeARuleExistedTakeItsDefault(t *testing.T) {
	s := newStore(t)
	_, err := s.DB.ExecContext(t.Context(), `
		INSERT INTO office_rules (office_id, effective_from, rules, note, actor)
		VALUES ($1, '2026-01-01', '{"lead_days": 3}', 'an older version', 'manager')`, wuling)
	if err != nil {
		t.Fatal(err)
	}
	want := slots.DefaultRules()
	want.LeadDays = 3
	if got, err := s.Rules(t.Context(), wuling, day(t, "2026-05-20")); err != nil || got != want {
		t.Errorf("got %+v, %v; want the defaults with a lead of 3", got, err)
	}
}

func TestTheCrowdAsksRulesAndOfficeWithoutAQuery(t *testing.T) {
	s := newStore(t)
	if _, err := s.Rules(t.Context(), wuling, day(t, "2026-05-20")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Office(t.Context(), wuling); err != nil {
		t.Fatal(err)
	}
	db := s.DB
	s.DB = nil // whoever asks it now panics
	if _, err := s.Rules(t.Context(), wuling, day(t, "2026-12-31")); err != nil {
		t.Errorf("rules: %v", err)
	}
	if _, err := s.Office(t.Context(), wuling); err != nil {
		t.Errorf("office: %v", err)
	}
	s.DB = db
}

func TestSchedulesHoldFromTheirDateOn(t *testing.T) {
	s := newStore(t)
	later := week()
	later.Capacity = slots.Capacity{slots.Marriage: 20}
	putSchedule(t, s, "2026-06-01", later)
	for on, want := range map[string]int{"2026-05-18": 10, "2026-05-31": 10, "2026-06-01": 20} {
		got, err := s.Schedule(t.Context(), wuling, day(t, on))
		if err != nil || got.Capacity[slots.Marriage] != want {
			t.Errorf("on %s: %v, %v; want %d marriages", on, got.Capacity, err, want)
		}
	}
	if _, err := s.Schedule(t.Context(), wuling, day(t, "2026-05-17")); !errors.Is(err, slots.ErrNoSchedule) {
		t.Errorf("before the first: %v, want ErrNoSchedule", err)
	}
	err := s.PutSchedule(t.Context(), wuling, day(t, "2026-05-17"), slots.Template{}, "manager")
	want := map[string]string{"from": "past", "slot_minutes": "out_of_range", "capacity": "required", "weekdays": "required"}
	if diff := cmp.Diff(want, fault.Of(err).Fields); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
}

func TestExceptions(t *testing.T) {
	s := newStore(t)
	special := slots.Exception{
		Day: day(t, "2026-05-20"), Reason: "5·20", Notice: "加开名额",
		Hours: []slots.Period{{From: 480, To: 600, Capacity: slots.Capacity{slots.Marriage: 20}}},
	}
	closed := slots.Exception{Day: day(t, "2026-05-22"), Reason: "power cut", Hours: []slots.Period{}}
	for _, e := range []slots.Exception{closed, {Day: special.Day, Reason: "a first idea"}, special} {
		if err := s.PutException(t.Context(), wuling, e, "manager"); err != nil {
			t.Fatalf("%v %v", err, fault.Of(err).Fields)
		}
	}
	got, err := s.Exceptions(t.Context(), wuling, day(t, "2026-05-18"), day(t, "2026-05-31"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]slots.Exception{special, closed}, got); diff != "" {
		t.Errorf("exceptions (-want +got):\n%s", diff)
	}
	for range 2 {
		if err := s.DropException(t.Context(), wuling, closed.Day, "manager"); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(audited(t, s, "manager", "exception_put", "exception_dropped")); n != 4 {
		t.Errorf("%d audit rows, want 4: dropping nothing is nothing", n)
	}
	err = s.PutException(t.Context(), wuling, slots.Exception{Day: day(t, "2026-05-01"), Hours: []slots.Period{{From: 600, To: 540}}}, "manager")
	want := map[string]string{"day": "past", "reason": "required", "hours.0.to": "order"}
	if diff := cmp.Diff(want, fault.Of(err).Fields); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
}

func TestNothingIsDoneByNobody(t *testing.T) {
	s := newStore(t)
	if err := s.PutSchedule(t.Context(), wuling, day(t, "2026-05-20"), week(), ""); err == nil {
		t.Error("a schedule without an actor was accepted")
	}
	if _, err := s.Publish(t.Context(), wuling, day(t, "2026-05-20"), day(t, "2026-05-20"), slots.PublishOptions{}, ""); err == nil {
		t.Error("a day was published without an actor")
	}
	if all := quotas(t, s, "2026-05-20", "2026-05-20"); len(all) != 0 {
		t.Errorf("%d quotas are left of it, want none", len(all))
	}
}

func days(all []date.Date) string {
	var text []string
	for _, d := range all {
		text = append(text, d.String())
	}
	return strings.Join(text, " ")
}

func TestImportingACalendar(t *testing.T) {
	s := newStore(t)
	changed, err := s.ImportCalendar(t.Context(), strings.NewReader(`day,kind,name
2027-01-01,holiday,元旦
2027-02-05,holiday,春节
2027-02-06,holiday,春节
2027-02-07,holiday,春节
2027-02-08,holiday,春节
2027-02-14,makeup_workday,春节
2027-04-05,holiday,清明节
2027-05-01,holiday,劳动节
2027-05-02,holiday,劳动节
2027-05-03,holiday,劳动节
2027-06-09,holiday,端午节
2027-09-15,holiday,中秋节
2027-10-01,holiday,国庆节
`), 2027, "an arrangement for this test", true, "sysadmin")
	if err != nil {
		t.Fatalf("%v %v", err, fault.Of(err).Fields)
	}
	if got, want := days(changed), "2027-02-14 2027-05-03"; got != want {
		t.Errorf("work has changed on %s, want %s", got, want)
	}
	c, err := s.Calendar(t.Context(), 2027)
	if err != nil || !c.Confirmed(2027) || !c.Workday(day(t, "2027-02-14")) || c.Workday(day(t, "2027-05-03")) {
		t.Errorf("the new calendar does not hold: %v", err)
	}
	if err := s.KnownCalendars(t.Context(), "setup"); err != nil {
		t.Fatal(err)
	}
	if c, err = s.Calendar(t.Context(), 2027); err != nil || !c.Confirmed(2027) {
		t.Errorf("the program's own file has replaced it: %v", err)
	}
}

func TestABadCalendarFileChangesNothing(t *testing.T) {
	s := newStore(t)
	for fact, tt := range map[string]struct {
		text, source string
		want         map[string]string
	}{
		"bad lines": {"day,kind,name\n2027-01-01,holiday,元旦\n2027-13-01,holiday,x\n2027-03-01,makeup_workday,x\n", "notice", map[string]string{"lines.3": "date", "lines.4": "not_weekend"}},
		"no source": {"day,kind,name\n2027-01-02,holiday,元旦\n", "", map[string]string{"source": "required"}},
	} {
		_, err := s.ImportCalendar(t.Context(), strings.NewReader(tt.text), 2027, tt.source, true, "sysadmin")
		if diff := cmp.Diff(tt.want, fault.Of(err).Fields); diff != "" {
			t.Errorf("%s (-want +got):\n%s", fact, diff)
		}
	}
	c, err := s.Calendar(t.Context(), 2026, 2027)
	if err != nil || c.Confirmed(2027) || c.Workday(day(t, "2027-02-05")) || !c.Confirmed(2026) {
		t.Errorf("the calendar has changed: %v", err)
	}
}
