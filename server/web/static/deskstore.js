// What a desk keeps so that it goes on without the server: the list of the day, and
// what was done and is not sent. Both are encrypted with the key in the cookie
// "deskkey", which ends with the browser and with signing out (decision 0023).
//
//   const store = await openStore({ office, day, csrf });   // day: "2026-05-20"
//   store.find("20261234…")   rows of the local list, at once: a number (8 digits), what a couple's QR
//                             code holds (16), the end of a document or of a phone (4), a masked name, a ticket
//                             [{ number, names: [], tails: [], starts, ends, status, ticket, office }]
//   store.rows()              all of them, in order of time
//   store.rules()             { screening, early, late, fever, recheck, otherDevice, companions }, or null
//   await store.send({ kind: "check-in", number, key, at, readings: [{ party, celsius, device }],
//                      companions: [{ reason, celsius, device }], early })
//   await store.send({ kind: "enter", number, key })
//        celsius is in tenths of a degree: 365; key is a new UUID for each press; at may be left out (now)
//     { state: "sent", answer }            the server has done it; answer as the API's check-in:
//                                          { outcome, ticket, recheck_at, recheck, opens_at, companions, turned_away, outside }
//     { state: "saved", ticket, outcome, recheck_at, opens_at }   it is kept here and will be sent: never shown as done
//     { state: "refused", code, fields }   nothing was kept: say why, let them mend it
//   store.onchange(f)         f({ online, waiting, failed, asOf, syncing, signedOut, others }), now and whenever it changes:
//                             waiting: kept here, not sent; failed: conflicts that wait for a person; asOf: when the list
//                             was fetched (ms); syncing: { done, of } or null; signedOut: the server wants a sign-in
//                             before it takes them; others: kept here by somebody else, who has to sign in to send them
//   await store.sync()        tries now; otherwise it does by itself
//   await store.wipe()        before signing out: false, and nothing is done, while something waits to be sent
"use strict";

export async function openStore() {
  throw new Error("not yet");
}
