package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/labstack/echo/v4"
)

// quiet is a ResponseWriter that costs nothing but its headers.
type quiet struct{ h http.Header }

func (q *quiet) Header() http.Header         { return q.h }
func (q *quiet) Write(p []byte) (int, error) { return len(p), nil }
func (q *quiet) WriteHeader(int)             {}

// BenchmarkMiddleware is what the chain costs a request, beside the floor: the
// same handler on a bare Echo. The log is written to a file, as in production.
func BenchmarkMiddleware(b *testing.B) {
	answer := func(c echo.Context) error { return c.JSONBlob(http.StatusOK, []byte(`{"ok":true}`)) }
	bare := echo.New()
	bare.GET("/bench/:office", answer)
	b.Run("bare", func(b *testing.B) { benchmark(b, bare) })

	file, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	chain := newFront(b, config{})
	chain.surface.observer.log = newLog(file)
	chain.GET("/bench/:office", answer)
	b.Run("chain", func(b *testing.B) { benchmark(b, chain) })
	chain.GET("/api/bench/:office", func(echo.Context) error { return errTooMany })
	b.Run("refused", func(b *testing.B) { benchmarkAt(b, chain, "/api/bench/430702") })
}

func benchmark(b *testing.B, h http.Handler) { benchmarkAt(b, h, "/bench/430702") }

func benchmarkAt(b *testing.B, h http.Handler, path string) {
	b.ReportAllocs()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	w := &quiet{http.Header{}}
	for b.Loop() {
		clear(w.h)
		h.ServeHTTP(w, r)
	}
}
