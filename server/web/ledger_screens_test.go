package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/server/auth"
	"hunyue/slots"
)

// ledgered is the office of the gallery whose ledgers are kept, and sparse one where
// nothing has happened yet.
const (
	ledgered = "430728"
	sparse   = "430729"
)

// ledgerScreens is the list of the day, the ledgers and what a manager has to see to.
var ledgerScreens = []screen{
	{"D05", "list of the day", []state{
		{"normal", func(v *guest) {
			ledgersMade(v)
			booked(ledgered, "2026-05-20", "09:00")(v)
			v.later(2 * time.Minute)
			booked(ledgered, "2026-05-20", "09:30", append(v.others(), "parties.0.name", longName)...)(v)
			v.gallery.town.at(earlier)
		}, func(v *guest) {
			v.gallery.town.at("2026-05-20 09:35")
			v.arrived(ledgered, 365, 366)
			v.ledger("/desk/today?office=" + ledgered)
		}},
		{"filtered", nil, func(v *guest) { v.ledger("/desk/today?office=" + ledgered + "&status=booked&slot=09:30") }},
		{"empty", nil, func(v *guest) { v.ledger("/desk/today?office=" + sparse) }},
		{"evening", nil, func(v *guest) {
			v.gallery.town.at("2026-05-20 17:10")
			v.ledger("/desk/today?office=" + ledgered + "&date=2026-05-21")
		}},
		{"closing", nil, func(v *guest) {
			v.gallery.town.at("2026-05-20 17:10")
			v.ledger("/desk/today?office=" + ledgered)
		}},
	}},
	{"D07", "staff readings", []state{
		{"due", ledgersMade, func(v *guest) { v.ledger("/desk?office=" + sparse) }},
		{"afternoon", nil, func(v *guest) {
			v.gallery.town.at("2026-05-20 13:10")
			v.ledger("/desk?office=" + ledgered)
		}},
	}},
	{"L01", "temperature ledger", []state{
		{"normal", booked(ledgered, "2026-05-20", "10:00"), func(v *guest) {
			v.arrived(ledgered, 366, 374)
			v.ledger("/manage/" + ledgered + "/ledger/temperature")
		}},
		{"empty", nil, func(v *guest) { v.ledger("/manage/" + sparse + "/ledger/temperature") }},
		{"correct", nil, func(v *guest) { v.correct(ledgered) }},
		{"correct-error", nil, func(v *guest) {
			v.correct(ledgered)
			v.send("/manage/"+ledgered+"/ledger/temperature", "celsius", "99", "reason", "").want(http.StatusUnprocessableEntity)
		}},
		{"corrected", nil, func(v *guest) {
			v.correct(ledgered)
			right := map[string]string{"zh": "36.8", "en": "36.7"}[v.lang]
			v.send("/manage/"+ledgered+"/ledger/temperature", "celsius", right, "reason", "看错了一位").want(http.StatusOK)
		}},
		{"off", nil, func(v *guest) { v.ledger("/manage/" + sparse + "/ledger/temperature?date=2026-05-18") }},
	}},
	{"L02", "disinfection ledger", []state{
		{"empty", ledgersMade, func(v *guest) { v.ledger("/manage/" + sparse + "/ledger/disinfection") }},
		{"normal", nil, func(v *guest) {
			v.disinfected("hall")
			v.ledger("/manage/" + ledgered + "/ledger/disinfection")
		}},
		{"missing", nil, func(v *guest) {
			v.gallery.town.at("2026-05-20 12:10")
			v.ledger("/manage/" + ledgered + "/ledger/disinfection")
		}},
		{"entry-error", nil, func(v *guest) {
			v.ledger("/manage/" + ledgered + "/ledger/disinfection")
			v.send("/manage/"+ledgered+"/ledger/disinfection", "agent", "", "contact", "0", "began", "09:00", "ended", "08:00").want(http.StatusUnprocessableEntity)
		}},
		{"correction", nil, func(v *guest) {
			v.disinfected("toilets")
			v.ledger("/manage/" + ledgered + "/ledger/disinfection")
			v.get(v.lastLink("correct=")).want(http.StatusOK)
		}},
		{"corrected", nil, func(v *guest) {
			v.disinfected("door_handles")
			v.ledger("/manage/" + ledgered + "/ledger/disinfection")
			v.get(v.lastLink("correct=")).want(http.StatusOK)
			v.send("/manage/"+ledgered+"/ledger/disinfection", "concentration", "250 mg/L", "reason", "浓度写错了").want(http.StatusOK)
		}},
	}},
	{"M09", "health and ledgers", []state{
		{"quiet", ledgersMade, func(v *guest) { v.ledger("/manage/" + sparse + "/health") }},
		{"open", booked(ledgered, "2026-05-20", "10:30"), func(v *guest) {
			v.feverish(ledgered)
			v.ledger("/manage/" + ledgered + "/health")
		}},
		{"error", nil, func(v *guest) {
			v.ledger("/manage/" + ledgered + "/health")
			v.send("/manage/" + ledgered + "/health/handover").want(http.StatusUnprocessableEntity)
		}},
		{"overdue", nil, func(v *guest) {
			v.gallery.town.at("2026-05-20 12:30")
			v.ledger("/manage/" + ledgered + "/health")
		}},
		{"closed", nil, func(v *guest) {
			v.gallery.handedOver(ledgered)
			v.ledger("/manage/" + ledgered + "/health")
		}},
		{"staff-fever", nil, func(v *guest) {
			v.gallery.illStaff("bookclerk")
			v.ledger("/manage/" + ledgered + "/health")
		}},
		{"screening-error", nil, func(v *guest) {
			v.ledger("/manage/" + ledgered + "/health")
			v.send("/manage/"+ledgered+"/health/screening", "from", "2026-05-01", "to", "2026-04-01", "reason", "").want(http.StatusUnprocessableEntity)
		}},
	}},
}

// ledgersMade makes both offices and who leads and receives there, once.
func ledgersMade(v *guest) {
	v.t.Helper()
	g, ctx := v.gallery, v.t.Context()
	if _, err := g.Offices.Office(ctx, ledgered); err == nil {
		return
	}
	for id, name := range map[string][2]string{ledgered: {"津市市婚姻登记处", "Jinshi Marriage Registry"}, sparse: {"临澧县婚姻登记处", "Linli Marriage Registry"}} {
		err := g.Offices.PutOffice(ctx, slots.Office{
			ID: id, Name: name[0], NameEN: name[1], Address: "试验路 3 号", Phone: "0736-7250005", Services: []slots.Service{{ID: "marriage"}},
		}, "test")
		if err != nil {
			g.t.Fatal(err)
		}
	}
	for _, u := range []auth.NewUser{
		{Username: "headofhall", Name: "周主任", Roles: []string{auth.Manager}, Offices: []string{ledgered, sparse}},
		{Username: "doorkeeper", Name: "吴引导", Roles: []string{auth.Hall}, Offices: []string{ledgered}},
		{Username: "bookclerk", Name: "郑登记", Roles: []string{auth.Registrar}, Offices: []string{ledgered}},
	} {
		u.Password = password
		if _, err := g.Accounts.AddUser(ctx, "test", u); err != nil {
			g.t.Fatal(err)
		}
	}
	g.opened(ledgered)
	err := g.Offices.SetScreening(ctx, sparse, may(18), may(18), slots.ScreeningOff, "test", "test")
	if err != nil {
		g.t.Fatal(err)
	}
}

// ledger is a page as the leader of those offices sees it, on a day on which most of
// the staff there were measured.
func (v *guest) ledger(path string) {
	v.t.Helper()
	here, err := url.Parse(v.server.URL)
	if err != nil {
		v.t.Fatal(err)
	}
	g := v.gallery
	if g.signedIn == nil {
		g.signedIn = map[string][]*http.Cookie{}
	}
	if g.signedIn["headofhall"] == nil && g.Clock.Now().In(shanghai).Format("2006-01-02 15:04") == frozen {
		for _, cookie := range g.visitor().signIn("headofhall").client.Jar.Cookies(here) {
			if cookie.Name != "lang" {
				g.signedIn["headofhall"] = append(g.signedIn["headofhall"], cookie)
			}
		}
	}
	if g.Clock.Now().In(shanghai).Format("2006-01-02 15:04") == frozen {
		v.client.Jar.SetCookies(here, g.signedIn["headofhall"])
	} else {
		v.visitor.signIn("headofhall") // whoever signed in then has been away for too long
	}
	g.shiftRead("doorkeeper")
	if strings.Contains(path, ledgered) {
		g.shiftRead("headofhall")
	}
	if v.get(path).want(http.StatusOK); v.URL.Path == "/staff/login" {
		v.t.Fatalf("%s: signed out", path)
	}
}

// shiftRead measures a member of staff before work, once.
func (g *gallery) shiftRead(staff string) {
	g.t.Helper()
	_, err := g.Hall.RecordStaff(g.t.Context(), hall.StaffReading{
		Staff: staff, Office: ledgered, Key: "gallery", Actor: "staff:" + staff, Readings: []hall.Reading{{Party: 1, Decicelsius: 364, Device: "T1"}},
	})
	if err != nil {
		g.t.Fatal(err)
	}
}

// illStaff measures a member of staff twice with a fever.
func (g *gallery) illStaff(staff string) {
	g.t.Helper()
	for i, at := range []string{"2026-05-20 10:01", "2026-05-20 10:12"} {
		g.town.at(at)
		device := []string{"T1", "T2"}[i]
		_, err := g.Hall.RecordStaff(g.t.Context(), hall.StaffReading{
			Staff: staff, Office: ledgered, Key: "ill-" + device, Actor: "staff:" + staff, Readings: []hall.Reading{{Party: 1, Decicelsius: 377, Device: device}},
		})
		if err != nil {
			g.t.Fatal(err)
		}
	}
}

// arrived measures the couple at the door of an office.
func (v *guest) arrived(office string, tenths ...int) { v.arrivedWith("T1", office, tenths...) }

func (v *guest) arrivedWith(device, office string, tenths ...int) {
	v.t.Helper()
	a := hall.Arrival{Number: v.number, Office: office, Actor: "staff:doorkeeper"}
	for i, n := range tenths {
		a.Readings = append(a.Readings, hall.Reading{Party: i + 1, Decicelsius: n, Device: device})
	}
	if _, err := v.Hall.CheckIn(v.t.Context(), a); err != nil {
		v.t.Fatal(err)
	}
}

// feverish puts a couple off for two fevers.
func (v *guest) feverish(office string) {
	v.t.Helper()
	v.gallery.town.at("2026-05-20 10:01")
	v.arrivedWith("T1", office, 376, 365)
	v.gallery.town.at("2026-05-20 10:12")
	v.arrivedWith("T2", office, 377)
}

// handedOver hands all over that is open.
func (g *gallery) handedOver(office string) {
	g.t.Helper()
	g.town.at("2026-05-20 11:00")
	all, err := g.Hall.Incidents(g.t.Context(), office, date.DateOf(g.Clock.Now().In(shanghai)))
	if err != nil {
		g.t.Fatal(err)
	}
	for _, i := range all {
		if !i.Open() {
			continue
		}
		err := g.Hall.HandOver(g.t.Context(), hall.Handover{Incident: i.ID, Office: office, To: "津市市疾控中心", At: i.OpenedAt.Add(20 * time.Minute).Truncate(time.Minute), Actor: "staff:headofhall"})
		if err != nil {
			g.t.Fatal(err)
		}
	}
}

// disinfected enters an area for the first round of the day.
func (v *guest) disinfected(area string) {
	v.t.Helper()
	d := hall.UsualDisinfection()
	d.Area, d.Planned, d.Due, d.Operator = area, true, 12*60, "保洁员"
	d.From, d.To = v.Clock.Now().Add(-45*time.Minute), v.Clock.Now().Add(-10*time.Minute)
	if _, err := v.Hall.Disinfected(v.t.Context(), hall.DisinfectionEntry{Disinfection: d, Office: ledgered, Actor: "staff:doorkeeper"}); err != nil {
		v.t.Fatal(err)
	}
}

// correct opens the form for the newest line of the temperature ledger.
func (v *guest) correct(office string) {
	v.t.Helper()
	v.ledger("/manage/" + office + "/ledger/temperature")
	v.get(v.lastLink("correct=")).want(http.StatusOK)
}

// lastLink is where the last link leads whose address has such a part.
func (v *guest) lastLink(part string) string {
	v.t.Helper()
	last := ""
	for a := range v.all("a") {
		if to := attr(a, "href"); strings.Contains(to, part) {
			last, _, _ = strings.Cut(to, "#")
		}
	}
	if last == "" {
		v.t.Fatalf("no link with %s", part)
	}
	return last
}
