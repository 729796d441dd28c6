package postgres

import (
	"context"
	"math/rand/v2"
	"time"
)

// Insist runs act, a transaction, again where it lost against others who wanted the
// same rows: after a deadlock, or a lock that did not come in time. It gives up
// after five tries, with the last error.
func Insist(ctx context.Context, act func() error) error {
	for try := time.Duration(1); ; try++ {
		err := act()
		if state := State(err); try == 5 || state != "40P01" && state != "55P03" {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(try * time.Duration(10+rand.IntN(40)) * time.Millisecond):
		}
	}
}
