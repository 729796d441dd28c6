package identity

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
)

// PhoneKind says what a number can do.
type PhoneKind string

// The kinds of number that are taken as a contact.
const (
	Mobile   PhoneKind = "mobile"   // of the mainland; gets text messages
	Landline PhoneKind = "landline" // of the mainland; goes on the call list
	Overseas PhoneKind = "overseas" // of Hong Kong, Macao or Taiwan; goes on the call list
)

// Phone is a normalised phone number. It prints itself masked; Number is the
// plain text. Phones compare with ==.
type Phone struct {
	Kind   PhoneKind
	number string
}

// Carriers own no prefixes since numbers can be ported, so a mobile is told only
// by its first two digits; the 0 is how long-distance callers once began it. Area
// codes are 010, 02x and, with four digits, 03xx to 09xx, so that no mobile with
// a digit missing is taken for a landline.
var (
	mobile   = regexp.MustCompile(`^(?:\+?86|0)?(1[3-9]\d{9})$`)
	machine  = regexp.MustCompile(`^(?:\+?86)?14\d{11}$`)
	landline = regexp.MustCompile(`^(?:(?:0|\+86-?0?)(10|2\d|[3-9]\d\d)-?)?([2-9]\d{6,7})(-\d{1,6})?$`)
	overseas = regexp.MustCompile(`^\+(?:(85[23])(\d{8})|(886)0?([1-9]\d{8}))$`)
	abroad   = regexp.MustCompile(`^\+[1-9]\d{6,14}$`)
	accepted = regexp.MustCompile(`^\+(86|852|853|886)`)
)

// ParsePhone reads a number as somebody typed it, with or without +86, hyphens,
// brackets and spaces. It returns the number and "", or no number and what is
// wrong: "required", "too_long", "format", "iot" for the 13 digits of a machine,
// "country" for one from beyond the mainland, Hong Kong, Macao and Taiwan.
//
// ParsePhone(p.Number()) is p.
func ParsePhone(s string) (Phone, string) {
	if len(s) > maxTyped {
		return Phone{}, tooLong
	}
	typed := dialled(s)
	digits := strings.ReplaceAll(typed, "-", "")
	if m := mobile.FindStringSubmatch(digits); m != nil {
		return Phone{Mobile, m[1]}, ""
	}
	if m := landline.FindStringSubmatch(typed); m != nil {
		return Phone{Landline, areaCode(m[1]) + m[2] + m[3]}, ""
	}
	if m := overseas.FindStringSubmatch(digits); m != nil {
		return Phone{Overseas, "+" + m[1] + m[2] + m[3] + m[4]}, ""
	}
	return Phone{}, wrongInPhone(digits)
}

func areaCode(without0 string) string {
	if without0 == "" {
		return ""
	}
	return "0" + without0
}

func wrongInPhone(digits string) string {
	switch {
	case digits == "":
		return required
	case machine.MatchString(digits):
		return iot
	case abroad.MatchString(digits) && !accepted.MatchString(digits):
		return badCountry
	}
	return badFormat
}

// dialled is the number with the signs that mean something: digits, a plus in
// front and a hyphen before an extension, for which people also write 转.
func dialled(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '(', ')':
			return -1
		case '转', '轉':
			return '-'
		}
		return r
	}, spell(s))
	if rest, ok := strings.CutPrefix(s, "00"); ok {
		return "+" + rest
	}
	return s
}

// Number is the plain number in one form: 13800000001, 07367123456 or
// 07367123456-801 with an extension, 7123456 without an area, +85261234567.
func (p Phone) Number() string { return p.number }

// TakesSMS reports whether text messages reach the number (domain rule 7).
func (p Phone) TakesSMS() bool { return p.Kind == Mobile }

// Masked is the number as lists show it: 138****5678, 0736****456,
// +8526****567. Four digits are always hidden, and all of an extension.
func (p Phone) Masked() string {
	number, extension, _ := strings.Cut(p.number, "-")
	tail := 3
	if p.Kind == Mobile {
		tail = 4
	}
	masked := mask(number, max(0, len(number)-tail-4), tail)
	if extension != "" {
		masked += "-" + mask(extension, 0, 0)
	}
	return masked
}

// String is the masked number.
func (p Phone) String() string { return p.Masked() }

// GoString is what String is; %#v shows no more than %v.
func (p Phone) GoString() string { return p.String() }

// Format prints the masked number whatever the verb.
func (p Phone) Format(f fmt.State, _ rune) { maskFormat(f, p.Masked()) }

// LogValue is the masked number.
func (p Phone) LogValue() slog.Value { return slog.StringValue(p.Masked()) }

// MarshalJSON writes the masked number.
func (p Phone) MarshalJSON() ([]byte, error) { return json.Marshal(p.Masked()) }
