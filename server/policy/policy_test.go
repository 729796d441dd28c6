package policy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"hunyue/server/auth"
	"hunyue/server/policy"
)

func TestEveryAddressIsInTheTableOnce(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range policy.Table() {
		if line := r.Method + " " + r.Path; seen[line] {
			t.Errorf("%s is there twice", line)
		} else {
			seen[line] = true
		}
		if got, ok := policy.Of(r.Method, r.Path); !ok || got.Door != r.Door {
			t.Errorf("%s %s is found as %v", r.Method, r.Path, got)
		}
	}
}

// Who runs, guards or audits the system comes near no couple's data (domain
// rule 88): not behind any address that belongs to an office.
func TestAdministratorsHoldNoData(t *testing.T) {
	t.Parallel()
	for _, r := range policy.Table() {
		data := r.Scope != policy.Anything && r.Scope != policy.Self
		for _, role := range []string{auth.Auditor, auth.SysAdmin, auth.SecAdmin} {
			if r.Door.Staff() && data && len(r.Roles) > 0 && r.Admits([]string{role}) {
				t.Errorf("%s %s is open to the %s", r.Method, r.Path, role)
			}
		}
	}
}

func TestAnAddressThatNobodySpokeOfIsNamed(t *testing.T) {
	t.Parallel()
	var mounted []*echo.Route
	for _, r := range policy.Table() {
		mounted = append(mounted, &echo.Route{Method: r.Method, Path: r.Path})
	}
	if err := policy.Covers(mounted); err != nil {
		t.Error(err)
	}
	more := append(slices.Clone(mounted), &echo.Route{Method: "GET", Path: "/desk/:number/everything"})
	if err := policy.Covers(more); err == nil || !strings.Contains(err.Error(), "/desk/:number/everything") {
		t.Errorf("an address without a rule: %v", err)
	}
	if err := policy.Covers(mounted[1:]); err == nil || !strings.Contains(err.Error(), mounted[0].Path) {
		t.Errorf("a rule without an address: %v", err)
	}
}

func TestMayIsWhatTheGuardDoes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		role, method, path string
		want               bool
	}{
		{auth.Registrar, "POST", "/desk/:number/complete", true},
		{auth.Hall, "POST", "/desk/:number/complete", false},
		{auth.Operator, "GET", "/desk", false},
		{auth.Operator, "GET", "/notices", false}, // it is for everybody, and so nobody's by their role
		{auth.SysAdmin, "GET", "/staff", true},
		{auth.Manager, "GET", "/nowhere", false},
	} {
		if got := policy.May([]string{tt.role}, tt.method, tt.path); got != tt.want {
			t.Errorf("%s %s %s: %t", tt.role, tt.method, tt.path, got)
		}
	}
}
