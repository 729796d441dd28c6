package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each package is one way for a test run to end.
var packages = map[string]string{
	"good/good_test.go": `package good
import "testing"
func TestGood(t *testing.T) { t.Log("nobody reads this"); t.Run("sub", func(t *testing.T) { t.Log("count: 7 pages") }) }
func TestLeftOut(t *testing.T) { t.Skip("not today") }`,
	"bad/bad_test.go": `package bad
import "testing"
func TestBad(t *testing.T) { t.Error("two and two is five") }
func TestGood(t *testing.T) { t.Log("nobody reads this") }`,
	"unbuilt/unbuilt_test.go": `package unbuilt
import "testing"
func TestUnbuilt(t *testing.T) { undefined() }`,
	"exits/exits_test.go": `package exits
import ("os"; "testing")
func TestMain(m *testing.M) { println("no room here"); os.Exit(4) }
func TestExits(t *testing.T) {}`,
	"endless/endless_test.go": `package endless
import ("testing"; "time")
func TestEndless(t *testing.T) { time.Sleep(time.Hour) }`,
	"untested/untested.go": `package untested`,
}

func TestEveryWayToFailCounts(t *testing.T) {
	module := t.TempDir()
	write(t, filepath.Join(module, "go.mod"), "module example\n\ngo 1.26\n")
	for name, content := range packages {
		write(t, filepath.Join(module, name), content)
	}
	t.Chdir(module)
	var out strings.Builder
	got := newTally(&out)
	err := goTest(got, []string{"-timeout", "5s", "./..."})
	if err == nil {
		t.Error("go test is said to have succeeded")
	}
	// Good: TestGood, its subtest, bad's TestGood. Bad: one in each of four packages.
	if got.passed != 3 || got.failed != 4 || got.skipped != 1 {
		t.Errorf("got %d passed, %d failed, %d skipped; want 3, 4, 1", got.passed, got.failed, got.skipped)
	}
	for _, want := range []string{"two and two is five", "undefined: undefined", "no room here", "test timed out", "not today", "count: 7 pages\n", "ok  \texample/good"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output does not show %q", want)
		}
	}
	if strings.Contains(out.String(), "nobody reads this") {
		t.Error("the output shows what a passing test said")
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

func TestLinesOfAWordAreShownAndWhatIsBrokenIsCounted(t *testing.T) {
	module := t.TempDir()
	write(t, filepath.Join(module, "go.mod"), "module example\n\ngo 1.26\n")
	write(t, filepath.Join(module, "faults/faults_test.go"), `package faults
import "testing"
func TestKept(t *testing.T) { t.Log("nobody reads this"); t.Log("fault: a plug pulled: nobody noticed") }
func TestBroken(t *testing.T) { t.Run("sub", func(t *testing.T) { t.Log("fault: a line cut: 1 lost"); t.Error("1 is lost") }) }`)
	t.Chdir(module)
	var out strings.Builder
	got := newTally(&out)
	got.word = "fault"
	if err := goTest(got, []string{"./..."}); err == nil || got.good() {
		t.Error("go test is said to have succeeded")
	}
	if want := "2 faults, 1 violation"; got.counts() != want {
		t.Errorf("got %q, want %q", got.counts(), want)
	}
	for _, want := range []string{"\nfault: a line cut: 1 lost\n", "1 is lost"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output does not show %q", want)
		}
	}
	if !strings.HasPrefix(out.String(), "fault: a plug pulled: nobody noticed\n") || strings.Contains(out.String(), "nobody reads this") {
		t.Errorf("the output is\n%s", out.String())
	}
}

func TestARunThatShowsNothingIsNotGood(t *testing.T) {
	got := newTally(&strings.Builder{})
	if got.word = "fault"; got.good() {
		t.Error("no fault was shown, and that is said to be good")
	}
}

func TestOneRunAfterTheOtherIsCountedTogether(t *testing.T) {
	module := t.TempDir()
	write(t, filepath.Join(module, "go.mod"), "module example\n\ngo 1.26\n")
	for _, name := range []string{"good/good_test.go", "bad/bad_test.go"} {
		write(t, filepath.Join(module, name), packages[name])
	}
	t.Chdir(module)
	for _, args := range [][]string{{"./good", "--", "./bad"}, {"./bad", "--", "./good"}} {
		got := newTally(&strings.Builder{})
		if err := goTests(got, args); err == nil || got.counts() != "3 passed, 1 failed, 1 skipped" {
			t.Errorf("%q: %s, %v", args, got.counts(), err)
		}
	}
}

func TestGoodRunHasNoError(t *testing.T) {
	module := t.TempDir()
	write(t, filepath.Join(module, "go.mod"), "module example\n\ngo 1.26\n")
	write(t, filepath.Join(module, "good/good_test.go"), packages["good/good_test.go"])
	t.Chdir(module)
	got := newTally(&strings.Builder{})
	if err := goTest(got, []string{"./..."}); err != nil || got.failed != 0 || got.passed != 2 {
		t.Errorf("%d passed, %d failed, %v; want 2, 0", got.passed, got.failed, err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
