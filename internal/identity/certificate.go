package identity

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Certificate is the number of a marriage or divorce certificate. It is given
// out by the national system; here it is only written down.
//
// Numbers of the present form have all of Prefix, Division, Year and Serial; of
// older and local forms there is only Free.
type Certificate struct {
	Prefix   string // PrefixMarriage and so on; "" for a free form
	Division string // six digits: a county, a city or a province
	Year     int
	Serial   int // the office's running number of that year, 1 to 999999

	Free string // the number as it was typed, if it has no known form
}

// The prefixes of certificate numbers.
const (
	PrefixMarriage        = "J"
	PrefixDivorce         = "L"
	PrefixMarriageReissue = "BJ"
	PrefixDivorceReissue  = "BL"
)

// longestCertificate is in code points, for free forms.
const longestCertificate = 64

var certificate = regexp.MustCompile(`^(B?[JL])(\d{6})-(\d{4})-(\d{6})$`)

// ParseCertificate reads a certificate number and never refuses one: old
// certificates have whatever form their office gave them. The second result is a
// warning for the person who types: "format" for a free form, "province" for a
// division that is in none, "required" for nothing at all. Only "too_long",
// above 64 code points, leaves the Certificate empty.
func ParseCertificate(s string) (Certificate, string) {
	if len(s) > 4*longestCertificate {
		return Certificate{}, tooLong
	}
	if m := certificate.FindStringSubmatch(spell(s)); m != nil {
		c := Certificate{Prefix: m[1], Division: m[2], Year: int(decimal(m[3])), Serial: int(decimal(m[4]))}
		if !province(c.Division[:2]) {
			return c, badProvince
		}
		return c, ""
	}
	free := tidyFree(s)
	switch n := utf8.RuneCountInString(free); {
	case n == 0:
		return Certificate{}, required
	case n > longestCertificate:
		return Certificate{}, tooLong
	}
	return Certificate{Free: free}, badFormat
}

// tidyFree leaves an old number as it was typed, but for what cannot be seen.
func tidyFree(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case invisible(r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// String is the plain number as it is printed on the certificate.
func (c Certificate) String() string {
	if c.Prefix == "" {
		return c.Free
	}
	return fmt.Sprintf("%s%s-%04d-%06d", c.Prefix, c.Division, c.Year, c.Serial)
}

// Masked is the number as lists show it: the serial but for its last two digits
// is hidden, J430702-2020-****23. Of a free form two thirds are.
func (c Certificate) Masked() string {
	number := c.String()
	n := utf8.RuneCountInString(number)
	if c.Prefix == "" {
		return mask(number, n/6, n/6)
	}
	return mask(number, n-6, 2)
}

// LogValue is the masked number.
func (c Certificate) LogValue() slog.Value { return slog.StringValue(c.Masked()) }
