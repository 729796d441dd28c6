// Package date is the calendar day: a birthday, a visit, a holiday. A day has
// no hour and no place; it becomes an instant only In a location.
package date

import (
	"errors"
	"fmt"
	"time"
)

// Date is one day of the Gregorian calendar. The zero Date is no day at all:
// it is printed as "" and stored as NULL. Dates compare with == and serve as
// map keys.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ErrDate is returned for text or a stored value that names no day between
// 0001-01-01 and 9999-12-31.
var ErrDate = errors.New("not a date")

// layout is the one form in which a Date is read and printed.
const layout = time.DateOnly

// ParseDate reads exactly the form 2026-05-20, or returns ErrDate. The text
// itself is not repeated in the error: it may be somebody's birthday.
func ParseDate(s string) (Date, error) {
	if len(s) != len(layout) {
		return Date{}, ErrDate
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return Date{}, ErrDate
	}
	d := DateOf(t)
	if !d.Valid() {
		return Date{}, ErrDate
	}
	return d, nil
}

// DateOf is the day that t shows in its own location. To ask which day it is
// at an office, move the instant there first: DateOf(t.In(loc)).
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{Year: year, Month: month, Day: day}
}

// String is the day as 2026-05-20, or "" for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// IsZero reports whether d is no day at all.
func (d Date) IsZero() bool { return d == Date{} }

// Valid reports whether the calendar has this day, in the years 1 to 9999.
// 2023-02-29 is not valid, and neither is the zero Date.
func (d Date) Valid() bool {
	return d.Year >= 1 && d.Year <= 9999 && DateOf(d.utc()) == d
}

// Compare is negative if d comes before other, 0 if they are the same day, and
// positive if d comes after.
func (d Date) Compare(other Date) int { return d.utc().Compare(other.utc()) }

// Before reports whether d is earlier than other.
func (d Date) Before(other Date) bool { return d.Compare(other) < 0 }

// After reports whether d is later than other.
func (d Date) After(other Date) bool { return d.Compare(other) > 0 }

// AddDays is the day n days later, or earlier where n is negative.
func (d Date) AddDays(n int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC))
}

// DaysSince is how many days d lies after other; negative if it lies before.
func (d Date) DaysSince(other Date) int {
	const secondsADay = 24 * 60 * 60
	return int((d.utc().Unix() - other.utc().Unix()) / secondsADay)
}

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// In is the start of the day in loc: midnight, or the hour to which clocks
// jumped where they skip midnight.
func (d Date) In(loc *time.Location) time.Time {
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
	if DateOf(t) != d.normal() {
		t = t.Add(time.Hour)
	}
	return t
}

// normal is d with overlong months and days carried over: 30 February becomes
// 1 or 2 March, as in package time.
func (d Date) normal() Date { return DateOf(d.utc()) }

// utc is where the arithmetic is done: all days there have 24 hours.
func (d Date) utc() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}
