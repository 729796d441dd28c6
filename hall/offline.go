package hall

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// Why what was done at a desk cannot be done here afterwards. The codes are promises.
var (
	ErrNotToday     = fault.New(fault.Conflict, "desk_not_today")      // it was on another day than theirs, or too long ago
	ErrDayConfirmed = fault.New(fault.Conflict, "desk_day_confirmed")  // somebody has closed or reported that day
	ErrInFuture     = fault.New(fault.Conflict, "desk_in_future")      // it has not been yet: a clock is wrong
	ErrOtherOutcome = fault.New(fault.Conflict, "desk_other_outcome")  // here it does not end as it ended there
	ErrAlreadyIn    = fault.New(fault.Conflict, "desk_already_in")     // another desk has received them
	ErrTicketCalled = fault.New(fault.Conflict, "desk_ticket_called")  // by another ticket than they were given
	ErrNotItsTicket = fault.New(fault.Conflict, "desk_not_its_ticket") // the letter is another desk's
)

// Deed is something that was done at a desk, at the time of At. Without a time it is
// done now.
type Deed struct {
	Kind  DeedKind
	Staff string  // who did it: the account
	Said  Outcome // to the couple; "" where nothing was said
	Arrival
}

// DeedKind is what is done at a desk.
type DeedKind string

// The kinds.
const (
	Receive DeedKind = "check-in"
	GoIn    DeedKind = "enter"
)

// wrongClock is how far the clock of a desk may be ahead of ours.
const wrongClock = time.Minute

// Replayed is what became of a deed.
type Replayed struct {
	Answer   CheckIn
	Conflict bool // it waits for somebody: see Conflicts
	Code     string
}

// Replay does afterwards what was done at a desk while the server was away, as it was
// then: whether a couple was early or late, how long it had rested and whether whoever
// received it had been found healthy is judged at that time. It happens once, however
// often the desk asks; what cannot happen is kept as a conflict, once too, and is no
// error. An error means: ask again.
//
// Of a couple that was received before the desk lost the connection, and whose answer
// it never had, the ticket becomes the one that the desk gave out.
func (d *Desk) Replay(ctx context.Context, deed Deed) (Replayed, error) {
	known, err := d.conflictOf(ctx, deed)
	if err != nil || known.Conflict {
		return known, err
	}
	answer, err := d.redo(ctx, deed)
	if err == nil {
		return Replayed{Answer: answer}, nil
	}
	why := fault.Of(err)
	if why.Kind == fault.Internal || why.Kind == fault.Unavailable || why.Kind == fault.TooMany {
		return Replayed{}, err
	}
	return d.keepConflict(ctx, deed, why.Code)
}

// Do does it now, for whoever stands there. Its faults are those of CheckIn and Enter, and
// ErrReadingMissing: nothing is kept of what is refused, since it is mended at the desk.
func (d *Desk) Do(ctx context.Context, deed Deed) (CheckIn, error) {
	if err := d.MayReceive(ctx, deed.Staff, deed.Office); err != nil {
		return CheckIn{}, err
	}
	if deed.Kind == GoIn {
		return CheckIn{}, d.Enter(ctx, deed.Number, deed.press())
	}
	return d.CheckIn(ctx, deed.Arrival)
}

func (deed Deed) press() Press { return Press{Office: deed.Office, Key: deed.Key, Actor: deed.Actor} }

// redo is Do for what was done at a desk by itself.
func (d *Desk) redo(ctx context.Context, deed Deed) (CheckIn, error) {
	o, err := d.Offices.Office(ctx, deed.Office)
	if err != nil {
		return CheckIn{}, err
	}
	var answer CheckIn
	var earlier bool
	err = d.atDoor(ctx, deed.Number, deed.Actor, func(tx postgres.Querier, g guest) error {
		if g.Office != deed.Office {
			return ErrOtherOffice
		}
		known, err := deed.heard(ctx, tx, &answer)
		switch {
		case err != nil:
			return err
		case known:
			return answer.reissue(ctx, tx, g, deed)
		}
		day := date.DateOf(deed.At.In(o.Location))
		earlier = day != g.Today
		if err := deed.possible(ctx, tx, &g, day); err != nil || deed.Kind == GoIn {
			return err
		}
		if answer, err = deed.receive(ctx, tx, g); err != nil {
			return err
		}
		return recount(ctx, tx, g)
	})
	if err == nil && deed.Kind == GoIn && !earlier { // who was inside on a day that is over matters to nobody
		err = d.Enter(ctx, deed.Number, deed.press())
	}
	return answer, err
}

// heard reports whether the arrival was decided before the desk lost the connection, or
// afterwards already, and what the answer was.
func (deed Deed) heard(ctx context.Context, tx postgres.Querier, answer *CheckIn) (bool, error) {
	if deed.Kind != Receive {
		return false, nil
	}
	then, asked := deed.Arrival, deed.request()
	then.At, then.Ticket = time.Time{}, ""
	known, err := then.request().recall(ctx, tx, answer)
	if errors.Is(err, booking.ErrKeyReused) {
		known, err = asked.recall(ctx, tx, answer)
	}
	return known, err
}

// possible asks what must be so of a deed whoever the couple is: that it has been, on
// their day, that the ticket was the desk's to give, and that whoever did it had been
// found healthy. From then on the couple is as it was on that day.
func (deed Deed) possible(ctx context.Context, tx postgres.Querier, g *guest, day date.Date) error {
	switch {
	case deed.At.After(g.Now.Add(wrongClock)):
		return ErrInFuture
	case day != g.Today && (day != g.Day || g.Now.Sub(deed.At) > repeatable):
		return ErrNotToday
	case day != g.Today:
		if err := g.backOn(ctx, tx, day, deed.Actor); err != nil {
			return err
		}
	}
	if deed.Ticket != "" {
		if err := mayGive(ctx, tx, *g, deed); err != nil {
			return err
		}
	}
	if g.Rules.Screening != slots.ScreeningRequired {
		return nil
	}
	return healthyAt(ctx, tx, deed.Staff, day, earliest(deed.At, g.Now))
}

// repeatable is how long after it was done a deed may be brought: for so long the answers
// to requests are kept, so that what is brought twice happens once (see Forget).
const repeatable = 7 * 24 * time.Hour

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// receive decides the arrival as it was decided at the desk, or not at all.
func (deed Deed) receive(ctx context.Context, tx postgres.Querier, g guest) (CheckIn, error) {
	answer, stored, err := deed.decide(ctx, tx, g)
	switch {
	case err != nil:
		return CheckIn{}, err
	case !stored, deed.Ticket != "" && answer.Ticket != deed.Ticket, deed.Said != "" && letIntoLine(deed.Said) != letIntoLine(answer.Outcome):
		return CheckIn{}, ErrOtherOutcome
	}
	return answer, deed.request().remember(ctx, tx, answer)
}

// decide decides the arrival by the rules, at its own time. The second result is false
// where nothing was stored.
func (deed Deed) decide(ctx context.Context, tx postgres.Querier, g guest) (CheckIn, bool, error) {
	v, err := visitOf(ctx, tx, g)
	switch {
	case err != nil:
		return CheckIn{}, false, err
	case v.decided() && v.Ticket != nil:
		return CheckIn{}, false, ErrAlreadyIn
	}
	g.Now = earliest(deed.At, g.Now)
	return deed.enter(ctx, tx, g)
}

func letIntoLine(o Outcome) bool { return o == Admitted || o == Late }

// reissue has the couple called by the ticket in its hands, unless it was called by the
// other one.
func (c *CheckIn) reissue(ctx context.Context, tx postgres.Querier, g guest, deed Deed) error {
	v, err := visitOf(ctx, tx, g)
	switch {
	case err != nil || deed.Ticket == "":
		return err
	case v.Ticket == nil:
		return ErrOtherOutcome
	case *v.Ticket == deed.Ticket:
		c.Ticket = deed.Ticket
		return nil
	case g.Status != booking.CheckedIn && g.Status != booking.Late:
		return ErrTicketCalled
	}
	g.Today = g.Day // whenever this is asked
	if err := mayGive(ctx, tx, g, deed); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE visit
		SET ticket = $2
		WHERE appointment_id = $1`, g.ID, deed.Ticket)
	if err != nil {
		return fmt.Errorf("ticket of appointment %d: %w", g.ID, err)
	}
	c.Ticket = deed.Ticket
	return nil
}

// healthyAt is ErrReadingMissing for staff who had not been found healthy by then.
func healthyAt(ctx context.Context, tx postgres.Querier, staff string, day date.Date, at time.Time) error {
	var normal bool
	err := tx.GetContext(ctx, &normal, `
		SELECT count(*) FILTER (WHERE NOT t.abnormal AND later.id IS NULL) > 0
			AND count(*) FILTER (WHERE t.abnormal) < 2
		FROM temperature AS t
		LEFT JOIN temperature AS later ON later.supersedes = t.id AND later.at <= $3
		WHERE t.chain = 'staff:' || $1
		  AND t.day = $2
		  AND t.at <= $3`, staff, day, at)
	if err != nil {
		return fmt.Errorf("readings of staff: %w", err)
	}
	if !normal {
		return ErrReadingMissing
	}
	return nil
}
