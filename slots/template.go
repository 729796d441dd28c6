package slots

import (
	"fmt"
	"time"

	"hunyue/internal/date"
)

// Template is the hours and places of an ordinary week (domain rules 19 and 22).
// As JSON it is the body of PUT /manage/offices/{office}/schedule:
//
//	{
//	  "slot_minutes": 30,
//	  "cleaning_minutes": 0,
//	  "weekdays": {
//	    "mon": [{"from": "09:00", "to": "12:00"}, {"from": "14:30", "to": "17:00"}],
//	    "sat": [{"from": "09:00", "to": "12:00", "capacity": {"divorce": 0}}]
//	  },
//	  "seasons": [{"from": "07-01", "to": "09-30", "weekdays": {"mon": [...]}}],
//	  "capacity": {"marriage": 3, "divorce": 1, "other": 1},
//	  "caps": {"half_day": {"marriage": 16}, "day": {"divorce": 6}, "hall": 60}
//	}
//
// A weekday that is missing or has no periods is closed. Seasons and caps may be
// left out.
type Template struct {
	SlotMinutes     int      `json:"slot_minutes"`     // 10 to 240
	CleaningMinutes int      `json:"cleaning_minutes"` // between two slots (domain rule 69); 0 to 60
	Weekdays        Week     `json:"weekdays"`
	Seasons         []Season `json:"seasons,omitempty"`
	Capacity        Capacity `json:"capacity"`
	Caps            Caps     `json:"caps,omitzero"`
}

// Week is the periods of each weekday, by "mon", "tue", "wed", "thu", "fri",
// "sat" and "sun".
type Week map[string][]Period

// Season replaces the hours of the whole week from one day of the year to
// another, both included; it may pass the new year.
type Season struct {
	From     YearDay `json:"from"`
	To       YearDay `json:"to"`
	Weekdays Week    `json:"weekdays"`
}

// Capacity is how many couples of each business group a slot has places for, all
// channels together. A group that is not named has none.
type Capacity map[Group]int

// Caps bound several slots together. A group or hall that is not named has no
// bound of that kind.
type Caps struct {
	HalfDay map[Group]int `json:"half_day,omitempty"` // slots that start before noon, and those after, each
	Day     map[Group]int `json:"day,omitempty"`
	Hall    *int          `json:"hall,omitempty"` // all groups of the day
}

// ParseTemplate reads a template and validates it. Every mistake is in the
// fields of the fault.
func ParseTemplate(data []byte) (Template, error) {
	var t Template
	if err := decode(data, &t); err != nil {
		return Template{}, err
	}
	if err := t.Validate(); err != nil {
		return Template{}, err
	}
	return t, nil
}

// hours is the periods of the weekday in the season of the day.
func (t Template) hours(day date.Date, weekday time.Weekday) []Period {
	for _, s := range t.Seasons {
		if s.contains(day) {
			return s.Weekdays[weekdayKey(weekday)]
		}
	}
	return t.Weekdays[weekdayKey(weekday)]
}

func weekdayKey(d time.Weekday) string {
	return [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}[d]
}

func (s Season) contains(day date.Date) bool {
	return s.holds(YearDay(int(day.Month)*100 + day.Day))
}

func (s Season) holds(at YearDay) bool {
	if s.From <= s.To {
		return s.From <= at && at <= s.To
	}
	return at >= s.From || at <= s.To
}

// YearDay is a day of any year, as month*100 + day: 701 is the first of July. Its
// text is 07-01.
type YearDay int

// MarshalText is the day as 07-01.
func (d YearDay) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%02d-%02d", int(d)/100, int(d)%100), nil
}

// UnmarshalText reads the form 07-01; 29 February is a day. What it cannot read
// becomes 0, which Validate reports.
func (d *YearDay) UnmarshalText(text []byte) error {
	*d = 0
	if day, err := date.ParseDate("2024-" + string(text)); err == nil {
		*d = YearDay(int(day.Month)*100 + day.Day)
	}
	return nil
}
