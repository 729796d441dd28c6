package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/server/auth"
	"hunyue/slots"
)

// windowScreens is what those see who sit at a counter. Each couple has a counter of
// its own, so that all of them are in one hall.
var windowScreens = []screen{
	{"D03", "counter", []state{
		{"shut", counterMade, func(v *guest) { v.atCounter() }},
		{"idle", counterMade, func(v *guest) { v.pressed("open") }},
		{"calling", seatedLater, func(v *guest) { v.calledHere() }},
		{"no-show", seatedLater, func(v *guest) {
			v.calledHere()
			v.sql(`UPDATE line_place SET calls = 3 WHERE counter = '` + v.ownCounter() + `'`)
			v.atCounter()
		}},
		{"serving", seatedLater, func(v *guest) { v.servedHere() }},
		{"errors", seatedLater, func(v *guest) {
			v.servedHere()
			v.press("complete", "certificate_number", "12").want(http.StatusUnprocessableEntity)
		}},
		{"complete", seatedLater, func(v *guest) {
			v.servedHere()
			v.press("complete", "certificate_number", v.serial()).want(http.StatusOK)
		}},
		{"cert-dup", seatedLater, func(v *guest) {
			v.servedHere()
			v.press("complete", "certificate_number", "000009").want(http.StatusUnprocessableEntity)
		}},
		{"cert-gap", seatedLater, func(v *guest) {
			v.servedHere()
			v.press("complete", "certificate_number", "000900").want(http.StatusUnprocessableEntity)
		}},
		{"undo", seatedLater, func(v *guest) {
			v.servedHere()
			v.press("complete", "certificate_number", v.serial()).want(http.StatusOK)
			v.press("undo").want(http.StatusOK)
		}},
		{"fail-reason", seatedLater, func(v *guest) {
			v.servedHere()
			v.press("refusing").want(http.StatusOK)
		}},
		{"fail-reason-error", nil, func(v *guest) {
			seatedLater(v)
			v.servedHere()
			v.press("refusing").press("refuse", "refusal", "other").want(http.StatusUnprocessableEntity)
		}},
		{"refused", seatedLater, func(v *guest) {
			v.servedHere()
			v.press("refusing").press("refuse", "refusal", "photos").want(http.StatusOK)
		}},
		{"walk-in", counterMade, func(v *guest) {
			v.walkedIn()
			v.calledHere()
		}},
		{"parked", seatedLater, func(v *guest) {
			v.calledHere()
			v.press("park").want(http.StatusOK)
		}},
		{"unmasked", seatedLater, func(v *guest) {
			v.calledHere()
			v.press("unmask", "unmask", "compare").want(http.StatusOK)
		}},
		{"closing", counterMade, func(v *guest) {
			v.atTheHall()
			v.gallery.town.at("2026-05-20 15:45")
			v.get("/window?office=" + halled).want(http.StatusOK)
		}},
		{"correction", seatedLater, func(v *guest) {
			v.servedHere()
			v.press("complete", "certificate_number", v.serial()).want(http.StatusOK)
			v.get("/desk/" + v.number + "/certificate").want(http.StatusOK)
			v.send("/desk/"+v.number+"/certificate", "certificate_number", fmt.Sprintf("J430727-2026-%06d", 500+10*v.n), "reason", "录入错误").want(http.StatusOK)
		}},
	}},
	{"D07", "walk-in", []state{
		{"form", counterMade, func(v *guest) {
			v.atTheHall()
			v.get("/desk/walk-in?office=" + halled).want(http.StatusOK)
		}},
		{"given", counterMade, func(v *guest) {
			v.atTheHall()
			v.get("/desk/walk-in?office="+halled).send("/desk/walk-in", "service", "marriage").want(http.StatusOK)
		}},
		{"full", counterMade, func(v *guest) {
			v.atTheHall()
			v.get("/desk/walk-in?office="+halled).send("/desk/walk-in", "service", "reissue_marriage").want(http.StatusConflict)
		}},
		{"convert", seatedLater, func(v *guest) {
			v.atTheHall()
			v.get("/desk/walk-in?from=" + v.number).want(http.StatusOK)
		}},
	}},
}

// halled is the office of the gallery whose counters are seen. Nobody is measured
// there, and its counter places are kept for those who walk in.
const halled = "430727"

// counterMade makes the office and those who work there, once.
func counterMade(v *guest) {
	v.t.Helper()
	g := v.gallery
	if _, err := g.Offices.Office(v.t.Context(), halled); err == nil {
		return
	}
	ctx := g.t.Context()
	rules := slots.DefaultRules()
	rules.Screening, rules.KeepShares, rules.HoldSeconds = slots.ScreeningOff, true, 1800
	day := []slots.Period{{From: 9 * 60, To: 11 * 60}, {From: 14 * 60, To: 16 * 60}}
	err := errors.Join(
		g.Offices.PutOffice(ctx, slots.Office{
			ID: halled, Name: "津市市婚姻登记处", NameEN: "Jinshi Marriage Registry", Address: "试验路 3 号", Phone: "0736-7250005",
			Services: []slots.Service{{ID: "marriage"}, {ID: "reissue_marriage"}},
		}, "test"),
		g.Offices.SetRules(ctx, halled, may(18), rules, "test", "test"),
		g.Offices.PutSchedule(ctx, halled, may(18), slots.Template{
			SlotMinutes: 60, Capacity: slots.Capacity{slots.Marriage: 60},
			Weekdays: slots.Week{"mon": day, "tue": day, "wed": day, "thu": day, "fri": day},
		}, "test"))
	if err == nil {
		_, err = g.Desk.Publish(ctx, halled, may(18), may(29), slots.PublishOptions{}, "test")
	}
	if err == nil {
		_, err = g.Accounts.AddUser(ctx, "test", auth.NewUser{
			Username: "clerk", Name: "张敏", Password: password, Roles: []string{auth.Registrar, auth.Manager}, Offices: []string{halled},
			CertificateFrom: may(1), CertificateTo: date.Date{Year: 2027, Month: time.May, Day: 1},
		})
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

// seatedLater books a couple for the day that is seen.
func seatedLater(v *guest) {
	v.t.Helper()
	counterMade(v)
	at := v.gallery.Clock.Now().In(shanghai).Format("2006-01-02 15:04")
	v.gallery.town.at(earlier)
	v.chosen(halled, "2026-05-20", []string{"09:00", "10:00"}[v.n%2])
	v.send("/book/check", v.inputs()...).want(http.StatusOK)
	v.send("/book/confirm", "code", v.code()).want(http.StatusOK)
	v.number = v.URL.Path[len("/b/"):]
	if at != "" && at != earlier {
		v.gallery.freeze()
	}
}

func (v *guest) ownCounter() string { return strconv.Itoa(v.n + 1) }

// serial is the one that is due.
func (v *guest) serial() string {
	v.t.Helper()
	series, err := v.Hall.SeriesOf(v.t.Context(), halled, "marriage", may(20))
	if err != nil {
		v.t.Fatal(err)
	}
	return fmt.Sprintf("%06d", series.Next)
}

// atTheHall signs the guest in as the clerk there: once, and shared.
func (v *guest) atTheHall() {
	v.t.Helper()
	here, err := url.Parse(v.server.URL)
	if err != nil {
		v.t.Fatal(err)
	}
	g := v.gallery
	if g.signedIn == nil {
		g.signedIn = map[string][]*http.Cookie{}
	}
	if g.signedIn["clerk"] == nil {
		for _, cookie := range g.visitor().signIn("clerk").client.Jar.Cookies(here) {
			if cookie.Name != "lang" {
				g.signedIn["clerk"] = append(g.signedIn["clerk"], cookie)
			}
		}
		g.firstNumber(v)
	}
	v.client.Jar.SetCookies(here, g.signedIn["clerk"])
}

// firstNumber is a registration of the day, by which the next serial is known.
func (g *gallery) firstNumber(v *guest) {
	g.t.Helper()
	ctx := g.t.Context()
	a, err := g.Desk.WalkIn(ctx, booking.WalkIn{Office: halled, Service: "marriage", Actor: "test"})
	if err == nil {
		_, err = g.Hall.CheckIn(ctx, hall.Arrival{Number: a.Number, Office: halled, Actor: "test"})
	}
	if err == nil {
		_, err = g.Hall.Start(ctx, g.calls(a.Number), "99", "test")
	}
	if err == nil {
		_, err = g.Hall.Complete(ctx, a.Number, "J430727-2026-000009", "test")
	}
	if err != nil {
		v.t.Fatal(err)
	}
}

func (g *gallery) calls(number string) string {
	g.t.Helper()
	if _, err := g.Hall.Call(g.t.Context(), number, "99", "test"); err != nil {
		g.t.Fatal(err)
	}
	return number
}

func (v *guest) atCounter() *guest {
	v.t.Helper()
	v.atTheHall()
	v.get("/window/" + v.ownCounter() + "?office=" + halled).want(http.StatusOK)
	return v
}

// pressed is the counter after a button was pressed there.
func (v *guest) pressed(step string, typed ...string) {
	v.t.Helper()
	v.atCounter().press(step, typed...).want(http.StatusOK)
}

// press presses a button of the counter that is shown, in the form that it is in.
func (v *visitor) press(step string, typed ...string) *visitor {
	v.t.Helper()
	for f := range v.all("form") {
		for b := range descendants(f, "button") {
			if attr(b, "value") != step || attr(b, "form") != "" {
				continue
			}
			values := filled(f)
			for i := 0; i < len(typed); i += 2 {
				values.Set(typed[i], typed[i+1])
			}
			values.Set("step", step)
			return v.post(attr(f, "action"), values)
		}
	}
	v.t.Fatalf("there is no button %s:\n%s", step, v.text())
	return v
}

// walkedIn is somebody who has come without an appointment.
func (v *guest) walkedIn() {
	v.t.Helper()
	a, err := v.gallery.Desk.WalkIn(v.t.Context(), booking.WalkIn{Office: halled, Service: "marriage", Actor: "test"})
	if err != nil {
		v.t.Fatal(err)
	}
	v.number = a.Number
}

// calledHere has arrived and was called to their own counter.
func (v *guest) calledHere() {
	v.t.Helper()
	v.atTheHall()
	ctx := v.t.Context()
	_, err := v.Hall.CheckIn(ctx, hall.Arrival{Number: v.number, Office: halled, Actor: "test"})
	if err == nil {
		_, err = v.Hall.Call(ctx, v.number, v.ownCounter(), "staff:clerk")
	}
	if err != nil {
		v.t.Fatal(err)
	}
	v.atCounter()
}

func (v *guest) servedHere() {
	v.t.Helper()
	v.calledHere()
	v.press("start").want(http.StatusOK)
}
