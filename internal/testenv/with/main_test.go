package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hunyue/internal/testenv"
)

func TestCommandMeetsServersAndItsStatusIsOurs(t *testing.T) {
	t.Setenv(testenv.DatabaseURL, "") // as if we were not run beside servers already
	t.Setenv(testenv.RedisURL, "")
	note := filepath.Join(t.TempDir(), "note")
	status, err := run(exec.Command("sh", "-c", `echo "$`+testenv.DatabaseURL+`" "$`+testenv.RedisURL+`" >"$0"; exit 3`, note))
	if status != 3 || err != nil {
		t.Errorf("got status %d, %v; want 3", status, err)
	}
	said, err := os.ReadFile(note)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(said), "dbname=hunyue") || !strings.Contains(string(said), "unix:///") {
		t.Errorf("the command was told of %q", said)
	}
}

func TestServersThatAreNamedAreUsed(t *testing.T) {
	t.Setenv(testenv.DatabaseURL, "mine")
	t.Setenv(testenv.RedisURL, "mine")
	status, err := run(exec.Command("sh", "-c", `test "$`+testenv.DatabaseURL+`" = mine`))
	if status != 0 || err != nil {
		t.Errorf("got status %d, %v: other servers were started", status, err)
	}
}

func TestMissingCommandIsAnError(t *testing.T) {
	t.Setenv(testenv.DatabaseURL, "mine")
	t.Setenv(testenv.RedisURL, "mine")
	if _, err := run(exec.Command("no-such-command")); err == nil {
		t.Error("a command that is not there was run")
	}
}
