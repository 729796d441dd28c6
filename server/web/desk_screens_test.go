package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/server/auth"
	"hunyue/slots"
)

// deskScreens is the desk at the door, and the ticket that it gives out.
var deskScreens = []screen{
	{"D01", "desk", []state{
		{"ready-empty", bookedAtDesk(desked, "2026-05-20", "09:30"), atDesk("/desk?office=" + desked)},
		{"ok", bookedAtDesk(desked, "2026-05-20", "10:00"), shownAtDesk},
		{"nojs", bookedAtDesk(desked, "2026-05-20", "10:00"), func(v *guest) { atDesk("/desk/" + v.number)(v) }},
		{"outside", bookedAtDesk(desked, "2026-05-20", "10:00"), func(v *guest) { v.receivedAtDesk(normal...) }},
		{"early", bookedAtDesk(desked, "2026-05-20", "10:30"), shownAtDesk},
		{"late", bookedAtDesk(desked, "2026-05-20", "09:00"), shownAtDesk},
		{"wrong-day", bookedAtDesk(desked, "2026-05-22", "09:00"), shownAtDesk},
		{"already", bookedAtDesk(desked, "2026-05-20", "10:00"), func(v *guest) {
			v.gallery.deskOpened()
			v.receivedAtDesk(normal...)
			shownAtDesk(v)
		}},
		{"checked-in", bookedAtDesk(desked, "2026-05-20", "10:00"), func(v *guest) { v.receivedAtDesk(normal...) }},
		{"cancelled", bookedAtDesk(desked, "2026-05-20", "10:00"), func(v *guest) {
			v.sql(`SELECT end_appointment(id, 'cancelled', NULL, 'test') FROM appointment WHERE number = '` + v.number + `'`)
			shownAtDesk(v)
		}},
		{"other-hall", booked(longNamed, "2026-05-20", "10:00"), func(v *guest) { v.scanAtDesk(v.Desk.DoorPass(v.number)) }},
		{"not-found", nil, func(v *guest) { v.scanAtDesk("2605203847561029") }},
		{"several", nil, func(v *guest) { v.scanAtDesk("zs") }},
		{"walk-in", (*guest).deskThere, func(v *guest) {
			a, err := v.Desk.WalkIn(v.t.Context(), booking.WalkIn{Office: desked, Service: "marriage", Actor: "staff:door"})
			if err != nil {
				v.t.Fatal(err)
			}
			v.number = a.Number
			v.receivedAtDesk(normal...)
		}},
		{"noted", bookedAtDesk(desked, "2026-05-20", "10:00"), func(v *guest) {
			if _, err := v.Hall.Note(v.t.Context(), hall.Arrival{Number: v.number, Office: desked, Actor: "kiosk:door"}); err != nil {
				v.t.Fatal(err)
			}
			shownAtDesk(v)
		}},
		{"temp-odd", bookedAtDesk(desked, "2026-05-20", "10:00"), func(v *guest) {
			v.measuredAtDesk(http.StatusUnprocessableEntity, "reading.1", "29.8", "reading.2", "36.6", "device", "T1")
		}},
		{"temp-high", bookedAtDesk(desked, "2026-05-20", "10:00"), func(v *guest) {
			v.receivedAtDesk("reading.1", "36.5", "reading.2", "37.5", "device", "T1")
		}},
		{"temp-recheck", bookedAtDesk(desked, "2026-05-20", "10:00"), func(v *guest) {
			v.gallery.town.at("2026-05-20 09:30")
			v.receivedAtDesk("reading.1", "36.5", "reading.2", "37.5", "device", "T1")
			v.gallery.freeze()
			shownAtDesk(v)
		}},
		{"queue", nil, atDesk("/desk?office=" + desked)},
		{"temp-off", bookedAtDesk(unscreened, "2026-05-20", "10:00"), shownAtDesk},
		{"scanner-blocked", nil, func(v *guest) {
			atDesk("/desk?office=" + unscreened)(v)
			v.body = strings.Replace(v.body, `class="blocked" hidden`, `class="blocked"`, 1)
		}},
	}},
	{"D02", "ticket", []state{
		{"default", bookedAtDesk(desked, "2026-05-20", "10:00"), func(v *guest) {
			v.receivedAtDesk(normal...)
			v.get("/desk/ticket/" + v.number).want(http.StatusOK)
		}},
		{"reprint", bookedAtDesk(desked, "2026-05-20", "10:00"), func(v *guest) {
			v.receivedAtDesk(normal...)
			v.get("/desk/ticket/" + v.number).send("/desk/ticket/" + v.number).want(http.StatusOK)
			v.get("/desk/ticket/" + v.number).send("/desk/ticket/" + v.number).want(http.StatusOK)
		}},
	}},
}

// The offices of the desk: one that measures everybody, and one that does not.
const (
	desked     = "430781"
	unscreened = "430782"
)

// normal is what is typed for a couple without a fever.
var normal = []string{"reading.1", "36.5", "reading.2", "36.6", "device", "T1"}

// bookedAtDesk is the way to an appointment there.
func bookedAtDesk(office, day, clock string) func(*guest) {
	return func(v *guest) {
		v.t.Helper()
		v.gallery.deskMade()
		booked(office, day, clock)(v)
	}
}

// deskMade makes the two offices and who works at their doors, once.
func (g *gallery) deskMade() {
	g.t.Helper()
	ctx := g.t.Context()
	if _, err := g.Offices.Office(ctx, desked); err == nil {
		return
	}
	for id, name := range map[string][2]string{
		desked: {"津市市婚姻登记处", "Jinshi Marriage Registry"}, unscreened: {"津市市新洲婚姻登记处", "Jinshi Xinzhou Marriage Registry"},
	} {
		err := g.Offices.PutOffice(ctx, slots.Office{
			ID: id, Name: name[0], NameEN: name[1], Address: "试验路 3 号", Phone: "0736-7250005", Services: []slots.Service{{ID: "marriage"}},
		}, "test")
		if err != nil {
			g.t.Fatal(err)
		}
		g.opened(id)
		g.roomy(id)
	}
	rules := slots.DefaultRules()
	rules.HoldSeconds, rules.Screening = 1800, slots.ScreeningOff
	if err := g.Offices.SetRules(ctx, unscreened, may(20), rules, "test", "test"); err != nil {
		g.t.Fatal(err)
	}
	_, err := g.Accounts.AddUser(ctx, "test", auth.NewUser{Username: "door", Password: password, Roles: []string{auth.Hall}, Offices: []string{desked, unscreened}})
	if err != nil {
		g.t.Fatal(err)
	}
}

// deskOpened opens counters enough for all that are received, once.
func (g *gallery) deskOpened() {
	g.t.Helper()
	line, err := g.Hall.Line(g.t.Context(), desked, may(20))
	for n := len(line.Counters) + 1; err == nil && n <= 4; n++ {
		err = g.Hall.OpenCounter(g.t.Context(), hall.Press{Office: desked, Counter: strconv.Itoa(n), Actor: "staff:registrar"})
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

// roomy gives an office places for all the couples of the gallery.
func (g *gallery) roomy(id string) {
	g.t.Helper()
	ctx, day := g.t.Context(), []slots.Period{{From: 9 * 60, To: 11 * 60}}
	err := g.Offices.PutSchedule(ctx, id, may(18), slots.Template{
		SlotMinutes: 30, Capacity: slots.Capacity{slots.Marriage: 40},
		Weekdays: slots.Week{"mon": day, "tue": day, "wed": day, "thu": day, "fri": day},
	}, "test")
	if err == nil {
		_, err = g.Desk.Publish(ctx, id, may(18), date.Date{Year: 2026, Month: 5, Day: 29}, slots.PublishOptions{}, "test")
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

// atTheDoor signs the guest in as whoever works there, who has been found healthy.
func (v *guest) atTheDoor() {
	v.t.Helper()
	here, err := url.Parse(v.server.URL)
	if err != nil {
		v.t.Fatal(err)
	}
	g := v.gallery
	if g.signedIn == nil {
		g.signedIn = map[string][]*http.Cookie{}
	}
	if g.signedIn["door"] == nil {
		_, err := g.Hall.RecordStaff(v.t.Context(), hall.StaffReading{
			Staff: "door", Office: desked, Actor: "door", Readings: []hall.Reading{{Party: 1, Decicelsius: 364, Device: "T1"}},
		})
		if err != nil {
			v.t.Fatal(err)
		}
		for _, cookie := range g.visitor().signIn("door").client.Jar.Cookies(here) {
			if cookie.Name != "lang" {
				g.signedIn["door"] = append(g.signedIn["door"], cookie)
			}
		}
	}
	v.client.Jar.SetCookies(here, g.signedIn["door"])
}

// atDesk is a page as it is seen there.
func atDesk(path string) func(*guest) {
	return func(v *guest) {
		v.t.Helper()
		v.atTheDoor()
		v.get(path).want(http.StatusOK)
	}
}

// shownAtDesk is their card beside the list, as the script puts it there.
func shownAtDesk(v *guest) {
	v.t.Helper()
	atDesk("/desk/" + v.number)(v)
	v.onTheDesk()
}

// onTheDesk puts the card of a page into the desk.
func (v *guest) onTheDesk() {
	v.t.Helper()
	card := cardOf.FindString(v.body)
	v.get("/desk?office=" + v.place()).want(http.StatusOK)
	v.body = cardOf.ReplaceAllLiteralString(v.body, card)
}

var cardOf = regexp.MustCompile(`(?s)<section id="card".*?</section>`)

// place is the office of their appointment.
func (v *guest) place() string {
	v.t.Helper()
	a, err := v.Desk.At(v.t.Context(), v.number, func(string) bool { return true })
	if err != nil {
		v.t.Fatal(err)
	}
	return a.Office
}

// scanAtDesk looks for something that nobody here has.
func (v *guest) scanAtDesk(typed string) {
	v.t.Helper()
	atDesk("/desk?office=" + desked)(v)
	v.send("/desk/find", "q", typed).want(http.StatusOK)
}

// receivedAtDesk is their card after they were measured.
func (v *guest) receivedAtDesk(typed ...string) {
	v.t.Helper()
	v.measuredAtDesk(http.StatusOK, typed...)
}

// measuredAtDesk is their card after that was tried.
func (v *guest) measuredAtDesk(status int, typed ...string) {
	v.t.Helper()
	atDesk("/desk/" + v.number)(v)
	v.send("/desk/"+v.number+"/check-in", typed...).want(status)
	v.onTheDesk()
}
