package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/slots"
)

// press does what a button of a counter says. Each page has one key, so that a
// button pressed twice is pressed once.
func (p *Pages) press(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	step, number := c.FormValue("step"), c.FormValue("number")
	if number != "" { // one of another office is as one that is not
		if _, err := p.Desk.At(c.Request().Context(), number, func(office string) bool { return office == o.ID }); err != nil {
			return err
		}
	}
	press := hall.Press{Office: o.ID, Counter: c.Param("counter"), Actor: me(c).Actor()}
	if key := c.FormValue("key"); key != "" {
		press.Key = strings.Join([]string{key, step, number}, "/")
	}
	switch step {
	case "complete":
		return p.finish(c, o, press, number)
	case "refuse":
		return p.refuse(c, o, press, number)
	case "refusing":
		return p.showCounter(c, http.StatusOK, p.page(c), o, counterForm{refusing: true})
	case "unmask":
		return p.unmaskAtCounter(c, o, number)
	case "pass":
		return p.pass(c, o, press, number)
	}
	if err := p.step(c, o, press, step, number); err != nil {
		return p.refusedAtCounter(c, o, err, counterForm{})
	}
	return c.Redirect(http.StatusSeeOther, counterAt(o, press.Counter))
}

// step is the presses that have nothing else to say.
func (p *Pages) step(c echo.Context, o slots.Office, press hall.Press, step, number string) error {
	ctx := c.Request().Context()
	if err := p.mayOpen(c, o, step); err != nil {
		return err
	}
	switch step {
	case "open":
		return p.Hall.OpenCounter(ctx, press)
	case "close":
		return p.Hall.CloseCounter(ctx, press)
	case "call":
		_, err := p.Hall.CallNext(ctx, press)
		return err
	case "park":
		return p.Hall.Park(ctx, number, press)
	case "resume":
		return p.Hall.Resume(ctx, number, press)
	case "forward":
		return p.Hall.Forward(ctx, number, c.FormValue("to"), press)
	case "undo":
		return p.Hall.Undo(ctx, number, press)
	case "recall":
		_, err := p.Hall.Recall(ctx, number, press)
		return err
	case "start":
		_, err := p.Hall.Start(ctx, number, press.Counter, press.Actor)
		return err
	}
	return nil
}

// mayOpen asks of whoever begins anything at a counter for a permission that is
// valid today and a normal reading (domain rules 49 and 67). What was begun can be
// ended without.
func (p *Pages) mayOpen(c echo.Context, o slots.Office, step string) error {
	if step != "open" && step != "call" && step != "start" && step != "undo" {
		return nil
	}
	if err := p.Hall.MayReceive(c.Request().Context(), me(c).Username, o.ID); err != nil {
		return err
	}
	return me(c).MayRegister(p.todayIn(o))
}

func (p *Pages) todayIn(o slots.Office) date.Date { return date.DateOf(p.Clock.Now().In(o.Location)) }

// pass puts a couple back that did not come, and says where.
func (p *Pages) pass(c echo.Context, o slots.Office, press hall.Press, number string) error {
	a, err := p.Desk.At(c.Request().Context(), number, me(c).MayServe)
	if err != nil {
		return err
	}
	passed, err := p.Hall.Pass(c.Request().Context(), number, press)
	if err != nil {
		return p.refusedAtCounter(c, o, err, counterForm{})
	}
	pg, wait := p.page(c), ""
	if visits, err := p.Hall.Today(c.Request().Context(), o.ID, a.Day); err == nil {
		for _, v := range visits {
			if v.Number == number {
				wait = v.Ticket
			}
		}
	}
	pg.Notice = pg.T("window.passed", "ticket", wait, "n", passed.Behind)
	if passed.Closed {
		pg.Notice = pg.T("window.passed_closed", "ticket", wait)
	}
	return p.showCounter(c, http.StatusOK, pg, o, counterForm{})
}

// refusedAtCounter shows the counter again with what did not go.
func (p *Pages) refusedAtCounter(c echo.Context, o slots.Office, err error, f counterForm) error {
	pg, why, err := p.page(c).explained(c, err)
	if err != nil {
		return err
	}
	if f.wrong == nil {
		f.wrong = why.Fields
	}
	return p.showCounter(c, statusOf(why), pg, o, f)
}

// unmaskAtCounter shows the couple at the counter in full, in this one answer and
// for a reason that is kept.
func (p *Pages) unmaskAtCounter(c echo.Context, o slots.Office, number string) error {
	ctx, wrong, err := p.mayUnmask(c)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return p.showCounter(c, http.StatusUnprocessableEntity, p.page(c), o, counterForm{wrong: wrong})
	}
	g, err := p.coupleAt(c, number, counterForm{})
	if err != nil {
		return err
	}
	if g.Erased {
		return p.showCounter(c, http.StatusOK, p.page(c), o, counterForm{})
	}
	parties, err := p.Desk.Parties(ctx, g.appointment)
	if err != nil {
		return err
	}
	g.Names, g.Numbers, g.unmasked = nil, nil, true
	for _, party := range parties {
		g.Names = append(g.Names, party.Name)
		g.Numbers = append(g.Numbers, party.Document.Number)
	}
	return p.showCounter(c, http.StatusOK, p.page(c), o, counterForm{unmasked: &g})
}

// rebookAt is where a couple that was not accepted can be given another day on the
// spot.
func rebookAt(o slots.Office, service string) string {
	return "/call/o/" + o.ID + "?" + url.Values{"service": {service}}.Encode()
}
