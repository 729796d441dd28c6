package slots

import (
	"context"
	"fmt"
	"strings"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// Recap is what SetCap has done.
type Recap struct {
	Change
	Excess int    // couples above the new cap; nobody is cancelled
	Line   string // as Redis keeps it
}

// SetCap sets how many places the quota sells, in the caller's transaction: an
// extra release (加号) or a reduction (domain rule 26), for a
// reason that is kept. The quota may be a cap as well. The faults are ErrNoSuchSlot,
// also for a slot that the schedule has no more, and mistakes in the fields "cap"
// (0 to 10000) and "reason".
func (s *Store) SetCap(ctx context.Context, tx postgres.Querier, quota string, n int, reason, actor string) (Recap, error) {
	wrong := map[string]string{}
	between(wrong, "cap", n, 0, mostCapped)
	if strings.TrimSpace(reason) == "" {
		wrong["reason"] = "required"
	}
	if err := fault.InFields(wrong); err != nil {
		return Recap{}, err
	}
	if err := postgres.SetActor(ctx, tx, actor); err != nil {
		return Recap{}, err
	}
	before, err := s.lockQuota(ctx, tx, quota)
	if err != nil {
		return Recap{}, err
	}
	line, err := setCap(ctx, tx, quota, n)
	if err != nil {
		return Recap{}, err
	}
	r := Recap{
		Change: Change{Quota: quota, Kind: before.Kind, Before: before.Cap, After: n},
		Excess: max(0, before.Booked+before.Cooling-n),
		Line:   line,
	}
	return r, audit(ctx, tx, []auditLine{capAudit(r.Change, reason)})
}

// lockQuota is the quota as it stays until the transaction ends.
func (s *Store) lockQuota(ctx context.Context, tx postgres.Querier, id string) (Quota, error) {
	_, err := tx.ExecContext(ctx, `
		SELECT id
		FROM quota
		WHERE id = $1
		FOR NO KEY UPDATE`, id)
	if err != nil {
		return Quota{}, fmt.Errorf("lock quota %s: %w", id, err)
	}
	q, err := s.Quota(ctx, tx, id)
	if err == nil && q.Withdrawn {
		return Quota{}, ErrNoSuchSlot
	}
	return q, err
}

func setCap(ctx context.Context, tx postgres.Querier, quota string, n int) (string, error) {
	var line string
	if err := tx.GetContext(ctx, &line, `SELECT set_cap($1, $2)`, quota, n); err != nil {
		return "", fmt.Errorf("set cap of %s: %w", quota, err)
	}
	return line, nil
}
