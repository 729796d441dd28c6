package slots

import (
	"fmt"
	"slices"
	"time"

	"hunyue/internal/fault"
)

// The bounds of a template. They keep a day below some hundred slots.
const (
	leastMinutes = 10 // of one slot
	mostMinutes  = 240
	mostPlaces   = 200    // in one slot and group
	mostCapped   = 10_000 // under one cap
	mostPeriods  = 24     // in one day
	mostSeasons  = 12
)

// Validate returns every mistake by the path of its field, such as
// "weekdays.mon.0.to". The codes are "required", "unknown", "format" (of a time or
// day), "out_of_range", "order" (an end that is not after its start), "overlap"
// (with the period or season before), "too_short" (no slot fits) and "too_many".
func (t Template) Validate() error {
	wrong := map[string]string{}
	between(wrong, "slot_minutes", t.SlotMinutes, leastMinutes, mostMinutes)
	between(wrong, "cleaning_minutes", t.CleaningMinutes, 0, 60)
	if len(t.Capacity) == 0 {
		wrong["capacity"] = "required"
	}
	checkGroups(wrong, "capacity", t.Capacity, mostPlaces)
	checkGroups(wrong, "caps.half_day", t.Caps.HalfDay, mostCapped)
	checkGroups(wrong, "caps.day", t.Caps.Day, mostCapped)
	if t.Caps.Hall != nil {
		between(wrong, "caps.hall", *t.Caps.Hall, 0, mostCapped)
	}
	t.checkWeek(wrong, "weekdays", t.Weekdays)
	t.checkSeasons(wrong)
	return fault.InFields(wrong)
}

func between(wrong map[string]string, field string, n, least, most int) {
	if n < least || n > most {
		wrong[field] = "out_of_range"
	}
}

func checkGroups(wrong map[string]string, field string, capacity map[Group]int, most int) {
	for group, n := range capacity {
		name := field + "." + string(group)
		if !group.known() {
			wrong[name] = "unknown"
			continue
		}
		between(wrong, name, n, 0, most)
	}
}

func (t Template) checkWeek(wrong map[string]string, field string, week Week) {
	open := false
	for key, periods := range week {
		name := field + "." + key
		if !isWeekday(key) {
			wrong[name] = "unknown"
			continue
		}
		open = open || len(periods) > 0
		t.checkPeriods(wrong, name, periods)
	}
	if !open {
		wrong[field] = "required"
	}
}

func isWeekday(key string) bool {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if weekdayKey(d) == key {
			return true
		}
	}
	return false
}

// checkPeriods wants the periods in order. One may begin where the last ended.
func (t Template) checkPeriods(wrong map[string]string, field string, periods []Period) {
	if len(periods) > mostPeriods {
		wrong[field] = "too_many"
	}
	before := TimeOfDay(0)
	for i, p := range periods {
		name := fmt.Sprintf("%s.%d", field, i)
		checkGroups(wrong, name+".capacity", p.Capacity, mostPlaces)
		switch {
		case !p.From.valid():
			wrong[name+".from"] = "format"
		case p.From < before:
			wrong[name+".from"] = "overlap"
		}
		switch {
		case !p.To.valid():
			wrong[name+".to"] = "format"
		case !p.From.valid():
		case p.To <= p.From:
			wrong[name+".to"] = "order"
		case int(p.To-p.From) < t.SlotMinutes:
			wrong[name] = "too_short"
		}
		before = max(before, p.To)
	}
}

func (t Template) checkSeasons(wrong map[string]string) {
	if len(t.Seasons) > mostSeasons {
		wrong["seasons"] = "too_many"
	}
	for i, s := range t.Seasons {
		name := fmt.Sprintf("seasons.%d", i)
		if s.From == 0 {
			wrong[name+".from"] = "format"
		}
		if s.To == 0 {
			wrong[name+".to"] = "format"
		}
		if slices.ContainsFunc(t.Seasons[:i], s.overlaps) {
			wrong[name] = "overlap"
		}
		t.checkWeek(wrong, name+".weekdays", s.Weekdays)
	}
}

// overlaps looks at the days where a season begins: two seasons have a day in
// common only if one of them begins in the other.
func (s Season) overlaps(other Season) bool {
	if s.From == 0 || s.To == 0 || other.From == 0 || other.To == 0 {
		return false // not read
	}
	return s.holds(other.From) || other.holds(s.From)
}
