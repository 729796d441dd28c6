package hall

import (
	"fmt"
	"strings"
)

// Body temperatures are tenths of a degree Celsius: 36.5 °C is 365.
const (
	lowest    = 340 // below this a thermometer is wrong
	highest   = 430
	lukewarm  = 350 // below this it has probably measured a cold forehead
	maxTyped  = 32  // bytes; no temperature is longer in any writing
	wholeOnly = 2   // digits of a reading without tenths
	fast      = 3   // digits of a reading typed without its point
)

// The codes of what may be wrong with a typed temperature.
const (
	required  = "required"
	badFormat = "format"
	badRange  = "range" // outside 34.0 to 43.0
)

// ParseCelsius reads a temperature in tenths of a degree: "36.5", "365" and
// "37" are 365, 365 and 370. Point and comma mean the same, as do the wide
// digits and stops of a Chinese keyboard; a sign ℃ or °C may follow. Hundredths
// are refused and not rounded, since rounding could hide a fever.
//
// The second result is "" or what is wrong: "required", "format", or "range"
// outside 34.0 to 43.0; the first is 0 then.
func ParseCelsius(s string) (int, string) {
	if len(s) > maxTyped {
		return 0, badFormat
	}
	s = plain(s)
	if s == "" {
		return 0, required
	}
	tenths, ok := tenthsOf(s)
	switch {
	case !ok:
		return 0, badFormat
	case tenths < lowest || tenths > highest:
		return 0, badRange
	}
	return tenths, ""
}

// FormatCelsius prints tenths of a degree as the JSON API does: 365 is "36.5".
func FormatCelsius(tenths int) string { return fmt.Sprintf("%d.%d", tenths/10, tenths%10) }

// plain is s in ASCII digits and points, without its unit.
func plain(s string) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case strings.ContainsRune(",，．。", r):
			return '.'
		}
		return r
	}, s))
	for _, unit := range []string{"℃", "°C"} {
		s = strings.TrimSpace(strings.TrimSuffix(s, unit))
	}
	return s
}

// tenthsOf reads "dd", "ddd" or "dd.d".
func tenthsOf(s string) (int, bool) {
	whole, tenth, pointed := strings.Cut(s, ".")
	if pointed && (len(whole) != wholeOnly || len(tenth) != 1) {
		return 0, false
	}
	digits := whole + tenth
	if len(digits) != wholeOnly && len(digits) != fast {
		return 0, false
	}
	n := 0
	for _, d := range []byte(digits) {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = n*10 + int(d-'0')
	}
	if len(digits) == wholeOnly {
		n *= 10
	}
	return n, true
}
