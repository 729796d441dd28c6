package hall_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hunyue/booking"
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
