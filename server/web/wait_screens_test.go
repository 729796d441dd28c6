package web

import (
	"net/http"
	"strings"

	"hunyue/booking"
)

// waitScreens is what a couple sees whose day is full.
var waitScreens = []screen{
	{"P10", "the waiting list", []state{
		{"form", nil, func(v *guest) { v.waitForm("2026-05-26") }},
		{"form-errors", nil, func(v *guest) {
			v.waitForm("2026-05-26")
			v.send("/o/"+waited+"/wait/check", v.inputs("wishes.0", "", "parties.0.name", "", "phone", "110", "consents.privacy", "")...).
				want(http.StatusUnprocessableEntity)
		}},
		{"code", nil, func(v *guest) {
			v.waitForm("2026-05-26")
			v.send("/o/"+waited+"/wait/check", v.inputs()...).want(http.StatusOK)
		}},
		{"joined", nil, func(v *guest) { v.joined("2026-05-26") }},
		{"hit", booked(waited, "2026-05-27", "09:00"), func(v *guest) { v.offered("2026-05-27") }},
		{"expired", nil, func(v *guest) {
			v.joined("2026-05-26")
			if _, err := v.db.Exec(`SELECT set_actor('system'); UPDATE waiter SET state = 'expired' WHERE number = '` + v.number + `'`); err != nil {
				v.t.Fatal(err)
			}
			v.get("/w/" + v.number).want(http.StatusOK)
		}},
		{"left", nil, func(v *guest) {
			v.joined("2026-05-26")
			v.send("/w/" + v.number + "/leave").want(http.StatusOK)
		}},
	}},
}

// waitForm is the form for a day that is sold out.
func (v *guest) waitForm(day string) {
	v.t.Helper()
	n := 26
	if day == "2026-05-27" {
		n = 27
	}
	v.gallery.fill(waited, may(n))
	v.get("/o/" + waited + "/wait?date=" + day).want(http.StatusOK)
}

// joined is on the list for a day.
func (v *guest) joined(day string, changes ...string) {
	v.t.Helper()
	v.waitForm(day)
	v.send("/o/"+waited+"/wait/check", v.inputs(changes...)...).want(http.StatusOK)
	v.send("/o/"+waited+"/wait/join", "code", v.code()).want(http.StatusOK)
	v.number = strings.TrimPrefix(v.URL.Path, "/w/")
}

// offered is on the list when the place that somebody else has booked is given back.
func (v *guest) offered(day string) {
	v.t.Helper()
	a, err := v.Desk.At(v.t.Context(), v.number, func(string) bool { return true })
	if err != nil {
		v.t.Fatal(err)
	}
	v.joined(day, v.others()...)
	_, err = v.Desk.Cancel(v.t.Context(), booking.Change{Appointment: a, Actor: "test", Staff: true, Reason: "test"})
	if err == nil {
		_, err = v.db.Exec(`UPDATE cooling SET until = clock_now() WHERE offer IS NULL AND quota_id LIKE '` + waited + `%'`)
	}
	if err == nil {
		err = v.Desk.Warm(v.t.Context())
	}
	if err != nil {
		v.t.Fatal(err)
	}
	v.get("/w/" + v.number).want(http.StatusOK)
}
