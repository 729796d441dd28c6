package auth

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"hunyue/internal/postgres"
)

// row is an account as the queries below return it.
type row struct {
	ID       int64          `db:"id"`
	Username string         `db:"username"`
	Name     string         `db:"name"`
	Roles    pq.StringArray `db:"roles"`
	Offices  pq.StringArray `db:"offices"`
	Resting  bool           `db:"resting"` // the token's last use is to be written down
}

func (r row) staff() *Staff {
	return &Staff{ID: r.ID, Username: r.Username, Name: r.Name, Roles: r.Roles, Offices: r.Offices}
}

// passwordOf is the account with this name and its hash, or 0 and a hash that
// nothing matches.
func (a *Accounts) passwordOf(ctx context.Context, username string) (int64, string, error) {
	var found struct {
		ID       int64  `db:"id"`
		Password string `db:"password"`
	}
	err := a.DB.GetContext(ctx, &found, `
		SELECT id, password
		FROM account
		WHERE username = $1`, username)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nobody, nil
	}
	if err != nil {
		return 0, "", fmt.Errorf("find account: %w", err)
	}
	return found.ID, found.Password, nil
}

// unlocked forgives earlier failures, or reports ErrLoginFailed for an account
// that is locked or disabled.
func unlocked(ctx context.Context, tx postgres.Querier, id int64) (*Staff, error) {
	var r row
	err := tx.GetContext(ctx, &r, `
		UPDATE account
		SET failures = 0, locked_until = NULL
		WHERE id = $1
		  AND disabled_at IS NULL
		  AND (locked_until IS NULL OR locked_until <= clock_now())
		RETURNING id, username, name, roles, offices`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrLoginFailed
	}
	if err != nil {
		return nil, fmt.Errorf("unlock account: %w", err)
	}
	return r.staff(), nil
}

// countFailure counts one wrong password; the last that is allowed locks the
// account. A locked account counts nothing, so nobody can keep it locked by
// going on.
func countFailure(ctx context.Context, tx postgres.Querier, id int64) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE account
		SET failures     = CASE WHEN failures + 1 >= $2 THEN 0 ELSE failures + 1 END,
		    locked_until = CASE WHEN failures + 1 >= $2 THEN clock_now() + make_interval(secs => $3) END
		WHERE id = $1
		  AND (locked_until IS NULL OR locked_until <= clock_now())`, id, allowed, locked.Seconds())
	if err != nil {
		return fmt.Errorf("count failed login: %w", err)
	}
	return nil
}

func issue(ctx context.Context, tx postgres.Querier, hash [sha256.Size]byte, id int64) (time.Time, error) {
	var expires time.Time
	err := tx.GetContext(ctx, &expires, `
		INSERT INTO access_token (hash, account_id, expires_at)
		VALUES ($1, $2, clock_now() + make_interval(secs => $3))
		RETURNING expires_at`, hash[:], id, absolute.Seconds())
	if err != nil {
		return time.Time{}, fmt.Errorf("issue token: %w", err)
	}
	return expires, nil
}

// use is whose token this is, or ErrLoginRequired. Its last use is written
// down every half minute, not with each request, so somebody idle is signed
// out up to that much early.
func use(ctx context.Context, db postgres.Querier, hash [sha256.Size]byte) (*Staff, error) {
	var r row
	err := db.GetContext(ctx, &r, `
		SELECT account.id, username, name, roles, offices, last_used_at < clock_now() - interval '30 seconds' AS resting
		FROM access_token
		JOIN account ON account.id = account_id
		WHERE hash = $1
		  AND revoked_at IS NULL
		  AND expires_at > clock_now()
		  AND last_used_at > clock_now() - make_interval(secs => $2)
		  AND disabled_at IS NULL`, hash[:], idle.Seconds())
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrLoginRequired
	}
	if err != nil {
		return nil, fmt.Errorf("find token: %w", err)
	}
	if r.Resting {
		_, err = db.ExecContext(ctx, `
			UPDATE access_token
			SET last_used_at = clock_now()
			WHERE hash = $1`, hash[:])
	}
	if err != nil {
		return nil, fmt.Errorf("note use of token: %w", err)
	}
	return r.staff(), nil
}

// revoke ends a session and is who it belonged to, or ErrLoginRequired where
// there was none.
func revoke(ctx context.Context, tx postgres.Querier, hash [sha256.Size]byte) (*Staff, error) {
	var r row
	err := tx.GetContext(ctx, &r, `
		UPDATE access_token
		SET revoked_at = clock_now()
		FROM account
		WHERE hash = $1
		  AND revoked_at IS NULL
		  AND account.id = account_id
		RETURNING account.id, username, name, roles, offices`, hash[:])
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrLoginRequired
	}
	if err != nil {
		return nil, fmt.Errorf("revoke token: %w", err)
	}
	return r.staff(), nil
}

// Purge forgets sessions that ended more than a day ago; the audit keeps who
// signed in. It returns how many there were.
func (a *Accounts) Purge(ctx context.Context) (int64, error) {
	result, err := a.DB.ExecContext(ctx, `
		DELETE FROM access_token
		WHERE expires_at < (SELECT clock_now()) - interval '1 day'`)
	if err != nil {
		return 0, fmt.Errorf("purge tokens: %w", err)
	}
	return result.RowsAffected()
}
