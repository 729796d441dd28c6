package hall_test

import (
	"fmt"
	"slices"
	"time"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/slots"
)

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
	th.t.Logf("count: a day of %d couples, %d counters, %d fevers, %d late, %d away, %d passed: at most %d inside (room for %d); wait of the booked %s, of the late %s; %d lost, %d stuck; %.0f x",
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
