package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// mostAgain is how many tests are run once more. Where more fail something is broken.
const mostAgain = 5

// final is what a failing test prints that no second run makes good.
var final = []string{"DATA RACE", "race detected", "panic: "}

// mayPass reports whether what failed is a few tests, each of which may pass alone.
func (t *tally) mayPass() bool {
	n := 0
	for _, tests := range t.broken {
		n += len(whole(tests))
	}
	return n > 0 && n <= mostAgain && !t.hopeless
}

// whole is the tests of which these are or are part.
func whole(tests []string) []string {
	all := map[string]bool{}
	for _, test := range tests {
		name, _, _ := strings.Cut(test, "/")
		all[name] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// goAgain runs the tests that failed, a package at a time, and counts as passed what
// passes now.
func goAgain(t *tally, args []string) error {
	var all error
	flags := slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a != "-race" && !strings.HasPrefix(a, "-vet=") })
	for _, pkg := range slices.Sorted(maps.Keys(t.broken)) {
		tests := whole(t.broken[pkg])
		alone := newTally(t.out)
		err := goTest(alone, append(slices.Clone(flags), "-count=1", "-timeout", "20m", "-run", "^("+strings.Join(tests, "|")+")$", pkg))
		all = errors.Join(all, err)
		if err != nil || alone.failed > 0 || alone.passed == 0 {
			continue
		}
		n := len(t.broken[pkg])
		t.failed, t.passed = t.failed-n, t.passed+n
		_, _ = fmt.Fprintf(t.out, "again: %s of %s failed beside others, and passed alone\n", strings.Join(tests, ", "), pkg)
	}
	return all
}

// isFinal reports whether what a test printed rules out that it is run again.
func (t *tally) isFinal(e event) bool {
	said := t.said[e.Package][e.Test]
	return said != nil && slices.ContainsFunc(final, func(f string) bool { return strings.Contains(said.String(), f) })
}
