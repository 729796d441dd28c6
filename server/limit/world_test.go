package limit

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"log/slog"
	"math/bits"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"hunyue/internal/clock"
	"hunyue/internal/seal"
	"hunyue/internal/testenv"
)

var errGone = errors.New("that time is gone")

// counter is a limiter on a Redis that has room for others, with these budgets.
func counter(t *testing.T, budgets ...Budget) *Limiter {
	t.Helper()
	client, prefix := testenv.Redis(t)
	keys, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	return &Limiter{
		Redis: client, Prefix: prefix, Keys: keys, Clock: &clock.Clock{}, Log: slog.New(slog.DiscardHandler),
		Budgets: budgets, Patience: 5 * time.Second, // a busy machine is no outage
	}
}

// spends is how often an act is let through of n tries.
func (l *Limiter) spends(t *testing.T, act Act, who Who, n int) int {
	t.Helper()
	through := 0
	for range n {
		if _, err := l.Spend(t.Context(), act, who, ""); err == nil {
			through++
		}
	}
	return through
}

// admits is the answer to whoever asks for a new place.
func (l *Limiter) admits(t *testing.T, ask Ask) error {
	t.Helper()
	ask.Full = errGone
	_, err := l.Admit(ask)(t.Context(), uuid.New())
	return err
}

// solve does the work that a page does.
func solve(challenge string) string {
	for n := 0; ; n++ {
		proof := challenge + "." + strconv.Itoa(n)
		sum := sha256.Sum256([]byte(proof))
		if bits.LeadingZeros64(binary.BigEndian.Uint64(sum[:])) >= Difficulty {
			return proof
		}
	}
}

// counted is what a metric shows.
func counted(t *testing.T, metric prometheus.Collector) float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(metric)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families[0].GetMetric()[0].GetCounter().GetValue()
}

func trips(t *testing.T, name string) float64 {
	t.Helper()
	return counted(t, refused.WithLabelValues(name))
}

// stored is every key and every thing that Redis has of a limiter.
func (l *Limiter) stored(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	keys := l.Redis.Scan(t.Context(), 0, l.Prefix+"*", 1000).Iterator()
	for keys.Next(t.Context()) {
		all.WriteString(keys.Val() + "\n")
		for _, thing := range l.Redis.ZRange(t.Context(), keys.Val(), 0, -1).Val() {
			all.WriteString(thing + "\n")
		}
	}
	return all.String()
}
