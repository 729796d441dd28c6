package booking

import (
	"sync"
	"time"
)

// moment is how long a place that is sold out is remembered. Nothing that is
// sold out comes on sale again faster than somebody can ask twice.
const moment = 200 * time.Millisecond

// soldOut remembers the quotas that Redis has just said to be full of bookings,
// so that a crowd which comes too late need not ask it one by one. It only says
// no early, as Redis does, and forgets an office with every change that is made
// here; one that is made by another server is seen a moment later.
type soldOut struct {
	mu      sync.Mutex
	offices map[string]*refusals
}

type refusals struct {
	changes int                  // so far
	at      map[string]time.Time // when a quota was said to be full
}

// of is what is remembered of an office; the caller has the lock.
func (s *soldOut) of(office string) *refusals {
	if s.offices == nil {
		s.offices = map[string]*refusals{}
	}
	if s.offices[office] == nil {
		s.offices[office] = &refusals{at: map[string]time.Time{}}
	}
	return s.offices[office]
}

// known reports whether a quota was full a moment ago and, if not, how many
// changes an answer will know that is asked for now.
func (s *soldOut) known(office, quota string, now time.Time) (full bool, changes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.of(office)
	since := now.Sub(r.at[quota])
	return since >= 0 && since < moment, r.changes
}

// note remembers that a quota is full, unless something has changed since it
// was asked about.
func (s *soldOut) note(office, quota string, now time.Time, changes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.of(office); r.changes == changes {
		r.at[quota] = now
	}
}

// changed forgets what was full at an office.
func (s *soldOut) changed(office string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.of(office)
	r.changes++
	clear(r.at)
}
