package notify

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/jmoiron/sqlx"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/internal/seal"
)

// What Codes.Request may refuse. The first two say how long to wait.
var (
	ErrCodeTooSoon = fault.New(fault.TooMany, "code_too_soon")
	ErrCodeTooMany = fault.New(fault.TooMany, "code_too_many")
	ErrKeyReused   = fault.New(fault.Invalid, "key_reused") // same Idempotency-Key, another phone or language
)

// The limits of phone codes (domain rule 93). That five wrong tries use a code
// up is kept by the SQL function spend_code.
const (
	codeValid   = 5 * time.Minute
	codeResend  = time.Minute
	codesPerDay = 10 // in any 24 hours
)

// Codes sends codes that prove who has a phone in hand.
type Codes struct {
	DB     *sqlx.DB
	Keys   *seal.Keys
	Outbox *Outbox
	Limits bool // per phone; false only for load tests in demo mode
}

// Request sends a new code of six digits, good for five minutes, to a
// normalised number of a mobile, in the language locale ("zh" or "en"). The
// codes sent to it before are good for nothing any more. The answer is the same
// for every phone, known or not. For a day a request with the same key is the
// same request and sends nothing; an empty key makes every request a new one.
//
// Faults: ErrCodeTooSoon within a minute of the last one, ErrCodeTooMany after
// ten in 24 hours, ErrKeyReused for a key that asked for something else.
func (c *Codes) Request(ctx context.Context, phone, locale, key string) error {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return fmt.Errorf("draw phone code: %w", err)
	}
	code := fmt.Sprintf("%06d", n)
	sealed, err := c.seal(phone, code)
	if err != nil {
		return err
	}
	err = postgres.InTx(ctx, c.DB, func(tx postgres.Querier) error {
		if err := c.turn(ctx, tx, phone); err != nil {
			return err
		}
		if sent, err := c.sent(ctx, tx, phone, locale, key); sent || err != nil {
			return err
		}
		if err := c.limit(ctx, tx, phone); err != nil {
			return err
		}
		return c.insert(ctx, tx, phone, code, sealed, locale, key)
	})
	if postgres.Violates(err, "phone_code_request") {
		return ErrKeyReused // at the same moment, by another phone
	}
	if err != nil {
		return err
	}
	c.Outbox.Wake(ctx)
	return nil
}

// Usable reports whether the code that was sent to a phone last can still be
// spent, so that nobody is told to use one that cannot.
func (c *Codes) Usable(ctx context.Context, phone string) (bool, error) {
	var usable bool
	err := c.DB.GetContext(ctx, &usable, `
		SELECT coalesce((
			SELECT spent_by IS NULL AND tries < 5 AND expires_at > clock_now()
			FROM phone_code
			WHERE phone_key = $1
			ORDER BY id DESC
			LIMIT 1), false)`, c.Key(phone))
	if err != nil {
		return false, fmt.Errorf("last phone code: %w", err)
	}
	return usable, nil
}

// Down reports whether codes do not get through at present: in the last ten minutes
// two phones or more wait for one in vain, and none has been sent since. It says
// nothing about any one phone.
func (c *Codes) Down(ctx context.Context) (bool, error) {
	var down bool
	err := c.DB.GetContext(ctx, &down, `
		WITH since AS (
			SELECT greatest(clock_now() - interval '10 minutes', (
				SELECT at
				FROM outbox
				WHERE topic = 'code'
				  AND state = 'done'
				  AND state <> 'pending' -- as the index has it
				  AND at > clock_now() - interval '10 minutes'
				ORDER BY at DESC
				LIMIT 1)) AS at
		), stuck AS (
			SELECT code_id
			FROM outbox, since
			WHERE topic = 'code'
			  AND state = 'failed'
			  AND state <> 'pending'
			  AND outbox.at > since.at
			UNION ALL
			SELECT code_id
			FROM outbox, since
			WHERE topic = 'code'
			  AND state = 'pending'
			  AND outbox.at > since.at
			  AND outbox.at < clock_now() - interval '20 seconds'
		)
		SELECT count(DISTINCT phone_key) >= 2
		FROM stuck
		JOIN phone_code ON phone_code.id = stuck.code_id`)
	if err != nil {
		return false, fmt.Errorf("whether phone codes get through: %w", err)
	}
	return down, nil
}

// Key is what a phone is found by.
func (c *Codes) Key(phone string) []byte { return c.Keys.MAC("phone", []byte(phone)) }

// CodeMAC is a code as it is stored: good for one phone.
func (c *Codes) CodeMAC(phone, code string) []byte {
	return c.Keys.MAC("code", []byte(phone), []byte(code))
}

// requestKey is what a request is found by, or nil for one without a key.
func (c *Codes) requestKey(key string) []byte {
	if key == "" {
		return nil
	}
	return c.Keys.MAC("code request", []byte(key))
}

// turn makes the requests for one phone wait for each other until their
// transactions end.
func (c *Codes) turn(ctx context.Context, tx postgres.Querier, phone string) error {
	_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('phone code ' || encode($1, 'hex'), 0))`, c.Key(phone))
	if err != nil {
		return fmt.Errorf("phone codes take turns: %w", err)
	}
	return nil
}

// sent reports whether a request with this key was answered before.
func (c *Codes) sent(ctx context.Context, tx postgres.Querier, phone, locale, key string) (bool, error) {
	var same []bool
	err := tx.SelectContext(ctx, &same, `
		SELECT phone_key = $2 AND locale = $3
		FROM phone_code
		WHERE request_key = $1`, c.requestKey(key), c.Key(phone), locale)
	if err != nil {
		return false, fmt.Errorf("phone code of a key: %w", err)
	}
	if len(same) > 0 && !same[0] {
		return false, ErrKeyReused
	}
	return len(same) > 0, nil
}

// limit refuses a phone that has had enough codes.
func (c *Codes) limit(ctx context.Context, tx postgres.Querier, phone string) error {
	if !c.Limits {
		return nil
	}
	var ages []float64
	err := tx.SelectContext(ctx, &ages, `
		SELECT extract(epoch FROM clock_now() - created_at)::float8
		FROM phone_code
		WHERE phone_key = $1
		  AND created_at > clock_now() - interval '1 day'
		ORDER BY id DESC
		LIMIT $2`, c.Key(phone), codesPerDay)
	if err != nil {
		return fmt.Errorf("phone codes of the day: %w", err)
	}
	return tooMany(ages)
}

// tooMany judges by the ages, in seconds, of the newest codes of the last day.
func tooMany(ages []float64) error {
	age := func(i int) time.Duration { return time.Duration(ages[i] * float64(time.Second)) }
	if len(ages) == codesPerDay {
		return ErrCodeTooMany.After(24*time.Hour - age(codesPerDay-1))
	}
	if len(ages) > 0 && age(0) < codeResend {
		return ErrCodeTooSoon.After(codeResend - age(0))
	}
	return nil
}

// insert stores the code and asks the worker to send it.
func (c *Codes) insert(ctx context.Context, tx postgres.Querier, phone, code string, sealed []byte, locale, key string) error {
	_, err := tx.ExecContext(ctx, `
		WITH new AS (
			INSERT INTO phone_code (phone_key, code_mac, sealed, locale, expires_at, request_key)
			VALUES ($1, $2, $3, $4, clock_now() + make_interval(secs => $5), $6)
			RETURNING id
		)
		INSERT INTO outbox (topic, kind, code_id)
		SELECT 'code', 'code', id
		FROM new`,
		c.Key(phone), c.CodeMAC(phone, code), sealed, locale, codeValid.Seconds(), c.requestKey(key))
	if err != nil {
		return fmt.Errorf("store phone code: %w", err)
	}
	return nil
}

// sealedCode is a code on its way to the channel.
type sealedCode struct {
	PhoneKey []byte `db:"phone_key"`
	Sealed   []byte `db:"sealed"`
	Locale   string `db:"locale"`
}

type openCode struct {
	Phone string `json:"phone"`
	Code  string `json:"code"`
}

func (c *Codes) seal(phone, code string) ([]byte, error) {
	plain, err := json.Marshal(openCode{phone, code})
	if err != nil {
		return nil, fmt.Errorf("seal phone code: %w", err)
	}
	return c.Keys.Seal(plain, codeRow(c.Key(phone)))
}

func (s sealedCode) open(keys *seal.Keys) (phone, code string, err error) {
	plain, err := keys.Open(s.Sealed, codeRow(s.PhoneKey))
	if err != nil {
		return "", "", err
	}
	var o openCode
	if json.Unmarshal(plain, &o) != nil {
		return "", "", errors.New("sealed phone code is not readable") // the cause would quote it
	}
	return o.Phone, o.Code, nil
}

func codeRow(phoneKey []byte) string { return "phone_code:" + hex.EncodeToString(phoneKey) }

// takeCode takes a code out for sending, or reports ErrDrop if that has happened
// before, or if nobody could spend it any more.
func takeCode(ctx context.Context, tx postgres.Querier, id int64) (sealedCode, error) {
	var taken []sealedCode
	err := tx.SelectContext(ctx, &taken, `
		WITH old AS (
			SELECT id, phone_key, sealed, locale
			FROM phone_code AS c
			WHERE id = $1
			  AND sealed IS NOT NULL
			  AND expires_at > clock_now()
			  AND NOT EXISTS (
				SELECT
				FROM phone_code AS newer
				WHERE newer.phone_key = c.phone_key
				  AND newer.id > c.id
			  )
			FOR UPDATE
		)
		UPDATE phone_code
		SET sealed = NULL
		FROM old
		WHERE phone_code.id = old.id
		RETURNING old.phone_key, old.sealed, old.locale`, id)
	if err != nil {
		return sealedCode{}, fmt.Errorf("take phone code: %w", err)
	}
	if len(taken) == 0 {
		return sealedCode{}, ErrDrop
	}
	return taken[0], nil
}
