package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is one line of go test -json.
type event struct {
	Action  string `json:"Action"`
	Package string `json:"Package"`
	Test    string `json:"Test"` // empty when the event is about the package
	Output  string `json:"Output"`
}

// tally counts results, and holds back what a test printed until it is known
// whether anybody wants to read it.
type tally struct {
	out                     io.Writer
	passed, failed, skipped int
	said                    map[string]map[string]*strings.Builder // by package, then test
	broken                  map[string][]string                    // failed tests, by package
	hopeless                bool                                   // something failed that no second run makes good

	word       string // lines that begin with it are shown, whatever became of the test
	lines      int    // how many there were
	violations int    // failures, but a test that failed only with its subtests
}

func newTally(out io.Writer) *tally {
	return &tally{out: out, said: map[string]map[string]*strings.Builder{}, broken: map[string][]string{}}
}

// good reports whether nothing failed, and something was shown where lines of a
// word are wanted.
func (t *tally) good() bool { return t.failed == 0 && (t.word == "" || t.lines > 0) }

// counts is the last line.
func (t *tally) counts() string {
	if t.word == "" {
		return fmt.Sprintf("%d passed, %d failed, %d skipped", t.passed, t.failed, t.skipped)
	}
	return counted(t.lines, t.word) + ", " + counted(t.violations, "violation")
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (t *tally) count(e event) {
	switch {
	case e.Action == "build-output":
		fmt.Fprint(t.out, e.Output)
	case e.Action == "output":
		t.remember(e)
	case e.Test == "":
		t.endPackage(e)
	default:
		t.endTest(e)
	}
}

func (t *tally) remember(e event) {
	tests := t.said[e.Package]
	if tests == nil {
		tests = map[string]*strings.Builder{}
		t.said[e.Package] = tests
	}
	if tests[e.Test] == nil {
		tests[e.Test] = &strings.Builder{}
	}
	tests[e.Test].WriteString(e.Output)
}

func (t *tally) endTest(e event) {
	if slices.Contains([]string{"pass", "skip", "fail"}, e.Action) {
		t.showLines(e)
	}
	switch e.Action {
	case "pass":
		t.passed++
	case "skip":
		t.skipped++
		t.show(e.Package, e.Test)
	case "fail":
		t.failed++
		if !slices.ContainsFunc(t.broken[e.Package], func(test string) bool { return strings.HasPrefix(test, e.Test+"/") }) {
			t.violations++
		}
		t.broken[e.Package] = append(t.broken[e.Package], e.Test)
		t.hopeless = t.hopeless || t.isFinal(e)
		t.show(e.Package, e.Test)
	default:
		return // it goes on
	}
	delete(t.said[e.Package], e.Test)
}

func (t *tally) endPackage(e event) {
	switch e.Action {
	case "pass", "skip":
		if t.word == "" {
			fmt.Fprint(t.out, summary(t.said[e.Package][""]))
		}
	case "fail":
		if len(t.broken[e.Package]) == 0 {
			t.failed++
			t.violations++
			t.hopeless = true
		}
		// Also the tests that were cut off, which have not ended.
		tests := slices.Sorted(maps.Keys(t.said[e.Package]))
		t.hopeless = t.hopeless || slices.ContainsFunc(tests, func(test string) bool { return test != "" })
		slices.Reverse(tests) // the package's own words, under "", come last
		for _, test := range tests {
			t.show(e.Package, test)
		}
	default:
		return
	}
	delete(t.said, e.Package)
}

// showLines shows what a test logged that begins with the word, or without one
// what it has counted, without where it was logged.
func (t *tally) showLines(e event) {
	said, word := t.said[e.Package][e.Test], cmp.Or(t.word, "count")
	if said == nil || t.word == "" && e.Action != "pass" {
		return // or all that it said is shown
	}
	for line := range strings.Lines(said.String()) {
		where, text, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if strings.Contains(where, ".go:") && strings.HasPrefix(text, word+": ") {
			t.lines++
			fmt.Fprintln(t.out, text)
		}
	}
}

func (t *tally) show(pkg, test string) {
	if said := t.said[pkg][test]; said != nil {
		fmt.Fprint(t.out, said)
	}
}

// summary is the line on the whole package: "ok", its name and time.
func summary(said *strings.Builder) string {
	if said == nil {
		return ""
	}
	for line := range strings.Lines(said.String()) {
		if strings.HasPrefix(line, "ok ") || strings.HasPrefix(line, "? ") {
			return line
		}
	}
	return ""
}
