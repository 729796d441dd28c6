package booking

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// provesFor is how long a code shows who has the phone in hand: somebody may
// verify it, wait for the release and choose again when a time is gone.
const provesFor = time.Hour

// Prove shows with a code that was sent to a normalised number that somebody has
// that phone in hand. The code is used up by it, and shows the same again for an
// hour after it was sent; a HoldRequest with the phone is then true.
//
// Faults: ErrCodeWrong, ErrCodeExpired, ErrCodeUsedUp.
func (d *Desk) Prove(ctx context.Context, phone, code string) error {
	mac := d.Keys.MAC("code", []byte(phone), []byte(code))
	spender, err := uuid.FromBytes(d.Keys.MAC("phone in hand", []byte(phone), []byte(code))[:16])
	if err != nil {
		return fmt.Errorf("spender of a code: %w", err)
	}
	var m confirmed
	err = d.DB.GetContext(ctx, &m.Result, `
		SELECT CASE
			WHEN EXISTS (
				SELECT
				FROM phone_code
				WHERE phone_key = $1
				  AND code_mac = $2
				  AND spent_by = $3
				  AND created_at <= clock_now() - make_interval(secs => $4)
			) THEN 'code_expired'
			ELSE spend_code($1, $2, $3)
		END`, d.Keys.MAC("phone", []byte(phone)), mac, spender, provesFor.Seconds())
	if err != nil {
		return fmt.Errorf("prove a phone: %w", err)
	}
	return m.fault()
}
