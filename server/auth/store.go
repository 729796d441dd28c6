package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/internal/postgres"
)

// row is what is told of an account.
type row struct {
	ID              int64          `db:"id"`
	Username        string         `db:"username"`
	Name            string         `db:"name"`
	Roles           pq.StringArray `db:"roles"`
	Offices         pq.StringArray `db:"offices"`
	CertificateFrom date.Date      `db:"certificate_from"`
	CertificateTo   date.Date      `db:"certificate_to"`
}

func (r row) staff() *Staff {
	return &Staff{
		ID: r.ID, Username: r.Username, Name: r.Name, Roles: r.Roles, Offices: r.Offices,
		CertificateFrom: r.CertificateFrom, CertificateTo: r.CertificateTo,
	}
}

// account is one that somebody is about to be let into, and locked until the
// transaction ends.
type account struct {
	row
	Epoch          int64     `db:"session_epoch"`
	Locked         bool      `db:"locked"` // to who has the password alone
	FactorLocked   bool      `db:"factor_locked"`
	FactorFailures int       `db:"factor_failures"`
	PasswordSince  time.Time `db:"password_since"`
	Secret         []byte    `db:"secret"` // of its codes, sealed; none
	LastStep       int64     `db:"last_step"`
	Keys           int       `db:"security_keys"`
	Now            time.Time `db:"now"`
}

// hasFactor reports whether a password is not enough.
func (w account) hasFactor() bool { return w.Secret != nil || w.Keys > 0 }

// lockAccount is the account, or ErrLoginFailed for one that is disabled.
func lockAccount(ctx context.Context, tx postgres.Querier, id int64) (account, error) {
	var who account
	err := tx.GetContext(ctx, &who, `
		SELECT
			a.id, a.username, a.name, a.roles, a.offices, a.certificate_from, a.certificate_to, a.session_epoch,
			coalesce(a.locked_until > clock_now(), false) AS locked,
			coalesce(a.factor_locked_until > clock_now(), false) AS factor_locked,
			a.factor_failures, a.password_since, t.secret, coalesce(t.last_step, 0) AS last_step,
			(SELECT count(*) FROM security_key AS k WHERE k.account_id = a.id) AS security_keys,
			clock_now() AS now
		FROM account AS a
		LEFT JOIN totp AS t ON t.account_id = a.id
		WHERE a.id = $1
		  AND a.disabled_at IS NULL
		FOR NO KEY UPDATE OF a`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return account{}, ErrLoginFailed
	}
	if err != nil {
		return account{}, fmt.Errorf("lock account: %w", err)
	}
	return who, nil
}

// passwordOf is the account with this name and its hash, or 0 and a hash that
// nothing matches.
func (a *Accounts) passwordOf(ctx context.Context, username string) (int64, string, error) {
	var found struct {
		ID       int64  `db:"id"`
		Password string `db:"password"`
	}
	err := a.DB.GetContext(ctx, &found, `
		SELECT id, coalesce(password, $2) AS password
		FROM account
		WHERE username = $1`, username, nobody)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nobody, nil
	}
	if err != nil {
		return 0, "", fmt.Errorf("find account: %w", err)
	}
	return found.ID, found.Password, nil
}

// forgive forgets earlier failures; those of the second factor too where it
// was shown.
func forgive(ctx context.Context, tx postgres.Querier, id int64, factor bool) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE account
		SET failures            = 0,
		    locked_until        = NULL,
		    factor_failures     = CASE WHEN $2 THEN 0 ELSE factor_failures END,
		    factor_locked_until = CASE WHEN $2 THEN NULL ELSE factor_locked_until END
		WHERE id = $1`, id, factor)
	if err != nil {
		return fmt.Errorf("forgive failed logins: %w", err)
	}
	return nil
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

// inEpoch is whose session this is, or ErrLoginRequired where the account has
// ended it since.
func inEpoch(ctx context.Context, db postgres.Querier, k kept) (*Staff, error) {
	var r row
	err := db.GetContext(ctx, &r, `
		SELECT id, username, name, roles, offices, certificate_from, certificate_to
		FROM account
		WHERE id = $1
		  AND session_epoch = $2
		  AND disabled_at IS NULL`, k.account, k.epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrLoginRequired
	}
	if err != nil {
		return nil, fmt.Errorf("whose session: %w", err)
	}
	return r.staff(), nil
}

// nextEpoch ends the sign-ins of an account, or reports ErrNoSuchUser.
func nextEpoch(ctx context.Context, tx postgres.Querier, id int64) error {
	result, err := tx.ExecContext(ctx, `
		UPDATE account
		SET session_epoch = session_epoch + 1
		WHERE id = $1`, id)
	return one(result, err, "end sessions")
}

// one is ErrNoSuchUser unless a statement has found its one row.
func one(result sql.Result, err error, doing string) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	n, err := result.RowsAffected()
	if err == nil && n != 1 {
		err = ErrNoSuchUser
	}
	return err
}
