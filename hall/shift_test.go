package hall_test

import (
	"testing"

	"hunyue/hall"
)

func (w *world) mayReceive(staff string, want bool) {
	w.t.Helper()
	err := w.MayReceive(w.t.Context(), staff, office)
	switch {
	case want && err != nil:
		w.t.Errorf("%s may not receive: %v", staff, err)
	case !want:
		w.wantFault(err, hall.ErrReadingMissing)
	}
}

// shift is how one member of staff stands.
func (w *world) shift(staff string) hall.Shift {
	w.t.Helper()
	all, err := w.Shifts(w.t.Context(), office, "somebody", staff)
	if err != nil || len(all) != 2 || all[1].Staff != staff {
		w.t.Fatalf("shifts: %+v, %v", all, err)
	}
	return all[1]
}

func TestShifts(t *testing.T) {
	w := newWorld(t)
	t.Run("StaffAreMeasuredBeforeWorkAndInTheAfternoon", w.rule(staffAreMeasuredTwice))
	t.Run("AReadingAfterItsTimeMakesUp", w.rule(aReadingAfterItsTimeMakesUp))
	t.Run("WhoComesInTheAfternoonIsMeasuredOnce", w.rule(whoComesInTheAfternoonIsMeasuredOnce))
	t.Run("TwoFeversKeepStaffFromReceiving", w.rule(twoFeversKeepStaffFromReceiving))
	t.Run("ACorrectedReadingCountsAsCorrected", w.rule(aCorrectedReadingCountsAsCorrected))
}

func staffAreMeasuredTwice(_ *testing.T, w *world) {
	w.mayReceive("twice", false)
	w.recordStaff(staffReading("twice", "T1", 365))
	w.mayReceive("twice", true)
	if s := w.shift("twice"); !s.Ready || !s.Due.IsZero() {
		w.t.Errorf("in the morning: %+v, want ready and nothing due", s)
	}
	w.at("13:00")
	w.mayReceive("twice", true)
	if s := w.shift("twice"); !s.Ready || !s.Due.Equal(instant(theDay, "15:00")) {
		w.t.Errorf("at 13:00: %+v, want ready and due by 15:00", s)
	}
	w.at("14:59:59")
	w.mayReceive("twice", true)
	w.at("15:00")
	w.mayReceive("twice", false)
}

func aReadingAfterItsTimeMakesUp(_ *testing.T, w *world) {
	w.recordStaff(staffReading("late", "T1", 365))
	w.at("16:20")
	w.mayReceive("late", false)
	if s := w.shift("late"); s.Ready || s.Due.IsZero() {
		w.t.Errorf("at 16:20: %+v, want due", s)
	}
	w.recordStaff(staffReading("late", "T1", 366))
	w.mayReceive("late", true)
}

func whoComesInTheAfternoonIsMeasuredOnce(_ *testing.T, w *world) {
	w.at("13:00")
	w.mayReceive("afternoon", false)
	w.recordStaff(staffReading("afternoon", "T1", 365))
	w.at("17:30")
	w.mayReceive("afternoon", true)
	w.on(theDay.AddDays(1), "08:00")
	w.mayReceive("afternoon", false)
}

func twoFeversKeepStaffFromReceiving(_ *testing.T, w *world) {
	w.recordStaff(staffReading("ill", "T1", 375))
	w.mayReceive("ill", false)
	w.at("09:05")
	w.recordStaff(staffReading("ill", "T2", 376))
	w.at("13:30")
	w.recordStaff(staffReading("ill", "T1", 365))
	w.mayReceive("ill", false)
}

func aCorrectedReadingCountsAsCorrected(t *testing.T, w *world) {
	w.recordStaff(staffReading("typo", "T1", 385))
	w.mayReceive("typo", false)
	id := int64(w.count(`SELECT max(id) FROM temperature WHERE staff_id = 'typo'`))
	w.at("13:20")
	if err := w.CorrectReading(t.Context(), hall.Correction{Entry: id, Office: office, Decicelsius: 365, Reason: "typed wrongly", Actor: "manager"}); err != nil {
		t.Fatal(err)
	}
	w.wantNormal("typo", true)
	w.mayReceive("typo", true)
	w.at("15:00")
	w.mayReceive("typo", false) // nobody was measured in the afternoon
}

func TestStaffAreNotAskedWhereNobodyIs(t *testing.T) {
	w := newWorld(t)
	w.rules(`{"screening": "off"}`)
	w.mayReceive("anybody", true)
	if all, err := w.Shifts(t.Context(), office, "anybody"); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v; want nothing of anybody's health", all, err)
	}
}

func TestAnOfficeSaysWhenItsStaffAreMeasured(t *testing.T) {
	w := newWorld(t)
	w.rules(`{"staff_readings": [{"from": "07:00", "to": "09:00"}]}`)
	w.recordStaff(staffReading("once", "T1", 365))
	w.at("16:00")
	w.mayReceive("once", true)
}
