package hall

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/slots"
)

// Board is a hall's day as it is now. What may be shown of it to everybody is
// tickets, counters and counts (domain rule 46); Place is for one couple.
type Board struct {
	Line
	Calls []Turn        // to counters, again too: the last of each ticket, newest first, at most six
	Pace  time.Duration // from one call to the next, as the last ones show; 0: too few
	Enter int           // of those outside so many may come in now

	first []firstCall
}

// shownCalls is how many calls a board has.
const shownCalls = 6

// Board reads the board of an office's day.
func (d *Desk) Board(ctx context.Context, office string, day date.Date) (Board, error) {
	rules, err := d.Offices.Rules(ctx, office, day)
	if err != nil {
		return Board{}, err
	}
	return d.BoardBy(ctx, office, day, rules)
}

// BoardBy is Board for whoever reads it every second and knows the rules of the day:
// the couples, the counters and the calls, each with one statement.
func (d *Desk) BoardBy(ctx context.Context, office string, day date.Date, rules slots.Rules) (Board, error) {
	line, err := d.lineBy(ctx, office, day, rules)
	if err != nil {
		return Board{}, err
	}
	calls, err := d.lastCalls(ctx, office, day)
	if err != nil {
		return Board{}, err
	}
	b := boardOf(line, calls)
	b.Enter = line.mayEnter(rules.EntryBatch)
	return b, nil
}

// madeCall is a call as it was made, for the first time or again.
type madeCall struct {
	Turn
	Again bool `db:"again"`
}

// lastCalls is the last calls of a day, newest first: enough of them to show the
// pace, and six tickets.
func (d *Desk) lastCalls(ctx context.Context, office string, day date.Date) ([]madeCall, error) {
	var calls []madeCall
	err := d.DB.SelectContext(ctx, &calls, `
		SELECT v.ticket, c.counter, c.at, c.again
		FROM visit AS v
		JOIN (
			SELECT appointment_id, counter, at, false AS again
			FROM counter_call
			WHERE step = 'called'
			UNION ALL
			SELECT appointment_id, counter, at, true
			FROM line_step
			WHERE step = 'recalled' AND counter IS NOT NULL
		) AS c ON c.appointment_id = v.appointment_id
		WHERE v.office_id = $1
		  AND v.day = $2
		  AND v.ticket IS NOT NULL
		ORDER BY c.at DESC, v.ticket
		LIMIT 60`, office, day)
	if err != nil {
		return nil, fmt.Errorf("last calls on %s at %s: %w", day, office, err)
	}
	return calls, nil
}

// mayEnter is how many of those outside the door is open for, where so many are let in
// together.
func (l Line) mayEnter(together int) int {
	c, outside := crowd{Inside: l.Inside, Room: l.Room, Batch: l.batch}, len(l.Outside())
	switch {
	case outside == 0 || !c.opens(together, outside):
		return 0
	case c.Room == unlimited:
		return outside
	}
	return min(c.nextBatch(together, outside)+1, c.Room-c.Inside)
}

func boardOf(line Line, calls []madeCall) Board {
	b := Board{Line: line}
	seen := func(all []firstCall, ticket string) int {
		return slices.IndexFunc(all, func(f firstCall) bool { return f.Ticket == ticket })
	}
	for _, c := range calls {
		c.At = c.At.UTC()
		shown := slices.ContainsFunc(b.Calls, func(t Turn) bool { return t.Ticket == c.Ticket })
		if !shown && len(b.Calls) < shownCalls {
			b.Calls = append(b.Calls, c.Turn)
		}
		if c.Again {
			continue
		}
		if i := seen(b.first, c.Ticket); i >= 0 {
			b.first = slices.Delete(b.first, i, i+1) // there was one before
		}
		b.first = append(b.first, firstCall{c.Ticket, c.At})
	}
	slices.Reverse(b.first)
	b.Pace = pace(b.first)
	return b
}

// Empty reports whether the day has no line: nobody has come and no counter is open.
func (b Board) Empty() bool { return len(b.Couples)+len(b.Counters)+len(b.Calls) == 0 }

// About is how long somebody waits who has so many couples before them; 0: the
// day has not shown its pace.
func (b Board) About(ahead int) time.Duration { return b.Pace * time.Duration(ahead+1) }

// Place is how one couple stands in the line.
type Place struct {
	Wait
	Status booking.Status
	ComeIn bool // they wait outside, and the door is open for them
}

// Place finds the couple with an appointment number, as long as its visit lasts.
func (b Board) Place(number string) (Place, bool) {
	own, err := findIn(b.Couples, number)
	if err != nil {
		return Place{}, false
	}
	before := slices.IndexFunc(b.Outside(), func(c InLine) bool { return c.Number == number })
	return Place{
		Wait: waitIn(b.Couples, b.first, number), Status: own.Status,
		ComeIn: before >= 0 && before < b.Enter,
	}, true
}
