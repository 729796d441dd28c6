// Package model is the specification of how a place is held and confirmed with
// two stores, written so that a machine can read it too. It is a small copy of
// the protocol that Redis, Postgres and the app play together; Explore visits
// every state it can reach, with a crash, an expiry or a loss at every possible
// moment, and reports the promises that some state breaks. Nothing in the
// program imports it.
//
// Read protocol.go for the protections and the worlds, steps.go and confirm.go
// for what the app does, faults.go for what befalls it, promises.go for what must hold
// nevertheless. The tests then take the protections away one by one, and say
// which promise each was keeping.
//
// # What is modelled
//
// Two or three couples ask for a place in one or two buckets of one or two
// places; some of them want the same place, some have a person in common. A
// couple locks two persons and gets a hold in Redis, pins it, confirms it in
// one Postgres transaction, settles Redis with the figures of Postgres, and
// hears the answer. The app may die between any two of these steps, and right
// after COMMIT before it knows; the couple may then ask again with the same
// key. Another tab may release the hold. Redis may restart empty, or fail over
// to a replica that lacks one hold. Tokens expire at any moment, and holds in
// Redis at any moment after their token.
//
// Time has no figures here. Four orders stand for all timing: a hold outlives
// its token (the grace period); what is booked is settled before its hold ends
// (the bounded statement, the outbox); a quarantine outlives the tokens it waits
// for; and what is booked with those is settled before the quarantine ends. Each
// can be switched off: see [Protocol]. They are promises of the clock and of the
// outbox, so a program that is down for longer than the grace period keeps only
// what the guard keeps: no place is sold twice, but a hold may be refused.
//
// A rebuild from Postgres is one step here, and drops every hold that survived
// in Redis. The program keeps those.
//
// # What is not
//
//   - Redis Cluster parted in two, with both sides granting for a while. The
//     quarantine has a term for it, which this model cannot test.
//   - Capacity above the bucket: half-day, day and hall. Every bucket stands
//     alone.
//   - Cancelling, moving, closing, changed capacity, and hence the version
//     numbers of a bucket: the booked figure only grows.
//   - Two requests for the same hold at once. A retry begins after the first
//     request has ended; in the program the primary key of the outcome makes a
//     twin wait.
//   - Postgres inside: a transaction is one step, and what is committed stays.
//   - Anything larger than [Scenarios]. A fault that needs more couples, places
//     or losses is not found: that a quarantine must outlast the settlements too
//     shows only where a bucket has two places.
//   - Progress. No promise says that anybody is ever served, but the tests do
//     see to it that every couple can be.
//
// # How to read a trace
//
// A broken promise comes with a shortest run that breaks it, one atomic step on
// a line:
//
//  1. couple 1 at "lock first": locks the person
//  2. couple 1 at "lock second": locks the person
//  3. couple 1 at "ask hold": is granted a hold
//  4. Redis restarts empty
//
// Couples are numbered as in the scenario. The quoted word is the [Stage] the
// couple had reached: what its request would do next, not always what happened
// to it. The last line is the step that broke the promise; the mistake is
// usually some lines above it, so ask of each line whether the program could
// have known better. Steps of different couples that follow each other happened
// in this order by chance; that is the race.
//
// # How to add a step
//
// A new stage: add it to the constants of [Stage] and to String, let work in
// steps.go call a method for it, and decide in inTheApp whether the app can die
// there. A new fault: add a method to faults.go and call it from interfere if it
// befalls a couple, or from next; give it a bound in [Scenario], or the search
// may not end. A method gets the State by value, changes it, and hands it to
// step under a name; a method that hands over nothing says that the step is not
// possible now. Whatever the step must remember goes into [State], as small as
// it can be and without pointers, slices or maps: equal states must be ==.
//
// Then run the tests. They know the number of states of every protocol in every
// scenario, so they fail; that is meant. Look whether the new numbers are what
// you expect (a step that changes no number is never taken), see that no mutant
// has come to life unnoticed, and write the new numbers down.
package model
