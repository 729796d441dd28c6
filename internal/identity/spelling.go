package identity

import (
	"strings"
	"unicode"
)

// spell writes a number as it is printed on the document: in half-width
// capitals, without spaces and without the invisible characters that come along
// when text is copied from a chat. What is too long for a number stays as it is.
func spell(s string) string {
	if len(s) > maxTyped {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || invisible(r) {
			return -1
		}
		r = hyphen(halfWidth(r))
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}, s)
}

// halfWidth is the ASCII character whose full-width form an input method typed.
func halfWidth(r rune) rune {
	if '！' <= r && r <= '～' {
		return r - '！' + '!'
	}
	return r
}

// invisible reports characters that direct or join text without being seen:
// control characters, zero-width spaces, bidirectional overrides.
func invisible(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf) }

// hyphen makes one hyphen of the many that look like it.
func hyphen(r rune) rune {
	switch r {
	case '‐', '‑', '‒', '–', '—', '―', '−', '﹣':
		return '-'
	}
	return r
}
