package web

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"hunyue/internal/clock"
)

// hub is where whoever looks at a hall gets its day from. However many look, an
// office is read once a second at most, by the first who asks after that; what all
// others get is as old. While nobody looks nothing is read.
type hub struct {
	read  func(ctx context.Context, office string, before seen) (seen, error)
	clock *clock.Clock

	most, mostFrom int           // who may listen to one office in one way, and from one address to anything
	patience       time.Duration // with whoever does not read what they are sent

	mu        sync.Mutex
	halls     map[string]*lookout
	audiences map[string]int // by the office and the way
	addresses map[string]int
	over      chan struct{} // closed when streams are to end
	ended     bool
}

// How old what is shown may be, how long a reading may take, and a browser to take
// what it is sent.
const (
	second      = time.Second
	readingTime = 2 * time.Second
	writesFor   = 5 * time.Second
)

// How many may listen. A hall's own network can be one address for all who wait.
const (
	mostListeners     = 500
	mostListenersFrom = 100
)

// lookout is what was last read of a hall. Its lock is held while it is read.
type lookout struct {
	mu    sync.Mutex
	tried time.Time
	last  seen
	err   error
	kept  atomic.Pointer[glimpse] // for who does not wait for the lock
}

type glimpse struct {
	at   time.Time
	seen seen
}

func newHub(c *clock.Clock, read func(ctx context.Context, office string, before seen) (seen, error)) *hub {
	return &hub{
		read: read, clock: c, most: mostListeners, mostFrom: mostListenersFrom, patience: writesFor,
		halls: map[string]*lookout{}, audiences: map[string]int{}, addresses: map[string]int{}, over: make(chan struct{}),
	}
}

// now is an office's hall as it was at most so long ago, or why it cannot be read.
// A reading goes on when the one who asked for it leaves: others wait for it.
func (h *hub) now(ctx context.Context, office string, age time.Duration) (seen, error) {
	l := h.lookout(office)
	l.mu.Lock()
	defer l.mu.Unlock()
	return h.fresh(ctx, l, office, age)
}

// glance is the same for a crowd: one of them reads, and nobody waits for that. What
// they get may be some seconds old; there may be nothing.
func (h *hub) glance(ctx context.Context, office string, age time.Duration) (seen, bool) {
	l := h.lookout(office)
	if l.mu.TryLock() {
		defer l.mu.Unlock()
		now, err := h.fresh(ctx, l, office, age)
		return now, err == nil
	}
	if kept := l.kept.Load(); kept != nil && h.clock.Now().Sub(kept.at) < age+readingTime {
		return kept.seen, true
	}
	return seen{}, false
}

func (h *hub) lookout(office string) *lookout {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.halls[office]
	if l == nil {
		l = &lookout{}
		h.halls[office] = l
	}
	return l
}

// fresh reads a hall whose lock is held, unless what was read is new enough.
func (h *hub) fresh(ctx context.Context, l *lookout, office string, age time.Duration) (seen, error) {
	if since := h.clock.Now().Sub(l.tried); since >= 0 && since < age { // clocks of tests go back
		return l.last, l.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readingTime)
	defer cancel()
	fresh, err := h.read(ctx, office, l.last)
	if l.tried, l.err = h.clock.Now(), err; err == nil {
		l.last = fresh
		l.kept.Store(&glimpse{l.tried, fresh})
	}
	return l.last, l.err
}

// join lets somebody listen until they leave, or not: there are too many already.
func (h *hub) join(audience, address string) (leave func(), ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended || h.audiences[audience] >= h.most || h.addresses[address] >= h.mostFrom {
		return nil, false
	}
	h.audiences[audience]++
	h.addresses[address]++
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		less(h.audiences, audience)
		less(h.addresses, address)
	}, true
}

func less(counts map[string]int, of string) {
	if counts[of]--; counts[of] == 0 {
		delete(counts, of)
	}
}

// end ends every stream, and lets none begin.
func (h *hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.ended {
		h.ended = true
		close(h.over)
	}
}
