package i18n

import (
	"regexp"
	"strings"
)

const joiner = "\u2060" // WORD JOINER: nothing is seen of it, and no line ends there

var dashed = regexp.MustCompile(`([0-9])–([0-9])`)

// Whole is a text in which no line ends after the dash of a range, such as
// 09:00–09:30, which some may read as two times.
func Whole(text string) string { return dashed.ReplaceAllString(text, "$1–"+joiner+"$2") }

// Plain is a text without what Whole has added: for pictures and for comparing.
func Plain(text string) string { return strings.ReplaceAll(text, joiner, "") }
