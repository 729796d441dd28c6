package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
)

// putOff adds to the card of a couple that was put off for a fever what can be done for
// it: a new day, and today all the same, if the leader on duty takes that on.
func (p *Pages) putOff(c echo.Context, d *guestPage, g own, wrong wrongs) error {
	if g.Status != booking.HealthDeferred {
		return nil
	}
	right, err := p.Desk.Right(c.Request().Context(), g.appointment)
	switch {
	case err == nil:
		d.Anew, d.CanAnew = d.T("desk.anew_what", "day", d.ShortDay(right.Until)), mayPost(me(c), "/call")
	case !errors.Is(err, booking.ErrNoRebooking):
		return err
	}
	if g.Day != p.dayAt(g.office) || !mayPost(me(c), "/desk/:number/let-in") {
		return nil
	}
	free, err := p.Hall.MayLetIn(c.Request().Context(), g.Number)
	if err != nil || !free {
		return err
	}
	reason := d.typed(field{Name: "reason", Auto: "off"}, "ledgers.let_in_reason", c.FormValue("reason"), wrong)
	d.LetIn = &reason
	d.Mistakes = append(d.Mistakes, mistakesIn(d.Reader, "", reason)...)
	return nil
}

// letInAtDesk receives a couple with a fever all the same, from its card: the manager
// takes that on themselves, for a reason that is kept.
func (p *Pages) letInAtDesk(c echo.Context) error {
	g, err := p.guestOf(c)
	if err != nil {
		return err
	}
	answer, err := p.Hall.LetIn(c.Request().Context(), g.Number, g.office.ID, c.FormValue("reason"), me(c).Actor())
	if err != nil {
		pg, why, err := p.page(c).explained(c, err)
		if err != nil {
			return err
		}
		return p.showGuest(c, statusOf(why), pg, g, guestPage{}, wrongs{"reason": why.Fields["reason"]})
	}
	if g, err = p.guestOf(c); err != nil { // as it is now
		return err
	}
	pg := p.page(c)
	return p.showGuest(c, http.StatusOK, pg, g, guestPage{Verdict: pg.verdict(answer, g), Good: true, Outside: answer.Outside}, nil)
}
