package auth

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lib/pq"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// NewUser is an account to be.
type NewUser struct {
	Username string // 2 to 32 of a-z, 0-9, . _ -, beginning with a letter
	Name     string // as shown; the username where it is empty
	Password string // at least 10 characters
	Roles    []string
	Offices  []string
}

var username = regexp.MustCompile(`^[a-z][a-z0-9._-]{1,31}$`)

// AddUser makes an account and returns its id. The actor is who does it, for
// the audit.
//
// Faults: invalid_input with the fields username, name, password and roles;
// ErrUserExists.
func (a *Accounts) AddUser(ctx context.Context, actor string, u NewUser) (int64, error) {
	u.Username = strings.ToLower(strings.TrimSpace(u.Username))
	if u.Name == "" {
		u.Name = u.Username
	}
	if err := fault.InFields(u.wrong()); err != nil {
		return 0, err
	}
	if known, _, err := a.passwordOf(ctx, u.Username); err != nil || known != 0 {
		return 0, cmp.Or(err, error(ErrUserExists)) // before the work of hashing
	}
	hash, err := a.passwords.hash(ctx, u.Password)
	if err != nil {
		return 0, err
	}
	var id int64
	err = postgres.InTx(ctx, a.DB, func(tx postgres.Querier) error {
		if id, err = insert(ctx, tx, u, hash); err != nil {
			return err
		}
		return audit(ctx, tx, actor, "user_added", id)
	})
	return id, err
}

func (u NewUser) wrong() map[string]string {
	wrong := map[string]string{}
	if !username.MatchString(u.Username) {
		wrong["username"] = "format"
	}
	if utf8.RuneCountInString(u.Name) > 100 {
		wrong["name"] = "too_long"
	}
	if code := wrongPassword(u.Password, u.Username); code != "" {
		wrong["password"] = code
	}
	if code := wrongRoles(u.Roles); code != "" {
		wrong["roles"] = code
	}
	return wrong
}

func wrongRoles(roles []string) string {
	all := []string{Operator, Hall, Registrar, Manager, District, Auditor, SysAdmin, SecAdmin}
	guards := 0
	for _, role := range roles {
		if !slices.Contains(all, role) {
			return "unknown"
		}
		if role == SysAdmin || role == SecAdmin || role == Auditor {
			guards++
		}
	}
	switch {
	case len(roles) == 0:
		return "required"
	case guards > 1:
		return "roles_exclude" // domain rule 88
	}
	return ""
}

func insert(ctx context.Context, tx postgres.Querier, u NewUser, hash string) (int64, error) {
	var id int64
	err := tx.GetContext(ctx, &id, `
		INSERT INTO account (username, name, password, roles, offices)
		VALUES ($1, $2, $3, $4, $5)
		RETURNING id`, u.Username, u.Name, hash, pq.Array(u.Roles), pq.Array(append([]string{}, u.Offices...)))
	if postgres.Violates(err, "account_username") {
		return 0, ErrUserExists
	}
	if err != nil {
		return 0, fmt.Errorf("add account: %w", err)
	}
	return id, nil
}

// Disable shuts an account; whoever is signed in with it is out within a
// second.
//
// Faults: ErrNoSuchUser, also for an account that is shut already.
func (a *Accounts) Disable(ctx context.Context, actor, username string) error {
	return postgres.InTx(ctx, a.DB, func(tx postgres.Querier) error {
		var id int64
		err := tx.GetContext(ctx, &id, `
			UPDATE account
			SET disabled_at = clock_now()
			WHERE username = $1
			  AND disabled_at IS NULL
			RETURNING id`, username)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoSuchUser
		}
		if err != nil {
			return fmt.Errorf("disable account: %w", err)
		}
		return audit(ctx, tx, actor, "user_disabled", id)
	})
}

// NewPassword is a password that nobody has thought of: 26 letters and digits.
func NewPassword() string { return strings.ToLower(rand.Text()) }
