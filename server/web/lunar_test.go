package web

import (
	"testing"

	"hunyue/internal/date"
)

// As printed calendars have it; 2025 has a sixth month twice.
func TestLunarDays(t *testing.T) {
	for day, want := range map[string]string{
		"2026-05-20": "四月初四",
		"2026-08-19": "七月初七 七夕节",
		"2027-02-06": "正月初一 春节",
		"2025-07-25": "闰六月初一",
		"2026-02-16": "腊月廿九 除夕",
	} {
		d, err := date.ParseDate(day)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second is remembered
			if got := lunar(d); got != want {
				t.Errorf("%s is %s, want %s", day, got, want)
			}
		}
	}
}
