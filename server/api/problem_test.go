package api

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"hunyue/internal/fault"
)

func TestAFaultHasOneStatus(t *testing.T) {
	tests := map[int]*fault.Error{
		400: {Kind: fault.Invalid, Code: "invalid_input", Fields: map[string]string{keyHeader: "required", "phone": "format"}},
		401: fault.New(fault.Unauthorized, "login_required"),
		403: fault.New(fault.Forbidden, "hold_foreign"),
		404: fault.New(fault.NotFound, "no_such_slot"),
		405: fault.New(fault.Invalid, "method_not_allowed"),
		409: fault.New(fault.Conflict, "slot_full"),
		413: errTooLarge,
		415: errMediaType,
		422: {Kind: fault.Invalid, Code: "invalid_input", Fields: map[string]string{"phone": "format"}},
		429: fault.New(fault.TooMany, "code_too_soon"),
		500: fault.New(fault.Internal, "internal"),
		503: fault.New(fault.Unavailable, "resuming"),
	}
	for want, f := range tests {
		if got := Status(f); got != want {
			t.Errorf("%s %v is answered with %d, want %d", f.Code, f.Fields, got, want)
		}
	}
	if got := Status(errMalformed); got != 400 {
		t.Errorf("malformed is answered with %d, want 400", got)
	}
}

func written(t testing.TB, f *fault.Error) *httptest.ResponseRecorder {
	t.Helper()
	answer := httptest.NewRecorder()
	c := echo.New().NewContext(httptest.NewRequest(http.MethodGet, "/", nil), answer)
	c.Response().Header().Set(echo.HeaderXRequestID, "number")
	if err := WriteProblem(c, f, "Voll"); err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestAProblemSaysWhenToComeBack(t *testing.T) {
	answer := written(t, fault.New(fault.Unavailable, "resuming").After(1500*time.Millisecond))
	if got := answer.Header().Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After %q, want 2: whole seconds, never too few", got)
	}
	want := ProblemDocument{Type: "about:blank", Title: "Voll", Status: 503, Code: "resuming", RetryAfter: 2}
	if diff := cmp.Diff(want, problemIn(t, answer)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOnlyOurOwnMistakeNamesTheRequest(t *testing.T) {
	if got := problemIn(t, written(t, fault.New(fault.Internal, "internal"))).Request; got != "number" {
		t.Errorf("an internal problem names request %q, want number", got)
	}
	if got := problemIn(t, written(t, fault.New(fault.Conflict, "slot_full"))).Request; got != "" {
		t.Errorf("a refusal names request %q, want none", got)
	}
}

func TestWhoIsUnknownIsToldHowToLogIn(t *testing.T) {
	if got := written(t, fault.New(fault.Unauthorized, "login_required")).Header().Get("WWW-Authenticate"); got != "Bearer" {
		t.Errorf("WWW-Authenticate %q, want Bearer", got)
	}
}

func BenchmarkProblem(b *testing.B) {
	e := echo.New()
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	full := fault.New(fault.Conflict, "slot_full")
	b.ReportAllocs()
	for b.Loop() {
		if err := WriteProblem(e.NewContext(r, httptest.NewRecorder()), full, "这个时段已约满。"); err != nil {
			b.Fatal(err)
		}
	}
}
