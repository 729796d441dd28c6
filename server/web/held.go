package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/fault"
)

// kept is what a browser remembers of the place that it holds.
type kept struct {
	hold           uuid.UUID
	token, service string
}

func (p *Pages) kept(c echo.Context) (kept, bool) {
	cookie, err := c.Cookie(p.own("hold"))
	if err != nil {
		return kept{}, false
	}
	parts := strings.SplitN(cookie.Value, "/", 3)
	id, err := uuid.Parse(parts[0])
	if err != nil || len(parts) != 3 {
		return kept{}, false
	}
	return kept{id, parts[1], parts[2]}, true
}

// keep has the browser remember what it holds.
func (p *Pages) keep(c echo.Context, now booking.Hold, service string) {
	p.setCookie(c, http.Cookie{Name: p.own("hold"), Value: strings.Join([]string{now.ID.String(), now.Token, service}, "/"), Path: "/"})
}

// forget has it remember no longer.
func (p *Pages) forget(c echo.Context) {
	p.setCookie(c, http.Cookie{Name: p.own("hold"), Path: "/", MaxAge: -1})
}

// superseded reports whether this browser has chosen another place since it
// held this one: in another tab, for example.
func (l line) superseded(c echo.Context, hold string) bool {
	now, known := l.kept(c)
	return known && !l.assisted() && now.hold.String() != hold
}

// oneHold gives back what this browser held before, since nobody holds two
// places (domain rule 28), and notes what it holds now.
func (p *Pages) oneHold(c echo.Context, now booking.Hold, service, session string) error {
	if before, known := p.kept(c); known && before.hold != now.ID {
		err := p.Desk.Release(c.Request().Context(), before.hold, before.token, session)
		if _, expected := errors.AsType[*fault.Error](err); err != nil && !expected {
			return err // what has ended or was booked is nothing to give back
		}
		p.Limits.Released(c.Request().Context(), p.who(c), before.hold.String())
	}
	p.keep(c, now, service)
	return nil
}

// holding is the place that this browser holds at the office, in words, with where
// its form is; "" if it holds none. One's own hold never looks like somebody
// else's.
func (l line) holding(c echo.Context, pg page, w wish) link {
	now, known := l.kept(c)
	if !known || l.assisted() {
		return link{}
	}
	held, err := l.Desk.Held(now.hold, now.token, l.session(c))
	if err != nil || held.Slot.Office != w.office.ID || !held.ExpiresAt.After(l.Clock.Now()) {
		return link{} // a hold of another browser, office or hour
	}
	f := bookForm{Slot: held.Slot.String(), Service: now.service, Key: newKey()}
	f.note(held)
	starts := held.Slot.Start.On(held.Slot.Day, w.office.Location)
	return link{To: l.detailsAt(f), Text: pg.T("choice.holding", "when", pg.ShortDay(held.Slot.Day)+" "+pg.Clock(starts),
		"until", pg.Clock(held.ExpiresAt.In(w.office.Location)))}
}
