package auth

import (
	"context"
	"fmt"
	"slices"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// ChangePassword gives whoever's session this is a new password. They get a new
// session; all others of theirs end.
//
// Faults: ErrLoginFailed where the old one is wrong; ErrBusy; ErrForbidden;
// ErrLoginRequired; field password.
func (a *Accounts) ChangePassword(ctx context.Context, token, old, chosen string) (Session, error) {
	s, _, err := a.Admit(ctx, token)
	if err != nil {
		return Session{}, err
	}
	if err := a.Reprove(ctx, s, old); err != nil {
		return Session{}, err
	}
	hash, err := a.choose(ctx, s.ID, s.Username, s.Offices, chosen)
	if err != nil {
		return Session{}, err
	}
	return a.promote(ctx, token, "password_changed", func(tx postgres.Querier, who account) (string, error) {
		return "", setPassword(ctx, tx, who.ID, hash)
	})
}

// choose is the hash of a password that somebody may choose. Id is 0 for an
// account to be.
//
// Faults: ErrBusy; field password.
func (a *Accounts) choose(ctx context.Context, id int64, username string, offices []string, chosen string) (string, error) {
	if code := a.Profile.wrong(chosen, a.SecondFactor, append([]string{username}, offices...)...); code != "" {
		return "", fault.InFields(map[string]string{"password": code})
	}
	if a.Profile == Dengbao3 && id != 0 {
		had, err := earlier(ctx, a.DB, id)
		if err != nil {
			return "", err
		}
		for _, hash := range had {
			if again, err := a.passwords.match(ctx, chosen, hash); err != nil {
				return "", err
			} else if again {
				return "", fault.InFields(map[string]string{"password": "password_again"})
			}
		}
	}
	return a.passwords.hash(ctx, chosen)
}

// earlier is the hashes of the password and of those before it.
func earlier(ctx context.Context, db postgres.Querier, id int64) ([]string, error) {
	var now, before []string
	err := db.SelectContext(ctx, &now, `
		SELECT password
		FROM account
		WHERE id = $1
		  AND password IS NOT NULL`, id)
	if err != nil {
		return nil, fmt.Errorf("find password: %w", err)
	}
	err = db.SelectContext(ctx, &before, `
		SELECT hash
		FROM old_password
		WHERE account_id = $1
		ORDER BY replaced_at DESC
		LIMIT $2`, id, remembered-1)
	if err != nil {
		return nil, fmt.Errorf("find earlier passwords: %w", err)
	}
	return slices.Concat(now, before), nil
}

// setPassword replaces a password, and keeps the one before. That ends every
// session of the account.
func setPassword(ctx context.Context, tx postgres.Querier, id int64, hash string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO old_password (account_id, hash)
		SELECT id, password
		FROM account
		WHERE id = $1
		  AND password IS NOT NULL
		ON CONFLICT DO NOTHING`, id)
	if err != nil {
		return fmt.Errorf("keep earlier password: %w", err)
	}
	result, err := tx.ExecContext(ctx, `
		UPDATE account
		SET password = $2, password_since = clock_now(), failures = 0, locked_until = NULL
		WHERE id = $1`, id, hash)
	return one(result, err, "set password")
}
