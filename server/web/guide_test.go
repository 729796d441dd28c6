package web

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hunyue/server/i18n"
	"hunyue/server/operator"
)

// The guides for operators name the keys that the console has, and all of them.
func TestTheGuidesNameTheKeysThereAre(t *testing.T) {
	keys := []string{"Enter", "1–9", "↑ ↓", "1", "2", "3"}
	for _, a := range shownActions() {
		keys = append(keys, printed(operator.Default(a)))
	}
	for _, guide := range []string{"../../docs/guide-operator.zh.md", "../../docs/guide-operator.md"} {
		raw, err := os.ReadFile(guide)
		if err != nil {
			t.Fatal(err)
		}
		var named []string
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(string(raw), -1) {
			if m[1] == ">" || m[1][0] == '/' { // commands and addresses
				continue
			}
			if !slices.Contains(keys, m[1]) {
				t.Errorf("%s: there is no key %s", guide, m[1])
			}
			named = append(named, m[1])
		}
		for _, key := range keys {
			if !slices.Contains(named, key) {
				t.Errorf("%s does not name %s", guide, key)
			}
		}
	}
}

// The guides for the hall name the keys that are printed on its buttons, and all of
// them.
func TestTheGuidesOfTheHallNameItsKeys(t *testing.T) {
	printed := map[string]bool{}
	for _, page := range []string{"desk", "guest", "counter"} {
		raw, err := files.ReadFile("templates/" + page + ".html")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`<kbd>([^<]+)</kbd>`).FindAllStringSubmatch(string(raw), -1) {
			printed[m[1]] = true
		}
	}
	for _, guide := range []string{"../../docs/guide-hall.zh.md", "../../docs/guide-hall.md"} {
		raw, err := os.ReadFile(guide)
		if err != nil {
			t.Fatal(err)
		}
		named := map[string]bool{}
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(string(raw), -1) {
			if m[1][0] != '/' { // an address
				named[m[1]] = true
			}
		}
		if !maps.Equal(named, printed) {
			t.Errorf("%s names %v; on the buttons are %v", guide, named, printed)
		}
	}
}

// What the guides call a button by is written on it.
func TestTheGuidesCallButtonsByTheirNames(t *testing.T) {
	for guide, lang := range map[string]string{
		"../../docs/guide-operator.zh.md": "zh", "../../docs/guide-operator.md": "en",
		"../../docs/guide-hall.zh.md": "zh", "../../docs/guide-hall.md": "en",
	} {
		raw, err := os.ReadFile(guide)
		if err != nil {
			t.Fatal(err)
		}
		quoted := regexp.MustCompile(`【([^】]+)】`)
		if lang == "en" {
			quoted = regexp.MustCompile(`\[([^\]]+)\][^(]`)
		}
		texts := textsOf(t, lang)
		found := 0
		for _, m := range quoted.FindAllStringSubmatch(string(raw), -1) {
			found++
			if !slices.Contains(texts, strings.TrimSpace(m[1])) {
				t.Errorf("%s: nothing on a page is called %q", guide, m[1])
			}
		}
		if found < 4 {
			t.Errorf("%s: %d names of buttons were found: the pattern no longer fits", guide, found)
		}
	}
}

// textsOf is every text in a language.
func textsOf(t *testing.T, lang string) []string {
	t.Helper()
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	r := texts.In(lang)
	var all []string
	for _, key := range r.Keys() {
		all = append(all, r.T(key))
	}
	return all
}
