package booking

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// WalkIn is somebody who stands in the hall without an appointment.
type WalkIn struct {
	Office  string
	Service string
	Key     string // the client's Idempotency-Key; empty makes every request a new one
	Locale  string
	Actor   string
}

// WalkIn gives somebody who is there the earliest place of today that the counter
// still has (domain rule 45) or, when it has none, one that is left unsold where it
// can be sold no more. It is taken as any other, by a hold, so that no place
// is given twice; but nobody is asked who they are, and what comes out is as an
// appointment whose data were erased. Whoever is kept from booking online is not
// kept from this (rule 52). The same key is given the same place.
//
// Faults: ErrNoWalkIns, ErrKeyReused, ErrResuming, ErrStillRunning,
// ErrUnknownOutcome, those of slots.Store; field service ("not_offered").
func (d *Desk) WalkIn(ctx context.Context, w WalkIn) (Appointment, error) {
	office, err := d.Offices.Office(ctx, w.Office)
	if err != nil {
		return Appointment{}, err
	}
	service, offered := office.Service(w.Service)
	if !offered {
		return Appointment{}, fault.InFields(map[string]string{"service": "not_offered"})
	}
	if w.Key == "" {
		w.Key = uuid.NewString()
	}
	a, err := d.walkedIn(ctx, w)
	if !errors.Is(err, ErrNoAppointment) {
		return a, err
	}
	free, err := d.Availability(ctx, w.Office)
	if err != nil {
		return Appointment{}, err
	}
	today := date.DateOf(d.Clock.Now().In(office.Location))
	for _, t := range free.Times(service, slots.Counter, today) {
		if t.State != Open {
			continue
		}
		a, err := d.walkInto(ctx, w, t.Slot)
		if !gone(err) {
			return a, err
		}
	}
	for _, slot := range free.Unsold(service, today) {
		a, err := d.walkIntoUnsold(ctx, w, slot)
		if !gone(err) {
			return a, err
		}
	}
	return Appointment{}, ErrNoWalkIns
}

// mostMoved is how often a place that was moved for one walk-in may go to another.
const mostMoved = 20

// walkIntoUnsold takes a place of a slot that the counter has been given, or is given
// one now. A place that another walk-in takes meanwhile is moved for nobody in
// particular: it is the counter's until the slot ends.
func (d *Desk) walkIntoUnsold(ctx context.Context, w WalkIn, slot slots.SlotID) (Appointment, error) {
	for range mostMoved {
		a, err := d.walkInto(ctx, w, slot)
		if !gone(err) {
			return a, err
		}
		moved, failed := d.moveUnsold(ctx, slot, w.Actor)
		if failed != nil {
			return Appointment{}, failed
		}
		if !moved {
			return Appointment{}, err
		}
	}
	return Appointment{}, ErrFull
}

// moveUnsold gives the counter a place that is unsold elsewhere, and reports whether
// there was one. Postgres first: Redis may only say no, and the channel that loses it
// sells nothing any more.
func (d *Desk) moveUnsold(ctx context.Context, slot slots.SlotID, actor string) (bool, error) {
	var changed []slots.Recap
	err := postgres.InTx(ctx, d.DB, func(tx postgres.Querier) (err error) {
		changed, err = d.Offices.ForWalkIn(ctx, tx, slot, actor)
		return err
	})
	if err != nil || len(changed) == 0 {
		return false, err
	}
	lines := make([]string, len(changed))
	for i, c := range changed {
		lines[i] = c.Line
	}
	d.settle(ctx, lines)
	return true, nil
}

// gone reports whether a place went to somebody else meanwhile, so that the next
// is tried.
func gone(err error) bool {
	for _, f := range []*fault.Error{ErrFull, ErrClosed, ErrNotOpen, ErrSuspended, ErrHoldExpired} {
		if errors.Is(err, f) {
			return true
		}
	}
	return false
}

// walkedIn is what the same request was given before, or ErrNoAppointment.
func (d *Desk) walkedIn(ctx context.Context, w WalkIn) (Appointment, error) {
	var before struct {
		Same bool      `db:"same"`
		Hold uuid.UUID `db:"hold_id"`
	}
	err := d.DB.GetContext(ctx, &before, `
		SELECT body = $2 AS same, hold_id
		FROM idempotency
		WHERE key = $1`, w.request(), w.body(d))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Appointment{}, ErrNoAppointment
	case err != nil:
		return Appointment{}, fmt.Errorf("walk-in before: %w", err)
	case !before.Same:
		return Appointment{}, ErrKeyReused
	}
	var a Appointment
	err = d.DB.GetContext(ctx, &a, `
		SELECT `+appointmentColumns+`
		FROM appointment
		WHERE hold_id = $1`, before.Hold)
	if err != nil {
		return Appointment{}, fmt.Errorf("walk-in of hold %s: %w", before.Hold, err)
	}
	return a, nil
}

func (w WalkIn) request() string { return strings.Join([]string{w.Actor, "walk-in", w.Key}, "/") }

func (w WalkIn) body(d *Desk) []byte {
	return d.Keys.MAC("request", []byte(w.Office), []byte(w.Service))
}

// walkInto takes a place of a slot, if there is one.
func (d *Desk) walkInto(ctx context.Context, w WalkIn, slot slots.SlotID) (Appointment, error) {
	session := "walk-in/" + w.Actor
	h, err := d.Hold(ctx, HoldRequest{Slot: slot, Channel: slots.Counter, Session: session, Key: w.Key})
	if errors.Is(err, ErrBooked) { // by the same request, at the same moment
		return d.walkedIn(ctx, w)
	}
	if err != nil {
		return Appointment{}, err
	}
	g, _, _, err := d.read(h.Token, h.ID, session)
	if err != nil {
		return Appointment{}, err
	}
	id, err := d.confirmWalkIn(ctx, g, w)
	switch {
	case errors.Is(err, ErrKeyReused): // the same request got another place at the same moment
		a, known := d.walkedIn(ctx, w)
		_, ended := d.end(ctx, g, "R", ErrKeyReused.Code)
		return a, errors.Join(known, ended)
	case errors.Is(err, ErrFull), errors.Is(err, ErrClosed):
		_, ended := d.end(ctx, g, "X", fault.Of(err).Code)
		return Appointment{}, errors.Join(err, ended)
	case err != nil:
		return Appointment{}, err
	}
	return byID(ctx, d.DB, id)
}

// confirmWalkIn makes an appointment of a hold. It is sent again while its outcome
// is unknown, as any confirmation.
func (d *Desk) confirmWalkIn(ctx context.Context, g grant, w WalkIn) (int64, error) {
	var made walkInMade
	var err error
	for range tries {
		made, err = d.runWalkIn(ctx, g, w)
		if state := postgres.State(err); err == nil || state != "" && !transient(state) || ctx.Err() != nil {
			break
		}
	}
	switch state := postgres.State(err); {
	case state == "55P03":
		return 0, ErrStillRunning.After(time.Second)
	case err != nil && (state == "" || transient(state)):
		d.Log.ErrorContext(ctx, "outcome of a walk-in unknown", "error", err)
		return 0, ErrUnknownOutcome
	case err != nil:
		return 0, faultOf(err)
	}
	switch made.Result {
	case "ok", "replay":
		d.free(ctx, g, "C", made.Lines)
		d.Wake()
		return made.Appointment, nil
	case "key_reused":
		return 0, ErrKeyReused
	}
	return 0, ErrHoldExpired
}

type walkInMade struct {
	Result      string         `db:"result"`
	Appointment int64          `db:"appointment"`
	Lines       pq.StringArray `db:"lines"`
}

func (d *Desk) runWalkIn(ctx context.Context, g grant, w WalkIn) (walkInMade, error) {
	var made walkInMade
	err := d.DB.GetContext(ctx, &made, `
		SELECT result, coalesce(appointment, 0) AS appointment, coalesce(lines, '{}') AS lines
		FROM confirm_walk_in($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		g.Hold, g.Quota, g.Epoch, g.ends(), w.request(), w.body(d), w.Actor, w.Service, pq.StringArray(d.numbers(g.Hold)), localeOf(w.Locale))
	if err != nil {
		return made, fmt.Errorf("confirm walk-in: %w", err)
	}
	return made, nil
}

// localeOf is a locale that the table takes.
func localeOf(typed string) string {
	if typed == "en" {
		return "en"
	}
	return "zh"
}
