// Count runs go test with the arguments it is given, shows what failed and
// what each package said, and ends with one line of counts:
//
//	212 passed, 0 failed, 0 skipped
//
// What a test logged that begins with "count: ", such as how many pages it looked
// at, is shown although it passed. Tests and their subtests count alike. A package that fails without a failing
// test, because it does not build or does not finish, counts as one failure.
//
// What follows a -- is the arguments of another go test, which runs when the one
// before has ended, with the machine to itself; the counts are of all of them.
//
// With -again before those arguments a few tests that failed are run once more when
// all has ended, each package with the machine to itself. What fails only beside
// others, on a busy machine, then counts as passed, and a line says so. A data race or
// a panic is never given a second chance.
//
// With -lines WORD before those arguments it shows instead what the tests
// logged that begins with the word, and ends with how much that was and how
// much is broken:
//
//	fault: Redis killed: the couple booked all the same
//	1 fault, 0 violations
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
)

func main() {
	t, args := newTally(os.Stdout), os.Args[1:]
	if len(args) > 1 && args[0] == "-lines" {
		t.word, args = args[1], args[2:]
	}
	again := len(args) > 0 && args[0] == "-again"
	if again {
		args = args[1:]
	}
	err := goTests(t, args)
	if again && t.mayPass() {
		err = goAgain(t, args)
	}
	if err != nil && t.failed == 0 {
		t.failed, t.violations = 1, 1
		fmt.Fprintln(os.Stdout, "go test:", err)
	}
	fmt.Fprintln(os.Stdout, t.counts())
	if !t.good() {
		os.Exit(1)
	}
}

// goTests is goTest for each part of the arguments, whatever came of those before.
func goTests(t *tally, args []string) error {
	rest := []string(nil)
	if at := slices.Index(args, "--"); at >= 0 {
		args, rest = args[:at], args[at+1:]
	}
	err := goTest(t, args)
	if rest != nil {
		err = errors.Join(err, goTests(t, rest))
	}
	return err
}

func goTest(t *tally, args []string) error {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	return errors.Join(t.read(events), cmd.Wait())
}

// read counts the events that go test -json prints, one a line. A line that is
// none is passed on.
func (t *tally) read(events io.Reader) error {
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		if len(line) > 0 && json.Unmarshal(line, &e) == nil {
			t.count(e)
		} else {
			fmt.Fprintf(t.out, "%s", line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
