package booking

import (
	"time"

	"hunyue/internal/fault"
)

// What can go wrong with a booking. The codes are promises.
var (
	ErrFull          = fault.New(fault.Conflict, "slot_full")
	ErrNotOpen       = fault.New(fault.Conflict, "not_open")       // before its release
	ErrClosed        = fault.New(fault.Conflict, "slot_closed")    // past, or the office has closed it
	ErrSuspended     = fault.New(fault.Conflict, "suspended")      // part of a suspension
	ErrHoldExpired   = fault.New(fault.Conflict, "hold_expired")   // ended, released or refused before
	ErrHoldForeign   = fault.New(fault.Forbidden, "hold_foreign")  // not this hold's token, or somebody else's
	ErrBooked        = fault.New(fault.Conflict, "already_booked") // too late to release: it is an appointment
	ErrNoExtension   = fault.New(fault.Conflict, "hold_not_extendable")
	ErrPersonBusy    = fault.New(fault.Conflict, "person_busy")
	ErrPhoneBusy     = fault.New(fault.Conflict, "phone_limit")
	ErrKeyReused     = fault.New(fault.Invalid, "key_reused")     // same Idempotency-Key, another request
	ErrStillRunning  = fault.New(fault.Conflict, "still_running") // the same request is being worked on
	ErrCodeWrong     = fault.New(fault.Invalid, "code_wrong")
	ErrCodeExpired   = fault.New(fault.Invalid, "code_expired")
	ErrCodeUsedUp    = fault.New(fault.Invalid, "code_used_up")
	ErrPhoneFirst    = fault.New(fault.Conflict, "phone_first")         // a hot day: whoever holds has shown a phone
	ErrNoAppointment = fault.New(fault.NotFound, "no_such_appointment") // also for a wrong secret: a stranger learns nothing
	ErrNotPossible   = fault.New(fault.Conflict, "not_possible")        // the appointment's status does not allow it
	ErrTooLate       = fault.New(fault.Conflict, "too_late")            // past the cancel deadline; the office can
	ErrErased        = fault.New(fault.Conflict, "data_erased")         // whose it was is not known any more
	ErrNoRebooking   = fault.New(fault.Conflict, "no_rebooking")        // no right to it, or it is over or used
	ErrNoWalkIns     = fault.New(fault.Conflict, "no_walk_ins")         // nothing is left today that the counter may give
	ErrTooManyMoves  = fault.New(fault.Conflict, "too_many_moves")

	// ErrResuming: Redis has lost its data or is away; places are being counted
	// again and nobody new is let in until earlier holds have ended.
	ErrResuming = fault.New(fault.Unavailable, "resuming")

	// ErrUnknownOutcome: the database could not say whether the booking was
	// made. The same request with the same key finds out.
	ErrUnknownOutcome = fault.New(fault.Unavailable, "unknown_outcome").After(2 * time.Second)
)
