package slots_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/fault"
	"hunyue/slots"
)

func TestTheDefaultsAreTheDomains(t *testing.T) {
	r := slots.DefaultRules()
	if err := r.Validate(); err != nil {
		t.Fatalf("defaults: %v", fault.Of(err).Fields)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"horizon_days": 30.0, "lead_days": 1.0, "release_time": "08:30", "spill_time": "16:00", "special_notice_days": 3.0, "hold_seconds": 300.0,
		"extendable": true, "early_minutes": 30.0, "late_minutes": 30.0, "cancel_days": 1.0, "max_reschedules": 2.0,
		"per_phone": 2.0, "screening": "required", "fever_decicelsius": 373.0, "recheck_minutes": 10.0,
		"recheck_other_device": true, "companions": 0.0, "xb_foreign": false, "xb_hmt": false, "xb_overseas": false,
		"shares": map[string]any{"web": 70.0, "phone": 20.0, "counter": 10.0},
	} {
		if diff := cmp.Diff(want, got[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if r.MinAgeM != 22 || r.MinAgeF != 20 {
		t.Errorf("ages %d and %d, want those of the Civil Code", r.MinAgeM, r.MinAgeF)
	}
}

func TestEveryRuleNamesItsSource(t *testing.T) {
	text, err := json.Marshal(slots.DefaultRules())
	if err != nil {
		t.Fatal(err)
	}
	var rules map[string]any
	if err := json.Unmarshal(text, &rules); err != nil {
		t.Fatal(err)
	}
	sources := slots.RuleSources()
	if diff := cmp.Diff(slices.Sorted(maps.Keys(rules)), slices.Sorted(maps.Keys(sources))); diff != "" {
		t.Errorf("rules with a source (-rules +sources):\n%s", diff)
	}
	for name, source := range sources {
		if n, err := strconv.Atoi(source); err != nil || n < 1 || n > 100 {
			t.Errorf("%s: source %q is no domain rule", name, source)
		}
	}
}

func TestRulesThatAreNotNamedKeepTheirValue(t *testing.T) {
	r := slots.DefaultRules()
	r.PerPhone = 5
	got, err := r.With([]byte(`{"lead_days": 2, "shares": {"web": 50, "phone": 50, "counter": 0}, "release_time": "09:00"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := r
	want.LeadDays, want.Shares, want.ReleaseTime = 2, slots.Shares{Web: 50, Phone: 50}, 9*60
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

func TestEveryRuleOutOfBoundsIsNamed(t *testing.T) {
	for _, tt := range []struct {
		fact, text string
		want       map[string]string
	}{
		{
			"bounds of the domain", `{"horizon_days": 91, "lead_days": 6, "fever_decicelsius": 37, "hold_seconds": 0, "reading_days": 31, "special_notice_days": 31}`,
			map[string]string{
				"horizon_days": "out_of_range", "lead_days": "out_of_range", "fever_decicelsius": "out_of_range",
				"hold_seconds": "out_of_range", "reading_days": "out_of_range", "special_notice_days": "out_of_range",
			},
		},
		{"a lead beyond the horizon", `{"horizon_days": 1, "lead_days": 2}`, map[string]string{"lead_days": "order"}},
		{"shares of more than all", `{"shares": {"web": 70, "phone": 20, "counter": 20}}`, map[string]string{"shares": "sum"}},
		{"a negative share", `{"shares": {"web": 110, "phone": -10, "counter": 0}}`, map[string]string{"shares.web": "out_of_range", "shares.phone": "out_of_range"}},
		{
			"times", `{"release_time": "8:30", "cooling_from": "20:00", "cooling_until": "08:00", "report_reminder": "17:00"}`,
			map[string]string{"release_time": "format", "cooling_until": "order", "report_reminder": "order"},
		},
		{"words", `{"screening": "sometimes", "sms_sign": "武陵区民政局婚姻登记处"}`, map[string]string{"screening": "unknown", "sms_sign": "out_of_range"}},
		{"too much of a law", `{"health_basis": "` + strings.Repeat("条", 201) + `"}`, map[string]string{"health_basis": "too_long"}},
		{"a division that is none", `{"certificate_division": "99"}`, map[string]string{"certificate_division": "format"}},
		{"a division of no province", `{"certificate_division": "990700"}`, map[string]string{"certificate_division": "province"}},
		{"the law is no setting", `{"min_age_m": 20}`, map[string]string{"min_age_m": "unknown"}},
		{"a type", `{"extendable": "yes"}`, map[string]string{"extendable": "type"}},
	} {
		got, err := slots.DefaultRules().With([]byte(tt.text))
		if diff := cmp.Diff(tt.want, fault.Of(err).Fields); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.fact, diff)
		}
		if !cmp.Equal(got, slots.DefaultRules()) {
			t.Errorf("%s: rules changed all the same", tt.fact)
		}
	}
}
