// Package notify tells people, and Redis, what has become of an appointment.
//
// A change writes down in its own transaction that somebody must be told (the
// SQL functions enqueue_message and enqueue_settle). Workers take these events
// up after the commit, at least once each:
//
//	pending ──► done      told, or put on the call list
//	   │  ▲ ──► dropped   overtaken by a later event; nobody needs to be told
//	   └──┘ ──► failed    given up; the appointment is on the call list
//	 backoff
//
// The package knows nothing of bookings: it asks for a Letter when it is about
// to send one, so that an event holds no personal data and a text says what is
// true at that moment.
package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"hunyue/internal/postgres"
)

// Topic says who handles an event.
type Topic string

// The topics.
const (
	TopicSettle  Topic = "settle"  // tell Redis what a quota counts now
	TopicMessage Topic = "message" // tell those who hold an appointment
	TopicCode    Topic = "code"    // send a phone code
)

// Kind says what an event is about; each kind of message has its own text.
type Kind string

// The kinds.
const (
	Settle            Kind = "settle"
	Code              Kind = "code"
	Booked            Kind = "booked"
	BookedByPhone     Kind = "booked_by_phone" // a text only: the event is Booked
	Moved             Kind = "moved"
	Cancelled         Kind = "cancelled"
	CancelledByOffice Kind = "cancelled_by_office"
	NoShow            Kind = "no_show"
	HealthDeferred    Kind = "health_deferred"
	Reminder          Kind = "reminder"
	Tried             Kind = "tried"         // somebody wanted to book with a document that is booked with
	Restricted        Kind = "restricted"    // or that has missed too many appointments to be booked with online
	PhoneChanged      Kind = "phone_changed" // to the phone before this one
	WaitJoined        Kind = "wait_joined"   // on the waiting list; what follows is about it as well
	WaitHit           Kind = "wait_hit"      // a place is kept for them
	WaitPassed        Kind = "wait_passed"   // it is no longer; they still wait
	WaitEnded         Kind = "wait_ended"    // they are off the list without a place
)

// Event is one thing to be done about a change that has been committed.
type Event struct {
	ID          int64     `db:"id"`       // its place in the outbox
	EventID     uuid.UUID `db:"event_id"` // the same wherever it is spoken of
	Topic       Topic     `db:"topic"`
	Kind        Kind      `db:"kind"`
	Appointment int64     `db:"appointment_id"` // of a message
	Waiter      int64     `db:"waiter_id"`      // of a message to somebody on the waiting list
	Quota       string    `db:"quota_id"`       // to settle
	Code        int64     `db:"code_id"`        // to send
	At          time.Time `db:"at"`
	Attempt     int       `db:"attempts"` // from 1: how often a worker has taken it up
}

// Handler does what an event asks for. It may be asked again for the same
// event, and must then find out how far it had come. An error means later
// again, unless it is ErrDrop or ErrGiveUp. Errors are logged: they hold no
// names, numbers or texts.
type Handler interface {
	Handle(ctx context.Context, e Event) error
}

// How a handler ends an event that it has not done.
var (
	ErrDrop   = errors.New("overtaken, not needed any more") // nobody has to be told
	ErrGiveUp = errors.New("cannot be done")                 // put on the call list instead
)

// Enqueue asks in the caller's transaction that those who hold an appointment
// be told. Changes of an appointment's status do so by themselves; this is for
// what is not a change, such as a Reminder.
func Enqueue(ctx context.Context, tx postgres.Querier, kind Kind, appointment int64) error {
	if _, err := tx.ExecContext(ctx, `SELECT enqueue_message($1, $2)`, kind, appointment); err != nil {
		return fmt.Errorf("enqueue %s: %w", kind, err)
	}
	return nil
}

// EnqueueWait asks in the caller's transaction that a couple on the waiting list be
// told.
func EnqueueWait(ctx context.Context, tx postgres.Querier, kind Kind, waiter int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO outbox (topic, kind, waiter_id)
		VALUES ('message', $1, $2)`, kind, waiter)
	if err != nil {
		return fmt.Errorf("enqueue %s: %w", kind, err)
	}
	return nil
}
