package slots

import (
	"fmt"
	"time"

	"hunyue/internal/date"
)

// TimeOfDay is what the clock on the wall shows, in minutes after midnight:
// 0 to 1440, where 1440 is the end of the day.
type TimeOfDay int

const (
	endOfDay   TimeOfDay = 24 * 60
	noon       TimeOfDay = 12 * 60
	unreadable TimeOfDay = -1 // what could not be read; Validate names the field it stands in
)

// ParseTimeOfDay reads exactly the form 09:00. The last one is 24:00. The second
// result is false for anything else.
func ParseTimeOfDay(s string) (TimeOfDay, bool) {
	if len(s) != len("09:00") || s[2] != ':' {
		return unreadable, false
	}
	return parseDigits(s[:2] + s[3:])
}

// parseDigits reads the form that ids have: 0900.
func parseDigits(s string) (TimeOfDay, bool) {
	if len(s) != len("0900") {
		return unreadable, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return unreadable, false
		}
	}
	hour, minute := int(s[0]-'0')*10+int(s[1]-'0'), int(s[2]-'0')*10+int(s[3]-'0')
	t := TimeOfDay(hour*60 + minute)
	if minute > 59 || t > endOfDay {
		return unreadable, false
	}
	return t, true
}

// String is the time as 09:00.
func (t TimeOfDay) String() string { return fmt.Sprintf("%02d:%02d", int(t)/60, int(t)%60) }

// digits is the time as ids have it: 0900.
func (t TimeOfDay) digits() string { return padded(int(t)/60*100+int(t)%60, len("0900")) }

// On is the instant at which clocks in loc show t on the day.
func (t TimeOfDay) On(day date.Date, loc *time.Location) time.Time {
	return time.Date(day.Year, day.Month, day.Day, 0, int(t), 0, 0, loc)
}

// valid reports whether t is a time of a day at all.
func (t TimeOfDay) valid() bool { return t >= 0 && t <= endOfDay }

// MarshalText is the time as 09:00.
func (t TimeOfDay) MarshalText() ([]byte, error) {
	if !t.valid() {
		return nil, fmt.Errorf("minute %d is not in a day", int(t))
	}
	return []byte(t.String()), nil
}

// UnmarshalText reads the form 09:00. What it cannot read it leaves for Validate
// to report, so that a form with two bad times shows both.
func (t *TimeOfDay) UnmarshalText(text []byte) error {
	*t, _ = ParseTimeOfDay(string(text))
	return nil
}

// Period is a stretch of a day in which an office receives couples:
//
//	{"from": "09:00", "to": "12:00", "capacity": {"marriage": 5}}
//
// Its capacity is optional; the groups it names have this many places in each of
// its slots instead of those of the template.
type Period struct {
	From     TimeOfDay `json:"from"`
	To       TimeOfDay `json:"to"`
	Capacity Capacity  `json:"capacity,omitempty"`
}
