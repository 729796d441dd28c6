// Package hall is what happens on the day: a couple arrives, is measured,
// draws a ticket, is called to a counter and leaves with a certificate; at the
// end of the day the absent are noted, and the day is reported.
//
//	booked ──CheckIn──> checked_in ──CallNext──> called ──Start──> in_service ──Complete──> completed
//	   │  │                │ ^   ^                 │ │                │  │ ^                    │
//	   │  │                │ │   └─────Pass────────┘ │                │  │ └──Undo, 5 minutes───┘
//	   │  │                │ └────Park, Forward──────┴────────────────┘  │
//	   │  │                └───────────────────┴──NotAccepted────────────┴──> not_accepted
//	   │  └──CheckIn, half an hour after the slot began──> late, which goes on as checked_in does
//	   ├──CheckIn, two fevers──> health_deferred, whom the leader on duty may let in
//	   └──CloseDay──> no_show
//
// Whoever has a ticket stands in the line (line.go), outside the hall until there is
// room (room.go), and is called by a counter that is open (queue.go, open.go).
//
// Statuses belong to booking: this package asks for a move with
// booking.Advance and never writes an appointment. Its own tables only ever
// gain rows, but for a visit that waits for its second reading, a place in the
// line, a counter that closes and a registration that is undone.
//
// A couple that is turned away is an answer and not an error, because what was
// measured has to be kept. Faults are for what did not happen at all.
//
// # Certificate numbers
//
// The number of a certificate is in no table, log or fault in plain (domain rule
// 84). A row of registration has it twice, both made by certificate.go:
//
//   - certificate, sealed for the row "registration/<appointment id>": a value
//     that is copied to another row does not open there;
//   - certificate_key, the keyed hash of the number as identity.Certificate
//     prints it, by which a number is found: Keys.MAC("certificate", number).
//
// SQL cannot tell the form of a sealed number, so Go says it in nationwide: the
// unique index certificate_once covers the numbers of the present form and no
// others. The rows are never altered, but marked as undone. Whoever changes how numbers are spelled,
// the purpose "certificate", the name of the row or the root key makes the old
// hashes or the old numbers unreachable; data keys may be rotated.
//
// TestCertificateNumbersAreKeptSealed completes a registration and then searches
// every column of every table for the number, so a new table is searched without
// being named there. A new way for a number to get in has to be walked by it.
package hall
