package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/hall"
	"hunyue/internal/clock"
	"hunyue/internal/date"
	"hunyue/internal/testenv"
	"hunyue/server/auth"
	"hunyue/slots"
)

func newDemo(t *testing.T) *demoWorld {
	t.Helper()
	db, now := testenv.DB(t), &clock.Clock{}
	offices := &slots.Store{DB: db, Clock: now}
	return &demoWorld{
		db: db, clock: now, offices: offices, publish: offices.Publish, limits: true,
		accounts: &auth.Accounts{DB: db, Clock: now},
		measure:  demoReading(&hall.Desk{DB: db, Offices: offices, Clock: now}),
	}
}

// rows is how much there is of everything that loading makes.
func rows(t *testing.T, d *demoWorld) map[string]int {
	t.Helper()
	found := map[string]int{}
	for name, query := range map[string]string{
		"accounts":   `SELECT count(*) FROM account`,
		"audits":     `SELECT count(*) FROM audit`,
		"exceptions": `SELECT count(*) FROM schedule_exception`,
		"offices":    `SELECT count(*) FROM office`,
		"quotas":     `SELECT count(*) FROM quota`,
		"readings":   `SELECT count(*) FROM temperature`,
		"rules":      `SELECT count(*) FROM office_rules`,
	} {
		var n int
		if err := d.db.GetContext(t.Context(), &n, query); err != nil {
			t.Fatal(err)
		}
		found[name] = n
	}
	return found
}

func TestDemoDataAreLoadedOnce(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	if err := d.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := rows(t, d)
	if first["offices"] != 3 || first["accounts"] != 8 || first["readings"] != 8 || first["exceptions"] != 3 {
		t.Errorf("loaded %v", first)
	}
	if err := d.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, rows(t, d)); diff != "" {
		t.Errorf("loading again changes the data: %s", diff)
	}
}

func TestEveryChannelHasPlacesTodayAndOnEveryOpenDay(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	if err := d.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	today := d.day()
	var without []string
	err := d.db.SelectContext(t.Context(), &without, `
		SELECT slot.id || ' ' || g || ' ' || channel
		FROM slot
		CROSS JOIN unnest(ARRAY['web', 'phone', 'counter']) AS channel
		CROSS JOIN unnest(ARRAY['marriage', 'divorce', 'other']) AS g
		WHERE (slot.office_id <> '430725' OR g = 'marriage')
		  AND NOT EXISTS (
			SELECT
			FROM quota
			WHERE slot_id = slot.id
			  AND quota.channel = channel
			  AND biz_group = g
			  AND cap > 0)`)
	if err != nil {
		t.Fatal(err)
	}
	if len(without) > 0 {
		t.Errorf("%d without places, the first %s", len(without), without[0])
	}
	quotas, err := d.offices.Quotas(t.Context(), "430702", today, today.AddDays(demoAhead))
	if err != nil {
		t.Fatal(err)
	}
	slotsToday, days := map[string]bool{}, map[string]bool{}
	for _, q := range quotas {
		days[q.Day.String()] = true
		if q.Day == today {
			slotsToday[q.ID[:len("430702-20260520-0900")]] = true
		}
	}
	if len(slotsToday) != 48 {
		t.Errorf("%d slots today, want one for each half hour", len(slotsToday))
	}
	if len(days) < 20 {
		t.Errorf("%d of the next 31 days have places", len(days))
	}
}

func TestDemoDataAreNotMixedWithAnOfficesOwn(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	if err := d.offices.PutOffice(t.Context(), demoOffices()[0], "an office"); err != nil {
		t.Fatal(err)
	}
	if err := d.load(t.Context()); !errors.Is(err, errNotDemo) {
		t.Errorf("loaded over an office's own data: %v", err)
	}
	if found := rows(t, d); found["accounts"] != 0 {
		t.Errorf("made %d accounts with a known password", found["accounts"])
	}
}

func TestTheNextDayIsSeenToAsWell(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	if err := d.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := rows(t, d)
	shift(t, d, 24*time.Hour)
	if err := d.today(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := rows(t, d)
	if second["exceptions"] != first["exceptions"]+3 || second["readings"] != first["readings"]+8 || second["quotas"] <= first["quotas"] {
		t.Errorf("%v became %v", first, second)
	}
}

// What a manager of the demo has done to today stays done.
func TestTodayIsOpenedOnce(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	if err := d.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	closed := slots.Exception{Day: d.day(), Reason: "the manager's own"}
	if err := d.offices.PutException(t.Context(), "430702", closed, "manager"); err != nil {
		t.Fatal(err)
	}
	d.done = date.Date{} // as after another start
	if err := d.today(t.Context()); err != nil {
		t.Fatal(err)
	}
	found, err := d.offices.Exceptions(t.Context(), "430702", d.day(), d.day())
	if err != nil || len(found) != 1 || found[0].Reason != closed.Reason {
		t.Errorf("today is %+v, %v", found, err)
	}
}

func TestLimitsOffTakesTheLimitOfPhonesAway(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	for _, limits := range []bool{false, true} {
		d.limits = limits
		if err := d.load(t.Context()); err != nil {
			t.Fatal(err)
		}
		shift(t, d, d.clock.Shift()+time.Minute) // what the store remembers is forgotten
		rules, err := d.offices.Rules(t.Context(), "430702", d.day())
		if err != nil || (rules.PerPhone > 0) != limits {
			t.Errorf("limits %t: %d a phone, %v", limits, rules.PerPhone, err)
		}
	}
}

func TestDemoStaffSignIn(t *testing.T) {
	t.Parallel()
	i := begin(t, "HUNYUE_DEMO=1", "HUNYUE_DATA="+dataFolder(t), "HUNYUE_DATABASE_URL="+testenv.DSN(t))
	for _, u := range demoStaff() {
		status, answer := i.send("POST", "/api/v1/staff/login", map[string]any{"username": u.Username, "password": demoPassword})
		if status != 200 || answer["token"] == "" || len(answer["roles"].([]any)) != 1 {
			t.Errorf("%s: %d %v", u.Username, status, answer)
		}
	}
	if !strings.Contains(i.out.String(), demoPassword) {
		t.Errorf("the logins are not printed: %s", i.out.String())
	}
	if err := i.end(); err != nil {
		t.Error(err)
	}
}
