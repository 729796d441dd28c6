package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"hunyue/hall"
)

// offlineScreens is the desk while the server is away, and what is left to settle after.
var offlineScreens = []screen{
	{"D01", "desk", []state{
		{"offline", (*guest).deskThere, aloneAtDesk("断网了，照常签到。已存 7 条，连上后自动补传", "Offline. Keep checking in: 7 saved, will sync")},
		{"syncing", (*guest).deskThere, aloneAtDesk("恢复中 3/7", "Catching up: 3/7")},
		{"conflict", (*guest).deskThere, conflictAtDesk("/desk?office=" + desked)},
	}},
	{"D01", "conflict", []state{
		{"opened", bookedAtDesk(desked, "2026-05-20", "10:30"), openedConflict},
	}},
	{"D03", "conflicts", []state{
		{"some", (*guest).deskThere, conflictAtDesk("/desk/conflict?office=" + desked)},
		{"no-word", (*guest).deskThere, conflictAtDesk("/desk/conflict?office="+desked, func(v *guest) { v.send("/desk/conflict") })},
		{"none", (*guest).deskThere, atDesk("/desk/conflict?office=" + desked)},
	}},
}

// aloneAtDesk is the page that the browser has kept, with what its script says.
func aloneAtDesk(zh, en string) func(*guest) {
	return func(v *guest) {
		v.t.Helper()
		atDesk("/desk/shell?office=" + desked)(v)
		says := map[bool]string{true: zh, false: en}[strings.Contains(v.body, `lang="zh-CN"`)]
		v.body = strings.Replace(v.body, `<p id="away" class="notice" role="status" hidden></p>`, `<p id="away" class="notice" role="status">`+says+`</p>`, 1)
	}
}

// conflictAtDesk is a page with two check-ins that could not be done afterwards. They
// are settled once it was seen, since other screens are of the same office.
func conflictAtDesk(path string, then ...func(*guest)) func(*guest) {
	return func(v *guest) {
		v.t.Helper()
		atDesk(path)(v)
		v.unsettle()
		v.get(path)
		for _, f := range then {
			f(v)
		}
		open, err := v.Hall.Conflicts(v.t.Context(), desked)
		for _, c := range open {
			if err == nil {
				err = v.Hall.Settle(v.t.Context(), desked, c.ID, "test", "test")
			}
		}
		if err != nil {
			v.t.Fatal(err)
		}
	}
}

func (v *guest) unsettle() {
	v.t.Helper()
	at := v.Clock.Now().Add(-20 * time.Minute)
	for _, d := range []hall.Deed{
		{Kind: hall.Receive, Staff: "door", Arrival: hall.Arrival{Number: "26052038", Key: "first-" + newKey(), Ticket: "C004"}},
		{Kind: hall.GoIn, Staff: "door", Arrival: hall.Arrival{Number: "26052046", Key: "second-" + newKey()}},
	} {
		d.Office, d.Actor, d.At = desked, "staff:door", at
		if r, err := v.Hall.Replay(v.t.Context(), d); err != nil || !r.Conflict {
			v.t.Fatal(r, err)
		}
	}
}

// deskThere makes the office, if no other screen has.
func (v *guest) deskThere() {
	v.t.Helper()
	v.gallery.deskMade()
}

// openedConflict is a couple that was told it may go on, and was too early.
func openedConflict(v *guest) {
	v.t.Helper()
	v.atTheDoor()
	at := v.Clock.Now().Add(-20 * time.Minute)
	d := hall.Deed{Kind: hall.Receive, Staff: "door", Said: hall.Admitted, Arrival: hall.Arrival{
		Number: v.number, Office: desked, Actor: "staff:door", Key: "opened-" + newKey(), At: at,
		Readings: []hall.Reading{{Party: 1, Decicelsius: 365, Device: "T1"}, {Party: 2, Decicelsius: 366, Device: "T1"}},
	}}
	r, err := v.Hall.Replay(v.t.Context(), d)
	if err != nil || !r.Conflict {
		v.t.Fatal(r, err)
	}
	open, err := v.Hall.Conflicts(v.t.Context(), desked)
	for _, c := range open {
		if err == nil && c.Number == v.number {
			v.get(fmt.Sprintf("/desk/conflict/%d?office=%s", c.ID, desked)).want(http.StatusOK)
			err = v.Hall.Settle(v.t.Context(), desked, c.ID, "test", "test")
		}
	}
	if err != nil {
		v.t.Fatal(err)
	}
}
