package hall_test

import (
	"errors"
	"fmt"
	"time"

	"hunyue/booking"
	"hunyue/hall"
)

// receive measures a couple and checks it in.
func (th *theatre) receive(s *simulated) {
	device, first := "T1", 365
	if s.fever && (s.again.IsZero() || !s.recovers) {
		first = 374
	}
	if !s.again.IsZero() {
		device = "T2"
	}
	a := arrivalWith(device, s.number, first, 366)
	if !s.again.IsZero() {
		a.Readings = a.Readings[:1]
	}
	a.Key = fmt.Sprint(s.number, s.again.Unix())
	got, err := th.CheckIn(th.t.Context(), a)
	if err != nil {
		th.t.Errorf("check-in at %s: %v", th.now.Format("15:04"), err)
		return
	}
	th.mu.Lock()
	defer th.mu.Unlock()
	s.reading += len(a.Readings)
	switch got.Outcome {
	case hall.Recheck:
		s.again = got.RecheckAt.Add(tick)
	case hall.Deferred:
		s.end = booking.HealthDeferred
	case hall.Noted:
		th.t.Errorf("a couple that was measured is only noted")
	case hall.Early:
		th.t.Errorf("a couple for %s is early at %s", s.slot.Format("15:04"), th.now.Format("15:04"))
	case hall.Admitted, hall.Late:
		s.turn = th.now
	}
}

// letIn brings in whoever is next outside, as the desk does.
func (th *theatre) letIn() {
	for {
		outside := th.line().Outside()
		if len(outside) == 0 {
			return
		}
		err := th.Enter(th.t.Context(), outside[0].Number, press(""))
		if errors.Is(err, hall.ErrHallFull) {
			return
		}
		if err != nil {
			th.t.Errorf("let in: %v", err)
			return
		}
	}
}

// sit is what a counter does next: call, call again, pass, serve or finish.
func (th *theatre) sit(c *sitting) {
	switch {
	case c.with == nil:
		th.call(c)
	case th.now.Before(c.until):
	case c.until.IsZero() || c.with.end == "" && th.status(c.with.number) == booking.Called:
		th.await(c)
	default:
		th.finish(c)
	}
}

func (th *theatre) call(c *sitting) {
	turn, err := th.CallNext(th.t.Context(), press(c.name))
	if errors.Is(err, hall.ErrNobodyWaits) || errors.Is(err, hall.ErrHallFull) {
		return
	}
	if err != nil {
		th.t.Errorf("counter %s calls: %v", c.name, err)
		return
	}
	th.mu.Lock()
	defer th.mu.Unlock()
	s := th.byNumber[th.numberOf(turn.Ticket)]
	if s.called.IsZero() {
		s.called = th.now
	}
	s.calls++
	c.with, c.until = s, th.now.Add(tick)
}

// await is for a couple that was called: it comes, or is called again and passed.
func (th *theatre) await(c *sitting) {
	ctx := th.t.Context()
	if !c.with.deaf {
		if _, err := th.Start(ctx, c.with.number, c.name, "registrar"); err != nil {
			th.t.Errorf("counter %s begins: %v", c.name, err)
		}
		c.until = th.now.Add(th.service())
		return
	}
	_, err := th.Recall(ctx, c.with.number, press(c.name))
	if errors.Is(err, hall.ErrPassFirst) {
		if _, err = th.Pass(ctx, c.with.number, press(c.name)); err == nil {
			c.with.deaf, c.with, c.until = false, nil, time.Time{}
			return
		}
	}
	if err != nil {
		th.t.Errorf("counter %s calls again: %v", c.name, err)
	}
	c.until = th.now.Add(tick)
}

// service is how long a couple takes: four to nine minutes.
func (th *theatre) service() time.Duration {
	th.mu.Lock()
	defer th.mu.Unlock()
	return time.Duration((4 + 2.5*(th.random.Float64()+th.random.Float64())) * float64(time.Minute))
}

func (th *theatre) finish(c *sitting) {
	th.mu.Lock()
	th.serial++
	certificate := fmt.Sprintf("J430702-2026-%06d", th.serial)
	th.mu.Unlock()
	s := c.with
	s.end = booking.Completed
	var err error
	if s.refused {
		s.end = booking.NotAccepted
		err = th.NotAccepted(th.t.Context(), s.number, "papers missing", "registrar")
	} else {
		_, err = th.Complete(th.t.Context(), s.number, certificate, "registrar")
	}
	if err != nil {
		th.t.Errorf("counter %s ends: %v", c.name, err)
	}
	c.with, c.until = nil, time.Time{}
}
