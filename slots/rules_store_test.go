package slots_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/fault"
	"hunyue/slots"
)

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
	if got, err := s.Rules(t.Context(), wuling, day(t, "2026-05-20")); err != nil || !cmp.Equal(got, want) {
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
