package hall_test

import (
	"errors"
	"testing"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/slots"
)

func (w *world) series() hall.Series {
	w.t.Helper()
	s, err := w.SeriesOf(w.t.Context(), office, "marriage", theDay)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) odd(number, certificate string) hall.Odd {
	w.t.Helper()
	odd, err := w.OddAbout(w.t.Context(), number, certificate)
	if err != nil {
		w.t.Fatal(err)
	}
	return odd
}

func (w *world) completed(certificate string) string {
	w.t.Helper()
	number := w.serving()
	if _, err := w.Complete(w.t.Context(), number, certificate, "registrar"); err != nil {
		w.t.Fatal(err)
	}
	return number
}

// What is due is one more than the highest of the last numbers of this series:
// counters do not finish in the order of the numbers.
func TestTheNextSerialFollowsTheLastOnes(t *testing.T) {
	w := newWorld(t)
	if got, want := w.series(), (hall.Series{Prefix: "J430702-2026-"}); got != want {
		t.Errorf("before the first: %+v, want %+v", got, want)
	}
	w.completed("J430702-2026-000124")
	w.completed("J430702-2026-000123")
	w.completed("J430702-2025-000900") // last year's
	w.completed("政字第2002208号")
	if got, want := w.series(), (hall.Series{Prefix: "J430702-2026-", Next: 125}); got != want {
		t.Errorf("then: %+v, want %+v", got, want)
	}
	w.completed("J430700-2026-000500") // the city's, which somebody insisted on
	if got, want := w.series(), (hall.Series{Prefix: "J430702-2026-", Next: 125}); got != want {
		t.Errorf("after a number of another division: %+v, want %+v", got, want)
	}
	if got, err := w.SeriesOf(t.Context(), office, "divorce_apply", theDay); err != nil || got != (hall.Series{}) {
		t.Errorf("of a service without a certificate: %+v, %v", got, err)
	}
}

// An office that numbers for its city says so in its rules, whatever it used before.
func TestTheDivisionOfCertificatesIsARule(t *testing.T) {
	w := newWorld(t)
	w.completed("J430702-2026-000123")
	number := w.serving()
	if odd := w.odd(number, "J430700-2026-000050"); odd.Form != "division" || odd.Final() {
		t.Errorf("the city's before the rule: %+v", odd)
	}
	rules := slots.DefaultRules()
	rules.CertificateDivision = "430700"
	if err := w.Offices.SetRules(t.Context(), office, theDay, rules, "notice 7/2026", "test"); err != nil {
		t.Fatal(err)
	}
	if got, want := w.series(), (hall.Series{Prefix: "J430700-2026-"}); got != want {
		t.Errorf("the first of the city: %+v, want %+v", got, want)
	}
	if odd := w.odd(number, "J430700-2026-000050"); odd != (hall.Odd{}) {
		t.Errorf("the city's by the rule: %+v", odd)
	}
	if odd := w.odd(number, "J430702-2026-000124"); odd.Form != "division" {
		t.Errorf("the office's own by the rule: %+v", odd)
	}
	if r, err := w.Complete(t.Context(), number, "J430700-2026-000050", "registrar"); err != nil || r.Warning != "" {
		t.Errorf("warning %q, %v; want none", r.Warning, err)
	}
	if got, want := w.series(), (hall.Series{Prefix: "J430700-2026-", Next: 51}); got != want {
		t.Errorf("then: %+v, want %+v", got, want)
	}
}

func TestSixDigitsAreTheWholeNumber(t *testing.T) {
	t.Parallel()
	s := hall.Series{Prefix: "J430702-2026-"}
	for _, tt := range []struct {
		typed, want string
		ok          bool
	}{
		{"000123", "J430702-2026-000123", true},
		{" ００0123 ", "J430702-2026-000123", true},
		{"J430702-2026-000123", "J430702-2026-000123", true},
		{"政字第2002208号", "政字第2002208号", true},
		{"00123", "00123", false},
		{"0000123", "0000123", false},
		{"", "", true},
	} {
		if got, ok := s.Whole(tt.typed); got != tt.want || ok != tt.ok {
			t.Errorf("%q is %q, %t; want %q, %t", tt.typed, got, ok, tt.want, tt.ok)
		}
	}
	if got, ok := (hall.Series{}).Whole("000123"); ok {
		t.Errorf("without a series six digits are %q", got)
	}
}

func TestADoubleAndAGapAreOdd(t *testing.T) {
	w := newWorld(t)
	first := w.completed("J430702-2026-000123")
	number := w.serving()
	if odd := w.odd(number, "J430702-2026-000123"); odd.UsedBy == "" || odd.UsedOn != theDay || !odd.Final() {
		t.Errorf("of another: %+v", odd)
	}
	if odd := w.odd(first, "J430702-2026-000123"); odd.UsedBy != "" {
		t.Errorf("their own: %+v", odd)
	}
	for certificate, skipped := range map[string]int{
		"J430702-2026-000124": 0, "J430702-2026-000127": 3, "J430702-2026-000100": 0, // one that had been left out
	} {
		if odd := w.odd(number, certificate); odd.Skipped != skipped || odd.UsedBy != "" || odd.Form != "" {
			t.Errorf("%s: %+v, want %d skipped", certificate, odd, skipped)
		}
	}
	if odd := w.odd(number, "J430702-2025-000124"); odd.Form != "year" || odd.Final() {
		t.Errorf("of last year: %+v", odd)
	}
	w.completed("政字第2002208号")
	if odd := w.odd(number, "政字第2002208号"); odd.UsedBy == "" || odd.Final() {
		t.Errorf("an old number twice: %+v, want one that may be", odd)
	}
	if _, err := w.OddAbout(t.Context(), "99999999", "J430702-2026-000124"); !errors.Is(err, booking.ErrNoAppointment) {
		t.Errorf("of nobody: %v", err)
	}
}
