// Package hall is what happens on the day: a couple arrives, is measured,
// draws a ticket, is called to a counter and leaves with a certificate; at the
// end of the day the absent are noted.
//
//	booked ──CheckIn──> checked_in ──Call──> called ──Start──> in_service ──Complete──> completed
//	   │  │                └───────────────────┴──────────────────┴──NotAccepted──> not_accepted
//	   │  └──CheckIn, half an hour after the slot began──> late, which goes on as checked_in does
//	   ├──CheckIn, two fevers──> health_deferred
//	   └──CloseDay──> no_show
//
// Statuses belong to booking: this package asks for a move with
// booking.Advance and never writes an appointment. Its own tables only ever
// gain rows, but for a visit that waits for its second reading.
//
// A couple that is turned away is an answer and not an error, because what was
// measured has to be kept. Faults are for what did not happen at all.
package hall
