package api

import (
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"hunyue/internal/identity"
	"hunyue/server/auth"
)

// withCheckDigits mends the numbers of a couple after their birthdays changed.
func withCheckDigits(t *testing.T, parties string) string {
	t.Helper()
	const digits = "0123456789X"
	for at := 0; at+18 <= len(parties); at++ {
		if parties[at:at+6] != "430799" {
			continue
		}
		for _, d := range digits {
			number := parties[at:at+17] + string(d)
			if _, wrong := identity.ParseDocument(identity.ResidentID, number, time.Now()); wrong == "" {
				parties = parties[:at] + number + parties[at+18:]
			}
		}
	}
	return parties
}

// with is header with another one.
func with(header map[string]string, name, value string) map[string]string {
	both := map[string]string{name: value}
	maps.Copy(both, header)
	return both
}

func TestOnlyStaffOfTheRoleAndOfficeMayEnter(t *testing.T) {
	w := newWorld(t)
	if p := w.refuse(http.StatusUnauthorized, "login_required", fetched("/staff/appointments")); p.Status != 401 {
		t.Errorf("problem %+v", p)
	}
	operator := w.as(auth.Operator)
	w.refuse(http.StatusUnauthorized, "login_failed", asked("/staff/login", `{"username":"operator","password":"wrong-password"}`))
	w.refuse(http.StatusForbidden, "forbidden", sent{"GET", "/manage/offices/430702/schedule", "", operator})
	manager := w.as(auth.Manager)
	w.refuse(http.StatusForbidden, "forbidden", sent{"GET", "/manage/offices/430703/schedule", "", manager})
	w.refuse(http.StatusForbidden, "forbidden", sent{"POST", "/staff/holds", `{"slot":"430703-20260520-0930-marriage","channel":"phone"}`, operator})
	w.refuse(http.StatusForbidden, "forbidden", sent{"GET", "/staff/appointments?office=430703", "", operator})
	w.ask(http.StatusNoContent, sent{"POST", "/staff/logout", "", operator}, nil)
	w.refuse(http.StatusUnauthorized, "login_required", sent{"GET", "/staff/appointments", "", operator})
}

// bookedByPhone is an appointment that an operator made for a caller.
func (w *world) bookedByPhone(slot string) Receipt {
	w.t.Helper()
	operator := w.as(auth.Operator)
	var h Hold
	w.ask(http.StatusCreated, sent{"POST", "/staff/holds", `{"slot":"` + slot + `","channel":"phone","caller":"女方本人"}`, with(operator, keyHeader, uuid.NewString())}, &h)
	body := `{"hold":"` + h.Id.String() + `","service":"marriage","parties":` + w.couple() +
		`,"phone":"0736-7123456","channel":"phone","caller":"女方本人"}`
	header := with(with(operator, tokenHeader, h.Token), keyHeader, uuid.NewString())
	w.refuse(http.StatusForbidden, "hold_foreign", sent{"POST", "/staff/appointments", body, with(with(w.as(auth.Hall), tokenHeader, h.Token), keyHeader, uuid.NewString())})
	var r Receipt
	w.ask(http.StatusCreated, sent{"POST", "/staff/appointments", body, header}, &r)
	return r
}

func TestStaffBookReceiveAndServeACouple(t *testing.T) {
	w := newWorld(t)
	r := w.bookedByPhone(slotAt("0900"))

	var list Appointments
	w.ask(http.StatusOK, sent{"GET", "/staff/appointments?date=2026-05-20", "", w.as(auth.Operator)}, &list)
	if len(list.Appointments) != 1 || list.Appointments[0].Parties[0].Name != "张*" || list.Appointments[0].Channel != ChannelPhone {
		t.Fatalf("list: %+v", list)
	}
	w.ask(http.StatusOK, sent{"POST", "/staff/appointments/search", `{"q":"07367123456"}`, w.as(auth.Operator)}, &list)
	if len(list.Appointments) != 1 || list.Appointments[0].Number != r.Number {
		t.Errorf("found by phone: %+v", list)
	}
	pass := w.api.Desk.DoorPass(r.Number)
	w.ask(http.StatusOK, sent{"GET", "/staff/appointments?q=" + pass, "", w.as(auth.Hall)}, &list)
	if len(list.Appointments) != 1 || list.Appointments[0].Number != r.Number {
		t.Errorf("found by what the QR code holds: %+v", list)
	}
	w.ask(http.StatusOK, sent{"GET", "/staff/appointments?q=" + r.Number + "00000000", "", w.as(auth.Hall)}, &list)
	if len(list.Appointments) != 0 {
		t.Errorf("found by a code that is not ours: %+v", list)
	}

	at := "/staff/appointments/" + r.Number
	receptionist, registrar := w.as(auth.Hall), w.as(auth.Registrar)
	arrival := sent{
		"POST", at + "/check-in",
		`{"readings":[{"party":1,"celsius":"36.5","device":"T1"},{"party":2,"celsius":"36.7","device":"T1"}],"companions":[]}`,
		with(receptionist, keyHeader, uuid.NewString()),
	}
	w.refuse(http.StatusForbidden, "own_reading_missing", arrival)
	for _, who := range []map[string]string{receptionist, registrar} {
		var own OwnReading
		w.ask(http.StatusOK, sent{"POST", "/staff/readings", `{"celsius":"36.4","device":"T9"}`, with(who, keyHeader, uuid.NewString())}, &own)
		if own.Outcome != OwnReadingOutcomeAdmitted {
			t.Fatalf("own reading: %+v", own)
		}
	}
	var arrived Arrival
	w.ask(http.StatusOK, arrival, &arrived)
	if arrived.Outcome != ArrivalOutcomeAdmitted || arrived.Ticket == "" {
		t.Fatalf("arrival: %+v", arrived)
	}
	var turn Turn
	w.ask(http.StatusOK, sent{"POST", at + "/call", `{"counter":"3"}`, registrar}, &turn)
	if turn.Ticket != arrived.Ticket || turn.Status != AppointmentStatusCalled {
		t.Errorf("turn: %+v", turn)
	}
	w.ask(http.StatusOK, sent{"POST", at + "/start", `{"counter":"3"}`, registrar}, &turn)
	w.refuse(http.StatusConflict, "other_counter", sent{"POST", at + "/start", `{"counter":"4"}`, registrar})
	w.refuse(http.StatusUnprocessableEntity, "invalid_input", sent{"POST", at + "/complete", `{}`, registrar})
	var served Served
	w.ask(http.StatusOK, sent{"POST", at + "/complete", `{"certificate_number":"J430702-2026-000123"}`, registrar}, &served)
	if served.Status != AppointmentStatusCompleted || served.Warning != "" {
		t.Errorf("served: %+v", served)
	}
	w.refuse(http.StatusConflict, "not_possible", sent{"POST", at + "/not-accepted", `{"reason":"证件不齐"}`, registrar})
}

func TestAFeverIsAnAnswer(t *testing.T) {
	w := newWorld(t)
	r := w.bookedByPhone(slotAt("0900"))
	receptionist := w.as(auth.Hall)
	w.ask(http.StatusOK, sent{"POST", "/staff/readings", `{"celsius":"34.9","repeat":"36.1","device":"T9"}`, receptionist}, nil)
	at := "/staff/appointments/" + r.Number + "/check-in"
	body := `{"readings":[{"party":1,"celsius":"37.3","device":"T1"},{"party":2,"celsius":"36.7","device":"T1"}]}`
	var arrived Arrival
	w.ask(http.StatusOK, sent{"POST", at, body, with(receptionist, keyHeader, uuid.NewString())}, &arrived)
	if arrived.Outcome != ArrivalOutcomeRecheck || arrived.RecheckAt.IsZero() || len(arrived.Recheck) != 1 {
		t.Errorf("arrival: %+v", arrived)
	}
	w.refuse(http.StatusConflict, "recheck_too_soon", sent{"POST", at, body, with(receptionist, keyHeader, uuid.NewString())})
	p := w.refuse(http.StatusUnprocessableEntity, "invalid_input", sent{"POST", at, `{"readings":[{"party":1,"celsius":"99","device":"T1"}],"companions":[{"celsius":"x"}]}`, receptionist})
	if p.Fields["readings.0.celsius"] != "range" || p.Fields["companions.0.celsius"] != "format" {
		t.Errorf("fields: %v", p.Fields)
	}
	low := w.refuse(http.StatusUnprocessableEntity, "invalid_input", sent{"POST", "/staff/readings", `{"celsius":"34.9","device":"T9"}`, with(w.as(auth.Registrar), keyHeader, "")})
	if low.Fields["celsius"] != "too_low_repeat" {
		t.Errorf("fields: %v", low.Fields)
	}
}

func TestAManagerSchedulesPublishesAndSuspends(t *testing.T) {
	w := newWorld(t)
	manager := w.as(auth.Manager)
	base := "/manage/offices/430702"
	w.ask(http.StatusOK, sent{"GET", base + "/schedule", "", manager}, nil)
	week := `{"slot_minutes":60,"weekdays":{"mon":[{"from":"09:00","to":"12:00","capacity":{"other":0}}]},"capacity":{"marriage":4,"other":2},"caps":{"hall":0},"from":"2026-05-25","dry_run":true}`
	var preview SchedulePreview
	w.ask(http.StatusOK, sent{"PUT", base + "/schedule", week, manager}, &preview)
	if len(preview.Slots) != 3 || preview.Slots[0].Capacity != (Places{Marriage: 4}) {
		t.Errorf("preview: %+v", preview)
	}
	p := w.refuse(http.StatusUnprocessableEntity, "invalid_input", sent{"PUT", base + "/schedule", `{"slot_minutes":60,"weekdays":{"mon":[{"from":"12:00","to":"09:00"}]},"capacity":{"marriage":4}}`, manager})
	if p.Fields["weekdays.mon.0.to"] != "order" {
		t.Errorf("fields: %v", p.Fields)
	}

	publish := `{"from":"2026-05-29","to":"2026-05-31","dry_run":true}`
	var published Published
	w.ask(http.StatusOK, sent{"POST", base + "/publish", publish, manager}, &published)
	if len(published.Days) != 3 || published.PlacesAdded != 36 {
		t.Errorf("would publish %d places on %d days, want 36 on 3", published.PlacesAdded, len(published.Days))
	}
	var capacity Capacity
	w.ask(http.StatusOK, sent{"PUT", base + "/capacity", `{"slot":"` + slotAt("0930") + `","channel":"web","capacity":5,"reason":"增开窗口"}`, manager}, &capacity)
	if capacity.Capacity != 5 || capacity.Excess != 0 {
		t.Errorf("capacity: %+v", capacity)
	}
	w.refuse(http.StatusNotFound, "no_such_slot", sent{"PUT", base + "/capacity", `{"slot":"430703-20260520-0930-marriage","channel":"web","capacity":5,"reason":"x"}`, manager})

	booked := w.book("430702-20260521-0900-marriage", "13800000001")
	stop := `{"from":"2026-05-21","to":"2026-05-22","mode":"full","services":["marriage"],"reason":"疫情防控","notice":"暂停办理","dry_run":true}`
	var suspended Suspended
	w.ask(http.StatusOK, sent{"POST", base + "/suspensions", stop, manager}, &suspended)
	if len(suspended.Appointments) != 1 || suspended.Appointments[0].Number != booked.Number || suspended.Id != 0 {
		t.Errorf("would suspend %+v", suspended)
	}
	real := sent{"POST", base + "/suspensions", stop, manager}
	w.ask(http.StatusOK, real.with(`,"dry_run":true`, ""), &suspended)
	var shown Appointment
	w.ask(http.StatusOK, sent{"GET", "/appointments/" + booked.Number, "", map[string]string{secretHeader: booked.Secret}}, &shown)
	if shown.Status != AppointmentStatusCancelledByOffice {
		t.Errorf("status %s, want cancelled_by_office", shown.Status)
	}
	w.refuse(http.StatusConflict, "suspended", sent{"POST", "/holds", `{"slot":"430702-20260521-0900-marriage"}`, map[string]string{keyHeader: ""}})
}

func TestASuspensionEndsLaterAndEarlier(t *testing.T) {
	w := newWorld(t)
	manager := w.as(auth.Manager)
	all := "/manage/offices/430702/suspensions"
	booked := w.book("430702-20260525-0900-marriage", "13800000002")
	var made Suspended
	w.ask(http.StatusOK, sent{"POST", all, `{"from":"2026-05-21","to":"2026-05-22","mode":"full","reason":"疫情防控","notice":"暂停办理"}`, manager}, &made)
	one := fmt.Sprintf("%s/%d", all, made.Id)

	var amended Amended
	w.ask(http.StatusOK, sent{"PUT", one, `{"to":null,"reason":"疫情未结束","dry_run":true}`, manager}, &amended)
	if len(amended.Appointments) != 1 || amended.Appointments[0].Number != booked.Number || amended.Closed == 0 || amended.Id != 0 {
		t.Errorf("would be extended: %+v", amended)
	}
	w.ask(http.StatusOK, sent{"PUT", one, `{"reason":"疫情未结束"}`, manager}, &amended)
	if len(amended.Appointments) != 1 || amended.Id != made.Id {
		t.Errorf("extended: %+v", amended)
	}
	w.refuse(http.StatusConflict, "suspended", sent{"POST", "/holds", `{"slot":"430702-20260525-0930-marriage"}`, map[string]string{keyHeader: ""}})
	closed := amended.Closed
	w.ask(http.StatusOK, sent{"PUT", one, `{"to":"2026-05-22","reason":"疫情结束"}`, manager}, &amended)
	if amended.Reopened != closed || len(amended.Appointments) != 0 {
		t.Errorf("shortened: %+v, want the %d quotas open again", amended, closed)
	}
	w.hold("430702-20260525-0930-marriage")

	var list struct {
		Suspensions []struct {
			ID      int64
			To      *string
			Changes []struct{ To *string }
		}
	}
	w.ask(http.StatusOK, sent{"GET", all, "", manager}, &list)
	if len(list.Suspensions) != 1 || len(list.Suspensions[0].Changes) != 2 {
		t.Fatalf("listed: %+v", list)
	}
	if s := list.Suspensions[0]; s.ID != made.Id || *s.To != "2026-05-22" || s.Changes[0].To != nil || *s.Changes[1].To != "2026-05-22" {
		t.Errorf("listed: %+v", s)
	}
	w.refuse(http.StatusNotFound, "no_such_suspension", sent{"PUT", all + "/999999999999999999", `{"reason":"x"}`, manager})
}

func TestAManagerPlansASpecialDay(t *testing.T) {
	w := newWorld(t)
	manager := w.as(auth.Manager)
	all := "/manage/offices/430702/exceptions"
	day := all + "/2026-05-23" // a Saturday, in three days
	body := `{"hours":[{"from":"09:00","to":"10:30"}],"slot_minutes":45,"capacity":{"marriage":8,"other":0},"reason":"加开","notice":"周六上午加开","dry_run":true}`
	var preview ExceptionPreview
	w.ask(http.StatusOK, sent{"PUT", day, body, manager}, &preview)
	if len(preview.Slots) != 2 || preview.Slots[1].Capacity != (Places{Marriage: 8}) || preview.TakesEffect != WhenPublished {
		t.Errorf("preview: %+v", preview)
	}
	var found Exceptions
	w.ask(http.StatusOK, sent{"GET", all, "", manager}, &found)
	if len(found.Exceptions) != 0 {
		t.Errorf("the preview has planned %+v", found.Exceptions)
	}
	real := sent{"PUT", day, body, manager}
	w.ask(http.StatusOK, real.with(`,"dry_run":true`, ""), nil)
	w.ask(http.StatusOK, sent{"GET", all + "?from=2026-05-23&to=2026-05-23", "", manager}, &found)
	if len(found.Exceptions) != 1 || found.Exceptions[0].SlotMinutes != 45 || found.Exceptions[0].Notice != "周六上午加开" {
		t.Errorf("planned: %+v", found.Exceptions)
	}
	w.refuse(http.StatusUnprocessableEntity, "invalid_input", sent{"GET", all + "?from=2026-05-23&to=2026-05-22", "", manager})
	var published Published
	w.ask(http.StatusOK, sent{"POST", "/manage/offices/430702/publish", `{"from":"2026-05-23","to":"2026-05-23"}`, manager}, &published)
	if published.PlacesAdded != 16 {
		t.Errorf("published %d places, want 16", published.PlacesAdded)
	}
	w.hold("430702-20260523-0945-marriage")

	late := w.refuse(http.StatusUnprocessableEntity, "invalid_input",
		sent{"PUT", all + "/2026-05-22", `{"hours":[{"from":"08:00","to":"10:00"}],"reason":"加开","notice":"加开"}`, manager})
	if late.Fields["day"] != "too_late" {
		t.Errorf("fields: %v", late.Fields)
	}
	w.ask(http.StatusOK, sent{"PUT", all + "/2026-05-20", `{"hours":[],"reason":"停电","notice":"今日停电"}`, manager}, &preview)
	if len(preview.Slots) != 0 {
		t.Errorf("a closed day has %+v", preview.Slots)
	}
	for range 2 {
		w.ask(http.StatusNoContent, sent{"DELETE", all + "/2026-05-20", "", manager}, nil)
	}
	w.ask(http.StatusOK, sent{"GET", all, "", manager}, &found)
	if len(found.Exceptions) != 1 {
		t.Errorf("left: %+v", found.Exceptions)
	}
}

func TestADayIsClosedOnceAndReported(t *testing.T) {
	w := newWorld(t)
	w.bookedByPhone(slotAt("0900"))
	day := "/manage/offices/430702/days/2026-05-20/close"
	w.refuse(http.StatusConflict, "day_not_over", sent{"POST", day, "", w.as(auth.Manager)})
	w.turnTo(opening.Add(10 * time.Hour))
	manager := w.as(auth.Manager)
	for _, again := range []bool{false, true} {
		var closed DayClosed
		w.ask(http.StatusOK, sent{"POST", day, "", manager}, &closed)
		if closed.NoShows != 1 || closed.AlreadyClosed != again {
			t.Errorf("closed: %+v", closed)
		}
	}
	var report Report
	w.ask(http.StatusOK, sent{"GET", "/manage/offices/430702/reports/2026-05-20", "", w.as(auth.District)}, &report)
	if report.Booked != 1 || report.NoShow != 1 || report.ByChannel["phone"] != 1 {
		t.Errorf("report: %+v", report)
	}
}

func TestTheDailyReportIsSubmitted(t *testing.T) {
	w := newWorld(t)
	w.bookedByPhone(slotAt("0900"))
	day := "/manage/offices/430702/reports/2026-05-20"
	manager := w.as(auth.Manager)
	var first, again Submission
	keyed := with(manager, keyHeader, uuid.NewString())
	w.ask(http.StatusOK, sent{"POST", day + "/submit", `{}`, keyed}, &first)
	if first.Version != 1 || first.ZeroReport || first.Counts.Booked != 1 || first.Standing != SubmissionStandingOnTime || first.Reporter != "staff:manager" {
		t.Errorf("submitted: %+v", first)
	}
	w.bookedByPhone(slotAt("0930"))
	w.ask(http.StatusOK, sent{"POST", day + "/submit", `{}`, keyed}, &again)
	if again.Version != 1 || !again.At.Equal(first.At) || again.Counts.Booked != 1 {
		t.Errorf("with the same key: %+v", again)
	}
	w.refuse(http.StatusUnprocessableEntity, "key_reused", sent{"POST", day + "/submit", `{"remarks":"无"}`, keyed})

	w.turnTo(opening.Add(8 * time.Hour)) // 16:40
	manager = with(w.as(auth.Manager), keyHeader, "")
	correction := `{"zero_report":true,"remarks":"无","differs":{"arrived":{"value":1,"because":"手工登记一对"}}}`
	for range 2 {
		w.ask(http.StatusOK, sent{"POST", day + "/submit", correction, manager}, &again)
		if again.Version != 2 || !again.ZeroReport || again.Standing != SubmissionStandingLate || again.Differs["arrived"].Value != 1 {
			t.Errorf("corrected: %+v", again)
		}
	}
	w.refuse(http.StatusConflict, "not_zero", sent{"POST", day + "/submit", `{"zero_report":true,"differs":{"staff_abnormal":{"value":1,"because":"在家发热"}}}`, manager})
	var report Report
	w.ask(http.StatusOK, sent{"GET", day, "", w.as(auth.District)}, &report)
	if len(report.Submissions) != 2 || report.Submissions[0].Version != 1 || report.Submissions[1].Remarks != "无" || report.Booked != 2 {
		t.Errorf("report: %+v", report)
	}
}
