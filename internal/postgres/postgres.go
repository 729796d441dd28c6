// Package postgres opens the database, migrates it and runs transactions. It
// knows no table but the clock's: every query lives with its table's writer.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// Querier is what *sqlx.DB and *sqlx.Tx have in common. A function that takes
// a Querier joins its caller's transaction; it never begins or ends one.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	GetContext(ctx context.Context, dest any, query string, args ...any) error
	SelectContext(ctx context.Context, dest any, query string, args ...any) error
}

// The time a statement, a lock and an idle transaction may take. A confirmation
// has to end within the grace that Redis gives its hold, so these are part of
// the promise that a couple who holds a place gets it.
const (
	statementTimeout = 2 * time.Second
	lockTimeout      = time.Second
	idleTimeout      = 5 * time.Second
)

// Open connects to the database at dsn (a postgres:// URL or key=value pairs)
// with the driver's one-round-trip protocol and our time limits.
func Open(ctx context.Context, dsn string) (*sqlx.DB, error) { return OpenAs(ctx, dsn, Owner) }

// OpenAs is Open for what works as another role than the user of the address.
func OpenAs(ctx context.Context, dsn string, as Role) (*sqlx.DB, error) {
	settings, err := settings(dsn, as)
	if err != nil {
		return nil, err
	}
	to, err := pq.NewConnector(settings)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db := sqlx.NewDb(sql.OpenDB(origins{to}), "postgres")
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), db.Close())
	}
	db.SetMaxOpenConns(32)
	db.SetMaxIdleConns(32)
	return db, nil
}

// settings is dsn with what this program relies on.
func settings(dsn string, as Role) (string, error) {
	ours := []struct{ name, value string }{
		{"binary_parameters", "yes"},
		{"timezone", "UTC"},
		{"synchronous_commit", "on"},
		{"statement_timeout", strconv.FormatInt(statementTimeout.Milliseconds(), 10)},
		{"lock_timeout", strconv.FormatInt(lockTimeout.Milliseconds(), 10)},
		{"idle_in_transaction_session_timeout", strconv.FormatInt(idleTimeout.Milliseconds(), 10)},
	}
	if as != Owner {
		ours = append(ours, struct{ name, value string }{"role", string(as)})
	}
	if !strings.Contains(dsn, "://") {
		for _, s := range ours {
			dsn += " " + s.name + "=" + s.value
		}
		return dsn, nil
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return "", errors.New("database url: it is not one") // the cause would repeat the password
	}
	query := u.Query()
	for _, s := range ours {
		query.Set(s.name, s.value)
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// InTx runs f in a transaction: it commits if f returns nil, and rolls back if
// f fails or panics.
func InTx(ctx context.Context, db *sqlx.DB, f func(tx Querier) error) error {
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // does nothing after a commit
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// SetActor names who acts in tx, for the audit.
func SetActor(ctx context.Context, tx Querier, actor string) error {
	if _, err := tx.ExecContext(ctx, `SELECT set_actor($1)`, actor); err != nil {
		return fmt.Errorf("set actor: %w", err)
	}
	return nil
}

// Audit writes one audit row by the actor of tx.
func Audit(ctx context.Context, tx Querier, action, subject, detail string) error {
	_, err := tx.ExecContext(ctx, `SELECT record_audit($1, $2, NULL, NULL, $3)`, action, subject, detail)
	if err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	return nil
}

// Unaudit deletes rows of the audit, once their days are over, and returns how many
// there were. Only Purger may, and only what it has noted as removed (server/watch).
func Unaudit(ctx context.Context, tx Querier, rows []int64) (int64, error) {
	done, err := tx.ExecContext(ctx, `DELETE FROM audit WHERE id = ANY ($1)`, pq.Array(rows))
	if err != nil {
		return 0, fmt.Errorf("delete rows of the audit: %w", err)
	}
	return done.RowsAffected()
}

// Violates reports whether err is a breach of the named constraint.
func Violates(err error, constraint string) bool {
	e, ok := errors.AsType[*pq.Error](err)
	return ok && e.Constraint == constraint
}

// State is the SQLSTATE that the database answered with, or "" if err did not
// come from the database: then the outcome of the statement is unknown.
func State(err error) string {
	if e, ok := errors.AsType[*pq.Error](err); ok {
		return string(e.Code)
	}
	return ""
}

// ErrOtherKeys reports a database that was filled with other keys.
var ErrOtherKeys = errors.New("the database was filled with other keys")

// SameKeys notes the mark of the keys in use, or reports ErrOtherKeys if the
// database has another one: with other keys no name on file can be read, and
// nobody would be found to have an appointment already.
func SameKeys(ctx context.Context, db Querier, mark []byte) error {
	_, err := db.ExecContext(ctx, `INSERT INTO key_mark (mark) VALUES ($1) ON CONFLICT DO NOTHING`, mark)
	if err != nil {
		return fmt.Errorf("note keys: %w", err)
	}
	var same bool
	if err := db.GetContext(ctx, &same, `SELECT mark = $1 FROM key_mark`, mark); err != nil {
		return fmt.Errorf("compare keys: %w", err)
	}
	if !same {
		return ErrOtherKeys
	}
	return nil
}

// Shift sets how far the database's clock runs ahead. Only demo mode and tests
// may call it.
func Shift(ctx context.Context, db Querier, by time.Duration) error {
	_, err := db.ExecContext(ctx, `UPDATE clock SET shift = make_interval(secs => $1)`, by.Seconds())
	if err != nil {
		return fmt.Errorf("shift clock: %w", err)
	}
	return nil
}
