package slots_test

import (
	"context"
	"sync"
	"testing"

	"hunyue/internal/postgres"
	"hunyue/slots"
)

// TestCouplesBookWhileTheScheduleChanges holds that bookings, cancellations,
// publications, suspensions and warm places get on with each other: nobody waits
// for ever, nothing fails but for want of a place, and all counts agree.
func TestCouplesBookWhileTheScheduleChanges(t *testing.T) {
	s := newStore(t)
	template, hall := week(), 12
	template.Caps = slots.Caps{HalfDay: map[slots.Group]int{slots.Marriage: 9}, Hall: &hall}
	putSchedule(t, s, "2026-05-20", template)
	publish(t, s, "2026-05-20", "2026-05-21")
	ids := []string{
		"430702-20260520-0900-marriage-web", "430702-20260520-0930-marriage-web",
		"430702-20260520-0900-divorce-web", "430702-20260521-0900-marriage-phone",
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var couples sync.WaitGroup
	for n := range 6 {
		couples.Go(func() { bookAndCancel(ctx, t, s, ids[n%len(ids)]) })
	}
	for n := range 12 {
		template.Capacity = slots.Capacity{slots.Marriage: 4 + n%5, slots.Divorce: n % 2}
		putSchedule(t, s, "2026-05-20", template)
		publish(t, s, "2026-05-20", "2026-05-21")
		inTx(t, s, func(tx postgres.Querier) error { _, err := s.Warm(t.Context(), tx); return err })
		c := suspend(t, s, slots.Closing{Office: wuling, From: day(t, "2026-05-21"), Mode: slots.Full, Reason: "a drill"})
		amend(t, s, c.Suspension, day(t, "2026-05-20"), "over")
	}
	stop()
	couples.Wait()
	checkCounts(t, quotas(t, s, "2026-05-20", "2026-05-21"))
}

// bookAndCancel takes places and gives them back, until the context ends.
func bookAndCancel(ctx context.Context, t *testing.T, s *slots.Store, id string) {
	for ctx.Err() == nil {
		q, err := s.Quota(ctx, s.DB, id)
		if err == nil {
			err = takeOne(ctx, s.DB, id, q.Epoch)
		}
		if err == nil {
			_, err = s.DB.ExecContext(context.WithoutCancel(ctx), `SELECT free_place($1, clock_now())`, id)
		}
		if state := postgres.State(err); err != nil && state != "HY003" && state != "HY008" && ctx.Err() == nil {
			t.Errorf("%s: %v", id, err)
			return
		}
	}
}

// BenchmarkPublish publishes three months of an ordinary office, and then again,
// which is what a manager waits for and what bookings of these days wait for.
func BenchmarkPublish(b *testing.B) {
	s := newStore(b)
	hours := []slots.Period{{From: 9 * 60, To: 12 * 60}, {From: 14*60 + 30, To: 17 * 60}}
	hall := 60
	template := slots.Template{
		SlotMinutes: 30,
		Weekdays:    slots.Week{"mon": hours, "tue": hours, "wed": hours, "thu": hours, "fri": hours},
		Capacity:    slots.Capacity{slots.Marriage: 3, slots.Divorce: 1, slots.Other: 1},
		Caps:        slots.Caps{HalfDay: map[slots.Group]int{slots.Marriage: 16}, Hall: &hall},
	}
	n := 0
	for b.Loop() {
		template.Capacity[slots.Marriage] = 3 + n%2
		n++
		putSchedule(b, s, "2026-05-18", template)
		publish(b, s, "2026-05-18", "2026-08-17")
	}
}
