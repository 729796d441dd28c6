package model

// interfere is what may befall a couple at any moment, whatever its stage.
func (r *rules) interfere(s State, couple int) {
	if s.Couples[couple].Stage.inTheApp() {
		r.crash(s, couple, "the app dies")
	}
	r.release(s, couple)
	r.expireToken(s, couple)
	r.expireHold(s, couple)
}

// inTheApp says whether a request has begun and is not yet decided. Crashes
// before the first step or after a refusal are not played: they change neither
// store, and a refused couple that asks again is refused again.
func (s Stage) inTheApp() bool {
	switch s {
	case LockSecond, AskHold, Pin, ReplayOnly, Confirm, Settle, Answer:
		return true
	default:
		return false
	}
}

// crash ends a request without an answer; the stores keep what they have.
func (r *rules) crash(s State, couple int, name string) {
	if s.Crashes == r.Crashes {
		return
	}
	s.Crashes++
	s.Couples[couple].Stage = Unknown
	r.step(couple, name, s)
}

// release is a second tab of the same couple that gives the hold back: the
// outcome in Postgres first, then Redis.
func (r *rules) release(s State, couple int) {
	me := s.Couples[couple]
	booked := r.ReleaseAsksOutcome && s.Postgres.Appointments.has(couple)
	possible := me.liveToken() && me.Stage != Acknowledged && !booked && !s.Postgres.Withdrawn.has(couple)
	if !possible || s.Releases == r.Releases {
		return
	}
	s.Releases++
	if r.OutcomeRow {
		s.Postgres.Withdrawn = s.Postgres.Withdrawn.with(couple)
	}
	r.dropHold(&s, couple, false)
	r.step(couple, "releases its hold in another tab", s)
}

func (r *rules) expireToken(s State, couple int) {
	if !s.Couples[couple].liveToken() {
		return
	}
	s.Couples[couple].TokenExpired = true
	r.step(couple, "its token expires", s)
}

// expireHold is Redis dropping a hold by its clock, a grace period after the
// token. Whatever was booked with it has been settled by then, or is brought
// by the reconciler.
func (r *rules) expireHold(s State, couple int) {
	me := s.Couples[couple]
	held := s.Redis.Buckets[r.Wishes[couple].Bucket].Holds.has(couple)
	due := me.TokenExpired || !r.SteadyClock
	settling := me.Stage == Settle && r.SettledInGrace
	if !me.hasToken() || !held || !due || settling || me.HoldExpired {
		return
	}
	r.dropHold(&s, couple, r.SettledInGrace)
	s.Couples[couple].HoldExpired = true
	r.step(couple, "its hold expires in Redis", s)
}

// loseRedis is a restart without data, or a failover to a replica that had not
// yet heard of one hold.
func (r *rules) loseRedis(s State) {
	if s.Losses == r.Losses {
		return
	}
	s.Losses++
	r.loseAll(s)
	for couple, wish := range r.Wishes {
		if s.Redis.Buckets[wish.Bucket].Holds.has(couple) {
			r.loseHold(s, couple)
		}
	}
}

func (r *rules) loseAll(s State) {
	r.newRun(&s)
	s.Redis.Buckets = [maxBuckets]Bucket{}
	s.Redis.Locks = [maxPersons]Owner{}
	r.step(noCouple, "Redis restarts empty", s)
}

func (r *rules) loseHold(s State, couple int) {
	if r.LossNoticed {
		r.newRun(&s)
	}
	r.dropHold(&s, couple, false)
	r.step(couple, "its hold is lost in a Redis failover", s)
}

// newRun begins a life of Redis, with every token still alive in quarantine.
func (r *rules) newRun(s *State) {
	s.Redis.Run++
	s.Redis.Quarantine = 0
	for couple := range r.Wishes {
		if s.Couples[couple].liveToken() {
			s.Redis.Quarantine = s.Redis.Quarantine.with(couple)
		}
	}
}
