package auth

import (
	"context"
	"time"

	"github.com/alexedwards/scs/v2"
)

// How long a sign-in lasts: without use, and at the longest (domain rule 89).
const (
	idle     = 15 * time.Minute
	absolute = 12 * time.Hour
)

// resting is how often the use of a session is written down: not with each
// request, so somebody idle is signed out up to that much early.
const resting = 30 * time.Second

// Step is what somebody who has signed in must do before they may work.
type Step string

// The steps. Each has one page that is open at that step.
const (
	Ready          Step = ""
	SetFactor      Step = "factor"   // set up a second factor
	ChoosePassword Step = "password" // choose a new password
)

// Session is one sign-in.
type Session struct {
	Token     string // shown once; whoever has it is the member of staff
	Staff     *Staff
	ExpiresAt time.Time // at the latest
	Step      Step
}

// kept is what Redis keeps of a session. It names nobody.
type kept struct {
	account, epoch int64
	began, used    time.Time
	proved         time.Time // when they last showed that it is still them
	factor         string    // what they proved who they are with besides the password
	step           Step
}

// manager is how sessions are kept. A literal, because scs.New starts a
// goroutine for a store that we do not use.
func (a *Accounts) manager() *scs.SessionManager {
	return &scs.SessionManager{
		IdleTimeout: idle, Lifetime: absolute, HashTokenInStore: true, Codec: scs.GobCodec{},
		Store: store{a.Redis, a.Prefix, a.Clock},
	}
}

// begin makes a session with a token that nobody has had.
func (a *Accounts) begin(ctx context.Context, k kept) (token string, err error) {
	m := a.manager()
	ctx, err = m.Load(context.WithValue(ctx, beginning{}, true), "")
	if err != nil {
		return "", err
	}
	put(ctx, m, k)
	token, _, err = m.Commit(ctx)
	return token, err
}

// find is the session of a token, or ErrLoginRequired.
func (a *Accounts) find(ctx context.Context, token string) (kept, error) {
	m := a.manager()
	ctx, err := m.Load(ctx, token)
	if err != nil {
		return kept{}, err
	}
	k := kept{
		account: m.GetInt64(ctx, "account"), epoch: m.GetInt64(ctx, "epoch"),
		began: time.UnixMilli(m.GetInt64(ctx, "began")), used: time.UnixMilli(m.GetInt64(ctx, "used")),
		proved: time.UnixMilli(m.GetInt64(ctx, "proved")),
		factor: m.GetString(ctx, "factor"), step: Step(m.GetString(ctx, "step")),
	}
	now := a.Clock.Now()
	if k.account == 0 || !now.Before(k.began.Add(absolute)) {
		return kept{}, ErrLoginRequired
	}
	if now.Sub(k.used) < resting {
		return k, nil
	}
	k.used = now
	put(ctx, m, k)
	_, _, err = m.Commit(ctx)
	return k, err
}

func put(ctx context.Context, m *scs.SessionManager, k kept) {
	m.Put(ctx, "account", k.account)
	m.Put(ctx, "epoch", k.epoch)
	m.Put(ctx, "began", k.began.UnixMilli())
	m.Put(ctx, "used", k.used.UnixMilli())
	m.Put(ctx, "proved", k.proved.UnixMilli())
	m.Put(ctx, "factor", k.factor)
	m.Put(ctx, "step", string(k.step))
}

// end ends the session of a token, however often.
func (a *Accounts) end(ctx context.Context, token string) error {
	a.admitted.forget(hashOf(token))
	m := a.manager()
	ctx, err := m.Load(ctx, token)
	if err != nil {
		return err
	}
	return m.Destroy(ctx)
}
