package postgres_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"hunyue/internal/postgres"
	"hunyue/internal/testenv"
)

func TestFailedTransactionLeavesNothing(t *testing.T) {
	db := testenv.DB(t)
	failed := errors.New("no")
	err := postgres.InTx(t.Context(), db, func(tx postgres.Querier) error {
		if err := postgres.SetActor(t.Context(), tx, "test"); err != nil {
			return err
		}
		if err := postgres.Audit(t.Context(), tx, "reason", "appointment:1", ""); err != nil {
			return err
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
	if n := count(t, db); n != 0 {
		t.Errorf("%d audit rows", n)
	}
}

func TestAuditNeedsAnActorAndIsKept(t *testing.T) {
	db := testenv.DB(t)
	if err := postgres.Audit(t.Context(), db, "reason", "appointment:1", ""); postgres.State(err) != "23502" {
		t.Errorf("without an actor: %v", err)
	}
	err := postgres.InTx(t.Context(), db, func(tx postgres.Querier) error {
		if err := postgres.SetActor(t.Context(), tx, "test"); err != nil {
			return err
		}
		return postgres.Audit(t.Context(), tx, "reason", "appointment:1", "")
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{`UPDATE audit SET actor = 'x'`, `DELETE FROM audit`, `TRUNCATE audit`} {
		if _, err := db.ExecContext(t.Context(), statement); postgres.State(err) != "55000" {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if n := count(t, db); n != 1 {
		t.Errorf("%d audit rows", n)
	}
}

func TestServersThatStartTogetherMigrateOnce(t *testing.T) {
	db := testenv.DB(t)
	if _, err := db.ExecContext(t.Context(), `DROP SCHEMA public CASCADE; CREATE SCHEMA public`); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := postgres.Migrate(t.Context(), db); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := count(t, db); n != 0 {
		t.Errorf("%d audit rows in a new database", n)
	}
}

func TestOpenSetsWhatThePromisesRestOn(t *testing.T) {
	db := testenv.DB(t)
	for setting, want := range map[string]string{
		"synchronous_commit": "on", "statement_timeout": "2s", "lock_timeout": "1s",
		"idle_in_transaction_session_timeout": "5s", "timezone": "UTC",
	} {
		var got string
		if err := db.GetContext(t.Context(), &got, `SELECT current_setting($1)`, setting); err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", setting, got, want, err)
		}
	}
}

func TestClockMovesWhenItIsShifted(t *testing.T) {
	db := testenv.DB(t)
	if err := postgres.Shift(t.Context(), db, -48*time.Hour); err != nil {
		t.Fatal(err)
	}
	var now time.Time
	if err := db.GetContext(t.Context(), &now, `SELECT clock_now()`); err != nil {
		t.Fatal(err)
	}
	if off := time.Until(now) + 48*time.Hour; off < -time.Minute || off > time.Minute {
		t.Errorf("off by %v", off)
	}
}

func count(t *testing.T, db postgres.Querier) int {
	t.Helper()
	var n int
	if err := db.GetContext(t.Context(), &n, `SELECT count(*) FROM audit`); err != nil {
		t.Fatal(err)
	}
	return n
}
