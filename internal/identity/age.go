package identity

import (
	"strings"

	"hunyue/internal/date"
)

// Sex is a person's sex as their documents have it. The values are those of the
// API.
type Sex string

// The two that the marriage law knows.
const (
	Male   Sex = "male"
	Female Sex = "female"
)

// ParseSex reads male, female, m, f, 男 or 女, in any case. It returns false for
// all else.
func ParseSex(s string) (Sex, bool) {
	if len(s) > maxTyped {
		return "", false
	}
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "male", "m", "男":
		return Male, true
	case "female", "f", "女":
		return Female, true
	}
	return "", false
}

// The ages from which the Civil Code lets people marry (民法典 1047).
const (
	LegalAgeMale   = 22
	LegalAgeFemale = 20
)

// AgeOn is how many full years somebody has lived on the day. A year is full on
// the birthday itself, and for those born on 29 February on 1 March in common
// years (domain rule 1). Before birth it is negative.
func AgeOn(birth, day date.Date) int {
	age := day.Year - birth.Year
	if day.Month < birth.Month || day.Month == birth.Month && day.Day < birth.Day {
		age--
	}
	return age
}

// OldEnough reports whether somebody may marry on the day of the visit
// (民法典 1047; domain rule 1): it is their age then that counts, not when they
// book. The minimum ages are in years; nobody of unknown sex is old enough.
func OldEnough(sex Sex, birth, visit date.Date, minMale, minFemale int) bool {
	switch sex {
	case Male:
		return AgeOn(birth, visit) >= minMale
	case Female:
		return AgeOn(birth, visit) >= minFemale
	}
	return false
}
