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
