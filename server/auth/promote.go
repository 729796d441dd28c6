package auth

import (
	"context"
	"encoding/base64"
	"errors"

	"hunyue/internal/postgres"
)

// Reprove lets somebody who has signed in change what they sign in with: they
// type their password again. Wrong ones count as those of a login.
//
// Faults: ErrLoginFailed; ErrBusy.
func (a *Accounts) Reprove(ctx context.Context, s *Staff, password string) error {
	id, matches, err := a.check(ctx, s.Username, password)
	if err == nil && !matches {
		err = a.refuse(ctx, id)
	}
	return err
}

// promote changes how whoever's session this is proves who they are. Change
// returns the factor that was shown, or "" for the one of the session. All
// sessions of the account end, and this one goes on under a new token.
//
// Faults: those of change; ErrForbidden for somebody who has a second factor
// and has not shown it; ErrLoginRequired.
func (a *Accounts) promote(ctx context.Context, token, action string, change func(tx postgres.Querier, who account) (string, error)) (Session, error) {
	k, err := a.find(ctx, token)
	if err != nil {
		return Session{}, err
	}
	var s Session
	err = postgres.InTx(ctx, a.DB, func(tx postgres.Querier) error {
		who, err := current(ctx, tx, k)
		if err != nil {
			return err
		}
		factor, err := change(tx, who)
		if err != nil {
			return err
		}
		if factor != "" {
			k.factor = factor
		}
		if err := nextEpoch(ctx, tx, who.ID); err != nil {
			return err
		}
		if err := audit(ctx, tx, who.staff().Actor(), action, who.ID); err != nil {
			return err
		}
		s, err = a.goOn(ctx, tx, k)
		return err
	})
	if err != nil {
		return Session{}, err
	}
	return s, a.end(ctx, token)
}

// current is the account of a session that still counts and has shown all that
// the account asks for.
func current(ctx context.Context, tx postgres.Querier, k kept) (account, error) {
	who, err := lockAccount(ctx, tx, k.account)
	switch {
	case errors.Is(err, ErrLoginFailed), err == nil && who.Epoch != k.epoch:
		return account{}, ErrLoginRequired
	case err == nil && who.hasFactor() && k.factor == "":
		return account{}, ErrForbidden
	}
	return who, err
}

// goOn is the session under a new token and in the newest epoch.
func (a *Accounts) goOn(ctx context.Context, tx postgres.Querier, k kept) (Session, error) {
	who, err := lockAccount(ctx, tx, k.account)
	if err != nil {
		return Session{}, err
	}
	k.epoch, k.step, k.used = who.Epoch, a.stepOf(who, proof{factor: k.factor}), a.Clock.Now()
	s := Session{Staff: who.staff(), Step: k.step, ExpiresAt: k.began.Add(absolute)}
	s.Token, err = a.begin(ctx, k)
	return s, err
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func decode(text string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(text) }
