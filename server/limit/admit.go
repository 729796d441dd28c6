package limit

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Ask is somebody who asks for a place.
type Ask struct {
	Who       Who
	Office    string
	PerMinute int    // new holds at the office a minute above which one needs a proof; 0: never
	Proof     string // a solved challenge
	Full      error  // what somebody over budget is told, as if the place was gone
}

// Admission lets a hold be asked for, or says why not. What it took out of
// budgets is given back with the function that comes back.
type Admission func(ctx context.Context, hold uuid.UUID) (back func(), err error)

// rush is how long the rate of new holds is looked at: a rush is seen within
// seconds.
const rush = 10 * time.Second

// nothing is a thing that no unit was ever spent on.
const nothing = "nothing"

// Admit is how somebody is let in to ask for a hold. The unit is spent on the
// hold: the same hold asked for again is no other.
//
// Faults: Ask.Full; ErrProofNeeded.
func (l *Limiter) Admit(ask Ask) Admission {
	if l == nil {
		return nil
	}
	return func(ctx context.Context, hold uuid.UUID) (func(), error) {
		spent, wait := l.spend(ctx, ask.Who, hold.String(), l.charges(Holds, ask.Who))
		if wait > 0 {
			l.Return(ctx, Holds, ask.Who, nothing, 0) // a place that is gone gives its unit back: this takes as long
			return nil, ask.Full
		}
		if l.overrun(ctx, ask) && !l.proven(ctx, ask, hold) {
			spent.Back(ctx)
			return nil, ErrProofNeeded.With(l.Challenge(ask.Who))
		}
		return func() { spent.Back(ctx) }, nil
	}
}

// overrun counts one more who asks, and reports whether there are too many.
func (l *Limiter) overrun(ctx context.Context, ask Ask) bool {
	if ask.PerMinute == 0 {
		return false
	}
	answers, ok := l.ask(ctx, []call{{"rate", l.Prefix + "r:" + ask.Office, []any{rush.Milliseconds()}}})
	if !ok {
		return false
	}
	n, _ := answers[0].(int64)
	return n > max(1, int64(ask.PerMinute)*int64(rush)/int64(time.Minute))
}

// proven reports whether the proof is right and was not spent on another hold.
func (l *Limiter) proven(ctx context.Context, ask Ask, hold uuid.UUID) bool {
	challenge, ok := l.solved(ask.Who, ask.Proof)
	if ok {
		answers, _ := l.ask(ctx, []call{{"spend", l.key("proof", challenge), []any{1, proofFor.Milliseconds(), hold.String()}}})
		for _, answer := range answers {
			word, _ := verdict(answer)
			ok = word != "over"
		}
	}
	result := "good"
	switch {
	case ask.Proof == "":
		result = "missing"
	case !ok:
		result = "wrong"
	}
	proofs.WithLabelValues(result).Inc()
	return ok
}
