// Package limit keeps machines from taking what people came for: budgets of
// holds, codes, look-ups and confirmations, and a proof of work while an office
// is overrun. There is no puzzle in it and nobody is banned (domain rule 94).
//
// A budget is so many different things within a while, for a browser, a device,
// a phone or a part of the Internet. It is kept in Redis under a keyed hash: no
// address and no number stands there. Who is over budget for holds is told what
// everybody is told who comes too late; for all else they are told how long to
// wait. What trips is counted and logged by the name of the budget.
//
// Redis away or slow stops nobody: what cannot be counted is let through.
package limit
