package hall_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/clock"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/internal/seal"
	"hunyue/internal/testenv"
	"hunyue/slots"
)

const office = "430702"

var (
	shanghai = time.FixedZone("CST", 8*60*60)
	theDay   = date.Date{Year: 2026, Month: time.May, Day: 20}
)

// world is an office on 20 May 2026 with slots from 09:00 to 12:00.
type world struct {
	*hall.Desk
	t      testing.TB
	booked *int // how many appointments have been made
}

// Tests that have one run side by side: most of their time is the making of
// databases.
func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	keys, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	db, c := testenv.DB(t), &clock.Clock{}
	w := &world{t: t, booked: new(int), Desk: &hall.Desk{
		DB: db, Clock: c, Log: slog.New(slog.DiscardHandler), Keys: keys,
		Offices: &slots.Store{DB: db, Clock: c},
	}}
	w.run(`INSERT INTO office (id, name, name_en, address, phone)
		VALUES ('430702', '武陵区婚姻登记处', 'Wuling', '常德', '0736-0000000'), ('430703', '鼎城区婚姻登记处', 'Dingcheng', '常德', '0736-0000001')`)
	w.open(theDay)
	w.rulesFrom("2026-01-01", roomy)
	w.at("08:50")
	return w
}

// rule is a subtest in the database of w, at 08:50 again. It asks about its own
// couples, or about what it has added: other rules have left theirs.
func (w *world) rule(keep func(t *testing.T, w *world)) func(*testing.T) {
	return func(t *testing.T) {
		own := &world{t: t, booked: w.booked, Desk: w.Desk}
		own.at("08:50")
		keep(t, own)
	}
}

// open makes the slots of a day.
func (w *world) open(day date.Date) {
	w.t.Helper()
	for _, start := range []string{"09:00", "10:00", "11:00"} {
		slot, from := slotID(day, start), instant(day, start)
		w.run(`INSERT INTO slot (id, office_id, day, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5)`,
			slot, office, day, from, from.Add(time.Hour))
		w.run(`INSERT INTO quota (id, office_id, day, kind, slot_id, biz_group, channel, cap, booked, opens_at, closes_at)
			VALUES ($1, $2, $3, 'place', $4, 'marriage', 'web', 200, 100, $5, $6)`,
			slot+"-marriage-web", office, day, slot, from.Add(-24*time.Hour), from)
	}
}

func slotID(day date.Date, start string) string {
	return fmt.Sprintf("%s-%04d%02d%02d-%s%s", office, day.Year, day.Month, day.Day, start[:2], start[3:])
}

// instant is a time of day at the office: "09:00" or "09:00:30".
func instant(day date.Date, at string) time.Time {
	layout := "15:04:05"[:len(at)]
	t, err := time.ParseInLocation("2006-01-02 "+layout, day.String()+" "+at, shanghai)
	if err != nil {
		panic(err)
	}
	return t
}

// at makes it this time of the day, on both clocks.
func (w *world) at(clockTime string) { w.t.Helper(); w.on(theDay, clockTime) }

func (w *world) on(day date.Date, clockTime string) {
	w.t.Helper()
	by := time.Until(instant(day, clockTime))
	w.Clock.Set(by)
	if err := postgres.Shift(w.t.Context(), w.DB, by); err != nil {
		w.t.Fatal(err)
	}
}

// roomy lets in whoever comes.
const roomy = `{"couples_waiting": 200}`

// rules gives the office its own rules, before anything has read them. There is
// room for everybody unless they say otherwise.
func (w *world) rules(json string) {
	w.t.Helper()
	w.rulesFrom("2026-01-02", strings.TrimSuffix(roomy, "}")+", "+strings.TrimPrefix(json, "{"))
}

func (w *world) rulesFrom(day, json string) {
	w.t.Helper()
	w.run(`INSERT INTO office_rules (office_id, effective_from, rules, note, actor) VALUES ($1, $2, $3, 'test', 'test')`, office, day, json)
}

// book makes an appointment of two for a slot and returns its number.
func (w *world) book(start string) string { w.t.Helper(); return w.bookFor(start, "marriage", 2) }

func (w *world) bookFor(start, service string, parties int) string {
	w.t.Helper()
	*w.booked++
	number := fmt.Sprintf("%08d", 20000000+*w.booked)
	from := instant(theDay, start)
	err := postgres.InTx(w.t.Context(), w.DB, func(tx postgres.Querier) error {
		if err := postgres.SetActor(w.t.Context(), tx, "test"); err != nil {
			return err
		}
		if _, err := tx.ExecContext(w.t.Context(), `
			INSERT INTO appointment (number, hold_id, office_id, quota_id, service_id, biz_group, day, starts_at, ends_at,
				channel, phone_key, contact, locale, consents)
			VALUES ($1, gen_random_uuid(), $2, $3, $4, 'marriage', $5, $6, $7, 'web', sha256($1::text::bytea), '\x00', 'zh', '{}')`,
			number, office, slotID(theDay, start)+"-marriage-web", service, theDay, from, from.Add(time.Hour)); err != nil {
			return err
		}
		_, err := tx.ExecContext(w.t.Context(), `
			INSERT INTO party (appointment_id, role, person, biz_group, sealed)
			SELECT a.id, role, sha256(($1::text || role)::bytea), 'marriage', '\x00'
			FROM appointment AS a, generate_series(1, $2) AS role
			WHERE a.number = $1`, number, parties)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return number
}

// arrival is a couple measured with thermometer T1.
func arrival(number string, tenths ...int) hall.Arrival { return arrivalWith("T1", number, tenths...) }

func arrivalWith(device, number string, tenths ...int) hall.Arrival {
	a := hall.Arrival{Number: number, Office: office, Actor: "hall"}
	for i, n := range tenths {
		a.Readings = append(a.Readings, hall.Reading{Party: i + 1, Decicelsius: n, Device: device})
	}
	return a
}

// checkIn expects no error.
func (w *world) checkIn(a hall.Arrival) hall.CheckIn {
	w.t.Helper()
	c, err := w.CheckIn(w.t.Context(), a)
	if err != nil {
		w.t.Fatalf("check-in of %s: %v %v", a.Number, err, fault.Of(err).Fields)
	}
	return c
}

// received books a couple and checks it in.
func (w *world) received() string {
	w.t.Helper()
	number := w.book("09:00")
	w.checkIn(arrival(number, 365, 366))
	return number
}

// serving is a couple that sits at a counter of its own.
func (w *world) serving() string {
	w.t.Helper()
	number := w.received()
	w.serve(number)
	return number
}

func (w *world) serve(number string) {
	w.t.Helper()
	counter := "C" + number[4:] // nobody else sits there
	if _, err := w.Call(w.t.Context(), number, counter, "registrar"); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.Start(w.t.Context(), number, counter, "registrar"); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) status(number string) booking.Status {
	w.t.Helper()
	return booking.Status(w.text(`SELECT status FROM appointment WHERE number = $1`, number))
}

func (w *world) wantStatus(number string, want booking.Status) {
	w.t.Helper()
	if got := w.status(number); got != want {
		w.t.Errorf("status is %q, want %q", got, want)
	}
}

func (w *world) count(query string, args ...any) int {
	w.t.Helper()
	var n int
	if err := w.DB.GetContext(w.t.Context(), &n, query, args...); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) wantCount(want int, what, query string, args ...any) {
	w.t.Helper()
	if got := w.count(query, args...); got != want {
		w.t.Errorf("%d %s, want %d", got, what, want)
	}
}

// since counts now, and returns how to expect so many more later.
func (w *world) since(query string) func(want int, what string) {
	w.t.Helper()
	before := w.count(query)
	return func(want int, what string) {
		w.t.Helper()
		if got := w.count(query) - before; got != want {
			w.t.Errorf("%d more %s, want %d", got, what, want)
		}
	}
}

func (w *world) text(query string, args ...any) string {
	w.t.Helper()
	var s string
	if err := w.DB.GetContext(w.t.Context(), &s, query, args...); err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) run(query string, args ...any) {
	w.t.Helper()
	if _, err := w.DB.ExecContext(w.t.Context(), query, args...); err != nil {
		w.t.Fatal(err)
	}
}

// move advances an appointment as another part of the program would.
func (w *world) move(number string, to booking.Status) {
	w.t.Helper()
	err := postgres.InTx(w.t.Context(), w.DB, func(tx postgres.Querier) error {
		var id int64
		if err := tx.GetContext(w.t.Context(), &id, `SELECT id FROM appointment WHERE number = $1`, number); err != nil {
			return err
		}
		return booking.Advance(w.t.Context(), tx, id, to, "test")
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wantFault(err error, want *fault.Error) {
	w.t.Helper()
	if err == nil || fault.Of(err).Code != want.Code {
		w.t.Errorf("got %v, want %v", err, want)
	}
}

func (w *world) wantFields(err error, want map[string]string) {
	w.t.Helper()
	got := fault.Of(err).Fields
	for field, code := range want {
		if got[field] != code {
			w.t.Errorf("%s is %q, want %q", field, got[field], code)
		}
	}
	if err == nil || len(got) != len(want) {
		w.t.Errorf("got %v %v, want fields %v", err, got, want)
	}
}
