package web

import (
	"net/http"
	"net/url"

	"hunyue/server/auth"
	"hunyue/slots"
)

// lineScreens is what operators see beside the console.
var lineScreens = []screen{
	{"O01", "sign in", []state{
		{"default", nil, at("/staff/login")},
		{"error", nil, wrongPassword("nobody", 1)},
		{"locked", nil, wrongPassword(auth.Hall, 5)},
		{"expired-session", nil, func(v *guest) { v.get("/call/list").want(http.StatusOK) }},
	}},
	{"O03", "call list", []state{
		{"empty", lineMade, onTheLine("/call/list")},
		{"todo", booked(lined, "2026-05-28", "09:00"), func(v *guest) {
			v.gallery.lineStopped()
			onTheLine("/call/list")(v)
		}},
		{"in-progress", booked(lined, "2026-05-28", "09:30"), func(v *guest) {
			onTheLine("/call/list")(v)
			v.takeCall()
		}},
		{"no-outcome-error", nil, func(v *guest) {
			onTheLine("/call/list")(v)
			v.send(v.recordAt()).want(http.StatusUnprocessableEntity)
		}},
		{"given-up", nil, func(v *guest) {
			v.sql(`UPDATE contact SET tries = 3, outcome = 'no_answer', tried_at = clock_now(), due_at = clock_now() WHERE holder IS NOT NULL`)
			onTheLine("/call/list")(v)
		}},
		{"waiting", nil, func(v *guest) {
			v.sql(`UPDATE contact SET tries = 1, outcome = 'no_answer', tried_at = clock_now(), due_at = clock_now() + interval '30 minutes', holder = NULL, held_until = NULL WHERE open`)
			onTheLine("/call/list")(v)
		}},
		{"done", nil, func(v *guest) {
			v.sql(`UPDATE contact SET open = false, outcome = 'reached', holder = NULL, held_until = NULL WHERE open`)
			onTheLine("/call/list")(v)
		}},
	}},
	{"O04", "keys", []state{
		{"default", lineMade, onTheLine(keysAt)},
		{"errors", nil, func(v *guest) {
			onTheLine(keysAt)(v)
			v.send(keysAt, "key.0", "F5", "key.1", "F9").want(http.StatusUnprocessableEntity)
		}},
		{"off", nil, func(v *guest) {
			onTheLine(keysAt)(v)
			v.send(keysAt, "step", "off").want(http.StatusOK)
			v.sql(`DELETE FROM key_binding`)
		}},
	}},
	{"O05", "my day", []state{
		{"default", lineMade, func(v *guest) {
			v.sql(`INSERT INTO audit (at, actor, action, subject, detail)
				SELECT clock_now() - n * interval '1 minute', 'staff:caller', (ARRAY['booked', 'moved', 'cancelled', 'called'])[n % 4 + 1], 'appointment:' || n, 'reminder reached'
				FROM generate_series(1, 40) AS n`)
			onTheLine("/call/stats")(v)
		}},
		{"zero", nil, func(v *guest) {
			v.as(auth.Operator).get("/call/stats").want(http.StatusOK)
		}},
	}},
}

// lined is the office of the gallery whose call list is worked off.
const lined = "430726"

// lineMade makes the office and its one operator, once.
func lineMade(v *guest) {
	v.t.Helper()
	g := v.gallery
	if _, err := g.Offices.Office(v.t.Context(), lined); err == nil {
		return
	}
	ctx := g.t.Context()
	err := g.Offices.PutOffice(ctx, slots.Office{
		ID: lined, Name: "石门县婚姻登记处", NameEN: "Shimen Marriage Registry", Address: "试验路 2 号", Phone: "0736-7250004",
		Services: []slots.Service{{ID: "marriage"}},
	}, "test")
	if err == nil {
		_, err = g.Accounts.AddUser(ctx, "test", auth.NewUser{Username: "caller", Password: password, Roles: []string{auth.Operator}, Offices: []string{lined}})
	}
	if err != nil {
		g.t.Fatal(err)
	}
	g.opened(lined)
}

// atTheLine signs the guest in as that operator: once, and shared, since a password
// is slow to check; the language is not shared.
func (v *guest) atTheLine() {
	v.t.Helper()
	here, err := url.Parse(v.server.URL)
	if err != nil {
		v.t.Fatal(err)
	}
	g := v.gallery
	if g.signedIn == nil {
		g.signedIn = map[string][]*http.Cookie{}
	}
	if g.signedIn["caller"] == nil {
		for _, cookie := range g.visitor().signIn("caller").client.Jar.Cookies(here) {
			if cookie.Name != "lang" {
				g.signedIn["caller"] = append(g.signedIn["caller"], cookie)
			}
		}
	}
	v.client.Jar.SetCookies(here, g.signedIn["caller"])
}

// lineStopped suspends the day of all who have booked there, once.
func (g *gallery) lineStopped() {
	g.t.Helper()
	stops, err := g.Offices.Suspensions(g.t.Context(), lined, may(28), may(28))
	if err == nil && len(stops) == 0 {
		_, err = g.Desk.Suspend(g.t.Context(), slots.Closing{
			Office: lined, From: may(28), To: may(29), Mode: slots.Full, Reason: "供电检修", Notice: "5月28日至29日供电检修，暂停办理。",
		}, "test", false)
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

// onTheLine is a page as the operator of that office sees it.
func onTheLine(path string) func(*guest) {
	return func(v *guest) {
		v.t.Helper()
		v.atTheLine()
		if v.get(path).want(http.StatusOK); v.URL.Path != path {
			v.t.Fatalf("%s: sent to %s", path, v.URL.Path)
		}
	}
}

// takeCall takes a call in hand, if none is.
func (v *guest) takeCall() {
	v.t.Helper()
	if _, _, err := v.Calls.Next(v.t.Context(), "staff:caller", lined, false); err != nil {
		v.t.Fatal(err)
	}
	v.get("/call/list").want(http.StatusOK)
}

func (v *guest) sql(query string) {
	v.t.Helper()
	if _, err := v.db.ExecContext(v.t.Context(), query); err != nil {
		v.t.Fatal(err)
	}
}

// wrongPassword signs in in vain.
func wrongPassword(name string, times int) func(*guest) {
	return func(v *guest) {
		v.t.Helper()
		for range times {
			v.get("/staff/login").send("/staff/login", "username", name, "password", "wrong").want(http.StatusUnauthorized)
		}
	}
}
