package main

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/lib/pq"

	"hunyue/booking"
	"hunyue/internal/clock"
	"hunyue/internal/fault"
	"hunyue/server/api"
	"hunyue/server/auth"
	"hunyue/server/i18n"
	"hunyue/server/web"
)

// front is the HTTP surface with addresses of the test's own, and its log.
type front struct {
	*echo.Echo
	surface *surface
	log     bytes.Buffer
}

func newFront(t testing.TB, c config) *front {
	t.Helper()
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := web.New(web.Pages{Texts: texts, Accounts: &auth.Accounts{}, Clock: &clock.Clock{}, Assisted: &booking.Desk{}, Maintenance: c.Maintenance})
	if err != nil {
		t.Fatal(err)
	}
	f := &front{}
	log := slog.New(slog.NewJSONHandler(&f.log, nil))
	f.surface = &surface{config: c, observer: newObserver(log, &clock.Clock{}), texts: texts, health: &health{log: log}, api: &api.API{}, pages: pages}
	if f.Echo, err = f.surface.echo(); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *front) ask(method, path string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, body)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

// fail makes an address that fails with err.
func (f *front) fail(path string, err error) {
	f.GET(path, func(echo.Context) error { return err })
}

type problem struct {
	Type       string            `json:"type"`
	Title      string            `json:"title"`
	Status     int               `json:"status"`
	Code       string            `json:"code"`
	Fields     map[string]string `json:"fields"`
	RetryAfter int               `json:"retry_after"`
	Request    string            `json:"request"`
}

func problemIn(t *testing.T, w *httptest.ResponseRecorder) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q, want application/problem+json", got)
	}
	if p.Status != w.Code {
		t.Errorf("status %d says %d inside", w.Code, p.Status)
	}
	return p
}

func TestFaultsBecomeProblems(t *testing.T) {
	t.Parallel()
	f := newFront(t, config{})
	tests := []struct {
		name   string
		err    error
		status int
		code   string
	}{
		{"invalid", fault.InFields(map[string]string{"phone": "required"}), 422, "invalid_input"},
		{"wrapped", fmt.Errorf("take slot: %w", fault.New(fault.Conflict, "slot_full")), 409, "slot_full"},
		{"unauthorized", fault.New(fault.Unauthorized, "login_failed"), 401, "login_failed"},
		{"forbidden", fault.New(fault.Forbidden, "forbidden"), 403, "forbidden"},
		{"not found", fault.New(fault.NotFound, "no_such_slot"), 404, "no_such_slot"},
		{"too many", errTooMany, 429, "too_many_requests"},
		{"unavailable", fault.New(fault.Unavailable, "resuming"), 503, "resuming"},
		{"unknown", errors.New("boom"), 500, "internal"},
		{"echo's bad request", echo.NewHTTPError(400, "boom"), 400, "malformed"},
		{"echo's 415", echo.ErrUnsupportedMediaType, 415, "unsupported_media_type"},
		{"echo's own 500", echo.NewHTTPError(500, "boom"), 500, "internal"},
		{"the database shuts down", fmt.Errorf("query: %w", &pq.Error{Code: "57P01"}), 503, "unavailable"},
		{"the database is too slow", &pq.Error{Code: "57014"}, 503, "unavailable"},
		{"the connection broke", driver.ErrBadConn, 503, "unavailable"},
		{"our time is up", fmt.Errorf("query: %w", context.DeadlineExceeded), 503, "unavailable"},
		{"a constraint of ours", &pq.Error{Code: "23514"}, 500, "internal"},
	}
	for i, tt := range tests {
		path := fmt.Sprintf("/api/v1/fail/%d", i)
		f.fail(path, tt.err)
		w := f.ask(http.MethodGet, path, nil)
		if p := problemIn(t, w); w.Code != tt.status || p.Code != tt.code || p.Type != "about:blank" {
			t.Errorf("%s: %d %+v, want %d %s", tt.name, w.Code, p, tt.status, tt.code)
		}
		if strings.Contains(w.Body.String(), "boom") {
			t.Errorf("%s: the cause is shown: %s", tt.name, w.Body)
		}
	}
}

func TestProblemsAreToldInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	f := newFront(t, config{})
	f.fail("/api/v1/fail", fault.New(fault.Conflict, "slot_full"))
	for accept, want := range map[string]string{
		"":              "这个时段刚被约满，请换一个。",
		"zh-TW":         "这个时段刚被约满，请换一个。",
		"en-US, zh;q=0": "That time is full. Choose another.",
	} {
		w := f.ask(http.MethodGet, "/api/v1/fail", nil, "Accept-Language", accept)
		if p := problemIn(t, w); p.Title != want {
			t.Errorf("in %q: %q, want %q", accept, p.Title, want)
		}
		if got := w.Header().Get("Vary"); got != "Accept-Language" {
			t.Errorf("Vary: %q", got)
		}
	}
}

func TestWaitingTimesAreToldInWholeSeconds(t *testing.T) {
	t.Parallel()
	f := newFront(t, config{})
	f.fail("/api/v1/fail", fault.New(fault.Unavailable, "resuming").After(1_200_000_000))
	w := f.ask(http.MethodGet, "/api/v1/fail", nil)
	if p := problemIn(t, w); p.RetryAfter != 2 || w.Header().Get("Retry-After") != "2" {
		t.Errorf("retry after %d, header %q, want 2", p.RetryAfter, w.Header().Get("Retry-After"))
	}
}

func TestWhatIsNotThereIsAPageToBrowsersAndAProblemToPrograms(t *testing.T) {
	t.Parallel()
	f := newFront(t, config{})
	if p := problemIn(t, f.ask(http.MethodGet, "/api/v1/nothing", nil)); p.Code != "no_such_page" || p.Status != 404 {
		t.Errorf("%+v, want no_such_page", p)
	}
	if p := problemIn(t, f.ask(http.MethodPost, "/api/../healthz", nil)); p.Status != 404 {
		t.Errorf("%+v, want 404", p)
	}
	w := f.ask(http.MethodGet, "/nothing", nil, "Accept-Language", "en")
	if w.Code != 404 || !strings.Contains(w.Body.String(), "Page not found.") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := f.ask(http.MethodPost, "/healthz", nil); w.Code != 405 {
		t.Errorf("POST /healthz: %d, want 405", w.Code)
	}
}

func TestAPanicIsAnInternalErrorWithoutDetails(t *testing.T) {
	t.Parallel()
	f := newFront(t, config{})
	f.GET("/api/v1/appointments/:number", func(echo.Context) error { panic("name=Zhang San") })
	w := f.ask(http.MethodGet, "/api/v1/appointments/12345678?phone=13800000001", nil)
	if p := problemIn(t, w); p.Status != 500 || p.Code != "internal" || p.Request == "" || strings.Contains(w.Body.String(), "Zhang") {
		t.Errorf("%s", w.Body)
	}
	log := f.log.String()
	if strings.Count(log, "request failed") != 1 || !strings.Contains(log, "handler_test.go") || !strings.Contains(log, w.Header().Get("X-Request-Id")) {
		t.Errorf("logged otherwise than once, with its place and number: %s", log)
	}
	for _, private := range []string{"Zhang", "12345678", "13800000001"} {
		if strings.Contains(log, private) {
			t.Errorf("the log has %s: %s", private, log)
		}
	}
	t.Logf("fault: a panic in a handler: answered %d, logged %d time", w.Code, strings.Count(log, "request failed"))
}

// Postgres repeats what was typed in its messages.
func TestTheLogDoesNotRepeatWhatTheDatabaseWasGiven(t *testing.T) {
	t.Parallel()
	f := newFront(t, config{})
	f.fail("/api/v1/fail", fmt.Errorf("add party: %w", &pq.Error{
		Code: "22P02", Message: `invalid input syntax for type date: "Zhang San"`, Detail: "Zhang San", Table: "party",
	}))
	f.ask(http.MethodGet, "/api/v1/fail", nil)
	if log := f.log.String(); strings.Contains(log, "Zhang") || !strings.Contains(log, "add party: postgres 22P02 party") {
		t.Errorf("logged: %s", log)
	}
}

func TestABodyIsBounded(t *testing.T) {
	t.Parallel()
	f := newFront(t, config{})
	f.POST("/api/v1/bind", func(c echo.Context) error {
		var in map[string]any
		if err := c.Bind(&in); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	})
	send := func(n int, sized bool) int {
		body := io.Reader(strings.NewReader(`{"a":"` + strings.Repeat("x", n-8) + `"}`))
		if !sized {
			body = io.MultiReader(body) // of a length that nobody knows
		}
		return f.ask(http.MethodPost, "/api/v1/bind", body, "Content-Type", "application/json").Code
	}
	for _, sized := range []bool{true, false} {
		if got := send(64<<10, sized); got != 204 {
			t.Errorf("64 KiB (sized %t): %d, want 204", sized, got)
		}
		if got := send(64<<10+1, sized); got != 413 {
			t.Errorf("a byte more (sized %t): %d, want 413", sized, got)
		}
	}
}

func TestARequestDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	f := newFront(t, config{})
	f.GET("/api/v1/deadline", func(c echo.Context) error {
		if _, bounded := c.Request().Context().Deadline(); !bounded {
			t.Error("the request has no deadline")
		}
		return context.DeadlineExceeded
	})
	if w := f.ask(http.MethodGet, "/api/v1/deadline", nil); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d, Retry-After %q, want 503 and a time", w.Code, w.Header().Get("Retry-After"))
	}
}

func TestAVisitorWhoHasGoneIsNoFailure(t *testing.T) {
	t.Parallel()
	f := newFront(t, config{})
	f.fail("/api/v1/fail", context.Canceled)
	r := httptest.NewRequest(http.MethodGet, "/api/v1/fail", nil)
	ctx, gone := context.WithCancel(r.Context())
	gone()
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r.WithContext(ctx))
	if log := f.log.String(); w.Body.Len() != 0 || strings.Contains(log, "failed") || !strings.Contains(log, `"status":499`) {
		t.Errorf("answered %q, logged %s", w.Body, log)
	}
}

func TestForgedAddressesAreNotBelieved(t *testing.T) {
	t.Parallel()
	trusting := config{}
	var wrong mistakes
	trusting.TrustedProxies = wrong.networks("10.1.0.0/16")
	tests := []struct {
		name            string
		config          config
		from, forwarded string
		want            string
	}{
		{"no proxies", config{}, "192.0.2.9:1", "198.51.100.1", "192.0.2.9"},
		{"no proxies, from this machine", config{}, "127.0.0.1:1", "198.51.100.1", "127.0.0.1"},
		{"from our proxy", trusting, "10.1.2.3:1", "198.51.100.1", "198.51.100.1"},
		{"the visitor adds one", trusting, "10.1.2.3:1", "203.0.113.7, 198.51.100.1", "198.51.100.1"},
		{"through two of ours", trusting, "10.1.2.3:1", "203.0.113.7, 198.51.100.1, 10.1.9.9", "198.51.100.1"},
		{"from a stranger", trusting, "192.0.2.9:1", "198.51.100.1", "192.0.2.9"},
		{"from a private address that is no proxy", trusting, "10.2.0.1:1", "198.51.100.1", "10.2.0.1"},
		{"nonsense", trusting, "10.1.2.3:1", "me", "10.1.2.3"},
	}
	for _, tt := range tests {
		f := newFront(t, tt.config)
		f.GET("/ip", func(c echo.Context) error { return c.String(http.StatusOK, c.RealIP()) })
		r := httptest.NewRequest(http.MethodGet, "/ip", nil)
		r.RemoteAddr = tt.from
		r.Header.Set("X-Forwarded-For", tt.forwarded)
		r.Header.Set("X-Real-Ip", "203.0.113.99")
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		if got := w.Body.String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestBrowsersAreToldWhatIsAllowed(t *testing.T) {
	t.Parallel()
	for base, hsts := range map[string]string{"https://hunyue.example": "max-age=31536000", "http://127.0.0.1:8080": ""} {
		h := newFront(t, config{BaseURL: base}).ask(http.MethodGet, "/nothing", nil).Header()
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
			"Cache-Control": "no-store", "Strict-Transport-Security": hsts,
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		policy := h.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'self'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("Content-Security-Policy: %s", policy)
		}
	}
}

func TestOtherSitesCannotWrite(t *testing.T) {
	t.Parallel()
	f := newFront(t, config{BaseURL: "https://hunyue.example"})
	ok := func(c echo.Context) error { return c.NoContent(http.StatusNoContent) }
	f.POST("/form", ok)
	f.GET("/form", ok)
	f.POST("/api/v1/form", ok)
	tests := []struct {
		name, method, header, value string
		want                        int
	}{
		{"our own page", "POST", "Sec-Fetch-Site", "same-origin", 204},
		{"another site", "POST", "Sec-Fetch-Site", "cross-site", 403},
		{"a neighbouring host", "POST", "Sec-Fetch-Site", "same-site", 403},
		{"an old browser, another site", "POST", "Origin", "https://evil.example", 403},
		{"an old browser, our name behind a proxy", "POST", "Origin", "https://hunyue.example", 204},
		{"a link from another site", "GET", "Sec-Fetch-Site", "cross-site", 204},
	}
	for _, tt := range tests {
		if w := f.ask(tt.method, "/form", nil, tt.header, tt.value); w.Code != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, w.Code, tt.want)
		}
		if w := f.ask("POST", "/api/v1/form", nil, tt.header, tt.value); w.Code != 204 {
			t.Errorf("%s, to the API: %d, want 204", tt.name, w.Code)
		}
	}
}

// What somebody has typed, and who they are, is still there on the page that
// says what went wrong.
func TestAnErrorPageKnowsWhoAsksAndWhatTheyTyped(t *testing.T) {
	t.Parallel()
	f := newFront(t, config{})
	f.POST("/call/book/fails", func(c echo.Context) error {
		r := c.Request()
		c.SetRequest(r.WithContext(auth.With(r.Context(), &auth.Staff{Name: "测试员"})))
		if _, err := c.FormParams(); err != nil {
			t.Error(err)
		}
		return booking.ErrHoldForeign
	})
	form := "slot=" + here + "-20260527-1000-marriage&hold=4f9c1a52-0000-4000-8000-000000000000&parties.0.name=Zhang"
	said := f.ask("POST", "/call/book/fails", strings.NewReader(form), "Content-Type", echo.MIMEApplicationForm, "Sec-Fetch-Site", "same-origin").Body.String()
	for _, want := range []string{`action="/call/book/details"`, `name="parties.0.name" value="Zhang"`, "测试员"} {
		if !strings.Contains(said, want) {
			t.Errorf("without %s:\n%s", want, said)
		}
	}
}

func TestProgramsAreToldOfMaintenance(t *testing.T) {
	t.Parallel()
	now := time.Now()
	f := newFront(t, config{Maintenance: web.Maintenance{From: now.Add(-time.Minute), To: now.Add(time.Hour)}})
	for _, path := range []string{"holds", "holds/x/extend", "appointments", "appointments/12345678/cancel", "appointments/12345678/reschedule"} {
		answer := f.ask(http.MethodPost, "/api/v1/"+path, strings.NewReader("{}"), "Content-Type", "application/json")
		if answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), `"maintenance"`) || answer.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
	staff := f.ask(http.MethodPost, "/api/v1/appointments/x/cancel", strings.NewReader("{}"), "Content-Type", "application/json", "Authorization", "Bearer x")
	if strings.Contains(staff.Body.String(), `"maintenance"`) {
		t.Errorf("staff are kept out: %s", staff.Body)
	}
}
