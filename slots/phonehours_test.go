package slots

import (
	"testing"
	"time"

	"hunyue/internal/fault"
)

func TestThePhoneLineIsOpenInItsHoursOnWorkingDays(t *testing.T) {
	calendar := knownCalendar(t)
	zone, always := time.FixedZone("CST", 8*60*60), DefaultRules()
	always.PhoneHours = nil
	for _, c := range []struct {
		at   string
		open bool
	}{
		{"2026-05-20 08:29", false},
		{"2026-05-20 08:30", true},
		{"2026-05-20 11:29", true},
		{"2026-05-20 11:30", false},
		{"2026-05-20 14:30", true},
		{"2026-05-20 17:00", false},
		{"2026-05-23 09:00", false}, // a Saturday
		{"2026-05-09 09:00", true},  // a Saturday that is worked for a holiday
		{"2026-05-01 09:00", false}, // a holiday
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", c.at, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := DefaultRules().PhoneOpen(calendar, at); got != c.open {
			t.Errorf("at %s the line is open %t, want %t", c.at, got, c.open)
		}
		if !always.PhoneOpen(calendar, at) {
			t.Errorf("at %s a line without hours is closed", c.at)
		}
	}
}

func TestPhoneHoursAreInOrder(t *testing.T) {
	for hours, want := range map[string]string{
		`[]`:                              "",
		`[{"from":"08:00","to":"12:00"}]`: "",
		`[{"from":"08:00","to":"12:00"},{"from":"12:00","to":"13:00"}]`: "",
		`[{"from":"12:00","to":"08:00"}]`:                               "order",
		`[{"from":"08:00","to":"12:00"},{"from":"11:00","to":"13:00"}]`: "order",
		`[{"from":"8:00","to":"12:00"}]`:                                "format",
	} {
		_, err := DefaultRules().With([]byte(`{"phone_hours": ` + hours + `}`))
		got := ""
		if err != nil {
			got = fault.Of(err).Fields["phone_hours"]
		}
		if got != want {
			t.Errorf("%s: %q, want %q", hours, got, want)
		}
	}
}
