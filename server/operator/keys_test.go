package operator_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"hunyue/internal/fault"
	"hunyue/internal/testenv"
	"hunyue/server/operator"
)

func TestAKeyIsReadAsItIsTypedOrPressed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		action           operator.Action
		typed, key, code string
	}{
		{operator.Box, "F2", "F2", ""},
		{operator.Box, " f4 ", "F4", ""},
		{operator.Box, "Ｆ８", "F8", ""},
		{operator.Save, "ctrl + enter", "Ctrl+Enter", ""},
		{operator.Save, "Control+Return", "Ctrl+Enter", ""},
		{operator.Save, "Ctrl＋m", "Ctrl+M", ""},
		{operator.Help, "ctrl+/", "Ctrl+/", ""},
		{operator.Back, "esc", "Escape", ""},
		{operator.Wait, "w", "W", ""},
		{operator.Wait, "", "", ""},
		{operator.Wait, "  ", "", ""},
		{operator.Box, "F5", "", "browser"},
		{operator.Box, "Ctrl+T", "", "browser"},
		{operator.Box, "Ctrl+Tab", "", "browser"},
		{operator.Box, "Ctrl++", "", "browser"},
		{operator.Box, "Win+D", "", "browser"},
		{operator.Box, "Alt+D", "", "menu"},
		{operator.Box, "Alt", "", "menu"},
		{operator.Box, "Ctrl+Alt+M", "", "menu"},
		{operator.Box, "Shift", "", "ime"},
		{operator.Box, "Ctrl+Space", "", "ime"},
		{operator.Box, "Ctrl+Shift+F", "", "ime"},
		{operator.Box, "Ctrl+.", "", "ime"},
		{operator.Box, "w", "", "letter"},
		{operator.Wait, "1", "", "letter"}, // digits choose times
		{operator.Box, "Enter", "", "format"},
		{operator.Box, "F13", "", "format"},
		{operator.Box, "Ctrl+F2", "", "format"},
		{operator.Box, "Ctrl+Ctrl+M", "", "format"},
		{operator.Box, "键", "", "format"},
		{operator.Box, "+", "", "letter"},
		{operator.Box, "Ctrl+", "", "format"},
		{operator.Box, "a+b+c", "", "format"},
	} {
		key, code := operator.Parse(tt.action, tt.typed)
		if key != tt.key || code != tt.code {
			t.Errorf("Parse(%s, %q) = %q, %q; want %q, %q", tt.action, tt.typed, key, code, tt.key, tt.code)
		}
	}
}

// What browsers and input methods keep is nobody's, in any spelling that names it.
func TestNoKeyOfBrowsersOrInputMethodsCanBeChosen(t *testing.T) {
	t.Parallel()
	for _, key := range []string{
		"F1", "F3", "F5", "F6", "F7", "F10", "F11", "F12", "Alt+A", "Alt+D", "Ctrl+N", "Ctrl+T", "Ctrl+W", "Ctrl+K", "Ctrl+L", "Ctrl+P", "Ctrl+Tab",
		"Ctrl+Space", "Shift", "Ctrl+Shift+F", "Ctrl+C", "Ctrl+V", "Ctrl+Z", "Ctrl+S", "Ctrl+R",
	} {
		for _, a := range operator.Actions() {
			if got, code := operator.Parse(a, key); code == "" {
				t.Errorf("%s can be had for %s as %s", key, a, got)
			}
		}
	}
}

func TestTheDefaultsCanBeChosen(t *testing.T) {
	t.Parallel()
	got, err := operator.Chosen(operator.Defaults())
	if err != nil {
		t.Fatal(fault.Of(err).Fields)
	}
	if diff := cmp.Diff(operator.Defaults(), got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestOneKeyDoesOneThing(t *testing.T) {
	t.Parallel()
	typed := operator.Defaults()
	typed[operator.Box], typed[operator.Park], typed[operator.Date], typed[operator.Help] = "f9", "", "", "Ctrl+T"
	_, err := operator.Chosen(typed)
	want := map[string]string{"box": "taken", "change": "taken", "help": "browser"} // off may be twice
	if diff := cmp.Diff(want, fault.Of(err).Fields); diff != "" {
		t.Errorf("wrong (-want +got):\n%s", diff)
	}
}

// desk is an account and its store.
func desk(t *testing.T) (*operator.Store, int64) {
	t.Helper()
	db := testenv.DB(t)
	var id int64
	err := db.Get(&id, `
		INSERT INTO account (username, name, password, roles)
		VALUES ('anna', 'anna', '$argon2id$x', '{operator}')
		RETURNING id`)
	if err != nil {
		t.Fatal(err)
	}
	return &operator.Store{DB: db}, id
}

func TestKeysAreKeptForTheAccount(t *testing.T) {
	t.Parallel()
	s, anna := desk(t)
	kept := func(want operator.Keys) {
		t.Helper()
		got, err := s.Bindings(t.Context(), anna)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("keys (-want +got):\n%s", diff)
		}
	}
	kept(operator.Defaults())
	swapped := operator.Defaults()
	swapped[operator.Box], swapped[operator.Date], swapped[operator.Wait] = "F4", "F2", ""
	var all sync.WaitGroup
	for range 4 { // sent again and again
		all.Go(func() {
			if err := s.Bind(t.Context(), anna, swapped); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	kept(swapped)
	swapped[operator.Box], swapped[operator.Date] = "F2", "F4"
	if err := s.Bind(t.Context(), anna, swapped); err != nil {
		t.Fatal(err)
	}
	kept(swapped)
	if err := s.Bind(t.Context(), anna, nil); err != nil { // all off
		t.Fatal(err)
	}
	off := operator.Keys{}
	for _, a := range operator.Actions() {
		off[a] = ""
	}
	kept(off)
	if err := s.Bind(t.Context(), anna, operator.Defaults()); err != nil {
		t.Fatal(err)
	}
	kept(operator.Defaults())
	if _, err := s.DB.Exec(`INSERT INTO key_binding VALUES ($1, 'box', 'F9'), ($1, 'date', 'F9')`, anna); err == nil {
		t.Error("the table takes one key for two actions")
	}
}

func TestTheDayIsWhatTheAuditSays(t *testing.T) {
	t.Parallel()
	s, _ := desk(t)
	morning := time.Date(2026, time.May, 20, 0, 0, 0, 0, time.FixedZone("", 8*60*60))
	at := func(actor, clock, action, subject, detail string) {
		t.Helper()
		when, err := time.Parse("15:04:05", clock)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.DB.Exec(`INSERT INTO audit (at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5)`,
			morning.Add(when.Sub(when.Truncate(24*time.Hour))), actor, action, subject, detail)
		if err != nil {
			t.Fatal(err)
		}
	}
	const anna, ben = "staff:anna", "staff:ben"
	if d := dayOf(t, s.DB, anna, morning); !d.Empty() {
		t.Errorf("before anything was done: %+v", d)
	}
	at(anna, "09:00:00", "call_taken", "appointment:1", "reminder")
	at(anna, "09:05:00", "call_taken", "appointment:1", "reminder") // put back, and taken again
	at(anna, "09:06:00", "called", "appointment:1", "reminder no_answer")
	at(anna, "09:06:00", "call_taken", "appointment:2", "booked")
	at(ben, "09:07:00", "call_taken", "appointment:2", "booked")
	at(anna, "09:09:00", "called", "appointment:2", "booked reached")
	at(anna, "09:30:00", "called", "appointment:1", "reminder given_up")
	at(anna, "10:00:00", "booked", "appointment:3", "q")
	at(anna, "10:01:00", "moved", "appointment:3", "q r")
	at(anna, "10:02:00", "cancelled", "appointment:3", "")
	at(anna, "10:03:00", "called", "appointment:4", "") // to a counter of the hall
	at(ben, "10:02:00", "called", "appointment:2", "booked wrong_number")
	want := operator.Day{Calls: 2, Reached: 1, NoAnswer: 1, Booked: 1, Moved: 1, Cancelled: 1, Average: 2 * time.Minute}
	if diff := cmp.Diff(want, dayOf(t, s.DB, anna, morning)); diff != "" {
		t.Errorf("her day (-want +got):\n%s", diff)
	}
	if d := dayOf(t, s.DB, anna, morning.AddDate(0, 0, 1)); !d.Empty() {
		t.Errorf("the day after: %+v", d)
	}
}

func dayOf(t *testing.T, db *sqlx.DB, actor string, morning time.Time) operator.Day {
	t.Helper()
	d, err := (&operator.Store{DB: db}).Day(t.Context(), actor, morning, morning.AddDate(0, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	return d
}
