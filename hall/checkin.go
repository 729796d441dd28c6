package hall

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// Arrival is a couple at the door.
type Arrival struct {
	Number     string // of the appointment
	Office     string // where they stand
	Readings   []Reading
	Companions []Companion
	Early      bool      // take them in although it is too early; their turn is when their slot begins
	At         time.Time // when they came, where this is told later; zero for now
	Ticket     string    // that a desk without the server has given them, "C001" to "Z999"; usually empty
	Second     string    // why they are let in though the second person is in another appointment; "": they are not
	Key        string    // the client's Idempotency-Key; may be empty
	Actor      string
}

// Companion is somebody who comes along: above the number that the office
// admits, only for a reason. They are measured like the couple, but once.
type Companion struct {
	Reason      string
	Decicelsius int // tenths of a degree; 0 where it was not measured
	Device      string
}

// Outcome is how an arrival ended.
type Outcome string

// The outcomes.
const (
	Early    Outcome = "early"    // come back at OpensAt; nothing was stored
	Noted    Outcome = "noted"    // is here since then, and has still to be measured: see Note
	Recheck  Outcome = "recheck"  // a fever; rest and be measured again at RecheckAt
	Deferred Outcome = "deferred" // still a fever: another day, without penalty
	Admitted Outcome = "admitted" // wait for the ticket to be called
	Late     Outcome = "late"     // admitted, in walk-in order
)

// CheckIn is the answer to an arrival.
type CheckIn struct {
	Outcome    Outcome   `json:"outcome"`
	Ticket     string    `json:"ticket,omitempty"`      // "A012"; "B003" in walk-in order
	Outside    bool      `json:"outside,omitempty"`     // the hall is full: they wait outside with their ticket
	RecheckAt  time.Time `json:"recheck_at,omitzero"`   // of Recheck
	Recheck    []int     `json:"recheck,omitempty"`     // the parties to measure again
	OpensAt    time.Time `json:"opens_at,omitzero"`     // of Early
	Companions int       `json:"companions,omitempty"`  // let in
	TurnedAway int       `json:"turned_away,omitempty"` // companions with a fever
}

// Rest is a couple that waits to be measured again. It is zero for any other.
type Rest struct {
	Until   time.Time
	Parties []int    // who is to be measured
	Devices []string // what each of them was measured with last
}

// Resting is the rest of a couple, if it has one.
func (d *Desk) Resting(ctx context.Context, number string) (Rest, error) {
	var rows []struct {
		Until  time.Time `db:"recheck_at"`
		Party  int       `db:"role"`
		Device string    `db:"device"`
	}
	err := d.DB.SelectContext(ctx, &rows, `
		SELECT v.recheck_at, t.role, t.device
		FROM appointment AS a
		JOIN visit AS v ON v.appointment_id = a.id
		JOIN temperature AS t ON t.appointment_id = a.id
		WHERE a.number = $1
		  AND a.status = 'booked'
		  AND v.outcome = 'recheck'
		  AND v.day = a.day
		  AND t.kind = 'party'
		  AND t.day = v.day
		  AND t.abnormal
		  AND NOT EXISTS (SELECT FROM temperature AS later WHERE later.supersedes = t.id)
		ORDER BY t.role`, number)
	if err != nil {
		return Rest{}, fmt.Errorf("rest of an appointment: %w", err)
	}
	var rest Rest
	for _, row := range rows {
		rest.Until = row.Until.UTC()
		rest.Parties, rest.Devices = append(rest.Parties, row.Party), append(rest.Devices, row.Device)
	}
	return rest, nil
}

// CheckIn receives a couple. Whoever asks again is told the same: with the same
// Key always, and without one as soon as the arrival is decided.
//
// A couple may come rules.early_minutes before its slot begins (domain rule
// 40); from rules.late_minutes after the beginning it keeps its day but not its
// turn (rule 42). What counts is when it first stood at the door: nobody
// becomes late by resting after a fever.
//
// Where the office screens, everybody needs a normal reading of today (rule
// 64). One fever is measured again; two defer the visit (rules 65, 66). These
// are answers, since the readings are kept.
//
// A second person who has not confirmed does so by standing there. Whoever is in
// another appointment is not: the fault comes before anything is measured.
//
// Faults: booking.ErrNoAppointment, booking.ErrSecondBusy, ErrNotPossible, ErrKeyReused,
// ErrOtherOffice, ErrOtherDay, ErrRecheckTooSoon, ErrTicketGiven; fields readings
// ("required"), readings.N.party|celsius|device, companions.N.reason|celsius|device, at
// ("future", "too_old"), ticket.
func (d *Desk) CheckIn(ctx context.Context, a Arrival) (CheckIn, error) {
	if a.Ticket != "" && !deskTicket.MatchString(a.Ticket) {
		return CheckIn{}, fault.InFields(map[string]string{"ticket": badFormat})
	}
	o, err := d.Offices.Office(ctx, a.Office)
	if err != nil {
		return CheckIn{}, err
	}
	var answer CheckIn
	err = d.atDoor(ctx, a.Number, a.Actor, func(tx postgres.Querier, g guest) error {
		if g.Office != a.Office {
			return ErrOtherOffice
		}
		if err := a.when(&g, o.Location); err != nil {
			return err
		}
		answer, err = once(ctx, tx, a.request(), func() (CheckIn, bool, error) {
			return a.enter(ctx, tx, g)
		})
		return err
	})
	return answer, err
}

// deskTicket is what a desk gives out while the server is away.
var deskTicket = regexp.MustCompile(`^[C-Z][0-9]{3,}$`)

// toldWithin is how much later an arrival may be told.
const toldWithin = 24 * time.Hour

// when makes it the time at which the couple came.
func (a Arrival) when(g *guest, office *time.Location) error {
	switch {
	case a.At.IsZero():
		return nil
	case a.At.After(g.Now):
		return fault.InFields(map[string]string{"at": "future"})
	case g.Now.Sub(a.At) > toldWithin:
		return fault.InFields(map[string]string{"at": "too_old"})
	}
	g.Now, g.Today = a.At, date.DateOf(a.At.In(office))
	return nil
}

func (a Arrival) request() request {
	return request{Actor: a.Actor, Key: a.Key, Body: digest("check-in", a.Number, a.Office, a.Readings, a.Companions, a.Early, a.At.UnixMilli(), a.Ticket)}
}

// enter decides an arrival. The second result is false where nothing was
// stored, so that the same request may be decided anew.
func (a Arrival) enter(ctx context.Context, tx postgres.Querier, g guest) (CheckIn, bool, error) {
	rules := g.Rules
	v, err := visitOf(ctx, tx, g)
	opens := g.StartsAt.Add(-time.Duration(rules.EarlyMinutes) * time.Minute).UTC()
	switch {
	case err != nil:
		return CheckIn{}, false, err
	case v.decided():
		return v.answer(nil), true, nil
	case g.Status != booking.Booked:
		return CheckIn{}, false, booking.ErrNotPossible
	case g.Day != g.Today:
		return CheckIn{}, false, ErrOtherDay
	case v.Outcome == "" && g.Now.Before(opens) && !a.Early && !g.WalkIn:
		return CheckIn{Outcome: Early, OpensAt: opens}, false, nil
	}
	if err := booking.Present(ctx, tx, g.ID, strings.TrimSpace(a.Second), a.Actor); err != nil {
		return CheckIn{}, false, err
	}
	people, err := a.measure(ctx, tx, g, rules)
	if err != nil {
		return CheckIn{}, false, err
	}
	begins := g.StartsAt
	if g.WalkIn {
		begins = v.ArrivedAt // they are not late for what they have not booked
	}
	v.settle(a, people, begins, rules)
	v.given = a.Ticket
	if err := v.finish(ctx, tx, g, a.Actor); err != nil {
		return CheckIn{}, false, err
	}
	if v.Outcome == Deferred {
		if err := openIncident(ctx, tx, g, a.Actor); err != nil {
			return CheckIn{}, false, err
		}
	}
	return v.answer(people), true, nil
}

// measure checks what was measured at the door, stores it and returns today's
// readings of each party: none where the office does not screen.
func (a Arrival) measure(ctx context.Context, tx postgres.Querier, g guest, rules slots.Rules) ([]person, error) {
	wrong := a.wrongCompanions(rules)
	if rules.Screening == slots.ScreeningOff {
		return nil, fault.InFields(wrong)
	}
	people, err := partiesOf(ctx, tx, g)
	if err != nil {
		return nil, err
	}
	s := screenOf(rules)
	if err := alsoWrong(wrong, s.check(a.Readings, people, g.Now)); err != nil {
		return nil, err
	}
	for _, r := range a.Readings {
		kept := temperature{Kind: "party", Office: g.Office, Day: g.Day, Appointment: &g.ID, Role: &r.Party}
		if err := kept.add(ctx, tx, &people[r.Party-1], r, s.limit, g.Now, a.Actor); err != nil {
			return nil, err
		}
	}
	return people, a.keepCompanions(ctx, tx, g, s.limit)
}

// alsoWrong joins the fields of err to those that are wrong already, so that
// everything can be mended at once. Another fault goes first.
func alsoWrong(wrong map[string]string, err error) error {
	if err == nil {
		return fault.InFields(wrong)
	}
	f := fault.Of(err)
	if f.Fields == nil {
		return err
	}
	maps.Copy(wrong, f.Fields)
	return fault.InFields(wrong)
}

// wrongCompanions is what is wrong with those who come along.
func (a Arrival) wrongCompanions(rules slots.Rules) map[string]string {
	wrong := map[string]string{}
	for i, c := range a.Companions {
		field := "companions." + strconv.Itoa(i) + "."
		reason := strings.TrimSpace(c.Reason)
		switch {
		case reason == "" && i >= rules.Companions:
			wrong[field+"reason"] = required
		case utf8.RuneCountInString(reason) > longestReason:
			wrong[field+"reason"] = tooLong
		}
		switch {
		case rules.Screening == slots.ScreeningOff:
		case c.Decicelsius != 0:
			wrongReading(wrong, field, Reading{Decicelsius: c.Decicelsius, Device: c.Device})
		case rules.Screening == slots.ScreeningRequired:
			wrong[field+"celsius"] = required
		}
	}
	return wrong
}

func (a Arrival) keepCompanions(ctx context.Context, tx postgres.Querier, g guest, limit int) error {
	for _, c := range a.Companions {
		if c.Decicelsius == 0 {
			continue
		}
		kept := temperature{Kind: "companion", Office: g.Office, Day: g.Day, Appointment: &g.ID}
		r := Reading{Decicelsius: c.Decicelsius, Device: c.Device}
		if err := kept.add(ctx, tx, &person{}, r, limit, g.Now, a.Actor); err != nil {
			return err
		}
	}
	return nil
}
