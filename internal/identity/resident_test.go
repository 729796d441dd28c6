package identity_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hunyue/internal/date"
	"hunyue/internal/identity"
)

// today is the day on which these tests take place, in the middle of it.
var today = time.Date(2026, time.May, 20, 12, 0, 0, 0, time.FixedZone("CST", 8*60*60))

func TestResidentNumbersThatAreRight(t *testing.T) {
	for _, tt := range []struct {
		fact, typed, number, birth string
		sex                        identity.Sex
	}{
		{"a man", "430799199003070014", "430799199003070014", "1990-03-07", identity.Male},
		{"a woman", "430799199003070022", "430799199003070022", "1990-03-07", identity.Female},
		{"a man of 29 February", "43079920040229001X", "43079920040229001X", "2004-02-29", identity.Male},
		{"a woman of 29 February", "430799200402290028", "430799200402290028", "2004-02-29", identity.Female},
		{"a woman of 20 today", "430799200605200029", "430799200605200029", "2006-05-20", identity.Female},
		{"a man of 22 soon", "430799200406010011", "430799200406010011", "2004-06-01", identity.Male},
		{"the example of the standard", "11010519491231002X", "11010519491231002X", "1949-12-31", identity.Female},
		{"a small x", "11010519491231002x", "11010519491231002X", "1949-12-31", identity.Female},
		{"groups with spaces", " 430799 19900307 0014 ", "430799199003070014", "1990-03-07", identity.Male},
		{"full width", "４３０７９９１９９００３０７００１４", "430799199003070014", "1990-03-07", identity.Male},
		{"a full-width small x", "11010519491231002ｘ", "11010519491231002X", "1949-12-31", identity.Female},
		{"ideographic spaces", "430799　199003070014", "430799199003070014", "1990-03-07", identity.Male},
		{"a zero-width space from a chat", "\u200b430799199003070014\ufeff", "430799199003070014", "1990-03-07", identity.Male},
		{"born today", withCheckDigit("43079920260520002"), withCheckDigit("43079920260520002"), "2026-05-20", identity.Female},
		{"born in the nineteenth century", withCheckDigit("43079918991231001"), withCheckDigit("43079918991231001"), "1899-12-31", identity.Male},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			d, wrong := identity.ParseDocument(identity.ResidentID, tt.typed, today)
			if wrong != "" || d.Type != identity.ResidentID || d.Number != tt.number {
				t.Fatalf("got %s %q, wrong %q; want %q", d.Type, d.Number, wrong, tt.number)
			}
			birth, sex, ok := d.BirthAndSex()
			if !ok || birth.String() != tt.birth || sex != tt.sex {
				t.Errorf("born %s, %s, %v; want %s, %s", birth, sex, ok, tt.birth, tt.sex)
			}
		})
	}
}

func TestResidentNumbersThatAreWrong(t *testing.T) {
	for _, tt := range []struct{ fact, typed, want string }{
		{"nothing", "", "required"},
		{"only spaces", " 　\u200b\t", "required"},
		{"17 digits", "43079919900307001", "format"},
		{"19 digits", "4307991990030700140", "too_long"},
		{"letters", "43079919900307OO14", "format"},
		{"an X that is not last", "43079919900307X014", "format"},
		{"the Roman ten for an X", "11010519491231002Ⅹ", "format"},
		{"a leading zero", "030799199003070014", "format"},
		{"hyphens", "430799-1990030700", "format"},
		{"Arabic digits", "٤٣٠٧٩٩١٩٩٠٠٣٠٧٠٠١٤", "format"},
		{"broken UTF-8", "43079919900307001\xff", "format"},
		{"15 digits of a first-generation card", "430799900307001", "first_generation"},
		{"a province that there is not", withCheckDigit("16010119900307001"), "province"},
		{"a province that there never was", withCheckDigit("70010119900307001"), "province"},
		{"a thirteenth month", withCheckDigit("43079919901307001"), "date"},
		{"month 0", withCheckDigit("43079919900007001"), "date"},
		{"29 February 1990", withCheckDigit("43079919900229001"), "date"},
		{"31 April", withCheckDigit("43079919900431001"), "date"},
		{"the year 1799", withCheckDigit("43079917991231001"), "date"},
		{"the year 2100", withCheckDigit("43079921000101001"), "date"},
		{"born tomorrow", withCheckDigit("43079920260521001"), "future"},
		{"another check digit", "430799199003070015", "check_digit"},
		{"an X for a 4", "43079919900307001X", "check_digit"},
		{"two digits swapped", "430799199003070104", "check_digit"},
		{"a page of text", strings.Repeat("4", 1<<16), "too_long"},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			d, wrong := identity.ParseDocument(identity.ResidentID, tt.typed, today)
			if wrong != tt.want {
				t.Errorf("wrong is %q, want %q", wrong, tt.want)
			}
			if d != (identity.Document{}) {
				t.Errorf("a document comes back: %v", d)
			}
		})
	}
}

func TestFutureIsJudgedByTheDayAtTheOffice(t *testing.T) {
	bornOn20th := withCheckDigit("43079920260520002")
	justAfterMidnight := time.Date(2026, time.May, 20, 0, 1, 0, 0, time.FixedZone("CST", 8*60*60))
	if _, wrong := identity.ParseDocument(identity.ResidentID, bornOn20th, justAfterMidnight); wrong != "" {
		t.Errorf("on the 20th in Changde: %q", wrong)
	}
	if _, wrong := identity.ParseDocument(identity.ResidentID, bornOn20th, justAfterMidnight.UTC()); wrong != "future" {
		t.Errorf("while it is the 19th: %q, want future", wrong)
	}
}

func TestUnknownCountiesPass(t *testing.T) {
	for fact, seventeen := range map[string]string{
		"an abolished county":      "43240119900307001",
		"a county code of 01":      "43010119900307001",
		"no county at all":         "43000019900307001",
		"an unassigned county":     "43079919900307001",
		"Taiwan":                   "71000019900307001",
		"the last county of Tibet": "54999919900307001",
	} {
		if d, wrong := identity.ParseDocument(identity.ResidentID, withCheckDigit(seventeen), today); wrong != "" {
			t.Errorf("%s: %q (%v)", fact, wrong, d)
		}
	}
}

func TestEveryProvincePasses(t *testing.T) {
	provinces := map[int]bool{71: true, 81: true, 82: true, 83: true}
	for _, r := range [][2]int{{11, 15}, {21, 23}, {31, 37}, {41, 46}, {50, 54}, {61, 65}} {
		for p := r[0]; p <= r[1]; p++ {
			provinces[p] = true
		}
	}
	for p := 10; p < 90; p++ {
		number := withCheckDigit(fmt.Sprintf("%02d079919900307001", p))
		_, wrong := identity.ParseDocument(identity.ResidentID, number, today)
		if passes := wrong == ""; passes != provinces[p] || (!passes && wrong != "province") {
			t.Errorf("province %d: %q", p, wrong)
		}
	}
}

func TestUpgrade15(t *testing.T) {
	for _, tt := range []struct{ fact, old, want string }{
		{"a man", "430799900307001", "430799199003070014"},
		{"a woman, with spaces", "430799 900307 002", "430799199003070022"},
		{"a check digit of X", "110105491231002", "11010519491231002X"},
		{"full width", "４３０７９９９００３０７００１", "430799199003070014"},
		{"a day that there is not", "430799900230001", ""},
		{"no such province", "990799900307001", ""},
		{"14 digits", "43079990030700", ""},
		{"18 digits", "430799199003070014", ""},
		{"a letter", "43079990030700X", ""},
		{"nothing", "", ""},
	} {
		got, ok := identity.Upgrade15(tt.old)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: %q, %v; want %q", tt.fact, got, ok, tt.want)
		}
	}
}

func TestAnOldNumberIsTheSamePerson(t *testing.T) {
	old := identity.Document{Type: identity.ResidentID, Number: "430799900307001"}
	now := identity.Document{Type: identity.ResidentID, Number: "430799199003070014"}
	if old.Key() != now.Key() {
		t.Errorf("the keys differ: %q and %q", old.Key(), now.Key())
	}
	birth, sex, ok := old.BirthAndSex()
	if !ok || birth.String() != "1990-03-07" || sex != identity.Male {
		t.Errorf("the old number says %s, %s, %v", birth, sex, ok)
	}
}

func TestEveryRightNumberPasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := residents().Draw(t, "person")
		d, wrong := identity.ParseDocument(identity.ResidentID, p.number, today)
		if wrong != "" || d.Number != p.number {
			t.Fatalf("%s: %q, %q", p.number, d.Number, wrong)
		}
		birth, sex, ok := d.BirthAndSex()
		if !ok || birth != p.birth || sex != p.sex {
			t.Errorf("%s says %s, %s, %v; want %s, %s", p.number, birth, sex, ok, p.birth, p.sex)
		}
		if again, wrong := identity.ParseDocument(d.Type, d.Number, today); again != d || wrong != "" {
			t.Errorf("parsed again: %q, %q", again.Number, wrong)
		}
	})
}

func TestOneWrongCharacterNeverPasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := residents().Draw(t, "person")
		at := rapid.IntRange(0, 17).Draw(t, "at")
		char := rapid.SampledFrom([]byte("0123456789X")).Draw(t, "character")
		if p.number[at] == char {
			t.Skip("the same character")
		}
		wrongly := p.number[:at] + string(char) + p.number[at+1:]
		if d, wrong := identity.ParseDocument(identity.ResidentID, wrongly, today); wrong == "" {
			t.Errorf("%s passes for %s as %s", wrongly, p.number, d.Type)
		}
	})
}

func TestOneWrongDigitOfTheSequenceIsACheckDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := residents().Draw(t, "person")
		at := rapid.SampledFrom([]int{2, 3, 14, 15, 16, 17}).Draw(t, "at")
		char := rapid.SampledFrom([]byte("0123456789")).Draw(t, "digit")
		if p.number[at] == char {
			t.Skip("the same digit")
		}
		wrongly := p.number[:at] + string(char) + p.number[at+1:]
		if _, wrong := identity.ParseDocument(identity.ResidentID, wrongly, today); wrong != "check_digit" {
			t.Errorf("%s for %s is %q, want check_digit", wrongly, p.number, wrong)
		}
	})
}

func TestTwoSwappedNeighboursNeverPass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := residents().Draw(t, "person")
		at := rapid.IntRange(0, 16).Draw(t, "at")
		if p.number[at] == p.number[at+1] {
			t.Skip("the same twice")
		}
		swapped := []byte(p.number)
		swapped[at], swapped[at+1] = swapped[at+1], swapped[at]
		if d, wrong := identity.ParseDocument(identity.ResidentID, string(swapped), today); wrong == "" {
			t.Errorf("%s passes for %s as %s", swapped, p.number, d.Type)
		}
	})
}

func TestUpgradingKeepsThePerson(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := born(day1(1900), day1(2000).AddDays(-1)).Draw(t, "person")
		if got, ok := identity.Upgrade15(p.number[:6] + p.number[8:17]); !ok || got != p.number {
			t.Errorf("got %q, %v; want %s", got, ok, p.number)
		}
	})
}

// person is what a resident number says.
type person struct {
	number string
	birth  date.Date
	sex    identity.Sex
}

// residents draws people of the mainland's provinces, born until today.
func residents() *rapid.Generator[person] { return born(day1(1800), date.DateOf(today)) }

// born draws people whose birthday lies from first to last.
func born(first, last date.Date) *rapid.Generator[person] {
	provinces := []string{"11", "15", "21", "23", "31", "37", "41", "43", "46", "50", "54", "61", "65", "71"}
	return rapid.Custom(func(t *rapid.T) person {
		area := rapid.SampledFrom(provinces).Draw(t, "province") + rapid.StringMatching(`[0-9]{4}`).Draw(t, "county")
		birth := first.AddDays(rapid.IntRange(0, last.DaysSince(first)).Draw(t, "days"))
		sequence := rapid.IntRange(0, 999).Draw(t, "sequence")
		sex := identity.Female
		if sequence%2 == 1 {
			sex = identity.Male
		}
		seventeen := area + strings.ReplaceAll(birth.String(), "-", "") + fmt.Sprintf("%03d", sequence)
		return person{withCheckDigit(seventeen), birth, sex}
	})
}

// day1 is the first of January.
func day1(year int) date.Date { return date.Date{Year: year, Month: time.January, Day: 1} }

// withCheckDigit appends the check digit by the recursive method of ISO 7064,
// not by the weights of the national standard.
func withCheckDigit(seventeen string) string {
	p := 0
	for _, c := range seventeen {
		p = (p + int(c-'0')) * 2 % 11
	}
	return seventeen + string("0123456789X"[(12-p)%11])
}
