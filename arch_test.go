package hunyue_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hunyue/server/i18n"
)

// imports says which of our packages each of our packages may import. It is
// the whole truth about the direction of dependency.
var imports = map[string][]string{
	"internal/fault":    nil,
	"internal/clock":    nil,
	"internal/date":     nil,
	"internal/engines":  nil,
	"internal/hanzi":    nil,
	"internal/seal":     nil,
	"internal/redis":    nil,
	"internal/postgres": nil,
	"internal/identity": {"internal/fault", "internal/date"},

	"slots":         {"internal/fault", "internal/clock", "internal/date", "internal/identity", "internal/postgres"},
	"notify":        {"internal/fault", "internal/clock", "internal/date", "internal/postgres", "internal/seal"},
	"booking":       {"slots", "notify", "internal/fault", "internal/clock", "internal/date", "internal/identity", "internal/postgres", "internal/seal"},
	"booking/model": nil,
	"hall":          {"booking", "slots", "notify", "internal/fault", "internal/clock", "internal/date", "internal/identity", "internal/postgres", "internal/seal"},

	"server/i18n":     {"internal/fault"},
	"server/auth":     {"internal/fault", "internal/clock", "internal/date", "internal/postgres", "internal/seal"},
	"server/docs":     nil,
	"server/operator": {"internal/fault", "internal/postgres"},
	"server/policy":   {"server/auth"},
	"server/watch":    {"server/auth", "server/policy", "booking", "internal/fault", "internal/identity", "internal/postgres"},
	"server/limit":    {"internal/fault", "internal/clock", "internal/seal"},
	"server/api":      {"server/auth", "server/limit", "server/watch", "hall", "booking", "notify", "slots", "internal/fault", "internal/clock", "internal/date", "internal/identity"},
	"server/web":      {"server/auth", "server/i18n", "server/limit", "server/operator", "server/policy", "server/watch", "hall", "booking", "notify", "slots", "internal/fault", "internal/clock", "internal/date", "internal/hanzi", "internal/identity", "internal/seal"},
	"server": {
		"server/api", "server/auth", "server/docs", "server/i18n", "server/limit", "server/operator", "server/policy", "server/watch", "server/web", "hall", "booking", "notify", "slots",
		"internal/clock", "internal/date", "internal/engines", "internal/fault", "internal/identity", "internal/postgres", "internal/redis", "internal/seal",
	},
}

// helpers are for tests and measurements: no production package imports them.
var helpers = []string{"internal/testenv", "internal/bench"}

func isHelper(pkg string) bool {
	return slices.ContainsFunc(helpers, func(h string) bool { return pkg == h || strings.HasPrefix(pkg, h+"/") })
}

func TestImportsFlowOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(out) {
		words := strings.Fields(string(line))
		pkg, ok := strings.CutPrefix(words[0], "hunyue/")
		if !ok || isHelper(pkg) {
			continue // the root has only these tests
		}
		allowed, known := imports[pkg]
		if !known {
			t.Errorf("%s: say in imports what it may import", pkg)
		}
		for _, w := range words[1:] {
			if dep, ours := strings.CutPrefix(w, "hunyue/"); ours && !slices.Contains(allowed, dep) {
				t.Errorf("%s imports %s", pkg, dep)
			}
		}
	}
}

func TestProductionDoesNotCarryTestHelpers(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "./server").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.FieldsSeq(string(out)) {
		if isHelper(strings.TrimPrefix(dep, "hunyue/")) || dep == "testing" || strings.HasPrefix(dep, "pgregory.net/rapid") {
			t.Errorf("the program imports %s", dep)
		}
	}
}

// sources calls f for every file with one of the endings that is not a test.
func sources(t *testing.T, f func(pkg, path string, src []byte), endings ...string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.Contains(endings, filepath.Ext(path)) || strings.HasSuffix(path, "_test.go") {
			return err
		}
		src, err := os.ReadFile(path)
		f(filepath.ToSlash(filepath.Dir(path)), path, src)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// owners says whose each migration is: the tables that it makes are written by
// that package alone, and by functions in that migration.
var owners = map[string]string{
	"0001_base.sql":          "internal/postgres",
	"0002_slots.sql":         "slots",
	"0003_notify.sql":        "notify",
	"0004_booking.sql":       "booking",
	"0005_hall.sql":          "hall",
	"0006_auth.sql":          "server/auth",
	"0007_hot_days.sql":      "slots",
	"0008_own_data.sql":      "booking",
	"0009_notices.sql":       "notify",
	"0011_accounts.sql":      "server/auth",
	"0014_watch.sql":         "server/watch",
	"0012_calls.sql":         "booking",
	"0013_call_list.sql":     "notify",
	"0015_key_binding.sql":   "server/operator",
	"0016_moves.sql":         "booking",
	"0017_line.sql":          "hall",
	"0021_desk.sql":          "hall",
	"0018_second_person.sql": "booking",
	"0022_counter.sql":       "hall",
	"0023_walkin.sql":        "booking",
	"0024_free_place.sql":    "slots",
	"0025_noted.sql":         "hall",
	"0026_later_day.sql":     "booking",
	"0019_ledgers.sql":       "hall",
	"0027_staff_fever.sql":   "hall",
	"0020_roles.sql":         "internal/postgres",
	"0028_origin.sql":        "internal/postgres",
	"0029_waitlist.sql":      "booking",
	"0030_audit.sql":         "server/watch",
}

func TestEveryTableHasOneWriter(t *testing.T) {
	created := regexp.MustCompile(`CREATE TABLE ([a-z_]+)`)
	written := regexp.MustCompile(`(?:INSERT INTO|\bUPDATE|DELETE FROM|TRUNCATE)\s+([a-z_]+)`)
	owner := map[string]string{}
	sources(t, func(_, path string, src []byte) {
		whose, known := owners[filepath.Base(path)]
		if !known {
			t.Errorf("%s: say in owners whose it is", path)
		}
		for _, m := range created.FindAllSubmatch(src, -1) {
			owner[string(m[1])] = whose
		}
	}, ".sql")

	check := func(who, path string, src []byte) {
		for _, m := range written.FindAllSubmatch(src, -1) {
			if whose, table := owner[string(m[1])]; table && whose != who {
				t.Errorf("%s: %s is written by %s, but belongs to %s", path, m[1], who, whose)
			}
		}
	}
	sources(t, func(_, path string, src []byte) { check(owners[filepath.Base(path)], path, src) }, ".sql")
	sources(t, func(pkg, path string, src []byte) {
		if !isHelper(pkg) {
			check(pkg, path, src)
		}
	}, ".go")
}

func TestEveryFaultHasAText(t *testing.T) {
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`fault\.New\(fault\.\w+, "(\w+)"\)`)
	found := 0
	sources(t, func(pkg, _ string, src []byte) {
		for _, m := range declared.FindAllSubmatch(src, -1) {
			found++
			for _, lang := range []string{"zh", "en"} {
				if key := "fault." + string(m[1]); !texts.In(lang).Has(key) {
					t.Errorf("%s: no %s text for %s", pkg, lang, key)
				}
			}
		}
	}, ".go")
	if found < 20 {
		t.Errorf("found %d faults: the pattern no longer fits how they are declared", found)
	}
}
