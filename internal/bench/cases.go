package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	goredis "github.com/redis/go-redis/v9"
)

// bench is the program, the engines it uses, and a client.
type bench struct {
	program string
	db      *sqlx.DB
	redis   goredis.UniversalClient
	http    *http.Client

	database, cache string // their addresses

	staff string // bearer token of an operator
	days  int    // stocks made so far
}

// pair is one thing measured: what the program is asked, what its floor is
// asked, and how much of the floor it has to reach.
type pair struct {
	name    string
	target  float64
	want    int // status
	prepare func(n int) (program, floor request, t terms, err error)
}

func (b *bench) run(ctx context.Context, only string) error {
	if err := b.login(); err != nil {
		return err
	}
	if err := b.redis.FunctionLoadReplace(ctx, "#!lua name=floor\nredis.register_function('floor_one', function() return 1 end)").Err(); err != nil {
		return err
	}
	fmt.Printf("%-10s %12s %12s %7s %7s\n", "case", "program/s", "floor/s", "ratio", "target")
	for _, p := range []pair{
		{"hold", 0.6, http.StatusCreated, b.hold},
		{"sold-out", 0.7, http.StatusConflict, b.soldOut},
		{"confirm", 0.6, http.StatusCreated, b.confirm},
		{"days", 0.5, http.StatusOK, b.reads("/days")},
		{"slots", 0.5, http.StatusOK, b.reads("/slots")},
		{"seat", 0.1, http.StatusOK, b.seats("Mozilla/5.0")},
		{"seats", 0.1, http.StatusOK, b.seats("Mozilla/5.0", "Mozilla/5.0 Mobile", "Mozilla/5.0 Tablet", "program")},
	} {
		if !strings.HasPrefix(p.name, only) {
			continue
		}
		if err := b.measure(p); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// measure runs program and floor in turn and prints their medians.
func (b *bench) measure(p pair) error {
	var programs, floors []float64
	for n := range rounds {
		program, least, told, err := p.prepare(n)
		if err != nil {
			return err
		}
		one, err := throughput(b.http, p.want, program)
		if err != nil {
			return err
		}
		programs = append(programs, one)
		b.http.CloseIdleConnections()
		if one, err = b.floor(p.want, least, told); err != nil {
			return err
		}
		floors = append(floors, one)
	}
	ratio := median(programs) / median(floors)
	verdict := ""
	if ratio < p.target {
		verdict = "  below target"
	}
	fmt.Printf("%-10s %12.0f %12.0f %7.2f %7.2f%s\n", p.name, median(programs), median(floors), ratio, p.target, verdict)
	return nil
}

// floor measures a floor in a process of its own.
func (b *bench) floor(want int, least request, told terms) (float64, error) {
	told.Database, told.Redis = b.database, b.cache
	stop, address, err := startFloor(context.Background(), told)
	if err != nil {
		return 0, err
	}
	defer stop()
	defer b.http.CloseIdleConnections()
	return throughput(b.http, want, func(n int) *http.Request {
		r := least(n)
		r.URL.Host = address
		return r
	})
}

func (b *bench) stock(places int) (*stock, error) {
	b.days++
	return newStock(b.db, 40+b.days, places)
}

// bare is a request that the floor answers.
func bare(method, path string) request {
	return func(int) *http.Request {
		r, _ := http.NewRequestWithContext(context.Background(), method, "http://floor"+path, http.NoBody) // never fails
		return r
	}
}

func (b *bench) post(path string, body any, headers ...string) *http.Request {
	raw, _ := json.Marshal(body) // of maps and strings
	r, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, b.program+"/api/v1"+path, bytes.NewReader(raw))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func (b *bench) hold(int) (request, request, terms, error) {
	mine, err := b.stock(perSlot)
	if err != nil {
		return nil, nil, terms{}, err
	}
	theirs, err := b.stock(perSlot)
	if err != nil {
		return nil, nil, terms{}, err
	}
	for _, s := range []*stock{mine, theirs} { // puts both days into Redis
		if err := b.ask(b.post("/holds", map[string]string{"slot": s.slot(0)}), http.StatusCreated, nil); err != nil {
			return nil, nil, terms{}, err
		}
	}
	program := func(n int) *http.Request { return b.post("/holds", map[string]string{"slot": mine.slot(n)}) }
	return program, b.wishing("/hold", theirs), terms{Day: theirs.day}, nil
}

// wishing is the program's request for a hold, addressed to a floor.
func (b *bench) wishing(path string, s *stock) request {
	return func(n int) *http.Request {
		r := b.post("/holds", map[string]string{"slot": s.slot(n)})
		r.URL.Path = path
		return r
	}
}

func (b *bench) soldOut(int) (request, request, terms, error) {
	s, err := b.stock(0)
	if err != nil {
		return nil, nil, terms{}, err
	}
	if err := b.ask(b.post("/holds", map[string]string{"slot": s.slot(0)}), http.StatusConflict, nil); err != nil {
		return nil, nil, terms{}, err
	}
	program := func(n int) *http.Request { return b.post("/holds", map[string]string{"slot": s.slot(n)}) }
	return program, b.wishing("/sold-out", s), terms{Day: s.day}, nil
}

// ready is enough confirmations for one run.
const ready = 9000

func (b *bench) confirm(round int) (request, request, terms, error) {
	mine, err := b.stock(perSlot)
	if err != nil {
		return nil, nil, terms{}, err
	}
	theirs, err := b.stock(perSlot)
	if err != nil {
		return nil, nil, terms{}, err
	}
	requests := make([]*http.Request, ready)
	for n := range requests {
		var held struct{ ID, Token string }
		key := uuid.NewString()
		if err := b.ask(b.post("/staff/holds", map[string]string{"slot": mine.slot(n), "channel": "phone", "caller": "caller"},
			"Authorization", b.staff), http.StatusCreated, &held); err != nil {
			return nil, nil, terms{}, err
		}
		requests[n] = b.post("/staff/appointments", application(held.ID, round*ready+n),
			"Authorization", b.staff, "Hold-Token", held.Token, "Idempotency-Key", key)
	}
	program := func(n int) *http.Request { return requests[n%ready] }
	return program, bare(http.MethodPost, "/confirm"), terms{Day: theirs.day}, nil
}

func application(hold string, n int) map[string]any {
	him, her := people(n)
	party := func(name, number string) map[string]any {
		return map[string]any{"name": name, "document": map[string]string{"type": "resident_id", "number": number}}
	}
	return map[string]any{
		"hold": hold, "service": "marriage", "channel": "phone", "caller": "caller", "locale": "zh",
		"phone":    fmt.Sprintf("138%08d", n),
		"parties":  []any{party("张三", him), party("李四", her)},
		"consents": map[string]string{"privacy": "1", "agreement": "1"},
	}
}

// reads compares an availability answer with the same bytes from memory.
func (b *bench) reads(path string) func(int) (request, request, terms, error) {
	return func(int) (request, request, terms, error) {
		query := path + "?service=marriage"
		if path == "/slots" {
			query += "&date=" + time.Now().AddDate(0, 0, 7).Format(time.DateOnly)
		}
		address := b.program + "/api/v1/offices/430702" + query
		res, err := b.http.Get(address)
		if err != nil {
			return nil, nil, terms{}, err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return nil, nil, terms{}, err
		}
		program := func(int) *http.Request {
			r, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, address, http.NoBody)
			return r
		}
		return program, bare(http.MethodGet, query), terms{Read: body}, nil
	}
}

// nobodys is a number that no appointment has.
const nobodys = "99999999"

// seats has an operator look for a number that nobody has, at one seat or in turn at
// several, which differ by their devices: a connection of the staff's pool is told from
// where it is used whenever that changes.
func (b *bench) seats(devices ...string) func(int) (request, request, terms, error) {
	return func(int) (request, request, terms, error) {
		program := func(n int) *http.Request {
			return b.post("/staff/appointments/search", map[string]string{"q": nobodys, "office": "430702"},
				"Authorization", b.staff, "User-Agent", devices[n%len(devices)])
		}
		return program, bare(http.MethodPost, "/seat"), terms{}, nil
	}
}

func (b *bench) login() error {
	var session struct{ Token string }
	err := b.ask(b.post("/staff/login", map[string]string{"username": "operator", "password": "demo-hunyue-2026"}), http.StatusOK, &session)
	b.staff = "Bearer " + session.Token
	return err
}

// ask sends one request outside a measurement.
func (b *bench) ask(r *http.Request, want int, into any) error {
	res, err := b.http.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != want {
		return fmt.Errorf("%s %s: %d instead of %d: %s", r.Method, r.URL.Path, res.StatusCode, want, body)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(body, into)
}
