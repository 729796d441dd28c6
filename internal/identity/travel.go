package identity

import (
	"regexp"

	"hunyue/internal/date"
)

// The numbers of people from elsewhere. None but the 18-digit ones has a check
// digit, a birthday or a sex in it.
var (
	hkMacao      = regexp.MustCompile(`^[HM]\d{8}(\d{2})?$`)
	taiwan       = regexp.MustCompile(`^(\d{8}|\d{10}[A-Z]?)$`) // card; old booklet
	passport     = regexp.MustCompile(`^[A-Z0-9]{5,15}$`)
	chinese      = regexp.MustCompile(`^(E[A-Z]?|G|[DSP][A-Z]?)\d{7,8}$`)
	permanentOld = regexp.MustCompile(`^[A-Z]{3}\d{12}$`)
)

// IsChinesePassport reports whether a document has the form of a passport that
// China gives its citizens, such as those who live abroad (domain section 4.2). A
// foreign one may happen to look the same; the office sees it.
func (d Document) IsChinesePassport() bool {
	return d.Type == Passport && chinese.MatchString(spell(d.Number))
}

// wrongInTravel checks the shape of a number, which is all that can be checked.
func wrongInTravel(shape *regexp.Regexp, number string) string {
	if !shape.MatchString(number) {
		return badFormat
	}
	return ""
}

// lifelong is the part of a Hong Kong or Macao permit number that stays with its
// holder; two digits after it count the re-issues.
func lifelong(number string) string {
	const core = 9
	if len(number) > core {
		return number[:core]
	}
	return number
}

// wrongInPermanentResidence takes both forms that are valid side by side: the
// card of 2023, whose number is built like a resident's after a 9, the issuing
// province and the country, and the one before it, which says nothing.
func wrongInPermanentResidence(number string, today date.Date) string {
	switch {
	case permanentOld.MatchString(number):
		return ""
	case !eighteen.MatchString(number):
		return badFormat
	case number[0] != '9':
		return badProvince
	}
	return wrongInEighteen(number, today)
}
