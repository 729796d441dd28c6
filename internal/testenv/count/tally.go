package main

import (
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
	broken                  map[string]bool                        // packages with a failed test
}

func newTally(out io.Writer) *tally {
	return &tally{out: out, said: map[string]map[string]*strings.Builder{}, broken: map[string]bool{}}
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
	switch e.Action {
	case "pass":
		t.passed++
	case "skip":
		t.skipped++
		t.show(e.Package, e.Test)
	case "fail":
		t.failed++
		t.broken[e.Package] = true
		t.show(e.Package, e.Test)
	default:
		return // it goes on
	}
	delete(t.said[e.Package], e.Test)
}

func (t *tally) endPackage(e event) {
	switch e.Action {
	case "pass", "skip":
		fmt.Fprint(t.out, summary(t.said[e.Package][""]))
	case "fail":
		if !t.broken[e.Package] {
			t.failed++
		}
		// Also the tests that were cut off, which have not ended.
		tests := slices.Sorted(maps.Keys(t.said[e.Package]))
		slices.Reverse(tests) // the package's own words, under "", come last
		for _, test := range tests {
			t.show(e.Package, test)
		}
	default:
		return
	}
	delete(t.said, e.Package)
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
