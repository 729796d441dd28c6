package slots_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/fault"
	"hunyue/slots"
)

func TestSchedulesHoldFromTheirDateOn(t *testing.T) {
	s := newStore(t)
	later := week()
	later.Capacity = slots.Capacity{slots.Marriage: 20}
	putSchedule(t, s, "2026-06-01", later)
	between := week()
	between.Capacity = slots.Capacity{slots.Marriage: 15}
	putSchedule(t, s, "2026-05-25", between) // written later, begins earlier
	for on, want := range map[string]int{"2026-05-18": 10, "2026-05-24": 10, "2026-05-31": 15, "2026-06-01": 20} {
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
