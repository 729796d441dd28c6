package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"hunyue/internal/postgres"
)

// How long a sign-in lasts: without use, and at the longest (domain rule 89).
// Five wrong passwords lock an account for a quarter of an hour.
const (
	idle     = 15 * time.Minute
	absolute = 12 * time.Hour
	allowed  = 5
	locked   = 15 * time.Minute
)

// Session is one sign-in.
type Session struct {
	Token     string // shown once; whoever has it is the member of staff
	Staff     *Staff
	ExpiresAt time.Time // at the latest
}

// Login signs a member of staff in. No account has a second factor yet, so the
// third argument is not looked at.
//
// Faults: ErrLoginFailed; ErrBusy.
func (a *Accounts) Login(ctx context.Context, username, password, _ string) (Session, error) {
	id, hash, err := a.passwordOf(ctx, strings.ToLower(strings.TrimSpace(username)))
	if err != nil {
		return Session{}, err
	}
	matches, err := a.passwords.match(ctx, password, hash)
	if err != nil {
		return Session{}, err
	}
	if !matches || id == 0 {
		return Session{}, a.refuse(ctx, id)
	}
	s, err := a.admit(ctx, id)
	if errors.Is(err, ErrLoginFailed) {
		return Session{}, a.refuse(ctx, id)
	}
	return s, err
}

// admit begins a session. Whether the account is locked is asked here, after
// the password was checked, so that guesses made all at once do not slip past
// the lock that the first of them brings down.
func (a *Accounts) admit(ctx context.Context, id int64) (Session, error) {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return Session{}, err
	}
	s := Session{Token: a.Keys.Sign(purpose, secret)}
	err := postgres.InTx(ctx, a.DB, func(tx postgres.Querier) error {
		var err error
		if s.Staff, err = unlocked(ctx, tx, id); err != nil {
			return err
		}
		if s.ExpiresAt, err = issue(ctx, tx, hashOf(s.Token), id); err != nil {
			return err
		}
		return audit(ctx, tx, s.Staff.Actor(), "login", id)
	})
	if err != nil {
		return Session{}, err
	}
	return s, nil
}

// refuse counts a failure, writes it down and returns ErrLoginFailed. It does
// the same work for a name that nobody has.
func (a *Accounts) refuse(ctx context.Context, id int64) error {
	err := postgres.InTx(ctx, a.DB, func(tx postgres.Querier) error {
		if err := countFailure(ctx, tx, id); err != nil {
			return err
		}
		return audit(ctx, tx, "anonymous", "login_failed", id)
	})
	if err != nil {
		return err
	}
	return ErrLoginFailed
}

// Logout ends the session of the token. Ending it twice is the same as once.
func (a *Accounts) Logout(ctx context.Context, token string) error {
	hash := hashOf(token)
	a.admitted.forget(hash)
	return postgres.InTx(ctx, a.DB, func(tx postgres.Querier) error {
		s, err := revoke(ctx, tx, hash)
		if errors.Is(err, ErrLoginRequired) {
			return nil
		}
		if err != nil {
			return err
		}
		return audit(ctx, tx, s.Actor(), "logout", s.ID)
	})
}

func audit(ctx context.Context, tx postgres.Querier, actor, action string, id int64) error {
	if err := postgres.SetActor(ctx, tx, actor); err != nil {
		return err
	}
	return postgres.Audit(ctx, tx, action, fmt.Sprintf("account:%d", id), "")
}

// purpose binds a token's signature to this use of the keys.
const purpose = "staff token"

func hashOf(token string) [sha256.Size]byte { return sha256.Sum256([]byte(token)) }
