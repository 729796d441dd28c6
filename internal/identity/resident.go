package identity

import (
	"regexp"
	"time"

	"hunyue/internal/date"
)

// The number of GB 11643: six digits of area, eight of birthday, three of
// sequence (odd for men) and a check digit. Residence permits and the permanent
// residence card of 2023 share everything but the area.
var (
	eighteen = regexp.MustCompile(`^[1-9]\d{16}[\dX]$`)
	fifteen  = regexp.MustCompile(`^[1-9]\d{14}$`)
)

// cardOf tells by its number which card somebody holds who says that it is a
// resident ID.
func cardOf(number string) DocumentType {
	switch {
	case !eighteen.MatchString(number):
		return ResidentID
	case number[0] == '9':
		return ForeignPR
	case hmtArea(number):
		return HMTResidence
	}
	return ResidentID
}

func wrongInResident(number string, today date.Date) string {
	switch {
	case fifteen.MatchString(number):
		return firstGeneration
	case !eighteen.MatchString(number):
		return badFormat
	case !province(number[:2]):
		return badProvince
	}
	return wrongInEighteen(number, today)
}

func wrongInResidencePermit(number string, today date.Date) string {
	switch {
	case !eighteen.MatchString(number):
		return badFormat
	case !hmtArea(number):
		return badProvince
	}
	return wrongInEighteen(number, today)
}

// wrongInEighteen checks what all 18-digit numbers have in common.
func wrongInEighteen(number string, today date.Date) string {
	birth, ok := birthday(number)
	switch {
	case !ok:
		return badDate
	case birth.After(today):
		return inFuture
	case number[17] != checkDigit(number[:17]):
		return badCheckDigit
	}
	return ""
}

// province reports whether two digits begin the area codes of a province, of
// Taiwan, Hong Kong or Macao, or of the residence permits. What follows them is
// checked against no table: abolished counties live on in the numbers of those
// born there, and some numbers have counties that no table ever listed.
func province(two string) bool {
	switch two {
	case "11", "12", "13", "14", "15",
		"21", "22", "23",
		"31", "32", "33", "34", "35", "36", "37",
		"41", "42", "43", "44", "45", "46",
		"50", "51", "52", "53", "54",
		"61", "62", "63", "64", "65",
		"71", "81", "82", "83":
		return true
	}
	return false
}

// hmtArea reports the areas of residence permits: Hong Kong, Macao, Taiwan.
func hmtArea(number string) bool {
	switch number[:6] {
	case "810000", "820000", "830000":
		return true
	}
	return false
}

func birthAndSex(number string) (date.Date, Sex, bool) {
	if !eighteen.MatchString(number) {
		return date.Date{}, "", false
	}
	birth, ok := birthday(number)
	if !ok {
		return date.Date{}, "", false
	}
	if (number[16]-'0')%2 == 1 {
		return birth, Male, true
	}
	return birth, Female, true
}

// birthday is false for a day that is not in the calendar, or not of the three
// centuries in which holders were born.
func birthday(number string) (date.Date, bool) {
	d := date.Date{
		Year:  int(decimal(number[6:10])),
		Month: time.Month(decimal(number[10:12])),
		Day:   int(decimal(number[12:14])),
	}
	return d, 1800 <= d.Year && d.Year <= 2099 && d.Valid()
}

// decimal is the value of a few digits.
func decimal(digits string) (n int64) {
	for _, c := range []byte(digits) {
		n = 10*n + int64(c-'0')
	}
	return n
}

// checkDigit is the eighteenth of 17 digits by ISO 7064 MOD 11-2.
func checkDigit(first17 string) byte {
	weights := [...]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, weight := range weights {
		sum += weight * int(first17[i]-'0')
	}
	return "10X98765432"[sum%11]
}

// Upgrade15 makes the 18-digit form of the 15-digit number on an old
// certificate: the 19 that the year lacks and the check digit. It returns false
// for anything else.
func Upgrade15(number string) (string, bool) {
	return upgrade(spell(number))
}

func upgrade(number string) (string, bool) {
	if !fifteen.MatchString(number) || !province(number[:2]) {
		return "", false
	}
	number = number[:6] + "19" + number[6:]
	if _, ok := birthday(number); !ok {
		return "", false
	}
	return number + string(checkDigit(number)), true
}
