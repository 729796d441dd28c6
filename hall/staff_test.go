package hall_test

import (
	"testing"

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
