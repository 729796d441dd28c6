package web

import (
	"strings"

	"hunyue/server/i18n"
)

// field is one input of a form, ready to be shown.
type field struct {
	Name  string // of the input, and its id
	Label string
	Hint  string
	Value string
	Wrong string

	Type    string // of the input; empty means text
	Mode    string // which keyboard: numeric, decimal, tel
	Auto    string // what the browser may fill in
	List    string // the id of a datalist with what may be typed
	Choices []option
	Long    bool // several lines
}

type option struct {
	Value, Label string
	Chosen       bool
}

// Kind is the input's type.
func (f field) Kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

// Longest is how many characters an input takes: more than anybody needs, and
// few enough that no form is ever too large to be sent.
func (f field) Longest() int {
	switch name := kindOf(f.Name); name {
	case "counter":
		return 8
	case "again", "celsius", "code", "companion.celsius", "number", "number2", "reading":
		return 20
	case "document.number", "mobile", "phone":
		return 30
	case "device":
		return 32
	case "certificate_number", "q", "secret":
		return 40
	case "caller", "name", "username":
		return 100
	}
	if f.Long {
		return 1000
	}
	return longestReason
}

// Class is how the input looks: numbers that are compared digit by digit stand in
// columns.
func (f field) Class() string {
	switch kindOf(f.Name) {
	case "code", "document.number", "mobile", "number", "number2", "phone":
		return "digits"
	}
	return ""
}

// Exact is what the keyboard makes of the first letters where it must not correct
// what is typed, as autocapitalize has it; "" leaves it to the browser.
func (f field) Exact() string {
	switch kindOf(f.Name) {
	case "document.number":
		return "characters"
	case "name":
		return "off"
	}
	return ""
}

// Described is the ids of what explains the input.
func (f field) Described() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.Name+"-hint")
	}
	if f.Wrong != "" {
		ids = append(ids, f.Name+"-wrong")
	}
	return strings.Join(ids, " ")
}

// tick is a box to tick. Nothing is ticked in advance.
type tick struct {
	Name, Value, Label, Wrong string
	On                        bool
}

// hidden is an input that a form carries along.
type hidden struct{ Name, Value string }

// wrongs are the codes of what is wrong with a form, by the name of the input.
type wrongs map[string]string

// say is what is wrong with an input in words: those for this kind of input
// where there are any.
func (w wrongs) say(r i18n.Reader, name string) string {
	code := w[name]
	if code == "" {
		return ""
	}
	if key := "wrong." + kindOf(name) + "." + code; r.Has(key) {
		return r.T(key)
	}
	return r.Field(code)
}

// kindOf is a name without the place in a list: parties.0.name is a name.
func kindOf(name string) string {
	parts := strings.Split(name, ".")
	kept := parts[:0]
	for _, part := range parts {
		if part != "parties" && strings.Trim(part, "0123456789") != "" {
			kept = append(kept, part)
		}
	}
	if len(kept) == 0 {
		return "parties"
	}
	return strings.Join(kept, ".")
}

// typed is a field with what was typed and what is wrong with it.
func (pg page) typed(f field, label, value string, w wrongs) field {
	f.Label, f.Value, f.Wrong = pg.T(label), value, w.say(pg.Reader, f.Name)
	return f
}

// mistakesIn is the summary above a form with these fields: a line for each
// that is wrong, in their order.
func mistakesIn(r i18n.Reader, where string, fields ...field) []mistake {
	var all []mistake
	for _, f := range fields {
		if f.Wrong == "" {
			continue
		}
		what := r.T("form.mistake", "label", f.Label, "wrong", f.Wrong)
		if where != "" {
			what = r.T("form.mistake_of", "whose", where, "label", f.Label, "wrong", f.Wrong)
		}
		all = append(all, mistake{f.Name, what})
	}
	return all
}
