package hall

import (
	"context"
	"fmt"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// unlimited is the room of a hall that lets everybody in.
const unlimited = -1

// roomFor is how many couples may be inside while so many counters are open
// (domain rule 68), or unlimited.
func roomFor(r slots.Rules, open int) int {
	room := unlimited
	if r.HallLimit > 0 {
		room = r.HallLimit
	}
	if r.Screening == slots.ScreeningRequired {
		room = least(room, open*r.CouplesPerCounter+r.CouplesWaiting)
	}
	return room
}

func least(room, n int) int {
	if room == unlimited {
		return n
	}
	return min(room, n)
}

// setRoom writes down how many may be inside now. Whoever is inside when the room
// becomes smaller stays; nobody enters until it is enough again.
func setRoom(ctx context.Context, tx postgres.Querier, office string, day date.Date, rules slots.Rules) error {
	var open int
	err := tx.GetContext(ctx, &open, `
		SELECT count(*)
		FROM counter_session
		WHERE office_id = $1
		  AND day = $2
		  AND closed_at IS NULL`, office, day)
	if err != nil {
		return fmt.Errorf("open counters on %s at %s: %w", day, office, err)
	}
	room := roomFor(rules, open)
	_, err = tx.ExecContext(ctx, `
		UPDATE hall_day
		SET room = nullif($3::int, -1)
		WHERE office_id = $1
		  AND day = $2
		  AND room IS DISTINCT FROM nullif($3::int, -1)`, office, day, room)
	if err != nil {
		return fmt.Errorf("room on %s at %s: %w", day, office, err)
	}
	return nil
}

// crowd is how full a hall is.
type crowd struct {
	Inside int `db:"inside"`
	Room   int `db:"room"`  // or unlimited
	Batch  int `db:"batch"` // may still enter of those who are let in together
}

func crowdOf(ctx context.Context, tx postgres.Querier, office string, day date.Date) (crowd, error) {
	var c crowd
	err := tx.GetContext(ctx, &c, `
		SELECT inside, coalesce(room, -1) AS room, batch
		FROM hall_day
		WHERE office_id = $1
		  AND day = $2`, office, day)
	if err != nil {
		return crowd{}, fmt.Errorf("crowd on %s at %s: %w", day, office, err)
	}
	return c, nil
}

// fits reports whether one more couple fits in.
func (c crowd) fits() bool { return c.Room == unlimited || c.Inside < c.Room }

// opens reports whether the door opens for those outside: for one of a batch that
// is going in, and for a new batch once all of it fits.
func (c crowd) opens(batch, outside int) bool {
	return c.Room == unlimited || c.fits() && (c.Batch > 0 || c.Room-c.Inside >= min(batch, outside, c.Room))
}

// Enter lets a couple in that waits outside: whoever was called to a counter, and
// otherwise the first in line. A couple that is inside stays there.
//
// Faults: booking.ErrNoAppointment, ErrNotPossible, ErrKeyReused, ErrOtherOffice,
// ErrHallFull, ErrNotTheirTurn.
func (d *Desk) Enter(ctx context.Context, number string, p Press) error {
	return d.press(ctx, number, p, "enter", func(tx postgres.Querier, g guest) error {
		line, err := lineOf(ctx, tx, g.Office, g.Day)
		if err != nil {
			return err
		}
		own, err := findIn(line, number)
		if err != nil || own.Inside {
			return err
		}
		c, err := crowdOf(ctx, tx, g.Office, g.Day)
		switch outside := outsideOf(line); {
		case err != nil:
			return err
		case own.Status != booking.Called && (own.Parked || outside[0].Number != number):
			return ErrNotTheirTurn
		case !c.opens(g.Rules.EntryBatch, len(outside)):
			return ErrHallFull
		default:
			return letIn(ctx, tx, g, c.nextBatch(g.Rules.EntryBatch, len(outside)), p.Actor)
		}
	})
}

// nextBatch is how many may still enter after the one who enters now.
func (c crowd) nextBatch(batch, outside int) int {
	if c.Batch > 0 {
		return c.Batch - 1
	}
	return min(batch, outside) - 1
}

// outsideOf is who waits outside, first to last: those who were called come before
// the others, and whoever is parked is not waiting.
func outsideOf(line []InLine) []InLine {
	var called, others []InLine
	for _, l := range line {
		switch {
		case l.Inside || l.Parked:
		case l.Status == booking.Called:
			called = append(called, l)
		case l.waits():
			others = append(others, l)
		}
	}
	return append(called, others...)
}

// letIn notes that a couple goes in. That it fits was seen under the lock of the
// day; the trigger count_inside has the last word.
func letIn(ctx context.Context, tx postgres.Querier, g guest, batch int, actor string) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE line_place
		SET inside = true
		WHERE appointment_id = $1
		  AND NOT inside`, g.ID)
	if postgres.State(err) == "HY011" {
		return ErrHallFull
	}
	if err != nil {
		return fmt.Errorf("let appointment %d in: %w", g.ID, err)
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE hall_day
		SET batch = $3
		WHERE office_id = $1
		  AND day = $2
		  AND batch <> $3`, g.Office, g.Day, batch)
	if err != nil {
		return fmt.Errorf("let appointment %d in: %w", g.ID, err)
	}
	return noteStep(ctx, tx, g, "entered", nil, actor)
}

// letInIfRoom lets a couple in that fits, and reports whether it is inside. ahead
// is how many go before it.
func letInIfRoom(ctx context.Context, tx postgres.Querier, g guest, ahead int, actor string) (bool, error) {
	c, err := crowdOf(ctx, tx, g.Office, g.Day)
	if err != nil || ahead > 0 || !c.fits() {
		return false, err
	}
	return true, letIn(ctx, tx, g, max(0, c.Batch-1), actor)
}

// goOut notes that a couple is no longer inside.
func goOut(ctx context.Context, tx postgres.Querier, g guest, actor string) error {
	done, err := tx.ExecContext(ctx, `
		UPDATE line_place
		SET inside = false
		WHERE appointment_id = $1
		  AND inside`, g.ID)
	if err != nil {
		return fmt.Errorf("appointment %d goes out: %w", g.ID, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return noteStep(ctx, tx, g, "left", nil, actor)
}

func noteStep(ctx context.Context, tx postgres.Querier, g guest, step string, counter *string, actor string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO line_step (appointment_id, step, counter, actor, at)
		VALUES ($1, $2, $3, $4, $5)`, g.ID, step, counter, actor, g.Now)
	if err != nil {
		return fmt.Errorf("note %s of appointment %d: %w", step, g.ID, err)
	}
	return nil
}
