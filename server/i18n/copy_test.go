package i18n_test

import (
	"encoding/json"
	"go/scanner"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// copyOf is every sentence in a language that people read, by where it stands:
// the locales, the messages, and what the demo tells.
func copyOf(t *testing.T, lang string) map[string]string {
	t.Helper()
	all := map[string]string{}
	read := func(glob string, take func(path string, raw []byte)) {
		paths, err := filepath.Glob(glob)
		if err != nil || len(paths) == 0 {
			t.Fatalf("no files %s: %v", glob, err)
		}
		for _, path := range paths {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			take(path, raw)
		}
	}
	read("locales/*"+lang+".json", func(path string, raw []byte) {
		var texts map[string]string
		if err := json.Unmarshal(raw, &texts); err != nil {
			t.Fatal(path, err)
		}
		maps.Copy(all, texts)
	})
	action := regexp.MustCompile(`\{\{.*?\}\}`)
	read("../../notify/texts/"+lang+".tmpl", func(path string, raw []byte) {
		for i, line := range strings.Split(string(raw), "\n") {
			all[path+":"+strconv.Itoa(i+1)] = action.ReplaceAllString(line, "")
		}
	})
	if lang == "zh" {
		read("../demo*.go", func(path string, raw []byte) { literals(t, path, raw, all) })
	}
	return all
}

// literals adds the Chinese texts in a Go file.
func literals(t *testing.T, path string, raw []byte, all map[string]string) {
	t.Helper()
	if strings.HasSuffix(path, "_test.go") {
		return
	}
	var s scanner.Scanner
	files := token.NewFileSet()
	s.Init(files.AddFile(path, files.Base(), len(raw)), raw, nil, 0)
	for {
		at, tok, text := s.Scan()
		if tok == token.EOF {
			return
		}
		if said, err := strconv.Unquote(text); tok == token.STRING && err == nil && strings.ContainsFunc(said, isHan) {
			all[path+":"+strconv.Itoa(files.Position(at).Line)] = said
		}
	}
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

// A language is named in itself, whatever the page is written in.
func namesALanguage(key string) bool { return strings.HasPrefix(key, "settings.lang.") }

// Half-width punctuation in a Chinese sentence is a slip of the keyboard; so is
// a Chinese stop in English. A colon is for times, a stop for figures.
func TestPunctuationIsOfItsLanguage(t *testing.T) {
	inside := regexp.MustCompile(`[,;?!()]|[^0-9]:|:[^0-9]|\p{Han}\.|\.\p{Han}|\}[.:]|[.:]\{`)
	chinese := copyOf(t, "zh")
	for key, text := range chinese {
		if strings.ContainsFunc(text, isHan) && inside.MatchString(text) {
			t.Errorf("%s: half-width %q in %q", key, inside.FindString(text), text)
		}
	}
	for key, text := range copyOf(t, "en") {
		if strings.ContainsFunc(text, isFullWidth) && !namesALanguage(key) {
			t.Errorf("%s: %q is not English", key, text)
		}
	}
	if len(chinese) < 600 {
		t.Errorf("%d texts were read: some are missed", len(chinese))
	}
}

func isFullWidth(r rune) bool { return r >= 0x3000 && r < 0xFB00 || r >= 0xFF00 && r < 0xFFF0 }

// TestWordsAreThoseOfAClerk keeps out what the glossary replaces and what scolds,
// flatters or shouts. 亲 is a word only where it means kin or in person.
func TestWordsAreThoseOfAClerk(t *testing.T) {
	kin := strings.NewReplacer("亲自", "", "近亲", "", "亲属", "", "母亲", "", "父亲", "", "双亲", "")
	banned := map[string]*regexp.Regexp{
		"zh": regexp.MustCompile(`亲|系统繁忙|非法|失败代码|黑名单|限号|抢号|客户|男方|女方|[上下]午\s*\d`),
		"en": regexp.MustCompile(`(?i)blacklist|illegal|system (is )?busy|failure code|error code|customer|\bclient\b|oops`),
	}
	for lang, words := range banned {
		glad := 0
		for key, text := range copyOf(t, lang) {
			if found := words.FindString(kin.Replace(text)); found != "" {
				t.Errorf("%s in %s says %q: %q", key, lang, found, text)
			}
			if strings.ContainsFunc(text, isEmoji) {
				t.Errorf("%s in %s has a picture: %q", key, lang, text)
			}
			if loud := strings.Count(text, "！") + strings.Count(text, "!"); loud > 0 {
				glad += loud
				if !strings.Contains(text, "恭喜") && !strings.Contains(text, "Congratulations") {
					t.Errorf("%s in %s shouts: %q", key, lang, text)
				}
			}
		}
		if glad > 1 {
			t.Errorf("%d exclamation marks in %s, want one at most, of 恭喜", glad, lang)
		}
	}
}

// isEmoji reports whether r is a picture and not a sign of text: ✕ and ℃ are
// signs.
func isEmoji(r rune) bool {
	return r >= 0x1F000 && r < 0x1FB00 || r >= 0x2600 && r < 0x2700 || r == 0xFE0F
}

func TestListsHaveAsManyLinesInBothLanguages(t *testing.T) {
	english := copyOf(t, "en")
	for key, text := range copyOf(t, "zh") {
		if other, both := english[key]; both && strings.Count(text, "\n") != strings.Count(other, "\n") {
			t.Errorf("%s: %d lines in Chinese, %d in English", key, strings.Count(text, "\n")+1, strings.Count(other, "\n")+1)
		}
	}
}
