package web

import (
	"net/url"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/slots"
)

// line is a way to book: couples do it themselves, staff do it for a caller.
// Both go the same way through the same pages.
type line struct {
	*Pages
	channel slots.Channel
	base    string // before every address of the line
}

func (p *Pages) web() line   { return line{p, slots.Web, ""} }
func (p *Pages) phone() line { return line{p, slots.Phone, "/call"} }

func (l line) mount(g *echo.Group) {
	g.GET("/o/:office", l.choose)
	g.GET("/o/:office/:date", l.choose)
	g.POST("/o/:office/:date", l.hold)
	g.GET("/book", l.lost)
	g.GET("/book/:step", l.lost)
	g.GET("/book/details", l.begin)
	if !l.assisted() {
		g.GET("/book/check", l.checkAgain)
		g.GET("/book/again", l.offers)
	}
	g.POST("/book/details", l.details)
	g.POST("/book/extend", l.extend)
	g.POST("/book/leave", l.leave)
	g.POST("/book/again", l.again)
	g.POST("/book/hold", l.holdAgain)
	g.POST("/book/check", l.check)
	g.POST("/book/code", l.code)
	g.POST("/book/confirm", l.confirm)
}

// assisted reports whether staff type for somebody else.
func (l line) assisted() bool { return l.channel != slots.Web }

// actor is who acts, for the audit.
func (l line) actor(c echo.Context) string {
	if s := me(c); l.assisted() && s != nil {
		return s.Actor()
	}
	return "couple"
}

// holder is who holds places: a browser, or a member of staff.
func (l line) holder(c echo.Context) string {
	if l.assisted() {
		return l.actor(c)
	}
	return l.session(c)
}

// home is where the line begins.
func (l line) home() string {
	if l.base == "" {
		return "/"
	}
	return l.base
}

func (l line) daysAt(office, service string) string {
	return l.base + "/o/" + office + "?" + url.Values{"service": {service}}.Encode()
}

func (l line) timesAt(office string, day date.Date, service string) string {
	return l.base + "/o/" + office + "/" + day.String() + "?" + url.Values{"service": {service}}.Encode()
}

// detailsAt is where the form for a held place begins. The token in it is good
// for nothing without the holder's cookie.
func (l line) detailsAt(f bookForm) string { return l.turnedAt(onDetails, f) }

// wish is what somebody wants to book, as far as an address says.
type wish struct {
	office  slots.Office
	service slots.Service
	rules   slots.Rules
	today   date.Date
}

// wish reads the office and the service of a request. An unknown service is
// the first that the office offers.
func (l line) wish(c echo.Context) (wish, error) {
	ctx := c.Request().Context()
	office, err := l.Offices.Office(ctx, c.Param("office"))
	if err != nil {
		return wish{}, err
	}
	return l.wishAt(c, office, c.FormValue("service"))
}

func (l line) wishAt(c echo.Context, office slots.Office, service string) (wish, error) {
	w := wish{office: office, today: date.DateOf(l.Clock.Now().In(office.Location))}
	if len(office.Services) == 0 {
		return w, slots.ErrNoSuchOffice
	}
	w.service = office.Services[0]
	if s, offered := office.Service(service); offered {
		w.service = s
	}
	var err error
	w.rules, err = l.Offices.Rules(c.Request().Context(), office.ID, w.today)
	return w, err
}
