package slots_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/fault"
	"hunyue/slots"
)

func TestExceptions(t *testing.T) {
	s := newStore(t)
	special := slots.Exception{
		Day: day(t, "2026-05-21"), Reason: "小满", Notice: "加开名额", SlotMinutes: 20, Capacity: slots.Capacity{slots.Divorce: 0},
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

// given is the slots of an exception as "0900 marriage 10".
func given(all []slots.Slot) string {
	var said []string
	for _, s := range all {
		said = append(said, strings.ReplaceAll(s.Start.String(), ":", ""))
		for _, g := range slots.Groups() {
			if n := s.Capacity[g]; n > 0 {
				said = append(said, fmt.Sprintf("%s %d", g, n))
			}
		}
	}
	return strings.Join(said, " ")
}

func TestASpecialDayHasSlotsAndPlacesOfItsOwn(t *testing.T) {
	s := newStore(t)
	e := slots.Exception{
		Day: day(t, "2026-05-24"), Reason: "a Sunday that many want", Hours: []slots.Period{{From: 540, To: 600}, {From: 600, To: 660, Capacity: slots.Capacity{slots.Marriage: 5}}},
		SlotMinutes: 60, Capacity: slots.Capacity{slots.Marriage: 40, slots.Divorce: 0},
	}
	tried, err := s.TryException(t.Context(), wuling, e)
	if want := "0900 marriage 40 1000 marriage 5"; err != nil || given(tried) != want {
		t.Errorf("it would give %s, %v; want %s", given(tried), err, want)
	}
	if all, err := s.Exceptions(t.Context(), wuling, e.Day, e.Day); err != nil || len(all) != 0 {
		t.Errorf("the trial kept %+v, %v", all, err)
	}
	if err := s.PutException(t.Context(), wuling, e, "manager"); err != nil {
		t.Fatal(err)
	}
	if all := quotas(t, s, "2026-05-24", "2026-05-24"); len(all) != 0 {
		t.Errorf("%d quotas before it is published, want none", len(all))
	}
	publish(t, s, "2026-05-24", "2026-05-24")
	places := map[slots.Group]int{}
	for _, q := range quotas(t, s, "2026-05-24", "2026-05-24") {
		places[q.Group] += q.Cap
	}
	if diff := cmp.Diff(map[slots.Group]int{slots.Marriage: 45}, places); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}

// Domain rule 30: what is offered beyond the ordinary day is known three days
// before; rule 20: to close a day is possible to the last.
func TestASpecialDayIsPutInTime(t *testing.T) {
	s := newStore(t) // the morning of Monday 18 May; ordinarily 09:00 to 10:00, marriages and divorces
	more := slots.Capacity{slots.Marriage: 11}
	for _, tt := range []struct {
		fact, day string
		e         slots.Exception
		late      bool
	}{
		{"an hour more in three days", "2026-05-21", slots.Exception{Hours: []slots.Period{{From: 540, To: 660}}}, false},
		{"an hour more in two days", "2026-05-20", slots.Exception{Hours: []slots.Period{{From: 540, To: 660}}}, true},
		{"other hours in two days", "2026-05-20", slots.Exception{Hours: []slots.Period{{From: 570, To: 630}}}, true},
		{"a Saturday in five days", "2026-05-23", slots.Exception{Hours: []slots.Period{{From: 540, To: 600}}}, false},
		{"more places today", "2026-05-18", slots.Exception{Hours: []slots.Period{{From: 540, To: 600}}, Capacity: more}, true},
		{"more places in a period today", "2026-05-18", slots.Exception{Hours: []slots.Period{{From: 540, To: 570, Capacity: slots.Capacity{slots.Divorce: 9}}}}, true},
		{"another group today", "2026-05-18", slots.Exception{Hours: []slots.Period{{From: 540, To: 600}}, Capacity: slots.Capacity{slots.Other: 1}}, true},
		{"shorter slots today", "2026-05-18", slots.Exception{Hours: []slots.Period{{From: 540, To: 600}}, SlotMinutes: 20}, true},
		{"longer slots today", "2026-05-18", slots.Exception{Hours: []slots.Period{{From: 540, To: 600}}, SlotMinutes: 60}, false},
		{"no divorces today", "2026-05-18", slots.Exception{Hours: []slots.Period{{From: 540, To: 600}}, Capacity: slots.Capacity{slots.Divorce: 0}}, false},
		{"half an hour less today", "2026-05-18", slots.Exception{Hours: []slots.Period{{From: 540, To: 570}}}, false},
		{"closed today", "2026-05-18", slots.Exception{}, false},
	} {
		tt.e.Day, tt.e.Reason = day(t, tt.day), "decided"
		want := map[string]string(nil)
		if tt.late {
			want = map[string]string{"day": "too_late"}
		}
		_, err := s.TryException(t.Context(), wuling, tt.e)
		if diff := cmp.Diff(want, fault.Of(err).Fields); diff != "" || (err != nil) != tt.late {
			t.Errorf("%s: %v (-want +got):\n%s", tt.fact, err, diff)
		}
	}
}

func TestAnEmergencyMayBeTakenBackAtOnce(t *testing.T) {
	s := newStore(t)
	hours := func(from, to slots.TimeOfDay) slots.Exception {
		return slots.Exception{Day: day(t, "2026-05-21"), Reason: "decided", Hours: []slots.Period{{From: from, To: to}}}
	}
	put := func(e slots.Exception, late bool) {
		t.Helper()
		err := s.PutException(t.Context(), wuling, e, "manager")
		if got := fault.Of(err).Fields["day"] == "too_late"; got != late || err != nil && !late {
			t.Errorf("%s to %s: %v, want too late: %t", e.Hours[0].From, e.Hours[0].To, err, late)
		}
	}
	put(hours(480, 720), false) // three days before
	setTime(t, s, monday().Add(72*time.Hour))
	put(hours(480, 780), true)  // longer still
	put(hours(480, 700), false) // shorter
	put(hours(480, 720), true)  // what is not public any more would be new
	put(hours(540, 570), false)
	put(hours(540, 600), false) // the ordinary day
}

func TestANoticeOfNoDaysLetsADayOpenAtOnce(t *testing.T) {
	s := newStore(t)
	r := slots.DefaultRules()
	r.SpecialNoticeDays = 0
	if err := s.SetRules(t.Context(), wuling, day(t, "2026-05-18"), r, "decided in a meeting", "manager"); err != nil {
		t.Fatal(err)
	}
	e := slots.Exception{Day: day(t, "2026-05-18"), Reason: "round the clock", Hours: []slots.Period{{From: 0, To: 1440}}}
	if err := s.PutException(t.Context(), wuling, e, "manager"); err != nil {
		t.Error(err)
	}
}

func TestADayWithoutAScheduleIsNoSpecialDay(t *testing.T) {
	s := newStore(t)
	putOffice(t, s, "430703")
	e := slots.Exception{Day: day(t, "2026-06-01"), Reason: "new", Hours: []slots.Period{{From: 540, To: 600}}}
	if err := s.PutException(t.Context(), "430703", e, "manager"); !errors.Is(err, slots.ErrNoSchedule) {
		t.Errorf("hours: %v, want ErrNoSchedule", err)
	}
	e.Hours = nil
	if err := s.PutException(t.Context(), "430703", e, "manager"); err != nil {
		t.Errorf("closed: %v", err)
	}
	if err := s.PutException(t.Context(), "430799", e, "manager"); !errors.Is(err, slots.ErrNoSuchOffice) {
		t.Errorf("no office: %v, want ErrNoSuchOffice", err)
	}
}

func TestEveryMistakeInASpecialDayIsNamed(t *testing.T) {
	s := newStore(t)
	e := slots.Exception{
		Day: day(t, "2026-05-25"), SlotMinutes: 5, Capacity: slots.Capacity{slots.Marriage: -1, "burial": 1},
		Hours: []slots.Period{{From: 540, To: 543}},
	}
	want := map[string]string{
		"slot_minutes": "out_of_range", "capacity.marriage": "out_of_range", "capacity.burial": "unknown", "hours.0": "too_short", "reason": "required",
	}
	if diff := cmp.Diff(want, fault.Of(s.PutException(t.Context(), wuling, e, "manager")).Fields); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
	e = slots.Exception{Day: e.Day, Reason: "x", Hours: []slots.Period{{From: 540, To: 560}}} // the schedule's slots are longer
	if diff := cmp.Diff(map[string]string{"hours.0": "too_short"}, fault.Of(s.PutException(t.Context(), wuling, e, "manager")).Fields); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
	err := s.DropException(t.Context(), wuling, day(t, "2026-05-17"), "manager")
	if diff := cmp.Diff(map[string]string{"day": "past"}, fault.Of(err).Fields); diff != "" {
		t.Errorf("dropping what is over (-want +got):\n%s", diff)
	}
}
