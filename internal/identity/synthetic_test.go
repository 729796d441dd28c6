package identity_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hunyue/internal/date"
	"hunyue/internal/identity"
)

func TestSyntheticPeopleAreTheKnownOnes(t *testing.T) {
	for _, tt := range []struct {
		birth string
		sex   identity.Sex
		want  string
	}{
		{"1990-03-07", identity.Male, "430799199003070014"},
		{"1990-03-07", identity.Female, "430799199003070022"},
		{"2004-02-29", identity.Male, "43079920040229001X"},
		{"2004-02-29", identity.Female, "430799200402290028"},
		{"2006-05-20", identity.Female, "430799200605200029"},
		{"2004-06-01", identity.Male, "430799200406010011"},
	} {
		if got, err := identity.Synthetic(day(t, tt.birth), tt.sex, 0); got != tt.want || err != nil {
			t.Errorf("the first %s of %s is %q, %v; want %s", tt.sex, tt.birth, got, err, tt.want)
		}
	}
}

func TestSyntheticPeopleOfADayAreDifferentAndValid(t *testing.T) {
	birth := day(t, "1996-12-31")
	seen := map[string]bool{}
	for n := range identity.SyntheticPerDay {
		for _, sex := range []identity.Sex{identity.Male, identity.Female} {
			number, err := identity.Synthetic(birth, sex, n)
			if err != nil {
				t.Fatal(err)
			}
			d, wrong := identity.ParseDocument(identity.ResidentID, number, today)
			gotBirth, gotSex, ok := d.BirthAndSex()
			if wrong != "" || !ok || gotBirth != birth || gotSex != sex || !strings.HasPrefix(number, "430799") {
				t.Fatalf("%s %d is %s: wrong %q, says %s, %s", sex, n, number, wrong, gotBirth, gotSex)
			}
			seen[number] = true
		}
	}
	if want := 2 * identity.SyntheticPerDay; len(seen) != want {
		t.Errorf("%d different people, want %d", len(seen), want)
	}
}

func TestSyntheticRefuses(t *testing.T) {
	birth := day(t, "1990-03-07")
	for _, tt := range []struct {
		fact  string
		birth date.Date
		sex   identity.Sex
		n     int
	}{
		{"one too many", birth, identity.Male, identity.SyntheticPerDay},
		{"a negative one", birth, identity.Female, -1},
		{"no sex", birth, "", 0},
	} {
		if got, err := identity.Synthetic(tt.birth, tt.sex, tt.n); err == nil {
			t.Errorf("%s: %s", tt.fact, got)
		}
	}
	for fact, never := range map[string]date.Date{
		"no day":            {},
		"30 February":       {Year: 1990, Month: time.February, Day: 30},
		"the year 1799":     {Year: 1799, Month: time.March, Day: 7},
		"the year 2100":     {Year: 2100, Month: time.March, Day: 7},
		"a negative year":   {Year: -990, Month: time.March, Day: 7},
		"a long month":      {Year: 1990, Month: 100, Day: 7},
		"a year of 5 signs": {Year: 10000, Month: time.March, Day: 7},
	} {
		if got, err := identity.Synthetic(never, identity.Male, 0); !errors.Is(err, date.ErrDate) {
			t.Errorf("%s: %s, %v; want ErrDate", fact, got, err)
		}
	}
}
