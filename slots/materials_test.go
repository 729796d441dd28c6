package slots_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/fault"
	"hunyue/internal/identity"
	"hunyue/slots"
)

// listed is what somebody brings, as "kind:id".
func listed(all []slots.Material) []string {
	var ids []string
	for _, m := range all {
		ids = append(ids, string(m.Of)+":"+m.ID+m.Text.ZH)
	}
	return ids
}

func TestMaterialsAreThoseOfTheServiceAndThePersons(t *testing.T) {
	mainland, hmt, abroad, foreign := identity.Mainland, identity.HMT, identity.OverseasChinese, identity.Foreign
	for _, tt := range []struct {
		service, day string
		who          []identity.PartyKind
		want         string
	}{
		{"marriage", "2026-05-20", []identity.PartyKind{mainland, mainland}, "mainland:id_card mainland:statement :photos_joint :soldiers :no_register"},
		{"marriage", "2026-05-20", []identity.PartyKind{mainland, hmt}, "mainland:id_card mainland:statement hmt:permit hmt:local_id hmt:notarised_statement :photos_joint :soldiers :no_register"},
		{"marriage", "2026-05-20", []identity.PartyKind{foreign, abroad}, "foreign:passport foreign:authenticated_statement overseas:chinese_passport overseas:authenticated_statement :photos_joint"},
		{"marriage", "2020-02-10", []identity.PartyKind{mainland, mainland}, "mainland:id_card mainland:household_register mainland:statement :photos_joint :soldiers"},
		{"remarriage", "2026-05-20", []identity.PartyKind{mainland, mainland}, "mainland:id_card mainland:statement :divorce_certificate :photos_joint :soldiers :no_register"},
		{"divorce_issue", "2026-05-20", []identity.PartyKind{mainland, foreign}, "mainland:id_card mainland:marriage_certificate mainland:photos_single foreign:passport foreign:marriage_certificate foreign:photos_single :divorce_receipt :both_come :no_register"},
		{"reissue_divorce", "2026-05-20", []identity.PartyKind{mainland}, "mainland:id_card mainland:photos_single :no_register"},
		{"archive_query", "2020-02-10", []identity.PartyKind{abroad}, "overseas:chinese_passport"},
	} {
		got := strings.Join(listed(slots.DefaultRules().Materials(slots.Service{ID: tt.service}, tt.who, day(t, tt.day))), " ")
		if got != tt.want {
			t.Errorf("%s on %s of %v:\n got %s\nwant %s", tt.service, tt.day, tt.who, got, tt.want)
		}
	}
}

// 婚姻登记条例 8, in force since 2025-05-10 (domain rule 11).
func TestNobodyBringsTheHouseholdRegisterAnyMore(t *testing.T) {
	s := newStore(t)
	services, err := s.Services(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range services {
		for _, one := range identity.PartyKinds() {
			for _, other := range identity.PartyKinds() {
				who := []identity.PartyKind{one, other}
				for date, may := range map[string]bool{"2025-05-09": true, "2025-05-10": false, "2030-01-02": false} {
					got := listed(slots.DefaultRules().Materials(service, who, day(t, date)))
					if slices.Contains(got, "mainland:household_register") && !may {
						t.Errorf("%s on %s of %v asks for it: %s", service.ID, date, who, got)
					}
					if service.Group == slots.Marriage && one == identity.Mainland && may != slices.Contains(got, "mainland:household_register") {
						t.Errorf("%s on %s of %v: asked for is %s", service.ID, date, who, got)
					}
				}
			}
		}
	}
}

func TestAnOfficeSaysItInItsOwnWords(t *testing.T) {
	r := slots.DefaultRules()
	r.Bring = []slots.BringText{
		{InsteadOf: "photos_joint", ZH: "合影，53×35毫米", EN: "photos, 53 by 35 mm"},
		{Service: "marriage", InsteadOf: "photos_joint", ZH: "合影，可现场拍", EN: "photos, taken here"},
		{Service: "marriage", Party: identity.Foreign, ZH: "译文", EN: "translations"},
	}
	who := []identity.PartyKind{identity.Mainland, identity.Foreign}
	for service, want := range map[string]string{
		"marriage":        "mainland:id_card mainland:statement foreign:passport foreign:authenticated_statement foreign:译文 :photos_joint合影，可现场拍 :soldiers :no_register",
		"marriage_makeup": "mainland:id_card mainland:statement foreign:passport foreign:authenticated_statement :photos_joint合影，53×35毫米 :soldiers :no_register",
	} {
		if got := strings.Join(listed(r.Materials(slots.Service{ID: service}, who, day(t, "2026-05-20"))), " "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", service, got, want)
		}
	}
}

func TestWrongWordsOnMaterialsAreNamed(t *testing.T) {
	text := func(fields string) string { return `{"bring": [{"zh": "好", "en": "fine"}, {` + fields + `}]}` }
	for _, tt := range []struct {
		fact, rules string
		want        map[string]string
	}{
		{"nothing is wrong", text(`"zh": "合影", "en": "photos", "party": "hmt", "instead_of": "permit"`), nil},
		{"the register in Chinese", text(`"zh": "带户口本", "en": "x"`), map[string]string{"bring.1.zh": "household_register"}},
		{"the register in English", text(`"zh": "好", "en": "Your Hukou booklet"`), map[string]string{"bring.1.en": "household_register"}},
		{"no words", text(`"zh": " "`), map[string]string{"bring.1.zh": "required", "bring.1.en": "required"}},
		{"long", text(`"zh": "` + strings.Repeat("字", 101) + `", "en": "a\nb"`), map[string]string{"bring.1.zh": "too_long", "bring.1.en": "format"}},
		{"nobody", text(`"zh": "好", "en": "x", "party": "martian", "instead_of": "hat"`), map[string]string{"bring.1.party": "unknown", "bring.1.instead_of": "unknown"}},
		{"too many", fmt.Sprintf(`{"bring": [%s{}]}`, strings.Repeat(`{"zh": "好", "en": "x"},`, 20)), map[string]string{"bring": "out_of_range"}},
	} {
		_, err := slots.DefaultRules().With([]byte(tt.rules))
		var got map[string]string
		if err != nil {
			got = fault.Of(err).Fields
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.fact, diff)
		}
	}
}

func TestWordsOnAServiceThatTheOfficeDoesNotOfferAreRefused(t *testing.T) {
	s := newStore(t)
	r := slots.DefaultRules()
	r.Bring = []slots.BringText{{Service: "no_such", ZH: "好", EN: "fine"}}
	err := s.SetRules(t.Context(), wuling, day(t, "2026-12-01"), r, "test", "manager")
	if got := fault.Of(err).Fields["bring.0.service"]; got != "not_offered" {
		t.Errorf("got %v, want bring.0.service not offered", err)
	}
}
