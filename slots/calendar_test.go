package slots

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/date"
	"hunyue/internal/fault"
)

func parseDate(t testing.TB, s string) date.Date {
	t.Helper()
	d, err := date.ParseDate(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return d
}

// knownCalendar is the calendar that the program comes with.
func knownCalendar(t testing.TB) Calendar {
	t.Helper()
	var all []CalendarDay
	for year, name := range map[int]string{2026: "calendar/2026.csv", 2027: "calendar/2027.csv"} {
		f, err := calendarFiles.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		days, err := readCalendar(f, year)
		if err != nil {
			t.Fatalf("%s: %v %v", name, err, fault.Of(err).Fields)
		}
		all = append(all, days...)
	}
	return NewCalendar([]int{2026}, all)
}

func TestCalendarFacts(t *testing.T) {
	c := knownCalendar(t)
	for _, tt := range []struct {
		fact, day string
		works     bool
	}{
		{"New Year's Day", "2026-01-01", false},
		{"the Sunday worked for New Year", "2026-01-04", true},
		{"Valentine's Day, a Saturday worked for the Spring Festival", "2026-02-14", true},
		{"the eve of the Spring Festival", "2026-02-16", false},
		{"a Monday at the end of the Spring Festival", "2026-02-23", false},
		{"the Tuesday after it", "2026-02-24", true},
		{"a Saturday worked for the Spring Festival", "2026-02-28", true},
		{"Qingming, a Sunday", "2026-04-05", false},
		{"the Monday off for Qingming", "2026-04-06", false},
		{"a Saturday worked for Labour Day", "2026-05-09", true},
		{"the Saturday after that", "2026-05-16", false},
		{"5·20", "2026-05-20", true},
		{"a Sunday worked for the National Day", "2026-09-20", true},
		{"the last day of the National Day", "2026-10-07", false},
		{"a Saturday worked for the National Day", "2026-10-10", true},
		{"New Year's Day, which a naive calendar works", "2027-01-01", false},
		{"the eve of the Spring Festival of 2027", "2027-02-05", false},
		{"Mid-Autumn of 2027", "2027-09-15", false},
	} {
		if got := c.Workday(parseDate(t, tt.day)); got != tt.works {
			t.Errorf("%s (%s): worked %t, want %t", tt.fact, tt.day, got, tt.works)
		}
	}
	if !c.Confirmed(2026) || c.Confirmed(2027) || c.Confirmed(2028) {
		t.Errorf("confirmed 2026 %t, 2027 %t, 2028 %t; want only 2026", c.Confirmed(2026), c.Confirmed(2027), c.Confirmed(2028))
	}
}

func TestThe13StatutoryDaysOf2027(t *testing.T) {
	c := knownCalendar(t)
	n := 0
	for day := parseDate(t, "2027-01-01"); day.Year == 2027; day = day.AddDays(1) {
		if d, ok := c.Special(day); ok && d.Kind == Holiday {
			n++
		}
	}
	if n != 13 {
		t.Errorf("%d statutory days, want 13", n)
	}
}

func TestEveryBadLineOfACalendarIsNamed(t *testing.T) {
	_, err := readCalendar(strings.NewReader(`day,kind,name
2026-01-01,holiday,元旦
2026-02-30,holiday,春节
2027-02-05,holiday,春节
2026-05-01,feast,劳动节
2026-05-06,makeup_workday,劳动节
2026-05-09,makeup_workday,

2026-01-01,holiday,元旦
2026-10-01,holiday
a"b,holiday,x
`), 2026)
	want := map[string]string{
		"lines.3": "date", "lines.4": "other_year", "lines.5": "kind", "lines.6": "not_weekend", "lines.7": "name",
		"lines.9": "twice", "lines.10": "columns", "lines.11": "columns",
	}
	if diff := cmp.Diff(want, fault.Of(err).Fields); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
}

func TestWhatIsNoCalendarFile(t *testing.T) {
	for fact, tt := range map[string]struct{ text, field string }{
		"nothing":               {"", "lines.1"},
		"only a header":         {"day,kind,name\n", "file"},
		"another header":        {"date,type\n2026-01-01,holiday,元旦\n", "lines.1"},
		"a file of another era": {"day,kind,name\n2026-01-01,holiday,\xd4\xaa\xb5\xa9\n", "file"}, // GBK
		"a very long file":      {"day,kind,name\n" + strings.Repeat("\n", 70<<10), "file"},
	} {
		if _, err := readCalendar(strings.NewReader(tt.text), 2026); fault.Of(err).Fields[tt.field] == "" {
			t.Errorf("%s: %v %v, want a mistake in %s", fact, err, fault.Of(err).Fields, tt.field)
		}
	}
}

func TestASpreadsheetsFileIsRead(t *testing.T) {
	days, err := readCalendar(strings.NewReader("\ufeffday,kind,name\r\n2026-01-01,holiday,元旦\r\n"), 2026)
	if err != nil || len(days) != 1 || days[0].Name != "元旦" {
		t.Errorf("got %v, %v; want New Year", days, err)
	}
}

func FuzzReadCalendar(f *testing.F) {
	f.Add("day,kind,name\n2026-01-01,holiday,元旦\n")
	f.Add("day,kind,name\n2026-01-01,\"holiday\",\"元\n旦\"\n2026-01-01,x\n")
	f.Fuzz(func(t *testing.T, text string) {
		days, err := readCalendar(strings.NewReader(text), 2026)
		if err == nil && len(days) == 0 {
			t.Error("neither days nor mistakes")
		}
		for _, d := range days {
			if d.Day.Year != 2026 || !d.Day.Valid() {
				t.Errorf("read %v", d)
			}
		}
	})
}
