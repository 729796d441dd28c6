package main

import (
	"strconv"
	"strings"
	"testing"

	"hunyue/internal/date"
	"hunyue/internal/identity"
)

const numberOf = "parties.0.document.number"

// born is the number of somebody born on a day, the 21st of May of most cases
// being the day of the visit.
func born(t *testing.T, day string, sex identity.Sex) string {
	t.Helper()
	on, err := date.ParseDate(day)
	if err != nil {
		t.Fatal(err)
	}
	number, err := identity.Synthetic(on, sex, 7)
	if err != nil {
		t.Fatal(err)
	}
	return number
}

func (v *victim) wrongBookings(t *testing.T) []change {
	him, her := v.free[0], v.free[1]
	return []change{
		at(numberOf, "430799199003070015", "check_digit"),
		at(numberOf, "430799900307001", "first_generation"),
		at(numberOf, "160799199003070014", "province"),
		at(numberOf, "430799199002300014", "date"),
		at(numberOf, "43079919900307001", "format"),
		at(numberOf, "4307991990030700140", "too_long"),
		at(numberOf, strings.Repeat("1", 41), "too_long"),
		at(numberOf, 430799199003070014, "type"),
		at(numberOf, "", "required"),
		at(numberOf, nil, "required"),
		at(numberOf, born(t, "2026-05-21", identity.Male), "future"),
		{"a man a day too young", numberOf, born(t, "2004-05-22", identity.Male), doc{"parties.0.birth_date": "under_age"}},
		{"a woman a day too young", "parties.1.document.number", born(t, "2006-05-22", identity.Female), doc{"parties.1.birth_date": "under_age"}},
		{"the same person twice", "parties.1", him, doc{"parties.1.document.number": "same_person", "parties.1.sex": "one_man_one_woman"}},
		{"two men", "parties.1.document.number", born(t, "1991-01-01", identity.Male), doc{"parties.1.sex": "one_man_one_woman"}},
		{"two women", numberOf, born(t, "1991-01-01", identity.Female), doc{"parties.1.sex": "one_man_one_woman"}},
		{"one person", "parties", []doc{him}, doc{"parties": "count"}},
		{"nobody", "parties", []doc{}, doc{"parties": "too_short"}},
		{"three people", "parties", []doc{him, her, him}, doc{"parties": "too_long"}},
		at("parties", him, "type"),
		at("parties", nil, "required"),
		at("parties.0.document.type", "driving_licence", "enum"),
		at("parties.0.document.kind", "resident_id", "unknown"),
		at("parties.0.nickname", "小鱻麤", "unknown"),
		{"a permit where it is not served", "parties.0.document", doc{"type": "passport", "number": "E12345678"}, doc{"parties.0.sex": "required", "parties.0.birth_date": "required"}},
		{
			"the same with sex and birth date", "parties.0",
			doc{"name": "Zhang San", "sex": "male", "birth_date": "1990-03-07", "document": doc{"type": "passport", "number": "E12345678"}},
			doc{"parties.0.document.type": "not_served_here"},
		},
		at("parties.0.sex", "female", "contradiction"),
		at("parties.0.sex", "other", "enum"),
		at("parties.0.birth_date", "1990-03-08", "contradiction"),
		at("parties.0.birth_date", "1990-02-30", "format"),
		at("parties.0.birth_date", "7.3.1990", "format"),
		at("parties.0.name", "", "required"),
		at("parties.0.name", "   ", "required"),
		at("parties.0.name", nil, "required"),
		at("parties.0.name", []string{"鱻麤"}, "type"),
		at("parties.0.name", "Smith", "characters"),
		at("parties.0.name", "鱻麤<script>", "characters"),
		at("parties.0.name", "·鱻麤", "separator"),
		at("parties.0.name", "鱻", "too_short"),
		at("parties.0.name", strings.Repeat("鱻", 51), "too_long"),
		at("parties.0.name", strings.Repeat("鱻", 201), "too_long"),
		at("service", "fishing", "not_offered"),
		at("service", "divorce_apply", "not_offered"),
		at("service", "archive_query", "not_offered"), // offered, at other times
		at("service", "Marriage!", "pattern"),
		at("service", nil, "required"),
		at("phone", "1990000000", "format"),
		at("phone", "0736-7123456", "not_mobile"),
		at("phone", "+4915112345678", "country"),
		at("phone", "1440012345678", "iot"),
		at("phone", strings.Repeat("1", 41), "too_long"),
		at("phone", 19900000005, "type"),
		at("phone", nil, "required"),
		at("phone_code", nil, "required"),
		at("phone_code", "12345", "pattern"),
		at("phone_code", 123456, "type"),
		at("phone_code", "１２３４５６", "pattern"),
		at("hold", "not-a-hold", "format"),
		at("hold", nil, "required"),
		at("locale", "fr", "pattern"),
		at("consents.agreement", false, "required"),
		at("consents.privacy", 1, "type"),
		at("consents", nil, "required"),
		at("consents.privacy", nil, "required"),
		at("consents.agreement", "", "required"),
		at("consents.agreement", "yes, of course", "pattern"),
		at("consents.marketing", "1", "unknown"),
	}
}

func (v *victim) bookings(t *testing.T) {
	body, headers := v.booking()
	for _, c := range v.wrongBookings(t) {
		v.try(t, c.what, invalid(c.fields), "POST", "/appointments", edited(t, body, c.path, c.value), headers...)
	}
	key := func(value string) []string {
		return []string{"Hold-Token", word(v.held, "token"), "Idempotency-Key", value}
	}
	for value, code := range map[string]string{"": "required", "汉字": "pattern", strings.Repeat("k", 65): "*", "with a space": "pattern"} {
		want := refusal{400, "invalid_input", doc{"Idempotency-Key": code}, nil}
		v.try(t, "the key "+strconv.Quote(value), want, "POST", "/appointments", body, key(value)...)
	}
	v.try(t, "everything at once", invalid(doc{"parties.0.name": "characters", numberOf: "check_digit", "parties.1.sex": "contradiction", "phone": "not_mobile"}),
		"POST", "/appointments", edited(t, edited(t, edited(t, edited(t, body, "parties.0.name", "X"), numberOf, "430799199003070015"),
			"parties.1.sex", "male"), "phone", "0736-7123456"), headers...)

	assisted, typed := v.assisted()
	for _, c := range []change{
		at(numberOf, "430799199003070015", "check_digit"),
		at("channel", "web", "enum"),
		at("channel", nil, "required"),
		at("caller", strings.Repeat("爨", 101), "too_long"),
		at("names_checked", "yes", "type"),
		at("phone_code", "123456", "unknown"),
		at("phone", "12", "format"),
		{"a man a day too young", numberOf, born(t, "2004-05-22", identity.Male), doc{"parties.0.birth_date": "under_age"}},
	} {
		v.try(t, "the operator: "+c.what, invalid(c.fields), "POST", "/staff/appointments", edited(t, assisted, c.path, c.value), typed...)
	}
	without := append(v.as("operator"), "Hold-Token", word(v.byPhone, "token"))
	v.try(t, "the operator without a key", refusal{400, "invalid_input", doc{"Idempotency-Key": "required"}, nil}, "POST", "/staff/appointments", assisted, without...)
}
