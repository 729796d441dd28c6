package auth

import (
	"context"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
)

// How a password is hashed: 19 MiB twice over, the least that OWASP recommends
// for Argon2id, and about 30 ms of one core.
var argon = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// nobody is the hash of a password that was thrown away. An unknown name is
// checked against it, so that it takes as long to refuse as a known one.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$Kxucq7sLH6Xm7q/iqoNuWQ$MSziq2YhsaLd2CndpiHHptSDVSxdvLuxBVSzzbnhbu8"

// How many passwords are hashed at once, and how long a login waits for its turn:
// a crowd at the door may not take the memory and the cores of those inside.
const (
	atOnce  = 2
	patient = 2 * time.Second
)

// passwords hashes a few passwords at a time.
type passwords struct {
	once  sync.Once
	turns chan struct{}
}

// turn waits for its turn as long as ctx allows.
func (p *passwords) turn(ctx context.Context) (done func(), err error) {
	p.once.Do(func() { p.turns = make(chan struct{}, atOnce) })
	select {
	case p.turns <- struct{}{}:
		return func() { <-p.turns }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	done, err := p.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return argon2id.CreateHash(password, &argon)
}

func (p *passwords) match(ctx context.Context, password, hash string) (bool, error) {
	if len(password) > longest*utf8.UTFMax {
		password = "" // never anybody's, and as long to refuse as any other
	}
	wait, cancel := context.WithTimeoutCause(ctx, patient, ErrBusy.After(patient))
	defer cancel()
	done, err := p.turn(wait)
	if err != nil {
		return false, err
	}
	defer done()
	matches, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("stored password: %w", err)
	}
	return matches, nil
}
