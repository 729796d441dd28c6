package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/server/api"
	"hunyue/server/docs"
	"hunyue/server/i18n"
	"hunyue/server/policy"
	"hunyue/server/watch"
	"hunyue/server/web"
)

// The limits of one request.
const (
	bodyLimit   = 64 << 10
	headerLimit = 16 << 10
	patience    = 10 * time.Second // then what a request waits for is cancelled
)

// surface is what the addresses below are answered with.
type surface struct {
	config   config
	setup    string // the token of the link for the first account; "": there are accounts
	observer *observer
	texts    *i18n.Texts
	health   *health
	api      *api.API
	pages    *web.Pages
}

// echo is the whole HTTP surface: every address that the program answers is
// mounted here or one call below.
func (s *surface) echo() (*echo.Echo, error) {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = addressOf(s.config.TrustedProxies)
	e.HTTPErrorHandler = (&mapper{texts: s.texts, pages: s.pages, log: s.observer.log}).answer
	foreign, err := sameSite(s.config.BaseURL)
	if err != nil {
		return nil, err
	}
	e.Use(numbered, s.observer.watch, recovered, secured(s.config.https()), foreign, bounded, watch.Origin, policy.Guard(s.pages.Accounts))

	e.GET("/healthz", s.health.alive)
	e.GET("/readyz", s.health.ready)
	if s.config.MetricsAddr == "" {
		e.GET("/metrics", echo.WrapHandler(s.observer.metrics()))
	}
	s.pages.Mount(e)
	e.GET("/api/openapi.yaml", api.OpenAPI)
	docs.Mount(e.Group("/api/docs"))
	if err := s.api.Mount(e.Group("/api/v1")); err != nil {
		return nil, err
	}
	return e, policy.Covers(e.Routes())
}

// addressOf says whose word is taken for where a visitor comes from: the
// connection's, or what a proxy of ours adds to X-Forwarded-For. Whatever the
// visitor wrote there is never believed.
func addressOf(proxies []*net.IPNet) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, network := range proxies {
		trust = append(trust, echo.TrustIPRange(network))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}

// secured tells the browser what our answers may do: load what is ours, and be
// framed, sniffed or kept by nobody. An answer of the API can load nothing, so
// it is told only what matters to it: the losing crowd gets many of them. A
// handler may say otherwise for its own.
func secured(https bool) echo.MiddlewareFunc {
	data := map[string][]string{
		"X-Content-Type-Options": {"nosniff"},
		"Cache-Control":          {"no-store"},
	}
	if https {
		data["Strict-Transport-Security"] = []string{"max-age=31536000"}
	}
	page := maps.Clone(data)
	maps.Copy(page, map[string][]string{
		"X-Frame-Options":            {"DENY"},
		"Referrer-Policy":            {"same-origin"},
		"Cross-Origin-Opener-Policy": {"same-origin"},
		"Content-Security-Policy": {"default-src 'self'; img-src 'self' data:; object-src 'none'; " +
			"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
	})
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			headers := page
			if strings.HasPrefix(c.Request().URL.Path, "/api/v1/") {
				headers = data
			}
			maps.Copy(c.Response().Header(), headers)
			return next(c)
		}
	}
}

// bounded lets no request send too much or wait too long: its context ends, and
// with it what it waits for. Streams bound themselves.
func bounded(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.ContentLength > bodyLimit {
			return errTooLarge
		}
		if web.Streams(c.Path()) {
			return next(c)
		}
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		r = r.WithContext(ctx)
		r.Body = http.MaxBytesReader(c.Response(), r.Body, bodyLimit)
		c.SetRequest(r)
		return next(c)
	}
}

// sameSite refuses writes that another site's page makes a browser send. The
// API needs no such protection: it knows nobody by a cookie.
func sameSite(base string) (echo.MiddlewareFunc, error) {
	protection := http.NewCrossOriginProtection()
	if base != "" {
		if err := protection.AddTrustedOrigin(base); err != nil {
			return nil, fmt.Errorf("base URL: %w", err)
		}
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if isAPI(c.Request()) {
				return next(c)
			}
			if err := protection.Check(c.Request()); err != nil {
				return errForeign
			}
			return next(c)
		}
	}, nil
}

// isAPI tells programs from browsers by the address.
func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }

// newServer is an HTTP server that no slow or endless request can wear out.
func newServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           heads(h),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    headerLimit,
	}
}

// heads answers HEAD wherever GET is answered (RFC 9110, 9.1). The server
// itself leaves the body out, since it still knows what was asked.
func heads(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			get := *r
			get.Method = http.MethodGet
			r = &get
		}
		h.ServeHTTP(w, r)
	})
}
