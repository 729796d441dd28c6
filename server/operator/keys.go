// Package operator is what somebody on the phone line has to themselves: the keys
// that they have chosen for the console, and what they have done today.
package operator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/jmoiron/sqlx"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// Action is something that a key of the console does.
type Action string

// The actions.
const (
	Box    Action = "box"    // into the search box
	Date   Action = "date"   // into the box for the day
	Park   Action = "park"   // put the draft aside
	Change Action = "change" // another time for the booking on the card
	Save   Action = "save"   // save, and send the text
	Help   Action = "help"   // which keys there are
	Back   Action = "back"   // one step back
	Wait   Action = "wait"   // onto the waiting list; only while the list has the focus
)

// defaults is the key of each action for whoever has chosen no other.
var defaults = []struct {
	action Action
	key    string
}{
	{Box, "F2"},
	{Date, "F4"},
	{Park, "F8"},
	{Change, "F9"},
	{Save, "Ctrl+Enter"},
	{Help, "Ctrl+/"},
	{Back, "Escape"},
	{Wait, "W"},
}

// Actions is every action, in the order in which they are shown.
func Actions() []Action {
	var all []Action
	for _, d := range defaults {
		all = append(all, d.action)
	}
	return all
}

// Default is the key of an action for whoever has chosen no other.
func Default(a Action) string {
	i := slices.Index(Actions(), a)
	if i < 0 {
		return ""
	}
	return defaults[i].key
}

// Keys is the key of every action, as browsers call it; "" is off.
type Keys map[Action]string

// Named is the keys by the names of their actions.
func (k Keys) Named() map[string]string {
	all := map[string]string{}
	for a, key := range k {
		all[string(a)] = key
	}
	return all
}

// Defaults is the keys of whoever has chosen none.
func Defaults() Keys {
	keys := Keys{}
	for _, d := range defaults {
		keys[d.action] = d.key
	}
	return keys
}

// The names that a key may be called by, in lower case, and ours.
var (
	modifiers = map[string]string{"ctrl": "Ctrl", "control": "Ctrl", "alt": "Alt", "shift": "Shift", "meta": "Meta", "win": "Meta", "cmd": "Meta"}
	names     = map[string]string{"esc": "Escape", "escape": "Escape", "enter": "Enter", "return": "Enter", "tab": "Tab", "space": "Space"}
)

// taken is the keys that browsers keep for themselves, or that edit what is typed.
// With Ctrl: new windows and tabs, the address bar, printing, searching, saving,
// zooming, copying and undoing.
const (
	takenFunctions = " F1 F3 F5 F6 F7 F10 F11 F12 "
	takenWithCtrl  = "ACDEFGHJKLNOPQRSTUVWXYZ0123456789+-="
	freeFunctions  = " F2 F4 F8 F9 "
	freeWithCtrl   = "BIM/[];'\\"
)

// Parse reads a key as somebody typed or pressed it: "F2", "ctrl + enter", "w". It
// returns its name and "", or no name and what is wrong: "format" for no key,
// "browser" for one that browsers keep, "menu" for one that opens a menu, "ime" for
// one of an input method, "letter" for a letter alone, which only an action of a
// list may have. Nothing is off.
func Parse(a Action, typed string) (key, wrong string) {
	typed = plain(typed)
	if typed == "" {
		return "", ""
	}
	var held []string
	for {
		before, after, more := strings.Cut(typed, "+")
		if !more || after == "" { // the plus itself is a key too
			break
		}
		m := modifiers[strings.ToLower(before)]
		if m == "" || slices.Contains(held, m) {
			return "", "format"
		}
		held, typed = append(held, m), after
	}
	pressed := nameOf(typed)
	if wrong := refused(a, held, pressed); wrong != "" {
		return "", wrong
	}
	return strings.Join(append(held, pressed), "+"), ""
}

// nameOf is what we call a key.
func nameOf(typed string) string {
	for _, known := range []map[string]string{names, modifiers} {
		if name := known[strings.ToLower(typed)]; name != "" {
			return name
		}
	}
	return strings.ToUpper(typed)
}

// refused says why a key cannot be had; "" if it can.
func refused(a Action, held []string, pressed string) string {
	ctrl := slices.Equal(held, []string{"Ctrl"})
	switch {
	case slices.Contains(held, "Alt") || pressed == "Alt":
		return "menu"
	case slices.Contains(held, "Meta") || pressed == "Meta":
		return "browser"
	case pressed == "Shift" || pressed == "Ctrl" || ctrl && (pressed == "Space" || pressed == "." || pressed == ","):
		return "ime"
	case slices.Contains(held, "Shift"):
		return "ime"
	case pressed == "Tab" || within(takenFunctions, pressed):
		return "browser"
	case within(freeFunctions, pressed) && len(held) == 0, pressed == "Escape" && len(held) == 0, ctrl && pressed == "Enter":
		return ""
	case ctrl && len(pressed) == 1 && strings.Contains(takenWithCtrl, pressed):
		return "browser"
	case ctrl && len(pressed) == 1 && strings.Contains(freeWithCtrl, pressed):
		return ""
	case len(held) == 0 && len(pressed) == 1:
		if a == Wait && pressed >= "A" && pressed <= "Z" {
			return ""
		}
		return "letter"
	}
	return "format"
}

func within(list, key string) bool { return strings.Contains(list, " "+key+" ") }

// plain is what was typed without spaces and in half-width.
func plain(typed string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return -1
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		}
		return r
	}, typed)
}

// Chosen reads what was typed for each action. A key of two actions is wrong at
// both: "taken". The fields are named by the actions.
func Chosen(typed map[Action]string) (Keys, error) {
	keys, wrong, by := Keys{}, map[string]string{}, map[string]Action{}
	for _, a := range Actions() {
		key, code := Parse(a, typed[a])
		if code != "" {
			wrong[string(a)] = code
			continue
		}
		keys[a] = key
		if other, twice := by[key]; twice && key != "" {
			wrong[string(a)], wrong[string(other)] = "taken", "taken"
		}
		by[key] = a
	}
	return keys, fault.InFields(wrong)
}

// Store keeps the keys that people have chosen.
type Store struct{ DB *sqlx.DB }

// Bindings is the key of every action for an account; "" is off.
func (s *Store) Bindings(ctx context.Context, account int64) (Keys, error) {
	var rows []struct {
		Action Action `db:"action"`
		Key    string `db:"key"`
	}
	err := s.DB.SelectContext(ctx, &rows, `
		SELECT action, key
		FROM key_binding
		WHERE account_id = $1`, account)
	if err != nil {
		return nil, fmt.Errorf("keys of account %d: %w", account, err)
	}
	keys := Defaults()
	for _, row := range rows {
		if _, known := keys[row.Action]; known {
			keys[row.Action] = row.Key
		}
	}
	return keys, nil
}

// Bind keeps keys for an account, in place of those before. Keys of Chosen, of
// Defaults and none at all can be kept; sent again, it changes nothing.
func (s *Store) Bind(ctx context.Context, account int64, keys Keys) error {
	return postgres.InTx(ctx, s.DB, func(tx postgres.Querier) error {
		_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('keys ' || $1::bigint, 0))`, account)
		if err != nil {
			return fmt.Errorf("wait for the other request: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM key_binding WHERE account_id = $1`, account); err != nil {
			return fmt.Errorf("forget keys of account %d: %w", account, err)
		}
		for _, d := range defaults {
			if keys[d.action] == d.key {
				continue
			}
			if err := bind(ctx, tx, account, d.action, keys[d.action]); err != nil {
				return err
			}
		}
		return nil
	})
}

func bind(ctx context.Context, tx postgres.Querier, account int64, a Action, key string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO key_binding (account_id, action, key)
		VALUES ($1, $2, $3)`, account, a, key)
	if err != nil {
		return fmt.Errorf("bind %s for account %d: %w", a, account, err)
	}
	return nil
}
