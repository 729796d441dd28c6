package hall_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
)

const readings = `SELECT count(*) FROM temperature`

func TestCouplesAreAdmittedWithTicketsInOrder(t *testing.T) {
	w := newWorld(t)
	for _, want := range []string{"A001", "A002", "A003"} {
		number := w.book("09:00")
		got := w.checkIn(arrival(number, 365, 372))
		if diff := cmp.Diff(hall.CheckIn{Outcome: hall.Admitted, Ticket: want}, got); diff != "" {
			t.Errorf("answer (-want +got):\n%s", diff)
		}
		w.wantStatus(number, booking.CheckedIn)
	}
	w.wantCount(6, "readings", readings)
	w.wantCount(3, "audit rows of check-ins", `SELECT count(*) FROM audit WHERE new_status = 'checked_in' AND actor = 'hall'`)
}

func TestAtTheDoor(t *testing.T) {
	w := newWorld(t)
	t.Run("WhoComesEarlyIsToldWhenToCome", w.rule(whoComesEarlyIsToldWhenToCome))
	t.Run("WhoRestsIsKnownUntilMeasuredAgain", w.rule(whoRestsIsKnownUntilMeasuredAgain))
	t.Run("ASecondFeverDefersWithoutPenalty", w.rule(aSecondFeverDefersWithoutPenalty))
	t.Run("ANewFeverWhileTheOtherRestsIsMeasuredAgainToo", w.rule(aNewFeverWhileTheOtherRestsIsMeasuredAgainToo))
	t.Run("ReadingsAreRefusedAllAtOnce", w.rule(readingsAreRefusedAllAtOnce))
	t.Run("WhoIsNotExpectedHereAndTodayIsNotReceived", w.rule(whoIsNotExpectedHereAndTodayIsNotReceived))
}

func whoComesEarlyIsToldWhenToCome(t *testing.T, w *world) {
	more := w.since(`SELECT count(*) FROM visit`)
	number := w.book("10:00")
	w.at("09:29")
	a := arrival(number)
	a.Key = "k1"
	got := w.checkIn(a)
	if want := instant(theDay, "09:30"); got.Outcome != hall.Early || !got.OpensAt.Equal(want) {
		t.Errorf("answered %+v, want early until %s", got, want)
	}
	w.wantStatus(number, booking.Booked)
	more(0, "visits")

	w.at("09:30")
	a = arrival(number, 365, 366)
	a.Key = "k1" // nothing was stored under it
	if got := w.checkIn(a); got.Outcome != hall.Admitted {
		t.Errorf("half an hour before: %s, want admitted", got.Outcome)
	}
}

func TestWhoComesLateKeepsTheDayInWalkInOrder(t *testing.T) {
	w := newWorld(t)
	punctual, late := w.book("09:00"), w.book("09:00")
	w.at("09:29:30")
	if got := w.checkIn(arrival(punctual, 365, 366)); got.Outcome != hall.Admitted {
		t.Errorf("within half an hour: %s, want admitted", got.Outcome)
	}
	w.at("09:30:01")
	got := w.checkIn(arrival(late, 365, 366))
	if got.Outcome != hall.Late || got.Ticket != "B001" {
		t.Errorf("after half an hour: %+v, want late with B001", got)
	}
	w.wantStatus(late, booking.Late)
	if again := w.checkIn(arrival(late, 365, 366)); again.Ticket != got.Ticket {
		t.Errorf("asked again, the ticket is %q, want %q", again.Ticket, got.Ticket)
	}
}

func TestAFeverIsKeptAndTheSecondReadingDecides(t *testing.T) {
	w := newWorld(t)
	number := w.book("09:00")
	w.at("08:50")
	got := w.checkIn(arrival(number, 373, 366))
	if got.Outcome != hall.Recheck || got.Ticket != "" || !cmp.Equal(got.Recheck, []int{1}) {
		t.Errorf("answered %+v, want a recheck of party 1 and no ticket", got)
	}
	if wait := got.RecheckAt.Sub(instant(theDay, "09:00")); wait < 0 || wait > time.Minute {
		t.Errorf("recheck at %s, want ten minutes from 08:50", got.RecheckAt.In(shanghai))
	}
	w.wantStatus(number, booking.Booked)
	w.wantCount(1, "abnormal readings", readings+` WHERE abnormal AND threshold = 373`)

	again := hall.Arrival{Number: number, Office: office, Actor: "hall", Readings: []hall.Reading{{Party: 1, Decicelsius: 372, Device: "T2"}}}
	w.at("08:59")
	_, err := w.CheckIn(t.Context(), again)
	w.wantFault(err, hall.ErrRecheckTooSoon)

	w.at("09:01")
	again.Readings[0].Device = "T1"
	_, err = w.CheckIn(t.Context(), again)
	w.wantFields(err, map[string]string{"readings.0.device": "same_device"})

	again.Readings[0].Device = "T2"
	if got := w.checkIn(again); got.Outcome != hall.Admitted || got.Ticket != "A001" {
		t.Errorf("with a normal second reading: %+v, want admitted with A001", got)
	}
	w.wantCount(3, "readings", readings)
	w.wantCount(1, "superseding readings", readings+` WHERE supersedes IS NOT NULL AND NOT abnormal`)
}

func aSecondFeverDefersWithoutPenalty(t *testing.T, w *world) {
	more := w.since(readings)
	number := w.book("09:00")
	w.checkIn(arrival(number, 373, 380))
	w.at("09:02")
	deferring := arrivalWith("T2", number, 365, 374)
	got := w.checkIn(deferring)
	if diff := cmp.Diff(hall.CheckIn{Outcome: hall.Deferred}, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	w.wantStatus(number, booking.HealthDeferred)
	if again := w.checkIn(deferring); again.Outcome != hall.Deferred {
		t.Errorf("asked again: %s, want deferred", again.Outcome)
	}
	more(4, "readings")
}

func aNewFeverWhileTheOtherRestsIsMeasuredAgainToo(t *testing.T, w *world) {
	number := w.book("09:00")
	w.checkIn(arrival(number, 375, 366))
	w.at("09:05")
	got := w.checkIn(arrivalWith("T2", number, 366, 375))
	if got.Outcome != hall.Recheck || !cmp.Equal(got.Recheck, []int{2}) || got.RecheckAt.Before(instant(theDay, "09:15")) {
		t.Errorf("answered %+v, want a recheck of party 2 at 09:15", got)
	}
	w.at("09:40")
	a := hall.Arrival{Number: number, Office: office, Actor: "hall", Readings: []hall.Reading{{Party: 2, Decicelsius: 366, Device: "T1"}}}
	if got := w.checkIn(a); got.Outcome != hall.Admitted {
		t.Errorf("resting made them %s, want admitted: they stood at the door in time", got.Outcome)
	}
}

func readingsAreRefusedAllAtOnce(t *testing.T, w *world) {
	read := func(party, tenths int, device string) hall.Reading {
		return hall.Reading{Party: party, Decicelsius: tenths, Device: device}
	}
	number := w.book("09:00")
	for _, tt := range []struct {
		fact     string
		readings []hall.Reading
		want     map[string]string
	}{
		{"none", nil, map[string]string{"readings": "required"}},
		{"of one only", []hall.Reading{read(1, 365, "T1")}, map[string]string{"readings": "required"}},
		{"of a third", []hall.Reading{read(1, 365, "T1"), read(2, 365, "T1"), read(3, 365, "T1")}, map[string]string{"readings.2.party": "unknown"}},
		{
			"nobody has and nothing measured",
			[]hall.Reading{read(1, 433, "T1"), read(2, 365, " ")},
			map[string]string{"readings.0.celsius": "range", "readings.1.device": "required"},
		},
		{"of a cold forehead", []hall.Reading{read(1, 349, "T1"), read(2, 365, "T1")}, map[string]string{"readings.0.celsius": "too_low_repeat"}},
		{"twice for no reason", []hall.Reading{read(1, 365, "T1"), read(1, 365, "T1"), read(2, 365, "T1")}, map[string]string{"readings.1.party": "repeated"}},
		{
			"three times",
			[]hall.Reading{read(1, 349, "T1"), read(1, 349, "T1"), read(1, 349, "T1"), read(2, 365, "T1")},
			map[string]string{"readings.2.party": "repeated"},
		},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			w := &world{Desk: w.Desk, t: t}
			more := w.since(readings)
			a := arrival(number)
			a.Readings = tt.readings
			_, err := w.CheckIn(t.Context(), a)
			w.wantFields(err, tt.want)
			more(0, "readings")
		})
	}
}

func TestAColdForeheadCountsOnceItIsMeasuredTwice(t *testing.T) {
	w := newWorld(t)
	w.rules(`{"recheck_minutes": 10}`)
	for _, tt := range []struct {
		second int
		want   hall.Outcome
	}{{348, hall.Admitted}, {363, hall.Admitted}, {373, hall.Recheck}} {
		a := arrival(w.book("09:00"), 349, 365)
		a.Readings = append(a.Readings, hall.Reading{Party: 1, Decicelsius: tt.second, Device: "T1"})
		if got := w.checkIn(a); got.Outcome != tt.want {
			t.Errorf("34.9 and then %s: %s, want %s", hall.FormatCelsius(tt.second), got.Outcome, tt.want)
		}
	}
	w.wantCount(9, "readings", readings)
}

func whoIsNotExpectedHereAndTodayIsNotReceived(t *testing.T, w *world) {
	more := w.since(readings)
	number := w.book("09:00")
	elsewhere := arrival(number, 365, 366)
	elsewhere.Office = "430703"
	_, err := w.CheckIn(t.Context(), elsewhere)
	w.wantFault(err, hall.ErrOtherOffice)

	_, err = w.CheckIn(t.Context(), arrival("99999999", 365, 366))
	w.wantFault(err, booking.ErrNoAppointment)

	for _, day := range []int{19, 21} {
		w.on(date.Date{Year: 2026, Month: time.May, Day: day}, "09:00")
		_, err = w.CheckIn(t.Context(), arrival(number, 365, 366))
		w.wantFault(err, hall.ErrOtherDay)
	}
	w.at("09:00")
	w.move(number, booking.Cancelled)
	_, err = w.CheckIn(t.Context(), arrival(number, 365, 366))
	w.wantFault(err, booking.ErrNotPossible)
	more(0, "readings")
}

func TestWithoutScreeningNoHealthDataIsStored(t *testing.T) {
	w := newWorld(t)
	w.rules(`{"screening": "off"}`)
	a := arrival(w.book("09:00"), 390, 365)
	a.Companions = []hall.Companion{{Reason: "translates", Decicelsius: 390, Device: "T1"}}
	if got := w.checkIn(a); got.Outcome != hall.Admitted || got.Companions != 1 {
		t.Errorf("answered %+v, want admitted with one companion", got)
	}
	w.wantCount(0, "readings", readings)
}

func TestOptionalReadingsAreStoredIfGiven(t *testing.T) {
	w := newWorld(t)
	w.rules(`{"screening": "optional", "fever_decicelsius": 380, "recheck_other_device": false}`)
	if got := w.checkIn(arrival(w.book("09:00"))); got.Outcome != hall.Admitted {
		t.Errorf("not measured: %s, want admitted", got.Outcome)
	}
	number := w.book("09:00")
	if got := w.checkIn(arrival(number, 380)); got.Outcome != hall.Recheck {
		t.Errorf("measured at the office's limit: %s, want recheck", got.Outcome)
	}
	w.wantCount(1, "readings judged by the office's limit", readings+` WHERE threshold = 380 AND abnormal`)
	w.at("09:01")
	_, err := w.CheckIn(t.Context(), arrival(number))
	w.wantFields(err, map[string]string{"readings": "required"})
	if got := w.checkIn(arrival(number, 379)); got.Outcome != hall.Admitted {
		t.Errorf("with the same thermometer, which is allowed here: %s, want admitted", got.Outcome)
	}
}

func TestCompanionsNeedAReasonAndNoFever(t *testing.T) {
	w := newWorld(t)
	w.rules(`{"companions": 1}`)
	number := w.book("09:00")
	a := arrival(number, 365, 366)
	a.Companions = []hall.Companion{{Decicelsius: 365, Device: "T1"}, {Decicelsius: 365, Device: "T1"}, {Reason: "carries"}}
	_, err := w.CheckIn(t.Context(), a)
	w.wantFields(err, map[string]string{"companions.1.reason": "required", "companions.2.celsius": "required"})

	a.Companions = []hall.Companion{{Decicelsius: 365, Device: "T1"}, {Reason: "pushes the wheelchair", Decicelsius: 373, Device: "T1"}}
	got := w.checkIn(a)
	if diff := cmp.Diff(hall.CheckIn{Outcome: hall.Admitted, Ticket: "A001", Companions: 1, TurnedAway: 1}, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	w.wantCount(2, "readings of companions", readings+` WHERE kind = 'companion'`)
}

func whoRestsIsKnownUntilMeasuredAgain(t *testing.T, w *world) {
	number := w.book("09:00")
	resting := func() hall.Rest {
		t.Helper()
		r, err := w.Resting(t.Context(), number)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := resting(); !r.Until.IsZero() {
		t.Errorf("before the arrival the rest is %+v", r)
	}
	c := w.checkIn(arrival(number, 365, 376))
	want := hall.Rest{Until: c.RecheckAt, Parties: []int{2}, Devices: []string{"T1"}}
	if diff := cmp.Diff(want, resting()); diff != "" {
		t.Errorf("resting (-want +got):\n%s", diff)
	}
	w.at("09:30")
	again := hall.Arrival{Number: number, Office: office, Actor: "hall", Readings: []hall.Reading{{Party: 2, Decicelsius: 366, Device: "T2"}}}
	w.checkIn(again)
	if r := resting(); !r.Until.IsZero() {
		t.Errorf("when let in the rest is %+v", r)
	}
}
