package web

import (
	"strings"
	"time"

	"hunyue/hall"
)

// offlineScreens is the desk while the server is away, and what is left to settle after.
var offlineScreens = []screen{
	{"D01", "desk", []state{
		{"offline", nil, aloneAtDesk("断网了，照常签到。已存 7 条，连上后自动补传", "Offline. Keep checking in: 7 saved, will sync")},
		{"syncing", nil, aloneAtDesk("恢复中 3/7", "Catching up: 3/7")},
		{"conflict", conflictAtDesk, atDesk("/desk?office=" + desked)},
	}},
	{"D03", "conflicts", []state{
		{"some", conflictAtDesk, atDesk("/desk/conflict?office=" + desked)},
		{"no-word", conflictAtDesk, func(v *guest) {
			atDesk("/desk/conflict?office=" + desked)(v)
			v.send("/desk/conflict")
		}},
		{"none", nil, func(v *guest) { v.atTheDoor(); v.get("/desk/conflict?office=" + unscreened) }},
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

// conflictAtDesk is two check-ins that could not be done afterwards.
func conflictAtDesk(v *guest) {
	v.t.Helper()
	v.gallery.deskMade()
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
