package slots

import (
	"context"
	"fmt"

	"hunyue/internal/postgres"
)

// ForWalkIn gives the counter one more place of a slot, in the caller's transaction:
// one that is unsold on a channel that can sell it no more, as the web's of today
// (domain rules 23 and 24). What is booked in the slot stays within its capacity, since
// the place is only moved. What comes back is the changed quotas in the order of their
// ids; nothing where there is no such place, the counter sells nothing now, or a cap
// above it is used up.
//
// Nobody holds a place after its sale has ended. The minute of grace is for who
// confirmed in its last moment.
func (s *Store) ForWalkIn(ctx context.Context, tx postgres.Querier, slot SlotID, actor string) ([]Recap, error) {
	if err := postgres.SetActor(ctx, tx, actor); err != nil {
		return nil, err
	}
	if err := lockSlot(ctx, tx, slot); err != nil {
		return nil, err
	}
	var quotas []Quota
	err := tx.SelectContext(ctx, &quotas, selectQuotas+`
		WHERE slot_id = $1
		  AND biz_group = $2
		  AND NOT withdrawn
		  AND state = 'open'
		  AND (channel = 'counter' AND opens_at <= clock_now() AND closes_at > clock_now()
		    OR channel <> 'counter' AND booked + cooling < cap AND closes_at < clock_now() - interval '1 minute')
		  AND NOT EXISTS (
			SELECT
			FROM quota AS above
			WHERE above.id = ANY (quota.parents)
			  AND above.booked + above.cooling >= above.cap)
		ORDER BY quota.id`, slot.Row(), string(slot.Group))
	if err != nil {
		return nil, fmt.Errorf("unsold places of %s: %w", slot, err)
	}
	if len(quotas) < 2 || quotas[0].Channel != Counter {
		return nil, nil
	}
	counter, other := quotas[0], quotas[1]
	caps := map[string]int{counter.ID: counter.Cap + 1, other.ID: other.Cap - 1}
	return setCaps(ctx, tx, quotas, caps, "unsold place for a walk-in")
}

// lockSlot lets nobody else sell or move places of a slot's group until the
// transaction ends.
func lockSlot(ctx context.Context, tx postgres.Querier, slot SlotID) error {
	_, err := tx.ExecContext(ctx, `
		SELECT id
		FROM quota
		WHERE slot_id = $1
		  AND biz_group = $2
		ORDER BY id
		FOR NO KEY UPDATE`, slot.Row(), string(slot.Group))
	if err != nil {
		return fmt.Errorf("lock places of %s: %w", slot, err)
	}
	return nil
}
