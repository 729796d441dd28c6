package web

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/server/i18n"
	"hunyue/slots"
)

var today = date.Date{Year: 2026, Month: 5, Day: 20}

func in(t *testing.T, lang string) page {
	t.Helper()
	all, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	return page{Reader: all.In(lang)}
}

func TestEverybodyReadsWhatTheyBringThemselves(t *testing.T) {
	for _, tt := range []struct {
		lang, service string
		who           []identity.PartyKind
		want          []string
	}{
		{"zh", "marriage", []identity.PartyKind{identity.Mainland, identity.Mainland}, []string{
			"双方本人的居民身份证原件",
			"双方本人的无配偶、双方没有近亲关系的声明（到场签署）",
			"双方近期 2 寸半身免冠合影 3 张",
			"现役军人另带军人证件和《军人婚姻登记证明》",
			"不需要户口簿",
		}},
		{"en", "marriage", []identity.PartyKind{identity.Foreign, identity.Mainland}, []string{
			"For the foreign citizen: original passport, other travel document or permanent residence card",
			"For the foreign citizen: a certificate of being unmarried and not closely related, notarised or authenticated",
			"For the mainland resident: original ID card",
			"For the mainland resident: a statement of being unmarried and not closely related (signed at the office)",
			"Three recent 2-inch photos of the two of you together, no hats",
			"Serving soldiers also bring their military ID and their unit's marriage certificate form",
			"The household register is not needed",
		}},
		{"zh", "divorce_withdraw", []identity.PartyKind{identity.HMT}, []string{
			"本人的来往内地（大陆）通行证或港澳台居民居住证原件",
			"本人的当地居民身份证原件",
			"离婚登记申请受理回执单",
		}},
		{"zh", "counselling", []identity.PartyKind{identity.Mainland}, []string{"本人的居民身份证原件"}},
	} {
		got := in(t, tt.lang).bring(slots.Service{ID: tt.service}, slots.DefaultRules(), today, tt.who)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s, %s of %v (-want +got):\n%s", tt.lang, tt.service, tt.who, diff)
		}
	}
}

func TestTheOfficesOwnWordsAreInTheReadersLanguage(t *testing.T) {
	rules := slots.DefaultRules()
	rules.Bring = []slots.BringText{{ZH: "大厅可免费拍照", EN: "Photos are taken here free of charge"}}
	for lang, want := range map[string]string{"zh": "大厅可免费拍照", "en": "Photos are taken here free of charge"} {
		got := in(t, lang).bring(slots.Service{ID: "marriage"}, rules, today, []identity.PartyKind{identity.Mainland, identity.Mainland})
		if !slices.Contains(got, want) {
			t.Errorf("%s: %q lacks %q", lang, got, want)
		}
	}
}

// The household register is named where it is said that nobody needs it, and in
// the list of the time when they did (domain rule 11).
func TestNoTextAsksForTheHouseholdRegister(t *testing.T) {
	mayName := []string{"bring.no_register", "bring.household_register", "field.household_register"}
	for lang, word := range map[string]string{"zh": "户口", "en": "household"} {
		texts := in(t, lang)
		for _, key := range texts.Keys() {
			if strings.Contains(strings.ToLower(texts.T(key)), word) != slices.Contains(mayName, key) {
				t.Errorf("%s: %s is %q", lang, key, texts.T(key))
			}
		}
		for _, id := range slots.MaterialIDs() {
			if !texts.Has("bring." + id) {
				t.Errorf("%s: no text for %s", lang, id)
			}
		}
	}
}
