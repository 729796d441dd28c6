package web

import "net/http"

// kioskScreens is a device at which couples help themselves.
var kioskScreens = []screen{
	{"D06", "kiosk", []state{
		{"ask", counterMade, func(v *guest) { v.get("/kiosk/" + halled).want(http.StatusForbidden) }},
		{"set-up", counterMade, func(v *guest) {
			v.atTheHall()
			v.get("/desk/kiosk?office=" + halled).want(http.StatusOK)
		}},
		{"ready", counterMade, func(v *guest) { v.atKiosk() }},
		{"ok", seatedLater, func(v *guest) {
			v.atKiosk()
			v.kiosk("check-in", "number", v.number).want(http.StatusOK)
		}},
		{"ok-walk-in", counterMade, func(v *guest) {
			v.atKiosk()
			v.kiosk("walk-in", "service", "marriage").want(http.StatusOK)
		}},
		{"full", counterMade, func(v *guest) {
			v.atKiosk()
			v.kiosk("walk-in", "service", "reissue_marriage").want(http.StatusOK)
		}},
		{"to-be-measured", bookedAtDesk(desked, "2026-05-20", "10:00"), func(v *guest) {
			v.makesKiosk(desked)
			v.kiosk("check-in", "number", v.number).want(http.StatusOK)
		}},
		{"unknown", counterMade, func(v *guest) {
			v.atKiosk()
			v.kiosk("check-in", "number", "12").want(http.StatusOK)
		}},
		{"help", counterMade, func(v *guest) {
			v.atKiosk()
			v.kiosk("help").want(http.StatusOK)
		}},
		{"timeout", counterMade, func(v *guest) {
			v.atKiosk()
			v.get("/kiosk/" + halled + "?over=1").want(http.StatusOK)
		}},
	}},
}

// atKiosk makes a kiosk of the guest's browser, with an account of its own: whoever
// does so is signed out.
func (v *guest) atKiosk() {
	v.t.Helper()
	v.makesKiosk(halled)
	v.get("/kiosk/" + halled).want(http.StatusOK)
}
