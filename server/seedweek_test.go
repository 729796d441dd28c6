package main

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"hunyue/slots"
)

// week is the story of February 2020: an office whose registrations were
// suspended from the 3rd to the 9th after the new year (domain section 0).
type week struct {
	*world
	inside  []doc // booked in the days that are suspended, by time
	phones  []string
	first   []doc // the parties of the first of them on the web
	after   []doc // booked on the 10th: one completes, one has a fever, one does not come
	theirs  []string
	feverer []doc // the parties of the second
	last    doc   // booked on the 14th
}

func weekSlot(day, hhmm string) string {
	return here + "-" + strings.ReplaceAll(day, "-", "") + "-" + hhmm + "-marriage"
}

// The article's story, through nothing but the API.
func TestSeedWeek(t *testing.T) {
	w := &week{world: newWorld(t, "2020-02-01T09:00:00+08:00", true)}
	w.opens(here, slots.DefaultRules())
	w.publishTwoWeeks()
	w.couplesBook()
	w.suspendSevenDays()
	w.everyDayIsReported()
	w.turnTo("2020-02-10T08:40:00+08:00")
	w.staffAreMeasured()
	w.oneCoupleIsMarried()
	w.oneHasAFever()
	w.theDayCloses()
	w.check()
	if log := w.logged.String(); strings.Contains(log, `"level":"ERROR"`) || strings.Contains(log, `"level":"WARN"`) {
		t.Errorf("logged: %s", log)
	}
}

// ordinary is the office's week: two hours a day, and an hour on Sundays so
// that the last day of the suspension has couples too.
func ordinary(more doc) doc {
	morning := []doc{{"from": "09:00", "to": "11:00"}}
	schedule := doc{
		"slot_minutes": 30, "capacity": doc{"marriage": 10}, "from": "2020-02-03",
		"weekdays": doc{
			"mon": morning, "tue": morning, "wed": morning, "thu": morning, "fri": morning,
			"sun": []doc{{"from": "09:00", "to": "10:00"}},
		},
	}
	maps.Copy(schedule, more)
	return schedule
}

// A schedule is tried and set, and two weeks are tried and published. The
// holidays of 2020 are not in our data, so that this has to be said expressly.
func (w *week) publishTwoWeeks() {
	const office = "/manage/offices/" + here
	manager := w.as("manager")
	tried := w.want(http.StatusOK, "PUT", office+"/schedule", ordinary(doc{"dry_run": true}), manager...)
	if n := len(list(tried, "slots")); n != 22 {
		w.t.Errorf("the first week would have %d times, want 22", n)
	}
	w.refused(http.StatusConflict, "no_schedule", "GET", office+"/schedule?date=2020-02-03", nil, manager...)
	if set := w.want(http.StatusOK, "PUT", office+"/schedule", ordinary(nil), manager...); !cmp.Equal(tried, set) {
		w.t.Errorf("the effect is not the preview: %s", cmp.Diff(tried, set))
	}
	if minutes := w.want(http.StatusOK, "GET", office+"/schedule?date=2020-02-03", nil, manager...)["slot_minutes"]; minutes != 30.0 {
		w.t.Errorf("the schedule that holds has times of %v minutes", minutes)
	}

	weeks := doc{"from": "2020-02-03", "to": "2020-02-16", "dry_run": true}
	w.refused(http.StatusConflict, "calendar_unconfirmed", "POST", office+"/publish", weeks, manager...)
	weeks["confirm_unpublished_calendar"] = true
	preview := w.want(http.StatusOK, "POST", office+"/publish", weeks, manager...)
	if preview["places_added"] != 440.0 || preview["places_removed"] != 0.0 {
		w.t.Errorf("%v places would be added and %v removed, want 440 and 0", preview["places_added"], preview["places_removed"])
	}
	w.days("before", "closed", "closed", "closed", "closed", "closed", "closed", "closed", "closed")
	delete(weeks, "dry_run")
	if done := w.want(http.StatusOK, "POST", office+"/publish", weeks, manager...); !cmp.Equal(preview, done) {
		w.t.Errorf("the effect is not the preview: %s", cmp.Diff(preview, done))
	}
	w.days("published", "closed", "open", "open", "open", "open", "closed", "open", "open") // Monday's lead has passed
	if again := w.want(http.StatusOK, "POST", office+"/publish", weeks, manager...); again["places_added"] != 0.0 {
		w.t.Errorf("publishing again adds %v places", again["places_added"])
	}
}

// days wants the eight days from the 3rd to stand so for the public.
func (w *week) days(when string, states ...string) {
	w.t.Helper()
	got := w.want(http.StatusOK, "GET", "/offices/"+here+"/days?service=marriage&from=2020-02-03&to=2020-02-10", nil)
	if diff := cmp.Diff(states, texts(list(got, "days"), "state")); diff != "" {
		w.t.Errorf("%s, the days (-want +got):\n%s", when, diff)
	}
}

// Couples book on the web and by phone, some of them in days that will be
// suspended: on the first, on the last and between.
func (w *week) couplesBook() {
	w.inside = append(w.inside, w.bookByPhone(weekSlot("2020-02-03", "0900")))
	for i, slot := range []string{weekSlot("2020-02-04", "0900"), weekSlot("2020-02-07", "1030"), weekSlot("2020-02-09", "0930")} {
		couple, phone := w.couple()
		if i == 0 {
			w.first = couple
		}
		w.phones = append(w.phones, phone)
		w.inside = append(w.inside, w.book(slot, couple, phone))
	}
	for i, slot := range []string{weekSlot("2020-02-10", "0900"), weekSlot("2020-02-10", "0930")} {
		couple, phone := w.couple()
		if i == 1 {
			w.feverer = couple
		}
		w.theirs = append(w.theirs, phone)
		w.after = append(w.after, w.book(slot, couple, phone))
	}
	w.after = append(w.after, w.bookByPhone(weekSlot("2020-02-10", "1000")))
	couple, phone := w.couple()
	w.last = w.book(weekSlot("2020-02-14", "0900"), couple, phone)
	if at := word(w.last, "starts_at"); at != "2020-02-14T09:00:00+08:00" || word(w.last, "status") != "booked" {
		w.t.Errorf("booked: %v", w.last)
	}
}

// bookByPhone books for a couple who call.
func (w *week) bookByPhone(slot string) doc {
	w.t.Helper()
	couple, phone := w.couple()
	hold := w.want(http.StatusCreated, "POST", "/staff/holds", doc{"slot": slot, "channel": "phone", "caller": "新郎本人"}, w.as("operator")...)
	body := application(hold, couple, phone, "")
	delete(body, "phone_code")
	maps.Copy(body, doc{"channel": "phone", "caller": "新郎本人"})
	return w.want(http.StatusCreated, "POST", "/staff/appointments", body,
		w.as("operator", "Hold-Token", word(hold, "token"), "Idempotency-Key", uuid.NewString())...)
}

// On the 2nd the office is suspended from the 3rd to the 9th. A dry run shows
// whom it concerns and does nothing; the effect cancels exactly these (domain
// rules 56 and 59). Who only holds a place does not get in any more.
func (w *week) suspendSevenDays() {
	w.turnTo("2020-02-02T10:00:00+08:00")
	couple, phone := w.couple()
	held := w.hold(weekSlot("2020-02-05", "0900"))
	confirm := application(held, couple, phone, w.code(phone))

	const suspensions = "/manage/offices/" + here + "/suspensions"
	closing := doc{
		"from": "2020-02-03", "to": "2020-02-09", "mode": "full", "reason": "疫情防控",
		"notice": "2月3日至9日暂停办理婚姻登记。", "dry_run": true,
	}
	tried := w.want(http.StatusOK, "POST", suspensions, closing, w.as("manager")...)
	if diff := cmp.Diff(texts(w.inside, "number"), texts(list(tried, "appointments"), "number")); diff != "" {
		w.t.Errorf("concerned (-booked in it +shown):\n%s", diff)
	}
	w.stand(w.inside, "booked")
	delete(closing, "dry_run")
	done := w.want(http.StatusOK, "POST", suspensions, closing, w.as("manager")...)
	if !cmp.Equal(done["appointments"], tried["appointments"]) || done["closed"] != tried["closed"] {
		w.t.Errorf("suspended %v, the preview was %v", done, tried)
	}
	w.stand(w.inside, "cancelled_by_office")
	w.stand(append(slices.Clone(w.after), w.last), "booked")
	w.days("suspended", "suspended", "suspended", "suspended", "suspended", "suspended", "suspended", "suspended", "open")

	w.refused(http.StatusConflict, "suspended", "POST", "/appointments", confirm, "Hold-Token", word(held, "token"), "Idempotency-Key", uuid.NewString())
	w.refused(http.StatusConflict, "suspended", "POST", "/holds", doc{"slot": weekSlot("2020-02-06", "0900")})
	w.refused(http.StatusConflict, "suspended", "POST", "/staff/holds", doc{"slot": weekSlot("2020-02-06", "0900"), "channel": "phone"}, w.as("operator")...)
	w.toldAndFree()
}

// stand wants appointments to have a status.
func (w *week) stand(all []doc, status string) {
	w.t.Helper()
	for _, booked := range all {
		if got := w.status(booked); got != status {
			w.t.Errorf("%v, booked for %v, is %s, want %s", booked["number"], booked["starts_at"], got, status)
		}
	}
}

// toldAndFree wants those who were cancelled to be told, nobody else, and to be
// free to book another day.
func (w *week) toldAndFree() {
	w.drain()
	for _, phone := range w.phones {
		if m := w.messages(phone)[0]; m["kind"] != "cancelled_by_office" || !strings.Contains(word(m, "text"), "不计爽约") {
			w.t.Errorf("told last: %v", m)
		}
	}
	for _, phone := range w.theirs {
		if m := w.messages(phone)[0]; m["kind"] != "booked" {
			w.t.Errorf("somebody whom it does not concern was told: %v", m)
		}
	}
	w.stand([]doc{w.book(weekSlot("2020-02-11", "0900"), w.first, w.phones[0])}, "booked")
}

// While nobody is received, every day is reported and none has a no-show.
func (w *week) everyDayIsReported() {
	booked := map[string]float64{"2020-02-03": 1, "2020-02-04": 1, "2020-02-07": 1, "2020-02-09": 1}
	for _, day := range []string{"2020-02-03", "2020-02-04", "2020-02-05", "2020-02-06", "2020-02-07", "2020-02-08", "2020-02-09"} {
		w.turnTo(day + "T17:30:00+08:00")
		office, manager := "/manage/offices/"+here, w.as("manager")
		if day == "2020-02-08" { // no hours on Saturday: the day ends at midnight
			w.refused(http.StatusConflict, "day_not_over", "POST", office+"/days/"+day+"/close", nil, manager...)
		} else if closed := w.want(http.StatusOK, "POST", office+"/days/"+day+"/close", nil, manager...); closed["no_shows"] != 0.0 || closed["open"] != 0.0 {
			w.t.Errorf("closed %s: %v", day, closed)
		}
		w.counts(day, map[string]float64{"booked": booked[day], "cancelled_by_office": booked[day]})
		report := office + "/reports/" + day
		if filed := w.want(http.StatusOK, "POST", report+"/submit", doc{"zero_report": true}, manager...); filed["standing"] != "late" || filed["version"] != 1.0 {
			w.t.Errorf("reported %s at half past five: %v", day, filed)
		}
		if all := list(w.want(http.StatusOK, "GET", report, nil, manager...), "submissions"); len(all) != 1 || all[0]["zero_report"] != true {
			w.t.Errorf("reports of %s: %v", day, all)
		}
	}
	w.stand(w.inside, "cancelled_by_office")
}

// counts wants the figures of a day's report; those that are not named are 0.
func (w *week) counts(day string, want map[string]float64) {
	w.t.Helper()
	report := w.want(http.StatusOK, "GET", "/manage/offices/"+here+"/reports/"+day, nil, w.as("manager")...)
	got := map[string]float64{}
	for name, value := range report {
		if n, ok := value.(float64); ok && n != 0 {
			got[name] = n
		}
	}
	maps.DeleteFunc(want, func(_ string, n float64) bool { return n == 0 })
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("report of %s (-want +got):\n%s", day, diff)
	}
}

// readings is what the two of a couple are measured at.
func readings(first, second string) doc {
	return doc{"readings": []doc{
		{"party": 1, "celsius": first, "device": "T1"}, {"party": 2, "celsius": second, "device": "T1"},
	}}
}

// visit is the address of something that staff do with an appointment.
func visit(booked doc, what string) string {
	return "/staff/appointments/" + word(booked, "number") + "/" + what
}

// On the 10th staff are measured before they receive anybody; 37.2 is normal.
func (w *week) staffAreMeasured() {
	w.refused(http.StatusForbidden, "own_reading_missing", "POST", visit(w.after[0], "check-in"), readings("36.5", "36.5"), w.as("hall")...)
	for username, celsius := range map[string]string{"hall": "36.4", "registrar": "37.2"} {
		own := w.want(http.StatusOK, "POST", "/staff/readings", doc{"celsius": celsius, "device": "T1"}, w.as(username)...)
		if own["outcome"] != "admitted" {
			w.t.Errorf("%s with %s: %v", username, celsius, own)
		}
	}
}

func (w *week) oneCoupleIsMarried() {
	married := w.after[0]
	w.refused(http.StatusConflict, "not_possible", "POST", visit(married, "complete"), doc{"certificate_number": "J430702-2020-000001"}, w.as("registrar")...)
	arrived := w.want(http.StatusOK, "POST", visit(married, "check-in"), readings("36.5", "37.2"), w.as("hall")...)
	if arrived["outcome"] != "admitted" || arrived["ticket"] != "A001" {
		w.t.Errorf("at the door: %v", arrived)
	}
	for _, step := range []struct{ what, status string }{{"call", "called"}, {"start", "in_service"}} {
		turn := w.want(http.StatusOK, "POST", visit(married, step.what), doc{"counter": "3"}, w.as("registrar")...)
		if turn["status"] != step.status || turn["ticket"] != "A001" || turn["counter"] != "3" {
			w.t.Errorf("%s: %v", step.what, turn)
		}
	}
	for range 2 { // the second time changes nothing
		done := w.want(http.StatusOK, "POST", visit(married, "complete"), doc{"certificate_number": "J430702-2020-000001"}, w.as("registrar")...)
		if done["status"] != "completed" || word(done, "warning") != "" {
			w.t.Errorf("completed: %v", done)
		}
	}
	w.refused(http.StatusConflict, "already_completed", "POST", visit(married, "complete"), doc{"certificate_number": "J430702-2020-000002"}, w.as("registrar")...)
}

// 37.3 twice, ten minutes and a thermometer apart, defers a couple. It is no
// no-show, and they may book again at once (domain rules 51, 65 and 66).
func (w *week) oneHasAFever() {
	w.turnTo("2020-02-10T09:10:00+08:00")
	feverish := visit(w.after[1], "check-in")
	arrived := w.want(http.StatusOK, "POST", feverish, readings("36.6", "37.3"), w.as("hall")...)
	if arrived["outcome"] != "recheck" || !cmp.Equal(arrived["recheck"], []any{2.0}) || !strings.HasPrefix(word(arrived, "recheck_at"), "2020-02-10T09:20:") {
		w.t.Errorf("with 37.3: %v", arrived)
	}
	again := doc{"readings": []doc{{"party": 2, "celsius": "37.3", "device": "T2"}}}
	soon := w.refused(http.StatusConflict, "recheck_too_soon", "POST", feverish, again, w.as("hall")...)
	if wait, _ := soon["retry_after"].(float64); wait < 590 || wait > 600 {
		w.t.Errorf("measured again after %v seconds, want ten minutes", soon["retry_after"])
	}
	w.stand(w.after[1:2], "booked")
	w.turnTo("2020-02-10T09:21:00+08:00")
	again["readings"] = []doc{{"party": 2, "celsius": "37.3", "device": "T1"}}
	same := w.refused(http.StatusUnprocessableEntity, "invalid_input", "POST", feverish, again, w.as("hall")...)
	if !cmp.Equal(same["fields"], any(doc{"readings.0.device": "same_device"})) {
		w.t.Errorf("with the same thermometer: %v", same)
	}
	again["readings"] = []doc{{"party": 2, "celsius": "37.3", "device": "T2"}}
	if arrived := w.want(http.StatusOK, "POST", feverish, again, w.as("hall")...); arrived["outcome"] != "deferred" {
		w.t.Errorf("with 37.3 again: %v", arrived)
	}
	w.stand(w.after[1:2], "health_deferred")
	w.drain()
	if m := w.messages(w.theirs[1])[0]; m["kind"] != "health_deferred" || !strings.Contains(word(m, "text"), "不计爽约") {
		w.t.Errorf("told last: %v", m)
	}
	w.stand([]doc{w.book(weekSlot("2020-02-12", "0900"), w.feverer, w.theirs[1])}, "booked")
}

func (w *week) theDayCloses() {
	const closing = "/manage/offices/" + here + "/days/2020-02-10/close"
	w.refused(http.StatusConflict, "day_not_over", "POST", closing, nil, w.as("manager")...)
	w.turnTo("2020-02-10T11:30:00+08:00")
	closed := w.want(http.StatusOK, "POST", closing, nil, w.as("manager")...)
	want := doc{
		"office": here, "date": "2020-02-10", "no_shows": 1.0, "deferred": 1.0, "open": 0.0,
		"already_closed": false, "closed_at": closed["closed_at"],
	}
	if diff := cmp.Diff(want, closed); diff != "" {
		w.t.Errorf("closed (-want +got):\n%s", diff)
	}
	want["already_closed"] = true
	if diff := cmp.Diff(want, w.want(http.StatusOK, "POST", closing, nil, w.as("manager")...)); diff != "" {
		w.t.Errorf("closed again (-want +got):\n%s", diff)
	}
	w.counts("2020-02-10", map[string]float64{
		"booked": 3, "arrived": 2, "completed": 1, "deferred": 1, "no_show": 1,
		"measured": 4, "abnormal": 1, "staff_measured": 2,
	})
	const report = "/manage/offices/" + here + "/reports/2020-02-10/submit"
	w.refused(http.StatusConflict, "not_zero", "POST", report, doc{"zero_report": true}, w.as("manager")...)
	if filed := w.want(http.StatusOK, "POST", report, doc{}, w.as("manager")...); filed["standing"] != "on_time" || filed["zero_report"] != false {
		w.t.Errorf("reported before noon: %v", filed)
	}
	w.stand(w.after[:1], "completed")
	w.stand(w.after[1:2], "health_deferred")
	w.stand(w.after[2:], "no_show")
	w.stand([]doc{w.last}, "booked")
	w.stand(w.inside, "cancelled_by_office")
}
