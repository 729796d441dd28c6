// Package clock is the program's own clock. It dates what is shown and what is
// logged; whether a hold or a day is still open is judged by the clocks of
// Redis and Postgres, to which the same shift is given.
package clock

import (
	"sync/atomic"
	"time"
)

// Clock tells the time. Its zero value is right; demo mode and tests shift it.
type Clock struct{ shift atomic.Int64 }

// Now is the time, shifted.
func (c *Clock) Now() time.Time {
	return time.Now().Add(c.Shift()) //nolint:forbidigo // the one place where time comes from
}

// Shift is how far the clock runs ahead of the machine's.
func (c *Clock) Shift() time.Duration { return time.Duration(c.shift.Load()) }

// Set makes the clock run ahead of the machine's by d.
func (c *Clock) Set(d time.Duration) { c.shift.Store(int64(d)) }
