package identity

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// How long names are, in code points. An office must take 25 characters at
// least, wherever they lie in Unicode (民委发〔2016〕33号).
const (
	shortestResident = 2
	longestResident  = 50
	longestForeign   = 100
	maxNameBytes     = 2048 // beyond what 100 code points with their accents take
)

// han is a character class: what this version of Go knows as Han, and the two
// planes that Unicode keeps for Han only. Extensions I and J, with many names
// from police files in them, are newer than Go's tables.
const han = `\p{Han}\x{20000}-\x{2FFFD}\x{30000}-\x{3FFFD}`

var (
	residentName = regexp.MustCompile(`^[·` + han + `]+$`)

	// A foreign name holds at least one letter. A letter has two combining marks
	// at most, for the few that Unicode does not compose.
	foreignName = regexp.MustCompile(`^[-',. ·]*([\p{Latin}` + han + `][\x{300}-\x{36F}]{0,2}[-',. ·]*)+$`)

	// A space after a Han character is there for looks (王　明), as forms once had it.
	spaced = regexp.MustCompile(`([` + han + `]) `)

	// A separator is misplaced at the beginning, at the end, or beside itself.
	// An apostrophe may begin or end a name ('t Hooft), a full stop may end one
	// (Jr.), and a comma may follow a full stop.
	misplaced = regexp.MustCompile(`^'?[-.,· ]|[-,·]$|- ?-|\. ?\.|, ?,|' ?'|·[-.,·']|[-.,']·`)
)

// NormaliseName writes a name in the one form in which it is stored: composed
// (NFC), without invisible characters, its separators U+00B7 as the ministries
// prescribe. It returns the name and "", or what is wrong: "required",
// "too_long", "characters", "separator", "too_short".
//
// A resident's name is 2 to 50 Han characters with separators between; a
// foreigner's is up to 100 Latin letters or Han characters with spaces, hyphens,
// apostrophes, full stops, commas and separators. Length is in code points.
// Nobody's name is cut into family name and given name.
//
// With "characters" and "too_short" the tidied name still comes back, because
// there are people with such names: a member of staff may insist.
func NormaliseName(s string, foreign bool) (string, string) {
	switch {
	case len(s) > maxNameBytes:
		return "", tooLong
	case !utf8.ValidString(s):
		return "", badCharacters
	}
	name := tidyName(s, foreign)
	wrong := wrongInName(name, foreign)
	switch wrong {
	case "", badCharacters, tooShort:
		return name, wrong
	}
	return "", wrong
}

func wrongInName(name string, foreign bool) string {
	shape, shortest, longest := residentName, shortestResident, longestResident
	if foreign {
		shape, shortest, longest = foreignName, 1, longestForeign
	}
	n := utf8.RuneCountInString(name)
	switch {
	case n == 0:
		return required
	case n > longest:
		return tooLong
	case !shape.MatchString(name):
		return badCharacters
	case misplaced.MatchString(name):
		return badSeparator
	case n < shortest:
		return tooShort
	}
	return ""
}

// tidyName mends what an input method or a copy spoils: widths, spaces, hidden
// characters, and every dot that somebody took for the separator.
func tidyName(s string, foreign bool) string {
	s = strings.Map(visible, s)
	s = norm.NFC.String(s)
	s = strings.Map(func(r rune) rune { return separator(r, foreign) }, s)
	s = strings.Join(strings.Fields(s), " ")
	if !foreign {
		s = spaced.ReplaceAllString(s, "$1")
	}
	s = strings.ReplaceAll(s, " ·", "·")
	return strings.ReplaceAll(s, "· ", "·")
}

// visible drops what cannot be seen and makes one space of the many.
func visible(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case invisible(r):
		return -1
	}
	return hyphen(halfWidth(r))
}

// separator makes U+00B7 of the dots that look like it. A full stop on the line
// is one of them only in a resident's name; foreigners have initials.
func separator(r rune, foreign bool) rune {
	switch r {
	case '•', '・', '‧', '･', '∙', '⋅', '⸱', '⸳':
		return '·'
	case '.', '﹒':
		if foreign {
			return '.'
		}
		return '·'
	case '‘', '’', 'ʼ', 'ʻ', '`', '´':
		return '\''
	}
	return r
}

// Odd is what in a name makes NormaliseName say "characters", each once, where it is
// no letter; "" where letters do.
func Odd(s string, foreign bool) string {
	usual := residentName
	if foreign {
		usual = foreignName
	}
	var odd []rune
	for _, r := range tidyName(s, foreign) {
		switch {
		case usual.MatchString(string(r)) || foreign && usual.MatchString("a"+string(r)):
		case unicode.IsLetter(r) || unicode.IsSpace(r):
			return ""
		case !slices.Contains(odd, r):
			odd = append(odd, r)
		}
	}
	return string(odd)
}

// MaskName is a name as lists show it: its first character, and a star for each
// of the others. A name of one character is all stars.
func MaskName(s string) string { return mask(s, 1, 0) }

// Name is a person's name that prints itself masked, for structs that travel
// through logs and pages. Its plain text is Plain, and nothing else.
type Name string

// Plain is the name itself.
func (n Name) Plain() string { return string(n) }

// Masked is the name as MaskName shows it.
func (n Name) Masked() string { return MaskName(string(n)) }

// String is the masked name.
func (n Name) String() string { return n.Masked() }

// Format prints the masked name whatever the verb.
func (n Name) Format(f fmt.State, _ rune) { maskFormat(f, n.Masked()) }

// LogValue is the masked name.
func (n Name) LogValue() slog.Value { return slog.StringValue(n.Masked()) }

// MarshalJSON writes the masked name.
func (n Name) MarshalJSON() ([]byte, error) { return json.Marshal(n.Masked()) }
