package hall_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/hall"
)

func staffReading(staff, device string, tenths ...int) hall.StaffReading {
	r := hall.StaffReading{Staff: staff, Office: office, Actor: "hall"}
	for _, n := range tenths {
		r.Readings = append(r.Readings, hall.Reading{Party: 1, Decicelsius: n, Device: device})
	}
	return r
}

func (w *world) wantNormal(staff string, want bool) {
	w.t.Helper()
	if got, err := w.StaffNormalToday(w.t.Context(), staff); err != nil || got != want {
		w.t.Errorf("%s is normal today: %t (%v), want %t", staff, got, err, want)
	}
}

func (w *world) recordStaff(r hall.StaffReading) hall.StaffHealth {
	w.t.Helper()
	h, err := w.RecordStaff(w.t.Context(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

func TestStaff(t *testing.T) {
	w := newWorld(t)
	t.Run("StaffAreMeasuredEveryDay", w.rule(staffAreMeasuredEveryDay))
	t.Run("TwoFeversOfADayKeepStaffHome", w.rule(twoFeversOfADayKeepStaffHome))
	t.Run("TwoFeversOfStaffAreOneIncident", w.rule(twoFeversOfStaffAreOneIncident))
	t.Run("ACorrectionDecidesAboutStaffToo", w.rule(aCorrectionDecidesAboutStaffToo))
	t.Run("StaffReadingsFollowTheRulesOfReadings", w.rule(staffReadingsFollowTheRulesOfReadings))
	t.Run("ARepeatedStaffReadingIsKeptOnce", w.rule(aRepeatedStaffReadingIsKeptOnce))
}

func staffAreMeasuredEveryDay(t *testing.T, w *world) {
	begun := w.since(readings + ` WHERE kind = 'staff' AND supersedes IS NULL`)
	w.wantNormal("registrar", false)
	if got := w.recordStaff(staffReading("registrar", "T1", 365)); got.Outcome != hall.Admitted {
		t.Errorf("outcome %s, want admitted", got.Outcome)
	}
	w.wantNormal("registrar", true)
	w.wantNormal("hall", false)

	w.at("13:30")
	if got := w.recordStaff(staffReading("registrar", "T1", 373)); got.Outcome != hall.Recheck || got.RecheckAt.Before(instant(theDay, "13:40")) {
		t.Errorf("outcome %+v, want a recheck at 13:40", got)
	}
	w.wantNormal("registrar", false)
	w.at("13:41")
	w.recordStaff(staffReading("registrar", "T2", 372))
	w.wantNormal("registrar", true)
	begun(1, "beginnings of a chain")

	w.on(theDay.AddDays(1), "08:30")
	w.wantNormal("registrar", false)
}

func twoFeversOfADayKeepStaffHome(t *testing.T, w *world) {
	w.recordStaff(staffReading("feverish", "T1", 375))
	_, err := w.RecordStaff(t.Context(), staffReading("feverish", "T2", 365))
	w.wantFault(err, hall.ErrRecheckTooSoon)
	w.at("09:05")
	_, err = w.RecordStaff(t.Context(), staffReading("feverish", "T1", 365))
	w.wantFields(err, map[string]string{"readings.0.device": "same_device"})
	if got := w.recordStaff(staffReading("feverish", "T2", 374)); got.Outcome != hall.Deferred {
		t.Errorf("outcome %s, want deferred", got.Outcome)
	}
	w.at("10:00")
	w.recordStaff(staffReading("feverish", "T1", 365))
	w.wantNormal("feverish", false)
}

// staffIncidents is the incidents of a member of staff.
func (w *world) staffIncidents(staff string) []hall.Incident {
	w.t.Helper()
	all, err := w.Incidents(w.t.Context(), office, theDay)
	if err != nil {
		w.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(i hall.Incident) bool { return i.Staff != staff })
}

// Domain rules 66 and 67: the health authority takes over within two hours.
func twoFeversOfStaffAreOneIncident(t *testing.T, w *world) {
	w.recordStaff(staffReading("ill", "T1", 375))
	if all := w.staffIncidents("ill"); len(all) != 0 {
		t.Errorf("after one fever: %+v", all)
	}
	w.at("09:05")
	w.recordStaff(staffReading("ill", "T2", 374))
	w.at("10:00")
	w.recordStaff(staffReading("ill", "T1", 376))
	all := w.staffIncidents("ill")
	if len(all) != 1 || !all[0].Open() || all[0].Number != "" || all[0].DueAt.Sub(all[0].OpenedAt) != 2*time.Hour || !all[0].OpenedAt.Truncate(time.Minute).Equal(instant(theDay, "09:05")) {
		t.Fatalf("%+v, want one that is open since 09:05 and due in two hours", all)
	}
	w.wantCount(1, "audit rows", `SELECT count(*) FROM audit WHERE action = 'incident_opened' AND subject = 'incident:' || $1::text`, all[0].ID)
	w.at("11:06")
	if i := w.staffIncidents("ill")[0]; !i.Overdue() {
		t.Errorf("%+v, want it overdue at 11:06", i)
	}
	h := hall.Handover{Incident: all[0].ID, Office: office, To: "CDC", At: instant(theDay, "11:00"), Actor: "manager"}
	if err := w.HandOver(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	if i := w.staffIncidents("ill")[0]; i.Open() || i.To != "CDC" {
		t.Errorf("%+v, want it handed over", i)
	}
	r, err := w.Report(t.Context(), office, theDay)
	if err != nil || r.StaffAbnormal != 1 || r.Abnormal != 0 {
		t.Errorf("the report counts %d of staff and %d of visitors (%v), want 1 and 0", r.StaffAbnormal, r.Abnormal, err)
	}
}

// A figure that was typed wrongly makes an incident, or takes it back.
func aCorrectionDecidesAboutStaffToo(t *testing.T, w *world) {
	w.recordStaff(staffReading("misread", "T1", 375))
	w.at("09:05")
	w.recordStaff(staffReading("misread", "T2", 366))
	correct := func(tenths int) {
		t.Helper()
		id := w.count(`SELECT max(id) FROM temperature WHERE staff_id = 'misread'`)
		err := w.CorrectReading(t.Context(), hall.Correction{Entry: int64(id), Office: office, Decicelsius: tenths, Reason: "misread", Actor: "manager"})
		if err != nil {
			t.Fatal(err)
		}
	}
	if all := w.staffIncidents("misread"); len(all) != 0 {
		t.Errorf("after one fever: %+v", all)
	}
	correct(376)
	all := w.staffIncidents("misread")
	if len(all) != 1 || !all[0].Open() {
		t.Fatalf("%+v, want one that is open", all)
	}
	correct(365)
	if i := w.staffIncidents("misread")[0]; i.Open() || !i.Cleared || i.Overdue() {
		t.Errorf("%+v, want it cleared", i)
	}
	w.wantFault(w.HandOver(t.Context(), hall.Handover{Incident: all[0].ID, Office: office, To: "CDC", At: instant(theDay, "09:05"), Actor: "manager"}), hall.ErrHandedOver)
	w.on(theDay.AddDays(1), "09:00")
	later, err := w.Incidents(t.Context(), office, theDay.AddDays(1))
	if err != nil || slices.ContainsFunc(later, func(i hall.Incident) bool { return i.Staff == "misread" }) {
		t.Errorf("%+v (%v): what was cleared is there on another day", later, err)
	}
}

func staffReadingsFollowTheRulesOfReadings(t *testing.T, w *world) {
	_, err := w.RecordStaff(t.Context(), staffReading("cold", "T1"))
	w.wantFields(err, map[string]string{"readings": "required"})
	_, err = w.RecordStaff(t.Context(), staffReading("cold", "T1", 345))
	w.wantFields(err, map[string]string{"readings.0.celsius": "too_low_repeat"})
	w.recordStaff(staffReading("cold", "T1", 345, 346))
	w.wantNormal("cold", true)
}

func aRepeatedStaffReadingIsKeptOnce(t *testing.T, w *world) {
	more := w.since(readings)
	r := staffReading("repeated", "T1", 375)
	r.Key = "k"
	answers, errs := make([]hall.StaffHealth, 6), make([]error, 6)
	atOnce(len(answers), func(i int) { answers[i], errs[i] = w.RecordStaff(t.Context(), r) })
	for i := range answers {
		if errs[i] != nil || !cmp.Equal(answers[i], answers[0]) {
			t.Errorf("request %d: %+v, %v; want %+v", i, answers[i], errs[i], answers[0])
		}
	}
	more(1, "readings")
}

func TestStaffAreNotMeasuredWithoutScreening(t *testing.T) {
	w := newWorld(t)
	w.rules(`{"screening": "off"}`)
	_, err := w.RecordStaff(t.Context(), staffReading("registrar", "T1", 365))
	w.wantFault(err, hall.ErrScreeningOff)
	w.wantCount(0, "readings", readings)
}
