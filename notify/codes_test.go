package notify_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/notify"
)

func (h *hall) codes() *notify.Codes {
	return &notify.Codes{DB: h.db, Keys: h.keys, Outbox: h.outbox, Limits: true}
}

func (h *hall) request(t *testing.T) {
	t.Helper()
	if err := h.codes().Request(t.Context(), mobile, "zh", ""); err != nil {
		t.Fatal(err)
	}
}

// code requests one, delivers it and returns it.
func (h *hall) code(t *testing.T) string {
	t.Helper()
	h.request(t)
	h.drain(t)
	return h.post.taken[len(h.post.taken)-1].Code
}

func (h *hall) spend(t *testing.T, phone, code string, spender uuid.UUID) string {
	t.Helper()
	c := h.codes()
	return h.texts(t, `SELECT spend_code($1, $2, $3)`, c.Key(phone), c.CodeMAC(phone, code), spender)[0]
}

// wrong is a code that is not this one.
func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func TestACodeIsSpentOnce(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	code, twin := h.code(t), uuid.New()
	steps := []struct {
		name    string
		spender uuid.UUID
		phone   string
		code    string
		want    string
	}{
		{"another phone", twin, "13800000002", code, "code_expired"},
		{"a wrong code", twin, mobile, wrong(code), "code_wrong"},
		{"the code", twin, mobile, code, "ok"},
		{"the same request again", twin, mobile, code, "ok"},
		{"the same request with a wrong code", twin, mobile, wrong(code), "code_wrong"},
		{"another request", uuid.New(), mobile, code, "code_expired"},
	}
	for _, s := range steps {
		if got := h.spend(t, s.phone, s.code, s.spender); got != s.want {
			t.Errorf("%s: %s, want %s", s.name, got, s.want)
		}
	}
	h.shift(t, 10*time.Minute)
	h.code(t)
	if got := h.spend(t, mobile, code, twin); got != "ok" {
		t.Errorf("a late twin, when there is a new code: %s, want ok", got)
	}
}

func TestSpendersOfOneCodeTakeTurns(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	code, first := h.code(t), uuid.New()
	var twin, others []string
	var mu sync.Mutex
	var waiting sync.WaitGroup
	h.tx(t, func(tx postgres.Querier) {
		c := h.codes()
		h.exec(t, tx, `SELECT spend_code($1, $2, $3)`, c.Key(mobile), c.CodeMAC(mobile, code), first)
		for i := range 3 {
			spender, answers := uuid.New(), &others
			if i == 0 {
				spender, answers = first, &twin
			}
			waiting.Go(func() {
				answer := h.spend(t, mobile, code, spender)
				mu.Lock()
				defer mu.Unlock()
				*answers = append(*answers, answer)
			})
		}
		h.blocked(t, 3)
	})
	waiting.Wait()
	if diff := cmp.Diff([]string{"ok"}, twin); diff != "" {
		t.Errorf("the same request at the same time (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(slices.Repeat([]string{"code_expired"}, 2), others); diff != "" {
		t.Errorf("other requests at the same time (-want +got):\n%s", diff)
	}
}

// blocked waits until so many statements wait for a lock.
func (h *hall) blocked(t *testing.T, n int) {
	t.Helper()
	for range 2000 {
		if len(h.texts(t, `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)) >= n {
			return
		}
	}
	t.Errorf("fewer than %d statements wait", n)
}

func TestFiveWrongTriesUseACodeUp(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	code := h.code(t)
	var tries sync.WaitGroup
	for range 5 { // at the same time: each of them counts
		tries.Go(func() {
			if got := h.spend(t, mobile, wrong(code), uuid.New()); got != "code_wrong" {
				t.Errorf("a wrong try: %s, want code_wrong", got)
			}
		})
	}
	tries.Wait()
	if got := h.spend(t, mobile, code, uuid.New()); got != "code_used_up" {
		t.Errorf("the right code after five wrong ones: %s, want code_used_up", got)
	}
	h.shift(t, time.Minute)
	if got := h.spend(t, mobile, h.code(t), uuid.New()); got != "ok" {
		t.Errorf("the next code: %s, want ok", got)
	}
}

func TestACodeIsGoodForFiveMinutesOrUntilTheNext(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	first := h.code(t)
	h.shift(t, 4*time.Minute+50*time.Second)
	second := h.code(t)
	if first != second {
		if got := h.spend(t, mobile, first, uuid.New()); got != "code_wrong" {
			t.Errorf("the code before: %s, want code_wrong", got)
		}
	}
	h.shift(t, 9*time.Minute+51*time.Second)
	if got := h.spend(t, mobile, second, uuid.New()); got != "code_expired" {
		t.Errorf("after five minutes: %s, want code_expired", got)
	}
}

func TestCodesAreLimitedPerPhone(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	c := h.codes()
	at := time.Duration(0)
	for n := range 10 {
		if err := c.Request(t.Context(), mobile, "zh", ""); err != nil {
			t.Fatalf("code %d: %v", n+1, err)
		}
		h.shift(t, at+30*time.Second)
		if n < 9 {
			h.refused(t, c, notify.ErrCodeTooSoon, 15*time.Second, 30*time.Second)
		}
		at += 60 * time.Second
		h.shift(t, at)
	}
	h.refused(t, c, notify.ErrCodeTooMany, 24*time.Hour-11*time.Minute, 24*time.Hour-10*time.Minute)
	if err := c.Request(t.Context(), "13800000002", "zh", ""); err != nil {
		t.Errorf("another phone: %v", err)
	}
	h.shift(t, 24*time.Hour)
	if err := c.Request(t.Context(), mobile, "zh", ""); err != nil {
		t.Errorf("a day later: %v", err)
	}
	c.Limits = false
	if err := c.Request(t.Context(), mobile, "zh", ""); err != nil {
		t.Errorf("without limits: %v", err)
	}
}

// refused requests a code that must be refused, and to be waited for between
// least and most.
func (h *hall) refused(t *testing.T, c *notify.Codes, want error, least, most time.Duration) {
	t.Helper()
	err := c.Request(t.Context(), mobile, "zh", "")
	if wait := fault.Of(err).RetryAfter; !errors.Is(err, want) || wait < least || wait > most {
		t.Errorf("got %v, wait %s; want %v, %s to %s", err, wait, want, least, most)
	}
}

func TestOfManyRequestsAtOnceOneIsAnswered(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	errs := make([]error, 8)
	var requests sync.WaitGroup
	for i := range errs {
		requests.Go(func() { errs[i] = h.codes().Request(t.Context(), mobile, "en", "") })
	}
	requests.Wait()
	sent := 0
	for _, err := range errs {
		if err == nil {
			sent++
		} else if !errors.Is(err, notify.ErrCodeTooSoon) {
			t.Error(err)
		}
	}
	if sent != 1 {
		t.Errorf("%d codes at once, want 1", sent)
	}
	h.drain(t)
	if m := h.post.taken[0]; !strings.HasPrefix(m.Text, m.Code+" is your") || len(m.Code) != 6 {
		t.Errorf("code %q in %q", m.Code, m.Text)
	}
}

func TestARequestWithTheSameKeySendsOneCode(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	errs := make([]error, 8)
	var requests sync.WaitGroup
	for i := range errs {
		requests.Go(func() { errs[i] = h.codes().Request(t.Context(), mobile, "zh", "k1") })
	}
	requests.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	h.drain(t)
	if n := len(h.post.taken); n != 1 {
		t.Errorf("%d codes were sent, want 1", n)
	}
	h.refused(t, h.codes(), notify.ErrCodeTooSoon, 50*time.Second, time.Minute)
	for name, again := range map[string]error{
		"another phone":    h.codes().Request(t.Context(), "13800000002", "zh", "k1"),
		"another language": h.codes().Request(t.Context(), mobile, "en", "k1"),
	} {
		if !errors.Is(again, notify.ErrKeyReused) {
			t.Errorf("%s: %v, want %v", name, again, notify.ErrKeyReused)
		}
	}
}

func TestAKeyOfTwoPhonesAtOnceIsOfOne(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	errs := make([]error, 8)
	var requests sync.WaitGroup
	for i := range errs {
		requests.Go(func() { errs[i] = h.codes().Request(t.Context(), fmt.Sprintf("1380000000%d", i), "zh", "k1") })
	}
	requests.Wait()
	sent := 0
	for _, err := range errs {
		if err == nil {
			sent++
		} else if !errors.Is(err, notify.ErrKeyReused) {
			t.Error(err)
		}
	}
	if sent != 1 {
		t.Errorf("%d codes, want 1", sent)
	}
}

func TestACodeThatNobodyCouldSpendIsNotSent(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.request(t)
	h.shift(t, time.Minute)
	h.request(t)
	h.drain(t)
	h.shift(t, 2*time.Minute)
	h.request(t)
	h.shift(t, 8*time.Minute) // the channel has been away
	h.drain(t)
	if diff := cmp.Diff([]string{"code dropped", "code done", "code dropped"}, h.states(t)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestACodeSealedWithLostKeysIsGivenUp(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.request(t)
	h.sender.Keys = newHall(t).keys
	h.drain(t)
	if diff := cmp.Diff([]string{"code failed"}, h.states(t)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if got := append(h.attempts(t), h.texts(t, `SELECT id::text FROM phone_code WHERE sealed IS NULL`)...); len(got) != 0 {
		t.Errorf("%v is left of a code that could not be sent", got)
	}
}

func TestACodeIsUsableUntilItIsSpentUsedUpOrLate(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	usable := func(want bool, when string) {
		t.Helper()
		if got, err := h.codes().Usable(t.Context(), mobile); err != nil || got != want {
			t.Errorf("%s: usable %t, %v; want %t", when, got, err, want)
		}
	}
	usable(false, "before the first")
	code := h.code(t)
	usable(true, "when sent")
	h.spend(t, mobile, code, uuid.New())
	usable(false, "when spent")
	h.shift(t, 2*time.Minute)
	code = h.code(t)
	for range 5 {
		h.spend(t, mobile, wrong(code), uuid.New())
	}
	usable(false, "after five wrong tries")
	h.shift(t, 4*time.Minute)
	h.code(t)
	h.shift(t, 10*time.Minute)
	usable(false, "after five minutes")
}

func TestThatCodesDoNotGetThroughIsKnownFromTwoPhones(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	down := func(when string, want bool) {
		t.Helper()
		if got, err := h.codes().Down(t.Context()); err != nil || got != want {
			t.Errorf("%s: down is %v, %v; want %v", when, got, err, want)
		}
	}
	ask := func(phone string) {
		t.Helper()
		if err := h.codes().Request(t.Context(), phone, "zh", ""); err != nil {
			t.Fatal(err)
		}
	}
	down("nobody has asked", false)
	ask("13800000002")
	h.shift(t, 61*time.Second)
	ask("13800000002")
	h.shift(t, 86*time.Second)
	down("one phone waits for two codes", false)
	ask("13800000003")
	down("the second waits for a moment", false)
	h.shift(t, 111*time.Second)
	down("two phones wait", true)
	h.shift(t, 13*time.Minute)
	down("that was long ago", false)

	h.post.before = func(notify.Message) error { return notify.ErrRefused }
	ask("13800000004")
	ask("13800000005")
	h.drain(t)
	down("two phones were refused", true)
	h.post.before = nil
	h.shift(t, 14*time.Minute)
	ask("13800000006")
	h.drain(t)
	down("one has got through since", false)
}
