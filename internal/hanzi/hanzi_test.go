package hanzi

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
	"unicode"
	"unicode/utf8"
)

func load(t testing.TB) *Table {
	t.Helper()
	table, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// found is the characters of an answer, in its order.
func found(table *Table, query string) []string {
	var all []string
	for _, c := range table.Find(query) {
		all = append(all, c.Char)
	}
	return all
}

func TestEveryLineIsOneCharacterThatUnicodeHas(t *testing.T) {
	t.Parallel()
	syllable := regexp.MustCompile(`^[a-zv]{1,6}$`)
	seen, beyond := map[string]bool{}, 0
	for _, c := range load(t).All() {
		r, size := utf8.DecodeRuneInString(c.Char)
		if size != len(c.Char) || !unicode.Is(unicode.Han, r) || c.CodePoint != fmt.Sprintf("U+%04X", r) {
			t.Errorf("%s %s is not one Han character with its code point", c.Char, c.CodePoint)
		}
		if seen[c.Char] {
			t.Errorf("%s is there twice", c.Char)
		}
		if seen[c.Char] = true; r > 0xffff {
			beyond++
		}
		var plain []string
		for _, p := range c.Pinyin {
			s, tone := spelled(p)
			if tone == 0 || !syllable.MatchString(s) {
				t.Errorf("%s: %q is not a syllable with a tone", c.Char, p)
			}
			if !slices.Contains(plain, s) {
				plain = append(plain, s)
			}
		}
		if !slices.Equal(plain, c.Plain) || len(plain) == 0 {
			t.Errorf("%s: %q without tones is %q, not %q", c.Char, c.Pinyin, plain, c.Plain)
		}
		for _, way := range c.Parts {
			if len(way) < 2 {
				t.Errorf("%s: %q takes nothing apart", c.Char, way)
			}
			for _, part := range way {
				if r, size := utf8.DecodeRuneInString(part); size != len(part) || !unicode.Is(unicode.Han, r) || part == c.Char {
					t.Errorf("%s: %q is no part", c.Char, part)
				}
			}
		}
	}
	if len(seen) < 300 || beyond < 150 {
		t.Errorf("%d characters, %d of them beyond the first plane", len(seen), beyond)
	}
	for _, r := range "㼆䶮𫖮𬎆囍喆淼犇骉奡堃赟翀旻昇珺琲珉" {
		if !seen[string(r)] {
			t.Errorf("%c is missing", r)
		}
	}
}

func TestACharacterIsFoundByItsParts(t *testing.T) {
	t.Parallel()
	table := load(t)
	for query, want := range map[string]string{
		"王 民": "珉", "民王": "珉", "王+民": "珉", "玉、民": "珉",
		"牛牛牛": "犇", "喜喜": "囍", "龙天": "䶮", "岂页": "𫖮", "王莹": "𬎆", "水 水 水": "淼",
		"斌贝": "赟", "文武贝": "赟", "方方土": "堃", "金 术": "𬬸", "犇": "犇", "𫖮": "𫖮",
	} {
		if got := found(table, query); len(got) == 0 || got[0] != want {
			t.Errorf("%q finds %q, want %s first", query, got, want)
		}
	}
	if got := found(table, "马 马 马 马"); got != nil {
		t.Errorf("four horses find %q", got)
	}
	if got := found(table, "牛"); !slices.Contains(got, "犇") {
		t.Errorf("one part of three finds %q, without 犇", got)
	}
}

func TestACharacterIsFoundByItsReading(t *testing.T) {
	t.Parallel()
	table := load(t)
	for query, want := range map[string]string{"yan": "䶮", "yǎn": "䶮", "YAN3": "䶮", "zhe": "喆", "yun 贝": "赟", "贝 yun1": "赟"} {
		if got := found(table, query); !slices.Contains(got, want) {
			t.Errorf("%q finds %q, without %s", query, got, want)
		}
	}
	if got := found(table, "yan"); got[0] == "趼" {
		t.Errorf("yan finds first what is usually read jian: %q", got)
	}
	for _, query := range []string{"", " ", "?", "yan1 yan2", "qqq", "䶮䶮", "yan1", "日日日日日"} {
		if got := found(table, query); slices.Contains(got, "䶮") {
			t.Errorf("%q finds %q", query, got)
		}
	}
}

func FuzzFind(f *testing.F) {
	table := load(f)
	f.Add("王 民")
	f.Add("yan3\x00\xff")
	f.Fuzz(func(t *testing.T, query string) {
		if got := len(table.Find(query)); got > len(table.all) {
			t.Errorf("%q finds %d of %d", query, got, len(table.all))
		}
	})
}
