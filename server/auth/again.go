package auth

import (
	"context"
	"time"
)

// fresh is for how long somebody who has shown who they are is not asked again before
// they see a couple in full: a seat that was left for a moment shows nobody else a
// number, and whoever compares document after document types no password for each.
const fresh = 5 * time.Minute

// Proved reports whether whoever has the token has shown within the last five minutes
// that it is them. Where that cannot be known they have not.
func (a *Accounts) Proved(ctx context.Context, token string) bool {
	k, err := a.find(ctx, token)
	return err == nil && a.Clock.Now().Sub(k.proved) < fresh
}

// ProveAgain has somebody who has signed in show once more that it is them. Wrong
// passwords count as those of a login.
//
// Faults: ErrLoginFailed; ErrBusy; ErrLoginRequired.
func (a *Accounts) ProveAgain(ctx context.Context, token string, s *Staff, password string) error {
	if err := a.Reprove(ctx, s, password); err != nil {
		return err
	}
	m := a.manager()
	ctx, err := m.Load(ctx, token)
	if err != nil {
		return err
	}
	if m.GetInt64(ctx, "account") != s.ID {
		return ErrLoginRequired
	}
	m.Put(ctx, "proved", a.Clock.Now().UnixMilli())
	_, _, err = m.Commit(ctx)
	return err
}
