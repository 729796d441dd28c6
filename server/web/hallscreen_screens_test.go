package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
)

// hallScreens is the screen on the wall of a hall. It has one theme, and no stream
// here, so that a state stays as it is while it is looked at.
var hallScreens = []screen{
	{"D04", "hall screen", []state{
		{"quiet", nil, onTheWall("?voice=off", 0, 0, -1)},
		{"new-call", nil, onTheWall("?voice=off", 2, 3, -1)},
		{"six", nil, onTheWall("?voice=off", 9, 17, 8)},
		{"muted", nil, onTheWall("?start=off", 6, 5, -1)},
		{"stale", nil, func(v *guest) {
			onTheWall("?voice=off", 6, 5, -1)(v)
			v.body = strings.Replace(v.body, "<body", `<body class="stale"`, 1) // as the script does after 15 seconds
		}},
		{"closed", nil, func(v *guest) {
			v.gallery.town.at("2026-05-20 17:30")
			onTheWall("?voice=off", 0, 0, -1)(v)
		}},
		{"start", nil, onTheWall("", 6, 5, -1)},
	}},
	{"P06l", "the place in the line", []state{
		{"outside", booked(ordinary, "2026-05-20", "10:00"), func(v *guest) {
			v.arrive()
			v.sql(`UPDATE line_place SET inside = false; UPDATE hall_day SET room = inside`)
			v.own("").want(http.StatusOK)
			v.still()
		}},
		{"come-in", booked(ordinary, "2026-05-20", "10:00"), func(v *guest) {
			v.arrive()
			v.sql(`UPDATE line_place SET inside = false; UPDATE hall_day SET room = NULL`)
			v.own("").want(http.StatusOK)
			v.still()
		}},
		{"parked", booked(ordinary, "2026-05-20", "10:00"), func(v *guest) {
			v.arrive()
			v.sql(`UPDATE line_place SET parked = true; UPDATE hall_day SET room = NULL`)
			v.own("").want(http.StatusOK)
			v.still()
		}},
	}},
	{"P02h", "today at the hall", []state{
		{"room", nil, crowdedDay(7, 4, -1)},
		{"full", nil, crowdedDay(7, 12, 6)},
	}},
}

// onTheWall is the screen of an office after so many calls, while so many wait, with
// room for so many.
func onTheWall(how string, calls, waiting, room int) func(*guest) {
	return func(v *guest) {
		v.t.Helper()
		v.whileSo(calls, waiting, room, "/screen/"+ordinary+how)
		v.still()
	}
}

// crowdedDay is the page of days and times on such a day.
func crowdedDay(calls, waiting, room int) func(*guest) {
	return func(v *guest) {
		v.t.Helper()
		v.whileSo(calls, waiting, room, "/o/"+ordinary)
	}
}

// whileSo shows a page while the hall is as it is said to be.
func (v *guest) whileSo(calls, waiting, room int, path string) {
	v.t.Helper()
	h := v.gallery.hub
	real := h.read
	defer func() { h.read = real }()
	v.later(3 * time.Second) // what was read before is too old
	h.read = func(ctx context.Context, id string, _ seen) (seen, error) {
		office, err := v.Offices.Office(ctx, id)
		now := v.Clock.Now().In(shanghai)
		hours, noHours := v.hoursOf(ctx, office, date.DateOf(now))
		b := crowd(now, calls, waiting, room)
		return seen{Board: b, shows: v.wallOf(office, now, b, hours), id: "1"}, errors.Join(err, noHours)
	}
	v.get(path).want(http.StatusOK)
}

// still takes the stream away from a page, so that it stays as it is.
func (v *guest) still() { v.body = events.ReplaceAllString(v.body, "") }

var events = regexp.MustCompile(` data-events="[^"]*"`)

// crowd is a board with made-up couples. Every third waits in walk-in order.
func crowd(now time.Time, calls, waiting, room int) hall.Board {
	b := hall.Board{Line: hall.Line{Room: room}}
	for i := range calls {
		if i < 6 {
			b.Calls = append(b.Calls, hall.Turn{Ticket: ticketNo(calls - i), Counter: fmt.Sprint(1 + i%4), At: now.Add(-time.Duration(i*150+3) * time.Second)})
		}
	}
	for i := range waiting {
		b.Couples = append(b.Couples, hall.InLine{Number: "1", Ticket: ticketNo(calls + 1 + i), Status: booking.CheckedIn, Inside: true})
	}
	if b.Inside = room; room < 0 {
		b.Inside = waiting
	}
	if calls > 4 {
		b.Pace = 3 * time.Minute
	}
	return b
}

func ticketNo(n int) string { return fmt.Sprintf("%s%03d", []string{"A", "A", "B"}[n%3], 10+n) }
