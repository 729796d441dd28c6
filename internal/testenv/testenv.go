// Package testenv gives a test a real database and a real Redis of its own.
//
// The servers behind them are named by two variables of the environment. The
// program internal/testenv/with starts servers, sets the variables and runs a
// command; make test goes through it. With a shell as the command,
//
//	go run ./internal/testenv/with bash
//
// the servers stay for as long as the shell, and a database that a failing test
// kept can be looked into.
package testenv

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"
)

// The names of the variables that say where the servers are.
const (
	DatabaseURL = "HUNYUE_TEST_DATABASE_URL"
	RedisURL    = "HUNYUE_TEST_REDIS_URL"
)

func server(t testing.TB, variable string) string {
	t.Helper()
	address := os.Getenv(variable)
	if address == "" {
		t.Fatalf("this test needs servers: run `make test`, or `go run ./internal/testenv/with go test ./booking`, or name one in %s", variable)
	}
	return address
}

// unique is a word that no other test has.
func unique() string { return strings.ToLower(rand.Text()[:16]) }
