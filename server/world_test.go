package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/internal/postgres"
	"hunyue/internal/testenv"
	"hunyue/server/auth"
	"hunyue/slots"
)

const (
	here  = "430702" // the office of the tests
	there = "430703" // and its neighbour
)

// doc is a JSON object, sent or answered.
type doc = map[string]any

// world is the program behind a port of its own, on a database and a Redis of
// its own, with messages to be read as in demo mode and without demo data. Its
// clocks show what the test wants. Nothing is done beside requests until the
// test says so.
type world struct {
	*parts
	t      testing.TB
	config config
	engine *testenv.RedisServer
	base   string
	client *http.Client
	logged said
	tokens map[string]string // of staff, until the clock is moved
	born   atomic.Int64      // people so far
}

func newWorld(t testing.TB, now string, limits bool) *world {
	t.Helper()
	_, engine := testenv.OwnRedis(t)
	at, err := time.Parse(time.RFC3339, now)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, engine: engine, client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 256}, Timeout: 30 * time.Second,
	}}
	w.config = config{Demo: true, DemoNow: at, Limits: limits, Keys: filepath.Join(t.TempDir(), "keys.json")}
	w.parts, err = assemble(t.Context(), w.config, addresses{testenv.DSN(t), engine.URL}, newLog(&w.logged))
	t.Cleanup(w.close)
	if err == nil {
		err = w.offices.KnownCalendars(t.Context(), "test")
	}
	if err != nil {
		t.Fatal(err)
	}
	w.serve()
	w.tokens = map[string]string{}
	return w
}

// serve listens, with the limits that the program's server has.
func (w *world) serve() {
	w.t.Helper()
	front, err := w.surface(w.config).echo()
	if err != nil {
		w.t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	server.Config = newServer(front)
	server.Start()
	w.base = server.URL
	w.t.Cleanup(func() {
		w.client.CloseIdleConnections()
		server.Close()
	})
}

// turnTo makes every clock show an instant. Sign-ins do not last that long.
func (w *world) turnTo(instant string) {
	w.t.Helper()
	at, err := time.Parse(time.RFC3339, instant)
	if err != nil {
		w.t.Fatal(err)
	}
	w.ahead(at.Sub(w.clock.Now()))
}

func (w *world) ahead(by time.Duration) {
	w.t.Helper()
	w.clock.Set(w.clock.Shift() + by)
	if err := postgres.Shift(w.t.Context(), w.jobs, w.clock.Shift()); err != nil {
		w.t.Fatal(err)
	}
	w.tokens = map[string]string{}
}

// opens makes an office that offers marriage and archive queries, with an
// account for each of the roles that serve there: "hall" here, "hall.430703" at
// the neighbour's.
func (w *world) opens(id string, r slots.Rules) {
	w.t.Helper()
	var all errgroup.Group
	ctx := w.t.Context()
	err := w.offices.PutOffice(ctx, slots.Office{
		ID: id, Name: "武陵区婚姻登记处", NameEN: "Marriage Registry", Address: "示例路 1 号", Phone: "0736-0000001",
		Services: []slots.Service{{ID: "marriage"}, {ID: "archive_query"}},
	}, "test")
	if err == nil {
		err = w.offices.SetRules(ctx, id, date.DateOf(w.clock.Now().UTC()), r, "test", "test")
	}
	for _, role := range []string{auth.Manager, auth.Operator, auth.Hall, auth.Registrar} {
		user := auth.NewUser{Username: role, Password: demoPassword, Roles: []string{role}, Offices: []string{id}}
		if role == auth.Registrar || role == auth.Manager {
			user.CertificateFrom, user.CertificateTo = date.Date{Year: 2020, Month: 1, Day: 1}, date.Date{Year: 2099, Month: 12, Day: 31}
		}
		if id != here {
			user.Username += "." + id
		}
		all.Go(func() error {
			_, err := w.accounts.AddUser(ctx, "test", user)
			return err
		})
	}
	for _, err := range []error{err, all.Wait()} {
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// beside runs the outbox worker and the jobs, as the program does beside its
// requests, until the test ends.
func (w *world) beside() {
	ctx, stop := context.WithCancel(w.t.Context())
	var all errgroup.Group
	jobs := w.duties(config{Limits: w.config.Limits}) // without those of demo data
	all.Go(func() error { return w.worker.Run(ctx) })
	all.Go(func() error { return newRunner(w.log, w.watched.registry).run(ctx, jobs) })
	w.t.Cleanup(func() {
		stop()
		if err := all.Wait(); err != nil {
			w.t.Error(err)
		}
	})
}

// drain does what the outbox asks.
func (w *world) drain() {
	w.t.Helper()
	if err := w.worker.Drain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// check fails the test for every invariant that does not hold once the outbox
// is empty, as the command `hunyue check` does.
func (w *world) check() {
	w.t.Helper()
	w.drain()
	found, err := booking.Check(w.t.Context(), w.jobs, w.desk.Holds)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range found {
		if a.Bad != 0 {
			w.t.Errorf("%s: %d rows", a.Name, a.Bad)
		}
	}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	text   string
}

// doc is the JSON object that was answered.
func (a answer) doc(t testing.TB) doc {
	t.Helper()
	found := doc{}
	if a.text == "" {
		return found
	}
	if err := json.Unmarshal([]byte(a.text), &found); err != nil {
		t.Errorf("%d: %v in %q", a.status, err, a.text)
	}
	return found
}

// send sends a request with headers, of which "" takes one away: the body as it
// is if it is a string or a reader, otherwise as JSON.
func (w *world) send(method, path string, body any, headers ...string) (answer, error) {
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.base+path, reader(body))
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if r.Header.Set(headers[i], headers[i+1]); headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	got, err := w.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	return answer{got.StatusCode, got.Header, string(text)}, err
}

func reader(body any) io.Reader {
	switch b := body.(type) {
	case nil:
		return nil
	case string:
		return strings.NewReader(b)
	case io.Reader:
		return b
	}
	return strings.NewReader(text(body))
}

// text is a value as JSON.
func text(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // what tests send can be written
	}
	return string(raw)
}

// want sends to the API where only one status will do.
func (w *world) want(status int, method, path string, body any, headers ...string) doc {
	w.t.Helper()
	got, err := w.send(method, "/api/v1"+path, body, headers...)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	if got.status != status {
		w.t.Fatalf("%s %s: %d %s, want %d\n%s", method, path, got.status, got.text, status, w.tail())
	}
	return got.doc(w.t)
}

// tail is the end of the log.
func (w *world) tail() string {
	log := w.logged.String()
	return log[max(0, len(log)-1000):]
}

// refused sends what must be refused, with a code.
func (w *world) refused(status int, code, method, path string, body any, headers ...string) doc {
	w.t.Helper()
	p := w.want(status, method, path, body, headers...)
	if p["code"] != code {
		w.t.Errorf("%s %s: code %v, want %s", method, path, p["code"], code)
	}
	return p
}

// as is the header of a member of staff, and more headers.
func (w *world) as(username string, more ...string) []string {
	w.t.Helper()
	token, ok := w.tokens[username]
	if !ok {
		token = word(w.want(http.StatusOK, "POST", "/staff/login", doc{"username": username, "password": demoPassword}), "token")
		w.tokens[username] = token
	}
	return append([]string{"Authorization", "Bearer " + token}, more...)
}

// word is a member that is a string, or "".
func word(d doc, name string) string {
	s, _ := d[name].(string)
	return s
}

// list is a member that is a list of objects.
func list(d doc, name string) []doc {
	items, _ := d[name].([]any)
	all := make([]doc, 0, len(items))
	for _, item := range items {
		object, _ := item.(doc)
		all = append(all, object)
	}
	return all
}

// texts is one member of every object in a list.
func texts(all []doc, name string) []string {
	found := make([]string, 0, len(all))
	for _, d := range all {
		found = append(found, fmt.Sprint(d[name]))
	}
	return found
}

// couple is a man and a woman whom nobody else is, and their phone.
func (w *world) couple() ([]doc, string) {
	w.t.Helper()
	n := w.born.Add(1)
	born := date.Date{Year: 1990, Month: 3, Day: 7}.AddDays(int(n / 400))
	him, her := party(w.t, "测试甲", born, identity.Male, int(n%400)), party(w.t, "测试乙", born, identity.Female, int(n%400))
	return []doc{him, her}, fmt.Sprintf("138%08d", n)
}

// party is somebody as they are written in a request.
func party(t testing.TB, name string, born date.Date, sex identity.Sex, n int) doc {
	t.Helper()
	number, err := identity.Synthetic(born, sex, n)
	if err != nil {
		t.Fatal(err)
	}
	return doc{"name": name, "document": doc{"type": "resident_id", "number": number}}
}

// hold keeps a place on the web.
func (w *world) hold(slot string) doc {
	w.t.Helper()
	return w.want(http.StatusCreated, "POST", "/holds", doc{"slot": slot})
}

// code has a code sent to a phone, and reads it.
func (w *world) code(phone string) string {
	w.t.Helper()
	w.want(http.StatusAccepted, "POST", "/phone-codes", doc{"phone": phone})
	w.drain()
	for _, m := range w.messages(phone) {
		if m["kind"] == "code" {
			return word(m, "code")
		}
	}
	w.t.Fatalf("no code came to %s", phone)
	return ""
}

// messages is what was sent to a phone, the newest first.
func (w *world) messages(phone string) []doc {
	w.t.Helper()
	got, err := w.send("GET", "/dev/messages.json?phone="+phone, nil)
	if err != nil || got.status != http.StatusOK {
		w.t.Fatalf("messages: %d %s %v", got.status, got.text, err)
	}
	return list(got.doc(w.t), "messages")
}

// application is the body that makes an appointment of a hold.
func application(hold doc, couple []doc, phone, code string) doc {
	return doc{
		"hold": hold["id"], "service": "marriage", "parties": couple, "phone": phone, "phone_code": code, "locale": "zh",
		"consents": doc{"agreement": "2026-01", "privacy": "2026-01"},
	}
}

// book makes an appointment on the web as a couple does.
func (w *world) book(slot string, couple []doc, phone string) doc {
	w.t.Helper()
	hold := w.hold(slot)
	return w.want(http.StatusCreated, "POST", "/appointments", application(hold, couple, phone, w.code(phone)),
		"Hold-Token", word(hold, "token"), "Idempotency-Key", uuid.NewString())
}

// status is how an appointment stands, as the couple sees it.
func (w *world) status(booked doc) string {
	w.t.Helper()
	return word(w.want(http.StatusOK, "GET", "/appointments/"+word(booked, "number"), nil, "Appointment-Secret", word(booked, "secret")), "status")
}
