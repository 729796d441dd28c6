package web

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/server/auth"
	"hunyue/slots"
)

// consoleScreens is the console of the operators.
var consoleScreens = []screen{
	{"O02", "console", []state{
		{"idle", nil, called()},
		{"ringing-known", booked(ordinary, "2026-05-27", "09:00"), func(v *guest) { v.ring().want(http.StatusOK) }},
		{"ringing-missed", missedTwice, func(v *guest) { v.ring().want(http.StatusOK) }},
		{"ringing-unknown", nil, called("q", "13900009999")},
		{"search-none", nil, called("q", "97979797")},
		{"search-unknown", nil, func(v *guest) {
			v.onLine().step("enter", "q", "43079919900307001").want(http.StatusUnprocessableEntity)
		}},
		{"search-many", func(v *guest) {
			booked(ordinary, "2026-06-05", "09:00", "parties.0.name", "欧阳修远")(v)
			v.later(2 * time.Minute)
			booked(ordinary, "2026-06-05", "09:30", append(v.others(), "parties.0.name", "欧阳修远")...)(v)
			v.gallery.town.at(earlier)
		}, called("q", "oyxy")},
		{"commands", nil, called("q", ">")},
		{"slots", nil, called("q", "0527")},
		{"slots-full", nil, func(v *guest) {
			v.gallery.fillPhone(may(26))
			v.onLine().step("enter", "date", "0526").want(http.StatusOK)
		}},
		{"day-error", nil, func(v *guest) { v.onLine().step("enter", "date", "0230").want(http.StatusUnprocessableEntity) }},
		{"holding", nil, func(v *guest) { v.held("2026-05-28", "09:00") }},
		{"holding-known", cancelledLater, func(v *guest) {
			v.ring().want(http.StatusOK)
			v.pick("2026-05-28", "09:00")
		}},
		{"id-error", nil, func(v *guest) {
			v.held("2026-05-28", "09:30")
			v.step("enter", v.inputs("parties.0.document.number", "43079919900307001", "parties.1.document.number", "430799199003070013")...).
				want(http.StatusUnprocessableEntity)
		}},
		{"restricted", missedTwice, func(v *guest) {
			v.ring()
			v.pick("2026-05-28", "10:00")
			v.step("save", agreed()...).want(http.StatusUnprocessableEntity)
		}},
		{"duplicate", booked(ordinary, "2026-05-27", "10:00"), func(v *guest) {
			v.held("2026-05-28", "10:30")
			v.step("save", v.inputs()...).want(http.StatusConflict)
		}},
		{"changing", booked(ordinary, "2026-05-27", "10:30"), func(v *guest) {
			v.ring()
			v.step("change").want(http.StatusOK)
			v.pick("2026-05-29", "09:00")
		}},
		{"saved", cancelledLater, func(v *guest) {
			v.savedCall()
			v.drain()
			v.step("look").want(http.StatusOK)
		}},
		{"sms-failed", cancelledLater, func(v *guest) {
			v.savedCall()
			if _, err := v.db.ExecContext(v.t.Context(), `UPDATE outbox SET state = 'failed' WHERE state = 'pending' AND topic = 'message'`); err != nil {
				v.t.Fatal(err)
			}
			v.step("look").want(http.StatusOK)
		}},
		{"parked", nil, func(v *guest) {
			v.onLine().step("enter", "q", v.phone())
			v.pick("2026-06-01", "09:00")
			v.step("park", v.inputs("phone", "")...).want(http.StatusOK)
		}},
		{"offline", nil, func(v *guest) {
			v.held("2026-06-01", "09:30")
			v.step("enter", v.inputs("phone", "")...).want(http.StatusOK)
			v.away("10:31")
		}},
	}},
}

// called is the console after one thing was looked up.
func called(typed ...string) func(*guest) {
	return func(v *guest) {
		v.t.Helper()
		v.onLine()
		if len(typed) > 0 {
			v.step("enter", typed...)
		}
		v.want(http.StatusOK)
	}
}

// onLine is the console of an operator.
func (v *guest) onLine() *guest {
	v.t.Helper()
	v.as(auth.Operator).get("/call").want(http.StatusOK)
	return v
}

// step presses a button of the console, with what is typed before.
func (v *visitor) step(step string, typed ...string) *visitor {
	v.t.Helper()
	return v.send("/call", append(typed, "step", step)...)
}

// ring is the console when their phone calls.
func (v *guest) ring() *visitor {
	v.t.Helper()
	return v.onLine().step("enter", "q", v.phone())
}

// pick holds a place.
func (v *visitor) pick(day, clock string) {
	v.t.Helper()
	v.step("enter", "date", day).want(http.StatusOK)
	v.step("hold:" + slotOf(ordinary, day, clock)).want(http.StatusOK)
}

// held is a place held for a caller whom nobody knows.
func (v *guest) held(day, clock string) {
	v.t.Helper()
	v.onLine().step("enter", "q", "13900008888")
	v.pick(day, clock)
}

// agreed is what the caller has agreed to.
func agreed() []string {
	return []string{"consents.agreement", agreementVersion, "consents.privacy", privacyVersion}
}

// savedCall is a booking of a caller who is known.
func (v *guest) savedCall() {
	v.t.Helper()
	v.ring()
	v.pick("2026-06-02", "09:00")
	v.step("save", agreed()...).want(http.StatusOK)
}

func (v *guest) drain() {
	v.t.Helper()
	if err := v.worker.Drain(v.t.Context()); err != nil {
		v.t.Fatal(err)
	}
}

// cancelledLater is an appointment that the two have given back: they are known.
func cancelledLater(v *guest) {
	v.t.Helper()
	booked(ordinary, "2026-05-25", "10:00")(v)
	a, err := v.Desk.At(v.t.Context(), v.number, func(string) bool { return true })
	if err == nil {
		_, err = v.Desk.Cancel(v.t.Context(), booking.Change{Appointment: a, Staff: true, Reason: "test", Actor: "test"})
	}
	if err != nil {
		v.t.Fatal(err)
	}
}

// missedTwice is a couple that has missed two appointments, and cannot book online.
func missedTwice(v *guest) {
	v.t.Helper()
	for _, clock := range []string{"10:00", "10:30"} {
		booked(ordinary, "2026-05-19", clock)(v)
		_, err := v.db.ExecContext(v.t.Context(), `SELECT end_appointment(id, 'no_show', NULL, 'test') FROM appointment WHERE number = $1`, v.number)
		if err != nil {
			v.t.Fatal(err)
		}
		v.later(2 * time.Minute)
	}
	v.gallery.town.at(earlier)
}

// fillPhone holds every place of a day for callers.
func (g *gallery) fillPhone(day date.Date) {
	g.t.Helper()
	g.fillVia(ordinary, day, slots.Phone)
}

// away is the page as it is while the server is away: what its script would do.
func (v *guest) away(since string) {
	v.t.Helper()
	v.body = regexp.MustCompile(`(<p class="offline" role="status") hidden>`).ReplaceAllString(v.body, "$1>")
	v.body = strings.Replace(v.body, "{time}", since, 1)
}
