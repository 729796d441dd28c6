package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

// remember is how long somebody who was let in is let in unasked: the longest
// that a disabled account can go on.
const remember = time.Second

// tokenLength is that of every token: 32 random bytes.
const tokenLength = 43

// Authenticate is the member of staff whose token this is. An account that was
// disabled, or a session that was ended elsewhere, is turned away within a
// second.
//
// Faults: ErrLoginRequired; ErrFactorNeeded and ErrPasswordOld for somebody who
// has to do something else first.
func (a *Accounts) Authenticate(ctx context.Context, token string) (*Staff, error) {
	s, step, err := a.Admit(ctx, token)
	if err == nil {
		err = step.Err()
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Admit is Authenticate at whatever step: who it is, and what they must do
// before they may work.
//
// Faults: ErrLoginRequired.
func (a *Accounts) Admit(ctx context.Context, token string) (*Staff, Step, error) {
	hash := hashOf(token)
	now := a.Clock.Now()
	known := a.admitted.recall(hash)
	if now.Before(known.until) {
		return known.staff, known.session.step, nil
	}
	if len(token) != tokenLength {
		return nil, Ready, ErrLoginRequired // made up: the engines need not hear of it
	}
	session, err := a.find(ctx, token)
	if err != nil && !errors.Is(err, ErrLoginRequired) && known.goesOn(now) {
		session, err = known.session, nil // Redis is away, and the hall goes on
	}
	if err != nil {
		return nil, Ready, err
	}
	s, err := inEpoch(ctx, a.DB, session)
	if err != nil {
		return nil, Ready, err
	}
	a.admitted.note(hash, admission{staff: s, session: session, until: now.Add(remember)})
	return s, session.step, nil
}

// admitted is who was let in a moment ago.
type admitted struct {
	mu  sync.Mutex
	all map[[sha256.Size]byte]admission
}

type admission struct {
	staff   *Staff
	session kept
	until   time.Time
}

// goesOn reports whether the session has not ended by itself since Redis was
// last asked.
func (m admission) goesOn(now time.Time) bool {
	return m.staff != nil && now.Before(m.session.used.Add(idle)) && now.Before(m.session.began.Add(absolute))
}

// most is how many admissions are kept before all are forgotten: far more than
// an office has staff.
const most = 10_000

func (a *admitted) recall(hash [sha256.Size]byte) admission {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.all[hash]
}

func (a *admitted) note(hash [sha256.Size]byte, m admission) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all == nil || len(a.all) >= most {
		a.all = map[[sha256.Size]byte]admission{}
	}
	a.all[hash] = m
}

func (a *admitted) forget(hash [sha256.Size]byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.all, hash)
}

func hashOf(token string) [sha256.Size]byte { return sha256.Sum256([]byte(token)) }
