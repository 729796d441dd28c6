package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

func TestEveryRequestHasANumber(t *testing.T) {
	t.Parallel()
	f := newFront(t, config{})
	number := func(sent string) string {
		return f.ask(http.MethodGet, "/healthz", nil, "X-Request-Id", sent).Header().Get("X-Request-Id")
	}
	if a, b := number(""), number(""); a == b || len(a) < 10 {
		t.Errorf("numbers %q and %q", a, b)
	}
	if got := number("6d1f-4a_2b9c"); got != "6d1f-4a_2b9c" {
		t.Errorf("a harmless number became %q", got)
	}
	for _, bad := range []string{"short", "with space here", "a\"quote-here", "line\u2028break", strings.Repeat("x", 65), "<script>alert</script>"} {
		if got := number(bad); got == bad {
			t.Errorf("%q was kept", bad)
		}
	}
}

func TestTheLogKnowsTheRouteAndNotTheAddress(t *testing.T) {
	t.Parallel()
	f := newFront(t, config{})
	f.GET("/api/v1/appointments/:number", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })
	f.ask(http.MethodGet, "/api/v1/appointments/12345678?phone=13800000001", nil, "Appointment-Secret", "s3cret-s3cret")
	f.ask(http.MethodGet, "/healthz", nil)
	log := f.log.String()
	if !strings.Contains(log, `"route":"/api/v1/appointments/:number","status":204`) {
		t.Errorf("logged: %s", log)
	}
	for _, not := range []string{"12345678", "13800000001", "s3cret", "healthz", "192.0.2.1"} {
		if strings.Contains(log, not) {
			t.Errorf("the log has %s: %s", not, log)
		}
	}
}

func series(t *testing.T, f *front) []string {
	t.Helper()
	w := f.ask(http.MethodGet, "/metrics", nil)
	if w.Code != http.StatusOK {
		t.Fatalf("/metrics: %d", w.Code)
	}
	var found []string
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "hunyue_http_request_seconds_count{") {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// Strangers choose paths, methods and host names; none of them may make a
// series of its own.
func TestStrangersCannotMakeMetricsGrow(t *testing.T) {
	t.Parallel()
	f := newFront(t, config{})
	f.GET("/api/v1/appointments/:number", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })
	series(t, f) // is measured too
	before := len(series(t, f))
	for i := range 300 {
		f.ask(http.MethodGet, fmt.Sprintf("/api/v1/appointments/%d", i), nil, "Host", fmt.Sprintf("h%d.example", i))
		f.ask(http.MethodGet, fmt.Sprintf("/nothing/%d", i), nil)
		f.ask(fmt.Sprintf("M%d", i), "/healthz", nil)
		f.ask(fmt.Sprintf("M%d", i), fmt.Sprintf("/nothing/%d", i), nil)
	}
	after := series(t, f)
	if len(after) > before+5 {
		t.Errorf("%d series, then %d:\n%s", before, len(after), strings.Join(after, "\n"))
	}
	want := `hunyue_http_request_seconds_count{method="GET",route="/api/v1/appointments/:number",status="204"} 300`
	if !strings.Contains(strings.Join(after, "\n"), want) {
		t.Errorf("no %s in\n%s", want, strings.Join(after, "\n"))
	}
}

func TestMetricsMoveToTheirOwnAddress(t *testing.T) {
	t.Parallel()
	f := newFront(t, config{MetricsAddr: "127.0.0.1:9090"})
	if w := f.ask(http.MethodGet, "/metrics", nil); w.Code != http.StatusNotFound {
		t.Errorf("/metrics on the public address: %d, want 404", w.Code)
	}
}

func TestReadyMeansThatBothEnginesAnswer(t *testing.T) {
	t.Parallel()
	f := newFront(t, config{})
	var redis error
	f.surface.health.engines = []engine{
		{"postgres", func(context.Context) error { return nil }},
		{"redis", func(context.Context) error { return redis }},
	}
	w := f.ask(http.MethodGet, "/readyz", nil)
	if want := `{"postgres":"ok","redis":"ok","status":"ready"}`; w.Code != 200 || strings.TrimSpace(w.Body.String()) != want {
		t.Errorf("%d %s, want %s", w.Code, w.Body, want)
	}
	redis = errors.New("dial: password=x")
	w = f.ask(http.MethodGet, "/readyz", nil)
	if want := `{"postgres":"ok","redis":"down","status":"unavailable"}`; w.Code != 503 || strings.TrimSpace(w.Body.String()) != want {
		t.Errorf("%d %s, want %s", w.Code, w.Body, want)
	}
	if w := f.ask(http.MethodGet, "/healthz", nil); w.Code != 200 {
		t.Errorf("/healthz without Redis: %d, want 200", w.Code)
	}
}
