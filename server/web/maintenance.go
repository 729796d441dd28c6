package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/server/auth"
)

// Maintenance is a while, told beforehand, in which couples book, move and cancel
// nothing online. Its times are told in the zone that they are in. The zero value is none.
type Maintenance struct{ From, To time.Time }

// ErrMaintenance says when it will be over.
var ErrMaintenance = fault.New(fault.Unavailable, "maintenance")

// On reports whether it is now.
func (m Maintenance) On(now time.Time) bool { return !now.Before(m.From) && now.Before(m.To) }

// stopped is the addresses that couples book, move and cancel at. Staff have others.
var stopped = []string{
	"/o/:office/:date", "/book/hold", "/book/check", "/book/code", "/book/confirm",
	"/b/:number/cancel/code", "/b/:number/cancel", "/b/:number/change", "/b/:number/change/code", "/b/:number/change/confirm",
	"/b/:number/rebook", "/b/:number/rebook/code", "/b/:number/rebook/confirm",
	"/api/v1/holds", "/api/v1/holds/:id/extend", "/api/v1/appointments",
	"/api/v1/appointments/:number/cancel", "/api/v1/appointments/:number/reschedule",
}

// Refused keeps out what couples send during the maintenance, with ErrMaintenance.
// What can only be looked at is answered as ever.
func (m Maintenance) Refused(now func() time.Time) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r, at := c.Request(), now()
			if r.Method != http.MethodPost || !m.On(at) || !slices.Contains(stopped, c.Path()) || byStaff(c) {
				return next(c)
			}
			_ = r.ParseForm() // the page gives back what was typed, as far as it can be read
			return ErrMaintenance.After(m.To.Sub(at))
		}
	}
}

// byStaff reports whether staff change an appointment, at an address of the API that
// they share with couples. That they are staff is judged there.
func byStaff(c echo.Context) bool {
	return auth.Bearer(c.Request()) != "" && strings.HasPrefix(c.Path(), "/api/v1/appointments/")
}

// maintained is what couples are told of a maintenance to come, or of the one that
// is on; "" where there is none.
func (p *Pages) maintained(pg page) string {
	now := p.Clock.Now()
	if !now.Before(p.Maintenance.To) {
		return ""
	}
	key := "maintenance.coming"
	if p.Maintenance.On(now) {
		key = "maintenance.now"
	}
	return pg.T(key, "from", pg.moment(p.Maintenance.From), "to", pg.moment(p.Maintenance.To))
}

// moment is a day and a time of it, in the zone that t is in.
func (pg page) moment(t time.Time) string { return pg.ShortDay(date.DateOf(t)) + " " + pg.Clock(t) }
