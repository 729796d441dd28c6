package model

// Step is one atomic event: one Redis script, one Postgres transaction, one
// answer, or one fault.
type Step struct {
	Couple int // whose request it is, counted from 0; nobody's: noCouple
	Name   string
}

const noCouple = -1

// rules are one protocol at work in one scenario. Their methods take a State
// by value, change the copy, and hand it to step: the caller's is untouched.
type rules struct {
	Scenario
	Protocol
	taken func(Step, State) // is told of each step and where it leads
}

// next takes every step that is possible in s.
func (r *rules) next(s State) {
	for couple := range r.Wishes {
		r.work(s, couple)
		r.interfere(s, couple)
	}
	r.loseRedis(s)
}

func (r *rules) step(couple int, name string, to State) {
	r.taken(Step{couple, name}, to)
}

// work takes the request of a couple one stage on.
func (r *rules) work(s State, couple int) {
	switch s.Couples[couple].Stage {
	case LockFirst:
		r.lock(s, couple, 0)
	case LockSecond:
		r.lock(s, couple, 1)
	case AskHold:
		r.hold(s, couple)
	case Pin:
		r.pin(s, couple)
	case ReplayOnly:
		r.replayOnly(s, couple)
	case Confirm:
		r.confirm(s, couple)
	case Settle:
		r.settle(s, couple)
	case Answer:
		s.Couples[couple].Stage = Acknowledged
		r.step(couple, "hears that it is booked", s)
	case Compensate:
		r.compensate(s, couple)
	case Unknown:
		r.retry(s, couple)
	case Acknowledged, Refused:
	}
}

// lock tries the lock of one person and never waits for it, so that there is
// no deadlock. A lock of one's own from an earlier try counts as taken.
func (r *rules) lock(s State, couple, which int) {
	owner := &s.Redis.Locks[r.Wishes[couple].Persons[which]]
	if *owner != 0 && *owner != ownedBy(couple) {
		s.Redis.unlock(couple)
		s.Couples[couple].Stage = Refused
		r.step(couple, "the person is locked by another couple", s)
		return
	}
	*owner = ownedBy(couple)
	s.Couples[couple].Stage++
	r.step(couple, "locks the person", s)
}

// hold asks Redis for a place. A couple that has its token from an earlier try
// goes on with it.
func (r *rules) hold(s State, couple int) {
	me, at := &s.Couples[couple], r.Wishes[couple].Bucket
	if me.hasToken() {
		me.Stage = Pin
		r.step(couple, "has its token already", s)
		return
	}
	if r.quarantined(s, at) {
		return
	}
	bucket := r.afterQuarantine(&s, at)
	if bucket.Holds.count()+bucket.Booked < r.Capacity[at] {
		bucket.Holds = bucket.Holds.with(couple)
		me.Stage, me.TokenRun = Pin, s.Redis.Run
		s.Redis.Buckets[at] = bucket
		r.step(couple, "is granted a hold", s)
		return
	}
	s.Redis.Buckets[at] = bucket
	s.Redis.unlock(couple)
	me.Stage = Refused
	r.step(couple, "finds the bucket sold out", s)
}

// quarantined says whether a token from before the loss may still be confirmed
// in this bucket.
func (r *rules) quarantined(s State, bucket int) bool {
	if !r.Quarantine {
		return false
	}
	for couple, wish := range r.Wishes {
		if wish.Bucket == bucket && s.Redis.Quarantine.has(couple) && !s.Couples[couple].TokenExpired {
			return true
		}
	}
	return false
}

// afterQuarantine is the bucket when the quarantine of its tokens, if there was
// one, is over. The settlement of what they booked has had a grace period to
// arrive, by the app, the outbox or the reconciler: here it is taken as come.
func (r *rules) afterQuarantine(s *State, at int) Bucket {
	bucket := fresh(*s, at)
	if !r.Quarantine || !r.SettledInQuarantine {
		return bucket
	}
	for couple, wish := range r.Wishes {
		if wish.Bucket == at && s.Redis.Quarantine.has(couple) {
			s.Redis.Quarantine = s.Redis.Quarantine.without(couple)
			bucket.Booked = max(bucket.Booked, s.Postgres.Booked[at])
		}
	}
	return bucket
}

// fresh is the bucket as a script sees it: one that was filled in an earlier
// life of Redis is filled again from Postgres first. The holds in it are
// dropped; that is the worst a rebuild may do.
func fresh(s State, bucket int) Bucket {
	if s.Redis.Buckets[bucket].Run == s.Redis.Run {
		return s.Redis.Buckets[bucket]
	}
	return Bucket{Booked: s.Postgres.Booked[bucket], Run: s.Redis.Run}
}

// pin begins the confirmation. A hold that Redis has is present; one that this
// same life of Redis granted and no longer has is gone; one from an earlier
// life was lost by a fault, and the token speaks for it.
func (r *rules) pin(s State, couple int) {
	me := &s.Couples[couple]
	present := fresh(s, r.Wishes[couple].Bucket).Holds.has(couple)
	lostByFault := me.TokenRun != s.Redis.Run
	switch {
	case present || lostByFault || !r.PinCheck:
		me.Stage = Confirm
		r.step(couple, "pins its hold", s)
	case r.ReplayOnGone:
		me.Stage = ReplayOnly
		r.step(couple, "finds its hold gone", s)
	default:
		me.Stage = Compensate
		r.step(couple, "finds its hold gone and is refused", s)
	}
}

// replayOnly asks Postgres for the appointment of a hold that Redis no longer
// has. It never books.
func (r *rules) replayOnly(s State, couple int) {
	if s.Postgres.Appointments.has(couple) {
		s.Couples[couple].Stage = Settle
		r.step(couple, "was booked before: replay", s)
		return
	}
	s.Couples[couple].Stage = Compensate
	r.step(couple, "was never booked: refused", s)
}

// settle ends a booking in Redis: the hold becomes a booked place there. The
// larger figure is the newer one, since nothing is cancelled in this model.
func (r *rules) settle(s State, couple int) {
	at := r.Wishes[couple].Bucket
	bucket := fresh(s, at)
	bucket.Holds = bucket.Holds.without(couple)
	bucket.Booked = max(bucket.Booked, s.Postgres.Booked[at])
	s.Redis.Buckets[at] = bucket
	s.Couples[couple].Stage = Answer
	r.step(couple, "settles Redis", s)
}

// compensate gives back the place and the persons after a refusal.
func (r *rules) compensate(s State, couple int) {
	r.dropHold(&s, couple, r.FiguresWithCompensation)
	s.Couples[couple].Stage = Refused
	r.step(couple, "gives its place back and hears no", s)
}

// dropHold takes the hold and the locks of a couple from Redis, and brings the
// figures of Postgres along if asked to.
func (r *rules) dropHold(s *State, couple int, figures bool) {
	at := r.Wishes[couple].Bucket
	bucket := &s.Redis.Buckets[at]
	bucket.Holds = bucket.Holds.without(couple)
	if figures {
		bucket.Booked = max(bucket.Booked, s.Postgres.Booked[at])
	}
	s.Redis.unlock(couple)
}

// retry repeats a request that ended without an answer. The hold's number
// follows from the couple's key, so it is the same hold.
func (r *rules) retry(s State, couple int) {
	me := &s.Couples[couple]
	if me.Retried {
		return
	}
	me.Retried = true
	me.Stage = LockFirst
	if me.hasToken() {
		me.Stage = AskHold
	}
	r.step(couple, "asks again with the same key", s)
}
