package slots

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hunyue/internal/date"
)

// ordinary is the default week of domain rule 19.
func ordinary() Template {
	hours := []Period{{From: 540, To: 720}, {From: 870, To: 1020}}
	return Template{
		SlotMinutes: 30,
		Weekdays:    Week{"mon": hours, "tue": hours, "wed": hours, "thu": hours, "fri": hours},
		Capacity:    Capacity{Marriage: 3, Divorce: 1, Other: 1},
	}
}

func starts(slots []Slot) string {
	var all []string
	for _, s := range slots {
		all = append(all, s.Start.digits())
	}
	return strings.Join(all, " ")
}

func TestExpand(t *testing.T) {
	loc, c := location(t, "Asia/Shanghai"), knownCalendar(t)
	const whole = "0900 0930 1000 1030 1100 1130 1430 1500 1530 1600 1630"
	seasonal := ordinary()
	seasonal.Seasons = []Season{{From: 701, To: 930, Weekdays: Week{"wed": {{From: 480, To: 540}}}}}
	winter := ordinary()
	winter.Seasons = []Season{{From: 1101, To: 228, Weekdays: Week{"thu": {{From: 600, To: 660}}}}}
	cleaned := ordinary()
	cleaned.CleaningMinutes = 5
	saturdays := ordinary()
	saturdays.Weekdays["sat"] = []Period{{From: 540, To: 600}}
	special := &Exception{Day: parseDate(t, "2026-05-16"), Hours: []Period{{From: 480, To: 540}}}
	for _, tt := range []struct {
		fact     string
		template Template
		e        *Exception
		day      string
		want     string
	}{
		{"5·20, an ordinary Wednesday", ordinary(), nil, "2026-05-20", whole},
		{"a Saturday", ordinary(), nil, "2026-05-16", ""},
		{"a holiday on a Monday", ordinary(), nil, "2026-05-04", ""},
		{"a make-up Saturday has Monday's hours", ordinary(), nil, "2026-05-09", whole},
		{"even where Saturdays have their own", saturdays, nil, "2026-05-09", whole},
		{"another Saturday there", saturdays, nil, "2026-05-16", "0900 0930"},
		{"an exception opens a Saturday", ordinary(), special, "2026-05-16", "0800 0830"},
		{"an exception is for its day alone", ordinary(), special, "2026-05-20", whole},
		{"an exception closes a day", ordinary(), &Exception{Day: parseDate(t, "2026-05-20")}, "2026-05-20", ""},
		{"an exception has slots of its own", ordinary(), &Exception{Day: parseDate(t, "2026-05-20"), Hours: special.Hours, SlotMinutes: 20}, "2026-05-20", "0800 0820 0840"},
		{"an exception opens a holiday", ordinary(), &Exception{Day: parseDate(t, "2026-05-01"), Hours: special.Hours}, "2026-05-01", "0800 0830"},
		{"a season", seasonal, nil, "2026-08-19", "0800 0830"},
		{"a season ends", seasonal, nil, "2026-10-14", whole},
		{"a season over the new year", winter, nil, "2026-01-08", "1000 1030"},
		{"cleaning between slots", cleaned, nil, "2026-05-20", "0900 0935 1010 1045 1120 1430 1505 1540 1615"},
	} {
		if got := starts(Expand(tt.template, c, tt.e, parseDate(t, tt.day), loc)); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.fact, got, tt.want)
		}
	}
}

func TestAPeriodMayHavePlacesOfItsOwn(t *testing.T) {
	template := ordinary()
	template.Weekdays["wed"] = []Period{
		{From: 540, To: 600, Capacity: Capacity{Marriage: 5, Divorce: 0}},
		{From: 600, To: 630},
	}
	slots := Expand(template, knownCalendar(t), nil, parseDate(t, "2026-05-20"), location(t, "Asia/Shanghai"))
	for i, want := range []Capacity{{Marriage: 5, Divorce: 0, Other: 1}, {Marriage: 5, Divorce: 0, Other: 1}, {Marriage: 3, Divorce: 1, Other: 1}} {
		if fmt.Sprint(slots[i].Capacity) != fmt.Sprint(want) {
			t.Errorf("slot %d: got %v, want %v", i, slots[i].Capacity, want)
		}
	}
}

func TestASlotOverWhichClocksChangeIsLeftOut(t *testing.T) {
	night := Template{SlotMinutes: 30, Weekdays: Week{"sun": {{From: 60, To: 240}}}, Capacity: Capacity{Marriage: 1}}
	loc := location(t, "America/New_York")
	for _, tt := range []struct{ fact, day, want string }{
		{"clocks skip from two to three", "2026-03-08", "0100 0300 0330"},
		{"an ordinary night", "2026-03-15", "0100 0130 0200 0230 0300 0330"},
	} {
		if got := starts(Expand(night, Calendar{}, nil, parseDate(t, tt.day), loc)); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.fact, got, tt.want)
		}
	}
}

// checkDay wants slots that do not overlap, lie in the hours, last as long as the
// template says and have all the places that it gives.
func checkDay(t testing.TB, template Template, c Calendar, e *Exception, day date.Date, loc *time.Location) {
	t.Helper()
	slots, hours := Expand(template, c, e, day, loc), Hours(template, c, e, day)
	for i, s := range slots {
		if i > 0 && s.StartsAt.Before(slots[i-1].EndsAt) {
			t.Fatalf("%s: slot %s begins before %s ends", day, s.StartsAt, slots[i-1].EndsAt)
		}
		if got := s.EndsAt.Sub(s.StartsAt); got != time.Duration(template.SlotMinutes)*time.Minute {
			t.Fatalf("%s: slot %s lasts %s, want %d minutes", day, s.Start, got, template.SlotMinutes)
		}
		if date.DateOf(s.StartsAt.In(loc)) != day || s.Day != day {
			t.Fatalf("%s: slot begins on %s", day, s.StartsAt)
		}
		within := -1
		for n, p := range hours {
			if p.From <= s.Start && s.Start+TimeOfDay(template.SlotMinutes) <= p.To {
				within = n
			}
		}
		if within < 0 {
			t.Fatalf("%s: slot %s lies outside %v", day, s.Start, hours)
		}
		checkPlaces(t, template, hours[within], s)
	}
}

func checkPlaces(t testing.TB, template Template, p Period, s Slot) {
	t.Helper()
	for _, g := range Groups() {
		want, ok := p.Capacity[g]
		if !ok {
			want = template.Capacity[g]
		}
		if s.Capacity[g] != want {
			t.Fatalf("slot %s has %d places for %s, want %d", s.Start, s.Capacity[g], g, want)
		}
	}
}

func zones() []string {
	return []string{"Asia/Shanghai", "UTC", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia"}
}

func FuzzExpand(f *testing.F) {
	for _, seed := range []string{
		`{"slot_minutes":30,"weekdays":{"mon":[{"from":"09:00","to":"12:00"},{"from":"14:30","to":"17:00"}]},"capacity":{"marriage":3}}`,
		`{"slot_minutes":10,"cleaning_minutes":7,"weekdays":{"sun":[{"from":"00:00","to":"24:00","capacity":{"other":2}}]},"capacity":{"divorce":1}}`,
		`{"slot_minutes":45,"weekdays":{"sat":[{"from":"01:00","to":"02:00"},{"from":"02:00","to":"05:00"}]},"seasons":[{"from":"11-01","to":"02-29","weekdays":{"sun":[{"from":"01:15","to":"04:00"}]}}],"capacity":{"marriage":1},"caps":{"hall":9}}`,
	} {
		f.Add([]byte(seed), 0, uint8(0), uint16(0), uint16(0))
		f.Add([]byte(seed), 66, uint8(2), uint16(60), uint16(200))
	}
	c := knownCalendar(f)
	f.Fuzz(func(t *testing.T, text []byte, days int, zone uint8, from, to uint16) {
		template, err := ParseTemplate(text)
		if err != nil {
			return
		}
		day := date.Date{Year: 2026, Month: 1, Day: 1}.AddDays(days % 4000)
		loc := location(t, zones()[int(zone)%len(zones())])
		for n := range 8 {
			checkDay(t, template, c, nil, day.AddDays(n), loc)
		}
		e := &Exception{Day: day, Hours: []Period{{From: TimeOfDay(from % 1440), To: TimeOfDay(to % 1441)}}}
		checkDay(t, template, c, e, day, loc)
		checkReadsBack(t, template)
	})
}

// checkReadsBack wants a template to survive being stored.
func checkReadsBack(t *testing.T, template Template) {
	t.Helper()
	text, err := json.Marshal(template)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseTemplate(text)
	if err != nil {
		t.Fatalf("%s does not read back: %v", text, err)
	}
	again, err := json.Marshal(back)
	if err != nil || string(again) != string(text) {
		t.Fatalf("%s reads back as %s, %v", text, again, err)
	}
}

func TestSlotsOfAnyValidTemplateKeepTheHours(t *testing.T) {
	c := knownCalendar(t)
	rapid.Check(t, func(r *rapid.T) {
		template := Template{
			SlotMinutes:     rapid.IntRange(10, 240).Draw(r, "minutes"),
			CleaningMinutes: rapid.IntRange(0, 60).Draw(r, "cleaning"),
			Weekdays:        Week{},
			Capacity:        Capacity{Marriage: rapid.IntRange(0, 9).Draw(r, "marriage")},
		}
		for d := time.Sunday; d <= time.Saturday; d++ {
			cuts := rapid.SliceOfNDistinct(rapid.IntRange(0, 1440), 4, 4, rapid.ID[int]).Draw(r, "cuts")
			template.Weekdays[weekdayKey(d)] = periods(cuts)
		}
		day := date.Date{Year: 2026, Month: 1, Day: 1}.AddDays(rapid.IntRange(0, 800).Draw(r, "day"))
		loc := location(t, rapid.SampledFrom(zones()).Draw(r, "zone"))
		checkDay(t, template, c, nil, day, loc)
	})
}

// periods is two periods between four times.
func periods(cuts []int) []Period {
	slices.Sort(cuts)
	at := func(i int) TimeOfDay { return TimeOfDay(cuts[i]) }
	return []Period{{From: at(0), To: at(1)}, {From: at(2), To: at(3)}}
}
