package notify_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"hunyue/internal/clock"
	"hunyue/internal/postgres"
	"hunyue/internal/seal"
	"hunyue/internal/testenv"
	"hunyue/notify"
)

const (
	mobile   = "13800000001"
	landline = "07367123456"
)

// hall is a database, an outbox, and a sender whose channel is a post.
type hall struct {
	dsn    string
	db     *sqlx.DB
	clock  *clock.Clock
	log    *record
	keys   *seal.Keys
	outbox *notify.Outbox
	post   *post
	sender *notify.Sender
	letter notify.Letter // what Lookup answers
}

func newHall(t *testing.T) *hall {
	t.Helper()
	keys, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	texts, err := notify.ParseTexts("武陵民政")
	if err != nil {
		t.Fatal(err)
	}
	h := &hall{dsn: testenv.DSN(t), clock: &clock.Clock{}, log: &record{}, keys: keys, post: &post{}, letter: letter("zh")}
	h.db = h.another(t)
	h.outbox = notify.NewOutbox(h.db, h.clock, h.logger())
	h.sender = &notify.Sender{
		DB: h.db, Channel: h.post, Texts: texts, Keys: keys, Clock: h.clock,
		Lookup: func(context.Context, notify.Event) (notify.Letter, error) { return h.letter, nil },
	}
	return h
}

func letter(locale string) notify.Letter {
	zone := time.FixedZone("", 8*60*60)
	return notify.Letter{
		Phone: mobile, SMS: true, Locale: locale, Number: "26052038",
		Office: "武陵区婚姻登记处", OfficeEN: "Wuling District Marriage Registry", OfficePhone: "0736-7250001",
		StartsAt: time.Date(2126, time.May, 20, 9, 30, 0, 0, zone),
		EndsAt:   time.Date(2126, time.May, 20, 10, 0, 0, 0, zone),
	}
}

func (h *hall) logger() *slog.Logger { return slog.New(slog.NewTextHandler(h.log, nil)) }

// worker sends messages and codes.
func (h *hall) worker() *notify.Worker {
	return h.workerOf(h.db, map[notify.Topic]notify.Handler{notify.TopicMessage: h.sender, notify.TopicCode: h.sender})
}

func (h *hall) workerOf(db *sqlx.DB, handlers map[notify.Topic]notify.Handler) *notify.Worker {
	return &notify.Worker{DB: db, Handlers: handlers, Outbox: h.outbox, Log: h.logger()}
}

func (h *hall) drain(t *testing.T) {
	t.Helper()
	if err := h.worker().Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// shift makes all clocks run ahead by d.
func (h *hall) shift(t *testing.T, d time.Duration) {
	t.Helper()
	h.clock.Set(d)
	if err := postgres.Shift(t.Context(), h.db, d); err != nil {
		t.Fatal(err)
	}
}

// appointment books one, and so writes the event 'booked'.
func (h *hall) appointment(t *testing.T) int64 {
	t.Helper()
	var id int64
	h.tx(t, func(tx postgres.Querier) {
		h.exec(t, tx, `
			INSERT INTO office (id, name, name_en, address, phone)
			VALUES ('430702', '武陵区婚姻登记处', 'Wuling', '-', '-')
			ON CONFLICT DO NOTHING`)
		h.exec(t, tx, `
			INSERT INTO quota (id, office_id, day, kind, cap, opens_at, closes_at)
			VALUES ('430702-21260520-hall', '430702', '2126-05-20', 'hall', 100, clock_now(), clock_now())
			ON CONFLICT DO NOTHING`)
		err := tx.GetContext(t.Context(), &id, `
			INSERT INTO appointment (number, hold_id, office_id, quota_id, service_id, biz_group, day, starts_at, ends_at,
				channel, phone_key, contact, locale, consents)
			SELECT (10000000 + count(*))::text, gen_random_uuid(), '430702', '430702-21260520-hall', 'marriage', 'marriage',
				'2126-05-20', '2126-05-20 01:30Z', '2126-05-20 02:00Z', 'web', sha256('phone'), 'sealed', 'zh', '{}'
			FROM appointment
			RETURNING id`)
		if err != nil {
			t.Fatal(err)
		}
	})
	return id
}

// move gives an appointment a status, and so writes an event.
func (h *hall) move(t *testing.T, appointment int64, status string) {
	t.Helper()
	h.tx(t, func(tx postgres.Querier) {
		h.exec(t, tx, `UPDATE appointment SET status = $2 WHERE id = $1`, appointment, status)
	})
}

func (h *hall) remind(t *testing.T, appointment int64) {
	t.Helper()
	if err := notify.Enqueue(t.Context(), h.db, notify.Reminder, appointment); err != nil {
		t.Fatal(err)
	}
}

func (h *hall) settle(t *testing.T, quota string) {
	t.Helper()
	h.exec(t, h.db, `SELECT enqueue_settle($1)`, quota)
}

func (h *hall) tx(t *testing.T, f func(tx postgres.Querier)) {
	t.Helper()
	err := postgres.InTx(t.Context(), h.db, func(tx postgres.Querier) error {
		if err := postgres.SetActor(t.Context(), tx, "test"); err != nil {
			return err
		}
		f(tx)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (h *hall) exec(t *testing.T, q postgres.Querier, query string, args ...any) {
	t.Helper()
	if _, err := q.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

// texts is the first column of a query as text.
func (h *hall) texts(t *testing.T, query string, args ...any) []string {
	t.Helper()
	got := []string{}
	if err := h.db.SelectContext(t.Context(), &got, query, args...); err != nil {
		t.Fatal(err)
	}
	return got
}

// states are the events in their order, "booked done".
func (h *hall) states(t *testing.T) []string {
	t.Helper()
	return h.texts(t, `SELECT kind || ' ' || state FROM outbox ORDER BY id`)
}

func (h *hall) attempts(t *testing.T) []string {
	t.Helper()
	return h.texts(t, `SELECT concat_ws(' ', state, error) FROM attempt ORDER BY outbox_id, n`)
}

func (h *hall) calls(t *testing.T) []string {
	t.Helper()
	return h.texts(t, `SELECT reason FROM contact WHERE open ORDER BY id`)
}

// another connects to the database, as another process would.
func (h *hall) another(t *testing.T) *sqlx.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), h.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// record is a log that can be read.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}
