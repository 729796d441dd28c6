package slots

import (
	"time"

	"hunyue/internal/date"
	"hunyue/internal/identity"
)

// Rules is how an office books and receives. Every field has a default, is kept
// by the date from which it holds, and names the domain rule that it sets. What
// is law is not a setting: the minimum ages are here to be read only.
type Rules struct {
	HorizonDays int       `json:"horizon_days" rule:"24"` // a day goes on sale so many calendar days before; 0 to 90
	LeadDays    int       `json:"lead_days"    rule:"24"` // the web sells until so many working days before; 0 (same day) to 5
	ReleaseTime TimeOfDay `json:"release_time" rule:"25"` // the release clock
	Shares      Shares    `json:"shares"       rule:"23"` // of the channels, in percent
	SpillTime   TimeOfDay `json:"spill_time"   rule:"23"` // unused phone and counter places go back to the web; see SpillsAt
	KeepShares  bool      `json:"keep_shares"  rule:"23"` // or never do

	SpecialNoticeDays int `json:"special_notice_days" rule:"30"` // a special day that offers places is put so many days before; 0 to 30

	HoldSeconds  int       `json:"hold_seconds"  rule:"28"` // how long a place is kept while the form is filled in; 10 to 1800
	Extendable   bool      `json:"extendable"    rule:"28"` // a hold may be prolonged once
	ExactCounts  bool      `json:"exact_counts"  rule:"29"` // the public sees how many places are left, not only whether
	PerPhone     int       `json:"per_phone"     rule:"32"` // active appointments with one phone number; 0 sets no limit
	SecondPerson Asking    `json:"second_person" rule:"31"` // when whoever is named second is in the appointment
	DetailsSteps Steps     `json:"details_steps" rule:"33"` // how the two are asked for
	CancelDays   int       `json:"cancel_days"   rule:"34"` // couples cancel and move until the end of the day so many days before; 0 to 30
	MaxMoves     int       `json:"max_reschedules" rule:"35"`
	RebookDays   int       `json:"rebook_days" rule:"58"`   // couples whom a suspension has cost their place book anew so many days long once it is over; 0 to 90
	CoolingFrom  TimeOfDay `json:"cooling_from"  rule:"37"` // cancelled places go on sale again between these hours only
	CoolingUntil TimeOfDay `json:"cooling_until" rule:"37"`
	Waitlist     bool      `json:"waitlist"      rule:"37"`    // they are offered to who waits first; couples may join
	WaitMinutes  int       `json:"waitlist_minutes" rule:"37"` // how long an offer is kept; 10 to 240, within the hours of one day
	NoShow       NoShow    `json:"no_show"       rule:"50"`
	XBForeign    bool      `json:"xb_foreign"    rule:"8"`  // registers couples with a foreigner
	XBHMT        bool      `json:"xb_hmt"        rule:"8"`  // with a resident of Hong Kong, Macao or Taiwan
	XBOverseas   bool      `json:"xb_overseas"   rule:"8"`  // with a Chinese citizen living abroad
	ReminderTime TimeOfDay `json:"reminder_time" rule:"7"`  // the day before the visit, couples are reminded from then on
	SMSSign      string    `json:"sms_sign"      rule:"92"` // the name that signs texts; 2 to 8 characters

	ProofPerMinute int `json:"pow_holds_per_minute" rule:"94"` // so many new holds a minute, and the next costs a proof of work; 0 never does

	PhoneHours []Stretch `json:"phone_hours" rule:"82"` // of the phone line, on working days; none: while somebody answers
	CallBack   bool      `json:"call_back"   rule:"82"` // whoever books by phone is called back first

	Bring []BringText `json:"bring" rule:"11"` // what the office itself says about what to bring; 20 texts at most

	EarlyMinutes  int `json:"early_minutes"     rule:"40"` // check-in opens so long before the slot starts
	LateMinutes   int `json:"late_minutes"      rule:"42"` // later than so long after the start, a couple joins the walk-ins
	WalkInMinutes int `json:"walk_in_minutes"   rule:"44"` // a walk-in who has waited so much longer goes first
	CallRepeats   int `json:"call_repeats"      rule:"47"` // a call is repeated so often
	PutBackPlaces int `json:"put_back_places"   rule:"47"` // whoever missed it is put back so far
	CallRounds    int `json:"call_rounds"       rule:"47"` // and after so many rounds the ticket is closed

	CertificateDivision string `json:"certificate_division" rule:"49"` // that of the office's certificate numbers, such as its city's; empty: its own

	Screening          Screening `json:"screening"            rule:"63"`
	FeverDecicelsius   int       `json:"fever_decicelsius"    rule:"65"` // abnormal from here on: 373 is 37.3 °C
	RecheckMinutes     int       `json:"recheck_minutes"      rule:"65"` // the second reading comes at least so much later
	RecheckOtherDevice bool      `json:"recheck_other_device" rule:"65"`
	HandOverMinutes    int       `json:"hand_over_minutes"    rule:"66"` // by then the health authority has taken over
	Companions         int       `json:"companions"           rule:"64"`
	CouplesPerCounter  int       `json:"couples_per_counter"  rule:"68"` // inside while readings are required
	CouplesWaiting     int       `json:"couples_waiting"      rule:"68"`
	HallLimit          int       `json:"hall_limit"           rule:"68"` // couples inside at any time; 0 sets no limit of its own
	EntryBatch         int       `json:"entry_batch"          rule:"68"` // those outside are let in so many at a time
	ReadingDays        int       `json:"reading_days"         rule:"70"` // readings are kept so long; 1 to 30
	HealthBasis        string    `json:"health_basis"         rule:"91"` // the law or order by which temperatures are taken; empty: by consent

	StaffReadings []Stretch    `json:"staff_readings" rule:"67"` // once in each, staff are measured; whoever was not by its end opens no gate or counter
	Disinfection  Disinfection `json:"disinfection"   rule:"72"` // the plan; it holds while temperatures are taken

	ReportReminder TimeOfDay `json:"report_reminder" rule:"74"`
	ReportTime     TimeOfDay `json:"report_time"     rule:"74"` // the daily report is due

	MinAgeM int `json:"-"` // full years on the day of the visit (民法典 1047; domain rule 1)
	MinAgeF int `json:"-"`
}

// Shares divides the places of a slot among the channels, in percent. Together
// they are 100 (domain rule 23).
type Shares struct {
	Web     int `json:"web"`
	Phone   int `json:"phone"`
	Counter int `json:"counter"`
}

// Stretch is a stretch of a day.
type Stretch struct {
	From TimeOfDay `json:"from"`
	To   TimeOfDay `json:"to"`
}

// PhoneOpen reports whether the phone line answers at an instant, shown in the zone
// of the office, by a calendar that knows its year.
func (r Rules) PhoneOpen(c Calendar, at time.Time) bool {
	if len(r.PhoneHours) == 0 {
		return true
	}
	day := date.DateOf(at)
	for _, h := range r.PhoneHours {
		if c.Workday(day) && !at.Before(h.From.On(day, at.Location())) && at.Before(h.To.On(day, at.Location())) {
			return true
		}
	}
	return false
}

// NoShow is when couples who do not come are kept from booking online (domain
// rule 50). A count of 0 keeps nobody.
type NoShow struct {
	Count        int `json:"count"`
	WithinDays   int `json:"within_days"`
	RestrictDays int `json:"restrict_days"`
}

// Screening is whether temperatures are taken at the door (domain rules 63, 64).
type Screening string

// The values of Screening.
const (
	ScreeningRequired Screening = "required" // nobody enters without a normal reading
	ScreeningOptional Screening = "optional"
	ScreeningOff      Screening = "off" // no reading is asked for, shown or stored
)

// Asking is when the second person of a couple is in an appointment (decision 20).
type Asking string

// The values of Asking.
const (
	AtOnce     Asking = "at_once"      // as soon as it is made
	ByOwnPhone Asking = "by_own_phone" // once they have confirmed with a phone of their own, or stand in the hall
)

// Steps is how the two are asked for who they are.
type Steps string

// The values of Steps.
const (
	OnePage   Steps = "one"
	SplitPage Steps = "split" // a page for each of them
)

// Disinfection is the plan by which a hall is disinfected.
type Disinfection struct {
	Areas       []string    `json:"areas"`        // as the office calls them, or one of DisinfectionAreas
	By          []TimeOfDay `json:"by"`           // every area once by each of these times
	AfterCouple bool        `json:"after_couple"` // and a counter whenever a couple has left it
}

// DisinfectionAreas is the areas that have a name in every language.
func DisinfectionAreas() []string {
	return []string{"hall", "counters", "ticket_machine", "toilets", "door_handles"}
}

// DefaultRules is what holds at an office that has set nothing.
func DefaultRules() Rules {
	return Rules{
		HorizonDays: 30,
		LeadDays:    1,
		ReleaseTime: 8*60 + 30,
		Shares:      Shares{Web: 70, Phone: 20, Counter: 10},
		SpillTime:   16 * 60,

		SpecialNoticeDays: 3,

		HoldSeconds:  300,
		Extendable:   true,
		PerPhone:     2,
		SecondPerson: AtOnce,
		DetailsSteps: OnePage,
		CancelDays:   1,
		MaxMoves:     2,
		RebookDays:   14,
		CoolingFrom:  8*60 + 30,
		CoolingUntil: 20 * 60,
		Waitlist:     true,
		WaitMinutes:  30,
		NoShow:       NoShow{Count: 2, WithinDays: 30, RestrictDays: 15},
		ReminderTime: 10 * 60,
		SMSSign:      "婚姻登记",

		PhoneHours: []Stretch{{From: 8*60 + 30, To: 11*60 + 30}, {From: 14*60 + 30, To: 17 * 60}},

		Bring: []BringText{},

		EarlyMinutes:  30,
		LateMinutes:   30,
		WalkInMinutes: 60,
		CallRepeats:   3,
		PutBackPlaces: 3,
		CallRounds:    2,

		Screening:          ScreeningRequired,
		FeverDecicelsius:   373,
		RecheckMinutes:     10,
		RecheckOtherDevice: true,
		HandOverMinutes:    120,
		CouplesPerCounter:  1,
		EntryBatch:         1,
		ReadingDays:        30,
		StaffReadings:      []Stretch{{From: 0, To: 13 * 60}, {From: 13 * 60, To: 15 * 60}},
		Disinfection:       Disinfection{Areas: DisinfectionAreas(), By: []TimeOfDay{12 * 60, 18 * 60}, AfterCouple: true},

		ReportReminder: 15 * 60,
		ReportTime:     16 * 60,

		MinAgeM: identity.LegalAgeMale,
		MinAgeF: identity.LegalAgeFemale,
	}
}
