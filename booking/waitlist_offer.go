package booking

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"hunyue/internal/postgres"
	"hunyue/notify"
	"hunyue/slots"
)

// Warm offers the cancelled places whose cooling time is over to who waits for them,
// in the order of joining, and puts on sale again what nobody waits for. Offers that
// were not answered end before, so that their places go to the next. Several servers
// may ask for it at once: one of them does it.
func (d *Desk) Warm(ctx context.Context) error {
	if err := d.endOffers(ctx); err != nil {
		return err
	}
	days, err := d.daysDue(ctx)
	if err != nil {
		return err
	}
	var lines []string
	err = postgres.InTx(ctx, d.DB, func(tx postgres.Querier) error {
		ours, err := offersInTurn(ctx, tx)
		if err != nil || !ours {
			return err
		}
		due, err := d.Offices.Due(ctx, tx)
		if err != nil {
			return err
		}
		nobodys, err := d.offer(ctx, tx, due, days)
		if err != nil {
			return err
		}
		lines, err = d.Offices.PutOnSale(ctx, tx, nobodys)
		return err
	})
	if err != nil {
		return err
	}
	d.settle(ctx, lines)
	return d.endWaiting(ctx)
}

// offersInTurn reports whether it is this transaction that offers. Two at once could
// not keep the order of joining.
func offersInTurn(ctx context.Context, tx postgres.Querier) (bool, error) {
	var ours bool
	if err := tx.GetContext(ctx, &ours, `SELECT pg_try_advisory_xact_lock(hashtextextended('hunyue waiting list', 0))`); err != nil {
		return false, fmt.Errorf("take turns with offers: %w", err)
	}
	return ours, nil
}

// daysDue is what the offices say about the days that places are due on, read before
// the transaction: see terms.
func (d *Desk) daysDue(ctx context.Context) (map[slots.OfficeDay]terms, error) {
	var due []slots.OfficeDay
	err := d.DB.SelectContext(ctx, &due, `
		SELECT DISTINCT office_id, day
		FROM cooling
		JOIN quota ON quota.id = cooling.quota_id
		WHERE cooling.until <= (SELECT clock_now())
		  AND cooling.offer IS NULL`)
	if err != nil {
		return nil, fmt.Errorf("days with cooled places: %w", err)
	}
	days := map[slots.OfficeDay]terms{}
	for _, of := range due {
		if days[of], err = d.terms(ctx, Appointment{Office: of.Office, Day: of.Day}); err != nil {
			return nil, err
		}
	}
	return days, nil
}

// offer offers what is due, the first due first, and returns what is for everybody.
func (d *Desk) offer(ctx context.Context, tx postgres.Querier, due []slots.Cooled, days map[slots.OfficeDay]terms) ([]slots.Cooled, error) {
	var now time.Time
	if err := tx.GetContext(ctx, &now, `SELECT clock_now()`); err != nil {
		return nil, fmt.Errorf("the time of offers: %w", err)
	}
	left := slices.Clone(due)
	for _, place := range due {
		t, known := days[slots.OfficeDay{Office: place.Office, Day: place.Day}]
		rows := place.WithCaps(left)
		switch {
		case !known: // came due a moment ago: it has its turn in the next run
			left = without(left, []slots.Cooled{place})
			continue
		case place.Kind != slots.Place || place.Channel == slots.Counter || rows == nil || !t.rules.Waitlist:
			continue
		}
		kept, err := d.offerPlace(ctx, tx, place, rows, now, t)
		if err != nil {
			return nil, err
		}
		if kept {
			left = without(left, rows)
		}
	}
	return left, nil
}

func without(all, taken []slots.Cooled) []slots.Cooled {
	return slices.DeleteFunc(all, func(c slots.Cooled) bool {
		return slices.ContainsFunc(taken, func(t slots.Cooled) bool { return t.ID == c.ID })
	})
}

// offerPlace offers a place to the first who waits for it, and reports whether it goes
// on cooling: for them, or until offers are made again. False: nobody waits for it, or
// it is too near.
func (d *Desk) offerPlace(ctx context.Context, tx postgres.Querier, place slots.Cooled, rows []slots.Cooled, now time.Time, t terms) (bool, error) {
	until, again := offerTime(now, t.zone, t.rules, earlier(t.deadline, place.ClosesAt))
	if until.IsZero() && again.IsZero() {
		return false, nil
	}
	next, err := nextWaiter(ctx, tx, place)
	if errors.Is(err, ErrNoWaiter) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if until.IsZero() {
		return true, d.Offices.KeepCooling(ctx, tx, rows, again)
	}
	offer := uuid.New()
	if err := makeOffer(ctx, tx, offer, next, place, until); err != nil {
		return false, err
	}
	return true, d.Offices.KeepFor(ctx, tx, rows, offer, until)
}

// nextWaiter is the first who joined of those who wish the half-day of a place and have
// not been offered it, or ErrNoWaiter. Who has booked meanwhile is passed over.
func nextWaiter(ctx context.Context, tx postgres.Querier, place slots.Cooled) (int64, error) {
	slot, _, err := slots.ParseQuotaID(place.Quota)
	if err != nil {
		return 0, err
	}
	var id int64
	err = tx.GetContext(ctx, &id, `
		SELECT w.id
		FROM waiter AS w
		WHERE w.office_id = $1
		  AND w.biz_group = $2
		  AND w.state = 'waiting'
		  AND EXISTS (SELECT FROM waiter_wish AS wish WHERE wish.waiter_id = w.id AND wish.day = $3 AND wish.half = $4)
		  AND NOT EXISTS (SELECT FROM wait_offer AS o WHERE o.waiter_id = w.id AND o.cooling_id = $5)
		  AND NOT EXISTS (
			SELECT
			FROM party AS busy
			JOIN waiter_person AS p ON p.person = busy.person AND p.biz_group = busy.biz_group
			WHERE p.waiter_id = w.id
			  AND p.role = 1
			  AND busy.active)
		  AND NOT service_suspended($6, w.service_id)
		ORDER BY w.id
		LIMIT 1
		FOR NO KEY UPDATE OF w`, place.Office, string(place.Group), place.Day, string(HalfOf(slot)), place.ID, place.Quota)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, ErrNoWaiter
	}
	if err != nil {
		return 0, fmt.Errorf("who waits for a place of %s: %w", place.Quota, err)
	}
	return id, nil
}

func makeOffer(ctx context.Context, tx postgres.Querier, offer uuid.UUID, waiter int64, place slots.Cooled, until time.Time) error {
	if err := postgres.SetActor(ctx, tx, "system"); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO wait_offer (id, waiter_id, quota_id, cooling_id, until)
		VALUES ($1, $2, $3, $4, $5)`, offer, waiter, place.Quota, place.ID, until)
	if err != nil {
		return fmt.Errorf("offer a place to waiter %d: %w", waiter, err)
	}
	if err := setWaitState(ctx, tx, waiter, Offered); err != nil {
		return err
	}
	return notify.EnqueueWait(ctx, tx, notify.WaitHit, waiter)
}

func setWaitState(ctx context.Context, tx postgres.Querier, waiter int64, to WaitState) error {
	_, err := tx.ExecContext(ctx, `UPDATE waiter SET state = $2 WHERE id = $1`, waiter, string(to))
	if err != nil {
		return fmt.Errorf("waiter %d becomes %s: %w", waiter, to, faultOf(err))
	}
	return nil
}
