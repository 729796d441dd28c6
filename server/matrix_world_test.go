package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/notify"
	"hunyue/server/auth"
	"hunyue/slots"
)

func newMatrix(t *testing.T) *matrix {
	m := &matrix{world: newWorld(t, "2026-05-20T08:20:00+08:00", false), canary: "龘"}
	m.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	rules := slots.DefaultRules()
	rules.LeadDays, rules.HoldSeconds, rules.Screening = 0, 1800, slots.ScreeningOff
	for _, office := range []string{here, there} {
		m.opens(office, rules)
		m.want(http.StatusOK, "PUT", "/manage/offices/"+office+"/schedule", doc{
			"slot_minutes": 30, "capacity": doc{"marriage": 60, "other": 60}, "weekdays": doc{"wed": []doc{{"from": "09:00", "to": "12:00"}}},
		}, m.as(manager(office))...)
		m.want(http.StatusOK, "POST", "/manage/offices/"+office+"/publish", doc{"from": "2026-05-20", "to": "2026-05-27"}, m.as(manager(office))...)
	}
	m.staff()
	m.couples()
	m.name()
	front, err := m.surface(m.config).echo()
	if err != nil {
		t.Fatal(err)
	}
	m.routes = front.Routes()
	slices.SortFunc(m.routes, func(a, b *echo.Route) int { // whoever signs out does it last
		return strings.Compare(last(a.Path)+a.Path+a.Method, last(b.Path)+b.Path+b.Method)
	})
	return m
}

func last(path string) string {
	if strings.HasSuffix(path, "/logout") {
		return "~"
	}
	return ""
}

func manager(office string) string {
	if office == here {
		return "manager"
	}
	return "manager." + office
}

// staff hires one of every role for each office, one whose account is shut and
// one who has been away for too long.
func (m *matrix) staff() {
	m.t.Helper()
	hire := func(username, role string, offices ...string) {
		u := auth.NewUser{Username: username, Name: username, Password: demoPassword, Roles: []string{role}, Offices: offices}
		if _, err := m.accounts.AddUser(m.t.Context(), "test", u); err != nil {
			m.t.Fatal(err)
		}
	}
	hire("late", auth.Manager, here)
	hire("shut", auth.Manager, here)
	hire("district", auth.District, here)
	hire("district."+there, auth.District, there)
	for _, role := range []string{auth.Auditor, auth.SysAdmin, auth.SecAdmin} {
		hire(role, role)
	}
	late := m.login("late")
	m.ahead(16 * time.Minute)
	m.askers = append(m.askers, asker{name: "nobody"},
		asker{name: "a manager who was away", roles: []string{auth.Manager}, office: here, token: late, ended: true},
		asker{name: "a manager whose account is shut", roles: []string{auth.Manager}, office: here, token: m.login("shut"), ended: true})
	if err := m.accounts.Disable(m.t.Context(), "test", "shut"); err != nil {
		m.t.Fatal(err)
	}
	for _, role := range []string{auth.Operator, auth.Hall, auth.Registrar, auth.Manager, auth.District} {
		m.askers = append(m.askers, asker{name: role, roles: []string{role}, office: here, token: m.login(role)},
			asker{name: role + " elsewhere", roles: []string{role}, office: there, token: m.login(role + "." + there)})
	}
	for _, role := range []string{auth.Auditor, auth.SysAdmin, auth.SecAdmin} {
		m.askers = append(m.askers, asker{name: role, roles: []string{role}, token: m.login(role)})
	}
}

func (m *matrix) login(username string) string {
	m.t.Helper()
	return word(m.want(http.StatusOK, "POST", "/staff/login", doc{"username": username, "password": demoPassword}), "token")
}

// couples makes the appointment that everybody asks for, and another couple.
func (m *matrix) couples() {
	m.t.Helper()
	theirs, _ := m.couple()
	theirs[0]["name"] = m.canary + "测试"
	m.booked = m.book(here+"-20260527-0900-marriage", theirs, "19900000001")
	strangers, phone := m.couple()
	other := m.book(here+"-20260527-0930-marriage", strangers, phone)
	for _, who := range []struct {
		name   string
		booked doc
		owner  bool
	}{{"the couple", m.booked, true}, {"another couple", other, false}} {
		m.askers = append(m.askers, asker{name: who.name, owner: who.owner, secret: word(who.booked, "secret"), pass: m.pass(who.booked)})
	}
	m.written = m.row()
}

// pass is what a couple's browser is given when it shows the secret.
func (m *matrix) pass(booked doc) *http.Cookie {
	m.t.Helper()
	got, err := m.send("POST", "/find/secret", query(map[string]string{"number2": word(booked, "number"), "secret": word(booked, "secret")}),
		"Content-Type", echo.MIMEApplicationForm)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, line := range got.header.Values("Set-Cookie") {
		if c, err := http.ParseSetCookie(line); err == nil && c.Name == "pass" {
			return c
		}
	}
	m.t.Fatalf("no pass: %d %.300s", got.status, got.text)
	return nil
}

// conflict is something that a desk here did by itself and that cannot have been.
func (m *matrix) conflict() {
	m.t.Helper()
	deed := doc{"kind": "check-in", "number": "99999999", "key": uuid.NewString(), "at": m.clock.Now()}
	got, err := m.send("POST", "/desk/sync?office="+here, doc{"deeds": []doc{deed}}, "Cookie", "staff="+m.login(auth.Hall), "Sec-Fetch-Site", "same-origin")
	if err != nil || !strings.Contains(got.text, `"conflict"`) {
		m.t.Fatalf("a couple that nobody knows: %v, %d %.300s", err, got.status, got.text)
	}
}

// name says what the addresses and the requests name.
func (m *matrix) name() {
	m.t.Helper()
	manager := m.as("manager")
	stop := m.want(http.StatusOK, "POST", "/manage/offices/"+here+"/suspensions",
		doc{"from": "2026-06-22", "to": "2026-06-23", "mode": "full", "reason": "搬迁", "notice": "6月22日至23日停办。"}, manager...)
	hold := m.want(http.StatusCreated, "POST", "/staff/holds", doc{"slot": here + "-20260520-0900-marriage", "channel": "phone"}, m.as("operator")...)
	m.params = map[string]string{
		":office": here, ":number": word(m.booked, "number"), ":date": "2026-05-27", ":step": "again",
		":username": "late", ":token": "x",
		":id": fmt.Sprint(stop["id"]), ":call": "1", ":counter": "3", ":conflict": "1",
	}
	m.conflict()
	m.params["/notices/:id"] = m.notice()
	m.params["/manage/notices/:id"] = m.params["/notices/:id"]
	slot, counter := here+"-20260527-1000-marriage", map[string]string{"counter": "3"}
	held := m.hold(slot)
	m.tokens = map[bool]string{true: word(hold, "token"), false: word(held, "token")}
	m.params["/api/v1/holds/:id"] = word(held, "id")
	onTheWeb := map[string]string{"slot": slot, "was": slot, "hold": word(held, "id"), "token": word(held, "token")}
	onThePhone := map[string]string{"slot": slot, "was": slot, "hold": word(hold, "id"), "token": word(hold, "token")}
	search := map[string]string{"office": here, "q": "99999999"}
	const api = " /api/v1/staff/appointments"
	m.forms = map[string]map[string]string{
		"GET /screen/:office/events":  {"once": "1"},
		"POST /b/:number/change/code": onTheWeb, "POST /b/:number/change/confirm": onTheWeb,
		"GET /call/book/details": onThePhone,
		"GET /call":              {"office": here}, "POST /call": {"office": here},
		"GET /call/list": {"office": here}, "GET /call/stats": {"office": here},
		"POST /call/list/next": {"office": here}, "POST /call/list/back": {"office": here, "call": "1"}, "POST /call/list/:call": {"office": here},
		"GET /desk": {"office": here}, "GET /desk/today": {"office": here}, "POST /desk/find": search, "POST /desk/reading": {"office": here},
		"GET /desk/list.json": {"office": here}, "GET /desk/shell": {"office": here}, "POST /desk/sync": {"office": here},
		"GET /desk/conflict": {"office": here}, "POST /desk/conflict": {"office": here, "conflict": "1", "word.1": "-"},
		"GET /desk/conflict/:conflict": {"office": here},
		"GET /window":                  {"office": here}, "GET /window/:counter": {"office": here}, "GET /window/:counter/line": {"office": here},
		"POST /window/:counter": {"office": here, "step": "close"},
		"GET /desk/walk-in":     {"office": here}, "POST /desk/walk-in": {"office": here},
		"GET /desk/kiosk": {"office": here}, "POST /desk/kiosk": {"office": here},
		"POST /manage/notices/new":          {"office": here, "kind": "reminder", "audience": "public", "step": "save"},
		"POST /manage/notices/:id/step":     {"version": "1", "step": "withdrawn", "reason": "-"},
		"POST /manage/:office/:date/places": {"quota": slot + "-web", "places": "x"},
		"POST /manage/:office/special/drop": {"day": "2026-05-27"},

		"GET" + api: search, "POST" + api + "/search": search, "POST" + api: {"json": text(m.application(hold))},
		"POST" + api + "/:number/check-in": {"json": text(readings("36.5", "36.5"))},
		"POST" + api + "/:number/call":     counter, "POST" + api + "/:number/start": counter,
		"POST" + api + "/:number/complete": {"certificate_number": "J430702-2026-000001"}, "POST" + api + "/:number/not-accepted": {"reason": "-"},
		"POST /api/v1/staff/readings": {"office": here, "celsius": "36.5", "device": "T1"},
		"POST /api/v1/staff/holds":    {"slot": slot, "channel": "phone"},
	}
	for _, step := range []string{"details", "extend", "leave", "again", "hold", "check", "code", "confirm"} {
		m.forms["POST /call/book/"+step], m.forms["POST /book/"+step] = onThePhone, onTheWeb
	}
}

// application is a right request for a hold that an operator here has.
func (m *matrix) application(hold doc) doc {
	couple, phone := m.couple()
	body := application(hold, couple, phone, "")
	delete(body, "phone_code")
	body["channel"], body["caller"] = "phone", "本人"
	return body
}

// notice is one that the office has published.
func (m *matrix) notice() string {
	m.t.Helper()
	ctx := m.t.Context()
	ref, err := m.notices.Write(ctx, "test", notify.Writing{Office: here, Key: uuid.NewString(), Words: demoNotice(date.DateOf(m.clock.Now()))})
	if err == nil {
		err = m.notices.Move(ctx, "test", ref, notify.HandedIn, "")
	}
	if err == nil {
		err = m.notices.Move(ctx, "another", ref, notify.Published, "")
	}
	if err != nil {
		m.t.Fatal(err)
	}
	return fmt.Sprint(ref.ID)
}
