// Package fault names the failures that a caller can do something about.
//
// A package declares each of its failures once, beside the rule it keeps:
//
//	var ErrFull = fault.New(fault.Conflict, "slot_full")
//
// The code is a promise: the JSON API returns it, and every reader sees the
// text "fault.slot_full" in their own language. An error that holds no *Error
// is a bug or an outage: it is logged once and its words are shown to nobody.
package fault

import (
	"errors"
	"time"
)

// Kind says what the caller may try next.
type Kind int

// The kinds, from ours to theirs.
const (
	Internal     Kind = iota // nothing: the fault is ours
	Unavailable              // the same again, a little later
	Invalid                  // correct the input
	Unauthorized             // say who you are
	Forbidden                // ask somebody else
	NotFound                 // look elsewhere
	Conflict                 // look again: the world has moved on
	TooMany                  // slow down
)

// Error is a failure with a stable code.
type Error struct {
	Kind Kind
	Code string

	// Fields holds, by name of the input field, the code of what is wrong
	// with it ("parties.0.document.number": "check_digit").
	Fields map[string]string

	// RetryAfter is how long to wait before trying again; zero says nothing.
	RetryAfter time.Duration

	// Offices is the ids of the offices that can do what this one cannot.
	Offices []string

	// Challenge is what has to be solved before the same is asked again.
	Challenge string
}

// New declares a fault.
func New(kind Kind, code string) *Error { return &Error{Kind: kind, Code: code} }

// InFields reports invalid input, field by field, so that the reader can mend
// everything at once. It returns nil if there are no fields.
func InFields(fields map[string]string) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Code: "invalid_input", Fields: fields}
}

// After is e with the time to wait before the next try.
func (e *Error) After(d time.Duration) *Error {
	return &Error{Kind: e.Kind, Code: e.Code, Fields: e.Fields, RetryAfter: d}
}

// With is e with what has to be solved before the next try.
func (e *Error) With(challenge string) *Error {
	return &Error{Kind: e.Kind, Code: e.Code, Fields: e.Fields, Challenge: challenge}
}

func (e *Error) Error() string { return e.Code }

// Is makes all faults with one code the same fault.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Of finds the fault in err, or an Internal one where there is none.
func Of(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Internal, Code: "internal"}
}
