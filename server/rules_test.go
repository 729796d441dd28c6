package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hunyue/internal/date"
	"hunyue/internal/postgres"
	"hunyue/internal/testenv"
	"hunyue/slots"
)

// rulesCommand is `hunyue office rules` on a database with an office, and how
// many versions of its rules are stored there.
func rulesCommand(t *testing.T) (command func(stdin string, args ...string) (string, error), versions func() int) {
	t.Helper()
	dsn := testenv.DSN(t)
	environ := []string{"HUNYUE_DATABASE_URL=" + dsn}
	command = func(stdin string, args ...string) (string, error) {
		var out bytes.Buffer
		args = append([]string{"office", "rules"}, args...)
		err := run(t.Context(), args, environ, strings.NewReader(stdin), &out, io.Discard)
		return out.String(), err
	}
	put := []string{"office", "put", here, "--name", "示例登记处", "--name-en", "Example", "--address", "示例路", "--phone", "0736-0000009"}
	if err := run(t.Context(), put, environ, nil, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return command, func() int {
		var n int
		if err := db.Get(&n, `SELECT count(*) FROM office_rules`); err != nil {
			t.Fatal(err)
		}
		return n
	}
}

// atTheOffice is the day there, so many days from today.
func atTheOffice(ahead int) string {
	return date.DateOf(time.Now().In(time.FixedZone("Asia/Shanghai", 8*60*60))).AddDays(ahead).String()
}

// row is a line of the table, however wide its columns are.
func row(name, rule, value string) *regexp.Regexp {
	return regexp.MustCompile(`(?m)^` + name + ` +` + rule + ` +` + regexp.QuoteMeta(value) + `$`)
}

func TestRulesAreShownWithTheirSources(t *testing.T) {
	t.Parallel()
	rules, _ := rulesCommand(t)
	out, err := rules("", here)
	if err != nil || !strings.HasPrefix(out, "The rules of the office 430702 on "+atTheOffice(0)+":\n") {
		t.Errorf("today: %v\n%s", err, out)
	}
	for _, want := range []*regexp.Regexp{
		row("per_phone", "32", "2"), row("release_time", "25", `"08:30"`), row("sms_sign", "92", `"婚姻登记"`),
		row("shares", "23", `{"web":70,"phone":20,"counter":10}`),
	} {
		if !want.MatchString(out) {
			t.Errorf("no line %s in\n%s", want, out)
		}
	}
	if got, want := strings.Count(out, "\n"), len(slots.RuleSources())+2; got != want {
		t.Errorf("%d lines, want one for each rule and two above: %d", got, want)
	}
}

func TestRulesChangeFromADayOn(t *testing.T) {
	t.Parallel()
	rules, versions := rulesCommand(t)
	file := filepath.Join(t.TempDir(), "rules.json")
	if err := os.WriteFile(file, []byte(`{"per_phone": 3, "release_time": "09:00", "lead_days": 1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := rules("", here, "--set", file, "--note", "decision 7")
	want := "The rules of the office 430702 from " + atTheOffice(1) + " on are in. Rules that changed: 2\nper_phone: 3, was 2\nrelease_time: \"09:00\", was \"08:30\"\n"
	if err != nil || out != want {
		t.Errorf("from tomorrow on: %v\n%s\nwant\n%s", err, out, want)
	}
	out, err = rules(`{"per_phone": 4}`, here, "--set", "-", "--from", atTheOffice(9), "--note", "decision 8")
	if err != nil || !strings.HasSuffix(out, "Rules that changed: 1\nper_phone: 4, was 3\n") {
		t.Errorf("from the standard input, on top of the first: %v\n%s", err, out)
	}
	for ahead, want := range map[int]*regexp.Regexp{
		0: row("per_phone", "32", "2"), 1: row("per_phone", "32", "3"), 8: row("per_phone", "32", "3"), 9: row("per_phone", "32", "4"),
	} {
		if out, err := rules("", here, "--on", atTheOffice(ahead)); err != nil || !want.MatchString(out) {
			t.Errorf("%d days ahead: %v, no line %s in\n%s", ahead, err, want, out)
		}
	}
	if out, err := rules("", here, "--on", atTheOffice(9)); err != nil || !row("release_time", "25", `"09:00"`).MatchString(out) {
		t.Errorf("what the second did not name was lost: %v\n%s", err, out)
	}
	if n := versions(); n != 2 {
		t.Errorf("%d versions are stored, want 2", n)
	}
}

func TestMistakesInRulesAreExplainedAndChangeNothing(t *testing.T) {
	t.Parallel()
	rules, versions := rulesCommand(t)
	good := `{"per_phone": 3}`
	for _, c := range []struct {
		what, stdin string
		args        []string
		want        []string
	}{
		{"an unknown rule", `{"per_phone": 3, "colour": "red"}`, []string{here, "--set", "-", "--note", "x"}, []string{"colour: There is no such choice."}},
		{
			"out of bounds", `{"lead_days": 6, "shares": {"web": 90}}`,
			[]string{here, "--set", "-", "--note", "x"},
			[]string{"lead_days: This is beyond its bounds.", "shares: Together these must be 100%."},
		},
		{"no time", `{"release_time": "8:30"}`, []string{here, "--set", "-", "--note", "x"}, []string{"release_time: This is not in the right form."}},
		{"the law", `{"min_age_m": 20}`, []string{here, "--set", "-", "--note", "x"}, []string{"min_age_m: There is no such choice."}},
		{"no JSON", `per_phone=3`, []string{here, "--set", "-", "--note", "x"}, []string{"json: This is not in the right form."}},
		{
			"a past day and no note", good,
			[]string{here, "--set", "-", "--from", atTheOffice(-1), "--note", " "},
			[]string{"from: This day is over.", "note: Fill this in."},
		},
		{"no note", good, []string{here, "--set", "-"}, []string{"note: Fill this in."}},
		{"no day to begin", good, []string{here, "--set", "-", "--from", "2026-02-30", "--note", "x"}, []string{"from: There is no such day."}},
		{"no day to show", "", []string{here, "--on", "tomorrow"}, []string{"on: There is no such day."}},
		{"no office", "", []string{there}, []string{"There is no such office."}},
		{"rules for no office", good, []string{there, "--set", "-", "--note", "x"}, []string{"There is no such office."}},
		{"no file", "", []string{here, "--set", "nowhere.json", "--note", "x"}, []string{"nowhere.json"}},
		{"a note on nothing", "", []string{here, "--note", "x"}, []string{errOnlyWithSet.Error()}},
		{"a day to look at while changing", good, []string{here, "--set", "-", "--on", atTheOffice(1), "--note", "x"}, []string{errNotWithSet.Error()}},
	} {
		out, err := rules(c.stdin, c.args...)
		if err == nil || out != "" {
			t.Errorf("%s: %v, %s", c.what, err, out)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q, want %q", c.what, err, want)
			}
		}
	}
	if n := versions(); n != 0 {
		t.Errorf("%d versions are stored, want none", n)
	}
}
