package limit

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"hunyue/internal/clock"
	"hunyue/internal/fault"
	"hunyue/internal/seal"
)

// ErrTooMany says that a budget is used up, and how long until a unit is free.
var ErrTooMany = fault.New(fault.TooMany, "too_many_requests")

// Limiter counts. A nil one limits nothing.
type Limiter struct {
	Redis  goredis.UniversalClient
	Prefix string // of every key; empty outside tests
	Keys   *seal.Keys
	Clock  *clock.Clock
	Log    *slog.Logger

	Budgets  []Budget      // nil: those of the program
	Patience time.Duration // how long counting may take; 0: a tenth of a second

	awayUntil atomic.Int64 // ms: Redis has just failed, and is not asked before
}

// Spent is what one act took out of budgets.
type Spent struct {
	of    *Limiter
	keys  []string // of the budgets that it was new to
	thing string
}

// Spend takes a unit for an act out of every budget that it concerns. The same
// thing is one unit, however often it is asked for; every act is another where
// no thing is named. If one budget is used up, nothing is taken out of any.
//
// Fault: ErrTooMany.
func (l *Limiter) Spend(ctx context.Context, act Act, who Who, thing string) (Spent, error) {
	if l == nil {
		return Spent{}, nil
	}
	if thing == "" {
		thing = rand.Text()
	}
	spent, wait := l.spend(ctx, who, thing, l.charges(act, who))
	if wait > 0 {
		return spent, ErrTooMany.After(wait)
	}
	return spent, nil
}

// Back frees the units again, whatever becomes of the request.
func (s Spent) Back(ctx context.Context) {
	if s.of != nil {
		s.of.back(context.WithoutCancel(ctx), s.keys, s.thing, 0)
	}
}

// Return frees the units of a thing that was spent on before, by another
// request of who: those spent within the given time, or all for 0.
func (l *Limiter) Return(ctx context.Context, act Act, who Who, thing string, within time.Duration) {
	if l == nil {
		return
	}
	var keys []string
	for _, c := range l.charges(act, who) {
		keys = append(keys, c.key)
	}
	l.back(context.WithoutCancel(ctx), keys, thing, within)
}

// Booked frees what a hold has cost, now that it is an appointment.
func (l *Limiter) Booked(ctx context.Context, who Who, hold string) {
	l.Return(ctx, Holds, who, hold, 0)
}

// Released frees what a hold has cost if it was only looked at.
func (l *Limiter) Released(ctx context.Context, who Who, hold string) {
	l.Return(ctx, Holds, who, hold, longestLook)
}

// charge is a budget that an act concerns, and where it is kept.
type charge struct {
	Budget
	key string
}

func (l *Limiter) charges(act Act, who Who) []charge {
	table := l.Budgets
	if table == nil {
		table = Budgets()
	}
	var all []charge
	for _, b := range table {
		subject, many := who.as(b.Of)
		if b.Act != act || subject == "" {
			continue
		}
		if many {
			b.Most *= manyBehind
		}
		all = append(all, charge{b, l.key(b.name(), subject)})
	}
	return all
}

// spend is what was taken, and how long to wait if a budget is used up; then
// all is given back.
func (l *Limiter) spend(ctx context.Context, who Who, thing string, from []charge) (Spent, time.Duration) {
	calls := make([]call, 0, len(from))
	for _, c := range from {
		calls = append(calls, call{"spend", c.key, []any{c.Most, c.Within.Milliseconds(), thing}})
	}
	spent, wait := Spent{of: l, thing: thing}, time.Duration(0)
	answers, _ := l.ask(ctx, calls)
	for i, answer := range answers {
		word, ms := verdict(answer)
		switch word {
		case "new":
			spent.keys = append(spent.keys, from[i].key)
		case "over":
			wait = max(wait, time.Duration(ms)*time.Millisecond)
			l.tripped(ctx, from[i].name(), who)
		}
	}
	if wait > 0 {
		spent.Back(ctx)
	}
	return spent, wait
}

func (l *Limiter) back(ctx context.Context, keys []string, thing string, within time.Duration) {
	calls := make([]call, 0, len(keys))
	for _, key := range keys {
		calls = append(calls, call{"back", key, []any{thing, within.Milliseconds()}})
	}
	l.ask(ctx, calls)
}

// tripped leaves a trace: which budget, and under which number the request is
// in the log. Nobody is named.
func (l *Limiter) tripped(ctx context.Context, name string, who Who) {
	refused.WithLabelValues(name).Inc()
	l.Log.WarnContext(ctx, "limit reached", "limit", name, "request", who.Request)
}
