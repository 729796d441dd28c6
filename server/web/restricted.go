package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
)

// theirs is pg with what may be said to a couple that has shown, with the phone of
// the appointment in the way, that it is its own; an operator is told not to tell
// it. Everybody else reads the same as before, whatever the reason is.
func (l line) theirs(pg page, err error) page {
	own, is := errors.AsType[booking.BusyError](err)
	switch {
	case l.assisted() && errors.Is(err, booking.ErrPersonBusy):
		pg.Alert = pg.T("busy.for_staff")
	case is && own.Until.IsZero():
		pg.Alert = pg.T("busy.own")
	case is:
		pg.Alert = pg.T("busy.restricted", "day", pg.Day(own.Until))
	}
	return pg
}

// checkForCaller shows an operator once more what was typed and, if somebody
// cannot book online, until when: staff may book for them all the same (domain
// rules 52 and 53).
func (l line) checkForCaller(c echo.Context, pg page, f bookForm, s subject, app booking.Application) error {
	until, err := l.Desk.RestrictedUntil(c.Request().Context(), app.Parties, s.rules, date.DateOf(s.now))
	if err != nil {
		return err
	}
	if !until.IsZero() {
		pg.Notice = pg.T("busy.for_caller", "day", pg.Day(until))
	}
	return l.showCheck(c, http.StatusOK, pg, f, s)
}

// excusal is what staff see of a missed appointment. The zero value is of any
// other.
type excusal struct {
	Until   string // who cannot book online, and until when
	Excused bool
	May     bool // they may say that it does not count
}

func (p *Pages) excusal(c echo.Context, g own) (excusal, error) {
	if g.Status != booking.NoShow {
		return excusal{}, nil
	}
	ctx, pg := c.Request().Context(), p.page(c)
	excused, err := p.Desk.Excused(ctx, g.appointment)
	if err != nil || g.Erased {
		return excusal{Excused: excused}, err
	}
	parties, err := p.Desk.Parties(ctx, g.appointment)
	if err != nil {
		return excusal{}, err
	}
	e := excusal{Excused: excused, May: mayPost(me(c), "/call/:number/excuse")}
	e.Until, err = p.restriction(c, pg, g, parties, "busy.for_caller")
	return e, err
}

// restriction says that whoever missed an appointment cannot book online, and
// until when; "" if they can.
func (p *Pages) restriction(c echo.Context, pg page, missed own, parties []booking.Party, words string) (string, error) {
	if missed.Status != booking.NoShow {
		return "", nil
	}
	today := date.DateOf(p.Clock.Now().In(missed.office.Location))
	until, err := p.Desk.RestrictedUntil(c.Request().Context(), parties[:1], missed.rules, today)
	if err != nil || until.IsZero() {
		return "", err
	}
	return pg.T(words, "day", pg.Day(until)), nil
}

// excuse makes a missed appointment count for nothing (domain rule 53: an appeal
// that was granted).
func (p *Pages) excuse(c echo.Context) error {
	g, err := p.guestOf(c)
	if err != nil {
		return err
	}
	reason, pg := strings.TrimSpace(c.FormValue("reason")), p.page(c)
	if wrong := wrongReason(reason); wrong != nil {
		return p.showCalled(c, http.StatusUnprocessableEntity, pg, g, wrong)
	}
	err = p.Desk.Excuse(c.Request().Context(), booking.Change{Appointment: g.appointment, Staff: true, Reason: reason, Actor: me(c).Actor()})
	if err != nil {
		pg, status, err := pg.unchanged(err)
		if err != nil {
			return err
		}
		return p.showCalled(c, status, pg, g, nil)
	}
	return c.Redirect(http.StatusSeeOther, "/call/"+g.Number)
}
