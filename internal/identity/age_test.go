package identity_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hunyue/internal/date"
	"hunyue/internal/identity"
)

func TestAgeOn(t *testing.T) {
	for _, tt := range []struct {
		fact, birth, day string
		want             int
	}{
		{"the day before the birthday", "2006-05-20", "2026-05-19", 19},
		{"the birthday itself", "2006-05-20", "2026-05-20", 20},
		{"the day after", "2006-05-20", "2026-05-21", 20},
		{"the new year does not count", "2006-05-20", "2026-01-01", 19},
		{"a later month with an earlier day", "2006-05-20", "2026-06-01", 20},
		{"an earlier month with a later day", "2006-05-20", "2026-04-30", 19},
		{"the day of birth", "2026-05-20", "2026-05-20", 0},
		{"before birth", "2026-05-20", "2026-05-19", -1},
		{"29 February, on 28 February of a common year", "2004-02-29", "2026-02-28", 21},
		{"29 February, on 1 March of a common year", "2004-02-29", "2026-03-01", 22},
		{"29 February, on 28 February of a leap year", "2004-02-29", "2024-02-28", 19},
		{"29 February, on 29 February", "2004-02-29", "2024-02-29", 20},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			if got := identity.AgeOn(day(t, tt.birth), day(t, tt.day)); got != tt.want {
				t.Errorf("born %s they are %d on %s, want %d", tt.birth, got, tt.day, tt.want)
			}
		})
	}
}

func TestOldEnough(t *testing.T) {
	for _, tt := range []struct {
		fact         string
		sex          identity.Sex
		birth, visit string
		want         bool
	}{
		{"a man a day short of 22", identity.Male, "2004-06-01", "2026-05-31", false},
		{"a man of 22 on the day", identity.Male, "2004-06-01", "2026-06-01", true},
		{"a man of 20", identity.Male, "2006-05-20", "2026-05-20", false},
		{"a woman a day short of 20", identity.Female, "2006-05-20", "2026-05-19", false},
		{"a woman of 20 on the day", identity.Female, "2006-05-20", "2026-05-20", true},
		{"a man of 29 February on 28 February", identity.Male, "2004-02-29", "2026-02-28", false},
		{"a man of 29 February on 1 March", identity.Male, "2004-02-29", "2026-03-01", true},
		{"a person of unknown sex", "", "1950-01-01", "2026-05-20", false},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			got := identity.OldEnough(tt.sex, day(t, tt.birth), day(t, tt.visit), identity.LegalAgeMale, identity.LegalAgeFemale)
			if got != tt.want {
				t.Errorf("born %s, on %s: %v, want %v", tt.birth, tt.visit, got, tt.want)
			}
		})
	}
}

func TestAgeCountsBirthdays(t *testing.T) {
	first := date.Date{Year: 1900, Month: time.January, Day: 1}
	rapid.Check(t, func(t *rapid.T) {
		birth := first.AddDays(rapid.IntRange(0, 50000).Draw(t, "birth"))
		on := birth.AddDays(rapid.IntRange(0, 40000).Draw(t, "days"))
		birthdays := 0
		for year := birth.Year + 1; year <= on.Year; year++ {
			birthday := date.DateOf(time.Date(year, birth.Month, birth.Day, 0, 0, 0, 0, time.UTC))
			if !birthday.After(on) {
				birthdays++
			}
		}
		if got := identity.AgeOn(birth, on); got != birthdays {
			t.Errorf("born %s they are %d on %s after %d birthdays", birth, got, on, birthdays)
		}
	})
}

func TestParseSex(t *testing.T) {
	for want, all := range map[identity.Sex][]string{
		identity.Male:   {"male", "m", "M", "Male", "男", " 男 "},
		identity.Female: {"female", "f", "F", "FEMALE", "女", "　女\n"},
		"":              {"", "x", "man", "男女", "1", "mal", strings.Repeat(" ", 1<<16) + "m"},
	} {
		for _, typed := range all {
			if got, ok := identity.ParseSex(typed); got != want || ok != (want != "") {
				t.Errorf("%q is %q, %v; want %q", typed, got, ok, want)
			}
		}
	}
}

func day(t *testing.T, text string) date.Date {
	t.Helper()
	d, err := date.ParseDate(text)
	if err != nil {
		t.Fatalf("ParseDate(%q): %v", text, err)
	}
	return d
}
