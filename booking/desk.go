package booking

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"hunyue/internal/clock"
	"hunyue/internal/seal"
	"hunyue/slots"
)

// Desk is where places are asked for, kept, changed and given back, whoever
// asks: a couple, an operator, the hall.
type Desk struct {
	DB      *sqlx.DB
	Holds   *Holds
	Offices *slots.Store
	Keys    *seal.Keys
	Clock   *clock.Clock
	Log     *slog.Logger

	// Wake tells the outbox worker that there is something to do.
	Wake func()

	// Watch is told what is about to be shown to staff, and its error is the answer
	// instead. Nil watches nobody: couples see what is theirs, and what is done
	// beside shows nobody to anybody. Methods that begin with a capital letter
	// and open sealed values ask it, so that no page can forget to.
	Watch func(ctx context.Context, v View) error

	own    memory
	public *Desk // whose memory this desk shares; nil: it has its own
}

// memory is what a desk keeps between requests.
type memory struct {
	availability snapshots
	soldOut      soldOut
	rebuilding   rebuilds
}

// changed makes whoever asks next see a change made here.
func (m *memory) changed(office string) {
	m.availability.changed(office)
	m.soldOut.changed(office)
}

// On is the same desk with connections of its own, for staff or for what is done
// beside: a crowd at the public door takes none from them. Each of the desks
// sees the others' changes at once.
func (d *Desk) On(db *sqlx.DB, offices *slots.Store) *Desk {
	return &Desk{
		DB: db, Holds: d.Holds, Offices: offices, Keys: d.Keys, Clock: d.Clock, Log: d.Log, Wake: d.Wake,
		public: d,
	}
}

func (d *Desk) memory() *memory {
	if d.public != nil {
		return d.public.memory()
	}
	return &d.own
}

// HoldRequest asks for one place.
type HoldRequest struct {
	Slot    slots.SlotID
	Channel slots.Channel
	Session string // who holds: a browser session, or an operator; may be empty for an API client
	Key     string // the client's Idempotency-Key; empty makes every request a new hold
	Scope   string // whose key it is, where there is no session and the key could be guessed
	Once    bool   // the key is for this slot alone: ErrKeyReused for another one

	// Persons are the keys of the parties' documents (see Desk.Person), where
	// they are known before the hold. Each of them can then be in one hold only.
	Persons [][]byte

	// Phone is the mark (see Desk.Prove) of one that whoever asks has shown to have
	// in hand, as they must on hot days. An application with it needs no code.
	Phone []byte

	// Admit is asked before Redis is; nil lets everybody in. Its error is the
	// answer. What it counted is taken back if no place is granted.
	Admit func(ctx context.Context, hold uuid.UUID) (back func(), err error)
}

// Hold is a place that is kept for a while.
type Hold struct {
	ID        uuid.UUID
	Token     string // shows that the hold is yours
	Slot      slots.SlotID
	ExpiresAt time.Time
}

// Hold keeps a place for rules.hold_seconds, though not beyond the end of its
// sale. It touches no table unless Redis has to be filled again. The same key in
// the same session gives the same hold, or the next one after it was released.
//
// Faults: slots.ErrNoSuchSlot, ErrFull, ErrNotOpen, ErrClosed, ErrSuspended,
// ErrPersonBusy, ErrBooked, ErrHoldExpired, ErrKeyReused, ErrPhoneFirst,
// ErrResuming, and those of Admit.
func (d *Desk) Hold(ctx context.Context, r HoldRequest) (Hold, error) {
	rules, err := d.Offices.Rules(ctx, r.Slot.Office, r.Slot.Day)
	if err != nil {
		return Hold{}, err
	}
	if err := d.verified(ctx, r); err != nil {
		return Hold{}, err
	}
	for turn := range turns {
		held, err := d.holdAs(ctx, r, d.holdID(r, turn), holdFor(rules))
		if !errors.Is(err, errEnded) {
			return held, err
		}
	}
	return Hold{}, ErrHoldExpired
}

// verified refuses who has shown no phone on a hot day. Staff ask the caller.
func (d *Desk) verified(ctx context.Context, r HoldRequest) error {
	if len(r.Phone) > 0 || r.Channel != slots.Web {
		return nil
	}
	hot, err := d.Offices.VerifiesFirst(ctx, r.Slot.Office, r.Slot.Day)
	if err == nil && hot {
		err = ErrPhoneFirst
	}
	return err
}

// turns is how often a place may be held and released again with one key.
const turns = 8

// errEnded says that a hold was released or refused, so that it cannot begin
// again.
var errEnded = errors.New("this hold has ended")

func (d *Desk) holdAs(ctx context.Context, r HoldRequest, id uuid.UUID, ttl time.Duration) (Hold, error) {
	if err := d.lockPersons(ctx, r.Persons, id, ttl); err != nil {
		return Hold{}, err
	}
	v, err := d.place(ctx, r, id, ttl)
	if err != nil && len(r.Persons) > 0 {
		err = errors.Join(err, d.unlockPersons(ctx, r.Persons, id))
	}
	if err != nil {
		return Hold{}, err
	}
	d.memory().changed(r.Slot.Office)
	g := grant{
		Hold: id, Quota: r.Slot.Quota(r.Channel), Epoch: v.epoch, Generation: v.generation,
		Ends: v.number, Session: sessionMark(d.Keys, r.Session), Persons: r.Persons, Phone: r.Phone,
	}
	if err := d.keyOf(ctx, r, g); err != nil {
		return Hold{}, err
	}
	return d.handOut(g, r.Slot)
}

// keyOf is ErrKeyReused, and the hold is given back, if another slot is held
// with the same key. Only who is granted a place is asked.
func (d *Desk) keyOf(ctx context.Context, r HoldRequest, g grant) error {
	if !r.Once || r.Key == "" {
		return nil
	}
	key := d.Keys.MAC("hold-key", []byte(r.Session), []byte(r.Scope), []byte(r.Channel), []byte(r.Key))
	first, err := d.Holds.first(ctx, key, r.Slot.String())
	if err != nil {
		return d.away(ctx, err)
	}
	if first == r.Slot.String() {
		return nil
	}
	_, err = d.end(ctx, g, "R", ErrKeyReused.Code)
	return errors.Join(ErrKeyReused, err)
}

// holdFor is how long a place is kept while the form is filled in.
func holdFor(rules slots.Rules) time.Duration { return time.Duration(rules.HoldSeconds) * time.Second }

// zone is the time zone of an office.
func (d *Desk) zone(ctx context.Context, office string) (*time.Location, error) {
	o, err := d.Offices.Office(ctx, office)
	return o.Location, err
}

// holdID is derived from the client's key, so that a repeated request is the
// same hold wherever it arrives.
func (d *Desk) holdID(r HoldRequest, turn int) uuid.UUID {
	if r.Key == "" {
		return uuid.New()
	}
	mac := d.Keys.MAC("hold", []byte(r.Session), []byte(r.Scope), []byte(r.Channel), []byte(r.Slot.String()), []byte(r.Key), []byte{byte(turn)})
	id, _ := uuid.FromBytes(mac[:16]) // fails only for another length
	return id
}

// place asks Redis for whoever is let in, unless it is known that nothing is
// left.
func (d *Desk) place(ctx context.Context, r HoldRequest, id uuid.UUID, ttl time.Duration) (verdict, error) {
	family := r.Slot.Family(r.Channel)
	full, changes := d.memory().soldOut.known(r.Slot.Office, family[0], d.Clock.Now())
	if full {
		return verdict{}, ErrFull
	}
	if r.Admit == nil {
		return d.request(ctx, r, id, ttl, changes)
	}
	back, err := r.Admit(ctx, id)
	if errors.Is(err, ErrFull) {
		_, _ = d.Holds.pin(ctx, family, grant{Hold: id}) // there is none: whoever is told that a place is gone cannot see by the time that nobody looked
	}
	if err != nil {
		return verdict{}, err
	}
	v, err := d.request(ctx, r, id, ttl, changes)
	if err != nil {
		back()
	}
	return v, err
}

// request asks Redis, and fills it once if it has forgotten the day.
func (d *Desk) request(ctx context.Context, r HoldRequest, id uuid.UUID, ttl time.Duration, changes int) (verdict, error) {
	family := r.Slot.Family(r.Channel)
	v, err := d.Holds.hold(ctx, "hold", family, id.String(), r.Key == "", ttl)
	if err == nil && v.word == "rebuild" {
		if err := d.rebuild(ctx, r.Slot.Office, r.Slot.Day); err != nil {
			return verdict{}, err
		}
		v, err = d.Holds.hold(ctx, "hold", family, id.String(), r.Key == "", ttl)
	}
	if err != nil {
		return verdict{}, d.away(ctx, err)
	}
	switch v.word {
	case "not_open":
		return v, ErrNotOpen.After(time.UnixMilli(v.number).Sub(d.Clock.Now()))
	case "sold_out":
		d.memory().soldOut.note(r.Slot.Office, family[0], d.Clock.Now(), changes)
	}
	return v, d.closedWhy(ctx, r.Slot, slots.Service{Group: r.Slot.Group}, r.Channel, refusal(v))
}

// closedWhy is err, or ErrSuspended where a suspension closes the slot, or keeps
// the service out of it.
func (d *Desk) closedWhy(ctx context.Context, slot slots.SlotID, service slots.Service, channel slots.Channel, err error) error {
	if !errors.Is(err, ErrClosed) {
		return err
	}
	a, failed := d.Availability(ctx, slot.Office)
	if failed != nil {
		return errors.Join(err, failed)
	}
	if a.stopped(slot.Day, service, channel) != nil {
		return ErrSuspended
	}
	return err
}

// refusal is the fault that a verdict stands for.
func refusal(v verdict) error {
	switch v.word {
	case "granted":
		return nil
	case "full", "sold_out":
		return ErrFull
	case "closed":
		return ErrClosed
	case "wait":
		return ErrResuming.After(time.Duration(v.number) * time.Millisecond)
	case "unknown":
		return slots.ErrNoSuchSlot
	case "gone":
		return ErrHoldExpired
	case "ended":
		if v.how == "C" {
			return ErrBooked
		}
		return errEnded
	case "enough", "lost": // what it has, it keeps
		return ErrNoExtension
	case "rebuild":
		return ErrResuming.After(time.Second)
	}
	return fmt.Errorf("verdict %q: %w", v.word, errAnswer)
}

// away logs why Redis could not be asked, once, and is the fault for it: no
// hold is granted without it.
func (d *Desk) away(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d.Log.WarnContext(ctx, "redis is away", "error", err)
	return ErrResuming.After(5 * time.Second)
}

func (d *Desk) handOut(g grant, slot slots.SlotID) (Hold, error) {
	token, err := g.sign(d.Keys)
	if err != nil {
		return Hold{}, err
	}
	return Hold{ID: g.Hold, Token: token, Slot: slot, ExpiresAt: g.ends()}, nil
}

// Extend gives the holder rules.hold_seconds from now, at most three times
// that since the hold began, where the office allows it. While Redis may have
// forgotten the hold it gives nothing: the place is kept until the time told.
//
// Faults: ErrHoldForeign, ErrHoldExpired, ErrNoExtension, ErrResuming.
func (d *Desk) Extend(ctx context.Context, id uuid.UUID, token, session string) (Hold, error) {
	g, slot, channel, err := d.read(token, id, session)
	if err != nil {
		return Hold{}, err
	}
	rules, err := d.Offices.Rules(ctx, slot.Office, slot.Day)
	if err != nil {
		return Hold{}, err
	}
	if !rules.Extendable {
		return Hold{}, ErrNoExtension
	}
	v, err := d.Holds.hold(ctx, "extend", slot.Family(channel), id.String(), false, holdFor(rules))
	if err != nil {
		return Hold{}, d.away(ctx, err)
	}
	if err := refusal(v); err != nil {
		return Hold{}, err
	}
	g.Ends, g.Epoch, g.Generation = v.number, v.epoch, v.generation
	return d.handOut(g, slot)
}

// Release gives a held place back. Releasing twice is the same as once.
//
// Faults: ErrHoldForeign; ErrBooked if the hold has become an appointment.
func (d *Desk) Release(ctx context.Context, id uuid.UUID, token, session string) error {
	g, _, _, err := d.read(token, id, session)
	if err != nil {
		return err
	}
	ended, err := d.end(ctx, g, "R", "released")
	if err != nil {
		return err
	}
	if ended == "C" {
		return ErrBooked
	}
	return nil
}

// end records in Postgres how a hold ended, and only then frees it in Redis:
// a hold whose place was given on must never be confirmed. It returns how the
// hold has really ended, which another request may have decided.
func (d *Desk) end(ctx context.Context, g grant, ending, why string) (string, error) {
	ended, lines, err := voidHold(ctx, d.DB, g, ending, why)
	if err != nil {
		return "", err
	}
	d.free(ctx, g, ended, lines)
	return ended, nil
}

// free drops a hold from Redis that has ended in Postgres (C, R or X), with the
// figures of Postgres. A failure is logged and left to expiry, the outbox and
// the reconciler.
func (d *Desk) free(ctx context.Context, g grant, how string, lines []string) {
	slot, channel, err := slots.ParseQuotaID(g.Quota)
	if err == nil {
		err = d.Holds.release(ctx, slot.Family(channel), g.Hold.String(), how, lines)
	}
	if err := errors.Join(err, d.unlockPersons(ctx, g.Persons, g.Hold)); err != nil {
		d.Log.WarnContext(ctx, "hold not freed at once", "error", err)
	}
	d.memory().changed(slot.Office)
}

// Held is the hold of a token as it was granted to the session, or ErrHoldForeign.
// It may have ended since: what counts is what happens when it is used.
func (d *Desk) Held(id uuid.UUID, token, session string) (Hold, error) {
	g, slot, _, err := d.read(token, id, session)
	return Hold{ID: id, Token: token, Slot: slot, ExpiresAt: g.ends()}, err
}

func (d *Desk) read(token string, id uuid.UUID, session string) (grant, slots.SlotID, slots.Channel, error) {
	g, err := readGrant(d.Keys, token, id, session)
	if err != nil {
		return grant{}, slots.SlotID{}, "", err
	}
	slot, channel, err := slots.ParseQuotaID(g.Quota)
	return g, slot, channel, err
}
