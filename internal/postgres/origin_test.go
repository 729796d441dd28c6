package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

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

// BenchmarkOrigin is what a statement costs at another seat than the one before on its
// connection, which the database is told first, beside one at the same seat: medians,
// since both are taken in turn.
func BenchmarkOrigin(b *testing.B) {
	db := testenv.DB(b)
	var took [2][]float64 // at the same seat, at another
	var with [2]*sqlx.Conn
	for i := range with {
		c, err := db.Connx(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		with[i] = c
	}
	for n := 0; b.Loop(); n++ {
		for i, c := range with {
			ctx := postgres.WithOrigin(b.Context(), fmt.Sprintf("10.0.3.%d computer", 1+i*n%2))
			began := time.Now()
			if _, err := c.ExecContext(ctx, `SELECT count(*) FROM audit WHERE subject = $1`, "appointment:1"); err != nil {
				b.Fatal(err)
			}
			took[i] = append(took[i], float64(time.Since(began).Microseconds()))
		}
	}
	for i, unit := range []string{"us/same", "us/another"} {
		slices.Sort(took[i])
		b.ReportMetric(took[i][len(took[i])/2], unit)
	}
}
