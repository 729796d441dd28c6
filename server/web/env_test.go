package web

import (
	"errors"
	"flag"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/labstack/echo/v4"

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
	"hunyue/server/operator"
	"hunyue/server/policy"
	"hunyue/server/watch"
	"hunyue/slots"
)

// TestMain has more tests at once than most machines have cores: they wait for the
// database and for clocks more than they compute.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "test.parallel" })
	if !asked {
		if err := flag.Set("test.parallel", strconv.Itoa(max(4, runtime.GOMAXPROCS(0)))); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// goFiles is the files of this package.
func goFiles(t *testing.T) fs.FS {
	t.Helper()
	return os.DirFS(".")
}

// allTexts is the texts of every town.
var allTexts = sync.OnceValues(i18n.Load)

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
	broken bool     // a fault of ours is what the test wants
}

func newTown(t *testing.T) *town {
	t.Helper()
	db, now := testenv.DB(t), &clock.Clock{}
	client, prefix := testenv.Redis(t)
	keys, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	texts, err := allTexts()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	offices, outbox := &slots.Store{DB: db, Clock: now}, notify.NewOutbox(db, now, log)
	desk := &booking.Desk{
		DB: db, Holds: &booking.Holds{Redis: client, Prefix: prefix, Clock: now}, Offices: offices,
		Keys: keys, Clock: now, Log: log, Wake: func() {},
	}
	looks, assisted := &watch.Log{DB: db, Log: log}, desk.On(db, offices)
	assisted.Watch = looks.Seen
	tn := &town{t: t, db: db}
	tn.Pages, err = New(Pages{
		Desk: desk, Assisted: assisted, Looks: looks,
		Hall: &hall.Desk{DB: db, Offices: offices, Keys: keys, Clock: now, Log: log}, Offices: offices,
		Codes:    &notify.Codes{DB: db, Keys: keys, Outbox: outbox, Limits: true},
		Notices:  &notify.Notices{DB: db, Clock: now},
		Calls:    &notify.CallList{DB: db},
		Operator: &operator.Store{DB: db},
		Accounts: &auth.Accounts{DB: db, Redis: client, Prefix: prefix, Keys: keys, Clock: now},
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
		tn.Offices.PutOffice(ctx, slots.Office{
			ID: elsewhere, Name: "鼎城区婚姻登记处", NameEN: "Dingcheng Marriage Registry", Address: "2 Shili Road", Phone: "0736-7250002",
			Services: []slots.Service{{ID: "marriage"}},
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
			if !tn.broken && c.Request().Context().Err() == nil { // a browser that is closed waits for no answer
				tn.t.Errorf("%s %s: %v", c.Request().Method, c.Request().URL.Path, err)
			}
			status = http.StatusInternalServerError
		}
		if err := tn.Error(c, status, f); err != nil {
			tn.t.Error(err)
		}
	}
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Response().Header().Set("Cache-Control", "no-store")
			return next(c)
		}
	})
	e.Use(watch.Origin, policy.Guard(tn.Accounts))
	tn.Mount(e)
	tn.server = httptest.NewServer(http.NewCrossOriginProtection().Handler(e))
	tn.t.Cleanup(tn.server.Close)
	tn.t.Cleanup(tn.EndStreams) // for which closing waits
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
