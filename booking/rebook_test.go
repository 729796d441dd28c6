package booking

import (
	"testing"
	"time"

	"hunyue/internal/date"
	"hunyue/slots"
)

func on(day int) date.Date { return date.Date{Year: 2026, Month: time.May, Day: day} }

// Domain rule 58: the right lasts its days once the office has resumed.
func TestARightLastsFromTheSuspensionOn(t *testing.T) {
	t.Parallel()
	rules := slots.DefaultRules()
	never := rules
	never.RebookDays = 0
	for _, tt := range []struct {
		name  string
		stops []stop
		rules slots.Rules
		today date.Date
		until date.Date
		ok    bool
	}{
		{"nothing has taken it away", nil, rules, on(1), date.Date{}, false},
		{"at once", []stop{{on(4), on(5)}}, rules, on(1), on(19), true},
		{"on its last day", []stop{{on(4), on(5)}}, rules, on(19), on(19), true},
		{"a day later", []stop{{on(4), on(5)}}, rules, on(20), on(19), false},
		{"until further notice", []stop{{on(4), date.Date{}}}, rules, on(31), date.Date{}, true},
		{"lifted before it began", []stop{{on(4), on(3)}}, rules, on(17), on(17), true},
		{"two, of which the later counts", []stop{{on(4), on(5)}, {on(4), on(10)}}, rules, on(24), on(24), true},
		{"an office without the right", []stop{{on(4), on(5)}}, never, on(1), date.Date{}, false},
	} {
		right, ok := rightBy(tt.stops, tt.rules, tt.today)
		if ok != tt.ok || ok && right.Until != tt.until {
			t.Errorf("%s: until %s, %v; want %s, %v", tt.name, right.Until, ok, tt.until, tt.ok)
		}
	}
}

func TestWhoBooksAnewIsNotKeptOutForMissedVisits(t *testing.T) {
	t.Parallel()
	a := Application{Channel: slots.Web, Service: "marriage"}
	if m := misses(a, slots.DefaultRules()); m[0] == 0 {
		t.Errorf("others are restricted by %v", m)
	}
	a.rebooks = true
	if m := misses(a, slots.DefaultRules()); m[0] != 0 {
		t.Errorf("who books anew is restricted by %v", m)
	}
}
