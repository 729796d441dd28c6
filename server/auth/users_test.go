package auth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/fault"
	"hunyue/server/auth"
)

func TestAllMistakesOfANewUserAreToldAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tests := []struct {
		name string
		user auth.NewUser
		want map[string]string
	}{
		{
			"everything is missing",
			auth.NewUser{},
			map[string]string{"username": "format", "password": "password_short", "roles": "required"},
		},
		{
			"the name begins with a digit",
			auth.NewUser{Username: "1anna", Password: password, Roles: []string{auth.Hall}},
			map[string]string{"username": "format"},
		},
		{
			"nine characters, of more bytes",
			auth.NewUser{Username: "anna", Password: "密码密码密码密码密", Roles: []string{auth.Hall}},
			map[string]string{"password": "password_short"},
		},
		{
			"the password says who it is",
			auth.NewUser{Username: "anna", Password: "Anna-2026-xyz", Roles: []string{auth.Hall}},
			map[string]string{"password": "contains_username"},
		},
		{
			"an endless password",
			auth.NewUser{Username: "anna", Password: strings.Repeat("ab", 65), Roles: []string{auth.Hall}},
			map[string]string{"password": "too_long"},
		},
		{
			"an unknown role",
			auth.NewUser{Username: "anna", Password: password, Roles: []string{"root"}},
			map[string]string{"roles": "unknown"},
		},
		{
			"runs the system and looks it over",
			auth.NewUser{Username: "anna", Password: password, Roles: []string{auth.SysAdmin, auth.Auditor}},
			map[string]string{"roles": "roles_exclude"},
		},
	}
	for _, tt := range tests {
		_, err := w.AddUser(t.Context(), "test", tt.user)
		if diff := cmp.Diff(tt.want, fault.Of(err).Fields); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// The database keeps the rule too, whoever writes to it.
func TestAdministratorsExcludeEachOtherInTheDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.DB.ExecContext(t.Context(), `
		INSERT INTO account (username, name, password, roles)
		VALUES ('anna', 'anna', '$argon2id$', '{secadmin,auditor}')`)
	if err == nil || !strings.Contains(err.Error(), "account_roles_exclude") {
		t.Errorf("secadmin and auditor in one account: %v", err)
	}
}

func TestAUserNameIsTakenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Hall)
	_, err := w.AddUser(t.Context(), "test", auth.NewUser{Username: "ANNA", Password: password, Roles: []string{auth.Hall}})
	if !errors.Is(err, auth.ErrUserExists) {
		t.Errorf("the same name again: %v, want user_exists", err)
	}
	if n := w.audited("user_added"); n != 1 {
		t.Errorf("%d new users in the audit, want 1", n)
	}
}

func TestPasswordsAreKeptAsArgon2id(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Hall)
	w.add("bert", auth.Hall)
	var hashes []string
	if err := w.DB.SelectContext(t.Context(), &hashes, `SELECT password FROM account`); err != nil {
		t.Fatal(err)
	}
	for _, hash := range hashes {
		if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("kept as %q", hash)
		}
	}
	if hashes[0] == hashes[1] {
		t.Error("one password has one hash for two people")
	}
}

func TestNewPasswordsAreGoodPasswords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := auth.NewPassword(), auth.NewPassword()
	if a == b || len(a) < 20 {
		t.Errorf("made %q, then %q", a, b)
	}
	if _, err := w.AddUser(t.Context(), "test", auth.NewUser{Username: "anna", Password: a, Roles: []string{auth.Hall}}); err != nil {
		t.Error(err)
	}
}
