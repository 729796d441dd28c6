package model

// confirm is the Postgres transaction: the outcome of the hold, the expiry, the
// persons, the place, in this order.
func (r *rules) confirm(s State, couple int) {
	booked := s.Postgres.Appointments.has(couple)
	withdrawn := s.Postgres.Withdrawn.has(couple)
	if !r.AnswerAfterCommit {
		r.answerEarly(s, couple)
	}
	switch expired := s.Couples[couple].TokenExpired; {
	case booked && (r.ReplayFirst || !expired && !withdrawn):
		s.Couples[couple].Stage = Settle
		r.step(couple, "was booked before: replay", s)
	case expired:
		s.Couples[couple].Stage = Compensate
		r.step(couple, "its token has expired", s)
	case withdrawn:
		s.Couples[couple].Stage = Compensate
		r.step(couple, "its hold was released or refused before", s)
	default:
		r.book(s, couple)
	}
}

// book is the part of the transaction that changes something.
func (r *rules) book(s State, couple int) {
	at := r.Wishes[couple].Bucket
	if r.UniquePerson && r.personBooked(s, couple) {
		r.refuse(s, couple, "PERSON_BUSY: one of them has an appointment")
		return
	}
	if r.Guard && s.Postgres.Booked[at] >= r.Capacity[at] {
		s.Couples[couple].ToldFull = true
		r.refuse(s, couple, "FULL: no place is left in Postgres")
		return
	}
	s.Postgres.Appointments = s.Postgres.Appointments.with(couple)
	if !r.CountedTogether {
		r.crash(s, couple, "the app dies between appointment and counter")
	}
	s.Postgres.Booked[at]++
	r.crash(s, couple, "COMMIT, and the app dies before it knows")
	s.Couples[couple].Stage = Settle
	r.step(couple, "COMMIT", s)
}

func (r *rules) personBooked(s State, couple int) bool {
	for other, wish := range r.Wishes {
		if s.Postgres.Appointments.has(other) && wish.shares(r.Wishes[couple]) {
			return true
		}
	}
	return false
}

// refuse is for good: it is written down before Redis hears of it (rule R4).
func (r *rules) refuse(s State, couple int, name string) {
	if r.OutcomeRow && r.RefusalRecorded {
		s.Postgres.Withdrawn = s.Postgres.Withdrawn.with(couple)
	}
	s.Couples[couple].Stage = Compensate
	r.step(couple, name, s)
}

// answerEarly is what a mutant does: it says "booked" and then tries to book.
func (r *rules) answerEarly(s State, couple int) {
	s.Couples[couple].Stage = Acknowledged
	r.step(couple, "hears that it is booked before COMMIT", s)
}
