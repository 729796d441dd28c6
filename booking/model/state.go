package model

import "math/bits"

// The largest world a scenario may describe. The arrays of a State have these
// sizes so that a State is comparable and can be the key of a map.
const (
	maxCouples = 3
	maxBuckets = 2
	maxPersons = 6
)

// State is everything the two stores and the couples know at one moment.
// Two runs that end in equal States have the same future.
type State struct {
	Postgres Postgres
	Redis    Redis
	Couples  [maxCouples]Couple

	// How many faults have happened; the scenario bounds each.
	Losses, Crashes, Releases uint8
}

// Postgres is the truth: what it has committed is never lost.
type Postgres struct {
	Booked       [maxBuckets]uint8 // the counter of each bucket
	Appointments Couples           // holds with an appointment, which is outcome C
	Withdrawn    Couples           // holds with outcome R (released) or X (refused)
}

// Redis is the doorman: it is quick, and it may forget.
type Redis struct {
	Buckets [maxBuckets]Bucket
	Locks   [maxPersons]Owner
	Run     uint8 // which life of the store this is; a loss begins the next

	// Quarantine holds the tokens that were alive at the last loss. Until the
	// last of them in a bucket has expired, that bucket grants nothing.
	Quarantine Couples
}

// Bucket is what Redis believes about the places of one slot.
type Bucket struct {
	Holds  Couples
	Booked uint8
	Run    uint8 // the life it was filled in; any other than Redis.Run is stale
}

// Couple is one request for one place, as its browser and the app carry it.
// Each couple has exactly one hold, so a couple's number is its hold's too.
type Couple struct {
	Stage        Stage
	TokenRun     uint8 // the life of Redis that granted the token; 0: no token
	TokenExpired bool  // as Postgres judges it
	HoldExpired  bool  // as Redis judges it: a grace period after the token
	Retried      bool
	ToldFull     bool // refused for want of a place although the token was alive
}

func (c Couple) hasToken() bool  { return c.TokenRun != 0 }
func (c Couple) liveToken() bool { return c.hasToken() && !c.TokenExpired }

// Stage is what the app does next for a couple.
type Stage uint8

// The stages of a request, in the order of a booking without trouble.
const (
	LockFirst    Stage = iota // lock the first person in Redis
	LockSecond                // lock the second person
	AskHold                   // ask Redis for a place
	Pin                       // the couple confirms: see that the hold still stands
	Confirm                   // the one Postgres transaction
	Settle                    // give Redis the figures of Postgres
	Answer                    // tell the couple "booked"
	Acknowledged              // it has been told

	ReplayOnly // the hold has gone: ask Postgres only whether it was booked before
	Compensate // refused: give back what Redis keeps for this hold
	Refused    // the couple has been told no
	Unknown    // the app died: the couple knows nothing, and may ask once more
)

// String names the stage for traces.
func (s Stage) String() string {
	return [...]string{
		LockFirst: "lock first", LockSecond: "lock second", AskHold: "ask hold", Pin: "pin",
		Confirm: "confirm", Settle: "settle", Answer: "answer", Acknowledged: "acknowledged",
		ReplayOnly: "replay only", Compensate: "compensate", Refused: "refused", Unknown: "unknown",
	}[s]
}

// Couples is a set of couples, or of their holds.
type Couples uint8

func (cs Couples) has(couple int) bool        { return cs&(1<<couple) != 0 }
func (cs Couples) with(couple int) Couples    { return cs | 1<<couple }
func (cs Couples) without(couple int) Couples { return cs &^ (1 << couple) }
func (cs Couples) count() uint8               { return uint8(bits.OnesCount8(uint8(cs))) }

// Owner is who has a person lock: 0 for nobody, otherwise the couple's number
// plus one.
type Owner uint8

func ownedBy(couple int) Owner { return Owner(couple + 1) }

// unlock drops the person locks of this couple and no one else's: it is a
// compare-and-delete.
func (r *Redis) unlock(couple int) {
	for person, owner := range r.Locks {
		if owner == ownedBy(couple) {
			r.Locks[person] = 0
		}
	}
}
