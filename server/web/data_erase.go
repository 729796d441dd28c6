package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
)

type erasePage struct {
	page
	Own    ownWords
	Counts bool // as missed: a mark that names nobody is kept for a while
	Law    bool // the counter has registered something, which the law keeps
}

// erasing asks whether they are sure: it cannot be undone.
func (p *Pages) erasing(c echo.Context) error {
	mine, _, ok, err := p.seen(c)
	if err != nil || !ok {
		return err
	}
	if mine.Status.Active() {
		return toData(c) // which says that it has to be cancelled first
	}
	pg := p.page(c)
	return p.render(c, http.StatusOK, "erase", erasePage{
		page: pg, Own: pg.ownWords(mine), Law: mine.Status == booking.Completed,
		Counts: mine.Status == booking.NoShow && mine.rules.NoShow.Count > 0,
	})
}

// erase deletes the data of an appointment that has ended.
func (p *Pages) erase(c echo.Context) error {
	mine, _, ok, err := p.seen(c)
	if err != nil || !ok {
		return err
	}
	given, _ := p.permission(c, mine.appointment)
	_, err = p.Desk.Erase(c.Request().Context(), mine.appointment, given.actor())
	if errors.Is(err, booking.ErrNotPossible) {
		pg := p.page(c)
		pg.Alert = pg.T("data.cancel_first")
		return p.showData(c, http.StatusConflict, pg, mine, dataPage{})
	}
	if err != nil {
		return err
	}
	return toData(c)
}
