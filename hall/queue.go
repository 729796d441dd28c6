package hall

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// Press is one press of a button at a desk or a counter.
type Press struct {
	Office  string
	Counter string
	Key     string // the client's Idempotency-Key; may be empty
	Actor   string
}

// betweenCalls is how long a couple is given to come before it is called again.
const betweenCalls = 5 * time.Second

// Passed is what became of a couple that did not come when called.
type Passed struct {
	Closed bool `json:"closed"` // after call_rounds: not accepted
	Behind int  `json:"behind"` // otherwise so many are called before it now
}

// press runs act once for a couple of an office.
func (d *Desk) press(ctx context.Context, number string, p Press, what string, act func(tx postgres.Querier, g guest) error) error {
	_, err := pressed(ctx, d, number, p, what, func(tx postgres.Querier, g guest) (struct{}, error) {
		return struct{}{}, act(tx, g)
	})
	return err
}

// pressed is press for what has an answer, which the same press is given again.
func pressed[T any](ctx context.Context, d *Desk, number string, p Press, what string, act func(tx postgres.Querier, g guest) (T, error)) (T, error) {
	var answer T
	err := d.with(ctx, number, p.Actor, func(tx postgres.Querier, g guest) error {
		if g.Office != p.Office {
			return ErrOtherOffice
		}
		var err error
		answer, err = once(ctx, tx, p.request(what, number), func() (T, bool, error) {
			answer, err := act(tx, g)
			return answer, true, err
		})
		return err
	})
	return answer, err
}

func (p Press) request(what string, about ...any) request {
	return request{Actor: p.Actor, Key: p.Key, Body: digest(append([]any{what, p.Office, p.Counter}, about...)...)}
}

// CallNext calls the first in line whom this counter may call: those sent on to it
// before the others, and while the hall is full only who is inside. Two counters
// never get the same couple. The same press again is answered as before.
//
// Faults: ErrCounterShut, ErrCounterBusy, ErrNobodyWaits, ErrHallFull,
// booking.ErrKeyReused, that of slots.Store for an office that is none; field
// counter.
func (d *Desk) CallNext(ctx context.Context, p Press) (Turn, error) {
	var t Turn
	err := d.atCounter(ctx, p, func(tx postgres.Querier, rules slots.Rules, day date.Date) error {
		var err error
		t, err = once(ctx, tx, p.request("call-next"), func() (Turn, bool, error) {
			t, err := p.callNext(ctx, tx, rules, day)
			return t, true, err
		})
		return err
	})
	return t, err
}

func (p Press) callNext(ctx context.Context, tx postgres.Querier, rules slots.Rules, day date.Date) (Turn, error) {
	if open, err := isOpen(ctx, tx, p.Office, day, p.Counter); err != nil || !open {
		return Turn{}, orFault(err, ErrCounterShut)
	}
	line, err := lineOf(ctx, tx, p.Office, day)
	if err != nil {
		return Turn{}, err
	}
	c, err := crowdOf(ctx, tx, p.Office, day)
	if err != nil {
		return Turn{}, err
	}
	next, err := nextFor(line, p.Counter, c.fits())
	if err != nil {
		return Turn{}, err
	}
	g, err := lock(ctx, tx, next.Number)
	if err != nil {
		return Turn{}, err
	}
	g.Rules = rules
	if err := enterTurn(ctx, tx, g, p.Counter, p.Actor, booking.Called); err != nil {
		return Turn{}, err
	}
	return lastTurn(ctx, tx, g, booking.Called)
}

// nextFor is whom a counter calls next.
func nextFor(line []InLine, counter string, fits bool) (InLine, error) {
	if slices.ContainsFunc(line, func(l InLine) bool { return l.Counter == counter && !l.waits() && !l.Parked }) {
		return InLine{}, ErrCounterBusy
	}
	outside := false
	var next []InLine
	for _, l := range waitingIn(line) {
		switch {
		case l.ForCounter != "" && l.ForCounter != counter:
		case !l.Inside && !fits:
			outside = true
		case l.ForCounter == counter:
			return l, nil
		default:
			next = append(next, l)
		}
	}
	switch {
	case len(next) > 0:
		return next[0], nil
	case outside:
		return InLine{}, ErrHallFull
	}
	return InLine{}, ErrNobodyWaits
}

// Recall calls a couple again that the counter has called, up to call_repeats
// times in all and five seconds apart (domain rule 47).
//
// Faults: booking.ErrNoAppointment, ErrNotPossible, ErrKeyReused, ErrOtherOffice,
// ErrOtherCounter, ErrRecallTooSoon, ErrPassFirst.
func (d *Desk) Recall(ctx context.Context, number string, p Press) (Turn, error) {
	err := d.press(ctx, number, p, "recall", func(tx postgres.Querier, g guest) error {
		own, err := calledBy(ctx, tx, g, p.Counter)
		if err != nil {
			return err
		}
		last, err := lastCall(ctx, tx, g)
		switch rest := last.Add(betweenCalls).Sub(g.Now); {
		case err != nil:
			return err
		case own.Calls >= g.Rules.CallRepeats:
			return ErrPassFirst
		case rest > 0:
			return ErrRecallTooSoon.After(rest)
		}
		return placed(ctx, tx, g, "recalled", p, `
			UPDATE line_place
			SET calls = calls + 1
			WHERE appointment_id = $1`)
	})
	if err != nil {
		return Turn{}, err
	}
	return d.turnOf(ctx, number)
}

// Pass puts a couple back that was called call_repeats times and did not come:
// by put_back_places, and after call_rounds such rounds its visit is closed
// (domain rule 47). It waits outside again.
//
// Faults: those of Recall without its last two, and ErrCallAgain.
func (d *Desk) Pass(ctx context.Context, number string, p Press) (Passed, error) {
	return pressed(ctx, d, number, p, "pass", func(tx postgres.Querier, g guest) (Passed, error) { return p.pass(ctx, tx, g) })
}

func (p Press) pass(ctx context.Context, tx postgres.Querier, g guest) (Passed, error) {
	own, err := calledBy(ctx, tx, g, p.Counter)
	switch {
	case err != nil:
		return Passed{}, err
	case own.Calls < g.Rules.CallRepeats:
		return Passed{}, ErrCallAgain
	case own.Rounds+1 >= g.Rules.CallRounds:
		if err := noteStep(ctx, tx, g, "passed", &p.Counter, p.Actor); err != nil {
			return Passed{}, err
		}
		return Passed{Closed: true}, refuse(ctx, tx, g, Refusal{Code: NoAnswer}, p.Actor)
	}
	if err := booking.Advance(ctx, tx, g.ID, booking.CheckedIn, p.Actor); err != nil {
		return Passed{}, err
	}
	if err := goOut(ctx, tx, g, p.Actor); err != nil {
		return Passed{}, err
	}
	line, err := lineOf(ctx, tx, g.Office, g.Day)
	if err != nil {
		return Passed{}, err
	}
	turn, behind := putBack(waitingIn(line), g, g.Rules.PutBackPlaces)
	return Passed{Behind: behind}, placed(ctx, tx, g, "passed", p, `
		UPDATE line_place
		SET rounds = rounds + 1, calls = 0, counter = NULL, for_counter = NULL, turn_at = $2
		WHERE appointment_id = $1`, turn)
}

// putBack is the place of g behind so many of those who wait, and how many they
// are.
func putBack(waiting []InLine, g guest, places int) (time.Time, int) {
	others := slices.DeleteFunc(waiting, func(l InLine) bool { return l.Number == g.Number })
	behind := min(places, len(others))
	switch {
	case behind == 0:
		return g.Now, 0
	case behind == len(others):
		return others[behind-1].TurnAt.Add(apart), behind
	}
	before, after := others[behind-1].TurnAt, others[behind].TurnAt
	return before.Add(after.Sub(before) / 2), behind
}

// Park sets a couple aside that was called or is being served, until Resume: it has
// to fetch something, and nobody calls it meanwhile. Where the hall has a limit
// it waits outside.
//
// Faults: booking.ErrNoAppointment, ErrNotPossible, ErrKeyReused, ErrOtherOffice,
// ErrOtherCounter.
func (d *Desk) Park(ctx context.Context, number string, p Press) error {
	return d.press(ctx, number, p, "park", func(tx postgres.Querier, g guest) error {
		if err := p.release(ctx, tx, g); err != nil {
			return err
		}
		if err := goOut(ctx, tx, g, p.Actor); err != nil {
			return err
		}
		return placed(ctx, tx, g, "parked", p, `
			UPDATE line_place
			SET parked = true, serving = false, counter = NULL, for_counter = NULL, calls = 0
			WHERE appointment_id = $1`)
	})
}

// Resume makes a couple that was parked the first in line.
//
// Faults: booking.ErrNoAppointment, ErrNotPossible, ErrKeyReused, ErrOtherOffice.
func (d *Desk) Resume(ctx context.Context, number string, p Press) error {
	return d.press(ctx, number, p, "resume", func(tx postgres.Querier, g guest) error {
		line, err := lineOf(ctx, tx, g.Office, g.Day)
		if err != nil {
			return err
		}
		if own, err := findIn(line, number); err != nil || !own.Parked {
			return orFault(err, booking.ErrNotPossible)
		}
		first := g.Now
		if waiting := waitingIn(line); len(waiting) > 0 {
			first = waiting[0].TurnAt.Add(-apart)
		}
		return placed(ctx, tx, g, "resumed", p, `
			UPDATE line_place
			SET parked = false, turn_at = $2
			WHERE appointment_id = $1`, first)
	})
}

// Forward sends a couple that was called or is being served on to another counter
// that is open, which calls it next.
//
// Faults: those of Park, and ErrCounterShut; field to.
func (d *Desk) Forward(ctx context.Context, number, to string, p Press) error {
	if !counterName.MatchString(to) || to == p.Counter {
		return fault.InFields(map[string]string{"to": badFormat})
	}
	return d.press(ctx, number, p, "forward "+to, func(tx postgres.Querier, g guest) error {
		if open, err := isOpen(ctx, tx, g.Office, g.Day, to); err != nil || !open {
			return orFault(err, ErrCounterShut)
		}
		if err := p.release(ctx, tx, g); err != nil {
			return err
		}
		return placed(ctx, tx, g, "forwarded", Press{Counter: to, Actor: p.Actor}, `
			UPDATE line_place
			SET for_counter = $2, serving = false, counter = NULL, calls = 0
			WHERE appointment_id = $1`, to)
	})
}

// release takes a couple back from the counter that has it.
func (p Press) release(ctx context.Context, tx postgres.Querier, g guest) error {
	line, err := lineOf(ctx, tx, g.Office, g.Day)
	if err != nil {
		return err
	}
	own, err := findIn(line, g.Number)
	switch {
	case err != nil:
		return err
	case g.Status != booking.Called && g.Status != booking.InService:
		return booking.ErrNotPossible
	case own.Counter != p.Counter:
		return ErrOtherCounter
	}
	return booking.Advance(ctx, tx, g.ID, booking.CheckedIn, p.Actor)
}

// calledBy is the place of a couple that a counter has called.
func calledBy(ctx context.Context, tx postgres.Querier, g guest, counter string) (InLine, error) {
	if g.Status != booking.Called {
		return InLine{}, booking.ErrNotPossible
	}
	line, err := lineOf(ctx, tx, g.Office, g.Day)
	if err != nil {
		return InLine{}, err
	}
	own, err := findIn(line, g.Number)
	if err == nil && own.Counter != counter {
		err = ErrOtherCounter
	}
	return own, err
}

// placed changes a couple's place in the line as a statement says, and notes the
// step.
func placed(ctx context.Context, tx postgres.Querier, g guest, step string, p Press, statement string, args ...any) error {
	if _, err := tx.ExecContext(ctx, statement, append([]any{g.ID}, args...)...); err != nil {
		return fmt.Errorf("place of appointment %d, %s: %w", g.ID, step, err)
	}
	var counter *string
	if p.Counter != "" {
		counter = &p.Counter
	}
	return noteStep(ctx, tx, g, step, counter, p.Actor)
}

// lastCall is when a couple was last called or called again.
func lastCall(ctx context.Context, tx postgres.Querier, g guest) (time.Time, error) {
	var at time.Time
	err := tx.GetContext(ctx, &at, `
		SELECT coalesce(max(at), 'epoch')
		FROM (
			SELECT at FROM counter_call WHERE appointment_id = $1 AND step = 'called'
			UNION ALL
			SELECT at FROM line_step WHERE appointment_id = $1 AND step = 'recalled'
		) AS calls`, g.ID)
	if err != nil {
		return at, fmt.Errorf("last call of appointment %d: %w", g.ID, err)
	}
	return at, nil
}

// orFault is err, or f where there is none.
func orFault(err error, f *fault.Error) error {
	if err != nil {
		return err
	}
	return f
}
