package main

import (
	"strings"
	"testing"
)

func (v *victim) inTheHall(t *testing.T) {
	in := visit(v.today, "check-in")
	right := readings("36.5", "36.6")
	const celsius = "readings.0.celsius"
	for _, c := range []change{
		at(celsius, "36.55", "format"), at(celsius, "50.0", "range"), at(celsius, "33.9", "range"), at(celsius, "-36.5", "format"),
		at(celsius, "36.5e0", "format"), at(celsius, "NaN", "format"), at(celsius, "", "required"), at(celsius, 36.5, "type"),
		at(celsius, strings.Repeat("3", 17), "too_long"), at(celsius, nil, "required"), at(celsius, "34.5", "too_low_repeat"),
		at("readings.0.party", 0, "too_small"), at("readings.0.party", 3, "too_big"), at("readings.0.party", 1.5, "type"), at("readings.0.party", "1", "type"),
		at("readings.0.device", "", "required"), at("readings.0.device", nil, "required"), at("readings.0.device", strings.Repeat("T", 33), "too_long"),
		at("readings", nil, "required"), at("readings", []doc{}, "required"), at("readings", doc{}, "type"),
		at("readings.0.name", "鱻麤", "unknown"),
		{"only one of them", "readings", []doc{{"party": 1, "celsius": "36.5", "device": "T1"}}, doc{"readings": "required"}},
		{"one of them twice", "readings.1.party", 1, doc{"readings": "required", "readings.1.party": "repeated"}},
		{"a companion without a reason", "companions", []doc{{"celsius": "36.5", "device": "T1"}}, doc{"companions.0.reason": "required"}},
		{"a companion who is not measured", "companions", []doc{{"reason": "翻译"}}, doc{"companions.0.celsius": "required"}},
	} {
		v.try(t, "check in: "+c.what, invalid(c.fields), "POST", in, edited(t, right, c.path, c.value), v.as("hall")...)
	}
	v.try(t, "check in tomorrow's", refusedWith(409, "other_day"), "POST", visit(v.tomorrow, "check-in"), right, v.as("hall")...)
	v.try(t, "check in nobody", refusedWith(404, "no_such_appointment"), "POST", "/staff/appointments/99999999/check-in", right, v.as("hall")...)
	v.try(t, "check in a phone", invalid(doc{"number": "*"}), "POST", "/staff/appointments/19900000001/check-in", right, v.as("hall")...)
	v.try(t, "check in the neighbour's", refusedWith(404, "no_such_appointment"), "POST", visit(v.elsewhere, "check-in"), right, v.as("hall")...)
	v.try(t, "the neighbour checks in", refusedWith(404, "no_such_appointment"), "POST", in, right, v.as("hall."+there)...)
	v.try(t, "nobody measured the manager", refusedWith(403, "own_reading_missing"), "POST", in, right, v.as("manager")...)
	v.try(t, "the operator checks in", refusedWith(403, "forbidden"), "POST", in, right, v.as("operator")...)
	for _, c := range []change{
		at("celsius", "36.55", "format"), at("celsius", "50.0", "range"), at("celsius", nil, "required"), at("device", "", "required"),
		at("repeat", "36.55", "format"),
	} {
		v.try(t, "own reading: "+c.what, invalid(c.fields), "POST", "/staff/readings", edited(t, doc{"celsius": "36.5", "device": "T1"}, c.path, c.value), v.as("operator")...)
	}
	v.try(t, "own reading at the neighbour's", refusedWith(403, "forbidden"), "POST", "/staff/readings", doc{"celsius": "36.5", "device": "T1", "office": there}, v.as("operator")...)
	v.atTheCounter(t)
}

func (v *victim) atTheCounter(t *testing.T) {
	registrar := v.as("registrar")
	for _, what := range []string{"call", "start"} {
		v.try(t, what+" to no counter", invalid(doc{"counter": "required"}), "POST", visit(v.today, what), doc{"counter": ""}, registrar...)
		v.try(t, what+" to a counter with a name", invalid(doc{"counter": "*"}), "POST", visit(v.today, what), doc{"counter": "三号"}, registrar...)
		v.try(t, what+" who has not come", refusedWith(409, "not_possible"), "POST", visit(v.today, what), doc{"counter": "3"}, registrar...)
		v.try(t, what+" the neighbour's", refusedWith(404, "no_such_appointment"), "POST", visit(v.elsewhere, what), doc{"counter": "3"}, registrar...)
	}
	v.try(t, "start at another counter", refusedWith(409, "other_counter"), "POST", visit(v.serving, "start"), doc{"counter": "4"}, registrar...)
	done := visit(v.serving, "complete")
	v.try(t, "complete without a certificate", invalid(doc{"certificate_number": "required"}), "POST", done, doc{}, registrar...)
	v.try(t, "complete with a blank", invalid(doc{"certificate_number": "required"}), "POST", done, doc{"certificate_number": " "}, registrar...)
	v.try(t, "complete with too much", invalid(doc{"certificate_number": "too_long"}), "POST", done, doc{"certificate_number": strings.Repeat("1", 101)}, registrar...)
	v.try(t, "complete who has not come", refusedWith(409, "not_possible"), "POST", visit(v.today, "complete"), doc{"certificate_number": "J430702-2026-000001"}, registrar...)
	v.try(t, "complete the neighbour's", refusedWith(404, "no_such_appointment"), "POST", visit(v.elsewhere, "complete"), doc{"certificate_number": "J430702-2026-000001"}, registrar...)
	v.try(t, "the door completes", refusedWith(403, "forbidden"), "POST", done, doc{"certificate_number": "J430702-2026-000001"}, v.as("hall")...)
	refuse := visit(v.serving, "not-accepted")
	v.try(t, "not accepted without a reason", invalid(doc{"reason": "required"}), "POST", refuse, doc{}, registrar...)
	v.try(t, "not accepted for a novel", invalid(doc{"reason": "too_long"}), "POST", refuse, doc{"reason": strings.Repeat("长", 301)}, registrar...)
	v.try(t, "not accepted who has not come", refusedWith(409, "not_possible"), "POST", visit(v.today, "not-accepted"), doc{"reason": "证件不齐"}, registrar...)
}
