package auth_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
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
			auth.NewUser{Username: "anna", Password: "Anna-2026-xyz-uvw", Roles: []string{auth.Hall}},
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
			"guards the system and books for callers",
			auth.NewUser{Username: "anna", Password: password, Roles: []string{auth.SecAdmin, auth.Operator}},
			map[string]string{"roles": "roles_exclude"},
		},
		{
			"may register from a day on without an end",
			auth.NewUser{Username: "anna", Password: password, Roles: []string{auth.Registrar}, CertificateFrom: day(1, 1)},
			map[string]string{"certificate_to": "required"},
		},
		{
			"may register until before they may",
			auth.NewUser{Username: "anna", Password: password, Roles: []string{auth.Registrar}, CertificateFrom: day(1, 2), CertificateTo: day(1, 1)},
			map[string]string{"certificate_to": "order"},
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
func TestGuardsHaveNoOtherRoleInTheDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, roles := range []string{"{secadmin,auditor}", "{sysadmin,secadmin}", "{auditor,operator}", "{manager,sysadmin}", "{secadmin,secadmin}"} {
		_, err := w.DB.ExecContext(t.Context(), `
			INSERT INTO account (username, name, password, roles)
			VALUES ('anna', 'anna', '$argon2id$', $1)`, roles)
		if !postgres.Violates(err, "account_roles_exclude") {
			t.Errorf("%s in one account: %v", roles, err)
		}
	}
	_, err := w.DB.ExecContext(t.Context(), `
		INSERT INTO account (username, name, roles, certificate_from)
		VALUES ('anna', 'anna', '{registrar}', '2026-01-01')`)
	if !postgres.Violates(err, "account_certificate") {
		t.Errorf("a permission without an end: %v", err)
	}
}

func TestAPermissionHoldsFromItsFirstDayToItsLast(t *testing.T) {
	t.Parallel()
	s := &auth.Staff{Roles: []string{auth.Registrar}, CertificateFrom: day(5, 20), CertificateTo: day(5, 21)}
	for on, may := range map[date.Date]bool{day(5, 19): false, day(5, 20): true, day(5, 21): true, day(5, 22): false} {
		if err := s.MayRegister(on); (err == nil) != may || err != nil && !errors.Is(err, auth.ErrNotPermitted) {
			t.Errorf("%s: %v, want allowed %t", on, err, may)
		}
	}
	if err := (&auth.Staff{Roles: []string{auth.Registrar}}).MayCall(day(5, 20)); !errors.Is(err, auth.ErrNotPermitted) {
		t.Errorf("a registrar without a permission calls: %v", err)
	}
	if err := (&auth.Staff{Roles: []string{auth.Hall}}).MayCall(day(5, 20)); err != nil {
		t.Errorf("the hall calls: %v", err)
	}
	if err := (&auth.Staff{Roles: []string{auth.Manager}}).MayRegister(day(5, 20)); !errors.Is(err, auth.ErrNotPermitted) {
		t.Errorf("a manager without a permission registers: %v", err)
	}
}

func day(month time.Month, d int) date.Date {
	return date.Date{Year: 2026, Month: month, Day: d}
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
