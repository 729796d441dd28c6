package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// runFor runs the jobs for so long, by a clock of the test's own, and returns
// what was counted and what was logged.
func runFor(t *testing.T, d time.Duration, jobs ...job) (counted, logged string) {
	t.Helper()
	var log bytes.Buffer
	registry := prometheus.NewRegistry()
	r := newRunner(slog.New(slog.NewJSONHandler(&log, nil)), registry)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		if err := r.run(ctx, jobs); err != nil {
			t.Error(err)
		}
	})
	found, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(found), log.String()
}

func TestJobsRunAtOnceAndThenEverySoOften(t *testing.T) {
	var often, seldom int
	runFor(t, 61*time.Second,
		job{"often", 10 * time.Second, func(context.Context) error { often++; return nil }},
		job{"seldom", time.Hour, func(context.Context) error { seldom++; return nil }})
	if often != 7 || seldom != 1 {
		t.Errorf("ran %d and %d times, want 7 and 1", often, seldom)
	}
}

func TestAJobNeverOverlapsItself(t *testing.T) {
	var running, most atomic.Int32
	runFor(t, time.Minute, job{"slow", time.Second, func(ctx context.Context) error {
		most.Store(max(most.Load(), running.Add(1)))
		defer running.Add(-1)
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second):
		}
		return nil
	}})
	if most.Load() != 1 {
		t.Errorf("%d at once, want 1", most.Load())
	}
}

func TestAFailureIsLoggedAndTheJobGoesOn(t *testing.T) {
	var ran int
	counted, log := runFor(t, 25*time.Second, job{"bad", 10 * time.Second, func(context.Context) error {
		if ran++; ran == 2 {
			panic("of nobody's making")
		}
		return errors.New("no luck")
	}})
	if ran != 3 {
		t.Errorf("ran %d times, want 3", ran)
	}
	if strings.Count(log, `"msg":"job failed","job":"bad"`) != 3 || !strings.Contains(log, "no luck") || !strings.Contains(log, "panic") {
		t.Errorf("logged: %s", log)
	}
	if !strings.Contains(counted, `value:"failed"`) || !strings.Contains(counted, "counter:{value:3") {
		t.Errorf("counted %s, want 3 failures", counted)
	}
}

func TestAJobThatIsStoppedIsNoFailure(t *testing.T) {
	_, log := runFor(t, time.Second, job{"waits", time.Hour, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}})
	if log != "" {
		t.Errorf("logged: %s", log)
	}
}
