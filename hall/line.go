package hall

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// Line is a hall at this moment. It names nobody.
type Line struct {
	Couples  []InLine  // with a ticket, whose visit goes on; in the order in which they are called
	Counters []Counter // that are open, by name
	Inside   int       // couples
	Room     int       // for so many; -1: for all
	Today    date.Date // at the office

	batch int // may still enter of those who are let in together
}

// InLine is a couple in the line.
type InLine struct {
	Number     string         `db:"number"`
	Ticket     string         `db:"ticket"`
	Status     booking.Status `db:"status"`
	Service    string         `db:"service_id"`
	StartsAt   time.Time      `db:"starts_at"`
	ArrivedAt  time.Time      `db:"arrived_at"`
	TurnAt     time.Time      `db:"turn_at"`     // what orders the line
	Counter    string         `db:"counter"`     // that called or serves them; "" for nobody
	ForCounter string         `db:"for_counter"` // next there and nowhere else
	Serving    bool           `db:"serving"`
	Parked     bool           `db:"parked"`
	Inside     bool           `db:"inside"`
	Calls      int            `db:"calls"`  // in this round
	Rounds     int            `db:"rounds"` // in which they did not come
	CalledAt   time.Time      `db:"called_at"`
}

// Counter is a counter that is open.
type Counter struct {
	Name      string    `db:"counter"`
	Registrar string    `db:"registrar"` // the account
	OpenedAt  time.Time `db:"opened_at"`
	Ticket    string    `db:"ticket"` // whom it calls or serves; "" for nobody
}

// Line is an office's hall on a day.
func (d *Desk) Line(ctx context.Context, office string, day date.Date) (Line, error) {
	o, err := d.Offices.Office(ctx, office)
	if err != nil {
		return Line{}, err
	}
	rules, err := d.Offices.Rules(ctx, office, day)
	if err != nil {
		return Line{}, err
	}
	l, err := d.lineBy(ctx, office, day, rules)
	l.Today = date.DateOf(d.Clock.Now().In(o.Location))
	return l, err
}

// lineBy is the line of a day by its rules, for whoever does not ask what day it is.
func (d *Desk) lineBy(ctx context.Context, office string, day date.Date, rules slots.Rules) (Line, error) {
	l := Line{Room: unlimited}
	var err error
	if l.Couples, err = lineOf(ctx, d.DB, office, day); err != nil {
		return Line{}, err
	}
	if l.Counters, l.batch, err = countersOf(ctx, d.DB, office, day); err != nil {
		return Line{}, err
	}
	l.Room = roomFor(rules, len(l.Counters))
	for _, c := range l.Couples {
		if c.Inside {
			l.Inside++
		}
	}
	return l, nil
}

// Waiting is those of the line who wait to be called, first to last.
func (l Line) Waiting() []InLine { return waitingIn(l.Couples) }

// Outside is who waits outside, in the order in which they come in.
func (l Line) Outside() []InLine { return outsideOf(l.Couples) }

// Full reports whether nobody else fits in.
func (l Line) Full() bool { return l.Room != unlimited && l.Inside >= l.Room }

func lineOf(ctx context.Context, db postgres.Querier, office string, day date.Date) ([]InLine, error) {
	var line []InLine
	err := db.SelectContext(ctx, &line, `
		SELECT
			a.number, a.status, a.service_id, a.starts_at, v.ticket, v.arrived_at,
			p.turn_at, p.serving, p.parked, p.inside, p.calls, p.rounds,
			coalesce(p.counter, '') AS counter,
			coalesce(p.for_counter, '') AS for_counter,
			coalesce((SELECT max(at) FROM counter_call AS c WHERE c.appointment_id = a.id AND c.step = 'called'), 'epoch') AS called_at
		FROM line_place AS p
		JOIN appointment AS a ON a.id = p.appointment_id
		JOIN visit AS v ON v.appointment_id = p.appointment_id
		WHERE p.office_id = $1
		  AND p.day = $2
		  AND a.status IN ('late', 'checked_in', 'called', 'in_service')
		ORDER BY p.turn_at, v.arrived_at, a.id`, office, day)
	if err != nil {
		return nil, fmt.Errorf("line on %s at %s: %w", day, office, err)
	}
	for i := range line {
		l := &line[i]
		l.StartsAt, l.ArrivedAt, l.TurnAt, l.CalledAt = l.StartsAt.UTC(), l.ArrivedAt.UTC(), l.TurnAt.UTC(), l.CalledAt.UTC()
		if l.CalledAt.Unix() == 0 {
			l.CalledAt = time.Time{}
		}
	}
	return line, nil
}

// waits reports whether a couple waits to be called.
func (l InLine) waits() bool {
	return !l.Parked && (l.Status == booking.CheckedIn || l.Status == booking.Late)
}

func waitingIn(line []InLine) []InLine {
	return slices.DeleteFunc(slices.Clone(line), func(l InLine) bool { return !l.waits() })
}

func findIn(line []InLine, number string) (InLine, error) {
	i := slices.IndexFunc(line, func(l InLine) bool { return l.Number == number })
	if i < 0 {
		return InLine{}, booking.ErrNotPossible
	}
	return line[i], nil
}

// turnAt is the place in the line of who arrives. The booked wait for their slot
// to begin and not longer; whoever came late or without an appointment goes
// before the booked only after having waited longer by walk_in_minutes (domain
// rule 44).
func turnAt(arrived, begins time.Time, booked bool, rules slots.Rules) time.Time {
	switch {
	case !booked:
		return arrived.Add(time.Duration(rules.WalkInMinutes) * time.Minute)
	case begins.After(arrived):
		return begins
	}
	return arrived
}

// apart is between two whose turn is at the same time, so that there are places
// between them for who is put back.
const apart = time.Millisecond

// join puts a couple with a ticket into the line, and lets it in if it is the
// first and there is room.
func (v *visit) join(ctx context.Context, tx postgres.Querier, g guest, booked bool, actor string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO line_place (appointment_id, office_id, day, turn_at)
		SELECT $1, $2, $3, $4::timestamptz + count(*) * $5 * interval '1 microsecond'
		FROM line_place
		WHERE office_id = $2
		  AND day = $3`, g.ID, g.Office, g.Day, turnAt(v.ArrivedAt, g.StartsAt, booked, g.Rules), apart.Microseconds())
	if err != nil {
		return fmt.Errorf("put appointment %d into the line: %w", g.ID, err)
	}
	line, err := lineOf(ctx, tx, g.Office, g.Day)
	if err != nil {
		return err
	}
	ahead := slices.IndexFunc(outsideOf(line), func(l InLine) bool { return l.Number == g.Number })
	v.inside, err = letInIfRoom(ctx, tx, g, ahead, actor)
	return err
}
