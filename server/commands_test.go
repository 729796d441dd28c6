package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hunyue/internal/postgres"
	"hunyue/internal/testenv"
)

func TestCheckFailsOnABrokenInvariant(t *testing.T) {
	t.Parallel()
	dsn := testenv.DSN(t)
	environ := []string{"HUNYUE_DATA=" + dataFolder(t), "HUNYUE_DATABASE_URL=" + dsn}
	command := func() (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), []string{"check"}, environ, strings.NewReader(""), &out, io.Discard)
		return out.String(), err
	}
	if out, err := command(); err != nil || !strings.Contains(out, "0  never_oversold\n") || !strings.Contains(out, "0  the_audit_is_as_it_was_sealed\n") {
		t.Errorf("an empty database: %v\n%s", err, out)
	}
	db, err := postgres.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.ExecContext(t.Context(), `
		INSERT INTO office (id, name, name_en, address, phone) VALUES ('430702', 'x', 'x', 'x', 'x');
		INSERT INTO quota (id, office_id, day, kind, cap, booked, opens_at, closes_at)
		VALUES ('430702-20260520-hall', '430702', '2026-05-20', 'hall', 5, 3, '2026-05-01', '2026-05-20')`)
	if err != nil {
		t.Fatal(err)
	}
	out, err := command()
	if err == nil || !strings.Contains(out, "1  caps_equal_their_places\n") {
		t.Errorf("a cap that counts what nobody booked: %v\n%s", err, out)
	}
	t.Logf("fault: a count changed behind the program's back: hunyue check says %q", err)
}

func TestDoctorSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	look := func(environ ...string) (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), []string{"doctor"}, environ, strings.NewReader(""), &out, io.Discard)
		return out.String(), err
	}
	data, dsn := "HUNYUE_DATA="+dataFolder(t), "HUNYUE_DATABASE_URL="+testenv.DSN(t)
	migrations, err := filepath.Glob("../internal/postgres/migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	out, err := look(data, dsn)
	if err != nil || strings.Contains(out, "WRONG") || !strings.Contains(out, fmt.Sprintf("%[1]d of %[1]d applied", len(migrations))) {
		t.Errorf("all is well: %v\n%s", err, out)
	}
	out, err = look(data, dsn, "HUNYUE_REDIS_URL=unix:///nowhere/redis.sock")
	if err == nil || !strings.Contains(out, "WRONG  redis") || strings.Contains(out, "WRONG  postgres") {
		t.Errorf("no Redis: %v\n%s", err, out)
	}
	var answer bytes.Buffer
	if err := run(t.Context(), []string{"doctor", "--url", "http://127.0.0.1:1"}, nil, nil, &answer, io.Discard); err == nil {
		t.Errorf("no program: %s", answer.String())
	}
}

func TestCommandsKnowAClusterAndSentinels(t *testing.T) {
	t.Parallel()
	_, cluster := testenv.OwnCluster(t, 0)
	_, watched := testenv.OwnSentinel(t)
	node, _, _ := strings.Cut(cluster.URL, ",")
	data, dsn := "HUNYUE_DATA="+dataFolder(t), "HUNYUE_DATABASE_URL="+testenv.DSN(t)
	for _, c := range []struct {
		command, redis, want string
		fails                bool
	}{
		{"doctor", cluster.URL, "ok     clocks", false},
		{"check", cluster.URL, "0  redis_equals_postgres", false},
		{"doctor", watched.URL, "ok     clocks", false},
		{"check", watched.URL, "0  redis_equals_postgres", false},
		{"doctor", node, "WRONG  redis        open redis: this is a node of a cluster", true},
	} {
		var out bytes.Buffer
		err := run(t.Context(), []string{c.command}, []string{data, dsn, "HUNYUE_REDIS_URL=" + c.redis}, strings.NewReader(""), &out, io.Discard)
		if (err != nil) != c.fails || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s with %s: %v\n%s", c.command, c.redis, err, out.String())
		}
	}
}

func TestAPasswordIsReadOrMade(t *testing.T) {
	t.Parallel()
	environ := []string{"HUNYUE_DATABASE_URL=" + testenv.DSN(t)}
	add := func(stdin string, args ...string) (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), append([]string{"user", "add"}, args...), environ, strings.NewReader(stdin), &out, io.Discard)
		return out.String(), err
	}
	if out, err := add("", "anna", "--role", "hall"); err != nil || !strings.Contains(out, "within 24 hours: http://127.0.0.1:8080/staff/link/") {
		t.Errorf("made: %v, %s", err, out)
	}
	if out, err := add("my-own-words-77\n", "bert", "--role", "hall", "--password-stdin"); err != nil || strings.Contains(out, "assword") {
		t.Errorf("read: %v, %s", err, out)
	}
	_, err := add("short\n", "carl", "--role", "hall", "--role", "king", "--password-stdin")
	if err == nil || !strings.Contains(err.Error(), "password: A password needs at least 8 characters.") || !strings.Contains(err.Error(), "roles: There is no such choice.") {
		t.Errorf("two mistakes: %v", err)
	}
	if _, err := add("", "anna", "--role", "hall"); err == nil || !strings.Contains(err.Error(), "taken") {
		t.Errorf("the same name: %v", err)
	}
}

func TestAnOfficeIsMadeAndChanged(t *testing.T) {
	t.Parallel()
	environ := []string{"HUNYUE_DATABASE_URL=" + testenv.DSN(t)}
	put := func(args ...string) (string, error) {
		var out bytes.Buffer
		args = append([]string{"office", "put"}, args...)
		err := run(t.Context(), args, environ, nil, &out, io.Discard)
		return out.String(), err
	}
	named := []string{"--name", "示例登记处", "--name-en", "Example", "--address", "示例路", "--phone", "0736-0000009"}
	for range 2 {
		if out, err := put(append(named, "430702")...); err != nil || out != "The office 430702 is in.\n" {
			t.Errorf("%v, %s", err, out)
		}
	}
	if _, err := put(append(named, "430702", "--service", "weddings")...); err == nil || !strings.Contains(err.Error(), "services.0: There is no such choice.") {
		t.Errorf("an unknown service: %v", err)
	}
	if _, err := put(append(named, "43")...); err == nil || !strings.Contains(err.Error(), "id: ") {
		t.Errorf("a short id: %v", err)
	}
}

func TestACalendarIsImportedAndItsMistakesAreNamed(t *testing.T) {
	t.Parallel()
	environ := []string{"HUNYUE_DATABASE_URL=" + testenv.DSN(t)}
	file := filepath.Join(t.TempDir(), "2028.csv")
	put := func(lines string) (string, error) {
		if err := os.WriteFile(file, []byte("day,kind,name\n"+lines), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err := run(t.Context(), []string{"calendar", "import", "2028", file, "--source", "notice"}, environ, nil, &out, io.Discard)
		return out.String(), err
	}
	if out, err := put("2028-01-03,holiday,元旦\n"); err != nil || !strings.Contains(out, "Days that changed: 1\n2028-01-03\n") {
		t.Errorf("%v, %s", err, out)
	}
	if _, err := put("2028-02-30,holiday,x\n2028-01-03,feast,x\n"); err == nil || !strings.Contains(err.Error(), "lines.2: There is no such day.") || !strings.Contains(err.Error(), "lines.3: ") {
		t.Errorf("two bad lines: %v", err)
	}
}
