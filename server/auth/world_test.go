package auth_test

import (
	"testing"
	"time"

	"hunyue/internal/clock"
	"hunyue/internal/postgres"
	"hunyue/internal/seal"
	"hunyue/internal/testenv"
	"hunyue/server/auth"
)

const password = "correct-horse-7"

// world is accounts in a database of the test's own.
type world struct {
	*auth.Accounts
	t testing.TB
}

func newWorld(t testing.TB) *world {
	t.Helper()
	keys, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	client, prefix := testenv.Redis(t)
	return &world{&auth.Accounts{DB: testenv.DB(t), Redis: client, Prefix: prefix, Keys: keys, Clock: &clock.Clock{}}, t}
}

func (w *world) add(username string, roles ...string) {
	w.t.Helper()
	_, err := w.AddUser(w.t.Context(), "test", auth.NewUser{Username: username, Password: password, Roles: roles, Offices: []string{"430702"}})
	if err != nil {
		w.t.Fatal(err)
	}
}

// login signs anna in.
func (w *world) login() auth.Session {
	w.t.Helper()
	s, err := w.Login(w.t.Context(), "anna", password, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// later moves both clocks on.
func (w *world) later(d time.Duration) {
	w.t.Helper()
	w.Clock.Set(w.Clock.Shift() + d)
	if err := postgres.Shift(w.t.Context(), w.DB, w.Clock.Shift()); err != nil {
		w.t.Fatal(err)
	}
}

// audited is how often the audit has the action.
func (w *world) audited(action string) int {
	w.t.Helper()
	var n int
	if err := w.DB.GetContext(w.t.Context(), &n, `SELECT count(*) FROM audit WHERE action = $1`, action); err != nil {
		w.t.Fatal(err)
	}
	return n
}
