package main

import (
	"context"
	"database/sql/driver"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/lib/pq"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
	"hunyue/server/api"
	"hunyue/server/i18n"
	"hunyue/server/web"
)

// The faults that come from the way a request was sent.
var (
	errNoPage      = fault.New(fault.NotFound, "no_such_page")
	errMethod      = fault.New(fault.Invalid, "method_not_allowed")
	errTooLarge    = fault.New(fault.Invalid, "too_large")
	errMediaType   = fault.New(fault.Invalid, "unsupported_media_type")
	errMalformed   = fault.New(fault.Invalid, "malformed")
	errForeign     = fault.New(fault.Forbidden, "untrusted_origin")
	errTooMany     = fault.New(fault.TooMany, "too_many_requests")
	errUnavailable = fault.New(fault.Unavailable, "unavailable").After(2 * time.Second)
)

// echoes is what Echo's own errors mean.
var echoes = map[int]*fault.Error{
	http.StatusNotFound:              errNoPage,
	http.StatusMethodNotAllowed:      errMethod,
	http.StatusRequestEntityTooLarge: errTooLarge,
	http.StatusUnsupportedMediaType:  errMediaType,
	http.StatusTooManyRequests:       errTooMany,
	http.StatusServiceUnavailable:    errUnavailable,
}

// faultOf is the fault in an error that a handler returned: a fault of the
// domain, one of Echo's errors, or an outage. All else is internal.
func faultOf(err error) *fault.Error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errTooLarge
	}
	if he, ok := errors.AsType[*echo.HTTPError](err); ok && he.Code < http.StatusInternalServerError {
		if f, ok := echoes[he.Code]; ok {
			return f
		}
		return errMalformed
	}
	if e, ok := errors.AsType[*pq.Error](err); ok && e.Code == "22021" {
		return errMalformed // a character that no text can hold, such as NUL
	}
	if outage(err) {
		return errUnavailable
	}
	return fault.Of(err)
}

// outages is how the states begin in which Postgres may answer a little later:
// no connection, no resources, stopped by somebody or by a time limit, no lock,
// serialisation, deadlock, read only for the while.
var outages = []string{"08", "53", "57", "55P03", "40001", "40P01", "25006"}

// outage reports whether err says that an engine is away or too slow, so that
// the same request may succeed a little later.
func outage(err error) bool {
	if state := postgres.State(err); state != "" {
		return slices.ContainsFunc(outages, func(begin string) bool { return strings.HasPrefix(state, begin) })
	}
	_, network := errors.AsType[net.Error](err) // *net.OpError and context.DeadlineExceeded are among them
	return network || errors.Is(err, driver.ErrBadConn)
}

// mapper answers for every handler that returned an error.
type mapper struct {
	texts *i18n.Texts
	pages *web.Pages
	log   *slog.Logger
}

// answer is Echo's error handler: a problem document below /api/, a page
// elsewhere. What is internal is logged once, under the number that the
// visitor is shown, and its words are shown to nobody.
func (m *mapper) answer(err error, c echo.Context) {
	r := c.Request()
	if errors.Is(r.Context().Err(), context.Canceled) {
		c.Response().Status = statusGone
		return // nobody is there to be told
	}
	f := faultOf(err)
	if f.Kind == fault.Internal || f == errUnavailable {
		m.log.ErrorContext(r.Context(), "request failed", "request", requestID(c), "method", r.Method, "route", route(c), "error", told(err))
	}
	if c.Response().Committed {
		return
	}
	tell := m.page
	if isAPI(r) {
		tell = m.problem
	}
	if err := tell(c, f); err != nil {
		m.log.WarnContext(r.Context(), "error not told", "request", requestID(c), "error", told(err))
		c.Response().WriteHeader(http.StatusInternalServerError)
	}
}

// statusGone is logged where the visitor left before the answer, as nginx does.
const statusGone = 499

// told is an error as the log may keep it: of a database error the state and
// the names in the schema, not the message, which can repeat what was typed.
func told(err error) string {
	text := err.Error()
	if e, ok := errors.AsType[*pq.Error](err); ok {
		safe := strings.TrimSpace("postgres " + string(e.Code) + " " + e.Table + " " + e.Constraint)
		text = strings.ReplaceAll(text, e.Error(), safe)
	}
	return text
}

// problem answers with a problem document in the visitor's language.
func (m *mapper) problem(c echo.Context, f *fault.Error) error {
	reader := m.texts.In(c.Request().Header.Get("Accept-Language"))
	h := c.Response().Header()
	h.Set("Content-Language", reader.Lang)
	h.Add(echo.HeaderVary, "Accept-Language")
	return api.WriteProblem(c, f, reader.Fault(f.Code))
}

// page answers with a page, which looks and speaks as the others do.
func (m *mapper) page(c echo.Context, f *fault.Error) error {
	return m.pages.Error(c, api.Status(f), f)
}
