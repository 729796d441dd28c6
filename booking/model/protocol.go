package model

// Protocol says which protections are in force. Product has all of them; a
// mutant lacks one or two, so that a search can show what each is for.
type Protocol struct {
	// Guard: Postgres takes a place only while booked < capacity.
	Guard bool
	// UniquePerson: Postgres keeps a person in at most one appointment.
	UniquePerson bool
	// Quarantine: after a loss Redis grants nothing in a bucket until every
	// token issued before the loss has expired.
	Quarantine bool
	// OutcomeRow: a hold that is released or refused for good gets a row in
	// Postgres, and cannot be confirmed afterwards.
	OutcomeRow bool
	// PinCheck: a confirmation goes on only while Redis has the hold, or has
	// lost its memory since granting it.
	PinCheck bool
	// ReplayOnGone: when the hold has gone from Redis, Postgres is asked
	// whether it was booked before; if so, that appointment is the answer.
	// Without it the couple is refused at once.
	ReplayOnGone bool
	// ReplayFirst (rule R3): a booked hold is answered again whether or not
	// its token has expired since.
	ReplayFirst bool
	// FiguresWithCompensation (rule R3): a hold leaves Redis only together
	// with the newest figures of Postgres.
	FiguresWithCompensation bool
	// RefusalRecorded (rule R4): a refusal for good is in Postgres before
	// Redis gives the place away.
	RefusalRecorded bool
	// SettledInGrace: transaction and settlement end before the grace period
	// does, so that Redis does not drop a hold in between.
	SettledInGrace bool
	// SettledInQuarantine: a quarantine ends a grace period after the last
	// token it waits for, and what was booked with those is settled by then.
	SettledInQuarantine bool
	// ReleaseAsksOutcome: a hold that is booked can no longer be released.
	ReleaseAsksOutcome bool
	// CountedTogether: appointment and counter change in one transaction.
	CountedTogether bool
	// AnswerAfterCommit: nobody hears "booked" before COMMIT has returned.
	AnswerAfterCommit bool

	// LossNoticed: a Redis that lost data is known by its new run number.
	// This and SteadyClock are facts about the world, not choices.
	LossNoticed bool
	// SteadyClock: the clock of Redis does not jump forward, so a hold
	// outlives its token.
	SteadyClock bool
}

// Product is the protocol as the program runs it, in a world that keeps to the
// assumptions.
func Product() Protocol {
	return Protocol{
		Guard:                   true,
		UniquePerson:            true,
		Quarantine:              true,
		OutcomeRow:              true,
		PinCheck:                true,
		ReplayOnGone:            true,
		ReplayFirst:             true,
		FiguresWithCompensation: true,
		RefusalRecorded:         true,
		SettledInGrace:          true,
		SettledInQuarantine:     true,
		ReleaseAsksOutcome:      true,
		CountedTogether:         true,
		AnswerAfterCommit:       true,
		LossNoticed:             true,
		SteadyClock:             true,
	}
}

// Scenario is a small world: who wants what, how much of it there is, and how
// many faults of each kind may strike. It has at most 3 couples, 2 buckets and
// 6 persons.
type Scenario struct {
	Name     string
	Wishes   []Wish  // one for each couple
	Capacity []uint8 // places in each bucket

	Losses   uint8 // of Redis data
	Crashes  uint8 // of the app
	Releases uint8 // from a second tab of a couple
}

// Wish is the bucket a couple wants, and the two persons who would marry.
type Wish struct {
	Bucket  int
	Persons [2]int
}

func (w Wish) shares(other Wish) bool {
	for _, person := range w.Persons {
		if person == other.Persons[0] || person == other.Persons[1] {
			return true
		}
	}
	return false
}

// Scenarios are the worlds in which the protocol is searched: each is small
// enough to be searched to the end, and together they have a rival for the
// place, a rival for the person, both at once, and a bucket of which Redis may
// know one booking and miss the next.
func Scenarios() []Scenario {
	return []Scenario{
		{
			Name:     "two couples want the only place",
			Wishes:   []Wish{{0, [2]int{0, 1}}, {0, [2]int{2, 3}}},
			Capacity: []uint8{1},
			Losses:   1, Crashes: 2, Releases: 1,
		},
		{
			Name:     "one person in two couples, two buckets",
			Wishes:   []Wish{{0, [2]int{0, 1}}, {1, [2]int{1, 4}}},
			Capacity: []uint8{1, 1},
			Losses:   1, Crashes: 2, Releases: 1,
		},
		{
			Name:     "three couples, rivals for a place and for a person",
			Wishes:   []Wish{{0, [2]int{0, 1}}, {0, [2]int{2, 3}}, {1, [2]int{1, 4}}},
			Capacity: []uint8{1, 1},
			Losses:   1,
		},
		{
			Name:     "three couples want two places",
			Wishes:   []Wish{{0, [2]int{0, 1}}, {0, [2]int{2, 3}}, {0, [2]int{4, 5}}},
			Capacity: []uint8{2},
			Losses:   1,
		},
	}
}

func (sc Scenario) start() State {
	first := State{Redis: Redis{Run: 1}}
	for bucket := range sc.Capacity {
		first.Redis.Buckets[bucket].Run = 1
	}
	return first
}
