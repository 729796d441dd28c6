package identity

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// mask keeps the first head and the last tail characters of s and puts a star
// for each one between. It hides all of a text too short to hide anything else.
func mask(s string, head, tail int) string {
	n := utf8.RuneCountInString(s)
	if head+tail >= n {
		return strings.Repeat("*", n)
	}
	runes := []rune(s)
	return string(runes[:head]) + strings.Repeat("*", n-head-tail) + string(runes[n-tail:])
}

// maskFormat answers every verb of fmt with the masked text: %d and %x would
// otherwise reach into a struct past its String method. Writing to a State
// cannot fail.
func maskFormat(f fmt.State, masked string) { _, _ = f.Write([]byte(masked)) }
