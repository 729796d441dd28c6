package model

// Promise is an invariant: something that holds in every state, whatever
// fails. Code is its short name.
type Promise struct {
	Code string
	Says string

	// broken judges one state. It gets pointers only because it is asked some
	// ten million times; it changes nothing.
	broken func(*Scenario, *State) bool
}

// Promises are all that the product promises and this model can judge.
func Promises() []Promise {
	return []Promise{
		{"I1a", "no bucket has more bookings than places", oversold},
		{"I1b", "live holds and bookings together fit the places", overpromised},
		{"I2", "no person is in two appointments", personTwice},
		{"I3", "what was acknowledged is in Postgres", acknowledgedButAbsent},
		{"I7", "no hold has two outcomes", twoOutcomes},
		{"I9", "nobody with an appointment was told no", refusedButBooked},
		{"count", "the counter of a bucket equals its appointments", miscounted},
		{"kept", "nobody with a live token was told FULL", toldFull},
	}
}

func oversold(sc *Scenario, s *State) bool {
	for bucket, places := range sc.Capacity {
		if s.Postgres.Booked[bucket] > places {
			return true
		}
	}
	return false
}

// overpromised counts a hold as live from its grant until its token expires,
// it becomes an appointment, or it is withdrawn: for so long the couple may
// rely on it, whether or not Redis remembers it.
func overpromised(sc *Scenario, s *State) bool {
	promised := s.Postgres.Booked
	for couple, wish := range sc.Wishes {
		ended := s.Postgres.Appointments | s.Postgres.Withdrawn
		if s.Couples[couple].liveToken() && !ended.has(couple) {
			promised[wish.Bucket]++
		}
	}
	for bucket, places := range sc.Capacity {
		if promised[bucket] > places {
			return true
		}
	}
	return false
}

func personTwice(sc *Scenario, s *State) bool {
	for a, wish := range sc.Wishes {
		for b := range a {
			both := s.Postgres.Appointments.has(a) && s.Postgres.Appointments.has(b)
			if both && wish.shares(sc.Wishes[b]) {
				return true
			}
		}
	}
	return false
}

func acknowledgedButAbsent(sc *Scenario, s *State) bool {
	for couple := range sc.Wishes {
		if s.Couples[couple].Stage == Acknowledged && !s.Postgres.Appointments.has(couple) {
			return true
		}
	}
	return false
}

func twoOutcomes(_ *Scenario, s *State) bool {
	return s.Postgres.Appointments&s.Postgres.Withdrawn != 0
}

func refusedButBooked(sc *Scenario, s *State) bool {
	for couple := range sc.Wishes {
		if s.Couples[couple].Stage == Refused && s.Postgres.Appointments.has(couple) {
			return true
		}
	}
	return false
}

func miscounted(sc *Scenario, s *State) bool {
	var appointments [maxBuckets]uint8
	for couple, wish := range sc.Wishes {
		if s.Postgres.Appointments.has(couple) {
			appointments[wish.Bucket]++
		}
	}
	return appointments != s.Postgres.Booked
}

func toldFull(_ *Scenario, s *State) bool {
	for _, couple := range s.Couples {
		if couple.ToldFull {
			return true
		}
	}
	return false
}
