package watch_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/labstack/echo/v4"
	"golang.org/x/sync/errgroup"

	"hunyue/booking"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/internal/testenv"
	"hunyue/server/auth"
	"hunyue/server/watch"
)

// world is a log in a database of the test's own.
type world struct {
	*watch.Log
	t    *testing.T
	db   *sqlx.DB
	said bytes.Buffer
	by   time.Duration
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, db: testenv.DB(t)}
	w.Log = &watch.Log{DB: w.db, Log: slog.New(slog.NewJSONHandler(&w.said, nil))}
	return w
}

var (
	hall     = &auth.Staff{Username: "hall", Name: "hall", Roles: []string{auth.Hall}}
	operator = &auth.Staff{Username: "operator", Name: "operator", Roles: []string{auth.Operator}}
	guard    = &auth.Staff{Username: "secadmin", Name: "secadmin", Roles: []string{auth.SecAdmin}}
)

// request is one of a member of staff at an address.
func (w *world) request(staff *auth.Staff, route string) context.Context {
	w.t.Helper()
	e := echo.New()
	c := e.NewContext(httptest.NewRequestWithContext(w.t.Context(), "GET", route, nil), httptest.NewRecorder())
	c.SetPath(route)
	if err := watch.Mark(func(echo.Context) error { return nil })(c); err != nil {
		w.t.Fatal(err)
	}
	ctx := c.Request().Context()
	if staff != nil {
		ctx = auth.With(ctx, staff)
	}
	return ctx
}

// sees shows staff so many records from the first on, each in a request of its own.
func (w *world) sees(staff *auth.Staff, first, n int, names ...string) {
	w.t.Helper()
	for i := range n {
		w.see(w.request(staff, "/desk/:number"), booking.View{Records: []booking.Record{{Appointment: int64(first + i), Names: names}}})
	}
}

func (w *world) see(ctx context.Context, v booking.View) {
	w.t.Helper()
	if err := w.Seen(ctx, v); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) later(by time.Duration) {
	w.t.Helper()
	w.by += by
	if err := postgres.Shift(w.t.Context(), w.db, w.by); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wantAlarms(when string, want ...watch.Kind) []watch.Alarm {
	w.t.Helper()
	all, err := w.Alarms(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	var got []watch.Kind
	for _, a := range slices.Backward(all) {
		got = append(got, a.Kind)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("%s: alarms %v, want %v", when, got, want)
	}
	return all
}

func (w *world) audited(query string) (n int) {
	w.t.Helper()
	if err := w.db.Get(&n, `SELECT count(*) FROM audit WHERE `+query); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestThirtyRecordsAreWorkAndOneMoreIsAnAlarm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sees(hall, 1, 30)
	w.sees(hall, 1, 30) // the same again are not more
	w.wantAlarms("30 records twice")
	w.sees(hall, 31, 1)
	found := w.wantAlarms("the 31st record", watch.ManyRecords)
	if a := found[0]; a.Actor != "staff:hall" || a.Opened != 31 {
		t.Errorf("the alarm is about %s and %d records, want staff:hall and 31", a.Actor, a.Opened)
	}
	w.sees(hall, 32, 5)
	w.wantAlarms("5 more within the same 10 minutes", watch.ManyRecords)
	w.sees(operator, 1, 30)
	w.wantAlarms("30 records of somebody else", watch.ManyRecords)
	w.later(10 * time.Minute)
	w.sees(hall, 100, 30)
	w.wantAlarms("30 records 10 minutes later", watch.ManyRecords)
	w.sees(hall, 130, 1)
	w.wantAlarms("the 31st of them", watch.ManyRecords, watch.ManyRecords)
	if n := w.audited(`action = 'read'`); n != 30+30+1+5+30+30+1 {
		t.Errorf("%d rows, want one for each look", n)
	}
	if said := w.said.String(); strings.Count(said, "many_records") != 2 || strings.Contains(said, "hall") {
		t.Errorf("the log says %s; want two alarms, and nobody named", said)
	}
}

func TestTheTenMinutesSlide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sees(hall, 1, 16)
	w.later(9 * time.Minute)
	w.sees(hall, 17, 14)
	w.later(time.Minute) // the first 16 are 10 minutes ago
	w.sees(hall, 31, 16)
	w.wantAlarms("16, 14 after 9 minutes and 16 after 10")
	w.sees(hall, 47, 1)
	w.wantAlarms("the 31st of the last 10 minutes", watch.ManyRecords)
}

func TestRecordsOpenedAtOnceAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all errgroup.Group
	for i := range 31 {
		ctx := w.request(hall, "/desk/:number")
		all.Go(func() error {
			return w.Seen(ctx, booking.View{Records: []booking.Record{{Appointment: int64(i)}}})
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	w.wantAlarms("31 at once", watch.ManyRecords)
}

func TestAListIsOneRowForTheHallAndEveryRecordForAnOperator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := booking.View{Office: "430702", List: true}
	for i := range 31 {
		v.Records = append(v.Records, booking.Record{Appointment: int64(i)})
	}
	w.see(w.request(hall, "/desk"), v)
	if n := w.audited(`actor = 'staff:hall' AND action = 'list' AND subject = 'office:430702' AND detail = 'check_in hall 31'`); n != 1 {
		t.Errorf("%d rows of the hall's list, want 1", n)
	}
	w.wantAlarms("the hall's list")
	w.see(w.request(operator, "/api/v1/staff/appointments"), v)
	if n := w.audited(`actor = 'staff:operator' AND action = 'read' AND detail = 'lookup operator'`); n != 31 {
		t.Errorf("%d rows of an operator who lists 31, want 31", n)
	}
	w.wantAlarms("an operator's list", watch.ManyRecords)
}

func TestARecordCountsOnceInARequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := w.request(hall, "/desk/:number")
	one := booking.View{Records: []booking.Record{{Appointment: 17}}}
	w.see(ctx, one)
	w.see(ctx, one)
	if n := w.audited(`subject = 'appointment:17'`); n != 1 {
		t.Errorf("%d rows of one request, want 1", n)
	}
	w.see(w.request(hall, "/desk/:number"), one)
	if n := w.audited(`subject = 'appointment:17'`); n != 2 {
		t.Errorf("%d rows of two requests, want 2", n)
	}
	whole, ok := watch.Unmasked(ctx, watch.Compare)
	if !ok {
		t.Fatal("there is no such reason")
	}
	w.see(whole, one)
	w.see(whole, one)
	if n := w.audited(`action = 'unmasked' AND detail = 'check_in hall compare'`); n != 1 {
		t.Errorf("%d rows of a look in full, want 1", n)
	}
	if _, ok := watch.Unmasked(ctx, "because"); ok {
		t.Error("any reason is good enough")
	}
	if _, ok := watch.Unmasked(t.Context(), watch.Compare); ok {
		t.Error("where nobody is shown, somebody is shown in full")
	}
}

func TestOnesOwnFamilyNameIsAnAlarm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := &auth.Staff{Username: "wang", Name: "王芳", Roles: []string{auth.Hall}}
	ouyang := &auth.Staff{Username: "ouyang", Name: "欧阳兰", Roles: []string{auth.Hall}}
	w.sees(wang, 1, 1, "李四", "张三")
	w.sees(hall, 2, 1, "王五", "张三") // whose own name is not known
	w.sees(ouyang, 3, 1, "欧文", "张三")
	w.sees(wang, 4, 1) // erased: nobody knows
	w.wantAlarms("others' family names")
	w.sees(wang, 5, 1, "李四", "王五")
	found := w.wantAlarms("one's own", watch.OwnFamilyName)
	if found[0].Subject != "appointment:5" || found[0].Actor != "staff:wang" {
		t.Errorf("the alarm is about %s and %s", found[0].Actor, found[0].Subject)
	}
	w.sees(wang, 5, 2, "李四", "王五")
	w.wantAlarms("the same again, and another", watch.OwnFamilyName, watch.OwnFamilyName)
	w.sees(ouyang, 7, 1, "欧阳修", "张三")
	w.wantAlarms("a compound name", watch.OwnFamilyName, watch.OwnFamilyName, watch.OwnFamilyName)
	w.later(24 * time.Hour)
	w.sees(wang, 5, 1, "李四", "王五")
	if all, _ := w.Alarms(t.Context()); len(all) != 4 {
		t.Errorf("%d alarms when the same is opened a day later, want 4", len(all))
	}
	if said := w.said.String(); strings.ContainsAny(said, "王欧李张") {
		t.Errorf("the log names somebody: %s", said)
	}
}

func TestWhatCannotBeNotedIsNotShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := booking.View{Records: []booking.Record{{Appointment: 17}}}
	for why, ctx := range map[string]context.Context{
		"by nobody":                w.request(nil, "/desk/:number"),
		"at an address of none":    w.request(hall, "/elsewhere"),
		"where the audit is read":  w.request(hall, "/manage/audit"),
		"where alarms are read":    w.request(hall, "/manage/alarms"),
		"at no address of program": auth.With(t.Context(), hall),
	} {
		if err := w.Seen(ctx, one); err == nil {
			t.Errorf("a record is shown %s", why)
		}
	}
	ctx := w.request(hall, "/desk/:number")
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Seen(ctx, one); err == nil {
		t.Error("a record is shown though the audit cannot be written")
	}
}

func TestAnAlarmIsAnsweredOnceAndByAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := &auth.Staff{Username: "wang", Name: "王芳", Roles: []string{auth.Hall}}
	w.sees(wang, 5, 1, "王五")
	id := w.wantAlarms("one's own", watch.OwnFamilyName)[0].ID
	ctx := t.Context()
	waiting := func(want int) {
		t.Helper()
		if n, err := w.Waiting(ctx); err != nil || n != want {
			t.Errorf("%d alarms wait (%v), want %d", n, err, want)
		}
	}
	waiting(1)
	for _, refused := range []struct {
		alarm   int64
		outcome watch.Outcome
		reason  string
		actor   string
		want    error
	}{
		{id, watch.Explained, "同姓，无亲属关系", wang.Actor(), watch.ErrOwnAlarm},
		{id + 1, watch.Explained, "同姓", guard.Actor(), watch.ErrNoAlarm},
	} {
		if err := w.Answer(ctx, refused.alarm, refused.outcome, refused.reason, refused.actor); !errors.Is(err, refused.want) {
			t.Errorf("%v: %v, want %v", refused, err, refused.want)
		}
	}
	for field, err := range map[string]error{
		"outcome": w.Answer(ctx, id, "", "同姓", guard.Actor()),
		"reason":  w.Answer(ctx, id, watch.Explained, " \t", guard.Actor()),
	} {
		if code := fault.Of(err).Fields[field]; code != "required" {
			t.Errorf("%s: %q, want required", field, code)
		}
	}
	if code := fault.Of(w.Answer(ctx, id, watch.Explained, strings.Repeat("长", 201), guard.Actor())).Fields["reason"]; code != "too_long" {
		t.Errorf("201 characters: %q, want too_long", code)
	}
	waiting(1)
	for range 2 {
		if err := w.Answer(ctx, id, watch.FalseAlarm, " 同姓 ", guard.Actor()); err != nil {
			t.Error(err)
		}
	}
	if err := w.Answer(ctx, id, watch.FollowedUp, "同姓", guard.Actor()); !errors.Is(err, watch.ErrAnswered) {
		t.Errorf("another answer: %v, want %v", err, watch.ErrAnswered)
	}
	waiting(0)
	if n := w.audited(`action = 'alarm_answered' AND actor = 'staff:secadmin' AND detail = 'false_alarm'`); n != 1 {
		t.Errorf("%d rows of an answer, want 1", n)
	}
	for _, change := range []string{
		`UPDATE alarm SET actor = 'x'`, `DELETE FROM alarm_answer`, `UPDATE alarm_answer SET reason = 'x'`, `DELETE FROM alarm`, `TRUNCATE honey`,
	} {
		if _, err := w.db.Exec(change); err == nil {
			t.Errorf("%s is done", change)
		}
	}
}

func TestTheLongestBeginningSaysThePurpose(t *testing.T) {
	for route, want := range map[string]watch.Purpose{
		"/desk": watch.CheckIn, "/desk/:number": watch.CheckIn, "/desk/find": watch.Lookup, "/desk/:number/complete": watch.Registration,
		"/call": watch.Console, "/call/list": watch.CallList, "/call/list/:id": watch.CallList, "/call/:number": watch.Call, "/call/:number/unmask": watch.Call,
		"/api/v1/staff/appointments": watch.Lookup, "/api/v1/staff/appointments/:number/check-in": watch.CheckIn,
		"/api/v1/staff/appointments/search": watch.Lookup, "/manage/:office/suspend": watch.Management, "/manage/audit": "", "/b/:number": "", "/": "",
	} {
		if got := watch.PurposeOf(route); got != want {
			t.Errorf("%s is for %q, want %q", route, got, want)
		}
	}
}
