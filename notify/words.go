package notify

import (
	"strings"
	"time"
	"unicode/utf8"

	"hunyue/internal/date"
)

// How long, in characters, a word may become; what is longer is shortened.
const (
	longestOffice   = 10
	longestOfficeEN = 40
	longestPhone    = 12
)

// words are all that a text may say.
type words struct {
	When   string // 5月20日周三09:30
	Day    string // 5月20日
	Office string
	Number string
	Phone  string // of the office
	Closed string // 5月20日至22日; empty: no suspension
	Until  string // 5月20日; the last day of a restriction, or of what is waited for
	Kept   string // 14:07; today, until when a place is kept
	Code   string
}

func chinese(l Letter) words {
	const day = "1月2日"
	weekday := []rune("日一二三四五六")[l.StartsAt.Weekday()]
	return words{
		When:   l.StartsAt.Format(day) + "周" + string(weekday) + l.StartsAt.Format("15:04"),
		Day:    l.StartsAt.Format(day),
		Office: shortened(l.Office, longestOffice),
		Number: l.Number,
		Phone:  firstNumber(l.OfficePhone),
		Closed: closed(l, span{day, "", "", "至", "起"}),
		Until:  l.Until.In(time.UTC).Format(day),
		Kept:   l.Kept.Format("15:04"),
	}
}

func english(l Letter) words {
	const day = "2 Jan"
	return words{
		When:   l.StartsAt.Format("Mon 2 Jan 2006 15:04"),
		Day:    l.StartsAt.Format(day),
		Office: clipped(l.OfficeEN, longestOfficeEN, "..."),
		Number: l.Number,
		Phone:  firstNumber(l.OfficePhone),
		Closed: closed(l, span{day, "on ", "from ", " to ", " on"}),
		Until:  l.Until.In(time.UTC).Format(day),
		Kept:   l.Kept.Format("15:04"),
	}
}

// span is how a language writes days: on one, from the first to the last, or
// from the first on.
type span struct{ layout, at, from, to, on string }

// closed is the days of a suspension, or "" if there was none.
func closed(l Letter, s span) string {
	show := func(d date.Date) string { return d.In(time.UTC).Format(s.layout) }
	switch {
	case l.ClosedFrom.IsZero():
		return ""
	case l.ClosedTo.IsZero():
		return s.from + show(l.ClosedFrom) + s.on
	case l.ClosedTo == l.ClosedFrom:
		return s.at + show(l.ClosedFrom)
	}
	return s.from + show(l.ClosedFrom) + s.to + show(l.ClosedTo)
}

// shortened leaves out of a long office name what its reader knows anyway.
func shortened(name string, most int) string {
	for _, cut := range [][2]string{{"民政局", ""}, {"婚姻登记", "登记"}} {
		if utf8.RuneCountInString(name) > most {
			name = strings.Replace(name, cut[0], cut[1], 1)
		}
	}
	return clipped(name, most, "…")
}

func clipped(s string, most int, mark string) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most-utf8.RuneCountInString(mark)]) + mark
}

// firstNumber is the first of the phone numbers that an office gives.
func firstNumber(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune("+-0123456789", r) })
	if end >= 0 {
		s = s[:end]
	}
	if len(s) > longestPhone {
		s = strings.ReplaceAll(s, "-", "")
	}
	return s
}

// longest is a letter's words at their longest.
func longest(locale string) words {
	l := Letter{
		Number: "10000000", Office: strings.Repeat("处", 30), OfficeEN: strings.Repeat("O", 60), OfficePhone: "0736-72500000",
		StartsAt:   time.Date(2026, time.November, 25, 23, 30, 0, 0, time.UTC),
		Until:      date.Date{Year: 2026, Month: time.November, Day: 25},
		ClosedFrom: date.Date{Year: 2026, Month: time.November, Day: 25}, ClosedTo: date.Date{Year: 2026, Month: time.December, Day: 31},
	}
	w := chinese(l)
	if locale == "en" {
		w = english(l)
	}
	w.Code = "000000"
	return w
}
