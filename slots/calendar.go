package slots

import (
	"time"

	"hunyue/internal/date"
)

// Calendar is which days are worked, as the State Council arranges each year
// (国务院办公厅; domain section 5.1). Of a year it does not know it says only what
// the weekday tells: ask Confirmed first.
type Calendar struct {
	confirmed map[int]bool
	days      map[date.Date]CalendarDay
}

// DayKind is how a day differs from its weekday.
type DayKind string

// The kinds of days that differ.
const (
	Holiday       DayKind = "holiday"        // free, whatever the weekday
	MakeupWorkday DayKind = "makeup_workday" // a weekend day worked for a long holiday
)

// CalendarDay is a day that differs from its weekday.
type CalendarDay struct {
	Day  date.Date `db:"day"  json:"day"`
	Kind DayKind   `db:"kind" json:"kind"`
	Name string    `db:"name" json:"name"` // 春节
}

// NewCalendar is the calendar with the days that differ. Only the years in
// confirmed have been published; of the others the statutory days may be known,
// but not what is worked for them.
func NewCalendar(confirmed []int, days []CalendarDay) Calendar {
	c := Calendar{confirmed: map[int]bool{}, days: map[date.Date]CalendarDay{}}
	for _, year := range confirmed {
		c.confirmed[year] = true
	}
	for _, d := range days {
		c.days[d.Day] = d
	}
	return c
}

// Confirmed reports whether the arrangement of the year has been published
// (domain rules 16 and 21).
func (c Calendar) Confirmed(year int) bool { return c.confirmed[year] }

// Workday reports whether the country works on the day.
func (c Calendar) Workday(day date.Date) bool {
	switch c.days[day].Kind {
	case Holiday:
		return false
	case MakeupWorkday:
		return true
	}
	return day.Weekday() != time.Saturday && day.Weekday() != time.Sunday
}

// Special is how the day differs from its weekday, if it does.
func (c Calendar) Special(day date.Date) (CalendarDay, bool) {
	d, ok := c.days[day]
	return d, ok
}

// workdaysBefore is the n-th working day before the day, and the day itself where
// n is 0. The day need not be worked. No run of free days is longer than a month,
// so that even a calendar full of holidays ends the search.
func (c Calendar) workdaysBefore(day date.Date, n int) date.Date {
	const longest = 31
	for ; n > 0; n-- {
		start := day
		for day = day.AddDays(-1); !c.Workday(day) && start.DaysSince(day) < longest; {
			day = day.AddDays(-1)
		}
	}
	return day
}
