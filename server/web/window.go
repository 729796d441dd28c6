package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/server/auth"
)

// windowFields is the inputs at a counter. Its name is remembered by the browser
// that stands there.
func (d *guestPage) windowFields(c echo.Context, wrong wrongs) {
	pg, counter := d.page, c.FormValue("counter")
	if kept, err := c.Cookie("counter"); err == nil && counter == "" {
		counter = kept.Value
	}
	d.Counter = pg.typed(field{Name: "counter", Auto: "off"}, "window.counter", counter, wrong)
	d.Certificate = pg.typed(field{Name: "certificate_number", Auto: "off", Hint: pg.T("window.certificate_hint")},
		"window.certificate", c.FormValue("certificate_number"), wrong)
	if odd := pg.oddWords(d.Certificate.Value, d.Odd); odd != "" {
		d.Certificate.Wrong = odd
		if !d.Odd.Final() {
			d.Doubted = d.Certificate.Value
		}
	}
	d.Reason = pg.typed(field{Name: "reason", Auto: "off"}, "window.reason", c.FormValue("reason"), wrong)
	d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", d.Counter, d.Certificate, d.Reason)...)
}

// callGuest asks the couple to a counter.
func (p *Pages) callGuest(c echo.Context) error { return p.turn(c, p.Hall.Call) }

// startGuest begins to serve them.
func (p *Pages) startGuest(c echo.Context) error { return p.turn(c, p.Hall.Start) }

func (p *Pages) turn(c echo.Context, step func(ctx context.Context, number, counter, actor string) (hall.Turn, error)) error {
	g, err := p.guestOf(c)
	if err != nil {
		return err
	}
	err = p.Hall.MayReceive(c.Request().Context(), me(c).Username, g.office.ID)
	if err == nil {
		err = me(c).MayCall(p.todayAt(g))
	}
	if err != nil {
		return p.refusedAtWindow(c, g, err)
	}
	counter := strings.TrimSpace(c.FormValue("counter"))
	_, err = step(c.Request().Context(), g.Number, counter, me(c).Actor())
	if err != nil {
		return p.refusedAtWindow(c, g, err)
	}
	p.setCookie(c, http.Cookie{Name: "counter", Value: counter, Path: "/desk", MaxAge: year})
	return c.Redirect(http.StatusSeeOther, "/desk/"+g.Number)
}

// complete notes the certificate that the couple takes home. An unusual number
// is asked about first, since nothing alters it later; older certificates have
// forms of their own, so whoever insists is believed (domain section 1.6).
func (p *Pages) complete(c echo.Context) error {
	g, err := p.guestOf(c)
	if err != nil {
		return err
	}
	ctx, typed := c.Request().Context(), c.FormValue("certificate_number")
	if err := me(c).MayRegister(p.todayAt(g)); err != nil {
		return p.refusedAtWindow(c, g, err)
	}
	odd, err := p.Hall.OddAbout(ctx, g.Number, typed)
	if err != nil {
		return err
	}
	if odd != (hall.Odd{}) && g.Status != booking.Completed && (odd.Final() || c.FormValue("sure_of") != typed) {
		return p.showGuest(c, http.StatusUnprocessableEntity, p.page(c), g, guestPage{Odd: odd}, nil)
	}
	if _, err := p.Hall.Complete(ctx, g.Number, typed, auth.From(ctx).Actor()); err != nil {
		return p.refusedAtWindow(c, g, err)
	}
	return c.Redirect(http.StatusSeeOther, "/desk/"+g.Number)
}

// todayAt is the day at the office of an appointment.
func (p *Pages) todayAt(g own) date.Date { return date.DateOf(p.Clock.Now().In(g.office.Location)) }

// notAccepted ends a visit without a registration.
func (p *Pages) notAccepted(c echo.Context) error {
	g, err := p.guestOf(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := p.Hall.NotAccepted(ctx, g.Number, c.FormValue("reason"), auth.From(ctx).Actor()); err != nil {
		return p.refusedAtWindow(c, g, err)
	}
	if c.FormValue("back") == "today" {
		return c.Redirect(http.StatusSeeOther, "/desk/today?"+url.Values{"office": {g.Office}, "done": {"ended"}}.Encode()+"#closing")
	}
	return c.Redirect(http.StatusSeeOther, "/desk/"+g.Number)
}

func (p *Pages) refusedAtWindow(c echo.Context, g own, err error) error {
	pg, why, err := p.page(c).explained(c, err)
	if err != nil {
		return err
	}
	return p.showGuest(c, statusOf(why), pg, g, guestPage{}, why.Fields)
}
