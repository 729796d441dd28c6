package web

import (
	"sync"

	"github.com/6tail/lunar-go/calendar"

	"hunyue/internal/date"
)

// lunarDays remembers what the library has worked out: it does that from the
// stars, and a crowd asks for the same few days.
var lunarDays struct {
	sync.Mutex
	known map[date.Date]string
}

// lunar is a day by the lunar calendar, with the festival that it is: 七月初七 七夕.
// It is for reading only (domain rule 97).
func lunar(d date.Date) string {
	lunarDays.Lock()
	defer lunarDays.Unlock()
	if text, known := lunarDays.known[d]; known {
		return text
	}
	day := calendar.NewSolarFromYmd(d.Year, int(d.Month), d.Day).GetLunar()
	text := day.GetMonthInChinese() + "月" + day.GetDayInChinese()
	if first := day.GetFestivals().Front(); first != nil {
		if name, ok := first.Value.(string); ok {
			text += " " + name
		}
	}
	if lunarDays.known == nil || len(lunarDays.known) > 1000 { // somebody walks through the years
		lunarDays.known = map[date.Date]string{}
	}
	lunarDays.known[d] = text
	return text
}
