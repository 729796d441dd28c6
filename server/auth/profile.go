package auth

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// Profile is what is asked of passwords. The two that there are contradict each
// other, so an office names the one that it is inspected by.
type Profile string

// The profiles. The zero Profile is NIST.
const (
	NIST     Profile = "nist"     // NIST SP 800-63B-4: long, unknown to guessers, never changed without cause
	Dengbao3 Profile = "dengbao3" // GB/T 22239-2019, level 3: composed, changed every 90 days (domain rule 89)
)

// Limits of what is typed, in characters.
const (
	longest       = 128
	shortestAlone = 15 // NIST: where a password is all there is
	shortestOfTwo = 8  // NIST: beside a second factor
	shortestMixed = 10 // rule 89
	classesOf4    = 3
)

// lasts is how long a password may be used under Dengbao3, and remembered how
// many of the last may not be used again.
const (
	lasts      = 90 * 24 * time.Hour
	remembered = 5
)

// old reports whether a password of this age has to be changed.
func (p Profile) old(age time.Duration) bool { return p == Dengbao3 && age > lasts }

// wrong is the code of what is wrong with a new password, or "". Words are
// what a guesser would try for this account: its name, and those of its
// offices.
func (p Profile) wrong(password string, secondFactor bool, words ...string) string {
	n := utf8.RuneCountInString(password)
	switch {
	case n < p.shortest(secondFactor):
		return p.tooShort(secondFactor)
	case n > longest:
		return "too_long"
	case p == Dengbao3 && classes(password) < classesOf4:
		return "password_classes"
	}
	return guessable(strings.ToLower(password), words)
}

func (p Profile) shortest(secondFactor bool) int {
	switch {
	case p == Dengbao3:
		return shortestMixed
	case secondFactor:
		return shortestOfTwo
	}
	return shortestAlone
}

func (p Profile) tooShort(secondFactor bool) string {
	switch p.shortest(secondFactor) {
	case shortestMixed:
		return "password_short_mixed"
	case shortestOfTwo:
		return "password_short_of_two"
	}
	return "password_short"
}

// classes is how many of the four kinds of characters there are: small and
// capital letters, figures, and all else.
func classes(password string) int {
	kinds := map[int]bool{}
	for _, r := range password {
		switch {
		case unicode.IsLower(r):
			kinds[0] = true
		case unicode.IsUpper(r):
			kinds[1] = true
		case unicode.IsDigit(r):
			kinds[2] = true
		default:
			kinds[3] = true
		}
	}
	return len(kinds)
}

// common.txt is passwords that guessers try first, with what people put around
// them; made for this program, one a line.
//
//go:embed common.txt
var commonFile string

var common = sync.OnceValue(func() []string { return strings.Fields(commonFile) })

// trade is the words of the trade: whoever guesses at a registry begins with
// them.
var trade = []string{"婚姻", "登记", "民政", "结婚", "离婚", "minzheng", "hunyin", "dengji", "jiehun", "lihun", "marriage", "registry"}

// guessable is the code of why a guesser would find a password soon, or "". A
// word that is known counts wherever it stands, unless much is left without it.
func guessable(password string, words []string) string {
	for _, w := range words {
		if w = strings.ToLower(w); utf8.RuneCountInString(w) > 1 && strings.Contains(password, w) {
			return "contains_username"
		}
	}
	if slices.Contains(common(), password) || slices.Contains(common(), bare(password)) || monotone(password) {
		return "password_common"
	}
	for _, w := range trade {
		if strings.Contains(password, w) {
			return "password_context"
		}
	}
	return ""
}

// bare is a password without what is put behind a word to please a rule.
func bare(password string) string {
	return strings.TrimRightFunc(password, func(r rune) bool { return !unicode.IsLetter(r) })
}

// monotone reports whether a password has fewer than five characters that
// differ, or is one run up or down.
func monotone(password string) bool {
	seen := map[rune]bool{}
	up, down := true, true
	last := rune(-1)
	for _, r := range password {
		seen[r] = true
		if last >= 0 {
			up, down = up && r == last+1, down && r == last-1
		}
		last = r
	}
	return len(seen) < 5 || up || down
}
