package hall_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/slots"
)

// A whole day with the figures of a busy one: what is simulated is people, and
// everything that they do goes through the desk and into Postgres as on any day.
const (
	couples     = 260
	counters    = 4
	desks       = 2
	tick        = 10 * time.Second  // whoever acts in it does so at the same moment
	staying     = couples * 5 / 100 // away
	comingLate  = couples * 10 / 100
	feverish    = couples * 3 / 100 // of whom every second is well again by the second reading
	notHearing  = 5                 // the first calls
	refused     = 5                 // for papers that are missing
	waitingRoom = 4
)

// simulated is a couple of the simulation, and what it goes through.
type simulated struct {
	number   string
	slot     time.Time
	arrives  time.Time // zero: they stay away
	fever    bool
	recovers bool
	deaf     bool // does not hear the first calls
	refused  bool

	again   time.Time // for the second reading
	turn    time.Time // when they had drawn a ticket and their slot had begun
	called  time.Time
	end     booking.Status
	calls   int
	reading int // how many were taken
}

// sitting is a counter of the simulation.
type sitting struct {
	name  string
	with  *simulated
	until time.Time // zero: they have not come yet
}

// theatre is the day.
type theatre struct {
	*world
	random   *rand.Rand
	now      time.Time
	all      []*simulated
	byNumber map[string]*simulated
	door     []*simulated // who stands at the door, in order
	sittings []*sitting
	serial   int
	peak     int
	lost     int
	stuck    int
	mu       sync.Mutex
}

func newTheatre(t *testing.T) *theatre {
	th := &theatre{world: newWorld(t), random: rand.New(rand.NewPCG(20260520, 7)), byNumber: map[string]*simulated{}}
	th.rules(fmt.Sprintf(`{"couples_waiting": %d}`, waitingRoom))
	var starts []string
	for at := instant(theDay, "08:30"); at.Before(instant(theDay, "16:30")); at = at.Add(30 * time.Minute) {
		start := at.Format("15:04")
		starts = append(starts, start)
		if strings.HasSuffix(start, ":00") && start >= "09:00" && start <= "11:00" {
			continue // every world has these
		}
		slot := slotID(theDay, start)
		th.run(`INSERT INTO slot (id, office_id, day, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5)`, slot, office, theDay, at, at.Add(30*time.Minute))
		th.run(`INSERT INTO quota (id, office_id, day, kind, slot_id, biz_group, channel, cap, booked, opens_at, closes_at)
			VALUES ($1, $2, $3, 'place', $4, 'marriage', 'web', 200, 100, $5, $6)`, slot+"-marriage-web", office, theDay, slot, at.Add(-24*time.Hour), at)
	}
	for i := range couples {
		start := starts[i*len(starts)/couples]
		s := &simulated{number: th.book(start), slot: instant(theDay, start)}
		th.all = append(th.all, s)
		th.byNumber[s.number] = s
	}
	th.cast()
	for i := range counters {
		th.sittings = append(th.sittings, &sitting{name: fmt.Sprint(i + 1)})
	}
	return th
}

// cast decides who does what.
func (th *theatre) cast() {
	minutes := func(from, to float64) time.Duration {
		return time.Duration((from + th.random.Float64()*(to-from)) * float64(time.Minute))
	}
	for place, i := range th.random.Perm(couples) {
		switch s := th.all[i]; {
		case place < staying:
		case place < staying+comingLate:
			s.arrives = s.slot.Add(minutes(31, 55))
		default:
			s.arrives = s.slot.Add(minutes(-20, 8))
		}
	}
	came := slices.DeleteFunc(slices.Clone(th.all), func(s *simulated) bool { return s.arrives.IsZero() })
	some := func(n int, mark func(i int, s *simulated)) {
		for place, i := range th.random.Perm(len(came))[:n] {
			mark(place, came[i])
		}
	}
	some(feverish, func(i int, s *simulated) { s.fever, s.recovers = true, i%2 == 0 })
	some(notHearing, func(_ int, s *simulated) { s.deaf = true })
	some(refused, func(_ int, s *simulated) { s.refused = true })
}

// speed is how fast the day goes by; 0 is as fast as it can.
var speed = flag.Float64("speed", 0, "how fast the simulated day goes by, as a multiple of life; 0: as fast as it can")

// TestADayAtTheHall is a day with 260 couples, four counters and two desks.
func TestADayAtTheHall(t *testing.T) {
	th := newTheatre(t)
	began := time.Now()
	th.now = instant(theDay, "08:05")
	th.at("08:05")
	for _, s := range th.sittings {
		th.opens(s.name)
	}
	for end := instant(theDay, "19:00"); th.now.Before(end); th.now = th.now.Add(tick) {
		if *speed > 0 {
			time.Sleep(time.Until(began.Add(time.Duration(float64(th.now.Sub(instant(theDay, "08:05"))) / *speed))))
		}
		if th.acts() {
			th.at(th.now.Format("15:04:05"))
			th.play()
		}
	}
	day := th.now.Sub(instant(theDay, "08:05"))
	th.at("19:00")
	closed, err := th.CloseDay(t.Context(), office, theDay, "system")
	if err != nil {
		t.Fatal(err)
	}
	th.wantNobodyLost(closed)
	th.wantLedgersEqualEvents(closed)
	th.tell(day, time.Since(began))
}

// acts reports whether anybody has something to do now, so that the quiet ticks
// cost nothing.
func (th *theatre) acts() bool {
	for _, s := range th.all {
		if s.end == "" && (th.due(s.arrives) || th.due(s.again)) {
			th.door = append(th.door, s)
		}
	}
	if len(th.door) > 0 {
		return true
	}
	for _, s := range th.sittings {
		if s.with == nil && th.anybodyWaits() || s.with != nil && !th.now.Before(s.until) {
			return true
		}
	}
	return false
}

// due reports whether an instant lies in this tick.
func (th *theatre) due(at time.Time) bool {
	return !at.IsZero() && at.After(th.now.Add(-tick)) && !at.After(th.now)
}

func (th *theatre) anybodyWaits() bool {
	return slices.ContainsFunc(th.all, func(s *simulated) bool { return !s.turn.IsZero() && s.called.IsZero() && s.end == "" })
}

// play lets the desks and the counters act at once.
func (th *theatre) play() {
	var all sync.WaitGroup
	queue := make(chan *simulated, len(th.door))
	for _, s := range th.door {
		queue <- s
	}
	close(queue)
	th.door = nil
	for range desks {
		all.Go(func() {
			for s := range queue {
				th.receive(s)
			}
		})
	}
	for _, s := range th.sittings {
		all.Go(func() { th.sit(s) })
	}
	all.Wait()
	th.letIn()
	th.peak = max(th.peak, th.line().Inside)
}

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

// wantNobodyLost expects that every couple has come to the end that it should.
func (th *theatre) wantNobodyLost(closed hall.Closed) {
	th.t.Helper()
	if th.stuck = closed.Open; th.stuck != 0 {
		th.t.Errorf("%d couples are stuck", th.stuck)
	}
	for _, s := range th.all {
		if s.end == "" {
			s.end = booking.NoShow
			if !s.arrives.IsZero() {
				th.lost++
				th.t.Errorf("a couple that came at %s for %s is lost: %s", s.arrives.Format("15:04"), s.slot.Format("15:04"), th.status(s.number))
			}
		}
		th.wantStatus(s.number, s.end)
	}
	if got, most := th.peak, counters+waitingRoom; got > most {
		th.t.Errorf("%d couples inside at once, in a hall for %d", got, most)
	}
}

// wantLedgersEqualEvents compares what was written with what happened.
func (th *theatre) wantLedgersEqualEvents(closed hall.Closed) {
	th.t.Helper()
	by := map[booking.Status]int{}
	readings, came := 0, 0
	for _, s := range th.all {
		by[s.end]++
		readings += s.reading
		if !s.arrives.IsZero() {
			came++
		}
	}
	r, err := th.Report(th.t.Context(), office, theDay)
	if err != nil {
		th.t.Fatal(err)
	}
	for _, figure := range []struct {
		what      string
		got, want int
	}{
		{"booked", r.Booked, couples},
		{"arrived", r.Arrived, came},
		{"completed", r.Completed, by[booking.Completed]},
		{"not accepted", r.NotAccepted, by[booking.NotAccepted]},
		{"deferred", r.Deferred, by[booking.HealthDeferred]},
		{"absent", r.NoShow, by[booking.NoShow]},
		{"absent when the day was closed", closed.NoShows, by[booking.NoShow]},
		{"persons measured", r.Measured, 2 * came},
		{"by the web", r.ByChannel[slots.Web], couples},
		{"readings", th.count(`SELECT count(*) FROM temperature`), readings},
		{"tickets", th.count(`SELECT count(DISTINCT ticket) FROM visit`), came - by[booking.HealthDeferred]},
		{"registrations", th.count(`SELECT count(*) FROM registration`), by[booking.Completed]},
		{"entered and not left", th.count(`SELECT count(*) FILTER (WHERE step = 'entered') - count(*) FILTER (WHERE step = 'left') FROM line_step`), 0},
	} {
		if figure.got != figure.want {
			th.t.Errorf("%s: %d in the books, %d happened", figure.what, figure.got, figure.want)
		}
	}
	asserted, err := booking.Check(th.t.Context(), th.DB, nil)
	if err != nil {
		th.t.Fatal(err)
	}
	for _, a := range asserted {
		ours := slices.Contains([]string{
			"inside_as_counted", "every_ticket_has_its_place", "called_has_a_counter",
			"completed_has_its_registration", "temperature_chains_unbroken",
		}, a.Name) // bookings are made by hand here
		if ours && a.Bad != 0 {
			th.t.Errorf("hunyue check: %s: %d", a.Name, a.Bad)
		}
	}
}

// tell prints the figures of the day. Who came early does not wait before their
// time; who came late lets the booked go first (domain rule 44).
func (th *theatre) tell(day, took time.Duration) {
	var booked, late []time.Duration
	passed := 0
	for _, s := range th.all {
		switch wait := s.called.Sub(latest(s.turn, s.slot)); {
		case s.calls > 1:
			passed++
		case s.called.IsZero():
		case s.arrives.After(s.slot.Add(30 * time.Minute)):
			late = append(late, max(0, wait))
		default:
			booked = append(booked, max(0, wait))
		}
	}
	fmt.Printf("count: a day of %d couples, %d counters, %d fevers, %d late, %d away, %d passed: at most %d inside (room for %d); wait of the booked %s, of the late %s; %d lost, %d stuck; %.0f x\n",
		couples, counters, feverish, comingLate, staying, passed, th.peak, counters+waitingRoom, percentiles(booked), percentiles(late), th.lost, th.stuck, day.Seconds()/took.Seconds())
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func percentiles(waits []time.Duration) string {
	slices.Sort(waits)
	part := func(p int) time.Duration { return waits[(len(waits)-1)*p/100].Round(time.Second) }
	return fmt.Sprintf("p50 %s, p90 %s, p95 %s, most %s", part(50), part(90), part(95), part(100))
}
