package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/hall"
)

// ticketPage is a ticket on paper of 72 mm. It names nobody and says nothing of
// what they came for (domain rule 46).
type ticketPage struct {
	page
	Number, Ticket string
	When           string
	Ahead, About   string
	Office         string
	Printed        bool // just now, so that the browser may go on to paper
	Again          bool // not for the first time
	Key            string
}

// ticketOf is the ticket of a couple as it stands now. It shows who they are to
// nobody, and is at their office alone.
func (p *Pages) ticketOf(c echo.Context) (ticketPage, error) {
	ctx := c.Request().Context()
	a, err := p.Desk.At(ctx, c.Param("number"), me(c).MayServe)
	if err != nil {
		return ticketPage{}, err
	}
	o, err := p.Offices.Office(ctx, a.Office)
	if err != nil {
		return ticketPage{}, err
	}
	wait, err := p.Hall.Waiting(ctx, a.Number)
	if err != nil {
		return ticketPage{}, err
	}
	if wait.Ticket == "" {
		return ticketPage{}, booking.ErrNotPossible
	}
	pg := p.page(c)
	start, end := a.StartsAt.In(o.Location), a.EndsAt.In(o.Location)
	d := ticketPage{page: pg, Number: a.Number, Ticket: wait.Ticket, When: pg.ShortDay(a.Day) + " " + pg.Span(start, end), Office: pg.officeName(o), Key: newKey()}
	d.Ahead, d.About = pg.ahead(wait)
	return d, nil
}

// ahead is how many couples come before, and about how long that takes, in tens of
// minutes: a figure to the minute would be a promise.
func (pg page) ahead(w hall.Wait) (ahead, about string) {
	minutes := int((w.About + 5*time.Minute) / (10 * time.Minute) * 10)
	ahead = pg.T("desk.ahead", "n", w.Ahead)
	if w.Ahead == 0 {
		ahead = pg.T("desk.ahead_none")
	}
	if w.About > 0 {
		about = pg.T("desk.about", "n", max(5, minutes))
	}
	return ahead, about
}

// ticketPaper shows a ticket, without noting that it was printed.
func (p *Pages) ticketPaper(c echo.Context) error {
	d, err := p.ticketOf(c)
	if err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "ticket", d)
}

// printTicket puts it on paper. From the second time on that is written on it.
func (p *Pages) printTicket(c echo.Context) error {
	d, err := p.ticketOf(c)
	if err != nil {
		return err
	}
	if d.Again, err = p.Hall.Print(c.Request().Context(), d.Number, c.FormValue("key"), me(c).Actor()); err != nil {
		return err
	}
	d.Printed = true
	return p.render(c, http.StatusOK, "ticket", d)
}

// comeIn lets a couple that waits outside into the hall.
func (p *Pages) comeIn(c echo.Context) error {
	g, err := p.guestOf(c)
	if err != nil {
		return err
	}
	err = p.Hall.MayReceive(c.Request().Context(), me(c).Username, g.office.ID)
	if err == nil {
		err = p.Hall.Enter(c.Request().Context(), g.Number, hall.Press{Office: g.office.ID, Key: c.FormValue("key"), Actor: me(c).Actor()})
	}
	if err == nil {
		return c.Redirect(http.StatusSeeOther, "/desk?office="+g.office.ID)
	}
	pg, why, err := p.page(c).explained(c, err)
	if err != nil {
		return err
	}
	return p.showDesk(c, statusOf(why), pg, g.office, deskPage{}, nil)
}
