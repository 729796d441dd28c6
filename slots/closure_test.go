package slots_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

func suspend(t *testing.T, s *slots.Store, c slots.Closing) slots.Closure {
	t.Helper()
	var done slots.Closure
	inTx(t, s, func(tx postgres.Querier) error {
		var err error
		done, err = s.Close(t.Context(), tx, c, "director")
		return err
	})
	return done
}

func amend(t *testing.T, s *slots.Store, id int64, to date.Date, reason string) slots.Closure {
	t.Helper()
	var done slots.Closure
	inTx(t, s, func(tx postgres.Querier) error {
		var err error
		done, err = s.Amend(t.Context(), tx, id, to, reason, "director")
		return err
	})
	return done
}

// open is the days on which a channel's marriages are open at nine.
func open(t *testing.T, s *slots.Store, ch slots.Channel) string {
	t.Helper()
	var on []string
	for _, q := range quotas(t, s, "2026-05-18", "2026-05-31") {
		if q.Open && q.Group == slots.Marriage && q.Channel == ch && strings.Contains(q.ID, "-0900-") {
			on = append(on, q.Day.String()[8:])
		}
	}
	return strings.Join(on, " ")
}

func TestAFullSuspensionClosesItsDaysAndEndsTheirHolds(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-18", "2026-05-29")
	take(t, s, "430702-20260520-0900-marriage-web", 1)
	c := suspend(t, s, slots.Closing{
		Office: wuling, From: day(t, "2026-05-20"), To: day(t, "2026-05-21"), Mode: slots.Full, Reason: "epidemic", Notice: "暂停办理",
	})
	if len(c.Closed) != 24 || len(c.Lines) != 24 || len(c.Reopened) != 0 {
		t.Fatalf("%d quotas closed, %d lines, %d reopened; want 24 of two days", len(c.Closed), len(c.Lines), len(c.Reopened))
	}
	if got, want := open(t, s, slots.Web), "18 19 22 25 26 27 28 29"; got != want {
		t.Errorf("open on %s, want %s", got, want)
	}
	q := quota(t, s, "430702-20260520-0900-marriage-web")
	if q.Open || q.Epoch != 2 || q.Booked != 1 || !slices.Contains(c.Lines, q.Line) {
		t.Errorf("quota %+v: want it closed, in a new epoch, the couple still counted", q)
	}
	for epoch := range 3 {
		if err := takeOne(t.Context(), s.DB, q.ID, epoch); postgres.State(err) != "HY008" {
			t.Errorf("a place in epoch %d of a closed day: %v, want HY008", epoch, err)
		}
	}
	if n := len(audited(t, s, "director", "quota_closed")); n != 24 {
		t.Errorf("%d closings in the audit, want 24", n)
	}
}

func TestAHoldFromBeforeAClosureIsOverWhenItReopens(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-20", "2026-05-20")
	c := suspend(t, s, slots.Closing{Office: wuling, From: day(t, "2026-05-20"), Mode: slots.Full, Reason: "power cut"})
	amend(t, s, c.Suspension, day(t, "2026-05-19"), "power is back")
	const web = "430702-20260520-0900-marriage-web"
	if err := takeOne(t.Context(), s.DB, web, 1); postgres.State(err) != "HY008" {
		t.Errorf("with the epoch of before: %v, want HY008", err)
	}
	if err := takeOne(t.Context(), s.DB, web, 2); err != nil {
		t.Errorf("with the epoch of now: %v", err)
	}
}

func TestWalkInOnlyLeavesWhatIsBookedFromHome(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-18", "2026-05-20")
	c := suspend(t, s, slots.Closing{Office: wuling, From: day(t, "2026-05-20"), Mode: slots.WalkInOnly, Reason: "no crowds"})
	for _, id := range c.Closed {
		if !strings.HasPrefix(id, "430702-20260520-") || !strings.HasSuffix(id, "-counter") {
			t.Errorf("%s was closed", id)
		}
	}
	if web, counter := open(t, s, slots.Web), open(t, s, slots.Counter); len(c.Closed) != 4 || web != "18 19 20" || counter != "18 19" {
		t.Errorf("%d closed, web open on %s, counter on %s; want 4, 18 19 20, 18 19", len(c.Closed), web, counter)
	}
}

func TestSuspendingAllServicesOfAGroupClosesIt(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-20", "2026-05-20")
	c := suspend(t, s, slots.Closing{
		Office: wuling, From: day(t, "2026-05-20"), Mode: slots.Full, Reason: "no registrar",
		Services: []string{"divorce_issue", "divorce_apply", "divorce_withdraw", "remarriage"},
	})
	for _, q := range quotas(t, s, "2026-05-20", "2026-05-20") {
		if q.Open != (q.Group == slots.Marriage) {
			t.Errorf("%s open: %t", q.ID, q.Open)
		}
	}
	got, err := s.Suspension(t.Context(), c.Suspension)
	if err != nil || !slices.Equal(got.Groups, []slots.Group{slots.Divorce}) || len(got.Services) != 4 {
		t.Errorf("suspension of %v with %v closed, %v; want four services and the divorces", got.Services, got.Groups, err)
	}
	marriage, again := slots.Service{ID: "marriage", Group: slots.Marriage}, slots.Service{ID: "remarriage", Group: slots.Marriage}
	if on := day(t, "2026-05-20"); got.Stops(on, marriage, slots.Web) || !got.Stops(on, again, slots.Web) {
		t.Error("marriages are stopped, or remarriages are not")
	}
}

func TestDaysPublishedInASuspensionStayClosed(t *testing.T) {
	s := newStore(t)
	c := suspend(t, s, slots.Closing{Office: wuling, From: day(t, "2026-05-20"), To: day(t, "2026-05-25"), Mode: slots.Full, Reason: "epidemic"})
	publish(t, s, "2026-05-18", "2026-05-29")
	if got, want := open(t, s, slots.Web), "18 19 26 27 28 29"; got != want {
		t.Errorf("open on %s, want %s", got, want)
	}
	if p := publish(t, s, "2026-05-18", "2026-05-29"); !p.Empty() {
		t.Errorf("publishing again changes %+v", p)
	}
	amend(t, s, c.Suspension, day(t, "2026-05-21"), "shortened")
	if got, want := open(t, s, slots.Web), "18 19 22 25 26 27 28 29"; got != want {
		t.Errorf("after a shorter end open on %s, want %s", got, want)
	}
}

func TestEveryChangeOfASuspensionIsALineOfHistory(t *testing.T) {
	s := newStore(t)
	publish(t, s, "2026-05-18", "2026-05-29")
	first := suspend(t, s, slots.Closing{Office: wuling, From: day(t, "2026-05-20"), To: day(t, "2026-05-22"), Mode: slots.Full, Reason: "epidemic"})
	second := suspend(t, s, slots.Closing{Office: wuling, From: day(t, "2026-05-22"), To: day(t, "2026-05-25"), Mode: slots.Full, Reason: "moving house"})
	if len(second.Closed) != 12 {
		t.Errorf("the second closes %d quotas, want the 12 that were open", len(second.Closed))
	}
	if c := amend(t, s, first.Suspension, date.Date{}, "until further notice"); len(c.Closed) != 48 {
		t.Errorf("without an end it closes %d quotas more, want 48 of four days", len(c.Closed))
	}
	var c slots.Closure
	inTx(t, s, func(tx postgres.Querier) error {
		var err error
		c, err = s.Reopen(t.Context(), tx, first.Suspension, day(t, "2026-05-21"), "over", "director")
		return err
	})
	if len(c.Reopened) != 60 || len(c.Closed) != 0 {
		t.Errorf("%d reopened and %d closed, want 60 and 0: the other suspension still holds", len(c.Reopened), len(c.Closed))
	}
	if got, want := open(t, s, slots.Web), "18 19 21 26 27 28 29"; got != want {
		t.Errorf("open on %s, want %s", got, want)
	}
	all, err := s.SuspensionChanges(t.Context(), []slots.Suspension{{ID: first.Suspension}})
	changes := all[first.Suspension]
	if err != nil || len(changes) != 2 || !changes[0].To.IsZero() || changes[1].To != day(t, "2026-05-20") || changes[1].Actor != "director" {
		t.Errorf("history %+v, %v; want both changes", changes, err)
	}
	if _, err := s.DB.ExecContext(t.Context(), `UPDATE suspension SET reason = 'another'`); postgres.State(err) != "55000" {
		t.Errorf("a suspension was rewritten: %v", err)
	}
	if _, err := s.DB.ExecContext(t.Context(), `DELETE FROM suspension_change`); postgres.State(err) != "55000" {
		t.Errorf("history was deleted: %v", err)
	}
}

func TestSuspensionsOfARange(t *testing.T) {
	s := newStore(t)
	a := suspend(t, s, slots.Closing{Office: wuling, From: day(t, "2026-05-20"), To: day(t, "2026-05-22"), Mode: slots.Full, Reason: "a", Notice: "n"})
	b := suspend(t, s, slots.Closing{Office: wuling, From: day(t, "2026-05-25"), Mode: slots.WalkInOnly, Reason: "b"})
	lifted := suspend(t, s, slots.Closing{Office: wuling, From: day(t, "2026-05-25"), Mode: slots.Full, Reason: "c"})
	amend(t, s, lifted.Suspension, day(t, "2026-05-24"), "mistaken")
	for _, tt := range []struct {
		from, to string
		want     []int64
	}{
		{"2026-05-18", "2026-05-19", nil},
		{"2026-05-18", "2026-05-20", []int64{a.Suspension}},
		{"2026-05-22", "2026-05-25", []int64{a.Suspension, b.Suspension}},
		{"2026-12-01", "2026-12-31", []int64{b.Suspension}},
	} {
		all, err := s.Suspensions(t.Context(), wuling, day(t, tt.from), day(t, tt.to))
		var got []int64
		for _, x := range all {
			got = append(got, x.ID)
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("from %s to %s: %v, %v; want %v", tt.from, tt.to, got, err, tt.want)
		}
	}
	x, err := s.Suspension(t.Context(), b.Suspension)
	if err != nil || !x.Stops(day(t, "2027-01-01"), slots.Service{Group: slots.Other}, slots.Counter) || x.Stops(day(t, "2027-01-01"), slots.Service{Group: slots.Other}, slots.Web) ||
		x.Stops(day(t, "2026-05-24"), slots.Service{Group: slots.Other}, slots.Counter) {
		t.Errorf("suspension %+v, %v covers something else than the counter from 25 May on", x, err)
	}
	if _, err := s.Suspension(t.Context(), 99); !errors.Is(err, slots.ErrNoSuchSuspension) {
		t.Errorf("got %v, want ErrNoSuchSuspension", err)
	}
}

func TestEveryMistakeInASuspensionIsNamed(t *testing.T) {
	s := newStore(t)
	for _, tt := range []struct {
		fact string
		c    slots.Closing
		want map[string]string
	}{
		{"nothing", slots.Closing{}, map[string]string{"from": "required", "mode": "unknown", "reason": "required"}},
		{
			"a day that is over, backwards, of a service that is none",
			slots.Closing{From: day(t, "2026-05-17"), To: day(t, "2026-05-16"), Mode: slots.Full, Reason: "x", Services: []string{"marriage", "annulment"}},
			map[string]string{"from": "past", "to": "order", "services.1": "unknown"},
		},
	} {
		tt.c.Office = wuling
		err := postgres.InTx(t.Context(), s.DB, func(tx postgres.Querier) error {
			_, err := s.Close(t.Context(), tx, tt.c, "director")
			return err
		})
		if diff := cmp.Diff(tt.want, fault.Of(err).Fields); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.fact, diff)
		}
	}
	c := suspend(t, s, slots.Closing{Office: wuling, From: day(t, "2026-05-20"), Mode: slots.Full, Reason: "x"})
	err := postgres.InTx(t.Context(), s.DB, func(tx postgres.Querier) error {
		_, err := s.Amend(t.Context(), tx, c.Suspension, day(t, "2026-05-18"), "", "director")
		return err
	})
	if diff := cmp.Diff(map[string]string{"to": "order", "reason": "required"}, fault.Of(err).Fields); diff != "" {
		t.Errorf("amending (-want +got):\n%s", diff)
	}
}

// amendable tries another end of a suspension.
func amendable(t *testing.T, s *slots.Store, id int64, to string) error {
	t.Helper()
	return postgres.InTx(t.Context(), s.DB, func(tx postgres.Querier) error {
		_, err := s.Amend(t.Context(), tx, id, day(t, to), "decided", "director")
		return err
	})
}

func TestDaysThatAreOverStaySuspendedOrNot(t *testing.T) {
	s := newStore(t)
	c := suspend(t, s, slots.Closing{Office: wuling, From: day(t, "2026-05-18"), To: day(t, "2026-05-20"), Mode: slots.Full, Reason: "epidemic"})
	setTime(t, s, monday().Add(3*24*time.Hour)) // the 21st
	if err := amendable(t, s, c.Suspension, "2026-05-19"); fault.Of(err).Fields["to"] != "past" {
		t.Errorf("to have ended on the 19th: %v, want past", err)
	}
	if err := amendable(t, s, c.Suspension, "2026-05-21"); err != nil {
		t.Errorf("to go on from yesterday to today: %v", err)
	}
	setTime(t, s, monday().Add(5*24*time.Hour)) // the 23rd
	if err := amendable(t, s, c.Suspension, "2026-05-25"); !errors.Is(err, slots.ErrSuspensionOver) {
		t.Errorf("to go on after a day of work: %v, want ErrSuspensionOver", err)
	}
}

func TestANewEndSaysWhichDaysItAdds(t *testing.T) {
	s := newStore(t)
	c := suspend(t, s, slots.Closing{Office: wuling, From: day(t, "2026-05-20"), To: day(t, "2026-05-21"), Mode: slots.Full, Reason: "epidemic"})
	for _, tt := range []struct{ to, since, until string }{
		{"2026-05-25", "2026-05-22", "2026-05-25"},
		{"2026-05-25", "", "2026-05-25"},
		{"2026-05-19", "", "2026-05-19"},
		{"2026-05-20", "2026-05-20", "2026-05-20"},
		{"", "2026-05-21", ""},
		{"2026-05-30", "", "2026-05-30"},
	} {
		var to date.Date
		if tt.to != "" {
			to = day(t, tt.to)
		}
		if c := amend(t, s, c.Suspension, to, "decided"); c.Since.String() != tt.since || c.Until.String() != tt.until {
			t.Errorf("until %q it adds %q to %q, want %q to %q", tt.to, c.Since, c.Until, tt.since, tt.until)
		}
	}
}
