package hanzi

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"
	"golang.org/x/text/unicode/norm"
)

// Initials reports whether somebody who types the first letters of how a name is
// read may mean it: "zs" and "z" of 张三, "sj" and "xj" of 解静, "ms" of Maria
// Schmidt. Every reading of a character counts, so that nobody has to know which
// is meant in a surname. A character that no table has is passed by whatever
// stands for it.
func (t *Table) Initials(name, typed string) bool {
	letters := []rune(strings.ToLower(typed))
	for _, r := range heads(name) {
		if len(letters) == 0 {
			return true
		}
		if read := t.begins(r); len(read) > 0 && !strings.ContainsRune(read, letters[0]) {
			return false
		}
		letters = letters[1:]
	}
	return len(letters) == 0
}

// Begins is what Initials compares with: for each character of a name that is read the
// letters that it may begin with, apart by a space; "?" where none is known.
func (t *Table) Begins(name string) string {
	var all []string
	for _, r := range heads(name) {
		letters := []rune(t.begins(r))
		slices.Sort(letters)
		all = append(all, cmp.Or(string(slices.Compact(letters)), "?"))
	}
	return strings.Join(all, " ")
}

// heads is the characters of a name that are read: each one of Han, and the first
// letter of every other word.
func heads(name string) []rune {
	var all []rune
	begins := true
	for _, r := range name {
		switch {
		case unicode.Is(unicode.Han, r) || r >= 0x20000:
			all, begins = append(all, r), true
		case unicode.IsLetter(r):
			if begins {
				all = append(all, unicode.ToLower(r))
			}
			begins = false
		case !unicode.IsMark(r):
			begins = true
		}
	}
	return all
}

// begins is the letters that the readings of a character begin with; "" where none
// is known.
func (t *Table) begins(r rune) string {
	if r <= unicode.MaxLatin1 || unicode.Is(unicode.Latin, r) {
		return string([]rune(norm.NFD.String(string(r)))[:1])
	}
	var letters strings.Builder
	letters.WriteString(t.readings[r])
	for _, reading := range pinyin.SinglePinyin(r, pinyin.Args{Style: pinyin.Normal, Heteronym: true}) {
		letters.WriteRune([]rune(norm.NFD.String(reading))[0])
	}
	return letters.String()
}
