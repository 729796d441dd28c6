package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hunyue/internal/testenv"
	"hunyue/slots"
)

const (
	rivals = 64
	places = 10
	rounds = 20
)

// figures is what stampedes come to.
type figures struct {
	answers testenv.Answers
	fives   atomic.Int64 // answers of 500 and above
	spent   time.Duration

	rounds, stored, refused, oversold int
}

func (f *figures) String() string {
	return fmt.Sprintf("%d rounds of %d rivals for %d places: %d stored, %d refused, %d oversold, in %.1f s; %v, %d of them 5xx",
		f.rounds, rivals, places, f.stored, f.refused, f.oversold, f.spent.Seconds(), &f.answers, f.fives.Load())
}

// count adds a round with so many appointments.
func (f *figures) count(crowd []*rival, stored int) {
	f.rounds++
	f.stored += stored
	f.oversold += max(0, stored-places)
	for _, r := range crowd {
		if r.failed == nil && r.holds[0].status == http.StatusConflict {
			f.refused++
		}
	}
}

// rival is one couple in a stampede, with the keys that its program sends, and
// every answer that it was given.
type rival struct {
	*world
	seen       *figures
	key, phone string
	couple     []doc

	hold    doc
	booking doc // the request that was sent
	holds   []answer
	books   []answer
	failed  error // no answer at all
}

// run holds a place and books it like an impatient couple: a quarter of all
// requests are tapped twice at once.
func (r *rival) run(slot string) {
	r.holds = r.tap("/holds", doc{"slot": slot}, "Idempotency-Key", r.key)
	if r.failed != nil || r.holds[0].status != http.StatusCreated {
		return
	}
	r.hold = r.holds[0].doc(r.t)
	code := r.receiveCode()
	if r.failed != nil {
		return
	}
	r.booking = application(r.hold, r.couple, r.phone, code)
	r.books = r.tap("/appointments", r.booking, r.shows()...)
}

// shows is the headers of a booking.
func (r *rival) shows() []string {
	return []string{"Hold-Token", word(r.hold, "token"), "Idempotency-Key", r.key}
}

func (r *rival) tap(path string, body doc, headers ...string) []answer {
	taps := 1
	if rand.IntN(4) == 0 {
		taps = 2
	}
	answers, errs := make([]answer, taps), make([]error, taps)
	var all sync.WaitGroup
	for i := range taps {
		all.Go(func() { answers[i], errs[i] = r.insist(path, body, headers...) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			r.failed = err
		}
	}
	return answers
}

// insist does what the API asks of programs: where the same request may succeed
// a moment later, it is sent again.
func (r *rival) insist(path string, body doc, headers ...string) (answer, error) {
	for n := 0; ; n++ {
		asked := time.Now()
		got, err := r.send("POST", "/api/v1"+path, body, headers...)
		r.seen.answers.Waited(time.Since(asked))
		if got.status >= http.StatusInternalServerError {
			r.seen.fives.Add(1)
		}
		if err != nil || n == 20 {
			return got, err
		}
		if got.status != http.StatusServiceUnavailable && word(got.doc(r.t), "code") != "still_running" {
			return got, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// receiveCode has a code sent and waits for it, as one does.
func (r *rival) receiveCode() string {
	sent, err := r.insist("/phone-codes", doc{"phone": r.phone})
	if err != nil || sent.status != http.StatusAccepted {
		r.failed = fmt.Errorf("phone code: %d %s %w", sent.status, sent.text, err)
		return ""
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		got, err := r.send("GET", "/dev/messages.json?phone="+r.phone, nil)
		if err != nil {
			r.failed = err
			return ""
		}
		if messages := list(got.doc(r.t), "messages"); len(messages) > 0 {
			return word(messages[0], "code")
		}
	}
	r.failed = fmt.Errorf("no code came to %s", r.phone)
	return ""
}

// crowd lets 64 rivals loose on a slot at the same moment.
func (w *world) crowd(slot string, f *figures) []*rival {
	all := make([]*rival, rivals)
	for i := range all {
		couple, phone := w.couple()
		all[i] = &rival{world: w, seen: f, key: fmt.Sprintf("%s/%d", slot, i), phone: phone, couple: couple}
	}
	var running sync.WaitGroup
	start := make(chan struct{})
	for _, r := range all {
		running.Go(func() {
			<-start
			r.run(slot)
		})
	}
	began := time.Now()
	close(start)
	running.Wait()
	f.spent += time.Since(began)
	return all
}

// 64 couples want 10 places at the same moment, 20 times over, while the
// program does everything that it does beside.
func TestStampede(t *testing.T) {
	w := newWorld(t, "2026-05-20T08:00:00+08:00", false)
	rules := slots.DefaultRules()
	rules.Shares = slots.Shares{Web: 100}
	w.opens(here, rules)
	w.want(http.StatusOK, "PUT", "/manage/offices/"+here+"/schedule", doc{
		"slot_minutes": 10, "capacity": doc{"marriage": places}, "weekdays": doc{"thu": []doc{{"from": "09:00", "to": "12:20"}}},
	}, w.as("manager")...)
	w.want(http.StatusOK, "POST", "/manage/offices/"+here+"/publish", doc{"from": "2026-05-21", "to": "2026-05-21"}, w.as("manager")...)
	w.beside()
	var f figures
	for round := range rounds {
		slot := fmt.Sprintf("%s-20260521-%02d%02d-marriage", here, 9+round/6, round%6*10)
		crowd := w.crowd(slot, &f)
		booked := map[string]bool{}
		for _, r := range crowd {
			r.judge(booked)
		}
		stored := w.stored(slot)
		if len(booked) != places || stored != places {
			t.Errorf("round %d: %d told so, %d stored, %d places", round, len(booked), stored, places)
		}
		f.count(crowd, stored)
		for _, r := range crowd {
			r.again(slot)
		}
	}
	w.check()
	t.Logf("stampede: couples over HTTP, %v", &f)
}

// judge wants every request of a rival to have been answered, all with the same:
// an appointment or, to the hold, that the slot is full.
func (r *rival) judge(booked map[string]bool) {
	r.t.Helper()
	if r.failed != nil {
		r.t.Errorf("%s was not answered: %v", r.key, r.failed)
		return
	}
	for _, got := range r.holds {
		switch said := got.doc(r.t); {
		case got.status == http.StatusCreated && said["id"] == r.hold["id"]:
		case got.status == http.StatusConflict && said["code"] == "slot_full" && r.hold == nil:
		default:
			r.t.Errorf("%s: a tap for a hold was answered %d %s, the first %d", r.key, got.status, got.text, r.holds[0].status)
		}
	}
	for _, got := range r.books {
		said := got.doc(r.t)
		if got.status != http.StatusCreated || said["number"] != r.books[0].doc(r.t)["number"] || said["secret"] != r.books[0].doc(r.t)["secret"] {
			r.t.Errorf("%s: a booking with a hold was answered %d %s", r.key, got.status, got.text)
			continue
		}
		booked[word(said, "number")] = true
	}
}

// again sends a rival's last request once more, with the same key, after
// everything is over.
func (r *rival) again(slot string) {
	r.t.Helper()
	if r.hold == nil {
		r.refused(http.StatusConflict, "slot_full", "POST", "/holds", doc{"slot": slot}, "Idempotency-Key", r.key)
		return
	}
	if len(r.books) == 0 || r.books[0].status != http.StatusCreated {
		return // judged already
	}
	first, second := r.books[0].doc(r.t), r.want(http.StatusCreated, "POST", "/appointments", r.booking, r.shows()...)
	if first["number"] != second["number"] || first["secret"] != second["secret"] || first["starts_at"] != second["starts_at"] {
		r.t.Errorf("two answers for one key: %v and %v", first, second)
	}
	if got := r.status(second); got != "booked" {
		r.t.Errorf("%v is %s", second["number"], got)
	}
}

// stored is how many appointments of a slot there are.
func (w *world) stored(slot string) int {
	w.t.Helper()
	var n int
	if err := w.jobs.Get(&n, `SELECT count(*) FROM appointment WHERE quota_id = $1 || '-web' AND status = 'booked'`, slot); err != nil {
		w.t.Fatal(err)
	}
	return n
}
