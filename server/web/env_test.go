package web

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/labstack/echo/v4"
	"golang.org/x/net/html"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/clock"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/internal/seal"
	"hunyue/internal/testenv"
	"hunyue/notify"
	"hunyue/server/auth"
	"hunyue/server/i18n"
	"hunyue/slots"
)

// goFiles is the files of this package.
func goFiles(t *testing.T) fs.FS {
	t.Helper()
	return os.DirFS(".")
}

const (
	office   = "430702"
	password = "demo-hunyue-2026"
)

var shanghai = time.FixedZone("CST", 8*60*60)

// town is an office on Monday 18 May 2026 at 10:00, with places for two weeks and
// the pages to book them.
type town struct {
	*Pages
	t      *testing.T
	db     *sqlx.DB
	worker *notify.Worker
	server *httptest.Server
	asked  []string // every address that was asked for
}

func newTown(t *testing.T) *town {
	t.Helper()
	db, now := testenv.DB(t), &clock.Clock{}
	client, prefix := testenv.Redis(t)
	keys, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	offices, outbox := &slots.Store{DB: db, Clock: now}, notify.NewOutbox(db, now, log)
	tn := &town{t: t, db: db}
	tn.Pages, err = New(Pages{
		Desk: &booking.Desk{
			DB: db, Holds: &booking.Holds{Redis: client, Prefix: prefix, Clock: now}, Offices: offices,
			Keys: keys, Clock: now, Log: log, Wake: func() {},
		},
		Hall: &hall.Desk{DB: db, Offices: offices, Keys: keys, Clock: now, Log: log}, Offices: offices,
		Codes:    &notify.Codes{DB: db, Keys: keys, Outbox: outbox, Limits: true},
		Accounts: &auth.Accounts{DB: db, Keys: keys, Clock: now},
		Dev:      &notify.DevChannel{DB: db}, Keys: keys, Clock: now, Texts: texts,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := tn.Desk.Holds.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	tn.post(outbox)
	tn.at("2026-05-18 10:00")
	tn.furnish()
	tn.open()
	return tn
}

// post makes the worker that sends texts.
func (tn *town) post(outbox *notify.Outbox) {
	tn.t.Helper()
	texts, err := notify.ParseTexts("婚姻登记")
	if err != nil {
		tn.t.Fatal(err)
	}
	sender := &notify.Sender{DB: tn.db, Channel: tn.Dev, Texts: texts, Keys: tn.Keys, Clock: tn.Clock, Lookup: tn.Desk.Letter}
	tn.worker = &notify.Worker{
		DB: tn.db, Outbox: outbox, Log: slog.New(slog.DiscardHandler),
		Handlers: map[notify.Topic]notify.Handler{
			notify.TopicSettle: tn.Desk, notify.TopicMessage: sender, notify.TopicCode: sender,
		},
	}
}

// furnish makes the office and its hours, and publishes.
func (tn *town) furnish() {
	tn.t.Helper()
	ctx := tn.t.Context()
	day := []slots.Period{{From: 9 * 60, To: 12 * 60}}
	week := slots.Week{"mon": day, "tue": day, "wed": day, "thu": day, "fri": day}
	err := errors.Join(
		tn.Offices.KnownCalendars(ctx, "test"),
		tn.Offices.PutOffice(ctx, slots.Office{
			ID: office, Name: "武陵区婚姻登记处", NameEN: "Wuling Marriage Registry", Address: "1 Shili Road", Phone: "0736-7250001",
			Services: []slots.Service{{ID: "marriage"}, {ID: "divorce_apply"}, {ID: "reissue_marriage"}},
		}, "test"),
		tn.Offices.PutSchedule(ctx, office, date.Date{Year: 2026, Month: 5, Day: 18}, slots.Template{
			SlotMinutes: 30, Weekdays: week, Capacity: slots.Capacity{slots.Marriage: 3, slots.Divorce: 1, slots.Other: 1},
		}, "test"))
	if err == nil {
		_, err = tn.Desk.Publish(ctx, office, date.Date{Year: 2026, Month: 5, Day: 18}, date.Date{Year: 2026, Month: 5, Day: 29}, slots.PublishOptions{}, "test")
	}
	if err != nil {
		tn.t.Fatal(err, fault.Of(err).Fields)
	}
}

// open serves the pages as the program does: behind protection against other
// sites, with the pages' own errors.
func (tn *town) open() {
	e := echo.New()
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		f := fault.Of(err)
		if he, ok := errors.AsType[*echo.HTTPError](err); ok && he.Code == http.StatusNotFound {
			f = fault.New(fault.NotFound, "no_such_page")
		}
		status := statusOf(f)
		if f.Kind == fault.Internal {
			tn.t.Errorf("%s %s: %v", c.Request().Method, c.Request().URL.Path, err)
			status = http.StatusInternalServerError
		}
		if err := tn.Error(c, status, f); err != nil {
			tn.t.Error(err)
		}
	}
	tn.Mount(e)
	tn.server = httptest.NewServer(http.NewCrossOriginProtection().Handler(e))
	tn.t.Cleanup(tn.server.Close)
}

// at makes it this time at the office, on all clocks.
func (tn *town) at(moment string) {
	tn.t.Helper()
	t, err := time.ParseInLocation("2006-01-02 15:04", moment, shanghai)
	if err != nil {
		tn.t.Fatal(err)
	}
	tn.Clock.Set(time.Until(t))
	if err := postgres.Shift(tn.t.Context(), tn.db, tn.Clock.Shift()); err != nil {
		tn.t.Fatal(err)
	}
}

// later moves all clocks on.
func (tn *town) later(by time.Duration) {
	tn.t.Helper()
	tn.Clock.Set(tn.Clock.Shift() + by)
	if err := postgres.Shift(tn.t.Context(), tn.db, tn.Clock.Shift()); err != nil {
		tn.t.Fatal(err)
	}
}

// codeFor sends what is due and returns the newest code that a phone got.
func (tn *town) codeFor(phone string) string {
	tn.t.Helper()
	if err := tn.worker.Drain(tn.t.Context()); err != nil {
		tn.t.Fatal(err)
	}
	messages, err := tn.Dev.Messages(tn.t.Context(), phone)
	if err != nil {
		tn.t.Fatal(err)
	}
	for _, m := range messages {
		if m.Code != "" {
			return m.Code
		}
	}
	tn.t.Fatalf("no code was sent to %s", phone)
	return ""
}

func (tn *town) count(query string, args ...any) int {
	tn.t.Helper()
	var n int
	if err := tn.db.GetContext(tn.t.Context(), &n, query, args...); err != nil {
		tn.t.Fatal(err)
	}
	return n
}

// visitor is a browser with its cookies, showing a page.
type visitor struct {
	*town
	client *http.Client
	Status int
	URL    *url.URL
	body   string
	root   *html.Node
}

func (tn *town) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		tn.t.Fatal(err)
	}
	return &visitor{town: tn, client: &http.Client{Jar: jar, Timeout: 20 * time.Second}}
}

func (v *visitor) do(r *http.Request) *visitor {
	v.t.Helper()
	v.asked = append(v.asked, r.URL.String())
	answer, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	v.Status, v.URL, v.body = answer.StatusCode, answer.Request.URL, string(raw)
	if v.root, err = html.Parse(strings.NewReader(v.body)); err != nil {
		v.t.Fatal(err)
	}
	return v
}

// get asks for an address.
func (v *visitor) get(path string) *visitor {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.server.URL+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(r)
}

// form is the form of the page that is sent to the address, or that has a
// button that sends it there, filled in as the page shows it.
func (v *visitor) form(action string) url.Values {
	v.t.Helper()
	for f := range v.all("form") {
		sends := attr(f, "action") == action
		for b := range descendants(f, "button") {
			sends = sends || attr(b, "formaction") == action
		}
		if sends {
			return filled(f)
		}
	}
	v.t.Fatalf("%s: no form is sent to %s:\n%s", v.URL.Path, action, v.text())
	return nil
}

// send sends that form with some of its inputs typed over.
func (v *visitor) send(action string, typed ...string) *visitor {
	v.t.Helper()
	values := v.form(action)
	for i := 0; i+1 < len(typed); i += 2 {
		values.Set(typed[i], typed[i+1])
	}
	return v.post(action, values)
}

func (v *visitor) post(action string, values url.Values) *visitor {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.server.URL+action, strings.NewReader(values.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return v.do(r)
}

// want checks the status and that the page says something.
func (v *visitor) want(status int, says ...string) *visitor {
	v.t.Helper()
	if v.Status != status {
		v.t.Fatalf("%s: status %d, want %d:\n%s", v.URL.Path, v.Status, status, v.text())
	}
	text := v.text()
	for _, s := range says {
		if !strings.Contains(text, s) {
			v.t.Errorf("%s does not say %q:\n%s", v.URL.Path, s, text)
		}
	}
	return v
}

// text is what the page says.
func (v *visitor) text() string {
	var all strings.Builder
	for n := range v.root.Descendants() {
		if n.Type == html.TextNode && strings.TrimSpace(n.Data) != "" {
			all.WriteString(strings.TrimSpace(n.Data) + "\n")
		}
	}
	return all.String()
}

func (v *visitor) all(tag string) func(func(*html.Node) bool) { return descendants(v.root, tag) }

func descendants(n *html.Node, tag string) func(func(*html.Node) bool) {
	return func(yield func(*html.Node) bool) {
		for d := range n.Descendants() {
			if d.Type == html.ElementNode && d.Data == tag && !yield(d) {
				return
			}
		}
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// filled is what a browser would send of a form as it is.
func filled(f *html.Node) url.Values {
	values := url.Values{}
	for in := range descendants(f, "input") {
		box := attr(in, "type") == "checkbox" || attr(in, "type") == "radio"
		if !box || has(in, "checked") {
			values.Set(attr(in, "name"), attr(in, "value"))
		}
	}
	for s := range descendants(f, "select") {
		for o := range descendants(s, "option") {
			if has(o, "selected") || !values.Has(attr(s, "name")) {
				values.Set(attr(s, "name"), attr(o, "value"))
			}
		}
	}
	for a := range descendants(f, "textarea") {
		if a.FirstChild != nil {
			values.Set(attr(a, "name"), a.FirstChild.Data)
		}
	}
	return values
}

// radios is the values that can be chosen on the page.
func (v *visitor) radios() []string {
	var all []string
	for in := range v.all("input") {
		if attr(in, "type") == "radio" {
			all = append(all, attr(in, "value"))
		}
	}
	return all
}

// The couple of the examples. Nobody has these numbers.
const (
	him       = "430799199003070014"
	her       = "430799199003070022"
	hisPhone  = "13800000001"
	theDay    = "/o/" + office + "/2026-05-20"
	nineClock = office + "-20260520-0900-marriage"
)

// couple is the form filled in by them.
func couple() []string {
	return []string{
		"parties.0.name", "张三", "parties.0.document.number", him,
		"parties.1.name", "李四", "parties.1.document.number", her,
		"phone", hisPhone, "consents.agreement", agreementVersion, "consents.privacy", privacyVersion,
	}
}

// book books for the couple and stays on the page of the appointment.
func (v *visitor) book(slot string) *visitor {
	v.t.Helper()
	v.get(theDay).send(theDay, "slot", slot).want(http.StatusOK, "填写双方信息")
	v.send("/book/check", couple()...).want(http.StatusOK, "核对并验证手机")
	return v.send("/book/confirm", "code", v.codeFor(hisPhone)).want(http.StatusOK, "预约成功")
}

// staff is a browser in which somebody with this role has signed in.
func (tn *town) staff(role string) *visitor {
	tn.t.Helper()
	_, err := tn.Accounts.AddUser(tn.t.Context(), "test", auth.NewUser{Username: role, Password: password, Roles: []string{role}, Offices: []string{office}})
	if err != nil {
		tn.t.Fatal(err)
	}
	v := tn.visitor()
	v.get("/staff/login").send("/staff/login", "username", role, "password", password)
	if v.Status != http.StatusOK || v.URL.Path == "/staff/login" {
		tn.t.Fatalf("login of %s: %d at %s", role, v.Status, v.URL.Path)
	}
	return v
}
