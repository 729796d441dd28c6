package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
)

// job is something that is done again and again beside the requests. A job may
// run on several servers at once, so each takes what it works on under a lock.
type job struct {
	name  string
	every time.Duration
	run   func(context.Context) error
}

// runner runs jobs until it is told to stop.
type runner struct {
	log  *slog.Logger
	runs *prometheus.CounterVec // by job and result
}

func newRunner(log *slog.Logger, registry *prometheus.Registry) *runner {
	r := &runner{log: log, runs: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "hunyue_job_runs_total",
		Help: "How often each job ran, by result.",
	}, []string{"job", "result"})}
	registry.MustRegister(r.runs)
	return r
}

// run runs each job at once and then every so often, until ctx is done and the
// last of them has returned. A job never overlaps itself: one that takes longer
// than its period begins again when it is through.
func (r *runner) run(ctx context.Context, jobs []job) error {
	var all errgroup.Group
	for _, j := range jobs {
		all.Go(func() error {
			tick := time.NewTicker(j.every)
			defer tick.Stop()
			for ctx.Err() == nil {
				r.once(ctx, j)
				select {
				case <-ctx.Done():
				case <-tick.C:
				}
			}
			return nil
		})
	}
	return all.Wait()
}

// once runs a job. Neither a failure nor a panic ends the program: the job
// gets another chance when its time comes.
func (r *runner) once(ctx context.Context, j job) {
	err := guarded(ctx, j.run)
	switch {
	case err == nil:
		r.runs.WithLabelValues(j.name, "ok").Inc()
	case ctx.Err() != nil: // stopped in the middle
	default:
		r.runs.WithLabelValues(j.name, "failed").Inc()
		r.log.ErrorContext(ctx, "job failed", "job", j.name, "error", told(err))
	}
}

func guarded(ctx context.Context, run func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicOf(v)
		}
	}()
	return run(ctx)
}
