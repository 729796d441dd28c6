package hall

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/postgres"
)

// Wait is how far a couple is in the line of its day. It names nobody: of the
// others it has a ticket and a count, as the display in the hall (domain rule 46).
type Wait struct {
	Ticket  string
	Counter string        // where they were called to; "" before that
	Now     string        // the ticket called last; "" before the first call of the day
	Ahead   int           // couples that will be called before this one
	About   time.Duration // until it is called; 0 where the day has not shown its pace
}

// Waiting is where the couple with this appointment number stands in its day's
// line: the zero Wait until it has a ticket. The fault is
// booking.ErrNoAppointment.
func (d *Desk) Waiting(ctx context.Context, number string) (Wait, error) {
	office, day, err := whereAndWhen(ctx, d.DB, number)
	if err != nil {
		return Wait{}, err
	}
	rules, err := d.Offices.Rules(ctx, office, day)
	if err != nil {
		return Wait{}, err
	}
	line, err := lineOf(ctx, d.DB, office, day)
	if err != nil {
		return Wait{}, err
	}
	return waitIn(line, number, time.Duration(rules.WalkInMinutes)*time.Minute), nil
}

// turnInLine is a couple with a ticket.
type turnInLine struct {
	Number    string         `db:"number"`
	Status    booking.Status `db:"status"`
	Ticket    string         `db:"ticket"`
	ArrivedAt time.Time      `db:"arrived_at"`
	Counter   string         `db:"counter"`   // where they were last called or served
	CalledAt  *time.Time     `db:"called_at"` // for the first time
}

func lineOf(ctx context.Context, db postgres.Querier, office string, day date.Date) ([]turnInLine, error) {
	var line []turnInLine
	err := db.SelectContext(ctx, &line, `
		SELECT
			a.number, a.status, v.ticket, v.arrived_at,
			coalesce((SELECT counter FROM counter_call WHERE appointment_id = a.id ORDER BY id DESC LIMIT 1), '') AS counter,
			(SELECT min(at) FROM counter_call WHERE appointment_id = a.id AND step = 'called') AS called_at
		FROM visit AS v
		JOIN appointment AS a ON a.id = v.appointment_id
		WHERE v.office_id = $1
		  AND v.day = $2
		  AND v.ticket IS NOT NULL`, office, day)
	if err != nil {
		return nil, fmt.Errorf("line of %s at %s: %w", day, office, err)
	}
	return line, nil
}

// waitIn is how a couple stands in a line in which walk-in order waits for the
// booked, though not longer than patience.
func waitIn(line []turnInLine, number string, patience time.Duration) Wait {
	i := slices.IndexFunc(line, func(t turnInLine) bool { return t.Number == number })
	if i < 0 {
		return Wait{}
	}
	own := line[i]
	w := Wait{Ticket: own.Ticket, Counter: own.Counter}
	var calls []time.Time
	var newest time.Time
	for _, other := range line {
		if other.CalledAt != nil {
			calls = append(calls, *other.CalledAt)
			if !other.CalledAt.Before(newest) {
				newest, w.Now = *other.CalledAt, other.Ticket
			}
		}
		if other.waits() && other.before(own, patience) {
			w.Ahead++
		}
	}
	if own.waits() {
		w.About = pace(calls) * time.Duration(w.Ahead+1)
	}
	return w
}

func (t turnInLine) waits() bool { return t.Status == booking.CheckedIn || t.Status == booking.Late }

// before reports whether t is called before other: of one series the lower
// ticket, and the booked (A) before those in walk-in order (B), unless those have
// waited longer by more than patience (domain rule 44).
func (t turnInLine) before(other turnInLine, patience time.Duration) bool {
	switch a, b := t.Ticket, other.Ticket; {
	case a[0] != b[0] && a[0] == 'A':
		return !other.ArrivedAt.Add(patience).Before(t.ArrivedAt)
	case a[0] != b[0]:
		return t.ArrivedAt.Add(patience).Before(other.ArrivedAt)
	case len(a) != len(b):
		return len(a) < len(b)
	default:
		return a < b
	}
}

const (
	recentCalls = 10               // that show the pace
	fewestCalls = 4                // and show it at all
	pause       = 30 * time.Minute // without a call the hall is closed for lunch, or empty
)

// pace is how long it takes from one call to the next, as the last calls of the
// day show: 0 if they are too few. Pauses do not count.
func pace(calls []time.Time) time.Duration {
	slices.SortFunc(calls, time.Time.Compare)
	calls = calls[max(0, len(calls)-recentCalls):]
	var sum time.Duration
	gaps := 0
	for i := 1; i < len(calls); i++ {
		if gap := calls[i].Sub(calls[i-1]); gap <= pause {
			sum += gap
			gaps++
		}
	}
	if gaps < fewestCalls-1 {
		return 0
	}
	return sum / time.Duration(gaps)
}
