package booking

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/notify"
	"hunyue/slots"
)

// Joining is a couple that wants to be on the waiting list of an office. It gives
// what an appointment needs, so that one press makes one of an offer. The hold of the
// application is not used.
type Joining struct {
	Application
	Office string
	Wishes []Wish // day and half; in the order in which they were chosen
}

// Join puts a couple on the list, behind all who have joined. The same couple with
// the same phone is on it once: joining again gives the entry that there is, with the
// wishes and the place in the order that it has. Somebody who waits with another
// phone or has an appointment is ErrPersonBusy, as in a booking.
//
// Faults: invalid_input by field (those of Confirm, and wishes: "required",
// "too_many", "twice"), ErrNoWaiting, ErrPersonBusy, ErrWaiting, ErrCodeWrong,
// ErrCodeExpired, ErrCodeUsedUp.
func (d *Desk) Join(ctx context.Context, j Joining) (Waiter, error) {
	wishes, err := d.waitable(ctx, j)
	if err != nil {
		return Waiter{}, err
	}
	n, err := d.joins(ctx, j, wishes)
	if err != nil {
		return Waiter{}, err
	}
	var id int64
	var refused error
	err = postgres.InTx(ctx, d.DB, func(tx postgres.Querier) (err error) {
		id, refused, err = n.join(ctx, tx)
		return err
	})
	switch {
	case postgres.Violates(err, "waits_once"):
		err = ErrPersonBusy // joined with another phone
	case err == nil:
		err = refused
	}
	if errors.Is(err, ErrPersonBusy) {
		err = errors.Join(err, d.explainRefusal(ctx, n.confirmation))
	}
	if err != nil {
		return Waiter{}, err
	}
	d.Wake()
	return waiterBy(ctx, d.DB, `
		SELECT `+waiterColumns+`
		FROM waiter
		WHERE id = $1`, id)
}

// waitable is the wishes with the time at which each of them closes, if the list is
// open for all of them.
func (d *Desk) waitable(ctx context.Context, j Joining) ([]Wish, error) {
	switch {
	case len(j.Wishes) == 0:
		return nil, fault.InFields(map[string]string{"wishes": "required"})
	case len(j.Wishes) > MostWishes:
		return nil, fault.InFields(map[string]string{"wishes": "too_many"})
	}
	office, err := d.Offices.Office(ctx, j.Office)
	if err != nil {
		return nil, err
	}
	service, offered := office.Service(j.Service)
	if !offered {
		return nil, fault.InFields(map[string]string{"service": "not_offered"})
	}
	a, err := d.Availability(ctx, j.Office)
	if err != nil {
		return nil, err
	}
	var all []Wish
	for _, wish := range j.Wishes {
		open := a.Waitable(service, slots.Web, wish.Day)
		i := slices.IndexFunc(open, func(w Wish) bool { return w.Half == wish.Half })
		if i < 0 {
			return nil, ErrNoWaiting
		}
		if slices.Contains(all, open[i]) {
			return nil, fault.InFields(map[string]string{"wishes": "twice"})
		}
		all = append(all, open[i])
	}
	return all, nil
}

// newWaiter is who joins, sealed. The hold of its confirmation is the spender of the
// code, and the quota one that is wished.
type newWaiter struct {
	confirmation
	entry  uuid.UUID
	office string
	group  slots.Group
	wishes []Wish
}

// joins judges the couple for every day that it wishes, and seals it.
func (d *Desk) joins(ctx context.Context, j Joining, wishes []Wish) (newWaiter, error) {
	office, err := d.Offices.Office(ctx, j.Office)
	if err != nil {
		return newWaiter{}, err
	}
	service, _ := office.Service(j.Service)
	var rules slots.Rules
	for _, wish := range wishes {
		if rules, err = d.eligible(ctx, j.Application, slots.SlotID{Office: j.Office, Day: wish.Day, Group: service.Group}); err != nil {
			return newWaiter{}, err
		}
	}
	spender, err := uuid.FromBytes(d.Keys.MAC("joins the waiting list", []byte(j.Session), []byte(j.Key))[:16])
	if err != nil {
		return newWaiter{}, err
	}
	j.Hold = uuid.New()
	c, err := d.prepare(j.Application, grant{Hold: spender, Quota: wishes[0].quota}, rules)
	return newWaiter{confirmation: c, entry: j.Hold, office: j.Office, group: service.Group, wishes: wishes}, err
}

// join spends the code, looks for what keeps the couple off the list, and puts it on.
// A refusal is an answer: the code has been tried.
func (n newWaiter) join(ctx context.Context, tx postgres.Querier) (id int64, refused, err error) {
	if n.code != nil {
		var m confirmed
		if err := tx.GetContext(ctx, &m.Result, `SELECT spend_code($1, $2, $3)`, n.phone, n.code, n.grant.Hold); err != nil {
			return 0, nil, fmt.Errorf("spend phone code: %w", err)
		}
		if refused := m.fault(); refused != nil {
			return 0, refused, nil
		}
	}
	if id, refused, err = n.before(ctx, tx); id != 0 || refused != nil || err != nil {
		return id, refused, err
	}
	if err := postgres.SetActor(ctx, tx, n.actor); err != nil {
		return 0, nil, err
	}
	if id, err = n.insert(ctx, tx); err != nil {
		return 0, nil, err
	}
	return id, nil, notify.EnqueueWait(ctx, tx, notify.WaitJoined, id)
}

// before is the entry that the couple has with this phone, or why it cannot have one.
// Two who join with one phone take turns.
func (n newWaiter) before(ctx context.Context, tx postgres.Querier) (id int64, refused, err error) {
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 0))`, n.phone); err != nil {
		return 0, nil, fmt.Errorf("take turns with a phone: %w", err)
	}
	var found struct {
		Same int64 `db:"same"`
		With int   `db:"with_phone"`
		Busy bool  `db:"busy"`
	}
	err = tx.GetContext(ctx, &found, `
		SELECT coalesce((
				SELECT w.id
				FROM waiter AS w
				WHERE w.phone_key = $1
				  AND w.ended_at IS NULL
				  AND w.office_id = $2
				  AND w.biz_group = $3
				  AND (SELECT array_agg(p.person ORDER BY p.person) FROM waiter_person AS p WHERE p.waiter_id = w.id)
				    = (SELECT array_agg(person ORDER BY person) FROM unnest($4::bytea[]) AS asked (person))
			), 0) AS same,
			(SELECT count(*) FROM waiter WHERE phone_key = $1 AND ended_at IS NULL) AS with_phone,
			EXISTS (SELECT FROM party WHERE active AND biz_group = $3 AND person = ANY ($5::bytea[]))
				OR restricted($5::bytea[], $6, $7) AS busy`,
		n.phone, n.office, string(n.group), pq.ByteaArray(n.persons), pq.ByteaArray(n.asked()), n.misses, n.grant.Quota)
	switch {
	case err != nil:
		return 0, nil, fmt.Errorf("who waits already: %w", err)
	case found.Same != 0:
		return found.Same, nil, nil
	case n.perPhone > 0 && found.With >= n.perPhone:
		return 0, ErrWaiting, nil
	case found.Busy:
		return 0, ErrPersonBusy, nil
	}
	return 0, nil, nil
}

// asked is the persons that are asked about: not the second where they confirm
// themselves.
func (n newWaiter) asked() [][]byte {
	if n.link != nil {
		return n.persons[:1]
	}
	return n.persons
}

func (n newWaiter) insert(ctx context.Context, tx postgres.Querier) (int64, error) {
	var id int64
	err := tx.GetContext(ctx, &id, `
		INSERT INTO waiter (entry, number, office_id, service_id, biz_group, channel, caller, phone_key, contact, locale, consents)
		SELECT $1, (
				SELECT c.n
				FROM unnest($2::text[]) WITH ORDINALITY AS c (n, rank)
				WHERE NOT EXISTS (SELECT FROM waiter WHERE number = c.n)
				  AND NOT EXISTS (SELECT FROM appointment WHERE number = c.n)
				ORDER BY rank
				LIMIT 1
			), $3, $4, $5, $6, $7, $8, $9, $10, $11
		RETURNING id`,
		n.entry, pq.StringArray(n.numbers), n.office, n.service, string(n.group), string(n.channel), n.caller, n.phone, n.contact, n.locale, n.consents)
	if err != nil {
		return 0, fmt.Errorf("join the waiting list: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO waiter_person (waiter_id, role, person, office_id, biz_group, waits, sealed)
		SELECT $1, p.role, p.person, $2, $3, p.role = 1 OR NOT $4, p.sealed
		FROM unnest($5::bytea[], $6::bytea[]) WITH ORDINALITY AS p (person, sealed, role)
		ORDER BY p.person`, // one order for all, so that couples who share a person cannot deadlock
		id, n.office, string(n.group), n.link != nil, pq.ByteaArray(n.persons), pq.ByteaArray(n.sealed))
	if err != nil {
		return 0, fmt.Errorf("persons on the waiting list: %w", err)
	}
	for i, wish := range n.wishes {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO waiter_wish (waiter_id, position, day, half, closes_at)
			VALUES ($1, $2, $3, $4, $5)`, id, i+1, wish.Day, string(wish.Half), wish.ClosesAt)
		if err != nil {
			return 0, fmt.Errorf("a wish of waiter %d: %w", id, err)
		}
	}
	return id, nil
}
