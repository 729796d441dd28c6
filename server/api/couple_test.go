package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hunyue/server/auth"
)

func TestACoupleBooksLooksAndCancels(t *testing.T) {
	w := newWorld(t)
	var offices Offices
	w.ask(http.StatusOK, fetched("/offices"), &offices)
	if len(offices.Offices) != 1 || offices.Offices[0].Timezone != "Asia/Shanghai" || len(offices.Offices[0].Services) != 2 {
		t.Errorf("offices: %+v", offices)
	}
	var days Days
	w.ask(http.StatusOK, fetched("/offices/430702/days?service=marriage"), &days)
	if len(days.Days) != 31 || days.Days[0].State != DayStateOpen || days.Days[0].Remaining != 6 {
		t.Errorf("%d days, the first %+v; want 31, open with 6", len(days.Days), days.Days[0])
	}
	var day Slots
	w.ask(http.StatusOK, fetched("/offices/430702/slots?service=marriage&date=2026-05-21"), &day)
	if len(day.Slots) != 2 || day.Slots[0].Id != "430702-20260521-0900-marriage" {
		t.Fatalf("slots: %+v", day)
	}
	if got := day.Slots[0].StartsAt.Format(time.RFC3339); got != "2026-05-21T09:00:00+08:00" {
		t.Errorf("a slot starts at %s", got)
	}

	receipt := w.book(day.Slots[0].Id, "13800000001")
	if receipt.Status != AppointmentStatusBooked || receipt.Office != office || receipt.StartsAt.Format(time.RFC3339) != "2026-05-21T09:00:00+08:00" {
		t.Errorf("receipt: %+v", receipt)
	}
	at := "/appointments/" + receipt.Number
	secret := map[string]string{secretHeader: receipt.Secret}
	var shown Appointment
	w.ask(http.StatusOK, sent{"GET", at, "", secret}, &shown)
	want := []string{"张*", "李*", "430***********003X", "138****0001"}
	if got := []string{shown.Parties[0].Name, shown.Parties[1].Name, shown.Parties[0].Document.Number, shown.Phone}; !cmp.Equal(want[:2], got[:2]) ||
		!strings.HasPrefix(got[2], "430***") || got[3] != want[3] {
		t.Errorf("shown as %v, want it masked as %v", got, want)
	}
	w.refuse(http.StatusNotFound, "no_such_appointment", sent{"GET", at, "", map[string]string{secretHeader: "AAAAAAAAAAAAAAAAAAAAAA"}})
	w.refuse(http.StatusNotFound, "no_such_appointment", sent{"GET", "/appointments/99999999", "", secret})

	cancel := sent{"POST", at + "/cancel", `{"phone_code":"` + someCode + `"}`, secret}
	w.turnTo(opening.Add(2 * time.Minute)) // codes are a minute apart
	w.code("13800000001")
	w.refuse(http.StatusUnprocessableEntity, "code_wrong", cancel.with(someCode, "654321"))
	w.ask(http.StatusOK, cancel, &shown)
	if shown.Status != AppointmentStatusCancelled {
		t.Errorf("status %s, want cancelled", shown.Status)
	}
	w.ask(http.StatusOK, cancel, &shown) // twice is the same as once
}

func TestABookingSentAgainIsTheSameBooking(t *testing.T) {
	w := newWorld(t)
	h := w.hold(slotAt("0930"))
	w.code("13800000001")
	request := application(h, w.couple(), "13800000001")
	var first, second Receipt
	w.ask(http.StatusCreated, request, &first)
	w.ask(http.StatusCreated, request, &second)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the second answer differs (-first +second):\n%s", diff)
	}
	w.refuse(http.StatusUnprocessableEntity, "key_reused", request.with("张三", "张三丰"))
}

func TestAHoldIsItsHoldersAlone(t *testing.T) {
	w := newWorld(t)
	h, other := w.hold(slotAt("0930")), w.hold(slotAt("0930"))
	at := "/holds/" + h.Id.String()
	mine, theirs := map[string]string{tokenHeader: h.Token}, map[string]string{tokenHeader: other.Token}
	w.refuse(http.StatusForbidden, "hold_foreign", sent{"DELETE", at, "", theirs})
	w.refuse(http.StatusForbidden, "hold_foreign", sent{"DELETE", at, "", map[string]string{tokenHeader: "made-up"}})
	w.refuse(http.StatusForbidden, "hold_foreign", sent{"POST", at + "/extend", "", theirs})

	w.turnTo(opening.Add(time.Minute))
	var longer Hold
	w.ask(http.StatusOK, sent{"POST", at + "/extend", "", mine}, &longer)
	if !longer.ExpiresAt.After(h.ExpiresAt) || longer.Id != h.Id {
		t.Errorf("extended from %s to %s", h.ExpiresAt, longer.ExpiresAt)
	}
	w.ask(http.StatusNoContent, sent{"DELETE", at, "", mine}, nil)
	w.ask(http.StatusNoContent, sent{"DELETE", at, "", mine}, nil)
	w.code("13800000001")
	w.refuse(http.StatusConflict, "hold_expired", application(longer, w.couple(), "13800000001"))
}

func TestAFullSlotAndOneThatIsNotThereAreRefused(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.hold(slotAt("0930"))
	}
	w.refuse(http.StatusConflict, "slot_full", sent{"POST", "/holds", `{"slot":"` + slotAt("0930") + `"}`, map[string]string{keyHeader: ""}})
	w.refuse(http.StatusNotFound, "no_such_slot", asked("/holds", `{"slot":"`+slotAt("0700")+`"}`))
	w.refuse(http.StatusNotFound, "no_such_slot", asked("/holds", `{"slot":"`+slotAt("0970")+`"}`))
	w.refuse(http.StatusNotFound, "no_such_office", fetched("/offices/999999/days?service=marriage"))
}

func TestNothingIsStoredOfAWrongBooking(t *testing.T) {
	w := newWorld(t)
	h := w.hold(slotAt("0930"))
	w.code("13800000001")
	parties := `[{"name":"X","document":{"type":"resident_id","number":"430799199003070015"}},
		{"name":"李四","sex":"male","birth_date":"1990-03-08","document":{"type":"resident_id","number":"430799199003070022"}}]`
	p := w.refuse(http.StatusUnprocessableEntity, "invalid_input", application(h, parties, "0736-7123456"))
	want := map[string]string{
		"parties.0.name": "characters", "parties.0.document.number": "check_digit",
		"parties.1.sex": "contradiction", "parties.1.birth_date": "contradiction", "phone": "not_mobile",
	}
	if diff := cmp.Diff(want, p.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	young := strings.Replace(w.couple(), "19900307", "20060521", 1) // 20 tomorrow
	young = withCheckDigits(t, young)
	if got := w.refuse(http.StatusUnprocessableEntity, "invalid_input", application(h, young, "13800000001")).Fields; got["parties.0.birth_date"] != "under_age" {
		t.Errorf("somebody too young is told %v", got)
	}
	passport := `[{"name":"Anna Example","document":{"type":"passport","number":"E00000001"}},
		{"name":"李四","document":{"type":"resident_id","number":"430799199003070022"}}]`
	got := w.refuse(http.StatusUnprocessableEntity, "invalid_input", application(h, passport, "13800000001")).Fields
	if diff := cmp.Diff(map[string]string{"parties.0.sex": "required", "parties.0.birth_date": "required"}, got); diff != "" {
		t.Errorf("a passport without sex and birth date (-want +got):\n%s", diff)
	}
	var n int
	if err := w.api.Desk.DB.Get(&n, `SELECT (SELECT count(*) FROM appointment) + (SELECT count(*) FROM party) + (SELECT count(*) FROM idempotency)`); err != nil {
		t.Fatal(err)
	}
	if n != 0 {
		t.Errorf("%d rows were stored", n)
	}
}

func TestAPersonHasOneActiveAppointment(t *testing.T) {
	w := newWorld(t)
	couple := w.couple()
	w.code("13800000001")
	w.ask(http.StatusCreated, application(w.hold(slotAt("0930")), couple, "13800000001"), nil)
	w.code("13800000002")
	w.refuse(http.StatusConflict, "person_busy", application(w.hold(slotAt("0930")), couple, "13800000002"))
}

// Neither who of the two it is nor why, to the byte; and not even the couple's own
// phone makes a difference here.
func TestEveryReasonWhyAPersonCannotBookIsAnsweredAlike(t *testing.T) {
	w := newWorld(t)
	first := w.couple()
	var theirs, others [2]json.RawMessage
	if err := errors.Join(json.Unmarshal([]byte(first), &theirs), json.Unmarshal([]byte(w.couple()), &others)); err != nil {
		t.Fatal(err)
	}
	w.code("13800000001")
	w.ask(http.StatusCreated, application(w.hold(slotAt("0930")), first, "13800000001"), nil)
	w.turnTo(opening.Add(2 * time.Minute))
	bodies := map[string]string{}
	for _, asked := range []struct{ what, parties, phone string }{
		{"he", fmt.Sprintf("[%s,%s]", theirs[0], others[1]), "13800000011"},
		{"she", fmt.Sprintf("[%s,%s]", others[0], theirs[1]), "13800000012"},
		{"both", first, "13800000013"},
		{"they ask themselves", first, "13800000001"},
	} {
		w.code(asked.phone)
		var body json.RawMessage
		w.ask(http.StatusConflict, application(w.hold(slotAt("0930")), asked.parties, asked.phone), &body)
		bodies[string(body)] += asked.what + "; "
	}
	for body, who := range bodies {
		if len(bodies) != 1 || !strings.Contains(body, `"person_busy"`) {
			t.Errorf("%s are answered %s", who, body)
		}
	}
}

func TestACoupleDeletesItsData(t *testing.T) {
	w := newWorld(t)
	r := w.book("430702-20260521-0900-marriage", "13800000001")
	w.turnTo(opening.Add(2 * time.Minute))
	w.code("13800000001")
	erase := sent{"POST", "/appointments/" + r.Number + "/erase", `{"phone_code":"` + someCode + `"}`, map[string]string{secretHeader: r.Secret}}
	w.refuse(http.StatusConflict, "not_possible", erase)
	cancel := erase
	cancel.path = "/appointments/" + r.Number + "/cancel"
	w.ask(http.StatusOK, cancel, nil) // the code was not used up
	wrong := erase
	wrong.body = `{"phone_code":"000000"}`
	w.refuse(http.StatusUnprocessableEntity, "code_expired", wrong)
	w.turnTo(opening.Add(4 * time.Minute))
	w.code("13800000001")
	w.refuse(http.StatusUnprocessableEntity, "code_wrong", wrong)
	for range 2 {
		var gone Appointment
		w.ask(http.StatusOK, erase, &gone)
		if !gone.DataErased || len(gone.Parties) != 0 || gone.Phone != "" || gone.Status != AppointmentStatusCancelled {
			t.Errorf("after the deletion: %+v", gone)
		}
	}
	w.ask(http.StatusOK, cancel, nil) // it is cancelled, as before
	var found Appointments
	w.ask(http.StatusOK, sent{"GET", "/staff/appointments?date=2026-05-21", "", w.as(auth.Operator)}, &found)
	if len(found.Appointments) != 1 || !found.Appointments[0].DataErased {
		t.Errorf("staff find %+v", found.Appointments)
	}
}

func TestAnAppointmentIsMoved(t *testing.T) {
	w := newWorld(t)
	r := w.book("430702-20260521-0900-marriage", "13800000001")
	h := w.hold("430702-20260522-0930-marriage")
	w.turnTo(opening.Add(2 * time.Minute))
	w.code("13800000001")
	var moved Appointment
	w.ask(http.StatusOK, sent{
		"POST", "/appointments/" + r.Number + "/reschedule",
		`{"hold":"` + h.Id.String() + `","phone_code":"` + someCode + `"}`,
		map[string]string{secretHeader: r.Secret, tokenHeader: h.Token},
	}, &moved)
	if got := moved.StartsAt.Format(time.RFC3339); got != "2026-05-22T09:30:00+08:00" || moved.Status != AppointmentStatusBooked {
		t.Errorf("moved to %s as %s", got, moved.Status)
	}
}

func TestACodeIsSentToAMobileOnceAMinute(t *testing.T) {
	w := newWorld(t)
	w.code("13800000001")
	p := w.refuse(http.StatusTooManyRequests, "code_too_soon", unkeyed("/phone-codes", `{"phone":"+86 138-0000-0001"}`))
	if p.RetryAfter < 1 || p.RetryAfter > 60 {
		t.Errorf("wait %d s, want up to 60", p.RetryAfter)
	}
	keyed := sent{"POST", "/phone-codes", `{"phone":"13800000002"}`, map[string]string{keyHeader: "k1"}}
	for range 2 {
		w.ask(http.StatusAccepted, keyed, nil)
	}
	keyed.body = `{"phone":"13800000003"}`
	w.refuse(http.StatusUnprocessableEntity, "key_reused", keyed)
	got := w.refuse(http.StatusUnprocessableEntity, "invalid_input", asked("/phone-codes", `{"phone":"0736-7123456"}`)).Fields
	if diff := cmp.Diff(map[string]string{"phone": "not_mobile"}, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestARangeOfDaysIsBounded(t *testing.T) {
	w := newWorld(t)
	for query, want := range map[string]string{
		"from=2026-05-22&to=2026-05-21": "order",
		"from=2026-05-20&to=2026-09-01": "too_many",
	} {
		p := w.refuse(http.StatusUnprocessableEntity, "invalid_input", fetched("/offices/430702/days?service=marriage&"+query))
		if p.Fields["to"] != want {
			t.Errorf("%s: fields %v, want to: %s", query, p.Fields, want)
		}
	}
	p := w.refuse(http.StatusUnprocessableEntity, "invalid_input", fetched("/offices/430702/days?service=ceremony"))
	if p.Fields["service"] != "not_offered" {
		t.Errorf("a service that the office has not: %v", p.Fields)
	}
}
