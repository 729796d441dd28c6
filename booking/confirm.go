package booking

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// Receipt is what the couple is told.
type Receipt struct {
	Number   string // eight digits; no secret
	Secret   string // 128 bits; shows that the appointment is yours
	Status   Status
	Office   string
	Service  string
	Slot     slots.SlotID
	StartsAt time.Time
	EndsAt   time.Time
	Replayed bool // it had been made before, by the same hold
}

// Confirm turns a hold into an appointment. Asking again with the same hold
// for the same persons gives the same appointment, also after the hold has
// ended; for other persons it is ErrBooked.
//
// Faults: invalid_input by field; ErrHoldForeign, ErrHoldExpired, ErrBooked, ErrFull,
// ErrClosed, ErrSuspended, ErrPersonBusy, ErrPhoneBusy, ErrKeyReused, ErrStillRunning, ErrCodeWrong,
// ErrCodeExpired, ErrCodeUsedUp, ErrUnknownOutcome.
func (d *Desk) Confirm(ctx context.Context, a Application) (Receipt, error) {
	g, slot, channel, err := d.read(a.Token, a.Hold, a.Session)
	if err != nil {
		return Receipt{}, err
	}
	if channel != a.Channel {
		return Receipt{}, ErrHoldForeign
	}
	rules, err := d.eligible(ctx, a, slot)
	if err != nil {
		return Receipt{}, err
	}
	c, err := d.prepare(a, g, rules)
	if err != nil {
		return Receipt{}, err
	}
	pin, err := d.Holds.pin(ctx, slot.Family(channel), g)
	if err != nil {
		d.Log.WarnContext(ctx, "hold not pinned", "error", err) // the token and Postgres decide
	}
	c.fresh = pin != "gone"

	made, err := d.confirm(ctx, c)
	switch {
	case errors.Is(err, ErrFull), errors.Is(err, ErrClosed), errors.Is(err, ErrPersonBusy):
		return Receipt{}, d.refuseForGood(ctx, c, d.closedWhy(ctx, slot, slots.Service{ID: a.Service, Group: slot.Group}, channel, err))
	case err != nil:
		return Receipt{}, err
	}
	d.free(ctx, g, "C", made.Lines)
	d.Wake()
	return Receipt{
		Number: made.Number, Secret: d.secret(a.Hold), Status: made.Status, Office: slot.Office,
		Service: a.Service, Slot: slot, StartsAt: made.Starts, EndsAt: made.Ends, Replayed: made.Result == "replay",
	}, nil
}

// refuseForGood records a terminal refusal before Redis hears of it: were the
// place given on first, the refused hold could still be confirmed.
func (d *Desk) refuseForGood(ctx context.Context, c confirmation, why error) error {
	code := fault.Of(why).Code
	switch code {
	case ErrFull.Code:
		promisesBroken.Inc()
		d.Log.ErrorContext(ctx, "a granted hold was refused as full", "quota", c.grant.Quota)
	case ErrPersonBusy.Code:
		why = errors.Join(why, d.explainRefusal(ctx, c))
	}
	if _, err := d.end(ctx, c.grant, "X", code); err != nil {
		return errors.Join(why, err)
	}
	return why
}

// eligible checks what can be known without the database's tables of bookings.
func (d *Desk) eligible(ctx context.Context, a Application, slot slots.SlotID) (slots.Rules, error) {
	office, err := d.Offices.Office(ctx, slot.Office)
	if err != nil {
		return slots.Rules{}, err
	}
	rules, err := d.Offices.Rules(ctx, slot.Office, slot.Day)
	if err != nil {
		return slots.Rules{}, err
	}
	service, offered := office.Service(a.Service)
	if !offered || service.Group != slot.Group {
		return rules, fault.InFields(map[string]string{"service": "not_offered"})
	}
	wrong := a.Wrong(service, rules, slot.Day)
	if err := fault.InFields(wrong); err == nil || !slices.Contains(slices.Collect(maps.Values(wrong)), notServedHere) {
		return rules, err
	}
	elsewhere, err := d.ServedAt(ctx, a, slot.Day)
	if err != nil {
		return rules, err
	}
	refusal := fault.Of(fault.InFields(wrong))
	for _, o := range elsewhere {
		refusal.Offices = append(refusal.Offices, o.ID)
	}
	return rules, refusal
}

// ServedAt is the offices that register such a couple on a day (domain rule 8).
func (d *Desk) ServedAt(ctx context.Context, a Application, day date.Date) ([]slots.Office, error) {
	all, err := d.Offices.Offices(ctx)
	if err != nil {
		return nil, err
	}
	var able []slots.Office
	for _, o := range all {
		service, offered := o.Service(a.Service)
		rules, err := d.Offices.Rules(ctx, o.ID, day)
		if err != nil {
			return nil, err
		}
		if offered && len(a.Wrong(service, rules, day)) == 0 {
			able = append(able, o)
		}
	}
	return able, nil
}

// prepare seals and hashes what goes into the database.
func (d *Desk) prepare(a Application, g grant, rules slots.Rules) (confirmation, error) {
	c := confirmation{
		grant: g, key: strings.Join([]string{a.Actor, a.Session, "appointments", a.Key}, "/"), body: d.Keys.MAC("request", a.Request),
		actor: a.Actor, service: a.Service, channel: a.Channel, locale: a.Locale,
		misses: misses(a, rules), link: d.asks(a, rules), numbers: d.numbers(a.Hold), phone: d.Keys.MAC("phone", []byte(a.Phone.Number())),
	}
	if a.Channel == slots.Web { // assisted bookings are exempt: domain rules 32 and 33
		if !a.rebooks {
			c.perPhone = rules.PerPhone
		}
		if !d.shows(g, a.Phone.Number()) {
			c.code = d.Keys.MAC("code", []byte(a.Phone.Number()), []byte(a.Code))
		}
	}
	var errs [3]error
	c.contact, errs[0] = d.Keys.Seal([]byte(a.Phone.Number()), contactRow(a.Hold))
	if a.Caller != "" {
		c.caller, errs[1] = d.Keys.Seal([]byte(a.Caller), callerRow(a.Hold))
	}
	consents, err := json.Marshal(a.Consents)
	c.consents, errs[2] = string(consents), err
	for i, p := range a.Parties {
		sealed, err := p.seal(d.Keys, a.Hold, i+1)
		if err != nil {
			return c, err
		}
		c.persons = append(c.persons, d.Person(p.Document))
		c.sealed = append(c.sealed, sealed)
	}
	return c, errors.Join(errs[:]...)
}

// tries is how often an unknown outcome is asked for again before the client is
// told to do so.
const tries = 3

// confirm runs the database's confirm until its outcome is known: a lost answer
// may stand for a booking, so the same hold is sent again.
func (d *Desk) confirm(ctx context.Context, c confirmation) (confirmed, error) {
	var err error
	for range tries {
		var made confirmed
		made, err = runConfirm(ctx, d.DB, c)
		if state := postgres.State(err); err == nil || (state != "" && !transient(state)) {
			if err == nil {
				err = made.fault()
			}
			return made, faultOf(err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	if postgres.State(err) == "55P03" {
		return confirmed{}, ErrStillRunning.After(time.Second)
	}
	d.Log.ErrorContext(ctx, "outcome of a confirmation unknown", "error", err)
	return confirmed{}, ErrUnknownOutcome
}

// transient reports whether the same statement may succeed when it is sent
// again: lost connection, server stopping, deadlock, lock or statement limit.
func transient(state string) bool {
	switch state {
	case "40001", "40P01", "55P03", "57014", "23505":
		return true
	}
	return state[:2] == "08" || state[:2] == "57" || state[:2] == "53"
}

// faultOf translates what our SQL functions raise.
func faultOf(err error) error {
	switch postgres.State(err) {
	case "HY001":
		return ErrHoldExpired
	case "HY002":
		return ErrPersonBusy
	case "HY003":
		return ErrFull
	case "HY004":
		return ErrNotPossible
	case "HY005":
		return ErrPhoneBusy
	case "HY006":
		return ErrKeyReused
	case "HY007":
		return ErrTooManyMoves
	case "HY008":
		return ErrClosed
	}
	return err
}

// fault is what a result other than ok stands for.
func (m confirmed) fault() error {
	switch m.Result {
	case "ok", "replay":
		return nil
	case "void":
		return refusedBefore(m.Reason)
	case "gone":
		return ErrHoldExpired
	case "other":
		return ErrBooked
	case "key_reused":
		return ErrKeyReused
	case "code_wrong":
		return ErrCodeWrong
	case "code_expired":
		return ErrCodeExpired
	case "code_used_up":
		return ErrCodeUsedUp
	}
	return fmt.Errorf("confirm answered %q", m.Result)
}

// refusedBefore is what was said when the hold was refused for good: asking
// again gives the same answer.
func refusedBefore(code string) error {
	for _, f := range []*fault.Error{ErrFull, ErrClosed, ErrSuspended, ErrPersonBusy} {
		if f.Code == code {
			return f
		}
	}
	return ErrHoldExpired
}

// secret belongs to the hold, so that a repeated request is told the same one
// and the database need not keep it.
func (d *Desk) secret(hold uuid.UUID) string {
	return base64.RawURLEncoding.EncodeToString(d.Keys.MAC("secret", hold[:])[:16])
}

// numbers are candidates for the appointment's number, of which the first free
// one is taken.
func (d *Desk) numbers(hold uuid.UUID) []string {
	mac := d.Keys.MAC("number", hold[:])
	numbers := make([]string, 0, len(mac)/8)
	for ; len(mac) >= 8; mac = mac[8:] {
		numbers = append(numbers, fmt.Sprint(10_000_000+binary.BigEndian.Uint64(mac)%90_000_000))
	}
	return numbers
}
