package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// byTheManager tries what is wrong with running an office.
func (v *victim) byTheManager(t *testing.T) {
	right := map[string]write{}
	for _, w := range v.writes() {
		right[w.template[strings.LastIndex(w.template, "/")+1:]] = w
	}
	for operation, changes := range map[string][]change{
		"schedule": {
			at("slot_minutes", 5, "too_small"), at("slot_minutes", "30", "type"), at("slot_minutes", 30.5, "type"), at("slot_minutes", nil, "required"),
			at("capacity.marriage", -1, "too_small"), at("capacity.burial", 1, "unknown"), at("capacity", doc{}, "required"),
			at("weekdays.wednesday", []doc{}, "unknown"), at("weekdays", doc{}, "required"), at("weekdays.wed.0.from", "9:00", "pattern"),
			at("weekdays.wed.0.to", "09:00", "order"),
			{"no time fits", "weekdays.wed.0.to", "09:10", doc{"weekdays.wed.0": "too_short"}},
			at("from", "2026-02-30", "format"), at("from", "2026-05-19", "past"), at("dry_run", "yes", "type"),
		},
		"{date}": {
			at("hours", nil, "required"), at("hours", "09:00-12:00", "type"), at("hours.0.from", "9:00", "pattern"), at("hours.0.to", "09:00", "order"),
			at("hours.0.capacity", doc{"burial": 1}, ""),
			{"no time fits", "hours.0.to", "09:10", doc{"hours.0": "too_short"}},
			at("slot_minutes", 5, "too_small"), at("slot_minutes", 241, "too_big"), at("slot_minutes", "30", "type"),
			at("capacity.marriage", -1, "too_small"), at("capacity.marriage", 201, "out_of_range"), at("capacity.burial", 1, "unknown"),
			at("reason", nil, "required"), at("reason", " ", "required"), at("reason", strings.Repeat("长", 301), "too_long"),
			at("notice", nil, "required"), at("notice", "", "required"), at("notice", strings.Repeat("停", 1001), "too_long"),
			at("day", "2026-05-25", "unknown"), at("dry_run", "yes", "type"),
		},
		"publish": {
			at("from", "2026-05-19", "past"), at("to", "2026-05-24", "order"), at("to", "2026-09-01", "too_many"), at("to", 20260529, "type"),
		},
		"capacity": {
			at("capacity", -1, "too_small"), at("capacity", 10001, "too_big"), at("capacity", 1.5, "type"), at("channel", "door", "enum"),
			at("reason", "", "required"), at("reason", nil, "required"),
		},
		"submit": {
			at("zero_report", "yes", "type"), at("remarks", 1, "type"), at("remarks", strings.Repeat("长", 1001), "too_long"),
			at("differs", []doc{}, "type"), at("differs.completed.value", nil, "required"), at("differs.completed.value", -1, "too_small"),
			at("differs.completed.value", 100001, "too_big"), at("differs.completed.value", "1", "type"), at("differs.completed.value", 1.5, "type"),
			at("differs.completed.because", nil, "required"), at("differs.completed.because", " ", "required"),
			at("differs.completed.because", strings.Repeat("长", 201), "too_long"), at("differs.burials", doc{}, "unknown"),
			at("differs.by_channel", doc{}, "unknown"), at("version", 2, "unknown"), at("counts", doc{}, "unknown"),
		},
		"{id}": {
			at("to", "2026-06-20", "order"), at("to", "2026-02-30", "format"), at("to", "", "required"), at("to", 20260624, "type"),
			at("reason", nil, "required"), at("reason", "", "required"), at("reason", strings.Repeat("长", 301), "too_long"),
			at("from", "2026-06-21", "unknown"), at("dry_run", "yes", "type"),
		},
		"suspensions": {
			at("from", "2026-05-19", "past"), at("to", "2026-05-20", "order"), at("mode", "half", "enum"), at("mode", nil, "required"),
			at("services", []string{"fishing"}, ""), at("reason", nil, "required"), at("notice", "", "required"),
			at("notice", strings.Repeat("停", 1001), "too_long"),
		},
	} {
		w := right[operation]
		for _, c := range changes {
			switch c.path {
			case "services":
				c.fields = doc{"services.0": "unknown"}
			case "hours.0.capacity":
				c.fields = doc{"hours.0.capacity.burial": "unknown"}
			}
			v.try(t, operation+": "+c.what, invalid(c.fields), w.method, w.path, edited(t, w.body, c.path, c.value), w.headers...)
		}
		far := strings.Replace(w.path, here, there, 1)
		v.try(t, operation+" of the neighbour", refusedWith(403, "forbidden"), w.method, far, w.body, w.headers...)
		v.try(t, operation+" by the operator", refusedWith(403, "forbidden"), w.method, w.path, w.body, v.as("operator")...)
		v.try(t, operation+" of no office", refusedWith(403, "forbidden"), w.method, strings.Replace(w.path, here, "999999", 1), w.body, w.headers...)
		v.try(t, operation+" of a name", refusedWith(403, "forbidden"), w.method, strings.Replace(w.path, here, "wuling", 1), w.body, w.headers...)
	}
	capacity := right["capacity"]
	v.try(t, "a time of the neighbour", refusedWith(404, "no_such_slot"), "PUT", capacity.path,
		edited(t, capacity.body, "slot", there+"-20260521-0900-marriage"), capacity.headers...)
	v.specialDays(t, right["{date}"])
	v.suspensions(t, right["{id}"])
	v.reports(t, right["submit"])
	days := "/manage/offices/" + here + "/days/"
	v.try(t, "close a day that goes on", refusedWith(409, "day_not_over"), "POST", days+"2026-05-20/close", nil, v.as("manager")...)
	v.try(t, "close a day that is none", invalid(doc{"date": "format"}), "POST", days+"2026-02-30/close", nil, v.as("manager")...)
	v.try(t, "close the neighbour's", refusedWith(403, "forbidden"), "POST", "/manage/offices/"+there+"/days/2026-05-20/close", nil, v.as("manager")...)
}

// specialDays tries days for which, or from which on, nothing can be planned.
func (v *victim) specialDays(t *testing.T, right write) {
	all := "/manage/offices/" + here + "/exceptions"
	for day, want := range map[string]refusal{
		"2026-05-19": invalid(doc{"day": "past"}), "2026-05-22": invalid(doc{"day": "too_late"}),
		"2026-02-30": invalid(doc{"date": "format"}), "tomorrow": invalid(doc{"date": "format"}),
	} {
		v.try(t, "a special day on "+day, want, right.method, all+"/"+day, right.body, right.headers...)
		if day != "2026-05-22" {
			v.try(t, "no special day on "+day, want, "DELETE", all+"/"+day, nil, right.headers...)
		}
	}
	far := "/manage/offices/" + there + "/exceptions"
	v.try(t, "the neighbour's special days", refusedWith(403, "forbidden"), "GET", far, nil, right.headers...)
	v.try(t, "drop the neighbour's", refusedWith(403, "forbidden"), "DELETE", far+"/2026-05-24", nil, right.headers...)
	v.try(t, "the operator drops", refusedWith(403, "forbidden"), "DELETE", all+"/2026-05-24", nil, v.as("operator")...)
	v.try(t, "special days backwards", invalid(doc{"to": "order"}), "GET", all+"?from=2026-05-24&to=2026-05-23", nil, right.headers...)
	v.try(t, "special days of no day", invalid(doc{"from": "format"}), "GET", all+"?from=2026-02-30", nil, right.headers...)
	v.want(http.StatusOK, "GET", all+"?from=9999-12-31", nil, right.headers...)
}

// suspensions tries to end some that are not the office's.
func (v *victim) suspensions(t *testing.T, right write) {
	all := "/manage/offices/" + here + "/suspensions"
	for id, want := range map[string]refusal{
		fmt.Sprintf("%.0f", v.theyStopped["id"]): refusedWith(404, "no_such_suspension"),
		"999999999999999999":                     refusedWith(404, "no_such_suspension"),
		"9999999999999999999":                    invalid(doc{"id": "*"}),
		"0":                                      invalid(doc{"id": "pattern"}),
		"first":                                  invalid(doc{"id": "pattern"}),
	} {
		v.try(t, "suspension "+id, want, right.method, all+"/"+id, right.body, right.headers...)
	}
	v.try(t, "the neighbour's suspensions", refusedWith(403, "forbidden"), "GET", "/manage/offices/"+there+"/suspensions", nil, right.headers...)
	v.try(t, "the operator asks", refusedWith(403, "forbidden"), "GET", all, nil, v.as("operator")...)
	v.try(t, "suspensions of no day", invalid(doc{"to": "format"}), "GET", all+"?to=2026-02-30", nil, right.headers...)
}

// reports tries reports of days that are none, and zero reports that are not.
func (v *victim) reports(t *testing.T, right write) {
	all := "/manage/offices/" + here + "/reports/"
	for day, want := range map[string]refusal{
		"2026-05-21": invalid(doc{"date": "future"}), "2026-02-30": invalid(doc{"date": "format"}), "today": invalid(doc{"date": "format"}),
	} {
		v.try(t, "report "+day, want, right.method, all+day+"/submit", right.body, right.headers...)
	}
	fever := doc{"zero_report": true, "differs": doc{"abnormal": doc{"value": 1, "because": "门外发现"}}}
	v.try(t, "a zero report with a fever", refusedWith(409, "not_zero"), right.method, right.path, fever, right.headers...)
	v.try(t, "a key that is none", refusal{400, "invalid_input", doc{"Idempotency-Key": "pattern"}, nil}, right.method, right.path, right.body,
		append(slices.Clone(right.headers), "Idempotency-Key", "a key")...)
}
