package policy_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"

	"hunyue/internal/clock"
	"hunyue/internal/fault"
	"hunyue/internal/seal"
	"hunyue/internal/testenv"
	"hunyue/server/auth"
	"hunyue/server/policy"
)

const (
	here     = "430702"
	password = "correct-horse-7"
)

// door is every address of the table behind the guard, on accounts of the
// test's own.
type door struct {
	*auth.Accounts
	t    *testing.T
	echo *echo.Echo
	in   *auth.Staff // who came in last
	err  error       // or why nobody did
}

func newDoor(t *testing.T) *door {
	t.Helper()
	keys, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	client, prefix := testenv.Redis(t)
	d := &door{Accounts: &auth.Accounts{DB: testenv.DB(t), Redis: client, Prefix: prefix, Keys: keys, Clock: &clock.Clock{}}, t: t, echo: echo.New()}
	d.echo.HTTPErrorHandler = func(err error, _ echo.Context) { d.err = err }
	d.echo.Use(policy.Guard(d.Accounts))
	for _, r := range policy.Table() {
		d.echo.Add(r.Method, r.Path, func(c echo.Context) error {
			d.in = auth.From(c.Request().Context())
			return nil
		})
	}
	return d
}

// token signs in somebody new with these roles.
func (d *door) token(username string, roles ...string) string {
	d.t.Helper()
	u := auth.NewUser{Username: username, Password: password, Roles: roles, Offices: []string{here}}
	if _, err := d.AddUser(d.t.Context(), "test", u); err != nil {
		d.t.Fatal(err)
	}
	s, err := d.Login(d.t.Context(), username, password, "")
	if err != nil {
		d.t.Fatal(err)
	}
	return s.Token
}

// ask asks for an address with a header, and with a cookie where one is given.
func (d *door) ask(method, path, header, cookie string) (*auth.Staff, error) {
	r := httptest.NewRequestWithContext(d.t.Context(), method, path, nil)
	r.Header.Set("Authorization", header)
	if cookie != "" {
		rec := httptest.NewRecorder()
		d.SetCookie(d.echo.NewContext(r, rec), auth.Session{Token: cookie})
		r.AddCookie(rec.Result().Cookies()[0])
	}
	d.in, d.err = nil, nil
	d.echo.ServeHTTP(httptest.NewRecorder(), r)
	return d.in, d.err
}

func TestOnlyTheRoleComesIn(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	token := d.token("anna", auth.Operator)
	const search, complete = "/api/v1/staff/appointments/search", "/api/v1/staff/appointments/12345678/complete"
	tests := []struct {
		name, path, header string
		want               *fault.Error
	}{
		{"one of the roles", search, "Bearer " + token, nil},
		{"any role", "/api/v1/staff/readings", "bearer " + token, nil},
		{"another role", complete, "Bearer " + token, auth.ErrForbidden},
		{"nobody", search, "", auth.ErrLoginRequired},
		{"a token without its scheme", search, token, auth.ErrLoginRequired},
		{"another scheme", search, "Basic " + token, auth.ErrLoginRequired},
	}
	for _, tt := range tests {
		in, err := d.ask(http.MethodPost, tt.path, tt.header, "")
		if tt.want == nil {
			if err != nil || in == nil || in.Username != "anna" {
				t.Errorf("%s: %v, %v, want anna", tt.name, in, err)
			}
		} else if !errors.Is(err, tt.want) || in != nil {
			t.Errorf("%s: %v, %v, want %v", tt.name, in, err, tt.want)
		}
	}
}

func TestOnlyTheOfficeOfTheAddressIsOpen(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	token := d.token("mary", auth.Manager)
	if in, err := d.ask(http.MethodGet, "/manage/"+here, "", token); err != nil || in == nil {
		t.Errorf("their own office: %v, %v", in, err)
	}
	for _, office := range []string{"430703", "4307022", "x"} {
		if in, err := d.ask(http.MethodGet, "/manage/"+office, "", token); !errors.Is(err, auth.ErrForbidden) {
			t.Errorf("office %s: %v, %v, want forbidden", office, in, err)
		}
	}
}

// Whoever has signed in with a password alone, where that is not enough, gets
// to the page on which they set up a second factor, and nowhere else.
func TestAStepOpensItsOwnPageOnly(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.token("anna", auth.Operator)
	d.SecondFactor = true
	s, err := d.SignIn(t.Context(), "anna", password, "")
	if err != nil {
		t.Fatal(err)
	}
	if in, err := d.ask(http.MethodGet, "/staff/account/factor", "", s.Token); err != nil || in == nil {
		t.Errorf("the page of the step: %v, %v", in, err)
	}
	for _, path := range []string{"/call", "/staff"} {
		if in, err := d.ask(http.MethodGet, path, "", s.Token); !errors.Is(err, auth.ErrFactorNeeded) {
			t.Errorf("%s: %v, %v, want factor_needed", path, in, err)
		}
	}
	if in, err := d.ask(http.MethodPost, "/api/v1/staff/holds", "Bearer "+s.Token, ""); !errors.Is(err, auth.ErrFactorNeeded) {
		t.Errorf("the API: %v, %v, want factor_needed", in, err)
	}
}

func TestACookieDoesNotOpenTheAPI(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	token := d.token("anna", auth.Operator)
	if in, err := d.ask(http.MethodGet, "/call", "", token); err != nil || in == nil {
		t.Errorf("a page: %v, %v, want anna", in, err)
	}
	if in, err := d.ask(http.MethodPost, "/api/v1/staff/holds", "", token); !errors.Is(err, auth.ErrLoginRequired) {
		t.Errorf("the API: %v, %v, want login_required", in, err)
	}
	if in, err := d.ask(http.MethodGet, "/call", "Bearer "+token, ""); !errors.Is(err, auth.ErrLoginRequired) {
		t.Errorf("a page with a header: %v, %v, want login_required", in, err)
	}
}
