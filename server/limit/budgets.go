package limit

import "time"

// Act is what is limited.
type Act string

// The acts.
const (
	Holds    Act = "holds"    // new places kept; see Limiter.Admit
	Codes    Act = "codes"    // texts with a code
	Finds    Act = "finds"    // look-ups that found nothing
	Confirms Act = "confirms" // confirmations that made no appointment
	Logins   Act = "logins"   // sign-ins of staff that failed
)

// Subject is whose budget it is.
type Subject string

// The subjects.
const (
	Session Subject = "session" // a browser until it is closed
	Device  Subject = "device"  // a browser for as long as it keeps our cookie
	Phone   Subject = "phone"   // proven, never only typed: else one could use up another's
	Address Subject = "address" // of whoever shows no device: programs
	Prefix  Subject = "prefix"  // the /24 or /48 around an address
)

// Budget is how often a subject may do something within a while.
type Budget struct {
	Act    Act
	Of     Subject
	Most   int
	Within time.Duration
}

func (b Budget) name() string { return string(b.Act) + "." + string(b.Of) }

// manyBehind is how much larger a budget is for an address that is not of the
// public Internet: a proxy that we were not told of, or the network of an
// authority, has a whole town behind it.
const manyBehind = 10

// Budgets is the table of all budgets, the one place where the figures are.
//
// A unit of holds comes back when the hold becomes an appointment, and when the
// place is given back within longestLook: only places that stood idle count. A
// unit of finds or confirms comes back when it led somewhere. So an honest
// couple meets none of them, and an office's own public computer neither.
func Budgets() []Budget {
	const day = 24 * time.Hour
	return []Budget{
		// Five idle places a day: who loses the network, looks for the cards or is called away comes back two or
		// three times (reliability.md 5.4). The session is there for browsers that drop the other cookie.
		{Holds, Device, 5, day},
		{Holds, Session, 5, day},
		// On hot days a place costs a phone in hand, and is worth most to who has many browsers.
		{Holds, Phone, 5, day},
		// A carrier's address has hundreds of phones behind it, of which a registry's couples are a few dozen in the
		// hour of a release (1,600 sessions in a large district, over at least as many hundred addresses): twice that.
		{Holds, Address, 120, time.Hour},
		{Holds, Prefix, 600, time.Hour},

		// Ten codes a day go to one phone (domain rule 93, kept by notify). A couple has two, and changes and cancels.
		{Codes, Device, 20, day},
		// What texts may cost whom somebody pumps them through: 600 an hour are 30 yuan.
		{Codes, Address, 120, time.Hour},
		{Codes, Prefix, 600, time.Hour},

		// Two people who look for a number on paper mistype it now and then; who walks the numbers does so for ever.
		{Finds, Device, 20, 10 * time.Minute},
		{Finds, Address, 120, 10 * time.Minute},
		{Finds, Prefix, 600, 10 * time.Minute},

		// A code allows five wrong tries (domain rule 93): four codes' worth.
		{Confirms, Device, 20, 10 * time.Minute},
		{Confirms, Address, 120, 10 * time.Minute},
		{Confirms, Prefix, 600, 10 * time.Minute},

		// An account locks by itself after five wrong passwords (domain rule 89). This is for who tries one password on
		// many accounts; all staff of an authority may share an address, and mistype on the same Monday morning.
		{Logins, Address, 100, 10 * time.Minute},
		{Logins, Prefix, 500, 10 * time.Minute},
	}
}

// longestLook is how long a place may be kept and given back at no cost: as
// long as it takes to see that another time is better.
const longestLook = 2 * time.Minute
