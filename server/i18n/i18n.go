// Package i18n holds every text that a person reads on a page, in a problem
// document or on paper, in Chinese and in English.
//
// A text is a sentence with its blanks named in braces: "还剩 {n} 个". Neither
// language here bends a word by number, so there are no plural forms.
package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/text/language"
)

//go:embed locales/*.json
var files embed.FS

// languages is what there is. Whoever names no language reads the first, whose
// office it is; whoever names only others reads the second.
var languages = []language.Tag{language.Chinese, language.English}

// Texts is every text in every language. It does not change once it is loaded,
// and any number of requests may read it at once.
type Texts struct {
	readers []Reader // as in languages
	matcher language.Matcher
	seen    sync.Map // Accept-Language as sent, to its reader
	room    atomic.Int32
}

// How many different Accept-Language headers are kept, and how long each may
// be: more than browsers send, and too little to fill the memory with.
const (
	remembered = 512
	longest    = 128
)

// Load reads the texts. It fails if a text is empty or there twice, if a
// language lacks one that the other has, or if they differ in their blanks.
func Load() (*Texts, error) {
	t := &Texts{matcher: language.NewMatcher([]language.Tag{language.English, language.Chinese})}
	t.room.Store(remembered)
	for _, tag := range languages {
		texts, err := read(tag.String())
		if err != nil {
			return nil, err
		}
		t.readers = append(t.readers, Reader{Lang: tag.String(), texts: texts})
	}
	return t, t.check()
}

// read is the texts of all files of a language: zh.json, pages.zh.json.
func read(lang string) (map[string]string, error) {
	names, err := fs.Glob(files, path.Join("locales", "*"+lang+".json"))
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, name := range names {
		raw, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var texts map[string]string
		if err := json.Unmarshal(raw, &texts); err != nil {
			return nil, fmt.Errorf("texts in %s: %w", name, err)
		}
		for key, text := range texts {
			text = Whole(text)
			if _, twice := all[key]; twice {
				return nil, fmt.Errorf("texts in %s: %s is in another file too", name, key)
			}
			all[key] = text
		}
	}
	return all, nil
}

func (t *Texts) check() error {
	first := t.readers[0]
	for _, other := range t.readers {
		if a, b := first.Keys(), other.Keys(); !slices.Equal(a, b) {
			return fmt.Errorf("texts: %s and %s differ in %q", first.Lang, other.Lang, difference(a, b))
		}
		for key, text := range other.texts {
			if strings.TrimSpace(text) == "" {
				return fmt.Errorf("texts: %s is empty in %s", key, other.Lang)
			}
			if !slices.Equal(blanks(text), blanks(first.texts[key])) {
				return fmt.Errorf("texts: %s has other blanks in %s than in %s", key, other.Lang, first.Lang)
			}
		}
	}
	return nil
}

func difference(a, b []string) []string {
	return slices.DeleteFunc(slices.Concat(a, b), func(key string) bool {
		return slices.Contains(a, key) && slices.Contains(b, key)
	})
}

var blank = regexp.MustCompile(`\{\w+\}`)

func blanks(text string) []string { return slices.Sorted(slices.Values(blank.FindAllString(text, -1))) }

// In is the reader for a language ("zh", "en-GB") or an Accept-Language
// header. Any Chinese reads Chinese; so does who asks for nothing; everybody
// else reads English.
func (t *Texts) In(accept string) Reader {
	if known, ok := t.seen.Load(accept); ok {
		return known.(Reader)
	}
	r := t.readers[t.match(accept)]
	if len(accept) <= longest && t.room.Add(-1) >= 0 {
		t.seen.Store(strings.Clone(accept), r)
	}
	return r
}

// match is the place in languages of the best one for a header.
func (t *Texts) match(accept string) int {
	wanted, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(wanted) == 0 || accept == "*" {
		return 0
	}
	_, i, _ := t.matcher.Match(wanted...) // its own default is English
	return 1 - i
}

// Reader reads texts in one language.
type Reader struct {
	Lang  string // "zh" or "en"
	texts map[string]string
}

// Keys is the key of every text, in order.
func (r Reader) Keys() []string { return slices.Sorted(maps.Keys(r.texts)) }

// Has reports whether there is a text for key.
func (r Reader) Has(key string) bool { return r.texts[key] != "" }

// T is the text for key with its blanks filled by name and value: T("left",
// "n", 3). A key without a text comes back as it is; tests keep that from
// being seen.
func (r Reader) T(key string, pairs ...any) string {
	text, ok := r.texts[key]
	if !ok {
		return key
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, fmt.Sprintf("{%v}", pairs[i]), fmt.Sprint(pairs[i+1]))
	}
	return text
}

// Fault is what to tell about a fault with this code; one without a text of
// its own is told like an error of ours.
func (r Reader) Fault(code string) string {
	if text, ok := r.texts["fault."+code]; ok {
		return text
	}
	return r.texts["fault.internal"]
}

// Field is what to tell about an input field with this code of what is wrong.
func (r Reader) Field(code string) string {
	if text, ok := r.texts["field."+code]; ok {
		return text
	}
	return r.texts["field.format"]
}
