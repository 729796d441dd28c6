// Package engines runs a real Postgres and a real Redis of the program's own,
// as child processes, where nobody has named any to connect to.
//
// They keep their data in one folder and listen only on sockets in a folder
// that no other account of the machine can enter. They end with the program,
// however it ends: asked to, or killed.
package engines

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// How long an engine may take. Coming up includes the recovery after a crash,
// which reads everything written since the last checkpoint.
const (
	startPatience    = 5 * time.Minute
	postgresPatience = 20 * time.Second
	redisPatience    = 10 * time.Second
)

// Options says what to start and where.
type Options struct {
	Data     string // the folder that keeps the data; made if it is missing
	Postgres bool
	Redis    bool
	Log      io.Writer // gets what the engines print; nil drops it

	// Fast leaves out fsync, so that a power cut may lose or spoil the data.
	// For tests: the end of a process alone still loses nothing.
	Fast bool
}

// Engines are running engines. The address of one that was not asked for is
// empty, and its process number zero.
type Engines struct {
	DatabaseURL string // key=value pairs for lib/pq; more may be appended
	RedisURL    string // unix:///...?db=0
	PostgresPID int
	RedisPID    int

	home     *home
	postgres *child
	redis    *child

	stopping chan struct{}
	done     chan struct{}
	err      error
	expect   func() // from here on an end is no surprise
	stop     func() error
}

// Start brings up what o asks for and returns when it answers. The engines
// outlive ctx, which bounds only the start; Stop ends them.
//
// It reports ErrInUse if another process runs the engines of this folder, and
// an error that names the command to type if a program has to be installed.
func Start(ctx context.Context, o Options) (*Engines, error) {
	if o.Log == nil {
		o.Log = io.Discard
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startPatience,
		fmt.Errorf("the engines were not ready after %s", startPatience))
	defer cancel()
	programs, err := find(ctx, o)
	if err != nil {
		return nil, err
	}
	home, err := moveIn(ctx, o)
	if err != nil {
		return nil, err
	}
	e := &Engines{home: home, stopping: make(chan struct{}), done: make(chan struct{})}
	e.expect = sync.OnceFunc(func() { close(e.stopping) })
	e.stop = sync.OnceValue(e.wind)
	if err := e.start(ctx, o, programs); err != nil {
		return nil, errors.Join(err, e.halt())
	}
	go e.watch()
	return e, nil
}

func (e *Engines) start(ctx context.Context, o Options, p programs) error {
	log := &sharedWriter{to: o.Log}
	both, ctx := errgroup.WithContext(ctx)
	if o.Postgres {
		both.Go(func() (err error) {
			e.postgres, err = startPostgres(ctx, e.home, p.postgres, o.Fast, log)
			return err
		})
	}
	if o.Redis {
		both.Go(func() (err error) {
			e.redis, err = startRedis(ctx, e.home, p.redis, log)
			return err
		})
	}
	if err := both.Wait(); err != nil {
		return err
	}
	if o.Postgres {
		e.DatabaseURL, e.PostgresPID = databaseURLAt(e.home.sockets), e.postgres.pid()
	}
	if o.Redis {
		e.RedisURL, e.RedisPID = redisURLAt(e.home.sockets), e.redis.pid()
	}
	return nil
}

// Done is closed when an engine has ended by itself, and by Stop.
func (e *Engines) Done() <-chan struct{} { return e.done }

// Err says which engine ended by itself and with what last words. It is nil
// before Done is closed, and when Stop ended them.
func (e *Engines) Err() error {
	select {
	case <-e.done:
		return e.err
	default:
		return nil
	}
}

func (e *Engines) watch() {
	defer close(e.done)
	select {
	case <-e.stopping:
	case <-e.postgres.over():
		e.err = e.postgres.lastWords()
	case <-e.redis.over():
		e.err = e.redis.lastWords()
	}
}

// Stop ends the engines in order, Redis before Postgres, and frees the folder.
// It reports an engine that had to be forced. Calling it again does no more.
func (e *Engines) Stop() error { return e.stop() }

// StopRedis ends Redis before the rest, in good order: when it returns nil,
// everything that Redis acknowledged is on disk.
func (e *Engines) StopRedis() error {
	e.expect()
	<-e.done
	return e.redis.stop(syscall.SIGTERM, syscall.SIGKILL, redisPatience)
}

func (e *Engines) wind() error {
	e.expect()
	<-e.done
	return e.halt()
}

func (e *Engines) halt() error {
	return errors.Join(
		e.redis.stop(syscall.SIGTERM, syscall.SIGKILL, redisPatience),
		e.postgres.stop(syscall.SIGINT, syscall.SIGQUIT, postgresPatience),
		e.home.moveOut(),
	)
}
