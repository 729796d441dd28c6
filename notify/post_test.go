package notify_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"hunyue/notify"
)

// post is a channel that keeps what it takes.
type post struct {
	mu    sync.Mutex
	taken []notify.Message

	// before and after run around the taking; what they return is the answer
	// of Send. An error from before means that nothing was taken.
	before, after func(m notify.Message) error

	forgets bool // Status cannot tell
	mute    bool // Status cannot be asked
}

func (p *post) Send(_ context.Context, m notify.Message) error {
	if p.before != nil {
		if err := p.before(m); err != nil {
			return err
		}
	}
	p.mu.Lock()
	p.taken = append(p.taken, m)
	p.mu.Unlock()
	if p.after != nil {
		return p.after(m)
	}
	return nil
}

func (p *post) Status(_ context.Context, reference uuid.UUID) (notify.Delivery, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.mute:
		return notify.Unknown, fmt.Errorf("no connection for %s", mobile)
	case p.forgets:
		return notify.Unknown, nil
	}
	for _, m := range p.taken {
		if m.Reference == reference {
			return notify.Taken, nil
		}
	}
	return notify.Missing, nil
}

// kinds is what was taken, in order.
func (p *post) kinds() []notify.Kind {
	p.mu.Lock()
	defer p.mu.Unlock()
	kinds := []notify.Kind{}
	for _, m := range p.taken {
		kinds = append(kinds, m.Kind)
	}
	return kinds
}
