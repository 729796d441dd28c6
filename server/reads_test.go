package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/slots"
)

// walker goes to every address of staff and compares what it is shown with what the
// audit says that it was shown.
type walker struct {
	*world
	number           string   // of the canaries' appointment
	masked, full     []string // how they can be read
	routes           []walked
	cookies          map[string]string // by username
	asked, shows     int
	missing, surplus int
	showing          map[string]bool // routes that showed them
}

type walked struct{ method, path string }

// lookedAt is what the audit says of a look.
type lookedAt struct {
	Action  string `db:"action"`
	Subject string `db:"subject"`
	Detail  string `db:"detail"`
}

// Whatever address staff ask for, in whatever state the couple is, and whoever asks:
// where the couple can be read, masked or in full, the audit has exactly one row that
// says so.
func TestEveryLookIsInTheAudit(t *testing.T) {
	w := &walker{world: newWorld(t, "2026-05-20T08:40:00+08:00", false), cookies: map[string]string{}, showing: map[string]bool{}}
	w.furnished()
	couple := []doc{
		party(t, "龘靐", date.Date{Year: 1987, Month: 11, Day: 13}, identity.Male, 1),
		party(t, "齉爩", date.Date{Year: 1987, Month: 11, Day: 14}, identity.Female, 2),
	}
	booked := w.book(here+"-20260520-0900-marriage", couple, "19912345671")
	w.number = word(booked, "number")
	w.masked = []string{"龘*", "齉*", "199****5671"}
	for _, p := range couple {
		w.full = append(w.full, word(p, "name"), word(p["document"].(doc), "number"))
	}
	for _, username := range []string{"hall", "registrar"} {
		w.want(http.StatusOK, "POST", "/staff/readings", doc{"celsius": "36.4", "device": "T1"}, w.as(username)...)
	}
	w.walk("booked")
	w.want(http.StatusOK, "POST", visit(booked, "check-in"), readings("36.5", "36.6"), w.as("hall", "Idempotency-Key", uuid.NewString())...)
	w.walk("checked_in")
	w.want(http.StatusOK, "POST", visit(booked, "call"), doc{"counter": "3"}, w.as("registrar")...)
	w.walk("called")
	w.want(http.StatusOK, "POST", visit(booked, "start"), doc{"counter": "3"}, w.as("registrar")...)
	w.walk("in_service")
	w.want(http.StatusOK, "POST", visit(booked, "complete"), doc{"certificate_number": "J430702-2026-000001"}, w.as("registrar")...)
	w.walk("completed")

	for _, must := range []string{
		"GET /desk", "POST /desk/find", "GET /desk/:number", "POST /desk/:number/check-in", "POST /desk/:number/unmask", "GET /call/:number",
		"POST /call/:number/unmask", "GET /api/v1/staff/appointments", "POST /api/v1/staff/appointments/search",
	} {
		if !w.showing[must] {
			t.Errorf("%s showed nobody, so this shows nothing of it", must)
		}
	}
	t.Logf("reads: %d addresses of staff asked %d times by 4 roles in 5 states: the couple was shown %d times at %d addresses, rows missing %d, too many %d",
		len(w.routes), w.asked, w.shows, len(w.showing), w.missing, w.surplus)
}

// furnished opens the office and reads which addresses staff have.
func (w *walker) furnished() {
	w.t.Helper()
	rules := slots.DefaultRules()
	rules.LeadDays = 0
	w.opens(here, rules)
	w.want(http.StatusOK, "PUT", "/manage/offices/"+here+"/schedule", doc{
		"slot_minutes": 30, "capacity": doc{"marriage": 60}, "weekdays": doc{"wed": []doc{{"from": "09:00", "to": "12:00"}}},
	}, w.as("manager")...)
	w.want(http.StatusOK, "POST", "/manage/offices/"+here+"/publish", doc{"from": "2026-05-20", "to": "2026-05-20"}, w.as("manager")...)
	front, err := w.surface(w.config).echo()
	if err != nil {
		w.t.Fatal(err)
	}
	found := map[walked]bool{}
	for _, r := range front.Routes() {
		for _, begins := range []string{"/desk", "/call", "/manage", "/api/v1/staff", "/api/v1/manage"} {
			known := method(&http.Request{Method: r.Method}) != "other"
			if strings.HasPrefix(r.Path, begins) && known && !strings.HasSuffix(r.Path, "/logout") {
				found[walked{r.Method, r.Path}] = true
			}
		}
	}
	w.routes = slices.SortedFunc(maps.Keys(found), func(a, b walked) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	if len(w.routes) < 60 {
		w.t.Fatalf("staff have %d addresses: some are missed", len(w.routes))
	}
}

// walk asks for every address as every role.
func (w *walker) walk(state string) {
	w.t.Helper()
	for _, username := range []string{"operator", "hall", "registrar", "manager"} {
		for _, to := range w.routes {
			w.look(state, username, to)
		}
	}
	var status string
	if err := w.jobs.Get(&status, `SELECT status FROM appointment WHERE number = $1`, w.number); err != nil || status != state {
		w.t.Fatalf("the walk left the appointment %s, want %s: %v", status, state, err)
	}
}

// look asks for one address and compares.
func (w *walker) look(state, username string, to walked) {
	w.t.Helper()
	before := w.newest()
	body := w.send(username, to)
	var rows []lookedAt
	err := w.jobs.Select(&rows, `
		SELECT action, subject, coalesce(detail, '') AS detail
		FROM audit
		WHERE id > $1
		  AND actor = $2
		  AND action IN ('read', 'unmasked', 'list')
		ORDER BY id`, before, "staff:"+username)
	if err != nil {
		w.t.Fatal(err)
	}
	w.asked++
	where := fmt.Sprintf("%s, %s %s by %s", state, to.method, to.path, username)
	in := func(all []string) bool {
		return slices.ContainsFunc(all, func(s string) bool { return strings.Contains(body, s) })
	}
	records, lists, whole := 0, 0, 0
	for _, r := range rows {
		switch r.Action {
		case "read":
			records++
		case "list":
			lists++
		case "unmasked":
			whole++
		}
	}
	if in(w.full) && whole != 1 {
		w.missing++
		w.t.Errorf("%s: shown in full, and the audit has %v", where, rows)
	}
	if in(w.full) || in(w.masked) {
		w.shows++
		w.showing[to.method+" "+to.path] = true
		if records+lists == 0 {
			w.missing++
			w.t.Errorf("%s: shown, and the audit has nothing", where)
		}
	}
	if records > 1 || lists > 1 || whole > 1 || whole == 1 && !in(w.full) {
		w.surplus++
		w.t.Errorf("%s: one look, and the audit has %v", where, rows)
	}
}

func (w *walker) newest() (id int64) {
	w.t.Helper()
	if err := w.jobs.Get(&id, `SELECT coalesce(max(id), 0) FROM audit`); err != nil {
		w.t.Fatal(err)
	}
	return id
}

// send asks for an address with what finds the canaries, and otherwise with an empty
// form, which is shown again and changes nothing.
func (w *walker) send(username string, to walked) string {
	w.t.Helper()
	path := strings.NewReplacer(":number", w.number, ":office", here, ":date", "2026-05-20", ":id", "1", ":step", "x").Replace(to.path)
	forms := map[string]url.Values{
		"/desk/:number/unmask": {"unmask": {"compare"}, "password": {demoPassword}},
		"/call/:number/unmask": {"unmask": {"callback"}, "password": {demoPassword}},
	}
	if rest, ok := strings.CutPrefix(path, "/api/v1"); ok {
		var body any
		if to.method != http.MethodGet {
			body = doc{}
		}
		if rest == "/staff/appointments/search" {
			body = doc{"q": "19912345671"}
		}
		got, err := w.world.send(to.method, path, body, w.as(username)...)
		if err != nil {
			w.t.Fatal(err)
		}
		return got.text
	}
	switch username { // the others are shown the list, and that there is nothing to find
	case "operator":
		forms["/desk/find"] = url.Values{"q": {w.number}}
	case "hall":
		forms["/desk/find"] = url.Values{"q": {"19912345671"}}
	}
	return w.page(username, to.method, path, forms[to.path])
}

// page is what a browser is shown: as it is, and where it is sent on, nothing.
func (w *walker) page(username, method, path string, form url.Values) string {
	w.t.Helper()
	if w.cookies[username] == "" && path != "/staff/login" {
		w.page(username, http.MethodPost, "/staff/login", url.Values{"username": {username}, "password": {demoPassword}})
	}
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Cookie", w.cookies[username])
	got, err := w.client.Transport.RoundTrip(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer got.Body.Close()
	if path == "/staff/login" {
		for _, c := range got.Cookies() {
			w.cookies[username] += c.Name + "=" + c.Value + "; "
		}
	}
	raw, err := io.ReadAll(got.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if got.StatusCode >= http.StatusInternalServerError {
		w.t.Errorf("%s %s by %s: %d\n%s", method, path, username, got.StatusCode, w.tail())
	}
	return string(raw)
}
