package web

import (
	"fmt"
	"time"

	"hunyue/internal/date"
)

// How days are written, with the weekday always: nobody should have to look it
// up before they ask for a day off.

func dayIn(lang string, d date.Date) string {
	if lang == "zh" {
		return fmt.Sprintf("%d年%d月%d日 星期%s", d.Year, int(d.Month), d.Day, weekday(d))
	}
	return d.In(time.UTC).Format("Mon 2 Jan 2006")
}

func shortDayIn(lang string, d date.Date) string {
	if lang == "zh" {
		return fmt.Sprintf("%d月%d日 周%s", int(d.Month), d.Day, weekday(d))
	}
	return d.In(time.UTC).Format("Mon 2 Jan")
}

func monthIn(lang string, d date.Date) string {
	if lang == "zh" {
		return fmt.Sprintf("%d年%d月", d.Year, int(d.Month))
	}
	return d.In(time.UTC).Format("January 2006")
}

func weekdayIn(lang string, d date.Date) string {
	if lang == "zh" {
		return "星期" + weekday(d)
	}
	return d.Weekday().String()
}

func shortWeekdayIn(lang string, d date.Date) string {
	if lang == "zh" {
		return weekday(d)
	}
	return d.Weekday().String()[:2]
}

func weekday(d date.Date) string {
	return string([]rune("日一二三四五六")[d.Weekday()])
}
