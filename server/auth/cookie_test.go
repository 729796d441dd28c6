package auth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"hunyue/server/auth"
)

func TestTheCookieIsOutOfReach(t *testing.T) {
	t.Parallel()
	for secure, name := range map[bool]string{true: "__Host-staff=", false: "staff="} {
		rec := httptest.NewRecorder()
		a := &auth.Accounts{Secure: secure}
		a.SetCookie(echo.New().NewContext(httptest.NewRequest(http.MethodGet, "/", nil), rec), auth.Session{Token: "t"})
		cookie := rec.Header().Get("Set-Cookie")
		if !strings.HasPrefix(cookie, name) || !strings.Contains(cookie, "Path=/; HttpOnly") ||
			!strings.Contains(cookie, "SameSite=Strict") || strings.Contains(cookie, "Secure") != secure || strings.Contains(cookie, "Domain") {
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
