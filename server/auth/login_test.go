package auth_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/fault"
	"hunyue/server/auth"
)

func TestLoginSaysWhoItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator, auth.Hall)
	s, err := w.Login(t.Context(), " Anna ", password, "")
	if err != nil {
		t.Fatal(err)
	}
	want := &auth.Staff{ID: s.Staff.ID, Username: "anna", Name: "anna", Roles: []string{"operator", "hall"}, Offices: []string{"430702"}}
	if diff := cmp.Diff(want, s.Staff); diff != "" {
		t.Error(diff)
	}
	if left := s.ExpiresAt.Sub(w.Clock.Now()); left < 11*time.Hour || left > 12*time.Hour+time.Minute {
		t.Errorf("the session ends in %v, want 12 h", left)
	}
	again, err := w.Authenticate(t.Context(), s.Token)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, again); diff != "" {
		t.Error(diff)
	}
	if n := w.audited("login"); n != 1 {
		t.Errorf("%d logins in the audit, want 1", n)
	}
}

func TestEveryRefusedLoginHasTheSameAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	w.add("shut", auth.Operator)
	w.add("locked", auth.Operator)
	if err := w.Disable(t.Context(), "test", "shut"); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, err := w.Login(t.Context(), "locked", "wrong", ""); !errors.Is(err, auth.ErrLoginFailed) {
			t.Fatal(err)
		}
	}
	for name, try := range map[string][2]string{
		"a wrong password":            {"anna", "wrong-password"},
		"no password":                 {"anna", ""},
		"an endless password":         {"anna", strings.Repeat("x", 1<<20)},
		"an unknown name":             {"nobody", password},
		"no name":                     {"", password},
		"a name that is no name":      {"'; DROP TABLE account --\x01", password},
		"a disabled account":          {"shut", password},
		"a locked account, and right": {"locked", password},
	} {
		s, err := w.Login(t.Context(), try[0], try[1], "")
		if f := fault.Of(err); f != auth.ErrLoginFailed {
			t.Errorf("%s: %v, want login_failed", name, err)
		}
		if s.Token != "" || s.Staff != nil {
			t.Errorf("%s: got a session", name)
		}
	}
	if n := w.audited("login_failed"); n != 5+8 {
		t.Errorf("%d failed logins in the audit, want 13", n)
	}
}

func TestFiveWrongPasswordsLockForAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	wrong := func(n int) {
		t.Helper()
		for range n {
			if _, err := w.Login(t.Context(), "anna", "wrong", ""); !errors.Is(err, auth.ErrLoginFailed) {
				t.Fatal(err)
			}
		}
	}
	wrong(4)
	w.login() // forgives the four
	wrong(4)
	w.login()
	wrong(5)
	if _, err := w.Login(t.Context(), "anna", password, ""); !errors.Is(err, auth.ErrLoginFailed) {
		t.Errorf("the right password after five wrong ones: %v, want login_failed", err)
	}
	w.later(14*time.Minute + 30*time.Second) // checking a password takes real time too
	if _, err := w.Login(t.Context(), "anna", password, ""); !errors.Is(err, auth.ErrLoginFailed) {
		t.Errorf("after 14:30: %v, want login_failed", err)
	}
	w.later(31 * time.Second)
	w.login()
}

// Guesses that all arrive before the first failure is counted must not get
// past the lock: of many at once, only a handful is looked at.
func TestGuessesAtOnceDoNotSlipPastTheLock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, err := w.Login(t.Context(), "anna", "wrong-guess", "")
			if !errors.Is(err, auth.ErrLoginFailed) && !errors.Is(err, auth.ErrBusy) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if _, err := w.Login(t.Context(), "anna", password, ""); !errors.Is(err, auth.ErrLoginFailed) {
		t.Errorf("the right guess after twenty wrong ones: %v, want login_failed", err)
	}
}

// A machine that is too busy to check a password in time says so, to anybody.
func TestManyOfOneNameMaySignInAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	var in atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			switch _, err := w.Login(t.Context(), "anna", password, ""); {
			case err == nil:
				in.Add(1)
			case !errors.Is(err, auth.ErrBusy):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if in.Load() < 2 {
		t.Errorf("%d of 8 are in", in.Load())
	}
}

func BenchmarkLogin(b *testing.B) {
	w := newWorld(b)
	w.add("anna", auth.Operator)
	for b.Loop() {
		w.login()
	}
}
