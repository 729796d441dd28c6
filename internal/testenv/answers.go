package testenv

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// Answers is how long a crowd waited for each of its answers. Everybody in the
// crowd may write to it at once.
type Answers struct {
	mu    sync.Mutex
	waits []time.Duration
}

// Waited notes one more answer.
func (a *Answers) Waited(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waits = append(a.waits, d)
}

// String is how many answers there were, and within which time half of them
// came, 95 and 99 in a hundred.
func (a *Answers) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	slices.Sort(a.waits)
	return fmt.Sprintf("%d answers, p50 %v, p95 %v, p99 %v", len(a.waits), a.within(50), a.within(95), a.within(99))
}

// within is the longest wait of so many percent, the quickest first.
func (a *Answers) within(percent int) time.Duration {
	if len(a.waits) == 0 {
		return 0
	}
	rank := (len(a.waits)*percent + 99) / 100 // rounded up, so that it is somebody's
	return a.waits[rank-1].Round(100 * time.Microsecond)
}
