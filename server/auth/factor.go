package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"hunyue/internal/postgres"
)

// What codes are made of: the defaults of RFC 6238, which every app knows. A
// code counts during its half minute, the one before and the one after.
const (
	stepLength = 30 * time.Second
	drift      = 1
	digits     = otp.DigitsSix
)

// The factors, as a session notes them.
const (
	byCode = "totp"
	byKey  = "webauthn"
	bySSO  = "oidc"
)

// errWrongFactor is a second factor that was shown and is not right.
var errWrongFactor = errors.New("wrong second factor")

// prove judges what is shown besides the password, and returns it with the
// factor that it proves, if any. A code that was right is used up.
//
// Faults: ErrLoginFailed for what is locked or missing; errWrongFactor.
func (a *Accounts) prove(ctx context.Context, tx postgres.Querier, who account, p proof) (proof, error) {
	switch {
	case who.FactorLocked:
		return p, ErrLoginFailed
	case p.factor != "": // a key that has been checked
		return p, nil
	case !who.hasFactor() && who.Locked:
		return p, ErrLoginFailed
	case !who.hasFactor():
		return p, nil
	case p.code == "":
		return p, ErrLoginFailed // no guess, and not counted as one against the factor
	}
	step, err := a.stepOfCode(who, p.code)
	if err != nil {
		return p, err
	}
	p.factor = byCode
	return p, useStep(ctx, tx, who.ID, step)
}

// stepOfCode is the half minute that a code belongs to, or errWrongFactor.
func (a *Accounts) stepOfCode(who account, code string) (int64, error) {
	if who.Secret == nil {
		return 0, errWrongFactor
	}
	secret, err := a.Keys.Open(who.Secret, totpRow(who.ID))
	if err != nil {
		return 0, fmt.Errorf("secret of account %d: %w", who.ID, err)
	}
	return stepOf(string(secret), code, who.Now)
}

// stepOf is the half minute around now that a code of the secret belongs to,
// or errWrongFactor.
func stepOf(secret, code string, now time.Time) (int64, error) {
	code = strings.ReplaceAll(code, " ", "")
	found, middle := int64(0), now.Unix()/int64(stepLength.Seconds())
	for step := middle - drift; step <= middle+drift; step++ {
		right, err := hotp.GenerateCodeCustom(secret, uint64(step), hotp.ValidateOpts{Digits: digits, Algorithm: otp.AlgorithmSHA1}) //nolint:gosec // after 1970
		if err != nil {
			return 0, fmt.Errorf("code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(right), []byte(code)) == 1 {
			found = step
		}
	}
	if found == 0 {
		return 0, errWrongFactor
	}
	return found, nil
}

// useStep uses up the codes of a half minute and of those before it, or
// reports errWrongFactor where it was used before.
func useStep(ctx context.Context, tx postgres.Querier, id, step int64) error {
	result, err := tx.ExecContext(ctx, `
		UPDATE totp
		SET last_step = $2
		WHERE account_id = $1
		  AND last_step < $2`, id, step)
	if err := one(result, err, "use code"); errors.Is(err, ErrNoSuchUser) {
		return errWrongFactor
	} else if err != nil {
		return err
	}
	return nil
}

// countWrongFactor counts one wrong second factor and writes it down. Every
// fifth locks the account, each time for twice as long.
func (a *Accounts) countWrongFactor(ctx context.Context, tx postgres.Querier, who account) error {
	failures := who.FactorFailures + 1
	_, err := tx.ExecContext(ctx, `
		UPDATE account
		SET factor_failures     = $2,
		    factor_locked_until = CASE WHEN $3 > 0 THEN clock_now() + make_interval(secs => $3) END
		WHERE id = $1`, who.ID, failures, lockFor(failures).Seconds())
	if err != nil {
		return fmt.Errorf("count wrong factor: %w", err)
	}
	return audit(ctx, tx, "anonymous", "factor_failed", who.ID)
}

// lockFor is how long an account is locked after so many wrong factors in a
// row.
func lockFor(failures int) time.Duration {
	if failures%allowed != 0 {
		return 0
	}
	lock := locked
	for range failures/allowed - 1 {
		if lock *= 2; lock >= longestLock {
			return longestLock
		}
	}
	return lock
}

// Secret is a secret for codes that somebody is about to set up.
type Secret struct {
	Key    string // for typing it in
	URI    string // for a QR code
	Sealed string // to be sent back with the first code: nothing is stored before that
}

// NewSecret is a secret for the codes of a member of staff.
func (a *Accounts) NewSecret(s *Staff, issuer string) (Secret, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: s.Username, Digits: digits})
	if err != nil {
		return Secret{}, fmt.Errorf("make secret: %w", err)
	}
	return a.secretOf(s, key)
}

func (a *Accounts) secretOf(s *Staff, key *otp.Key) (Secret, error) {
	sealed, err := a.Keys.Seal([]byte(key.URL()), offerRow(s.ID))
	if err != nil {
		return Secret{}, err
	}
	return Secret{Key: key.Secret(), URI: key.URL(), Sealed: encode(sealed)}, nil
}

// Offered is the secret that NewSecret has made for this member of staff, or
// ErrFactorMistaken.
func (a *Accounts) Offered(s *Staff, sealed string) (Secret, error) {
	raw, err := decode(sealed)
	if err != nil {
		return Secret{}, ErrFactorMistaken
	}
	uri, err := a.Keys.Open(raw, offerRow(s.ID))
	if err != nil {
		return Secret{}, ErrFactorMistaken
	}
	key, err := otp.NewKeyFromURL(string(uri))
	if err != nil {
		return Secret{}, err
	}
	return Secret{Key: key.Secret(), URI: key.URL(), Sealed: sealed}, nil
}

// SetCodes makes codes of the secret the second factor of whoever's session
// this is, once they have shown the first. They get a new session that knows
// of it; all others of theirs end.
//
// Faults: ErrFactorMistaken; ErrForbidden where they have a factor and have not
// signed in with it; ErrLoginRequired.
func (a *Accounts) SetCodes(ctx context.Context, token, sealed, code string) (Session, error) {
	return a.promote(ctx, token, "factor_set", func(tx postgres.Querier, who account) (string, error) {
		offered, err := a.Offered(who.staff(), sealed)
		if err != nil {
			return "", err
		}
		step, err := stepOf(offered.Key, code, who.Now)
		if errors.Is(err, errWrongFactor) {
			return "", ErrFactorMistaken
		}
		if err != nil {
			return "", err
		}
		secret, err := a.Keys.Seal([]byte(offered.Key), totpRow(who.ID))
		if err != nil {
			return "", err
		}
		return byCode, putSecret(ctx, tx, who.ID, secret, step)
	})
}

func putSecret(ctx context.Context, tx postgres.Querier, id int64, secret []byte, step int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO totp (account_id, secret, last_step)
		VALUES ($1, $2, $3)
		ON CONFLICT (account_id) DO UPDATE
		SET secret = EXCLUDED.secret, last_step = EXCLUDED.last_step, added_at = clock_now()`, id, secret, step)
	if err != nil {
		return fmt.Errorf("keep secret: %w", err)
	}
	return nil
}

// The rows that sealed values belong to.
func totpRow(id int64) string  { return fmt.Sprintf("totp:%d", id) }
func offerRow(id int64) string { return fmt.Sprintf("totp offer:%d", id) }

// HasFactor reports whether a member of staff has set up a second factor.
func (a *Accounts) HasFactor(ctx context.Context, s *Staff) (bool, error) {
	var has bool
	err := a.DB.GetContext(ctx, &has, `
		SELECT EXISTS (SELECT FROM totp WHERE account_id = $1) OR EXISTS (SELECT FROM security_key WHERE account_id = $1)`, s.ID)
	if err != nil {
		return false, fmt.Errorf("find factor: %w", err)
	}
	return has, nil
}
