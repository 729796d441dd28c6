package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"hunyue/internal/clock"
)

// newLog is the program's log: one JSON object a line.
func newLog(to io.Writer) *slog.Logger { return slog.New(slog.NewJSONHandler(to, nil)) }

// redisLog puts what the Redis client has to say into our log.
type redisLog struct{ log *slog.Logger }

// Printf is called by the client about connections, never about data.
func (r redisLog) Printf(ctx context.Context, format string, args ...any) {
	r.log.WarnContext(ctx, "redis client", "said", fmt.Sprintf(format, args...))
}

// observer sees every request: it logs it, measures it and has its error
// answered. It knows a request by its route, never by its address, which can
// hold an appointment's number.
type observer struct {
	log      *slog.Logger
	clock    *clock.Clock
	registry *prometheus.Registry

	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	series   sync.Map // of what a request was, to its prometheus.Observer
}

func newObserver(log *slog.Logger, clock *clock.Clock) *observer {
	o := &observer{
		log: log, clock: clock, registry: prometheus.NewRegistry(),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "hunyue_http_request_seconds",
			Help:    "How long requests took, by method, route and status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"method", "route", "status"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "hunyue_http_requests_in_flight",
			Help: "Requests that are being answered.",
		}),
	}
	o.registry.MustRegister(o.seconds, o.inFlight,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return o
}

// metrics answers /metrics.
func (o *observer) metrics() http.Handler {
	return promhttp.HandlerFor(o.registry, promhttp.HandlerOpts{Registry: o.registry})
}

// what is all that is measured of a request. Each part comes from a short list
// of ours, so strangers cannot make the list of series grow.
type what struct {
	method, route string
	status        int
}

// watch is the outermost middleware.
func (o *observer) watch(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := o.clock.Now()
		o.inFlight.Inc()
		defer o.inFlight.Dec()
		r := c.Request()
		if err := next(c); err != nil {
			inner := c.Request() // with the form that was read
			c.SetRequest(inner.WithContext(kept{r.Context(), inner.Context()}))
			c.Error(err)
		}
		o.note(r.Context(), c, what{method(r), route(c), c.Response().Status}, o.clock.Now().Sub(began))
		return nil
	}
}

// kept is a context that lives as long as the visitor waits, with what was noted
// in one that may have ended: who asks, above all.
type kept struct {
	context.Context                 //nolint:containedctx // it is one
	noted           context.Context //nolint:containedctx // likewise
}

func (k kept) Value(key any) any { return k.noted.Value(key) }

func (o *observer) note(ctx context.Context, c echo.Context, w what, took time.Duration) {
	series, ok := o.series.Load(w)
	if !ok {
		series, _ = o.series.LoadOrStore(w, o.seconds.WithLabelValues(w.method, w.route, strconv.Itoa(w.status)))
	}
	series.(prometheus.Observer).Observe(took.Seconds())
	if probes[w.route] && w.status < http.StatusBadRequest {
		return
	}
	o.log.InfoContext(ctx, "request", "method", w.method, "route", w.route, "status", w.status,
		"ms", float64(took.Microseconds())/1000, "request", requestID(c))
}

// probes come every few seconds from machines, and are logged only when they
// fail.
var probes = map[string]bool{"/healthz": true, "/readyz": true, "/metrics": true}

// route is the address as it is registered: /appointments/:number.
func route(c echo.Context) string {
	if path := c.Path(); path != "" {
		return path
	}
	return "none"
}

// method is the request's method, if it is one that we know.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodPatch, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// numbered gives the request a number that the visitor, the log and whoever
// called us can name. One that came with the request is kept if it is harmless.
func numbered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Request().Header.Get(echo.HeaderXRequestID)
		if !harmless(id) {
			id = newID()
		}
		c.Response().Header()[echo.HeaderXRequestID] = []string{id}
		return next(c)
	}
}

func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

func harmless(id string) bool {
	if len(id) < 8 || len(id) > 64 {
		return false
	}
	for _, b := range []byte(id) {
		if b != '-' && b != '_' && (b < '0' || b > '9') && (b < 'A' || b > 'Z') && (b < 'a' || b > 'z') {
			return false
		}
	}
	return true
}

// newID need not be secret, only different.
func newID() string {
	const digits = "0123456789abcdefghijklmnopqrstuv"
	var id [13]byte
	n := rand.Uint64()
	for i := range id {
		id[i] = digits[n%32]
		n /= 32
	}
	return string(id[:])
}
