package auth

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"
)

// remember is how long somebody who was let in is let in unasked: the longest
// that a disabled account can go on.
const remember = time.Second

// Authenticate is the member of staff whose token this is. An account that was
// disabled, or a session that was ended elsewhere, is turned away within a
// second.
//
// Faults: ErrLoginRequired.
func (a *Accounts) Authenticate(ctx context.Context, token string) (*Staff, error) {
	hash := hashOf(token)
	now := a.Clock.Now()
	if s := a.admitted.recall(hash, now); s != nil {
		return s, nil
	}
	if _, err := a.Keys.Verify(purpose, token); err != nil {
		return nil, ErrLoginRequired // made up: the database need not hear of it
	}
	s, err := use(ctx, a.DB, hash)
	if err != nil {
		return nil, err
	}
	a.admitted.note(hash, s, now.Add(remember))
	return s, nil
}

// admitted is who was let in a moment ago.
type admitted struct {
	mu  sync.Mutex
	all map[[sha256.Size]byte]admission
}

type admission struct {
	staff *Staff
	until time.Time
}

// most is how many admissions are kept before all are forgotten: far more than
// an office has staff.
const most = 10_000

func (a *admitted) recall(hash [sha256.Size]byte, now time.Time) *Staff {
	a.mu.Lock()
	defer a.mu.Unlock()
	if known := a.all[hash]; now.Before(known.until) {
		return known.staff
	}
	return nil
}

func (a *admitted) note(hash [sha256.Size]byte, s *Staff, until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all == nil || len(a.all) >= most {
		a.all = map[[sha256.Size]byte]admission{}
	}
	a.all[hash] = admission{staff: s, until: until}
}

func (a *admitted) forget(hash [sha256.Size]byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.all, hash)
}
