package web

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/server/auth"
)

func (p *Pages) mountPeople(e *echo.Echo) {
	people := e.Group("/manage/people")
	people.GET("", p.people)
	people.GET("/new", p.newPerson)
	people.POST("/new", p.invite)
	people.GET("/:username", p.person)
	people.POST("/:username", p.assign)
	people.POST("/:username/link", p.relink)
	people.POST("/:username/sessions", p.endSessions)
	people.POST("/:username/factor", p.resetFactor)
	people.POST("/:username/signon", p.bind)
	people.POST("/:username/disable", p.disable)
	people.GET("/:username/:step", func(c echo.Context) error {
		return c.Redirect(http.StatusSeeOther, personAt(c.Param("username")))
	})
}

type peoplePage struct {
	page
	Rows []personRow
}

// personRow is an account in the list.
type personRow struct {
	To, Username, Name, State, Roles, Offices, Factor, Certificate string
}

// people lists the accounts.
func (p *Pages) people(c echo.Context) error {
	all, err := p.Accounts.People(c.Request().Context())
	if err != nil {
		return err
	}
	names, err := p.officeNames(c)
	if err != nil {
		return err
	}
	d := peoplePage{page: p.page(c)}
	for _, one := range all {
		d.Rows = append(d.Rows, d.personRow(one, names))
	}
	return p.render(c, http.StatusOK, "people", d)
}

func (pg page) personRow(one auth.Person, offices map[string]string) personRow {
	r := personRow{
		To: personAt(one.Username), Username: one.Username, Name: one.Name, State: pg.personState(one),
		Factor: pg.T("people.factor_none"),
	}
	var roles, at []string
	for _, role := range one.Roles {
		roles = append(roles, pg.T("role."+role))
	}
	for _, id := range one.Offices {
		at = append(at, cmp.Or(offices[id], id))
	}
	r.Roles, r.Offices = strings.Join(roles, pg.T("people.comma")), strings.Join(at, pg.T("people.comma"))
	if one.Factor() {
		r.Factor = pg.T("people.factor_set")
	}
	if !one.CertificateFrom.IsZero() {
		r.Certificate = pg.T("people.certificate_is", "from", pg.Day(one.CertificateFrom), "to", pg.Day(one.CertificateTo))
	}
	return r
}

// personState is what is unusual about an account, or "".
func (pg page) personState(one auth.Person) string {
	switch {
	case one.Disabled:
		return pg.T("people.state_disabled")
	case one.Pending:
		return pg.T("people.state_pending")
	case one.Locked:
		return pg.T("people.state_locked")
	}
	return ""
}

func personAt(username string) string { return "/manage/people/" + username }

// officeNames is what the offices are called, by their ids.
func (p *Pages) officeNames(c echo.Context) (map[string]string, error) {
	all, err := p.Offices.Offices(c.Request().Context())
	names, pg := map[string]string{}, p.page(c)
	for _, o := range all {
		names[o.ID] = pg.officeName(o)
	}
	return names, err
}
