package booking

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/internal/postgres"
)

// Call is a call that an operator takes. Its key is made once and makes every
// repetition the same call.
type Call struct {
	Key    uuid.UUID
	Office string
	Phone  identity.Phone
	Actor  string
}

// CallOutcome is what came of a call.
type CallOutcome string

// The outcomes. A call begins as Asked.
const (
	CallAsked  CallOutcome = "asked"
	CallParked CallOutcome = "parked"
	CallBooked CallOutcome = "booked"
	CallMoved  CallOutcome = "moved"
)

// CallOutcomes is every one of them.
func CallOutcomes() []CallOutcome { return []CallOutcome{CallAsked, CallParked, CallBooked, CallMoved} }

// PastCall is an earlier call of the same number with the office.
type PastCall struct {
	At      time.Time   `db:"began_at"`
	Actor   string      `db:"actor"`
	Outcome CallOutcome `db:"outcome"`
	Number  string      `db:"number"` // of the appointment that it came to; "" where it came to none
}

// Caller is what is known of a number at an office.
type Caller struct {
	Calls   []PastCall    // the newest first, 5 at most
	Known   []Appointment // reached at that number: the active ones first, then the newest; 5 at most
	Parties []Party       // of the newest booking, who are likely to call again
	Missed  int           // appointments that one of them was the first to be named in, and that count
	Until   date.Date     // the last day on which one of them cannot book online; zero: they can
}

// TakeCall notes that a call has begun, once for its key, and says what is known
// of the number at the office. That an operator has seen it is in the audit.
func (d *Desk) TakeCall(ctx context.Context, c Call) (Caller, error) {
	var known Caller
	key := d.phoneKey(c.Phone)
	err := postgres.InTx(ctx, d.DB, func(tx postgres.Querier) error {
		if err := postgres.SetActor(ctx, tx, c.Actor); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO call (call_key, office_id, phone_key, actor)
			VALUES ($1, $2, $3, $4)
			ON CONFLICT ON CONSTRAINT call_once DO NOTHING`, c.Key, c.Office, key, c.Actor)
		if err != nil {
			return fmt.Errorf("take a call: %w", err)
		}
		if known.Calls, err = pastCalls(ctx, tx, c, key); err != nil {
			return err
		}
		known.Known, err = reachedAt(ctx, tx, c.Office, key)
		return err
	})
	if err != nil || len(known.Known) == 0 {
		return known, err
	}
	return known, d.acquaint(ctx, &known)
}

func (d *Desk) phoneKey(phone identity.Phone) []byte {
	return d.Keys.MAC("phone", []byte(phone.Number()))
}

func pastCalls(ctx context.Context, db postgres.Querier, c Call, key []byte) ([]PastCall, error) {
	calls := []PastCall{}
	err := db.SelectContext(ctx, &calls, `
		SELECT began_at, actor, outcome, coalesce(number, '') AS number
		FROM call
		LEFT JOIN appointment ON appointment.id = call.appointment_id
		WHERE call.phone_key = $1
		  AND call.office_id = $2
		  AND call_key <> $3
		ORDER BY began_at DESC
		LIMIT 5`, key, c.Office, c.Key)
	if err != nil {
		return nil, fmt.Errorf("earlier calls: %w", err)
	}
	return calls, nil
}

func reachedAt(ctx context.Context, db postgres.Querier, office string, key []byte) ([]Appointment, error) {
	var found []Appointment
	err := db.SelectContext(ctx, &found, `
		SELECT `+appointmentColumns+`
		FROM appointment
		WHERE office_id = $1
		  AND phone_key = $2
		  AND erased_at IS NULL
		ORDER BY is_active(status) DESC, created_at DESC
		LIMIT 5`, office, key)
	if err != nil {
		return nil, fmt.Errorf("appointments of a caller: %w", err)
	}
	return found, nil
}

// acquaint adds who they are that are reached at a number, and what they missed.
func (d *Desk) acquaint(ctx context.Context, c *Caller) error {
	newest := c.Known[0]
	for _, a := range c.Known {
		if a.CreatedAt.After(newest.CreatedAt) {
			newest = a
		}
	}
	zone, err := d.zone(ctx, newest.Office)
	if err != nil {
		return err
	}
	today := date.DateOf(d.Clock.Now().In(zone))
	rules, err := d.Offices.Rules(ctx, newest.Office, today)
	if err != nil {
		return err
	}
	if c.Parties, err = d.Parties(ctx, newest); err != nil {
		return err
	}
	if c.Until, err = d.RestrictedUntil(ctx, c.Parties, rules, today); err != nil {
		return err
	}
	c.Missed, err = d.missed(ctx, c.Parties)
	return err
}

// missed is how many appointments count as missed by somebody who was named first.
func (d *Desk) missed(ctx context.Context, parties []Party) (int, error) {
	var n int
	err := d.DB.GetContext(ctx, &n, `
		SELECT count(DISTINCT appointment_id)
		FROM party AS p
		JOIN appointment AS a ON a.id = p.appointment_id
		WHERE p.person = ANY ($1)
		  AND p.role = 1
		  AND a.status = 'no_show'
		  AND NOT EXISTS (SELECT FROM excuse AS e WHERE e.appointment_id = a.id)`, pq.ByteaArray(d.persons(parties)))
	if err != nil {
		return 0, fmt.Errorf("missed appointments of a caller: %w", err)
	}
	return n, nil
}

func (d *Desk) persons(parties []Party) [][]byte {
	var all [][]byte
	for _, p := range parties {
		all = append(all, d.Person(p.Document))
	}
	return all
}

// CallTerms is what an operator has noted before a booking is made for a caller.
type CallTerms struct {
	ForOther   bool   // somebody else calls for the two
	CalledBack bool   // the number was called back
	Decision   string // why somebody who cannot book online is booked; 200 characters at most
}

// NoteCall keeps what an operator has noted. It is done before the booking, so
// that none is without it; noting it again is the same as once.
func (d *Desk) NoteCall(ctx context.Context, c Call, t CallTerms) error {
	return postgres.InTx(ctx, d.DB, func(tx postgres.Querier) error {
		if err := postgres.SetActor(ctx, tx, c.Actor); err != nil {
			return err
		}
		var ids []int64
		err := tx.SelectContext(ctx, &ids, `
			UPDATE call
			SET for_other = $2, called_back = $3, decision = $4
			WHERE call_key = $1
			  AND (for_other, called_back, decision) IS DISTINCT FROM ($2, $3, $4)
			RETURNING id`, c.Key, t.ForOther, t.CalledBack, t.Decision)
		if err != nil {
			return fmt.Errorf("note a call: %w", err)
		}
		if len(ids) == 0 || t.Decision == "" {
			return nil
		}
		return postgres.Audit(ctx, tx, "decided", fmt.Sprintf("call:%d", ids[0]), t.Decision)
	})
}

// EndCall notes what came of a call. A call that came to an appointment stays so:
// what is said of it later is said of another call.
func (d *Desk) EndCall(ctx context.Context, key uuid.UUID, o CallOutcome, a Appointment) error {
	_, err := d.DB.ExecContext(ctx, `
		UPDATE call
		SET outcome = $2, appointment_id = nullif($3, 0)
		WHERE call_key = $1
		  AND (appointment_id IS NULL OR appointment_id = $3)`, key, o, a.ID)
	if err != nil {
		return fmt.Errorf("end a call: %w", err)
	}
	return nil
}

// Told is how a message about an appointment stands.
type Told struct {
	State string    `db:"state"` // pending, done, failed, dropped; "" where there is none
	At    time.Time `db:"at"`    // of the last attempt, or since when it waits
}

// LastTold is the newest message of these kinds about an appointment.
func (d *Desk) LastTold(ctx context.Context, a Appointment, kinds ...string) (Told, error) {
	var told []Told
	err := d.DB.SelectContext(ctx, &told, `
		SELECT state, coalesce((SELECT max(at) FROM attempt WHERE outbox_id = o.id), at) AS at
		FROM outbox AS o
		WHERE appointment_id = $1
		  AND kind = ANY ($2)
		ORDER BY id DESC
		LIMIT 1`, a.ID, pq.StringArray(kinds))
	if err != nil {
		return Told{}, fmt.Errorf("messages about appointment %d: %w", a.ID, err)
	}
	if len(told) == 0 {
		return Told{}, nil
	}
	return told[0], nil
}
