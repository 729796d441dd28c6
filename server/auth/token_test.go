package auth_test

import (
	"errors"
	"testing"
	"time"

	"hunyue/internal/seal"
	"hunyue/server/auth"
)

func (w *world) refused(token, why string) {
	w.t.Helper()
	if _, err := w.Authenticate(w.t.Context(), token); !errors.Is(err, auth.ErrLoginRequired) {
		w.t.Errorf("%s: %v, want login_required", why, err)
	}
}

func (w *world) admitted(token, why string) {
	w.t.Helper()
	if _, err := w.Authenticate(w.t.Context(), token); err != nil {
		w.t.Errorf("%s: %v", why, err)
	}
}

func TestADisabledAccountIsOutWithinASecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	s := w.login()
	w.admitted(s.Token, "before")
	if err := w.Disable(t.Context(), "test", "anna"); err != nil {
		t.Fatal(err)
	}
	w.later(time.Second)
	w.refused(s.Token, "a second after")
	if err := w.Disable(t.Context(), "test", "anna"); !errors.Is(err, auth.ErrNoSuchUser) {
		t.Errorf("disabled twice: %v, want no_such_user", err)
	}
}

func TestLogoutEndsTheSessionAtOnceAndElsewhereWithinASecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	elsewhere := &world{&auth.Accounts{DB: w.DB, Keys: w.Keys, Clock: w.Clock}, t}
	mine, other := w.login(), w.login()
	w.admitted(mine.Token, "before")
	elsewhere.admitted(mine.Token, "on another server")
	for range 2 {
		if err := w.Logout(t.Context(), mine.Token); err != nil {
			t.Fatal(err)
		}
	}
	w.refused(mine.Token, "after logout")
	w.admitted(other.Token, "the other session")
	w.later(time.Second)
	elsewhere.refused(mine.Token, "on another server, a second later")
	if n := w.audited("logout"); n != 1 {
		t.Errorf("%d logouts in the audit, want 1", n)
	}
}

func TestASessionEndsWithoutUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	s := w.login()
	for range 3 {
		w.later(14 * time.Minute)
		w.admitted(s.Token, "used every 14 minutes")
	}
	w.later(15 * time.Minute)
	w.refused(s.Token, "after 15 minutes without use")
}

func TestASessionEndsAfterTwelveHours(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	s := w.login()
	for range 71 {
		w.later(10 * time.Minute)
		w.admitted(s.Token, "before 12 hours")
	}
	w.later(11 * time.Minute)
	w.refused(s.Token, "after 12 hours")
}

func TestATokenThatWeDidNotIssueIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	s := w.login()
	others, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	for why, token := range map[string]string{
		"none":                  "",
		"nonsense":              "nonsense",
		"one letter more":       s.Token + "A",
		"signed elsewhere":      others.Sign("staff token", make([]byte, 32)),
		"signed for other uses": w.Keys.Sign("hold", make([]byte, 32)),
		"never issued":          w.Keys.Sign("staff token", make([]byte, 32)),
	} {
		w.refused(token, why)
	}
}

// Whoever reads the database, or a copy of it, can sign in as nobody.
func TestTheDatabaseHoldsNoToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	s := w.login()
	var found int
	err := w.DB.GetContext(t.Context(), &found, `
		SELECT count(*)
		FROM access_token
		WHERE access_token::text LIKE '%' || $1 || '%'
		   OR position(convert_to($1, 'UTF8') IN hash) > 0`, s.Token)
	if err != nil {
		t.Fatal(err)
	}
	if found != 0 {
		t.Error("the token is in the database")
	}
}

func TestPurgeForgetsWhatHasLongEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	w.login()
	w.later(13 * time.Hour)
	s := w.login()
	w.later(23*time.Hour + time.Minute) // a day after the first has ended
	n, err := w.Purge(t.Context())
	if err != nil || n != 1 {
		t.Errorf("Purge = %d, %v, want 1", n, err)
	}
	w.refused(s.Token, "ended, and not yet forgotten")
}

func BenchmarkAuthenticate(b *testing.B) {
	w := newWorld(b)
	w.add("anna", auth.Operator)
	s := w.login()
	b.ReportAllocs()
	for b.Loop() {
		w.admitted(s.Token, "benchmark")
	}
}
