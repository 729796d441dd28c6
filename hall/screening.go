package hall

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"hunyue/internal/fault"
	"hunyue/slots"
)

// Reading is one measurement at the door.
type Reading struct {
	Party       int    // 1 or 2, in the order in which the couple applied
	Decicelsius int    // tenths of a degree: 36.5 °C is 365
	Device      string // the thermometer's number
}

const (
	longestDevice = 32  // code points
	longestReason = 200 // code points
)

// The codes of what may be wrong with readings and other input of the hall.
const (
	tooLong    = "too_long"
	unknown    = "unknown"        // a party that the appointment does not have
	repeated   = "repeated"       // a second reading that nothing called for
	sameDevice = "same_device"    // the second reading needs another thermometer
	tooLow     = "too_low_repeat" // measure again and give both
)

// screen is what an office asks of readings.
type screen struct {
	required    bool
	limit       int           // tenths of a degree; from here on it is a fever
	wait        time.Duration // between a fever and the reading that decides
	otherDevice bool          // the deciding reading takes another thermometer
}

func screenOf(r slots.Rules) screen {
	return screen{
		required:    r.Screening == slots.ScreeningRequired,
		limit:       r.FeverDecicelsius,
		wait:        time.Duration(r.RecheckMinutes) * time.Minute,
		otherDevice: r.RecheckOtherDevice,
	}
}

// link is a stored reading.
type link struct {
	ID       int64     `db:"id"`
	Role     int       `db:"role"`
	Abnormal bool      `db:"abnormal"`
	Device   string    `db:"device"`
	At       time.Time `db:"at"`
}

// person is today's readings of one person, first to last.
type person []link

// suspect: the last reading is a fever.
func (p person) suspect() bool { return len(p) > 0 && p[len(p)-1].Abnormal }

// feverish: a suspect whom an earlier reading had shown feverish too (domain
// rule 65: the second value decides).
func (p person) feverish() bool {
	fevers := 0
	for _, l := range p {
		if l.Abnormal {
			fevers++
		}
	}
	return p.suspect() && fevers > 1
}

// rested is when a suspect may be measured again.
func (p person) rested(wait time.Duration) time.Time { return p[len(p)-1].At.Add(wait) }

// check says what is wrong with the readings of people who have been measured
// before as given. A reading below 35.0 counts only if the same request repeats
// it: the last of the two then holds, whatever it is.
//
// Faults: ErrRecheckTooSoon, or fields.
func (s screen) check(readings []Reading, people []person, now time.Time) error {
	given := make([][]int, len(people)) // which readings are whose
	wrong := map[string]string{}
	for i, r := range readings {
		wrongReading(wrong, "readings."+strconv.Itoa(i)+".", r)
		if r.Party < 1 || r.Party > len(people) {
			wrong["readings."+strconv.Itoa(i)+".party"] = unknown
			continue
		}
		given[r.Party-1] = append(given[r.Party-1], i)
	}
	for i, p := range people {
		if p.suspect() && len(given[i]) > 0 && now.Before(p.rested(s.wait)) {
			return ErrRecheckTooSoon.After(p.rested(s.wait).Sub(now))
		}
		s.checkPerson(wrong, p, readings, given[i])
	}
	return fault.InFields(wrong)
}

// wrongReading notes what is wrong with a reading whoever's it is.
func wrongReading(wrong map[string]string, field string, r Reading) {
	if r.Decicelsius < lowest || r.Decicelsius > highest {
		wrong[field+"celsius"] = badRange
	}
	switch device := strings.TrimSpace(r.Device); {
	case device == "":
		wrong[field+"device"] = required
	case utf8.RuneCountInString(device) > longestDevice:
		wrong[field+"device"] = tooLong
	}
}

// checkPerson notes what is wrong with the readings of p, which are those at
// the places given.
func (s screen) checkPerson(wrong map[string]string, p person, readings []Reading, given []int) {
	if len(given) == 0 && (p.suspect() || s.required && len(p) == 0) {
		wrong["readings"] = required
	}
	for nth, i := range given {
		field, r := "readings."+strconv.Itoa(i)+".", readings[i]
		low := r.Decicelsius >= lowest && r.Decicelsius < lukewarm
		if nth > 1 || nth == 1 && readings[given[0]].Decicelsius >= lukewarm {
			wrong[field+"party"] = repeated
		}
		if low && len(given) == 1 {
			wrong[field+"celsius"] = tooLow
		}
		if s.otherDevice && p.suspect() && strings.EqualFold(strings.TrimSpace(r.Device), p[len(p)-1].Device) {
			wrong[field+"device"] = sameDevice
		}
	}
}
