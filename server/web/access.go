package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/server/policy"
)

type accessPage struct {
	page
	Parts []accessPart
}

// accessPart is the addresses behind one kind of door.
type accessPart struct {
	Door string
	Rows []accessRow
}

// accessRow is the addresses that the same people may use in the same way.
type accessRow struct {
	Addresses []string
	Who, Over string
}

// access shows the auditor who may use which address: the table that the guard
// asks, and no other.
func (p *Pages) access(c echo.Context) error {
	d := accessPage{page: p.page(c)}
	for _, door := range []policy.Door{policy.Page, policy.Entry, policy.API, policy.Device, policy.Couple, policy.Open} {
		d.Parts = append(d.Parts, accessPart{Door: d.T("policy.door." + string(door)), Rows: d.accessRows(door)})
	}
	return p.render(c, http.StatusOK, "access", d)
}

// accessRows keeps the order of the table; neighbours that say the same are one
// row.
func (pg page) accessRows(door policy.Door) []accessRow {
	var rows []accessRow
	for _, r := range policy.Table() {
		if r.Door != door {
			continue
		}
		row := accessRow{Addresses: []string{r.Method + " " + r.Path}, Who: pg.admitted(r), Over: pg.T("policy.scope." + string(r.Scope))}
		if last := len(rows) - 1; last >= 0 && rows[last].Who == row.Who && rows[last].Over == row.Over {
			rows[last].Addresses = append(rows[last].Addresses, row.Addresses...)
			continue
		}
		rows = append(rows, row)
	}
	return rows
}

// admitted names who is let in.
func (pg page) admitted(r policy.Rule) string {
	switch {
	case !r.Door.Staff():
		return pg.T("policy.who." + string(r.Door))
	case len(r.Roles) == 0:
		return pg.T("policy.who.staff")
	}
	var names []string
	for _, role := range r.Roles {
		names = append(names, pg.T("role."+role))
	}
	return strings.Join(names, pg.T("desk.and"))
}
