package policy

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"hunyue/server/auth"
)

// Guard lets a request through if the table has it so, and tells the handler
// who asks (auth.From). What is not in the table is let through to be answered
// as unknown: Covers sees to it that nothing else is missing there.
//
// Faults: auth.ErrLoginRequired, auth.ErrForbidden.
func Guard(accounts *auth.Accounts) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			rule, _ := Of(r.Method, c.Path())
			if !rule.Door.Staff() {
				return next(c)
			}
			staff, step, err := accounts.Admit(r.Context(), token(accounts, rule, r))
			if err == nil && rule.Door != Entry {
				err = step.Err()
			}
			if err != nil {
				return err
			}
			if !rule.Admits(staff.Roles) || rule.Scope == Path && !staff.MayServe(c.Param("office")) {
				return auth.ErrForbidden
			}
			c.SetRequest(r.WithContext(auth.WithStep(auth.With(r.Context(), staff), step)))
			return next(c)
		}
	}
}

// token is what shows who asks. A cookie opens pages only: the API has no
// protection against other sites' forms. A header opens the API only.
func token(accounts *auth.Accounts, rule Rule, r *http.Request) string {
	if rule.Door == API {
		return auth.Bearer(r)
	}
	return accounts.CookieToken(r)
}

// Covers reports an address that the table does not have, or a line that has no
// address. Lines for demo mode may have none.
func Covers(mounted []*echo.Route) error {
	used := map[key]bool{}
	for _, route := range mounted {
		rule, ok := Of(route.Method, route.Path)
		if !ok {
			return fmt.Errorf("policy: nobody said who may use %s %s", route.Method, route.Path)
		}
		used[key{rule.Method, rule.Path}] = true
	}
	for _, r := range Table() {
		if !used[key{r.Method, r.Path}] && !r.optional() {
			return fmt.Errorf("policy: %s %s is not mounted", r.Method, r.Path)
		}
	}
	return nil
}
