package booking

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"hunyue/internal/postgres"
	"hunyue/notify"
)

// How an offer ends.
const (
	offerAccepted  = "accepted"
	offerDeclined  = "declined"
	offerMissed    = "missed"    // nobody answered
	offerRefused   = "refused"   // it could not become an appointment
	offerWithdrawn = "withdrawn" // the office has closed the place
)

// mostMisses is how many offers that are not answered take a couple off the list.
const mostMisses = 2

// endOffers ends the offers whose time is over, and those of places that were closed.
func (d *Desk) endOffers(ctx context.Context) error {
	var over []struct {
		ID     uuid.UUID `db:"id"`
		Waiter int64     `db:"waiter_id"`
		Missed bool      `db:"missed"`
	}
	err := d.DB.SelectContext(ctx, &over, `
		SELECT o.id, o.waiter_id, o.until <= (SELECT clock_now()) AS missed
		FROM wait_offer AS o
		JOIN waiter AS w ON w.id = o.waiter_id
		JOIN quota AS q ON q.id = o.quota_id
		WHERE o.state = 'open'
		  AND (o.until <= (SELECT clock_now()) OR q.state <> 'open' OR service_suspended(q.id, w.service_id))
		ORDER BY o.waiter_id
		LIMIT 500`)
	if err != nil {
		return fmt.Errorf("offers that are over: %w", err)
	}
	for _, o := range over {
		ending := offerWithdrawn
		if o.Missed {
			ending = offerMissed
		}
		err := postgres.InTx(ctx, d.DB, func(tx postgres.Querier) error {
			return d.passOn(ctx, tx, o.Waiter, o.ID, ending, "system")
		})
		if err != nil {
			return err
		}
	}
	if len(over) > 0 {
		d.Wake()
	}
	return nil
}

// passOn ends an offer without an appointment, in the caller's transaction: the place
// goes to the next. The couple waits on, unless it has now missed as many as there
// are. An offer that has ended stays as it is.
func (d *Desk) passOn(ctx context.Context, tx postgres.Querier, waiter int64, offer uuid.UUID, ending, actor string) error {
	ended, err := endOffer(ctx, tx, waiter, offer, ending, actor)
	if err != nil || !ended {
		return err
	}
	if err := d.Offices.LetGo(ctx, tx, offer); err != nil {
		return err
	}
	missed := 0
	if ending == offerMissed {
		missed = 1
	}
	var off bool
	err = tx.GetContext(ctx, &off, `
		UPDATE waiter
		SET misses = misses + $2,
			state = CASE WHEN misses + $2 >= $3 THEN 'expired' ELSE 'waiting' END
		WHERE id = $1
		RETURNING state = 'expired'`, waiter, missed, mostMisses)
	switch {
	case err != nil:
		return fmt.Errorf("waiter %d after an offer: %w", waiter, err)
	case off:
		return notify.EnqueueWait(ctx, tx, notify.WaitEnded, waiter)
	case ending == offerMissed || ending == offerWithdrawn:
		return notify.EnqueueWait(ctx, tx, notify.WaitPassed, waiter)
	}
	return nil
}

// endOffer ends an open offer and reports whether it was one. The row of the couple is
// locked first, here and everywhere.
func endOffer(ctx context.Context, tx postgres.Querier, waiter int64, offer uuid.UUID, ending, actor string) (bool, error) {
	if err := postgres.SetActor(ctx, tx, actor); err != nil {
		return false, err
	}
	if err := lockWaiter(ctx, tx, waiter); err != nil {
		return false, err
	}
	done, err := tx.ExecContext(ctx, `
		UPDATE wait_offer
		SET state = $3
		WHERE id = $1
		  AND waiter_id = $2
		  AND state = 'open'`, offer, waiter, ending)
	if err != nil {
		return false, fmt.Errorf("end an offer to waiter %d: %w", waiter, err)
	}
	n, err := done.RowsAffected()
	return n == 1, err
}

func lockWaiter(ctx context.Context, tx postgres.Querier, waiter int64) error {
	if _, err := tx.ExecContext(ctx, `SELECT id FROM waiter WHERE id = $1 FOR NO KEY UPDATE`, waiter); err != nil {
		return fmt.Errorf("lock waiter %d: %w", waiter, err)
	}
	return nil
}

// endWaiting takes off the list whom nothing can be offered to any more, and who has
// booked with the same phone meanwhile, and then forgets the phones of those who are
// off it and have been told.
func (d *Desk) endWaiting(ctx context.Context) error {
	var over []struct {
		ID     int64 `db:"id"`
		Booked bool  `db:"booked"`
	}
	err := d.DB.SelectContext(ctx, &over, `
		WITH standing AS (
			SELECT w.id,
				EXISTS (
					SELECT
					FROM appointment AS a
					JOIN party AS p ON p.appointment_id = a.id
					JOIN waiter_person AS own ON own.waiter_id = w.id AND own.person = p.person
					WHERE a.phone_key = w.phone_key
					  AND a.biz_group = w.biz_group
					  AND is_active(a.status)
				) AS booked,
				NOT EXISTS (SELECT FROM waiter_wish AS wish WHERE wish.waiter_id = w.id AND wish.closes_at > (SELECT clock_now())) AS over
			FROM waiter AS w
			WHERE w.state = 'waiting'
		)
		SELECT id, booked
		FROM standing
		WHERE booked
		   OR over
		ORDER BY id
		LIMIT 500`)
	if err != nil {
		return fmt.Errorf("who waits in vain: %w", err)
	}
	for _, w := range over {
		if err := d.endWaiter(ctx, w.ID, w.Booked); err != nil {
			return err
		}
	}
	if len(over) > 0 {
		d.Wake()
	}
	_, err = d.DB.ExecContext(ctx, `
		UPDATE waiter AS w
		SET contact = ''
		WHERE w.ended_at IS NOT NULL
		  AND w.contact <> ''
		  AND NOT EXISTS (SELECT FROM outbox AS o WHERE o.waiter_id = w.id AND o.state = 'pending')`)
	if err != nil {
		return fmt.Errorf("phones of who waited: %w", err)
	}
	return nil
}

// endWaiter takes somebody off the list who has no open offer. Who has booked is not
// told: they know.
func (d *Desk) endWaiter(ctx context.Context, waiter int64, booked bool) error {
	return postgres.InTx(ctx, d.DB, func(tx postgres.Querier) error {
		if err := postgres.SetActor(ctx, tx, "system"); err != nil {
			return err
		}
		to := WaitExpired
		if booked {
			to = WaitLeft
		}
		done, err := tx.ExecContext(ctx, `
			UPDATE waiter
			SET state = $2
			WHERE id = $1
			  AND state = 'waiting'`, waiter, string(to))
		if err != nil {
			return fmt.Errorf("end waiter %d: %w", waiter, err)
		}
		if n, err := done.RowsAffected(); n == 0 || booked || err != nil {
			return err
		}
		return notify.EnqueueWait(ctx, tx, notify.WaitEnded, waiter)
	})
}
