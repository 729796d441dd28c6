package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"hunyue/internal/clock"
	"hunyue/internal/date"
	"hunyue/internal/postgres"
	"hunyue/internal/seal"
)

// Letter is what is true of an appointment when a message about it is sent.
type Letter struct {
	Phone       string // normalised number
	SMS         bool   // texts reach it; if not, it goes on the call list (domain rule 7)
	Locale      string // "zh" or "en"
	Assisted    bool   // an operator or clerk has typed the booking
	Sign        string // signature of the office, up to LongestSign characters; empty: that of the Texts
	Number      string
	Office      string
	OfficeEN    string
	OfficePhone string
	StartsAt    time.Time // in the office's time zone, as EndsAt
	EndsAt      time.Time
	ClosedFrom  date.Date // the suspension that cancelled it, if one did
	ClosedTo    date.Date // zero: until further notice
	Until       date.Date // of Restricted: the last day without booking online; of WaitJoined: the last that is waited for
	Kept        time.Time // of WaitHit: until when the place is theirs
}

// Sender handles messages and codes: it hands their texts to the channel, each
// at least once, and twice only if the channel cannot tell what became of the
// first. A code is handed over once at most.
type Sender struct {
	DB      *sqlx.DB
	Channel Channel
	Texts   *Texts
	Keys    *seal.Keys
	Clock   *clock.Clock

	// Lookup writes the Letter that an event asks for, or reports ErrDrop if
	// there is nobody to be told any more.
	Lookup func(ctx context.Context, e Event) (Letter, error)
}

// sendWithin is the time that a channel may take. It is well inside the
// worker's patience, and that inside the lease.
const sendWithin = 15 * time.Second

// Handle sends what e asks for, or finds out that it was sent before.
func (s *Sender) Handle(ctx context.Context, e Event) error {
	told, err := s.toldBefore(ctx, e)
	if told || err != nil {
		return err
	}
	if e.Topic == TopicCode {
		return s.code(ctx, e)
	}
	return s.message(ctx, e)
}

func (s *Sender) message(ctx context.Context, e Event) error {
	if e.Kind == Reminder {
		if err := s.overtaken(ctx, e); err != nil {
			return err
		}
	}
	l, err := s.Lookup(ctx, e)
	if err != nil {
		return fmt.Errorf("letter about appointment %d, waiter %d: %w", e.Appointment, e.Waiter, err)
	}
	if e.Kind == Reminder && !l.StartsAt.After(s.Clock.Now()) {
		return ErrDrop
	}
	if !l.SMS && e.Waiter != 0 {
		return ErrDrop // whoever waits has a phone that takes texts: an offer cannot wait for a call
	}
	if !l.SMS {
		return addContact(ctx, s.DB, e)
	}
	text, err := s.Texts.letter(e.Kind, l)
	if err != nil {
		return err
	}
	reference := uuid.New()
	if err := begin(ctx, s.DB, e, reference); err != nil {
		return err
	}
	return s.send(ctx, e, Message{To: l.Phone, Kind: e.Kind, Locale: l.Locale, Text: text, Reference: reference})
}

// code takes the code out of the database in the transaction that records the
// attempt. What is not there any more cannot be sent again.
func (s *Sender) code(ctx context.Context, e Event) error {
	var m Message
	err := postgres.InTx(ctx, s.DB, func(tx postgres.Querier) error {
		c, err := takeCode(ctx, tx, e.Code)
		if err != nil {
			return err
		}
		if m, err = s.codeMessage(c); err != nil {
			return errors.Join(err, ErrGiveUp)
		}
		return begin(ctx, tx, e, m.Reference)
	})
	if err != nil {
		return err
	}
	return s.send(ctx, e, m)
}

func (s *Sender) codeMessage(c sealedCode) (Message, error) {
	phone, code, err := c.open(s.Keys)
	if err != nil {
		return Message{}, err
	}
	text, err := s.Texts.code(c.Locale, code)
	return Message{To: phone, Kind: Code, Locale: c.Locale, Text: text, Code: code, Reference: uuid.New()}, err
}

// send hands m over and notes the answer. The channel's own words stay here:
// they could quote the number or the text.
func (s *Sender) send(ctx context.Context, e Event, m Message) error {
	within, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	err := s.Channel.Send(within, m)
	switch {
	case err == nil:
		return noteAttempt(ctx, s.DB, e.ID, m.Reference, "sent", "")
	case errors.Is(err, ErrRefused):
		return errors.Join(ErrRefused, ErrGiveUp, noteAttempt(ctx, s.DB, e.ID, m.Reference, "failed", "refused"))
	case errors.Is(err, ErrBusy):
		return errors.Join(ErrBusy, noteAttempt(ctx, s.DB, e.ID, m.Reference, "failed", "busy"))
	}
	return fmt.Errorf("handed to the channel, outcome unknown (%T)", err) // the next turn asks
}

// toldBefore reports whether an earlier attempt has reached the channel. One
// that is still 'sending' met a crash or a timeout: the channel is asked. If it
// cannot tell, a message may be sent once more, and a code may not.
func (s *Sender) toldBefore(ctx context.Context, e Event) (bool, error) {
	if e.Attempt == 1 {
		return false, nil
	}
	a, err := lastAttempt(ctx, s.DB, e.ID)
	if err != nil || a.State == "sent" {
		return err == nil, err
	}
	if a.State == "sending" {
		if a, err = s.ask(ctx, e, a); err != nil || a.State == "sent" {
			return err == nil, err
		}
	}
	if a.State == "failed" && e.Topic == TopicCode || a.Doubts > 1 {
		return false, ErrGiveUp
	}
	return false, nil
}

// ask finds out what became of an attempt, and notes it.
func (s *Sender) ask(ctx context.Context, e Event, a attempt) (attempt, error) {
	within, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	d, err := s.Channel.Status(within, a.Reference)
	if err != nil {
		return a, fmt.Errorf("channel does not say what became of a message (%T)", err)
	}
	problem := ""
	switch d {
	case Taken:
		a.State = "sent"
	case Missing:
		a.State, problem = "failed", "missing"
	default:
		a.State, problem = "failed", "unknown"
		a.Doubts++
	}
	return a, noteAttempt(ctx, s.DB, e.ID, a.Reference, a.State, problem)
}

// overtaken reports ErrDrop for a reminder of a day that has been given up.
func (s *Sender) overtaken(ctx context.Context, e Event) error {
	var overtaken bool
	err := s.DB.GetContext(ctx, &overtaken, `
		SELECT EXISTS (
			SELECT
			FROM outbox
			WHERE appointment_id = $1
			  AND (kind IN ('cancelled', 'cancelled_by_office', 'no_show', 'health_deferred')
			   OR kind = 'moved' AND id > $2)
		)`, e.Appointment, e.ID)
	if err != nil {
		return fmt.Errorf("look whether a reminder is overtaken: %w", err)
	}
	if overtaken {
		return ErrDrop
	}
	return nil
}
