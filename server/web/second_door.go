package web

import (
	"errors"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
)

// secondDoor is what the door does about a second person who has not confirmed. The
// zero value is nothing.
type secondDoor struct {
	Note   string
	Reason *field // why they are let in though they are booked elsewhere; asked for once that is known
}

func (p *Pages) secondDoor(c echo.Context, pg page, g own) (secondDoor, error) {
	second, err := p.Desk.Second(c.Request().Context(), g.appointment)
	if err != nil || !second.Unconfirmed {
		return secondDoor{}, err
	}
	d := secondDoor{Note: pg.T("second.door")}
	if typed := c.FormValue("second.reason"); typed != "" || pg.why == booking.ErrSecondBusy.Code {
		reason := pg.typed(field{Name: "second.reason", Hint: pg.T("second.reason_hint"), Auto: "off"}, "second.reason", typed, nil)
		d.Reason = &reason
	}
	return d, nil
}

// bookedElsewhere tells the desk which appointment the second person is in, where
// that is why a couple is not let in.
func (p *Pages) bookedElsewhere(c echo.Context, pg page, err error) page {
	other, is := errors.AsType[booking.SecondBusyError](err)
	if !is {
		return pg
	}
	where := other.Office
	if o, err := p.Offices.Office(c.Request().Context(), other.Office); err == nil {
		where = pg.officeName(o)
	}
	pg.Alert = pg.T("second.elsewhere", "number", other.Number, "office", where)
	return pg
}
