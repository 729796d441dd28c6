package date_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hunyue/internal/date"
)

func TestParseDate(t *testing.T) {
	for _, tt := range []struct {
		fact string
		text string
		want date.Date
	}{
		{"an ordinary day", "2026-05-20", date.Date{Year: 2026, Month: time.May, Day: 20}},
		{"a leap day", "2024-02-29", date.Date{Year: 2024, Month: time.February, Day: 29}},
		{"the first day there is", "0001-01-01", date.Date{Year: 1, Month: time.January, Day: 1}},
		{"the last day there is", "9999-12-31", date.Date{Year: 9999, Month: time.December, Day: 31}},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			got, err := date.ParseDate(tt.text)
			if err != nil || got != tt.want {
				t.Errorf("ParseDate(%q) = %v, %v; want %v", tt.text, got, err, tt.want)
			}
			if got.String() != tt.text {
				t.Errorf("printed as %q, want %q", got, tt.text)
			}
		})
	}
}

func TestParseDateRefuses(t *testing.T) {
	for fact, text := range map[string]string{
		"nothing":                       "",
		"a leap day in a common year":   "2023-02-29",
		"1900, which was no leap year":  "1900-02-29",
		"the 31st of a short month":     "2026-04-31",
		"the year 0":                    "0000-01-01",
		"a month without its zero":      "2026-5-020",
		"slashes":                       "2026/05/20",
		"an hour":                       "2026-05-20T00:00:00Z",
		"a trailing space":              "2026-05-2 ",
		"full-width digits":             "２０２６-05-20",
		"a sign":                        "-026-05-20",
		"a year of five digits":         "12026-05-20",
		"the digits of another writing": "٢٠٢٦",
	} {
		if got, err := date.ParseDate(text); !errors.Is(err, date.ErrDate) {
			t.Errorf("%s: ParseDate(%q) = %v, %v; want ErrDate", fact, text, got, err)
		}
	}
}

func TestDateOfIsTheDayShownInItsLocation(t *testing.T) {
	shanghai := time.FixedZone("CST", 8*60*60)
	late := time.Date(2026, time.May, 19, 16, 0, 0, 0, time.UTC)
	if got := date.DateOf(late).String(); got != "2026-05-19" {
		t.Errorf("in UTC it is %s, want 2026-05-19", got)
	}
	if got := date.DateOf(late.In(shanghai)).String(); got != "2026-05-20" {
		t.Errorf("in Shanghai it is %s, want 2026-05-20", got)
	}
}

func TestInIsMidnightWhereThereIsOne(t *testing.T) {
	for _, tt := range []struct{ fact, zone, day, want string }{
		{"Shanghai today", "Asia/Shanghai", "2026-05-20", "2026-05-20T00:00:00+08:00"},
		{"Shanghai in summer time", "Asia/Shanghai", "1988-07-01", "1988-07-01T00:00:00+09:00"},
		{"São Paulo skipping midnight", "America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02:00"},
	} {
		loc, err := time.LoadLocation(tt.zone)
		if err != nil {
			t.Skipf("no time zone data: %v", err)
		}
		if got := parse(t, tt.day).In(loc).Format(time.RFC3339); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.fact, got, tt.want)
		}
	}
}

func TestArithmetic(t *testing.T) {
	for _, tt := range []struct {
		fact, from string
		days       int
		want       string
		weekday    time.Weekday
	}{
		{"over a leap day", "2024-02-28", 2, "2024-03-01", time.Friday},
		{"over a common February", "2026-02-28", 1, "2026-03-01", time.Sunday},
		{"back over the new year", "2026-01-01", -1, "2025-12-31", time.Wednesday},
		{"the thirtieth day of cooling off", "2026-03-02", 30, "2026-04-01", time.Wednesday},
		{"a century", "1926-05-20", 36525, "2026-05-20", time.Wednesday},
		{"nowhere", "2026-05-20", 0, "2026-05-20", time.Wednesday},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			from, want := parse(t, tt.from), parse(t, tt.want)
			got := from.AddDays(tt.days)
			if got != want || got.Weekday() != tt.weekday {
				t.Errorf("%s%+d days is %s, a %s; want %s, a %s", from, tt.days, got, got.Weekday(), want, tt.weekday)
			}
			if n := want.DaysSince(from); n != tt.days {
				t.Errorf("%s is %d days after %s, want %d", want, n, from, tt.days)
			}
		})
	}
}

func TestOrder(t *testing.T) {
	days := []date.Date{parse(t, "2026-10-01"), parse(t, "2025-12-31"), parse(t, "2026-09-30"), parse(t, "2026-09-09")}
	slices.SortFunc(days, date.Date.Compare)
	want := []string{"2025-12-31", "2026-09-09", "2026-09-30", "2026-10-01"}
	for i, d := range days {
		if d.String() != want[i] {
			t.Errorf("place %d holds %s, want %s", i, d, want[i])
		}
	}
	if !days[0].Before(days[1]) || days[1].Before(days[1]) || days[1].Before(days[0]) {
		t.Error("Before is not strict order")
	}
	if !days[1].After(days[0]) || days[1].After(days[1]) || days[0].After(days[1]) {
		t.Error("After is not strict order")
	}
}

func TestJSON(t *testing.T) {
	type form struct {
		Born date.Date          `json:"born"`
		None date.Date          `json:"none"`
		By   map[date.Date]bool `json:"by"`
	}
	day := parse(t, "1990-03-07")
	text, err := json.Marshal(form{Born: day, By: map[date.Date]bool{day: true}})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"born":"1990-03-07","none":"","by":{"1990-03-07":true}}`; string(text) != want {
		t.Errorf("written as %s, want %s", text, want)
	}
	var back form
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if back.Born != day || !back.None.IsZero() || !back.By[day] {
		t.Errorf("read back as %+v", back)
	}
	if err := json.Unmarshal([]byte(`{"born":"1990-02-30"}`), &back); !errors.Is(err, date.ErrDate) {
		t.Errorf("30 February: %v, want ErrDate", err)
	}
	if _, err := json.Marshal(date.Date{Year: 2026, Month: time.February, Day: 30}); !errors.Is(err, date.ErrDate) {
		t.Errorf("writing 30 February: %v, want ErrDate", err)
	}
}

func TestScan(t *testing.T) {
	day := parse(t, "2026-05-20")
	for _, tt := range []struct {
		fact  string
		value any
		want  date.Date
	}{
		{"what lib/pq gives", time.Date(2026, 5, 20, 0, 0, 0, 0, time.FixedZone("", 0)), day},
		{"a time with its zone", time.Date(2026, 5, 20, 0, 0, 0, 0, time.FixedZone("", 8*3600)), day},
		{"text", "2026-05-20", day},
		{"bytes", []byte("2026-05-20"), day},
		{"NULL", nil, date.Date{}},
	} {
		got := date.Date{Year: 1, Month: 1, Day: 1}
		if err := got.Scan(tt.value); err != nil || got != tt.want {
			t.Errorf("%s: scanned as %q, %v; want %q", tt.fact, got, err, tt.want)
		}
	}
	for fact, value := range map[string]any{
		"infinity":         []byte("infinity"),
		"before our era":   time.Date(-43, 3, 15, 0, 0, 0, 0, time.UTC),
		"after year 9999":  time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
		"a number":         int64(20260520),
		"empty text":       "",
		"a time in a text": "2026-05-20 00:00:00",
	} {
		got := day
		if err := got.Scan(value); !errors.Is(err, date.ErrDate) || got != day {
			t.Errorf("%s: %v and left %s; want ErrDate and %s", fact, err, got, day)
		}
	}
}

func TestValue(t *testing.T) {
	if v, err := parse(t, "2026-05-20").Value(); v != "2026-05-20" || err != nil {
		t.Errorf("stored as %v, %v", v, err)
	}
	if v, err := (date.Date{}).Value(); v != nil || err != nil {
		t.Errorf("the zero Date is stored as %v, %v; want NULL", v, err)
	}
	if v, err := (date.Date{Year: 2026, Month: 13, Day: 1}).Value(); !errors.Is(err, date.ErrDate) {
		t.Errorf("a thirteenth month is stored as %v, %v; want ErrDate", v, err)
	}
}

// days draws any day there is.
func days() *rapid.Generator[date.Date] {
	first := date.Date{Year: 1, Month: time.January, Day: 1}
	last := date.Date{Year: 9999, Month: time.December, Day: 31}
	return rapid.Map(rapid.IntRange(0, last.DaysSince(first)), first.AddDays)
}

func TestEveryDaySurvivesPrintingAndStoring(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := days().Draw(t, "day")
		if !day.Valid() {
			t.Fatalf("%v is not valid", day)
		}
		back, err := date.ParseDate(day.String())
		if err != nil || back != day {
			t.Errorf("%s read back as %s, %v", day, back, err)
		}
		stored, err := day.Value()
		if err != nil {
			t.Fatal(err)
		}
		var scanned date.Date
		if err := scanned.Scan(stored); err != nil || scanned != day {
			t.Errorf("%s scanned as %s, %v", day, scanned, err)
		}
	})
}

func TestAddingDaysIsUndoneBySubtracting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := days().Draw(t, "a"), days().Draw(t, "b")
		n := b.DaysSince(a)
		if got := a.AddDays(n); got != b {
			t.Errorf("%s%+d days is %s, want %s", a, n, got, b)
		}
		if a.Before(b) != (n > 0) || a.After(b) != (n < 0) || (a == b) != (n == 0) {
			t.Errorf("%s and %s are %d days apart but ordered otherwise", a, b, n)
		}
		if want := time.Weekday((int(a.Weekday()) + n%7 + 7) % 7); b.Weekday() != want {
			t.Errorf("%s is a %s, want %s", b, b.Weekday(), want)
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, seed := range []string{"2026-05-20", "2024-02-29", "2023-02-29", "0000-00-00", "9999-12-31", "", "２０２６-05-20"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		day, err := date.ParseDate(text)
		if err != nil {
			if !day.IsZero() {
				t.Errorf("ParseDate(%q) fails and returns %v", text, day)
			}
			return
		}
		if day.String() != text {
			t.Errorf("ParseDate(%q) prints as %q", text, day)
		}
	})
}

func parse(t *testing.T, text string) date.Date {
	t.Helper()
	day, err := date.ParseDate(text)
	if err != nil {
		t.Fatalf("ParseDate(%q): %v", text, err)
	}
	return day
}
