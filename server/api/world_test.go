package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/clock"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/identity"
	"hunyue/internal/postgres"
	"hunyue/internal/seal"
	"hunyue/internal/testenv"
	"hunyue/notify"
	"hunyue/server/auth"
	"hunyue/server/policy"
	"hunyue/server/watch"
	"hunyue/slots"
)

const (
	office   = "430702"
	password = "correct-horse-7"
	someCode = "123456"
)

// opening is the Wednesday on which the world begins, twenty minutes before its
// first slot.
var opening = time.Date(2026, 5, 20, 8, 40, 0, 0, time.FixedZone("CST", 8*60*60))

// world is an office behind the API, with staff, on real engines.
type world struct {
	t     testing.TB
	api   *API
	echo  *echo.Echo
	spec  *openapi3.T
	route string // that was asked last
	born  int    // people so far
}

func newWorld(t testing.TB) *world {
	t.Helper()
	db := testenv.DB(t)
	redis, prefix := testenv.Redis(t)
	keys, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	now, log := &clock.Clock{}, slog.New(slog.DiscardHandler)
	offices := &slots.Store{DB: db, Clock: now}
	outbox := notify.NewOutbox(db, now, log)
	desk := &booking.Desk{
		DB: db, Holds: &booking.Holds{Redis: redis, Prefix: prefix, Clock: now}, Offices: offices, Keys: keys,
		Clock: now, Log: log, Wake: func() {},
	}
	assisted := desk.On(db, offices)
	assisted.Watch = (&watch.Log{DB: db, Log: log}).Seen
	w := &world{t: t, spec: spec(t), api: &API{
		Desk: desk, Assisted: assisted,
		Hall:     &hall.Desk{DB: db, Offices: offices, Keys: keys, Clock: now, Log: log},
		Offices:  offices,
		Codes:    &notify.Codes{DB: db, Keys: keys, Outbox: outbox, Limits: true},
		Notices:  &notify.Notices{DB: db, Clock: now},
		Accounts: &auth.Accounts{DB: db, Redis: redis, Prefix: prefix, Keys: keys, Clock: now},
	}}
	if err := w.api.Desk.Holds.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.turnTo(opening)
	w.open()
	w.mount()
	return w
}

// turnTo makes every clock show at.
func (w *world) turnTo(at time.Time) {
	w.t.Helper()
	shift := time.Until(at)
	w.api.Desk.Clock.Set(shift)
	if err := postgres.Shift(w.t.Context(), w.api.Desk.DB, shift); err != nil {
		w.t.Fatal(err)
	}
}

// open makes the office and its places: today and the next eight
// days, three couples a slot on each channel.
func (w *world) open() {
	w.t.Helper()
	ctx, store, today := w.t.Context(), w.api.Offices, date.DateOf(opening)
	rules := slots.DefaultRules()
	rules.LeadDays, rules.Shares = 0, slots.Shares{Web: 34, Phone: 33, Counter: 33}
	workday := []slots.Period{{From: 9 * 60, To: 10 * 60}}
	steps := []error{
		store.KnownCalendars(ctx, "test"),
		store.PutOffice(ctx, slots.Office{
			ID: office, Name: "武陵区婚姻登记处", NameEN: "Wuling Registry", Address: "示例路 1 号", Phone: "0736-0000001",
			Services: []slots.Service{{ID: "marriage"}, {ID: "archive_query"}},
		}, "test"),
		store.SetRules(ctx, office, today, rules, "test", "test"),
		store.PutSchedule(ctx, office, today, slots.Template{
			SlotMinutes: 30, Capacity: slots.Capacity{slots.Marriage: 9, slots.Other: 9},
			Weekdays: slots.Week{"mon": workday, "tue": workday, "wed": workday, "thu": workday, "fri": workday},
		}, "test"),
	}
	_, err := w.api.Desk.Publish(ctx, office, today, today.AddDays(8), slots.PublishOptions{}, "test")
	steps = append(steps, err)
	for _, err := range steps {
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) mount() {
	w.t.Helper()
	w.echo = echo.New()
	w.echo.HTTPErrorHandler = func(err error, c echo.Context) {
		f := fault.Of(err)
		if f.Kind == fault.Internal {
			w.t.Errorf("%s %s: %v", c.Request().Method, c.Path(), err)
		}
		if err := WriteProblem(c, f, "title"); err != nil {
			w.t.Error(err)
		}
	}
	w.echo.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			w.route = c.Path()
			return next(c)
		}
	})
	w.echo.Use(policy.Guard(w.api.Accounts))
	if err := w.api.Mount(w.echo.Group("/api/v1")); err != nil {
		w.t.Fatal(err)
	}
}

// as is the header of a member of staff, who is hired if need be.
func (w *world) as(role string) map[string]string {
	w.t.Helper()
	u := auth.NewUser{
		Username: role, Password: password, Roles: []string{role}, Offices: []string{office},
		CertificateFrom: date.Date{Year: 2026, Month: 1, Day: 1}, CertificateTo: date.Date{Year: 2027, Month: 12, Day: 31},
	}
	if _, err := w.api.Accounts.AddUser(w.t.Context(), "test", u); err != nil && !errors.Is(err, auth.ErrUserExists) {
		w.t.Fatal(err)
	}
	var answer Login
	w.ask(http.StatusOK, sent{"POST", "/staff/login", `{"username":"` + role + `","password":"` + password + `"}`, nil}, &answer)
	return map[string]string{"Authorization": "Bearer " + answer.Token}
}

// ask sends s and wants the status. The answer must be as the document says,
// and is read into answer.
func (w *world) ask(status int, s sent, answer any) {
	w.t.Helper()
	r := s.request()
	r.URL.Path = "/api/v1" + r.URL.Path
	got := httptest.NewRecorder()
	w.echo.ServeHTTP(got, r)
	if got.Code != status {
		w.t.Fatalf("%s %s: status %d, want %d: %s", s.method, s.path, got.Code, status, got.Body)
	}
	w.described(s.method, got)
	if answer == nil {
		return
	}
	if err := json.Unmarshal(got.Body.Bytes(), answer); err != nil {
		w.t.Fatalf("%s %s: %v in %s", s.method, s.path, err, got.Body)
	}
}

// described checks an answer against the document.
func (w *world) described(method string, got *httptest.ResponseRecorder) {
	w.t.Helper()
	path := strings.TrimPrefix(w.route, "/api/v1")
	for name, item := range w.spec.Paths.Map() {
		if echoPath(name) != path {
			continue
		}
		response := item.GetOperation(method).Responses.Status(got.Code)
		if response == nil {
			w.t.Errorf("%s %s: the document does not speak of status %d: %s", method, name, got.Code, got.Body)
			return
		}
		for media, content := range response.Value.Content {
			if got.Header().Get("Content-Type") != media {
				w.t.Errorf("%s %s is answered as %q, want %q", method, name, got.Header().Get("Content-Type"), media)
			}
			var value any
			if err := json.NewDecoder(bytes.NewReader(got.Body.Bytes())).Decode(&value); err != nil {
				w.t.Fatalf("%s %s: %v in %s", method, name, err, got.Body)
			}
			if err := content.Schema.Value.VisitJSON(value, openapi3.MultiErrors()); err != nil {
				w.t.Errorf("%s %s: %v in %s", method, name, err, got.Body)
			}
		}
		return
	}
	w.t.Errorf("%s is not in the document", path)
}

// refuse sends s and wants it refused with a code.
func (w *world) refuse(status int, code string, s sent) ProblemDocument {
	w.t.Helper()
	var p ProblemDocument
	w.ask(status, s, &p)
	if p.Code != code {
		w.t.Errorf("%s %s: code %q, want %q", s.method, s.path, p.Code, code)
	}
	return p
}

// slotAt is the id of a slot of the first day.
func slotAt(hhmm string) string { return office + "-20260520-" + hhmm + "-marriage" }

func (w *world) hold(slot string) Hold {
	w.t.Helper()
	var h Hold
	w.ask(http.StatusCreated, unkeyed("/holds", `{"slot":"`+slot+`"}`), &h)
	return h
}

// code sends a code to a phone and makes it someCode, since only who has the
// phone can know it.
func (w *world) code(phone string) {
	w.t.Helper()
	w.ask(http.StatusAccepted, unkeyed("/phone-codes", `{"phone":"`+phone+`"}`), nil)
	w.known(phone)
}

func (w *world) known(phone string) {
	w.t.Helper()
	_, err := w.api.Desk.DB.Exec(`UPDATE phone_code SET code_mac = $2 WHERE phone_key = $1`,
		w.api.Codes.Key(phone), w.api.Codes.CodeMAC(phone, someCode))
	if err != nil {
		w.t.Fatal(err)
	}
}

// couple is the parties of two people whom nobody else is.
func (w *world) couple() string {
	w.t.Helper()
	w.born++
	born := date.Date{Year: 1990, Month: 3, Day: 7}
	him, err := identity.Synthetic(born, identity.Male, w.born)
	if err != nil {
		w.t.Fatal(err)
	}
	her, err := identity.Synthetic(born, identity.Female, w.born)
	if err != nil {
		w.t.Fatal(err)
	}
	return `[{"name":"张三","document":{"type":"resident_id","number":"` + him + `"}},` +
		`{"name":"李四","document":{"type":"resident_id","number":"` + her + `"}}]`
}

// application is the request that makes an appointment of a hold.
func application(h Hold, parties, phone string) sent {
	return sent{
		"POST", "/appointments",
		`{"hold":"` + h.Id.String() + `","service":"marriage","parties":` + parties + `,"phone":"` + phone +
			`","phone_code":"` + someCode + `","consents":{"agreement":"1","privacy":"1"}}`,
		map[string]string{tokenHeader: h.Token, keyHeader: uuid.NewString()},
	}
}

// book makes an appointment for a new couple.
func (w *world) book(slot, phone string) Receipt {
	w.t.Helper()
	h := w.hold(slot)
	w.code(phone)
	var r Receipt
	w.ask(http.StatusCreated, application(h, w.couple(), phone), &r)
	return r
}
