package api

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"
)

// BenchmarkAnswer times whole requests beside a bare handler that only writes
// the same answer.
func BenchmarkAnswer(b *testing.B) {
	w := newWorld(b)
	for range 3 {
		w.hold(slotAt("0930"))
	}
	requests := map[string]sent{
		"days":  fetched("/offices/430702/days?service=marriage"),
		"slots": fetched("/offices/430702/slots?service=marriage&date=2026-05-21"),
		"full":  {"POST", "/holds", `{"slot":"` + slotAt("0930") + `"}`, map[string]string{keyHeader: ""}},
	}
	for name, s := range requests {
		r := s.request()
		r.URL.Path = "/api/v1" + r.URL.Path
		answer := httptest.NewRecorder()
		w.echo.ServeHTTP(answer, r)
		body, media := answer.Body.Bytes(), answer.Header().Get("Content-Type")
		b.Run(name, func(b *testing.B) { serve(b, w.echo, s, "/api/v1") })
		bare := echo.New()
		bare.Any("/*", func(c echo.Context) error {
			if s.method == http.MethodPost {
				var in HoldRequest
				if err := c.Bind(&in); err != nil {
					return err
				}
			}
			return c.Blob(answer.Code, media, body)
		})
		b.Run(name+"-bare", func(b *testing.B) { serve(b, bare, s, "/api/v1") })
	}
}

func serve(b *testing.B, e *echo.Echo, s sent, prefix string) {
	b.ReportAllocs()
	for b.Loop() {
		r := s.request()
		r.URL.Path = prefix + r.URL.Path
		e.ServeHTTP(httptest.NewRecorder(), r)
	}
}
