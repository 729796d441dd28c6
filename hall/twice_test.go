package hall_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lib/pq"

	"hunyue/booking"
	"hunyue/hall"
)

func TestRepeatedArrivals(t *testing.T) {
	w := newWorld(t)
	t.Run("TheSameKeyIsAnsweredTheSameAndStoresNothingNew", w.rule(theSameKeyIsAnsweredTheSameAndStoresNothingNew))
	t.Run("TwoDesksAtOnceGiveOneTicket", w.rule(twoDesksAtOnceGiveOneTicket))
}

func theSameKeyIsAnsweredTheSameAndStoresNothingNew(t *testing.T, w *world) {
	more := w.since(readings)
	number := w.book("09:00")
	fever := arrival(number, 374, 366)
	fever.Key = "first"
	first := w.checkIn(fever)
	if again := w.checkIn(fever); !cmp.Equal(first, again) {
		t.Errorf("the same request is answered otherwise:\n%s", cmp.Diff(first, again))
	}
	more(2, "readings")

	w.at("09:05")
	normal := arrivalWith("T2", number, 365, 366)
	normal.Key = "second"
	if got := w.checkIn(normal); got.Outcome != hall.Admitted {
		t.Fatalf("second reading: %s, want admitted", got.Outcome)
	}
	if again := w.checkIn(fever); !cmp.Equal(first, again) {
		t.Errorf("the first request is answered otherwise later:\n%s", cmp.Diff(first, again))
	}
	more(4, "readings")

	normal.Readings[0].Decicelsius = 366
	_, err := w.CheckIn(t.Context(), normal)
	w.wantFault(err, booking.ErrKeyReused)
}

func TestAKeyBelongsToWhoSendsIt(t *testing.T) {
	w := newWorld(t)
	a, b := arrival(w.book("09:00"), 365, 366), arrival(w.book("09:00"), 365, 366)
	a.Key, b.Key, b.Actor = "k", "k", "another"
	w.checkIn(a)
	if got := w.checkIn(b); got.Ticket != "A002" {
		t.Errorf("another's request with the same key got %q, want A002", got.Ticket)
	}
	b.Actor = a.Actor
	_, err := w.CheckIn(t.Context(), b)
	w.wantFault(err, booking.ErrKeyReused)
}

func TestRequestsAreForgottenAfterAWeek(t *testing.T) {
	w := newWorld(t)
	a := arrival(w.book("09:00"), 365, 366)
	a.Key = "k"
	w.checkIn(a)
	for _, tt := range []struct{ after, want int }{{6, 0}, {8, 1}} {
		w.on(theDay.AddDays(tt.after), "09:00")
		if n, err := w.Forget(t.Context()); err != nil || int(n) != tt.want {
			t.Errorf("after %d days %d requests are forgotten (%v), want %d", tt.after, n, err, tt.want)
		}
	}
}

// atOnce runs n calls together and waits for all.
func atOnce(n int, call func(i int)) {
	var start, done sync.WaitGroup
	start.Add(1)
	for i := range n {
		done.Go(func() { start.Wait(); call(i) })
	}
	start.Done()
	done.Wait()
}

func twoDesksAtOnceGiveOneTicket(t *testing.T, w *world) {
	more, audited := w.since(readings), w.since(`SELECT count(*) FROM audit WHERE new_status = 'checked_in'`)
	for _, key := range []string{"", "same"} {
		number := w.book("09:00")
		answers, errs := make([]hall.CheckIn, 8), make([]error, 8)
		atOnce(len(answers), func(i int) {
			a := arrival(number, 365, 366)
			a.Key = key
			answers[i], errs[i] = w.CheckIn(t.Context(), a)
		})
		for i, got := range answers {
			if errs[i] != nil || got.Outcome != hall.Admitted || got.Ticket == "" || got.Ticket != answers[0].Ticket {
				t.Errorf("key %q, desk %d: %+v, %v; want the ticket %s of all", key, i, got, errs[i], answers[0].Ticket)
			}
		}
	}
	more(4, "readings of two couples")
	audited(2, "check-ins in the audit")
}

func TestManyCouplesAtOnceDrawDifferentTickets(t *testing.T) {
	w := newWorld(t)
	const couples = 32
	numbers := make([]string, couples)
	for i := range numbers {
		numbers[i] = w.book("09:00")
	}
	tickets, errs := make([]string, couples), make([]error, couples)
	atOnce(couples, func(i int) {
		a := arrival(numbers[i], 365, 366)
		a.Key = numbers[i]
		for range 10 { // whoever has waited too long for their turn is told so, and asks again
			got, err := w.CheckIn(t.Context(), a)
			tickets[i], errs[i] = got.Ticket, err
			if slow := (*pq.Error)(nil); !errors.As(err, &slow) || slow.Code != "57014" && slow.Code != "55P03" {
				return
			}
		}
	})
	seen := map[string]bool{}
	for i, ticket := range tickets {
		if errs[i] != nil {
			t.Errorf("couple %d: %v", i, errs[i])
		}
		seen[ticket] = true
	}
	for i := 1; i <= couples; i++ {
		if ticket := fmt.Sprintf("A%03d", i); !seen[ticket] {
			t.Errorf("nobody has drawn %s", ticket)
		}
	}
}

func TestTheNextDayBeginsWithTheFirstTicket(t *testing.T) {
	w := newWorld(t)
	w.received()
	w.open(theDay.AddDays(1))
	number := w.book("09:00")
	w.run(`UPDATE appointment SET day = day + 1, starts_at = starts_at + interval '1 day', ends_at = ends_at + interval '1 day' WHERE number = $1`, number)
	w.on(theDay.AddDays(1), "09:00")
	if got := w.checkIn(arrival(number, 365, 366)); got.Ticket != "A001" {
		t.Errorf("ticket %s, want A001", got.Ticket)
	}
	if w.Clock.Now().Sub(instant(theDay, "09:00")) < 23*time.Hour {
		t.Error("the clock was not shifted")
	}
}
