package slots_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/fault"
	"hunyue/slots"
)

func TestEveryMistakeInATemplateIsNamed(t *testing.T) {
	for _, tt := range []struct {
		fact string
		text string
		want map[string]string
	}{
		{
			"nothing at all", `{}`,
			map[string]string{"slot_minutes": "out_of_range", "capacity": "required", "weekdays": "required"},
		},
		{
			"times", `{"slot_minutes":30,"capacity":{"marriage":1},"weekdays":{
				"mon":[{"from":"9:00","to":"12:60"}],
				"tue":[{"from":"12:00","to":"09:00"}],
				"wed":[{"from":"09:00","to":"12:00"},{"from":"11:30","to":"17:00"}],
				"thu":[{"from":"09:00","to":"09:20"}],
				"fri":[{"from":"23:00","to":"24:00"}],
				"day":[]}}`,
			map[string]string{
				"weekdays.mon.0.from": "format", "weekdays.mon.0.to": "format", "weekdays.tue.0.to": "order",
				"weekdays.wed.1.from": "overlap", "weekdays.thu.0": "too_short", "weekdays.day": "unknown",
			},
		},
		{
			"places", `{"slot_minutes":30,"cleaning_minutes":90,"capacity":{"marriage":201,"wedding":1},
				"weekdays":{"mon":[{"from":"09:00","to":"12:00","capacity":{"divorce":-1}}]},
				"caps":{"half_day":{"marriage":-1},"day":{"x":1},"hall":10001}}`,
			map[string]string{
				"cleaning_minutes": "out_of_range", "capacity.marriage": "out_of_range", "capacity.wedding": "unknown",
				"weekdays.mon.0.capacity.divorce": "out_of_range", "caps.half_day.marriage": "out_of_range",
				"caps.day.x": "unknown", "caps.hall": "out_of_range",
			},
		},
		{
			"seasons", `{"slot_minutes":30,"capacity":{"marriage":1},"weekdays":{"mon":[{"from":"09:00","to":"12:00"}]},"seasons":[
				{"from":"11-01","to":"02-29","weekdays":{"mon":[{"from":"09:00","to":"12:00"}]}},
				{"from":"02-01","to":"03-01","weekdays":{"mon":[{"from":"09:00","to":"12:00"}]}},
				{"from":"13-01","to":"7-1","weekdays":{}}]}`,
			map[string]string{
				"seasons.1": "overlap", "seasons.2.from": "format", "seasons.2.to": "format", "seasons.2.weekdays": "required",
			},
		},
		{"a name that means nothing", `{"slot_minuets":30}`, map[string]string{"slot_minuets": "unknown"}},
		{"text for a number", `{"slot_minutes":"30"}`, map[string]string{"slot_minutes": "type"}},
		{"no JSON", `slot_minutes: 30`, map[string]string{"json": "format"}},
		{"two templates", `{} {}`, map[string]string{"json": "format"}},
		{"nothing", ``, map[string]string{"json": "format"}},
	} {
		_, err := slots.ParseTemplate([]byte(tt.text))
		if diff := cmp.Diff(tt.want, fault.Of(err).Fields); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.fact, diff)
		}
	}
}

func TestTheTemplateOfTheDocumentationIsRead(t *testing.T) {
	got, err := slots.ParseTemplate([]byte(`{
		"slot_minutes": 30,
		"cleaning_minutes": 0,
		"weekdays": {
			"mon": [{"from": "09:00", "to": "12:00"}, {"from": "14:30", "to": "17:00"}],
			"sat": [{"from": "09:00", "to": "12:00", "capacity": {"divorce": 0}}]
		},
		"seasons": [{"from": "07-01", "to": "09-30", "weekdays": {"mon": [{"from": "08:00", "to": "12:00"}]}}],
		"capacity": {"marriage": 3, "divorce": 1, "other": 1},
		"caps": {"half_day": {"marriage": 16}, "day": {"divorce": 6}, "hall": 60}
	}`))
	if err != nil {
		t.Fatalf("%v %v", err, fault.Of(err).Fields)
	}
	hall := 60
	want := slots.Template{
		SlotMinutes: 30,
		Weekdays: slots.Week{
			"mon": {{From: 540, To: 720}, {From: 870, To: 1020}},
			"sat": {{From: 540, To: 720, Capacity: slots.Capacity{slots.Divorce: 0}}},
		},
		Seasons:  []slots.Season{{From: 701, To: 930, Weekdays: slots.Week{"mon": {{From: 480, To: 720}}}}},
		Capacity: slots.Capacity{slots.Marriage: 3, slots.Divorce: 1, slots.Other: 1},
		Caps: slots.Caps{
			HalfDay: map[slots.Group]int{slots.Marriage: 16},
			Day:     map[slots.Group]int{slots.Divorce: 6},
			Hall:    &hall,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("template (-want +got):\n%s", diff)
	}
}
