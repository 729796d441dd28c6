package main

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hunyue/hall"
	"hunyue/notify"
	"hunyue/server/watch"
)

// duties is what is done beside the requests, and how often.
func (p *parts) duties(c config) []job {
	all := []job{
		{"reconcile", 30 * time.Second, p.reconcile},
		{"warm", 30 * time.Second, p.chores.Warm},
		{"return unused", time.Minute, p.chores.ReturnUnused},
		{"retire", time.Minute, p.chores.Retire},
		{"remind", time.Minute, p.chores.Remind},
		{"close days", 5 * time.Minute, p.closeDays},
		{"gauges", 15 * time.Second, p.gauges()},
		{"purge", time.Hour, p.purge},
		{"seal audit", time.Minute, (&watch.Log{DB: p.jobs, Log: p.log}).Seal},
	}
	if p.purging != nil {
		all = append(all, job{"unlink readings", time.Hour, p.unlinkReadings})
		if !c.Demo { // which knows by its oldest row that it is one, and has nobody's data
			all = append(all, job{"remove audit", time.Hour, p.removeAudit(c.AuditDays)})
		}
	}
	if c.Demo {
		all = append(all, job{"demo day", 5 * time.Second, p.demo.today})
	}
	return all
}

// reconcile mends what Redis counts otherwise than Postgres. A difference is no
// failure, but somebody should know.
func (p *parts) reconcile(ctx context.Context) error {
	differ, err := p.chores.Reconcile(ctx)
	if differ > 0 {
		p.log.WarnContext(ctx, "redis counted otherwise than postgres", "quotas", differ)
	}
	return err
}

// closeDays notes who did not come, on days whose last slot has ended.
func (p *parts) closeDays(ctx context.Context) error {
	_, err := p.hall.CloseDue(ctx)
	return err
}

// purge deletes what may be kept no longer.
func (p *parts) purge(ctx context.Context) error {
	var failed error
	for _, purge := range []func(context.Context) (int64, error){p.outbox.Purge, p.chores.Forget, p.chores.EraseOld, p.hall.Forget, p.accounts.Purge} {
		_, err := purge(ctx)
		failed = errors.Join(failed, err)
	}
	return failed
}

// unlinkReadings takes from old readings whose they were.
func (p *parts) unlinkReadings(ctx context.Context) error {
	_, err := (&hall.Unlinker{DB: p.purging}).Unlink(ctx)
	return err
}

// removeAudit removes from the audit what is older than its days.
func (p *parts) removeAudit(days int) func(context.Context) error {
	return func(ctx context.Context) error {
		n, err := (&watch.Remover{DB: p.purging, Days: days}).Remove(ctx)
		if n > 0 {
			p.log.InfoContext(ctx, "audit removed", "rows", n, "days", days)
		}
		return err
	}
}

// gauges measures what no request shows: how far the engines' clocks are apart
// and how long the oldest event has been waiting.
func (p *parts) gauges() func(context.Context) error {
	apart := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "hunyue_clock_skew_seconds",
		Help: "How far the clock of Redis runs ahead of that of Postgres.",
	})
	oldest := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "hunyue_outbox_oldest_seconds",
		Help: "How long the oldest pending event has been waiting, by topic.",
	}, []string{"topic"})
	p.watched.registry.MustRegister(apart, oldest)
	return func(ctx context.Context) error {
		ahead, failed := skew(ctx, p.jobs, p.redis)
		if failed == nil {
			apart.Set(ahead.Seconds())
		}
		ages, err := p.outbox.Age(ctx)
		if err == nil {
			for _, topic := range []notify.Topic{notify.TopicSettle, notify.TopicMessage, notify.TopicCode} {
				oldest.WithLabelValues(string(topic)).Set(ages[topic].Seconds())
			}
		}
		return errors.Join(failed, err)
	}
}
