package api

import (
	"crypto/sha256"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/internal/testenv"
	"hunyue/server/limit"
)

// limits puts budgets around the API.
func (w *world) limits(budgets ...limit.Budget) {
	w.t.Helper()
	client, prefix := testenv.Redis(w.t)
	w.api.Limits = &limit.Limiter{
		Redis: client, Prefix: prefix, Keys: w.api.Desk.Keys, Clock: w.api.Desk.Clock, Log: w.api.Desk.Log,
		Budgets: budgets, Patience: 5 * time.Second,
	}
}

// raw is the answer to a request from an address, as it was sent.
func (w *world) raw(s sent, from string) *httptest.ResponseRecorder {
	r := s.request()
	r.URL.Path, r.RemoteAddr = "/api/v1"+r.URL.Path, net.JoinHostPort(from, "4711")
	got := httptest.NewRecorder()
	w.echo.ServeHTTP(got, r)
	return got
}

func holdOf(slot string) sent { return unkeyed("/holds", `{"slot":"`+slot+`"}`) }

func TestHoldOverBudgetIsAnsweredAsAFullSlot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.limits(limit.Budget{Act: limit.Holds, Of: limit.Address, Most: 2, Within: time.Hour})
	for _, from := range []string{"203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4", "203.0.113.5", "203.0.113.6"} {
		w.raw(holdOf(slotAt("0900")), from) // until it is full
	}
	for range 2 {
		if got := w.raw(holdOf(slotAt("0930")), "203.0.113.7"); got.Code != http.StatusCreated {
			t.Fatalf("within budget: %d %s", got.Code, got.Body)
		}
	}
	over, full := w.raw(holdOf(slotAt("0930")), "203.0.113.7"), w.raw(holdOf(slotAt("0900")), "203.0.113.9")
	if full.Code != http.StatusConflict || over.Code != full.Code || over.Body.String() != full.Body.String() {
		t.Errorf("over budget: %d %s\nfull: %d %s", over.Code, over.Body, full.Code, full.Body)
	}
	for name := range full.Header() {
		if a, b := over.Header().Get(name), full.Header().Get(name); a != b {
			t.Errorf("header %s is %q over budget and %q of a full slot", name, a, b)
		}
	}
	if got := w.raw(holdOf(slotAt("0930")), "203.0.113.8"); got.Code != http.StatusCreated {
		t.Errorf("a neighbour is answered %d %s", got.Code, got.Body)
	}
}

func TestHoldSentAgainWithItsKeyCountsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.limits(limit.Budget{Act: limit.Holds, Of: limit.Address, Most: 1, Within: time.Hour})
	s := holdOf(slotAt("0900"))
	s.header = map[string]string{keyHeader: uuid.NewString()}
	first := w.raw(s, "203.0.113.7")
	for range 4 {
		if got := w.raw(s, "203.0.113.7"); got.Code != http.StatusCreated || got.Body.String() != first.Body.String() {
			t.Fatalf("sent again: %d %s, first %s", got.Code, got.Body, first.Body)
		}
	}
	if got := w.raw(holdOf(slotAt("0930")), "203.0.113.7"); got.Code != http.StatusConflict {
		t.Errorf("another hold: %d %s", got.Code, got.Body)
	}
}

func TestAppointmentsAndFullSlotsCostNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.limits(limit.Budget{Act: limit.Holds, Of: limit.Address, Most: 1, Within: time.Hour})
	w.book(slotAt("0900"), "13800000001")
	w.book(slotAt("0930"), "13800000002")
	h := w.hold(slotAt("0930"))
	w.ask(http.StatusNoContent, sent{"DELETE", "/holds/" + h.Id.String(), "", map[string]string{tokenHeader: h.Token}}, nil)
	w.hold(slotAt("0930"))
}

func TestSixtyFourStrangersAtOnceBehindOneAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.limits()
	w.api.Limits.Budgets = nil // those of the program
	errors := w.echo.HTTPErrorHandler
	w.echo = echo.New() // without what notes the route of one request at a time
	w.echo.HTTPErrorHandler = errors
	if err := w.api.Mount(w.echo.Group("/api/v1")); err != nil {
		t.Fatal(err)
	}
	var granted, full atomic.Int64
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			day := date.Date{Year: 2026, Month: 5, Day: 20}.AddDays([]int{0, 1, 2, 5, 6, 7, 8}[i%7])
			slot := office + "-" + strconv.Itoa(day.Year*10000+int(day.Month)*100+day.Day) + []string{"-0900-", "-0930-"}[i%2] + "marriage"
			switch got := w.raw(holdOf(slot), "203.0.113.7"); got.Code {
			case http.StatusCreated:
				granted.Add(1)
			case http.StatusConflict:
				full.Add(1)
			default:
				t.Errorf("stranger %d: %d %s", i, got.Code, got.Body)
			}
		})
	}
	all.Wait()
	if granted.Load() != 42 { // seven days of two times with three places
		t.Errorf("%d places were given to 64 strangers behind one address and %d were told that it was full; 42 are there", granted.Load(), full.Load())
	}
}

func TestTooManyCodesLookUpsAndConfirmations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.limits(
		limit.Budget{Act: limit.Codes, Of: limit.Prefix, Most: 2, Within: time.Minute},
		limit.Budget{Act: limit.Finds, Of: limit.Prefix, Most: 2, Within: time.Minute},
		limit.Budget{Act: limit.Confirms, Of: limit.Prefix, Most: 2, Within: time.Minute},
		limit.Budget{Act: limit.Logins, Of: limit.Prefix, Most: 2, Within: time.Minute},
	)
	const from = "2001:db8::7"
	h := Hold{}
	booking := application(h, w.couple(), "13800000001")
	for name, s := range map[string]func(i int) sent{
		"codes": func(i int) sent { return unkeyed("/phone-codes", `{"phone":"1380000000`+strconv.Itoa(i)+`"}`) },
		"look-ups": func(int) sent {
			return sent{"GET", "/appointments/12345678", "", map[string]string{secretHeader: "x"}}
		},
		"sign-ins": func(i int) sent {
			return unkeyed("/staff/login", `{"username":"nobody`+strconv.Itoa(i)+`","password":"not-the-password"}`)
		},
		"confirmations": func(int) sent {
			return sent{booking.method, booking.path, booking.body, map[string]string{tokenHeader: "x", keyHeader: uuid.NewString()}}
		},
	} {
		for i := range 2 {
			if got := w.raw(s(i), from); got.Code == http.StatusTooManyRequests {
				t.Errorf("%s: the budget is smaller than it should be", name)
			}
		}
		got := w.raw(s(2), from)
		w.described(s(2).method, got)
		if wait, err := strconv.Atoi(got.Header().Get("Retry-After")); got.Code != http.StatusTooManyRequests || err != nil || wait < 1 || wait > 60 {
			t.Errorf("%s over budget: %d, Retry-After %q, %s", name, got.Code, got.Header().Get("Retry-After"), got.Body)
		}
		if got := w.raw(s(3), "2001:db8:9::7"); got.Code == http.StatusTooManyRequests {
			t.Errorf("%s: another network is refused", name)
		}
	}
}

func TestLookingAtOnesOwnAppointmentIsNotLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.book(slotAt("0900"), "13800000001")
	w.limits(limit.Budget{Act: limit.Finds, Of: limit.Address, Most: 1, Within: time.Hour})
	for range 30 {
		w.ask(http.StatusOK, sent{"GET", "/appointments/" + r.Number, "", map[string]string{secretHeader: r.Secret}}, nil)
	}
}

func TestInARushAHoldCostsAProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.limits(limit.Budget{Act: limit.Holds, Of: limit.Address, Most: 100, Within: time.Hour})
	rules, err := w.api.Offices.Rules(t.Context(), office, date.DateOf(opening))
	if err != nil {
		t.Fatal(err)
	}
	rules.ProofPerMinute = 1
	if err := w.api.Offices.SetRules(t.Context(), office, date.DateOf(opening), rules, "test", "test"); err != nil {
		t.Fatal(err)
	}
	w.hold(slotAt("0900"))
	p := w.refuse(http.StatusConflict, "proof_needed", holdOf(slotAt("0900")))
	proof := ""
	for n := 0; proof == ""; n++ {
		tried := p.Challenge + "." + strconv.Itoa(n)
		if sum := sha256.Sum256([]byte(tried)); sum[0] == 0 && sum[1] == 0 {
			proof = tried
		}
	}
	solved := holdOf(slotAt("0900"))
	solved.header = map[string]string{proofHeader: proof, keyHeader: uuid.NewString()}
	for range 2 { // its answer may be lost
		w.ask(http.StatusCreated, solved, nil)
	}
	solved.header[keyHeader] = uuid.NewString()
	if again := w.refuse(http.StatusConflict, "proof_needed", solved); again.Challenge == p.Challenge {
		t.Error("a challenge is given twice")
	}
	w.ask(http.StatusCreated, sent{"POST", "/staff/holds", `{"slot":"` + slotAt("0900") + `","channel":"counter"}`, w.as("operator")}, nil)
}

// heat makes the first day a hot one.
func (w *world) heat() {
	w.t.Helper()
	w.ask(http.StatusOK, sent{
		"PUT", "/manage/offices/" + office + "/exceptions/2026-05-20",
		`{"hours":[{"from":"09:00","to":"10:00"}],"reason":"5·20","notice":"5·20","verify_first":true}`, w.as("manager"),
	}, nil)
	var kept exceptions
	w.ask(http.StatusOK, sent{"GET", "/manage/offices/" + office + "/exceptions", "", w.as("manager")}, &kept)
	if len(kept.All) != 1 || !kept.All[0].VerifyFirst {
		w.t.Errorf("the days unlike others are %v, want one that verifies first", kept.All)
	}
}

func onHotDay(slot, phone, code string) sent {
	return unkeyed("/holds", `{"slot":"`+slot+`","phone":"`+phone+`","phone_code":"`+code+`"}`)
}

func TestHotDayVerifiesThePhoneFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.heat()
	w.refuse(http.StatusConflict, "phone_first", holdOf(slotAt("0900")))
	w.hold(office + "-20260521-0900-marriage") // as ever
	const phone = "13800000001"
	w.code(phone)
	if p := w.refuse(http.StatusUnprocessableEntity, "invalid_input", unkeyed("/holds", `{"slot":"`+slotAt("0900")+`","phone":"`+phone+`"}`)); p.Fields["phone_code"] != required {
		t.Errorf("a phone without its code: %v", p.Fields)
	}
	w.refuse(http.StatusUnprocessableEntity, "code_wrong", onHotDay(slotAt("0900"), phone, "000000"))
	var h Hold
	w.ask(http.StatusCreated, onHotDay(slotAt("0900"), "+86 138-0000-0001", someCode), &h)
	w.refuse(http.StatusUnprocessableEntity, "code_expired", onHotDay(slotAt("0900"), phone, "000000"))
	w.ask(http.StatusCreated, onHotDay(slotAt("0930"), phone, someCode), nil) // a full slot must not cost another code
	w.ask(http.StatusCreated, application(h, w.couple(), phone), nil)         // nor the appointment
	if n := w.codes(phone); n != 1 {
		t.Errorf("%d codes were sent, want 1", n)
	}
}

func TestAnotherPhoneOnAHotDayNeedsItsOwnCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.heat()
	w.code("13800000001")
	var h Hold
	w.ask(http.StatusCreated, onHotDay(slotAt("0900"), "13800000001", someCode), &h)
	couple := w.couple()
	w.refuse(http.StatusUnprocessableEntity, "code_expired", application(h, couple, "13800000002"))
	w.code("13800000002")
	w.ask(http.StatusCreated, application(h, couple, "13800000002"), nil)
}

func TestCodeShowsAPhoneForAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.heat()
	w.code("13800000001")
	slot := office + "-20260521-0900-marriage"
	w.ask(http.StatusCreated, onHotDay(slot, "13800000001", someCode), nil)
	w.turnTo(opening.Add(59 * time.Minute))
	w.ask(http.StatusCreated, onHotDay(slot, "13800000001", someCode), nil)
	w.turnTo(opening.Add(61 * time.Minute))
	w.refuse(http.StatusUnprocessableEntity, "code_expired", onHotDay(slot, "13800000001", someCode))
}

func TestPhoneHasABudgetOfHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.limits(limit.Budget{Act: limit.Holds, Of: limit.Phone, Most: 2, Within: time.Hour})
	w.heat()
	w.code("13800000001")
	for _, from := range []string{"203.0.113.1", "198.51.100.1"} {
		if got := w.raw(onHotDay(slotAt("0900"), "13800000001", someCode), from); got.Code != http.StatusCreated {
			t.Fatalf("within budget: %d %s", got.Code, got.Body)
		}
	}
	if got := w.raw(onHotDay(slotAt("0930"), "13800000001", someCode), "192.0.2.1"); got.Code != http.StatusConflict {
		t.Errorf("the third place with one phone: %d %s", got.Code, got.Body)
	}
}

// codes is how many codes were sent to a phone.
func (w *world) codes(phone string) int {
	w.t.Helper()
	var n int
	if err := w.api.Desk.DB.GetContext(w.t.Context(), &n, `SELECT count(*) FROM phone_code WHERE phone_key = $1`, w.api.Codes.Key(phone)); err != nil {
		w.t.Fatal(err)
	}
	return n
}
