package postgres_test

import (
	"context"
	"errors"
	"testing"

	"hunyue/internal/postgres"
	"hunyue/internal/testenv"
)

// Whoever writes an audit row, directly or in a transaction, it says from where that
// was asked for, and never from where the connection was used before.
func TestTheAuditSaysFromWhereWhateverTheConnectionDidBefore(t *testing.T) {
	t.Parallel()
	db := testenv.DB(t)
	db.SetMaxOpenConns(1)
	hall, home := postgres.WithOrigin(t.Context(), "10.0.3.17 computer"), postgres.WithOrigin(t.Context(), "203.0.113.0/24 phone")
	direct := func(ctx context.Context) error {
		_, err := db.ExecContext(ctx, `WITH who AS MATERIALIZED (SELECT set_actor('test')) SELECT record_audit('reason', 'day:x', NULL, NULL, NULL) FROM who`)
		return err
	}
	within := func(ctx context.Context, after error) error {
		return postgres.InTx(ctx, db, func(tx postgres.Querier) error {
			if err := postgres.SetActor(ctx, tx, "test"); err != nil {
				return err
			}
			return errors.Join(postgres.Audit(t.Context(), tx, "reason", "day:x", ""), after) // also where the statement itself does not know
		})
	}
	failed, gone := errors.New("no"), postgres.WithOrigin(t.Context(), "gone")
	cancelled, cancel := context.WithCancel(gone)
	cancel()
	for i, step := range []struct {
		do   func() error
		want error
	}{
		{func() error { return direct(hall) }, nil},
		{func() error { return direct(t.Context()) }, nil},
		{func() error { return within(home, nil) }, nil},
		{func() error { return within(hall, failed) }, failed},
		{func() error { return within(home, nil) }, nil},
		{func() error { return direct(cancelled) }, context.Canceled},
		{func() error { return direct(hall) }, nil},
		{func() error { return within(t.Context(), nil) }, nil},
		{func() error { return direct(home) }, nil},
	} {
		if err := step.do(); !errors.Is(err, step.want) {
			t.Fatalf("step %d: %v, want %v", i, err, step.want)
		}
	}
	var got string
	err := db.Get(&got, `SELECT string_agg(coalesce(split_part(origin, ' ', 2), 'nowhere'), ' ' ORDER BY id) FROM audit`)
	if want := "computer nowhere phone phone computer nowhere phone"; err != nil || got != want {
		t.Errorf("the rows are from %q, %v; want %q", got, err, want)
	}
}
