package auth_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"hunyue/internal/fault"
	"hunyue/server/auth"
)

// enter asks for an address behind the middleware, and returns who was let in
// and what was answered to the others.
func enter(guard echo.MiddlewareFunc, r *http.Request) (*auth.Staff, error) {
	var in *auth.Staff
	c := echo.New().NewContext(r, httptest.NewRecorder())
	err := guard(func(c echo.Context) error {
		in = auth.From(c.Request().Context())
		return nil
	})(c)
	return in, err
}

func TestOnlyTheRoleComesIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	s := w.login()
	tests := []struct {
		name   string
		roles  []string
		header string
		want   *fault.Error
	}{
		{"one of the roles", []string{auth.Hall, auth.Operator}, "Bearer " + s.Token, nil},
		{"any role", nil, "bearer " + s.Token, nil},
		{"another role", []string{auth.Manager}, "Bearer " + s.Token, auth.ErrForbidden},
		{"nobody", nil, "", auth.ErrLoginRequired},
		{"a token without its scheme", nil, s.Token, auth.ErrLoginRequired},
		{"another scheme", nil, "Basic " + s.Token, auth.ErrLoginRequired},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", tt.header)
		in, err := enter(w.Require(tt.roles...), r)
		if tt.want == nil {
			if err != nil || in == nil || in.Username != "anna" {
				t.Errorf("%s: %v, %v, want anna", tt.name, in, err)
			}
		} else if !errors.Is(err, tt.want) || in != nil {
			t.Errorf("%s: %v, %v, want %v", tt.name, in, err, tt.want)
		}
	}
}

// A cookie opens pages only: the API has no protection against other sites'
// forms. A header opens the API only.
func TestACookieDoesNotOpenTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("anna", auth.Operator)
	rec := httptest.NewRecorder()
	w.SetCookie(echo.New().NewContext(httptest.NewRequest(http.MethodGet, "/", nil), rec), w.login())
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(rec.Result().Cookies()[0])
	if in, err := enter(w.RequirePage(), r); err != nil || in == nil {
		t.Errorf("a page: %v, %v, want anna", in, err)
	}
	if in, err := enter(w.Require(), r); !errors.Is(err, auth.ErrLoginRequired) {
		t.Errorf("the API: %v, %v, want login_required", in, err)
	}
	header := httptest.NewRequest(http.MethodGet, "/", nil)
	header.Header.Set("Authorization", "Bearer "+w.CookieToken(r))
	if in, err := enter(w.RequirePage(), header); !errors.Is(err, auth.ErrLoginRequired) {
		t.Errorf("a page with a header: %v, %v, want login_required", in, err)
	}
}

func TestTheCookieIsOutOfReach(t *testing.T) {
	t.Parallel()
	for secure, name := range map[bool]string{true: "__Host-staff=", false: "staff="} {
		rec := httptest.NewRecorder()
		a := &auth.Accounts{Secure: secure}
		a.SetCookie(echo.New().NewContext(httptest.NewRequest(http.MethodGet, "/", nil), rec), auth.Session{Token: "t"})
		cookie := rec.Header().Get("Set-Cookie")
		if !strings.HasPrefix(cookie, name) || !strings.Contains(cookie, "Path=/; HttpOnly") ||
			!strings.Contains(cookie, "SameSite=Lax") || strings.Contains(cookie, "Secure") != secure || strings.Contains(cookie, "Domain") {
			t.Errorf("secure %t: %s", secure, cookie)
		}
	}
}

func TestStaffServeTheirOwnOffice(t *testing.T) {
	t.Parallel()
	s := &auth.Staff{Roles: []string{auth.Hall}, Offices: []string{"430702"}}
	if !s.MayServe("430702") || s.MayServe("430703") || s.MayServe("") {
		t.Error("serves other offices than its own")
	}
	if auth.From(t.Context()) != nil {
		t.Error("a stranger is staff")
	}
}
