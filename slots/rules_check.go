package slots

import (
	"reflect"
	"strings"
	"unicode/utf8"

	"hunyue/internal/fault"
	"hunyue/internal/identity"
)

// With is r with the rules that the JSON object names set anew. It refuses rules
// that do not exist and values out of bounds, all of them by name; then r is
// returned as it was.
func (r Rules) With(data []byte) (Rules, error) {
	changed := r
	if err := decode(data, &changed); err != nil {
		return r, err
	}
	if err := changed.Validate(); err != nil {
		return r, err
	}
	return changed, nil
}

// Validate returns every rule that is out of its bounds, by its JSON name: the
// codes are "out_of_range", "format", "order", "sum", "unknown", "required",
// "too_long", "province" and "household_register".
func (r Rules) Validate() error {
	wrong := map[string]string{}
	for _, b := range r.bounds() {
		if b.value < b.least || b.value > b.most {
			wrong[b.name] = "out_of_range"
		}
	}
	r.checkTimes(wrong)
	if r.Shares.Web+r.Shares.Phone+r.Shares.Counter != 100 {
		wrong["shares"] = "sum"
	}
	if r.Screening != ScreeningRequired && r.Screening != ScreeningOptional && r.Screening != ScreeningOff {
		wrong["screening"] = "unknown"
	}
	if r.SecondPerson != AtOnce && r.SecondPerson != ByOwnPhone {
		wrong["second_person"] = "unknown"
	}
	if r.DetailsSteps != OnePage && r.DetailsSteps != SplitPage {
		wrong["details_steps"] = "unknown"
	}
	if n := utf8.RuneCountInString(r.SMSSign); n < 2 || n > 8 {
		wrong["sms_sign"] = "out_of_range"
	}
	if utf8.RuneCountInString(r.HealthBasis) > longestBasis {
		wrong["health_basis"] = "too_long"
	}
	if code := divisionFault(r.CertificateDivision); code != "" {
		wrong["certificate_division"] = code
	}
	checkStretches(wrong, "phone_hours", r.PhoneHours)
	checkStretches(wrong, "staff_readings", r.StaffReadings)
	r.Disinfection.check(wrong)
	r.checkBring(wrong)
	if wrong["lead_days"] == "" && r.LeadDays > r.HorizonDays {
		wrong["lead_days"] = "order"
	}
	return fault.InFields(wrong)
}

// divisionFault is what is wrong with the division of certificate numbers: "format"
// unless it has six digits, "province" where it is in none.
func divisionFault(division string) string {
	if division == "" {
		return ""
	}
	_, code := identity.ParseCertificate(identity.PrefixMarriage + division + "-2026-000001")
	return code
}

// longestBasis is in code points.
const longestBasis = 200

// bound is a rule with the least and the most it may be.
type bound struct {
	name               string
	value, least, most int
}

func (r Rules) bounds() []bound {
	return []bound{
		{"horizon_days", r.HorizonDays, 0, 90},
		{"lead_days", r.LeadDays, 0, 5},
		{"shares.web", r.Shares.Web, 0, 100},
		{"shares.phone", r.Shares.Phone, 0, 100},
		{"shares.counter", r.Shares.Counter, 0, 100},
		{"special_notice_days", r.SpecialNoticeDays, 0, 30},
		{"hold_seconds", r.HoldSeconds, 10, 1800},
		{"per_phone", r.PerPhone, 0, 100},
		{"cancel_days", r.CancelDays, 0, 30},
		{"max_reschedules", r.MaxMoves, 0, 20},
		{"rebook_days", r.RebookDays, 0, 90},
		{"waitlist_minutes", r.WaitMinutes, 10, 240},
		{"no_show.count", r.NoShow.Count, 0, 20},
		{"no_show.within_days", r.NoShow.WithinDays, 0, 366},
		{"no_show.restrict_days", r.NoShow.RestrictDays, 0, 366},
		{"pow_holds_per_minute", r.ProofPerMinute, 0, 100_000},
		{"early_minutes", r.EarlyMinutes, 0, 240},
		{"late_minutes", r.LateMinutes, 0, 240},
		{"walk_in_minutes", r.WalkInMinutes, 0, 480},
		{"call_repeats", r.CallRepeats, 1, 10},
		{"put_back_places", r.PutBackPlaces, 0, 20},
		{"call_rounds", r.CallRounds, 1, 10},
		{"fever_decicelsius", r.FeverDecicelsius, 365, 390},
		{"recheck_minutes", r.RecheckMinutes, 0, 120},
		{"hand_over_minutes", r.HandOverMinutes, 10, 1440},
		{"companions", r.Companions, 0, 10},
		{"couples_per_counter", r.CouplesPerCounter, 1, 20},
		{"couples_waiting", r.CouplesWaiting, 0, 200},
		{"hall_limit", r.HallLimit, 0, 1000},
		{"entry_batch", r.EntryBatch, 1, 50},
		{"reading_days", r.ReadingDays, 1, 30},
	}
}

func (r Rules) checkTimes(wrong map[string]string) {
	for name, t := range map[string]TimeOfDay{
		"release_time":    r.ReleaseTime,
		"spill_time":      r.SpillTime,
		"cooling_from":    r.CoolingFrom,
		"cooling_until":   r.CoolingUntil,
		"reminder_time":   r.ReminderTime,
		"report_reminder": r.ReportReminder,
		"report_time":     r.ReportTime,
	} {
		if !t.valid() {
			wrong[name] = "format"
		}
	}
	if wrong["cooling_from"] == "" && wrong["cooling_until"] == "" && r.CoolingFrom >= r.CoolingUntil {
		wrong["cooling_until"] = "order"
	}
	if wrong["cooling_until"] == "" && wrong["waitlist_minutes"] == "" && r.Waitlist && r.WaitMinutes > int(r.CoolingUntil-r.CoolingFrom) {
		wrong["waitlist_minutes"] = "order"
	}
	if wrong["report_reminder"] == "" && wrong["report_time"] == "" && r.ReportReminder > r.ReportTime {
		wrong["report_reminder"] = "order"
	}
}

// mostStretches is more than a day of an office has.
const mostStretches = 6

// checkStretches wants them in order, one after the other.
func checkStretches(wrong map[string]string, name string, all []Stretch) {
	if len(all) > mostStretches {
		wrong[name] = "out_of_range"
		return
	}
	last := TimeOfDay(0)
	for _, s := range all {
		switch {
		case !s.From.valid() || !s.To.valid():
			wrong[name] = "format"
			return
		case s.From < last || s.From >= s.To:
			wrong[name] = "order"
			return
		}
		last = s.To
	}
}

// The bounds of a plan. An area is in code points.
const (
	mostAreas   = 20
	longestArea = 20
	mostTimes   = 6
)

// check wants areas that differ, and times in order.
func (d Disinfection) check(wrong map[string]string) {
	if len(d.Areas) > mostAreas || len(d.By) > mostTimes {
		wrong["disinfection"] = "out_of_range"
	}
	seen := map[string]bool{}
	for _, area := range d.Areas {
		switch name := strings.TrimSpace(area); {
		case name == "" || name != area:
			wrong["disinfection.areas"] = "format"
		case utf8.RuneCountInString(area) > longestArea:
			wrong["disinfection.areas"] = "too_long"
		case seen[area]:
			wrong["disinfection.areas"] = "order"
		}
		seen[area] = true
	}
	for i, at := range d.By {
		switch {
		case !at.valid():
			wrong["disinfection.by"] = "format"
		case i > 0 && at <= d.By[i-1]:
			wrong["disinfection.by"] = "order"
		}
	}
}

// RuleSources is, for each rule by its JSON name, the number of the domain rule
// that it sets, so that a settings page can say where a default comes from
// (domain rule 100).
func RuleSources() map[string]string {
	sources := map[string]string{}
	for field := range reflect.TypeFor[Rules]().Fields() {
		if name := field.Tag.Get("json"); name != "-" {
			sources[name] = field.Tag.Get("rule")
		}
	}
	return sources
}
