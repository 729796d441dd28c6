package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// Each fails once, and passes afterwards.
const onceBad = `package shaky
import ("os"; "testing")
func first(name string) bool {
	if _, err := os.Stat(name); err == nil { return false }
	_ = os.WriteFile(name, nil, 0o600)
	return true
}
`

func TestAFewThatFailAreRunOnceMore(t *testing.T) {
	for _, c := range []struct{ name, tests, want, says string }{
		{"shaky", `func TestShaky(t *testing.T) { t.Run("sub", func(t *testing.T) { if first("a") { t.Error("too slow") } }) }
			func TestGood(t *testing.T) {}`, "3 passed, 0 failed, 0 skipped", "again: TestShaky of example/shaky failed beside others, and passed alone\n"},
		{"broken", `func TestBroken(t *testing.T) { t.Error("2 + 2 is 5") }`, "0 passed, 1 failed, 0 skipped", "2 + 2 is 5"},
		{"panics", `func TestPanics(t *testing.T) { if first("a") { panic("no") } }`, "0 passed, 1 failed, 0 skipped", "panic: no"},
		{"cut off", `func TestBad(t *testing.T) { if first("a") { t.Error("bad") } }
			func TestExits(t *testing.T) { if first("b") { os.Exit(3) } }`, "0 passed, 1 failed, 0 skipped", "bad"},
		{
			"many", `func TestA(t *testing.T) { if first("a") { t.Error() } }; func TestB(t *testing.T) { if first("b") { t.Error() } }
			func TestC(t *testing.T) { if first("c") { t.Error() } }; func TestD(t *testing.T) { if first("d") { t.Error() } }
			func TestE(t *testing.T) { if first("e") { t.Error() } }; func TestF(t *testing.T) { if first("f") { t.Error() } }`,
			"0 passed, 6 failed, 0 skipped", "FAIL: TestF",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			module := t.TempDir()
			write(t, filepath.Join(module, "go.mod"), "module example\n\ngo 1.26\n")
			write(t, filepath.Join(module, "shaky", "shaky_test.go"), onceBad+c.tests)
			t.Chdir(module)
			var out strings.Builder
			got := newTally(&out)
			args := []string{"-timeout", "1m", "./..."}
			if err := goTests(got, args); err == nil {
				t.Error("go test is said to have succeeded")
			}
			if got.mayPass() {
				if err := goAgain(got, args); (err == nil) != got.good() {
					t.Errorf("good is %t, with %v", got.good(), err)
				}
			}
			if got.counts() != c.want || !strings.Contains(out.String(), c.says) {
				t.Errorf("%s, want %s; the output is\n%s", got.counts(), c.want, out.String())
			}
		})
	}
}
