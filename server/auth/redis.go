package auth

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"hunyue/internal/clock"
)

// store keeps sessions in Redis for scs, each under a key of its own, so that a
// cluster may keep them wherever it likes. It is handed hashes of tokens only.
//
// When a session ends is written beside it by our clock, which tests may move;
// that Redis drops the key in time only keeps it tidy.
type store struct {
	redis  goredis.UniversalClient
	prefix string
	clock  *clock.Clock
}

const endLength = 8

func (s store) key(hash string) string { return s.prefix + "session:" + hash }

// FindCtx is a session that goes on.
func (s store) FindCtx(ctx context.Context, hash string) (session []byte, found bool, err error) {
	value, err := s.redis.Get(ctx, s.key(hash)).Bytes()
	if errors.Is(err, goredis.Nil) || err == nil && len(value) < endLength {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("find session: %w", err)
	}
	ends := time.UnixMilli(int64(binary.BigEndian.Uint64(value))) //nolint:gosec // we wrote it
	return value[endLength:], s.clock.Now().Before(ends), nil
}

type beginning struct{}

// CommitCtx keeps a session that begins, or one that still goes on: a request
// that is under way while its session ends does not bring it back.
func (s store) CommitCtx(ctx context.Context, hash string, session []byte, expiry time.Time) error {
	left := time.Until(expiry)
	mode := "XX"
	if begins, _ := ctx.Value(beginning{}).(bool); begins {
		mode = "NX"
	}
	value := binary.BigEndian.AppendUint64(nil, uint64(s.clock.Now().Add(left).UnixMilli())) //nolint:gosec // after 1970
	_, err := s.redis.SetArgs(ctx, s.key(hash), append(value, session...), goredis.SetArgs{Mode: mode, TTL: left}).Result()
	if err != nil && !errors.Is(err, goredis.Nil) {
		return fmt.Errorf("keep session: %w", err)
	}
	return nil
}

// DeleteCtx ends a session, however often.
func (s store) DeleteCtx(ctx context.Context, hash string) error {
	if err := s.redis.Del(ctx, s.key(hash)).Err(); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// scs asks for these too, and never calls them where there are those above.

func (s store) Find(string) (session []byte, found bool, err error) { return nil, false, errNoContext }
func (s store) Commit(string, []byte, time.Time) error              { return errNoContext }
func (s store) Delete(string) error                                 { return errNoContext }

var errNoContext = errors.New("sessions: asked without a context")
