package booking

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/identity"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// The waiting list (候补): a couple whose day is full says what else than luck would
// help it, and a cancelled place is offered to the first who joined and wishes it
// (domain rule 37). docs/decisions/0032-a-cancelled-place-is-offered-first.md

// What can go wrong with the waiting list. The codes are promises.
var (
	ErrNoWaiting = fault.New(fault.Conflict, "no_waiting")      // the list is not open for what is wished: places are left, too late, not on sale
	ErrNoOffer   = fault.New(fault.Conflict, "no_offer")        // it is over, or never was: the place goes to the next
	ErrNoWaiter  = fault.New(fault.NotFound, "no_such_waiter")  // also for a wrong secret: a stranger learns nothing
	ErrWaiting   = fault.New(fault.Conflict, "waiting_already") // the phone is on the list as often as it may be
)

// MostWishes is how many half-days a couple may wish.
const MostWishes = 3

// Half is a morning or an afternoon of a day, as the half-day caps count them.
type Half string

// The halves of a day. The afternoon has the slots that start at noon or later.
const (
	Morning   Half = "am"
	Afternoon Half = "pm"
)

// Wish is a part of a day that a couple would come in.
type Wish struct {
	Day      date.Date `db:"day"`
	Half     Half      `db:"half"`
	ClosesAt time.Time `db:"closes_at"` // from then on nothing is offered any more
	quota    string    // one of its places, where it was read from an availability
}

// LastDay is the last day on which something may be offered, at an office in a zone.
func LastDay(wishes []Wish, zone *time.Location) date.Date {
	var last time.Time
	for _, w := range wishes {
		last = later(last, w.ClosesAt)
	}
	return date.DateOf(last.Add(-time.Minute).In(zone))
}

// WaitState is how a couple on the list stands.
type WaitState string

// The states. The last three are ends.
const (
	Waiting     WaitState = "waiting"
	Offered     WaitState = "offered"
	WaitBooked  WaitState = "accepted"
	WaitLeft    WaitState = "left"
	WaitExpired WaitState = "expired" // the days are over, or two offers were not answered
)

// Waiter is a couple on the waiting list of an office. What names a person stays
// sealed.
type Waiter struct {
	ID          int64         `db:"id"`
	Entry       uuid.UUID     `db:"entry"`
	Number      string        `db:"number"` // eight digits; no secret
	Office      string        `db:"office_id"`
	Service     string        `db:"service_id"`
	Group       slots.Group   `db:"biz_group"`
	Channel     slots.Channel `db:"channel"`
	Locale      string        `db:"locale"`
	PhoneKey    []byte        `db:"phone_key"`
	Contact     []byte        `db:"contact"`
	Caller      []byte        `db:"caller"`
	Consents    []byte        `db:"consents"`
	State       WaitState     `db:"state"`
	Misses      int           `db:"misses"` // offers that were not answered
	Appointment *int64        `db:"appointment_id"`
	JoinedAt    time.Time     `db:"joined_at"`
	EndedAt     *time.Time    `db:"ended_at"`
}

const waiterColumns = `id, entry, number, office_id, service_id, biz_group, channel, locale,
	phone_key, contact, caller, consents, state, misses, appointment_id, joined_at, ended_at`

// Ended reports whether a couple is off the list.
func (w Waiter) Ended() bool { return w.EndedAt != nil }

// Offer is a place that is kept for a couple on the list.
type Offer struct {
	ID    uuid.UUID
	Slot  slots.SlotID
	Quota string
	Until time.Time
}

// OnList is the couple on the list with a number, or ErrNoWaiter. Whoever asks has
// shown to be allowed to know.
func (d *Desk) OnList(ctx context.Context, number string) (Waiter, error) {
	return waiterBy(ctx, d.DB, `
		SELECT `+waiterColumns+`
		FROM waiter
		WHERE number = $1`, number)
}

func waiterBy(ctx context.Context, db postgres.Querier, query string, by any) (Waiter, error) {
	var w Waiter
	err := db.GetContext(ctx, &w, query, by)
	if errors.Is(err, sql.ErrNoRows) {
		return w, ErrNoWaiter
	}
	if err != nil {
		return w, fmt.Errorf("find who waits: %w", err)
	}
	return w, nil
}

// WaitersOfPhone is who waits with a phone, for whoever has it in hand, the first
// who joined first.
func (d *Desk) WaitersOfPhone(ctx context.Context, phone identity.Phone) ([]Waiter, error) {
	var all []Waiter
	err := d.DB.SelectContext(ctx, &all, `
		SELECT `+waiterColumns+`
		FROM waiter
		WHERE phone_key = $1
		  AND ended_at IS NULL
		ORDER BY id
		LIMIT $2`, d.Keys.MAC("phone", []byte(phone.Number())), mostOfPhone)
	if err != nil {
		return nil, fmt.Errorf("who waits with a phone: %w", err)
	}
	return all, nil
}

// Wishes is what a couple on the list wishes, in its order.
func (d *Desk) Wishes(ctx context.Context, w Waiter) ([]Wish, error) {
	var all []Wish
	err := d.DB.SelectContext(ctx, &all, `
		SELECT day, half, closes_at
		FROM waiter_wish
		WHERE waiter_id = $1
		ORDER BY position`, w.ID)
	if err != nil {
		return nil, fmt.Errorf("wishes of waiter %d: %w", w.ID, err)
	}
	return all, nil
}

// Ahead is how many couples that wish one of the same half-days have joined before.
func (d *Desk) Ahead(ctx context.Context, w Waiter) (int, error) {
	var n int
	err := d.DB.GetContext(ctx, &n, `
		SELECT count(*)
		FROM waiter AS before
		WHERE before.office_id = $2
		  AND before.biz_group = $3
		  AND before.ended_at IS NULL
		  AND before.id < $1
		  AND EXISTS (
			SELECT
			FROM waiter_wish AS theirs
			JOIN waiter_wish AS own ON own.day = theirs.day AND own.half = theirs.half
			WHERE theirs.waiter_id = before.id
			  AND own.waiter_id = $1
			  AND own.closes_at > (SELECT clock_now()))`, w.ID, w.Office, string(w.Group))
	if err != nil {
		return 0, fmt.Errorf("who waits before waiter %d: %w", w.ID, err)
	}
	return n, nil
}

// WaitingOn is how many couples wish a half-day of these days of an office.
func (d *Desk) WaitingOn(ctx context.Context, office string, from, to date.Date) (int, error) {
	var n int
	err := d.DB.GetContext(ctx, &n, `
		SELECT count(DISTINCT w.id)
		FROM waiter AS w
		JOIN waiter_wish AS wish ON wish.waiter_id = w.id
		WHERE w.office_id = $1
		  AND w.ended_at IS NULL
		  AND wish.day BETWEEN $2 AND $3`, office, from, to)
	if err != nil {
		return 0, fmt.Errorf("who waits for days of %s: %w", office, err)
	}
	return n, nil
}

// OpenOffer is the place that is kept for a couple on the list, or ErrNoOffer.
func (d *Desk) OpenOffer(ctx context.Context, w Waiter) (Offer, error) {
	return d.offerBy(ctx, d.DB, `
		SELECT id, quota_id, until
		FROM wait_offer
		WHERE waiter_id = $1
		  AND state = 'open'
		  AND until > (SELECT clock_now())`, w.ID)
}

// LastOffer is the last place that was offered to a couple, or ErrNoOffer.
func (d *Desk) LastOffer(ctx context.Context, w Waiter) (Offer, error) {
	return d.offerBy(ctx, d.DB, `
		SELECT id, quota_id, until
		FROM wait_offer
		WHERE waiter_id = $1
		ORDER BY made_at DESC
		LIMIT 1`, w.ID)
}

func (d *Desk) offerBy(ctx context.Context, db postgres.Querier, query string, by ...any) (Offer, error) {
	var row struct {
		ID    uuid.UUID `db:"id"`
		Quota string    `db:"quota_id"`
		Until time.Time `db:"until"`
	}
	err := db.GetContext(ctx, &row, query, by...)
	if errors.Is(err, sql.ErrNoRows) {
		return Offer{}, ErrNoOffer
	}
	if err != nil {
		return Offer{}, fmt.Errorf("find an offer: %w", err)
	}
	slot, _, err := slots.ParseQuotaID(row.Quota)
	return Offer{ID: row.ID, Slot: slot, Quota: row.Quota, Until: row.Until}, err
}

// WaiterPhone opens the number that a couple on the list is reached at. The fault is
// ErrErased.
func (d *Desk) waiterPhone(w Waiter) (identity.Phone, error) {
	if len(w.Contact) == 0 {
		return identity.Phone{}, ErrErased
	}
	plain, err := d.Keys.Open(w.Contact, contactRow(w.Entry))
	if err != nil {
		return identity.Phone{}, fmt.Errorf("phone of waiter %d: %w", w.ID, err)
	}
	phone, wrong := identity.ParsePhone(string(plain))
	if wrong != "" {
		return identity.Phone{}, fmt.Errorf("phone of waiter %d on file: %s", w.ID, wrong)
	}
	return phone, nil
}
