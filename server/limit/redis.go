package limit

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

//go:embed lua/limit.lua
var library string

const (
	patience = 100 * time.Millisecond // what counting may cost a visitor at most
	restFor  = time.Second            // how long Redis is left alone after it has failed
)

// call is one function of the library, about one key.
type call struct {
	name, key string
	args      []any
}

// key is where something about a subject is kept. It tells nobody who it is.
func (l *Limiter) key(name, subject string) string {
	return fmt.Sprintf("%sl:%s:%x", l.Prefix, name, l.Keys.MAC("limit", []byte(name), []byte(subject))[:16])
}

// ask runs the calls in one round trip. It is false, and nothing is known, if
// Redis does not answer in time: then everybody is let through.
func (l *Limiter) ask(ctx context.Context, calls []call) ([]any, bool) {
	if len(calls) == 0 {
		return nil, true
	}
	now := l.Clock.Now().UnixMilli()
	if rest := l.awayUntil.Load() - now; rest > 0 && rest <= restFor.Milliseconds() {
		unchecked.Inc()
		return nil, false
	}
	most := l.Patience
	if most == 0 {
		most = patience
	}
	within, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	answers, err := l.run(within, calls)
	if err == nil {
		return answers, true
	}
	unchecked.Inc()
	if ctx.Err() == nil { // else the visitor has gone
		l.awayUntil.Store(now + restFor.Milliseconds())
		l.Log.WarnContext(ctx, "limits are not counted", "error", err)
	}
	return nil, false
}

// run is the answers to the calls. Servers that do not have the library, or have
// lost it, are given it and asked again; what was done before is not done twice.
func (l *Limiter) run(ctx context.Context, calls []call) ([]any, error) {
	answers, err := l.pipe(ctx, calls)
	if err == nil || !strings.Contains(err.Error(), "Function not found") {
		return answers, err
	}
	for _, c := range calls {
		if err := l.load(ctx, c.key); err != nil {
			return nil, err
		}
	}
	again, err := l.pipe(ctx, calls)
	for i := range again {
		if word, _ := verdict(answers[i]); word == "new" {
			again[i] = answers[i] // it is known only because of the first time
		}
	}
	return again, err
}

func (l *Limiter) pipe(ctx context.Context, calls []call) ([]any, error) {
	cmds, err := l.Redis.Pipelined(ctx, func(p goredis.Pipeliner) error {
		for _, c := range calls {
			p.FCall(ctx, "hunyue_limit_"+c.name, []string{c.key}, c.args...)
		}
		return nil
	})
	answers := make([]any, len(calls))
	for i, cmd := range cmds {
		if one, ok := cmd.(*goredis.Cmd); ok {
			answers[i] = one.Val()
			err = errors.Join(err, one.Err())
		}
	}
	if err != nil {
		return answers, fmt.Errorf("redis limits: %w", err)
	}
	return answers, nil
}

// load gives the library to the server that has the key.
func (l *Limiter) load(ctx context.Context, key string) error {
	var server goredis.Cmdable = l.Redis
	if cluster, ok := l.Redis.(*goredis.ClusterClient); ok {
		master, err := cluster.MasterForKey(ctx, key)
		if err != nil {
			return fmt.Errorf("redis of a limit: %w", err)
		}
		server = master
	}
	if err := server.FunctionLoadReplace(ctx, library).Err(); err != nil {
		return fmt.Errorf("load limits into redis: %w", err)
	}
	return nil
}

// verdict is what spend answers.
func verdict(answer any) (word string, ms int64) {
	if parts, ok := answer.([]any); ok && len(parts) == 2 {
		word, _ = parts[0].(string)
		ms, _ = parts[1].(int64)
	}
	return word, ms
}
