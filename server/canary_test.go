package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
	goredis "github.com/redis/go-redis/v9"

	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/internal/postgres"
	"hunyue/slots"
)

// remembered is everything that Redis keeps: by key, a line for each entry.
func (w *world) remembered() map[string]string {
	w.t.Helper()
	ctx, all := w.t.Context(), map[string]string{}
	keys := w.redis.Scan(ctx, 0, "*", 1000).Iterator()
	for keys.Next(ctx) {
		lines, err := entries(w, keys.Val())
		if err != nil {
			w.t.Fatal(err)
		}
		all[keys.Val()] = strings.Join(lines, "\n") + "\n"
	}
	if err := keys.Err(); err != nil {
		w.t.Fatal(err)
	}
	return all
}

func entries(w *world, key string) (lines []string, err error) {
	ctx := w.t.Context()
	kind, err := w.redis.Type(ctx, key).Result()
	if err != nil {
		return nil, err
	}
	switch kind {
	case "none": // gone meanwhile
	case "string":
		var text string
		text, err = w.redis.Get(ctx, key).Result()
		lines = []string{text}
	case "hash":
		var fields map[string]string
		fields, err = w.redis.HGetAll(ctx, key).Result()
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			lines = append(lines, name+" "+fields[name])
		}
	case "zset":
		var members []goredis.Z
		members, err = w.redis.ZRangeWithScores(ctx, key, 0, -1).Result()
		for _, m := range members {
			lines = append(lines, fmt.Sprint(m.Member, " ", m.Score))
		}
	case "set":
		lines, err = w.redis.SMembers(ctx, key).Result()
	case "list":
		lines, err = w.redis.LRange(ctx, key, 0, -1).Result()
	default:
		err = fmt.Errorf("key %s is a %s, which this test cannot read", key, kind)
	}
	return lines, err
}

// mine is a world in which everything personal that was sent is known.
type mine struct {
	*world
	secrets []string // names, numbers, phones, and what opens or shows an appointment
	numbers []string // of appointments
	found   int      // places where somebody can be read
}

func (m *mine) keep(secrets ...string) { m.secrets = append(m.secrets, secrets...) }

// person is somebody with a name and a number that stand nowhere else.
func (m *mine) person(name string, sex identity.Sex) doc {
	m.t.Helper()
	p := party(m.t, name, date.Date{Year: 1987, Month: 11, Day: 13}, sex, 100+len(m.secrets))
	number := word(p["document"].(doc), "number")
	m.keep(name, number, number[6:17]) // and without its area and check digit
	return p
}

// web books on the web. Somebody has typed the wrong sex first.
func (m *mine) web(slot string, couple []doc, phone string) doc {
	m.t.Helper()
	m.keep(phone)
	hold := m.hold(slot)
	shown := []string{"Hold-Token", word(hold, "token"), "Idempotency-Key", uuid.NewString()}
	body := application(hold, couple, phone, m.code(phone))
	m.refused(http.StatusUnprocessableEntity, "invalid_input", "POST", "/appointments", application(hold, []doc{couple[0], couple[0]}, phone, "000000"), shown...)
	booked := m.want(http.StatusCreated, "POST", "/appointments", body, shown...)
	m.want(http.StatusCreated, "POST", "/appointments", body, shown...)
	m.numbers = append(m.numbers, word(booked, "number"))
	m.keep(word(booked, "secret"), word(hold, "token"))
	return booked
}

// phone books for a caller.
func (m *mine) phone(slot string, couple []doc, phone, caller string) doc {
	m.t.Helper()
	m.keep(phone, caller)
	hold := m.want(http.StatusCreated, "POST", "/staff/holds", doc{"slot": slot, "channel": "phone", "caller": caller}, m.as("operator")...)
	body := application(hold, couple, phone, "")
	delete(body, "phone_code")
	maps.Copy(body, doc{"channel": "phone", "caller": caller})
	booked := m.want(http.StatusCreated, "POST", "/staff/appointments", body,
		m.as("operator", "Hold-Token", word(hold, "token"), "Idempotency-Key", uuid.NewString())...)
	m.numbers = append(m.numbers, word(booked, "number"))
	m.keep(word(booked, "secret"), word(hold, "token"))
	return booked
}

// Couples book, are looked up, cancel, are received and married, and engines
// fail under them. Nobody can be read out of the log, of Redis, of the metrics
// or, in plain text, of the database.
func TestCanary(t *testing.T) {
	m := &mine{world: newWorld(t, "2026-05-20T08:40:00+08:00", true)}
	rules := slots.DefaultRules()
	rules.LeadDays, rules.Shares = 0, slots.Shares{Web: 34, Phone: 33, Counter: 33}
	m.opens(here, rules)
	morning := []doc{{"from": "09:00", "to": "12:00"}}
	m.want(http.StatusOK, "PUT", "/manage/offices/"+here+"/schedule", doc{
		"slot_minutes": 30, "capacity": doc{"marriage": 60}, "weekdays": doc{"wed": morning, "thu": morning, "fri": morning},
	}, m.as("manager")...)
	m.want(http.StatusOK, "POST", "/manage/offices/"+here+"/publish", doc{"from": "2026-05-20", "to": "2026-05-22"}, m.as("manager")...)

	today := m.web(here+"-20260520-0900-marriage", []doc{m.person("龘靐", identity.Male), m.person("齉爩", identity.Female)}, "19912345671")
	called := m.phone(here+"-20260521-0900-marriage", []doc{m.person("鱻麤", identity.Male), m.person("灪龗", identity.Female)}, "0736-8912347", "厵驫之母")
	moving := m.web(here+"-20260521-0930-marriage", []doc{m.person("爨癵", identity.Male), m.person("籱麣", identity.Female)}, "19912345673")
	m.lookedUp(today, called)
	m.received(today)
	m.changed(moving)
	m.suspended(called)
	m.drain()
	m.absentFromRedis()
	m.absentFromTheDatabase()
	m.enginesFail()
	m.check()
	for _, token := range m.tokens {
		m.keep(token)
	}
	m.absentFromLogAndMetrics()
	t.Logf("fault: %d secrets sent as canaries while engines fail: found in %d places of the log, Redis, the metrics and the tables", len(m.secrets), m.found)
}

// lookedUp finds appointments by all that names them, as couples and staff do.
func (m *mine) lookedUp(today, called doc) {
	for _, booked := range []doc{today, called} {
		if got := m.status(booked); got != "booked" {
			m.t.Errorf("an appointment is %s", got)
		}
	}
	for _, q := range []string{"19912345671", m.secrets[1], word(today, "number")} {
		found := list(m.want(http.StatusOK, "POST", "/staff/appointments/search", doc{"q": q}, m.as("operator")...), "appointments")
		if len(found) != 1 || found[0]["number"] != today["number"] {
			m.t.Errorf("looked up by %s: %v", q, found)
		}
		if shown := text(found); strings.Contains(shown, m.secrets[0]) || strings.Contains(shown, m.secrets[1]) || strings.Contains(shown, "19912345671") {
			m.t.Errorf("staff are shown more than they need: %s", shown)
		}
	}
	m.want(http.StatusOK, "GET", "/staff/appointments?date=2026-05-20", nil, m.as("operator")...)
	m.messages("19912345671")
}

func (m *mine) received(today doc) {
	for _, username := range []string{"hall", "registrar"} {
		m.want(http.StatusOK, "POST", "/staff/readings", doc{"celsius": "36.4", "device": "T1"}, m.as(username)...)
	}
	in := readings("36.5", "36.6")
	in["companions"] = []doc{{"reason": "翻译", "celsius": "36.5", "device": "T1"}}
	m.want(http.StatusOK, "POST", visit(today, "check-in"), in, m.as("hall", "Idempotency-Key", uuid.NewString())...)
	m.want(http.StatusOK, "POST", visit(today, "call"), doc{"counter": "3"}, m.as("registrar")...)
	m.want(http.StatusOK, "POST", visit(today, "start"), doc{"counter": "3"}, m.as("registrar")...)
	m.want(http.StatusOK, "POST", visit(today, "complete"), doc{"certificate_number": "J430702-2026-000001"}, m.as("registrar")...)
}

// changed moves an appointment and cancels it.
func (m *mine) changed(moving doc) {
	at, secret := "/appointments/"+word(moving, "number"), word(moving, "secret")
	m.ahead(61 * time.Second)
	hold := m.hold(here + "-20260522-0900-marriage")
	m.keep(word(hold, "token"))
	m.want(http.StatusOK, "POST", at+"/reschedule", doc{"hold": hold["id"], "phone_code": m.code("19912345673")},
		"Appointment-Secret", secret, "Hold-Token", word(hold, "token"))
	m.ahead(61 * time.Second)
	m.want(http.StatusOK, "POST", at+"/cancel", doc{"phone_code": m.code("19912345673")}, "Appointment-Secret", secret)
}

func (m *mine) suspended(called doc) {
	m.want(http.StatusOK, "POST", "/manage/offices/"+here+"/suspensions", doc{
		"from": "2026-05-21", "to": "2026-05-21", "mode": "full", "reason": "停电", "notice": "今日停办。",
	}, m.as("manager")...)
	if got := m.status(called); got != "cancelled_by_office" {
		m.t.Errorf("suspended, an appointment is %s", got)
	}
}

// enginesFail lets somebody book while a row is locked, and while Redis is dead.
func (m *mine) enginesFail() {
	m.keep("19912345674")
	couple := []doc{m.person("麷灩", identity.Male), m.person("龖爧", identity.Female)}
	hold := m.hold(here + "-20260522-0930-marriage")
	m.keep(word(hold, "token"))
	body, shown := application(hold, couple, "19912345674", m.code("19912345674")), []string{"Hold-Token", word(hold, "token"), "Idempotency-Key", uuid.NewString()}
	locked, err := m.jobs.Beginx()
	if err != nil {
		m.t.Fatal(err)
	}
	if _, err := locked.Exec(`SELECT id FROM quota WHERE id = $1 FOR UPDATE`, here+"-20260522-0930-marriage-web"); err != nil {
		m.t.Fatal(err)
	}
	waits := m.refused(http.StatusConflict, "still_running", "POST", "/appointments", body, shown...)
	m.t.Logf("fault: a row of Postgres locked while a couple books: told %s", waits["code"])
	if err := locked.Rollback(); err != nil {
		m.t.Fatal(err)
	}
	m.engine.Kill()
	late := m.refused(http.StatusServiceUnavailable, "resuming", "POST", "/holds", doc{"slot": here + "-20260522-1000-marriage"})
	kept := m.want(http.StatusCreated, "POST", "/appointments", body, shown...) // the hold was granted: its place is kept
	m.t.Logf("fault: Redis killed while a couple types: they are %s, newcomers are told %s", kept["status"], late["code"])
	m.engine.Restart()
	if _, err := m.desk.Reconcile(m.t.Context()); err != nil {
		m.t.Fatal(err)
	}
}

func (m *mine) absentFromRedis() {
	all := m.remembered()
	if !strings.Contains(all["b:{"+here+"-20260520}:m"], here+"-20260520-0900-marriage-web") {
		m.t.Errorf("Redis does not know the places, so this shows nothing: %v", slices.Sorted(maps.Keys(all)))
	}
	for key, content := range all {
		for _, secret := range m.secrets {
			if strings.Contains(key+"\n"+content, secret) {
				m.found++
				m.t.Errorf("Redis keeps %q under %s", secret, key)
			}
		}
	}
}

func (m *mine) absentFromLogAndMetrics() {
	metrics, err := m.send("GET", "/metrics", nil)
	if err != nil {
		m.t.Fatal(err)
	}
	for where, text := range map[string]string{"the log": m.logged.String(), "the metrics": metrics.text} {
		if !strings.Contains(text, "/api/v1/staff/appointments/:number/check-in") {
			m.t.Errorf("%s does not tell of the check-in, so this shows nothing", where)
		}
		for _, secret := range append(m.secrets, m.numbers...) {
			if strings.Contains(text, secret) {
				m.found++
				m.t.Errorf("%q is in %s", secret, where)
			}
		}
	}
}

// absentFromTheDatabase looks into every column of every table, whatever its
// type, for the plain text and for its bytes. The messages that only demo mode
// keeps are where it must find something.
func (m *mine) absentFromTheDatabase() {
	var patterns []string
	for _, secret := range m.secrets {
		patterns = append(patterns, "%"+secret+"%", fmt.Sprintf("%%%x%%", secret))
	}
	var found []string
	err := postgres.InTx(m.t.Context(), m.jobs, func(tx postgres.Querier) error {
		if _, err := tx.ExecContext(m.t.Context(), `SET LOCAL statement_timeout = '60s'`); err != nil {
			return err
		}
		return tx.SelectContext(m.t.Context(), &found, `
			SELECT place
			FROM (
				SELECT
					c.table_name || '.' || c.column_name AS place,
					query_to_xml(format('SELECT count(*) AS n FROM %I WHERE %I::text LIKE ANY (%L)', c.table_name, c.column_name, $1::text[]),
						false, true, '') AS content
				FROM information_schema.columns AS c
				JOIN information_schema.tables AS t USING (table_schema, table_name)
				WHERE table_schema = 'public'
				  AND table_type = 'BASE TABLE'
			) AS searched
			WHERE (xpath('/row/n/text()', content))[1]::text::int > 0
			ORDER BY place`, pq.Array(patterns))
	})
	if err != nil {
		m.t.Fatal(err)
	}
	if !slices.Equal(found, []string{"dev_message.phone"}) {
		m.found++
		m.t.Errorf("somebody can be read in %v; want the phones of demo messages and nothing else", found)
	}
}
