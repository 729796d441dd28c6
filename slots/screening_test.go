package slots_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/slots"
)

func TestScreeningHoldsFromOneDayToAnother(t *testing.T) {
	s := newStore(t)
	moved := slots.DefaultRules()
	moved.PerPhone = 7
	if err := s.SetRules(t.Context(), wuling, day(t, "2026-06-03"), moved, "a meeting", "manager"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // asking again changes nothing
		if err := s.SetScreening(t.Context(), wuling, day(t, "2026-06-01"), day(t, "2026-06-05"), slots.ScreeningOff, " the emergency is over ", "manager"); err != nil {
			t.Fatal(err, fault.Of(err).Fields)
		}
	}
	for on, want := range map[string]string{
		"2026-05-31": "required 2", "2026-06-01": "off 2", "2026-06-02": "off 2", "2026-06-03": "off 7", "2026-06-05": "off 7",
		"2026-06-06": "required 7", "2027-01-01": "required 7",
	} {
		r, err := s.Rules(t.Context(), wuling, day(t, on))
		if got := fmt.Sprint(r.Screening, " ", r.PerPhone); err != nil || got != want {
			t.Errorf("on %s: %s (%v), want %s", on, got, err, want)
		}
	}
	if n := len(audited(t, s, "manager", "screening_set")); n != 1 {
		t.Errorf("%d audit rows, want 1", n)
	}
	got, err := s.ScreeningFrom(t.Context(), wuling, day(t, "2026-05-20"))
	want := []slots.Screened{
		{From: day(t, "2026-05-20"), To: day(t, "2026-05-31"), Screening: slots.ScreeningRequired},
		{From: day(t, "2026-06-01"), To: day(t, "2026-06-05"), Screening: slots.ScreeningOff},
		{From: day(t, "2026-06-06"), Screening: slots.ScreeningRequired},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("from day to day (-want +got; %v):\n%s", err, diff)
	}
}

func TestScreeningWithoutAnEndHoldsUntilItIsSetAnew(t *testing.T) {
	s := newStore(t)
	set := func(from string, to date.Date, as slots.Screening) {
		t.Helper()
		if err := s.SetScreening(t.Context(), wuling, day(t, from), to, as, "x", "manager"); err != nil {
			t.Fatal(err)
		}
	}
	set("2026-06-01", date.Date{}, slots.ScreeningOff)
	set("2026-07-01", day(t, "2026-07-02"), slots.ScreeningOptional)
	for on, want := range map[string]slots.Screening{
		"2026-05-31": slots.ScreeningRequired, "2026-06-30": slots.ScreeningOff, "2026-07-02": slots.ScreeningOptional, "2026-07-03": slots.ScreeningOff,
	} {
		if r, err := s.Rules(t.Context(), wuling, day(t, on)); err != nil || r.Screening != want {
			t.Errorf("on %s: %s (%v), want %s", on, r.Screening, err, want)
		}
	}
}

func TestScreeningIsRefused(t *testing.T) {
	s := newStore(t)
	err := s.SetScreening(t.Context(), wuling, day(t, "2026-05-17"), day(t, "2026-05-16"), "sometimes", " ", "manager")
	want := map[string]string{"screening": "unknown", "from": "past", "to": "order", "note": "required"}
	if diff := cmp.Diff(want, fault.Of(err).Fields); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
	err = s.SetScreening(t.Context(), wuling, day(t, "2026-06-01"), date.Date{}, slots.ScreeningOff, strings.Repeat("长", 201), "manager")
	if got := fault.Of(err).Fields["note"]; got != "too_long" {
		t.Errorf("a long note is %q", got)
	}
	if err := s.SetScreening(t.Context(), "430799", day(t, "2026-06-01"), date.Date{}, slots.ScreeningOff, "x", "manager"); !errors.Is(err, slots.ErrNoSuchOffice) {
		t.Errorf("at no office: %v", err)
	}
}

func TestWhatAnOfficeMaySayOfShiftsAndDisinfection(t *testing.T) {
	for rules, want := range map[string]string{
		`{"staff_readings": [{"from": "13:00", "to": "12:00"}]}`:                                           "staff_readings order",
		`{"staff_readings": [{"from": "x", "to": "12:00"}]}`:                                               "staff_readings format",
		`{"disinfection": {"areas": ["hall", "hall"], "by": ["12:00"]}}`:                                   "disinfection.areas order",
		`{"disinfection": {"areas": [" hall"], "by": ["12:00"]}}`:                                          "disinfection.areas format",
		`{"disinfection": {"areas": ["` + strings.Repeat("长", 21) + `"], "by": ["12:00"]}}`:                "disinfection.areas too_long",
		`{"disinfection": {"areas": ["hall"], "by": ["18:00", "12:00"]}}`:                                  "disinfection.by order",
		`{"disinfection": {"areas": ["hall"], "by": ["25:00"]}}`:                                           "disinfection.by format",
		`{"disinfection": {"areas": [], "by": ["01:00","02:00","03:00","04:00","05:00","06:00","07:00"]}}`: "disinfection out_of_range",
	} {
		_, err := slots.DefaultRules().With([]byte(rules))
		field, code, _ := strings.Cut(want, " ")
		if got := fault.Of(err).Fields[field]; got != code {
			t.Errorf("%s: %v %v, want %s", rules, err, fault.Of(err).Fields, want)
		}
	}
	r, err := slots.DefaultRules().With([]byte(`{"staff_readings": [], "disinfection": {"areas": ["贵宾室"], "by": [], "after_couple": false}}`))
	if err != nil || len(r.StaffReadings) != 0 || r.Disinfection.Areas[0] != "贵宾室" {
		t.Errorf("%+v, %v", r.Disinfection, err)
	}
}
