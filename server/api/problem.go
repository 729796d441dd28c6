package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/internal/fault"
)

// ProblemDocument is how a failure is told (RFC 9457). Nothing that the caller
// sent is in it, except the names of fields.
type ProblemDocument struct {
	Type       string            `json:"type"`
	Title      string            `json:"title"` // for people; the code is for programs
	Status     int               `json:"status"`
	Code       string            `json:"code"`
	Fields     map[string]string `json:"fields,omitempty"`
	Offices    []string          `json:"offices,omitempty"`     // that can do what this one cannot
	RetryAfter int               `json:"retry_after,omitempty"` // seconds
	Challenge  string            `json:"challenge,omitempty"`   // to be solved first
	Request    string            `json:"request,omitempty"`     // under which we have noted our own mistake
}

// problemType is the media type of a problem document.
const problemType = "application/problem+json"

// Status is the HTTP status that f is answered with. Most codes follow their
// kind; a few have a status of their own in HTTP.
func Status(f *fault.Error) int {
	switch f.Code {
	case errMalformed.Code:
		return http.StatusBadRequest
	case errTooLarge.Code:
		return http.StatusRequestEntityTooLarge
	case errMediaType.Code:
		return http.StatusUnsupportedMediaType
	case "method_not_allowed":
		return http.StatusMethodNotAllowed
	}
	if _, keyless := f.Fields[keyHeader]; keyless {
		return http.StatusBadRequest // without its key, what was asked cannot be judged
	}
	return statusOf(f.Kind)
}

func statusOf(kind fault.Kind) int {
	switch kind {
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.Internal:
	}
	return http.StatusInternalServerError
}

// Problem is f as a document, under a title in the reader's language.
func Problem(f *fault.Error, title string) ProblemDocument {
	return ProblemDocument{
		Type: "about:blank", Title: title, Status: Status(f), Code: f.Code, Fields: f.Fields, Offices: f.Offices,
		RetryAfter: seconds(f.RetryAfter), Challenge: f.Challenge,
	}
}

// seconds are whole and never too few.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// WriteProblem answers with f as a problem document. An internal fault carries
// the number of the request, under which the log says more.
func WriteProblem(c echo.Context, f *fault.Error, title string) error {
	p := Problem(f, title)
	h := c.Response().Header()
	if f.Kind == fault.Internal {
		p.Request = h.Get(echo.HeaderXRequestID)
	}
	if p.RetryAfter > 0 {
		h.Set(echo.HeaderRetryAfter, strconv.Itoa(p.RetryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set(echo.HeaderWWWAuthenticate, "Bearer")
	}
	body, err := rendered(p)
	if err != nil {
		return err
	}
	return c.Blob(p.Status, problemType, body)
}

// plain is what was rendered of refusals that say nothing but their code, by
// title: there are as many as faults and languages. The losing crowd gets them.
var plain sync.Map

func rendered(p ProblemDocument) ([]byte, error) {
	if p.Fields != nil || p.RetryAfter != 0 || p.Request+p.Challenge != "" {
		return json.Marshal(p)
	}
	type key struct{ code, title string }
	if body, ok := plain.Load(key{p.Code, p.Title}); ok {
		return body.([]byte), nil
	}
	body, err := json.Marshal(p)
	if err == nil {
		plain.Store(key{p.Code, p.Title}, body)
	}
	return body, err
}
