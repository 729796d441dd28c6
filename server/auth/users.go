package auth

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// NewUser is an account to be.
type NewUser struct {
	Username string // 2 to 32 of a-z, 0-9, . _ -, beginning with a letter
	Name     string // as shown; the username where it is empty
	Password string // as the profile wants it
	Roles    []string
	Offices  []string

	// When they may register couples: the first day and the last, or neither.
	CertificateFrom, CertificateTo date.Date
}

var username = regexp.MustCompile(`^[a-z][a-z0-9._-]{1,31}$`)

// AddUser makes an account and returns its id. The actor is who does it, for
// the audit.
//
// Faults: invalid_input with the fields username, name, password, roles and
// certificate; ErrUserExists.
func (a *Accounts) AddUser(ctx context.Context, actor string, u NewUser) (int64, error) {
	u = u.tidy()
	if err := fault.InFields(a.wrong(u)); err != nil {
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

// Invite makes an account whose owner chooses the password by a one-time link,
// which it returns.
//
// Faults: those of AddUser, without a password.
func (a *Accounts) Invite(ctx context.Context, actor string, u NewUser) (id int64, token string, err error) {
	u = u.tidy()
	if err := fault.InFields(u.wrong()); err != nil {
		return 0, "", err
	}
	err = postgres.InTx(ctx, a.DB, func(tx postgres.Querier) error {
		if id, err = insert(ctx, tx, u, ""); err != nil {
			return err
		}
		if err := audit(ctx, tx, actor, "user_added", id); err != nil {
			return err
		}
		token, err = newLink(ctx, tx, sql.NullInt64{Int64: id, Valid: true})
		return err
	})
	return id, token, err
}

func (u NewUser) tidy() NewUser {
	u.Username, u.Name = strings.ToLower(strings.TrimSpace(u.Username)), strings.TrimSpace(u.Name)
	if u.Name == "" {
		u.Name = u.Username
	}
	return u
}

// wrong is what is wrong with an account to be and with its password.
func (a *Accounts) wrong(u NewUser) map[string]string {
	wrong := u.wrong()
	if code := a.Profile.wrong(u.Password, a.SecondFactor, append([]string{u.Username}, u.Offices...)...); code != "" {
		wrong["password"] = code
	}
	return wrong
}

func (u NewUser) wrong() map[string]string {
	wrong := map[string]string{}
	if !username.MatchString(u.Username) {
		wrong["username"] = "format"
	}
	if utf8.RuneCountInString(u.Name) > 100 {
		wrong["name"] = "too_long"
	}
	if code := wrongRoles(u.Roles); code != "" {
		wrong["roles"] = code
	}
	if code := wrongPeriod(u.CertificateFrom, u.CertificateTo); code != "" {
		wrong["certificate_to"] = code
	}
	return wrong
}

func wrongPeriod(from, to date.Date) string {
	switch {
	case from.IsZero() != to.IsZero():
		return "required"
	case to.Before(from):
		return "order"
	}
	return ""
}

func wrongRoles(roles []string) string {
	alone := 0
	for _, role := range roles {
		if !slices.Contains(AllRoles(), role) {
			return "unknown"
		}
		if slices.Contains(guards, role) {
			alone++
		}
	}
	switch {
	case len(roles) == 0:
		return "required"
	case alone > 0 && len(roles) > 1:
		return "roles_exclude" // domain rule 88
	}
	return ""
}

// insert makes an account; without a hash nobody can sign in with it yet.
func insert(ctx context.Context, tx postgres.Querier, u NewUser, hash string) (int64, error) {
	var id int64
	err := tx.GetContext(ctx, &id, `
		INSERT INTO account (username, name, password, roles, offices, certificate_from, certificate_to)
		VALUES ($1, $2, nullif($3, ''), $4, $5, $6, $7)
		RETURNING id`, u.Username, u.Name, hash, pq.Array(u.Roles), pq.Array(append([]string{}, u.Offices...)),
		u.CertificateFrom, u.CertificateTo)
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
