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
// that phone in hand, and returns its mark for a HoldRequest. The code is used up
// by it, and shows the same again for an hour after it was sent.
//
// Faults: ErrCodeWrong, ErrCodeExpired, ErrCodeUsedUp.
func (d *Desk) Prove(ctx context.Context, phone, code string) ([]byte, error) {
	mac := d.Keys.MAC("code", []byte(phone), []byte(code))
	spender, err := uuid.FromBytes(d.Keys.MAC("phone in hand", []byte(phone), []byte(code))[:16])
	if err != nil {
		return nil, fmt.Errorf("spender of a code: %w", err)
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
		return nil, fmt.Errorf("prove a phone: %w", err)
	}
	return d.PhoneMark(phone), m.fault()
}

// PhoneMark is how a hold names a normalised number that somebody has in hand.
// Whoever reads it does not learn the number.
func (d *Desk) PhoneMark(phone string) []byte {
	return d.Keys.MAC("phone mark", []byte(phone))[:12]
}

// OnFile is how a hold names the phone of an appointment whose couple asks: enough to
// choose a time where a phone comes first, and no proof that it is in hand.
func (d *Desk) OnFile(a Appointment) []byte { return d.PhoneMark("of appointment " + a.Number) }

// Proves reports whether a hold was asked for by whoever has a phone in hand, so
// that an application with that normalised number needs no code. A token that
// is not good proves nothing.
func (d *Desk) Proves(token string, hold uuid.UUID, session, phone string) bool {
	g, err := readGrant(d.Keys, token, hold, session)
	return err == nil && d.shows(g, phone)
}

func (d *Desk) shows(g grant, phone string) bool {
	return len(g.Phone) > 0 && string(g.Phone) == string(d.PhoneMark(phone))
}
