package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hunyue/internal/postgres"
)

// Five wrong passwords lock an account for a quarter of an hour to whoever has
// the password alone (domain rule 89). Whoever shows the second factor besides
// gets in all the same, so that a stranger can keep nobody out.
//
// Only who knows the password gets to show a wrong second factor. Five of them
// lock the account to everybody, each time for twice as long, so that the
// factor's million codes are not to be tried out.
const (
	allowed     = 5
	locked      = 15 * time.Minute
	longestLock = 24 * time.Hour
)

// Login signs a member of staff in who is then ready to work.
//
// Faults: ErrLoginFailed; ErrBusy; ErrFactorNeeded and ErrPasswordOld for
// somebody who has to see to that on the pages first.
func (a *Accounts) Login(ctx context.Context, username, password, code string) (Session, error) {
	s, err := a.signIn(ctx, username, password, code, true)
	if err == nil {
		err = s.Step.Err()
	}
	if err != nil {
		return Session{}, err
	}
	return s, nil
}

// SignIn signs a member of staff in, who may have to take another step before
// they may work.
//
// Faults: ErrLoginFailed; ErrBusy.
func (a *Accounts) SignIn(ctx context.Context, username, password, code string) (Session, error) {
	return a.signIn(ctx, username, password, code, false)
}

func (a *Accounts) signIn(ctx context.Context, username, password, code string, onlyReady bool) (Session, error) {
	id, matches, err := a.check(ctx, username, password)
	if err != nil {
		return Session{}, err
	}
	if !matches {
		return Session{}, a.refuse(ctx, id)
	}
	s, err := a.admit(ctx, id, proof{code: code}, onlyReady)
	if errors.Is(err, ErrLoginFailed) {
		return Session{}, a.refuse(ctx, id)
	}
	return s, err
}

// check is the account with this name, or 0, and whether the password is its.
// Both take as long for a name that nobody has.
func (a *Accounts) check(ctx context.Context, username, password string) (id int64, matches bool, err error) {
	id, hash, err := a.passwordOf(ctx, strings.ToLower(strings.TrimSpace(username)))
	if err != nil {
		return 0, false, err
	}
	matches, err = a.passwords.match(ctx, password, hash)
	return id, matches && id != 0, err
}

// proof is what is shown besides the password: a code, or a key that has been
// checked.
type proof struct {
	code   string
	factor string
}

// admit begins a session. Whether the account is locked is asked here, after
// the password was checked, so that guesses made all at once do not slip past
// the lock that the first of them brings down.
func (a *Accounts) admit(ctx context.Context, id int64, p proof, onlyReady bool) (Session, error) {
	var s Session
	var refused error
	err := postgres.InTx(ctx, a.DB, func(tx postgres.Querier) error {
		who, err := lockAccount(ctx, tx, id)
		if err != nil {
			return err
		}
		p, err = a.prove(ctx, tx, who, p)
		if errors.Is(err, errWrongFactor) {
			refused = ErrLoginFailed
			return a.countWrongFactor(ctx, tx, who)
		}
		if err != nil {
			return err
		}
		step := a.stepOf(who, p)
		if s = (Session{Staff: who.staff(), Step: step}); step != Ready && onlyReady {
			return nil
		}
		return a.enter(ctx, tx, who, p.factor, &s)
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return Session{}, err
	}
	return s, nil
}

// stepOf is what somebody must do before they may work.
func (a *Accounts) stepOf(who account, p proof) Step {
	switch {
	case a.SecondFactor && p.factor == "":
		return SetFactor
	case a.Profile.old(who.Now.Sub(who.PasswordSince)):
		return ChoosePassword
	}
	return Ready
}

// enter forgives earlier failures, writes the sign-in down and begins the
// session, in this order: a session that Redis does not take is none, and a
// transaction that fails leaves one that nobody has the token of.
func (a *Accounts) enter(ctx context.Context, tx postgres.Querier, who account, factor string, s *Session) error {
	if err := forgive(ctx, tx, who.ID, factor != ""); err != nil {
		return err
	}
	if err := audit(ctx, tx, s.Staff.Actor(), "login", who.ID); err != nil {
		return err
	}
	now := a.Clock.Now()
	s.ExpiresAt = now.Add(absolute)
	var err error
	s.Token, err = a.begin(ctx, kept{account: who.ID, epoch: who.Epoch, began: now, used: now, proved: now, factor: factor, step: s.Step})
	return err
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
	s, _, err := a.Admit(ctx, token)
	if errors.Is(err, ErrLoginRequired) {
		return a.end(ctx, token) // somebody disabled, whose session goes on in Redis
	}
	if err != nil {
		return err
	}
	if err := a.end(ctx, token); err != nil {
		return err
	}
	return postgres.InTx(ctx, a.DB, func(tx postgres.Querier) error { return audit(ctx, tx, s.Actor(), "logout", s.ID) })
}

// EndSessions signs somebody out everywhere, within a second.
//
// Faults: ErrNoSuchUser.
func (a *Accounts) EndSessions(ctx context.Context, actor string, id int64) error {
	return postgres.InTx(ctx, a.DB, func(tx postgres.Querier) error {
		if err := nextEpoch(ctx, tx, id); err != nil {
			return err
		}
		return audit(ctx, tx, actor, "sessions_ended", id)
	})
}

func audit(ctx context.Context, tx postgres.Querier, actor, action string, id int64) error {
	if err := postgres.SetActor(ctx, tx, actor); err != nil {
		return err
	}
	return postgres.Audit(ctx, tx, action, fmt.Sprintf("account:%d", id), "")
}
