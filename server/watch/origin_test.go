package watch_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"

	"hunyue/internal/testenv"
	"hunyue/server/watch"
)

// What the audit says of where a request comes from: a machine of an office by its
// address, others by their network, and never more of a device than its kind.
func TestTheAuditIsToldANetworkAndAKindOfDevice(t *testing.T) {
	t.Parallel()
	db := testenv.DB(t)
	const (
		windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
		iphone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 15_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
		android = "Mozilla/5.0 (Linux; Android 11; TAB) AppleWebKit/537.36 Chrome/90.0 Safari/537.36"
	)
	e := echo.New()
	e.IPExtractor = func(r *http.Request) string { return r.Header.Get("X-Test-Address") }
	e.Use(watch.Origin)
	heard := func(c echo.Context) error {
		var got string
		if err := db.GetContext(c.Request().Context(), &got, `SELECT coalesce(current_setting('hunyue.origin', true), '')`); err != nil {
			return err
		}
		return c.String(http.StatusOK, got)
	}
	for _, at := range []string{"/desk", "/staff/login", "/api/v1/staff/appointments", "/find", "/b/:number"} {
		e.GET(at, heard)
	}
	for _, c := range []struct{ at, address, agent, want string }{
		{"/desk", "10.0.3.17", windows, "10.0.3.17 computer"},
		{"/desk", "::ffff:192.168.1.9", windows, "192.168.1.9 computer"},
		{"/desk", "203.0.113.77", iphone, "203.0.113.0/24 phone"},
		{"/desk", "2001:db8:1:2::9", android, "2001:db8:1::/48 tablet"},
		{"/desk", "fe80::1%eth0", windows, "fe80::1 computer"},
		{"/desk", "nonsense", "", "unknown program"},
		{"/staff/login", "127.0.0.1", "curl/8.0", "127.0.0.1 program"},
		{"/api/v1/staff/appointments", "127.0.0.1", "curl/8.0", "127.0.0.1 program"},
		{"/find", "203.0.113.77", iphone, ""},
		{"/b/12345678", "203.0.113.77", iphone, ""},
	} {
		r, w := httptest.NewRequest(http.MethodGet, c.at, nil), httptest.NewRecorder()
		r.Header.Set("X-Test-Address", c.address)
		r.Header.Set("User-Agent", c.agent)
		e.ServeHTTP(w, r)
		if got := w.Body.String(); got != c.want {
			t.Errorf("%s from %s is told as %q, want %q", c.at, c.address, got, c.want)
		}
	}
}
