package booking

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	goredis "github.com/redis/go-redis/v9"

	"hunyue/internal/clock"
	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/internal/postgres"
	"hunyue/internal/seal"
	"hunyue/internal/testenv"
	"hunyue/slots"
)

// world is an office with slots, and a desk to book at it.
type world struct {
	t    testing.TB
	db   *sqlx.DB
	desk *Desk
	day  date.Date
	born atomic.Int64 // people so far
}

const office = "430702"

// marriage is what most couples come for.
var marriage = slots.Service{ID: "marriage", Group: slots.Marriage}

// newWorld has an office that offers marriage and re-issue and no slot yet.
func newWorld(t testing.TB) *world {
	client, prefix := testenv.Redis(t)
	return worldAt(t, client, prefix)
}

// china is where the office is: its days begin eight hours before those of UTC.
var china = time.FixedZone("CST", 8*60*60)

func worldAt(t testing.TB, client goredis.UniversalClient, prefix string) *world {
	t.Helper()
	db := testenv.DB(t)
	keys, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	now := &clock.Clock{}
	w := &world{t: t, db: db, day: date.DateOf(time.Now().In(china)).AddDays(7)}
	w.desk = &Desk{
		DB: db, Holds: &Holds{Redis: client, Prefix: prefix, Clock: now},
		Offices: &slots.Store{DB: db, Clock: now}, Keys: keys, Clock: now,
		Log: slog.New(slog.DiscardHandler), Wake: func() {},
	}
	if err := w.desk.Holds.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.exec(`INSERT INTO office (id, name, name_en, address, phone) VALUES ('430702', '武陵区婚姻登记处', 'Wuling Marriage Registry', '示例路1号', '0736-0000001')`)
	w.exec(`INSERT INTO office_service (office_id, service_id) VALUES ('430702', 'marriage'), ('430702', 'remarriage'), ('430702', 'reissue_marriage')`)
	return w
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Exec(query, args...); err != nil {
		w.t.Fatal(err)
	}
}

// slot makes a slot at hhmm with so many places for bookings by phone.
func (w *world) slot(hhmm string, places int) slots.SlotID {
	w.t.Helper()
	id := fmt.Sprintf("%s-%s-%s", office, strings.ReplaceAll(w.day.String(), "-", ""), hhmm)
	start, err := time.ParseInLocation("2006-01-02 1504", w.day.String()+" "+hhmm, time.UTC)
	if err != nil {
		w.t.Fatal(err)
	}
	w.exec(`INSERT INTO slot (id, office_id, day, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5)`, id, office, w.day, start, start.Add(time.Minute))
	w.exec(`
		INSERT INTO quota (id, office_id, day, kind, slot_id, biz_group, channel, cap, opens_at, closes_at)
		VALUES ($1, $2, $3, 'place', $4, 'marriage', 'phone', $5, clock_now() - interval '1 day', $6)`,
		id+"-marriage-phone", office, w.day, id, places, start)
	if err := w.desk.publishDay(w.t.Context(), office, w.day); err != nil {
		w.t.Fatal(err)
	}
	return w.slotOf(id + "-marriage")
}

// ahead moves every clock.
func (w *world) ahead(by time.Duration) {
	w.t.Helper()
	by += w.desk.Clock.Shift()
	w.desk.Clock.Set(by)
	if err := postgres.Shift(w.t.Context(), w.db, by); err != nil {
		w.t.Fatal(err)
	}
}

// couple is two people whom nobody else is.
func (w *world) couple() []Party {
	return []Party{w.person(identity.Male), w.person(identity.Female)}
}

func (w *world) person(sex identity.Sex) Party {
	w.t.Helper()
	n := int(w.born.Add(1))
	born := date.Date{Year: 1985, Month: 1, Day: 1}.AddDays(n / 400)
	number, err := identity.Synthetic(born, sex, n%400)
	if err != nil {
		w.t.Fatal(err)
	}
	document, wrong := identity.ParseDocument(identity.ResidentID, number, time.Now())
	if wrong != "" {
		w.t.Fatalf("synthetic number: %s", wrong)
	}
	return Party{Name: "张三", Document: document, Sex: sex, Born: born}
}

// ask is a hold request by a session of its own.
func (w *world) ask(slot slots.SlotID, key string) HoldRequest {
	return HoldRequest{Slot: slot, Channel: slots.Phone, Session: key, Key: key}
}

// application is for a hold made by ask with the same key; over the phone, so
// that no code is asked.
func (w *world) application(h Hold, key string, couple []Party) Application {
	w.t.Helper()
	n := w.born.Add(1)
	phone, wrong := identity.ParsePhone(fmt.Sprintf("138%08d", n))
	if wrong != "" {
		w.t.Fatalf("phone: %s", wrong)
	}
	return Application{
		Hold: h.ID, Token: h.Token, Session: key, Key: key, Request: []byte(key),
		Service: "marriage", Parties: couple, Phone: phone, Locale: "zh",
		Consents: map[string]string{"privacy": "1"}, Channel: slots.Phone, Actor: "operator", Caller: "caller",
	}
}

// book holds and confirms for a new couple, or fails the test.
func (w *world) book(slot slots.SlotID) Appointment {
	w.t.Helper()
	key := uuid.NewString()
	h, err := w.desk.Hold(w.t.Context(), w.ask(slot, key))
	if err != nil {
		w.t.Fatalf("hold: %v", err)
	}
	r, err := w.desk.Confirm(w.t.Context(), w.application(h, key, w.couple()))
	if err != nil {
		w.t.Fatalf("confirm: %v", err)
	}
	a, err := w.desk.Find(w.t.Context(), r.Number, r.Secret)
	if err != nil {
		w.t.Fatalf("find: %v", err)
	}
	return a
}

// booked is how many appointments of a slot are stored and not cancelled.
func (w *world) booked(slot slots.SlotID) int {
	w.t.Helper()
	var n int
	err := w.db.Get(&n, `SELECT count(*) FROM appointment WHERE quota_id LIKE $1 AND status NOT IN ('cancelled', 'cancelled_by_office')`, slot.String()+"-%")
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// drain does what the outbox worker does for quotas.
func (w *world) drain() {
	w.t.Helper()
	var quotas []string
	if err := w.db.Select(&quotas, `UPDATE outbox SET state = 'done' WHERE topic = 'settle' AND state = 'pending' RETURNING quota_id`); err != nil {
		w.t.Fatal(err)
	}
	for _, q := range quotas {
		if err := w.desk.Resettle(w.t.Context(), q); err != nil {
			w.t.Fatal(err)
		}
	}
}

// check fails the test for every invariant that does not hold.
func (w *world) check() {
	w.t.Helper()
	for name, bad := range w.violations() {
		w.t.Errorf("%s: %d rows", name, bad)
	}
}

// violations is what the checker finds.
func (w *world) violations() map[string]int {
	w.t.Helper()
	found, err := Check(context.Background(), w.db, w.desk.Holds)
	if err != nil {
		w.t.Fatal(err)
	}
	bad := map[string]int{}
	for _, a := range found {
		if a.Bad != 0 {
			bad[a.Name] = a.Bad
		}
	}
	return bad
}

func (w *world) slotOf(id string) slots.SlotID {
	w.t.Helper()
	slot, err := slots.ParseSlotID(id)
	if err != nil {
		w.t.Fatal(err)
	}
	return slot
}
