package testenv

import (
	"context"
	"os"
	"syscall"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"hunyue/internal/engines"
	"hunyue/internal/redis"
)

// RedisServer is a Redis process that one test has for itself, to empty, kill
// and start again.
type RedisServer struct {
	URL string // stays the same over a restart

	t       testing.TB
	data    string
	running *engines.Engines
}

// OwnRedis starts a Redis for this test alone, and a client of it. It keeps
// its data on disk as a real one does.
func OwnRedis(t testing.TB) (*goredis.Client, *RedisServer) {
	t.Helper()
	s := &RedisServer{t: t, data: enterable(t)}
	s.Restart()
	t.Cleanup(s.stop)
	s.URL = s.running.RedisURL
	client, err := redis.Open(t.Context(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client.(*goredis.Client), s
}

// Kill ends the process without warning, and returns when it is gone.
func (s *RedisServer) Kill() {
	s.t.Helper()
	if err := syscall.Kill(s.running.RedisPID, syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
	<-s.running.Done()
	s.stop()
}

// Restart starts a process on the data of the last one, which it stops in good
// order if Kill has not ended it. It returns when the new one answers.
func (s *RedisServer) Restart() {
	s.t.Helper()
	s.stop()
	var err error
	if s.running, err = engines.Start(context.Background(), engines.Options{Data: s.data, Redis: true, Fast: true}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *RedisServer) stop() {
	s.t.Helper()
	if s.running == nil {
		return
	}
	if err := s.running.Stop(); err != nil {
		s.t.Errorf("stop this test's Redis: %v", err)
	}
}

// enterable is a temporary folder for engines, which may run as another user
// and could not enter that of t.TempDir.
func enterable(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "hunyue-test-*") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(folder, 0o711); err != nil {
		t.Fatal(err)
	}
	return folder
}
