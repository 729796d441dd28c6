package hall_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/uuid"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// The figures of a history in which everybody acts at once.
const (
	histories = 3
	crowd     = 18 // couples
	hallRoom  = 4
	presses   = 40 // of each counter, before it works off whoever is left
)

// history is a hall in which two desks and three counters act at once. What they
// are told is compared as it comes, and the tables once they are done.
type history struct {
	*world
	number []string

	mu     sync.Mutex
	at     map[string]string // a couple, and the counter that believes to have it
	ticket map[string]string // a couple, and its ticket
}

// Invariants of the line, over random histories: no ticket is given twice, no couple
// is called by two counters at once, a counter serves one at a time, nobody enters a
// full hall, and every couple comes to an end.
func TestRandomHistoriesKeepTheLine(t *testing.T) {
	for n := range histories {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			w := newWorld(t)
			w.rules(fmt.Sprintf(`{"screening": "off", "hall_limit": %d, "call_repeats": 1, "call_rounds": 2, "walk_in_minutes": 5}`, hallRoom))
			h := &history{world: w, at: map[string]string{}, ticket: map[string]string{}}
			for i := range crowd {
				h.number = append(h.number, w.book([]string{"09:00", "10:00"}[i%2]))
			}
			w.at("09:05")
			h.run(uint64(n))
			h.judge()
		})
	}
}

func (h *history) run(seed uint64) {
	var all sync.WaitGroup
	arriving := make(chan string, crowd)
	for _, i := range rand.New(rand.NewPCG(seed, 1)).Perm(crowd) {
		arriving <- h.number[i]
	}
	close(arriving)
	for desk := range uint64(2) {
		all.Go(func() { h.receive(rand.New(rand.NewPCG(seed, 10+desk)), arriving) })
	}
	for counter := range uint64(3) {
		all.Go(func() { h.serve(rand.New(rand.NewPCG(seed, 20+counter)), fmt.Sprint(counter+1)) })
	}
	all.Wait()
	for left := crowd; left > 0; left-- { // whoever is still there, one after the other
		h.workOff()
	}
}

// sent asks again where the database had no time, as whoever presses does: with the
// same key it is done once.
func sent(act func() error) error {
	err := act()
	for range 20 {
		if postgres.State(err) != "55P03" {
			break
		}
		err = act()
	}
	return err
}

// answered is sent for what has an answer.
func answered[T any](act func() (T, error)) (T, error) {
	var answer T
	err := sent(func() error {
		var err error
		answer, err = act()
		return err
	})
	return answer, err
}

// receive is a desk: it checks couples in, some of them twice, and lets in who waits
// outside.
func (h *history) receive(r *rand.Rand, arriving <-chan string) {
	for number := range arriving {
		a := hall.Arrival{Number: number, Office: office, Early: true, Key: uuid.NewString(), Actor: "desk"}
		for range 1 + r.IntN(2) {
			in, err := answered(func() (hall.CheckIn, error) { return h.CheckIn(h.t.Context(), a) })
			if err != nil {
				h.t.Errorf("check-in: %v", err)
				continue
			}
			h.gave(number, in.Ticket)
		}
		if r.IntN(2) == 0 {
			who, p := h.number[r.IntN(crowd)], hall.Press{Office: office, Key: uuid.NewString(), Actor: "desk"}
			h.may(sent(func() error { return h.Enter(h.t.Context(), who, p) }))
		}
	}
}

func (h *history) gave(number, ticket string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if had := h.ticket[number]; had != "" && had != ticket {
		h.t.Errorf("couple %s has the tickets %s and %s", number, had, ticket)
	}
	for other, theirs := range h.ticket {
		if theirs == ticket && other != number {
			h.t.Errorf("ticket %s was given twice", ticket)
		}
	}
	h.ticket[number] = ticket
}

// may takes a refusal as an answer, and anything else as a failure.
func (h *history) may(err error) bool {
	h.t.Helper()
	if err != nil && fault.Of(err).Kind == fault.Internal {
		h.t.Errorf("a press failed: %v", err)
	}
	return err == nil
}

func (h *history) serve(r *rand.Rand, counter string) {
	p := func() hall.Press {
		return hall.Press{Office: office, Counter: counter, Key: uuid.NewString(), Actor: "registrar" + counter}
	}
	opening := p()
	h.may(sent(func() error { return h.OpenCounter(h.t.Context(), opening) }))
	for n := range presses {
		number := h.callNext(r, p())
		if number == "" {
			h.resume(r, p())
			continue
		}
		h.decide(r, number, p(), n)
	}
}

// callNext calls, at times with a double click from two threads.
func (h *history) callNext(r *rand.Rand, p hall.Press) string {
	turn, err := answered(func() (hall.Turn, error) { return h.CallNext(h.t.Context(), p) })
	if r.IntN(3) == 0 {
		again, errAgain := answered(func() (hall.Turn, error) { return h.CallNext(h.t.Context(), p) })
		if (err == nil) != (errAgain == nil) && err == nil || err == nil && again.Ticket != turn.Ticket {
			h.t.Errorf("one press called %s and %s (%v)", turn.Ticket, again.Ticket, errAgain)
		}
		if err != nil && errAgain == nil { // somebody came in between
			turn, err = again, nil
		}
	}
	if !h.may(err) {
		return ""
	}
	line, err := h.Line(h.t.Context(), office, theDay)
	if err != nil {
		h.t.Error(err)
		return ""
	}
	for _, l := range line.Couples {
		if l.Ticket == turn.Ticket {
			h.took(l.Number, p.Counter)
			return l.Number
		}
	}
	h.t.Errorf("%s was called and is in no line", turn.Ticket)
	return ""
}

func (h *history) took(number, counter string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if other := h.at[number]; other != "" {
		h.t.Errorf("couple %s was called by counter %s while counter %s had it", number, counter, other)
	}
	h.at[number] = counter
}

// lets is what a counter believes before it gives a couple up: from then on another
// may have it.
func (h *history) lets(number string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.at, number)
}

// decide does something with the couple that a counter has called.
func (h *history) decide(r *rand.Rand, number string, p hall.Press, n int) {
	ctx := h.t.Context()
	switch r.IntN(6) {
	case 0:
		h.lets(number)
		_, err := answered(func() (hall.Passed, error) { return h.Pass(ctx, number, p) })
		h.must("pass", err)
		return
	case 1:
		h.lets(number)
		h.must("park", sent(func() error { return h.Park(ctx, number, p) }))
		return
	case 2:
		if to := fmt.Sprint(1 + r.IntN(3)); to != p.Counter {
			h.lets(number)
			if err := sent(func() error { return h.Forward(ctx, number, to, p) }); h.may(err) {
				return
			}
			h.took(number, p.Counter)
		}
	}
	if _, err := answered(func() (hall.Turn, error) { return h.Start(ctx, number, p.Counter, p.Actor) }); err != nil {
		if !errors.Is(err, hall.ErrHallFull) {
			h.t.Errorf("start: %v", err)
		}
		h.lets(number)
		h.must("park", sent(func() error { return h.Park(ctx, number, p) }))
		return
	}
	h.lets(number)
	if r.IntN(8) == 0 {
		h.must("refuse", sent(func() error { return h.Refuse(ctx, number, hall.Refusal{Code: hall.BadPhotos}, p.Actor) }))
		return
	}
	counter := int(p.Counter[0] - '0')
	_, err := answered(func() (hall.Registration, error) {
		return h.Complete(ctx, number, fmt.Sprintf("J430702-2026-%06d", counter*1000+n), p.Actor)
	})
	h.must("complete", err)
}

func (h *history) must(what string, err error) {
	h.t.Helper()
	if err != nil {
		h.t.Errorf("%s: %v", what, err)
	}
}

// resume brings somebody back who was parked.
func (h *history) resume(r *rand.Rand, p hall.Press) {
	line, err := h.Line(h.t.Context(), office, theDay)
	if err != nil {
		h.t.Error(err)
		return
	}
	for _, l := range line.Couples {
		if l.Parked && r.IntN(2) == 0 {
			h.may(sent(func() error { return h.Resume(h.t.Context(), l.Number, p) })) // another may have been quicker
			return
		}
	}
}

// workOff serves one couple that is left.
func (h *history) workOff() {
	ctx := context.WithoutCancel(h.t.Context())
	line, err := h.Line(ctx, office, theDay)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, l := range line.Couples {
		if l.Parked {
			h.must("resume", h.Resume(ctx, l.Number, hall.Press{Office: office, Actor: "registrar"}))
		}
	}
	for counter := range 3 {
		p := hall.Press{Office: office, Counter: fmt.Sprint(counter + 1), Actor: "registrar"}
		turn, err := h.CallNext(ctx, p)
		if err != nil {
			continue
		}
		number := h.numberOf(turn.Ticket)
		if _, err := h.Start(ctx, number, p.Counter, p.Actor); err != nil {
			h.t.Errorf("the last ones: %v", err)
			continue
		}
		h.must("refuse", h.Refuse(ctx, number, hall.Refusal{Code: hall.NoDocuments}, p.Actor))
		return
	}
}

// judge reads what the tables say of the whole history.
func (h *history) judge() {
	h.t.Helper()
	for _, number := range h.number {
		if s := h.status(number); s != booking.Completed && s != booking.NotAccepted {
			h.t.Errorf("couple %s is left as %s", number, s)
		}
	}
	h.wantCount(crowd, "tickets", `SELECT count(DISTINCT ticket) FROM visit`)
	h.wantCount(0, "couples still inside or at a counter", `SELECT count(*) FROM line_place WHERE inside OR serving`)
	h.wantCount(0, "couples that the hall still counts", `SELECT coalesce(sum(inside), 0) FROM hall_day`)
	h.wantCount(0, "moments with more inside than there is room for", `
		SELECT count(*)
		FROM (
			SELECT step, sum(CASE step WHEN 'entered' THEN 1 WHEN 'left' THEN -1 ELSE 0 END) OVER (ORDER BY id) AS inside
			FROM line_step
		) AS walked
		WHERE inside > `+fmt.Sprint(hallRoom)+` OR inside < 0`)
	if entered := h.count(`SELECT count(*) FROM line_step WHERE step = 'entered'`); entered < crowd/2 {
		h.t.Errorf("only %d went in: the history shows nothing", entered)
	}
	h.t.Logf("calls %d, entered %d, passed %d, parked %d, forwarded %d, completed %d",
		h.count(`SELECT count(*) FROM counter_call WHERE step = 'called'`), h.count(`SELECT count(*) FROM line_step WHERE step = 'entered'`),
		h.count(`SELECT count(*) FROM line_step WHERE step = 'passed'`), h.count(`SELECT count(*) FROM line_step WHERE step = 'parked'`),
		h.count(`SELECT count(*) FROM line_step WHERE step = 'forwarded'`), h.count(`SELECT count(*) FROM registration`))
}
