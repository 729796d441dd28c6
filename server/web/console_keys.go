package web

import (
	"encoding/json"
	"strings"
)

// keyAction is something that a key of the console does. The keys are those that
// browsers and input methods leave alone; a single letter works only while a list
// has the focus (WCAG 2.1.4). static/keys.js has the same table.
type keyAction struct{ Name, Key string }

// keyActions is every one of them, in the order in which they are explained.
func keyActions() []keyAction {
	return []keyAction{
		{"box", "F2"},
		{"date", "F4"},
		{"park", "F8"},
		{"change", "F9"},
		{"save", "Ctrl+Enter"},
		{"back", "Escape"},
		{"wait", "W"},
		{"help", "Ctrl+/"},
	}
}

// keyTable is the keys of an operator by what they do: the defaults, and what they
// have chosen instead; "" is off.
type keyTable map[string]string

func keysOf(chosen map[string]string) keyTable {
	all := keyTable{}
	for _, a := range keyActions() {
		all[a.Name] = a.Key
		if key, own := chosen[a.Name]; own {
			all[a.Name] = key
		}
	}
	return all
}

// printed is a key as it stands on a button.
func printed(key string) string { return strings.Replace(key, "Escape", "Esc", 1) }

// keyLine is a line of the help.
type keyLine struct{ Key, What string }

// keyHelp is what the keys do, without those that are off.
func (pg page) keyHelp(keys keyTable) []keyLine {
	var all []keyLine
	for _, a := range keyActions() {
		if keys[a.Name] != "" && a.Name != "wait" { // there is no list to wait on yet
			all = append(all, keyLine{printed(keys[a.Name]), pg.T("console.key." + a.Name)})
		}
	}
	return append(all, keyLine{"1–9 ↑ ↓", pg.T("console.key.slot")})
}

// overrides is what an operator has chosen, for static/keys.js.
func overrides(chosen map[string]string) (string, error) {
	if chosen == nil {
		return "{}", nil
	}
	raw, err := json.Marshal(chosen)
	return string(raw), err
}
