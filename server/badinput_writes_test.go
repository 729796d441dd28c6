package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// edited is a body with another value at a path, or with none.
func edited(t *testing.T, body doc, path string, value any) doc {
	t.Helper()
	var all doc
	if err := json.Unmarshal([]byte(text(body)), &all); err != nil {
		t.Fatal(err)
	}
	put(all, strings.Split(path, "."), value)
	return all
}

func put(in any, steps []string, value any) {
	i, _ := strconv.Atoi(steps[0])
	switch in := in.(type) {
	case []any:
		if len(steps) == 1 {
			in[i] = value
			return
		}
		put(in[i], steps[1:], value)
	case doc:
		switch {
		case len(steps) > 1:
			put(in[steps[0]], steps[1:], value)
		case value == nil:
			delete(in, steps[0])
		default:
			in[steps[0]] = value
		}
	}
}

// write is an operation with a right body.
type write struct {
	method, template, path string // the path is the template where it is ""
	body                   doc
	headers                []string
}

// writes is every operation that takes a body.
func (v *victim) writes() []write {
	number, office := word(v.today, "number"), "/manage/offices/"+here
	booking, shown := v.booking()
	assisted, typed := v.assisted()
	secret := []string{"Appointment-Secret", word(v.tomorrow, "secret")}
	morning := doc{"wed": []doc{{"from": "09:00", "to": "12:00"}}}
	all := []write{
		{"POST", "/holds", "", doc{"slot": here + "-20260521-0900-marriage"}, nil},
		{"POST", "/phone-codes", "", doc{"phone": "19900000006"}, nil},
		{"POST", "/appointments", "", booking, shown},
		{"POST", "/appointments/{number}/erase", "/appointments/" + word(v.tomorrow, "number") + "/erase", doc{"phone_code": "123456"}, secret},
		{"POST", "/appointments/{number}/cancel", "/appointments/" + word(v.tomorrow, "number") + "/cancel", doc{"phone_code": "123456"}, secret},
		{
			"POST", "/appointments/{number}/reschedule", "/appointments/" + word(v.tomorrow, "number") + "/reschedule",
			doc{"hold": v.held["id"], "phone_code": "123456"},
			append(secret, "Hold-Token", word(v.held, "token")),
		},
		{"POST", "/staff/login", "", doc{"username": "registrar", "password": demoPassword}, nil},
		{"POST", "/staff/holds", "", doc{"slot": here + "-20260521-0900-marriage", "channel": "phone"}, v.as("operator")},
		{"POST", "/staff/appointments", "", assisted, typed},
		{"POST", "/staff/appointments/search", "", doc{"q": "19900000001"}, v.as("operator")},
		{"POST", "/staff/readings", "", doc{"celsius": "36.5", "device": "T1"}, v.as("operator")},
		{"POST", "/staff/appointments/{number}/check-in", visit(v.today, "check-in"), readings("36.5", "36.6"), v.as("hall")},
		{"POST", "/staff/appointments/{number}/call", "/staff/appointments/" + number + "/call", doc{"counter": "3"}, v.as("registrar")},
		{"POST", "/staff/appointments/{number}/start", "/staff/appointments/" + number + "/start", doc{"counter": "3"}, v.as("registrar")},
		{"POST", "/staff/appointments/{number}/complete", visit(v.serving, "complete"), doc{"certificate_number": "J430702-2026-000001"}, v.as("registrar")},
		{"POST", "/staff/appointments/{number}/not-accepted", visit(v.serving, "not-accepted"), doc{"reason": "证件不齐"}, v.as("registrar")},
		{"PUT", "/manage/offices/{office}/schedule", office + "/schedule", doc{"slot_minutes": 30, "capacity": doc{"marriage": 3}, "weekdays": morning}, v.as("manager")},
		{"POST", "/manage/offices/{office}/publish", office + "/publish", doc{"from": "2026-05-25", "to": "2026-05-29"}, v.as("manager")},
		{
			"PUT", "/manage/offices/{office}/capacity", office + "/capacity",
			doc{"slot": here + "-20260521-0900-marriage", "channel": "web", "capacity": 1, "reason": "少开窗口"},
			v.as("manager"),
		},
		{
			"PUT", "/manage/offices/{office}/exceptions/{date}", office + "/exceptions/2026-05-24",
			doc{"hours": []doc{{"from": "09:00", "to": "12:00"}}, "capacity": doc{"other": 0}, "reason": "加开", "notice": "周日加开。"},
			v.as("manager"),
		},
		{
			"POST", "/manage/offices/{office}/suspensions", office + "/suspensions",
			doc{"from": "2026-05-21", "to": "2026-05-21", "mode": "full", "reason": "停电", "notice": "今日停办。"},
			v.as("manager"),
		},
		{
			"PUT", "/manage/offices/{office}/suspensions/{id}", fmt.Sprintf("%s/suspensions/%.0f", office, v.stopped["id"]),
			doc{"to": "2026-06-24", "reason": "延期"},
			v.as("manager"),
		},
		{
			"POST", "/manage/offices/{office}/reports/{date}/submit", office + "/reports/2026-05-20/submit",
			doc{"remarks": "无", "differs": doc{"completed": doc{"value": 1, "because": "手工登记"}}},
			v.as("manager"),
		},
	}
	for i, w := range all {
		all[i].path = cmp.Or(w.path, w.template)
	}
	return all
}

// change is one thing that is wrong in a body.
type change struct {
	what, path string
	value      any // nil takes the field away
	fields     doc
}

// at is a change of a field that is told under its own name.
func at(path string, value any, code string) change {
	return change{what: path + " " + text(value), path: path, value: value, fields: doc{path: code}}
}
