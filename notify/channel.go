package notify

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// Message is one text for one phone.
type Message struct {
	To        string    // normalised phone number
	Kind      Kind      // with Locale it names the template that a vendor has approved
	Locale    string    // "zh" or "en"
	Text      string    // with the signature in front
	Code      string    // the code in the text, if Kind is Code
	Reference uuid.UUID // ours; a new one for every Send
}

// Channel carries messages to phones.
type Channel interface {
	// Send hands m over. ErrRefused: it was not taken and never will be.
	// ErrBusy: it was not taken now. Any other error leaves open whether it
	// was; Status is asked before anything else is done about it.
	Send(ctx context.Context, m Message) error

	// Status says what became of the message with this reference. An error
	// means that the channel could not be asked.
	Status(ctx context.Context, reference uuid.UUID) (Delivery, error)
}

// What Send may answer with certainty.
var (
	ErrRefused = errors.New("channel refuses the message")
	ErrBusy    = errors.New("channel is busy")
)

// Delivery is what a channel knows about a message.
type Delivery string

// The answers of Status.
const (
	Taken   Delivery = "taken"   // it has been, or will be, delivered
	Missing Delivery = "missing" // it never came here: sending it is no repetition
	Unknown Delivery = "unknown" // this channel cannot tell
)

// NoChannel is for an installation that has no vendor of text messages: all
// messages go on the call list, and no phone codes are sent.
type NoChannel struct{}

// Send refuses m.
func (NoChannel) Send(context.Context, Message) error { return ErrRefused }

// Status answers Missing.
func (NoChannel) Status(context.Context, uuid.UUID) (Delivery, error) { return Missing, nil }
