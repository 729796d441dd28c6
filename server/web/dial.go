package web

import (
	"html/template"
	"strings"
)

// dial is text with a telephone number in it as a link, which a phone calls; a number
// never breaks across lines. Text without it stays text.
func dial(text, number string) template.HTML {
	text = template.HTMLEscapeString(text)
	if number != "" {
		shown := template.HTMLEscapeString(number)
		text = strings.Replace(text, shown, `<a class="tel" href="tel:`+digitsToDial(number)+`">`+shown+`</a>`, 1)
	}
	return template.HTML(text) //nolint:gosec // every part of it is escaped above
}

// digitsToDial is what a phone calls of a number as it is written: its digits, and the
// plus before them.
func digitsToDial(number string) string {
	return strings.Map(func(r rune) rune {
		if r == '+' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, number)
}
