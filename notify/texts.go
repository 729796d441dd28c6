package notify

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"unicode/utf8"
)

//go:embed texts/*.tmpl
var files embed.FS

// LongestSign is how many characters the signature of an office may have, so
// that every text stays one message.
const LongestSign = 8

// What one message may hold (domain rule 92).
const (
	longestZH = 70
	longestEN = 160
)

// Texts are the words of all messages. They come from our own files only: no
// text of a user or an office runs through a template, and none of them has a
// place for a name, a partner or what somebody came for (domain rule 92).
type Texts struct {
	sign string
	zh   *template.Template
	en   *template.Template
}

// ParseTexts reads the texts, signed with sign where an office has no signature
// of its own, and checks that each of them can be written and is short enough.
func ParseTexts(sign string) (*Texts, error) {
	zh, err := template.ParseFS(files, "texts/zh.tmpl")
	if err != nil {
		return nil, fmt.Errorf("texts: %w", err)
	}
	en, err := template.ParseFS(files, "texts/en.tmpl")
	if err != nil {
		return nil, fmt.Errorf("texts: %w", err)
	}
	t := &Texts{sign: sign, zh: zh, en: en}
	return t, t.check()
}

// code is the text that carries a phone code.
func (t *Texts) code(locale, code string) (string, error) {
	return t.write(locale, t.sign, Code, words{Code: code})
}

// letter is the text of a message about an appointment.
func (t *Texts) letter(kind Kind, l Letter) (string, error) {
	if kind == Booked && l.Assisted {
		kind = BookedByPhone
	}
	sign := l.Sign
	if sign == "" {
		sign = t.sign
	}
	if l.Locale == "en" {
		return t.write("en", sign, kind, english(l))
	}
	return t.write("zh", sign, kind, chinese(l))
}

func (t *Texts) write(locale, sign string, kind Kind, w words) (string, error) {
	var text strings.Builder
	from := t.en
	if locale != "en" {
		from = t.zh
		text.WriteString("【" + sign + "】")
	}
	if err := from.ExecuteTemplate(&text, string(kind), w); err != nil {
		return "", fmt.Errorf("text %s %s: %w", kind, locale, err)
	}
	return text.String(), nil
}

// check writes every text with the longest words and measures it.
func (t *Texts) check() error {
	kinds := []Kind{
		Code, Booked, BookedByPhone, Moved, Cancelled, CancelledByOffice, NoShow, HealthDeferred, Reminder, Tried, Restricted, PhoneChanged,
		WaitJoined, WaitHit, WaitPassed, WaitEnded,
	}
	for _, locale := range []string{"zh", "en"} {
		for _, k := range kinds {
			text, err := t.write(locale, strings.Repeat("签", LongestSign), k, longest(locale))
			if err != nil {
				return err
			}
			if n := utf8.RuneCountInString(text); n > most(locale) {
				return fmt.Errorf("text %s %s has up to %d characters, more than %d", k, locale, n, most(locale))
			}
		}
	}
	return t.noStrangers(kinds)
}

func most(locale string) int {
	if locale == "en" {
		return longestEN
	}
	return longestZH
}

// noStrangers refuses a text that no event asks for: its name is misspelt.
func (t *Texts) noStrangers(kinds []Kind) error {
	for _, from := range []*template.Template{t.zh, t.en} {
		for _, d := range from.Templates() {
			if name := d.Name(); name != from.Name() && !slices.Contains(kinds, Kind(name)) {
				return fmt.Errorf("text %s: there is no such message", name)
			}
		}
	}
	return nil
}
