package auth

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// linkLasts is how long a link can be followed (reliability.md 6.3.2, 6.4.1).
const linkLasts = 24 * time.Hour

// Link is whom a one-time link is for.
type Link struct {
	Account  int64  // 0: the first account is made with it
	Username string // of the account
	Name     string
}

// SetupLink is a new link with which the first security administrator is made,
// or "" where there are accounts. It ends the one before.
func (a *Accounts) SetupLink(ctx context.Context) (string, error) {
	var token string
	err := postgres.InTx(ctx, a.DB, func(tx postgres.Querier) error {
		var any bool
		if err := tx.GetContext(ctx, &any, `SELECT EXISTS (SELECT FROM account)`); err != nil || any {
			return err
		}
		if err := postgres.SetActor(ctx, tx, "system"); err != nil {
			return err
		}
		var err error
		token, err = newLink(ctx, tx, sql.NullInt64{})
		return err
	})
	return token, err
}

// NewLink is a new link with which somebody chooses a password. It ends the one
// before, and changes nothing else until it is followed. By is nil on the
// command line.
//
// Faults: ErrNoSuchUser; ErrNotOneself.
func (a *Accounts) NewLink(ctx context.Context, by *Staff, actor string, id int64) (string, error) {
	if by != nil && by.ID == id {
		return "", ErrNotOneself
	}
	var token string
	err := postgres.InTx(ctx, a.DB, func(tx postgres.Querier) error {
		if _, err := lockAccount(ctx, tx, id); errors.Is(err, ErrLoginFailed) {
			return ErrNoSuchUser
		} else if err != nil {
			return err
		}
		if err := audit(ctx, tx, actor, "link_made", id); err != nil {
			return err
		}
		var err error
		token, err = newLink(ctx, tx, sql.NullInt64{Int64: id, Valid: true})
		return err
	})
	return token, err
}

func newLink(ctx context.Context, tx postgres.Querier, id sql.NullInt64) (string, error) {
	_, err := tx.ExecContext(ctx, `
		UPDATE account_link
		SET used_at = clock_now()
		WHERE account_id IS NOT DISTINCT FROM $1
		  AND used_at IS NULL`, id)
	if err != nil {
		return "", fmt.Errorf("end earlier link: %w", err)
	}
	token := rand.Text()
	hash := hashOf(token)
	_, err = tx.ExecContext(ctx, `
		INSERT INTO account_link (hash, account_id, expires_at)
		VALUES ($1, $2, clock_now() + make_interval(secs => $3))`, hash[:], id, linkLasts.Seconds())
	if err != nil {
		return "", fmt.Errorf("make link: %w", err)
	}
	return token, nil
}

// Follow is whom a link is for. Looking does not use it up.
//
// Faults: ErrLinkOver.
func (a *Accounts) Follow(ctx context.Context, token string) (Link, error) {
	return follow(ctx, a.DB, token)
}

func follow(ctx context.Context, db postgres.Querier, token string) (Link, error) {
	hash := hashOf(token)
	var found struct {
		Account  sql.NullInt64  `db:"account_id"`
		Username sql.NullString `db:"username"`
		Name     sql.NullString `db:"name"`
	}
	err := db.GetContext(ctx, &found, `
		SELECT l.account_id, a.username, a.name
		FROM account_link AS l
		LEFT JOIN account AS a ON a.id = l.account_id
		WHERE l.hash = $1
		  AND l.used_at IS NULL
		  AND l.expires_at > clock_now()
		  AND a.disabled_at IS NULL
		  AND (l.account_id IS NOT NULL OR NOT EXISTS (SELECT FROM account))`, hash[:])
	if errors.Is(err, sql.ErrNoRows) {
		return Link{}, ErrLinkOver
	}
	if err != nil {
		return Link{}, fmt.Errorf("follow link: %w", err)
	}
	return Link{found.Account.Int64, found.Username.String, found.Name.String}, nil
}

// useLink uses a link up, or reports ErrLinkOver: two who follow it at once are
// told apart here.
func useLink(ctx context.Context, tx postgres.Querier, token string) error {
	hash := hashOf(token)
	result, err := tx.ExecContext(ctx, `
		UPDATE account_link
		SET used_at = clock_now()
		WHERE hash = $1
		  AND used_at IS NULL
		  AND (account_id IS NOT NULL OR NOT EXISTS (SELECT FROM account))`, hash[:])
	if err := one(result, err, "use link"); errors.Is(err, ErrNoSuchUser) {
		return ErrLinkOver
	} else if err != nil {
		return err
	}
	return nil
}

// Activate gives the account of a link the password that its owner has chosen,
// and uses the link up. Whoever has a second factor keeps it.
//
// Faults: ErrLinkOver; ErrBusy; field password.
func (a *Accounts) Activate(ctx context.Context, token, chosen string) error {
	l, err := a.Follow(ctx, token)
	if err == nil && l.Account == 0 {
		err = ErrLinkOver
	}
	if err != nil {
		return err
	}
	hash, err := a.choose(ctx, l.Account, l.Username, nil, chosen)
	if err != nil {
		return err
	}
	return postgres.InTx(ctx, a.DB, func(tx postgres.Querier) error {
		if err := useLink(ctx, tx, token); err != nil {
			return err
		}
		if err := audit(ctx, tx, "staff:"+l.Username, "account_activated", l.Account); err != nil {
			return err
		}
		return setPassword(ctx, tx, l.Account, hash)
	})
}

// SetUp makes the first account, a security administrator, with a password of
// their own, and uses the setup link up.
//
// Faults: ErrLinkOver; ErrBusy; fields username, name and password.
func (a *Accounts) SetUp(ctx context.Context, token string, u NewUser) error {
	l, err := a.Follow(ctx, token)
	if err == nil && l.Account != 0 {
		err = ErrLinkOver
	}
	if err != nil {
		return err
	}
	u.Roles, u.Offices = []string{SecAdmin}, nil
	u = u.tidy()
	if err := fault.InFields(a.wrong(u)); err != nil {
		return err
	}
	hash, err := a.passwords.hash(ctx, u.Password)
	if err != nil {
		return err
	}
	return postgres.InTx(ctx, a.DB, func(tx postgres.Querier) error {
		if err := useLink(ctx, tx, token); err != nil {
			return err
		}
		id, err := insert(ctx, tx, u, hash)
		if err != nil {
			return err
		}
		return audit(ctx, tx, "setup link", "user_added", id)
	})
}

// Purge forgets links that ended more than a month ago; the audit keeps who
// made them. It returns how many there were.
func (a *Accounts) Purge(ctx context.Context) (int64, error) {
	result, err := a.DB.ExecContext(ctx, `
		DELETE FROM account_link
		WHERE expires_at < (SELECT clock_now()) - interval '30 days'`)
	if err != nil {
		return 0, fmt.Errorf("purge links: %w", err)
	}
	return result.RowsAffected()
}
