// Package booking says who has a place.
//
//	hold ──confirm──> booked ──> checked_in ──> called ──> in_service ──> completed
//	 │                  │  │         │                          └──────> not_accepted
//	 └─release/expiry   │  └─> late ─┘
//	                    └─> cancelled, cancelled_by_office, no_show, health_deferred
//
// A hold lives in Redis and is a courtesy: it keeps the losing crowd away from
// the database and gives the couple time to type. An appointment lives in
// Postgres and is the promise. What may be sent twice is sent with the id of
// its hold, and every hold has exactly one end (table hold_outcome), so an
// answer that was lost is had by asking again.
//
// Desk is what couples, operators and the hall use. The order of steps inside
// its methods is the protocol; the package model explores every interleaving
// of it, and ARCHITECTURE.md names the invariants.
package booking
