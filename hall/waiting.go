package hall

import (
	"context"
	"slices"
	"time"
)

// Wait is how far a couple is in the line of its day. It names nobody: of the
// others it has a ticket and a count, as the display in the hall (domain rule 46).
type Wait struct {
	Ticket  string
	Counter string        // where they were called to; "" before that
	Now     string        // the ticket called last; "" before the first call of the day
	Ahead   int           // couples that will be called before this one
	About   time.Duration // until it is called; 0 where the day has not shown its pace
	Outside bool          // the hall is full: they wait outside
	Parked  bool          // they said they would come back, and are called after that
}

// Waiting is where the couple with this appointment number stands in its day's
// line: the zero Wait until it has a ticket. The fault is
// booking.ErrNoAppointment.
func (d *Desk) Waiting(ctx context.Context, number string) (Wait, error) {
	office, day, err := whereAndWhen(ctx, d.DB, number)
	if err != nil {
		return Wait{}, err
	}
	b, err := d.Board(ctx, office, day)
	if err != nil {
		return Wait{}, err
	}
	place, _ := b.Place(number)
	return place.Wait, nil
}

// firstCall is the first time a couple was called.
type firstCall struct {
	Ticket string    `db:"ticket"`
	At     time.Time `db:"at"`
}

// waitIn is how a couple stands in a line.
func waitIn(line []InLine, calls []firstCall, number string) Wait {
	own, err := findIn(line, number)
	if err != nil {
		return Wait{}
	}
	w := Wait{Ticket: own.Ticket, Counter: own.Counter, Outside: !own.Inside, Parked: own.Parked}
	if len(calls) > 0 {
		w.Now = calls[len(calls)-1].Ticket
	}
	if own.waits() {
		w.Ahead = slices.IndexFunc(waitingIn(line), func(l InLine) bool { return l.Number == number })
		w.About = pace(calls) * time.Duration(w.Ahead+1)
	}
	return w
}

const (
	recentCalls = 10               // that show the pace
	fewestCalls = 4                // and show it at all
	pause       = 30 * time.Minute // without a call the hall is closed for lunch, or empty
)

// pace is how long it takes from one call to the next, as the last calls of the
// day show: 0 if they are too few. Pauses do not count.
func pace(calls []firstCall) time.Duration {
	calls = calls[max(0, len(calls)-recentCalls):]
	var sum time.Duration
	gaps := 0
	for i := 1; i < len(calls); i++ {
		if gap := calls[i].At.Sub(calls[i-1].At); gap <= pause {
			sum += gap
			gaps++
		}
	}
	if gaps < fewestCalls-1 {
		return 0
	}
	return sum / time.Duration(gaps)
}
