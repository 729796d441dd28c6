package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/slots"
)

type changePage struct {
	page
	Own  ownWords
	To   string
	Code field
	Keep []hidden
	Call bool
}

// wishFor is the office and service of an appointment.
func (p *Pages) wishFor(mine own) wish {
	return wish{
		office: mine.office, service: mine.service, rules: mine.rules,
		today: date.DateOf(p.Clock.Now().In(mine.office.Location)),
	}
}

// changing shows the days, or the times of the day in the query, to move to.
func (p *Pages) changing(c echo.Context) error {
	mine, ok, err := p.standing(c)
	if err != nil || !ok {
		return err
	}
	day, err := date.ParseDate(c.QueryParam("date"))
	if err != nil {
		return p.changeDays(c, mine)
	}
	return p.changeTimes(c, http.StatusOK, p.page(c), mine, day)
}

func (p *Pages) changeDays(c echo.Context, mine own) error {
	l, w := p.web(), p.wishFor(mine)
	a, err := p.Desk.Availability(c.Request().Context(), mine.office.ID)
	if err != nil {
		return err
	}
	pg := p.page(c)
	return p.render(c, http.StatusOK, "days", daysPage{
		page: pg, Question: pg.T("change.title"), Service: pg.serviceName(mine.service),
		Office: officeRow{Name: pg.officeName(w.office), Address: w.office.Address, Phone: w.office.Phone},
		AsOf:   a.AsOf.In(w.office.Location).Format("15:04:05"), Back: "/b/" + mine.Number,
		Promise: pg.T("change.promise"),
		Days:    l.dayRows(pg, a, w, func(day date.Date) string { return changeAt(mine.Number, day) }),
	})
}

func changeAt(number string, day date.Date) string {
	return "/b/" + number + "/change?" + url.Values{"date": {day.String()}}.Encode()
}

func (p *Pages) changeTimes(c echo.Context, status int, pg page, mine own, day date.Date) error {
	l, w := p.web(), p.wishFor(mine)
	t, err := l.timesOf(c, pg, w, day)
	if err != nil {
		return err
	}
	p.session(c)
	t.Next = pg.T("change.next")
	t.Question, t.Action, t.Back = pg.T("change.title"), "/b/"+mine.Number+"/change", "/b/"+mine.Number+"/change"
	for i := range t.Nearest {
		slot, err := slots.ParseSlotID(t.Nearest[i].ID)
		if err != nil {
			return err
		}
		t.Nearest[i].To = changeAt(mine.Number, slot.Day)
	}
	return p.render(c, status, "times", t)
}

// changeHold keeps the new time and sends the code that a move takes.
func (p *Pages) changeHold(c echo.Context) error {
	mine, ok, err := p.standing(c)
	if err != nil || !ok {
		return err
	}
	pg := p.page(c)
	slot, err := slots.ParseSlotID(c.FormValue("slot"))
	if err != nil {
		pg.Mistakes = []mistake{{"times", pg.T("wrong.slot.required")}}
		return p.changeTimes(c, http.StatusUnprocessableEntity, pg, mine, p.dayOf(c, mine))
	}
	f := bookForm{Slot: slot.String(), Service: mine.service.ID, Key: c.FormValue("key")}
	if err := p.web().take(c, subject{wish: p.wishFor(mine), slot: slot}, &f); err != nil {
		why, tellable := told(err)
		if !tellable {
			return err
		}
		return p.changeTimes(c, statusOf(why), pg.refused(why), mine, slot.Day)
	}
	if pg, err = p.sendTo(c.Request().Context(), pg, mine.appointment); err != nil {
		return err
	}
	return p.showChange(c, http.StatusOK, pg, mine, f)
}

// dayOf is the day of the form without a choice, and else that of the visit.
func (p *Pages) dayOf(c echo.Context, mine own) date.Date {
	if day, err := date.ParseDate(c.FormValue("day")); err == nil {
		return day
	}
	return mine.Day
}

func (p *Pages) showChange(c echo.Context, status int, pg page, mine own, f bookForm) error {
	slot, err := slots.ParseSlotID(f.Slot)
	if err != nil {
		return err
	}
	phone, err := p.Desk.Phone(mine.appointment)
	if err != nil {
		return err
	}
	to := pg.Day(slot.Day) + " " + pg.Clock(slot.Start.On(slot.Day, mine.office.Location))
	return p.render(c, status, "change", changePage{
		page: pg, Own: pg.ownWords(mine), To: to, Code: pg.codeField(), Keep: f.held(), Call: !phone.TakesSMS(),
	})
}

// changeCode sends another code.
func (p *Pages) changeCode(c echo.Context) error {
	mine, f, ok, err := p.moving(c)
	if err != nil || !ok {
		return err
	}
	pg, err := p.sendTo(c.Request().Context(), p.page(c), mine.appointment)
	if err != nil {
		return err
	}
	return p.showChange(c, http.StatusOK, pg, mine, f)
}

// moving reads a form that is about to move an appointment.
func (p *Pages) moving(c echo.Context) (own, bookForm, bool, error) {
	mine, ok, err := p.mine(c)
	if err != nil {
		return mine, bookForm{}, false, err
	}
	if !ok {
		return mine, bookForm{}, false, askWho(c)
	}
	sent, err := posted(c)
	return mine, readBookForm(sent), err == nil, err
}

// change moves the appointment. The old place is kept until the new one is sure.
func (p *Pages) change(c echo.Context) error {
	mine, f, ok, err := p.moving(c)
	if err != nil || !ok {
		return err
	}
	pg, code := p.page(c), digits(f.Code)
	if code == "" {
		pg.Mistakes = []mistake{{"code", pg.T("wrong.code.required")}}
		return p.showChange(c, http.StatusUnprocessableEntity, pg, mine, f)
	}
	slot, err := slots.ParseSlotID(f.Slot)
	if err != nil {
		return err
	}
	hold, err := uuid.Parse(f.Hold)
	if err != nil {
		return booking.ErrHoldForeign
	}
	wanted := booking.Change{Appointment: mine.appointment, Code: code, Actor: "couple"}
	if _, err = p.Desk.Move(c.Request().Context(), wanted, hold, f.Token, p.session(c)); err != nil {
		return p.unmoved(c, pg, mine, f, slot, err)
	}
	return c.Redirect(http.StatusSeeOther, "/b/"+mine.Number)
}

// unmoved says why the old time still stands.
func (p *Pages) unmoved(c echo.Context, pg page, mine own, f bookForm, slot slots.SlotID, err error) error {
	if errors.Is(err, booking.ErrHoldExpired) || errors.Is(err, booking.ErrFull) || errors.Is(err, booking.ErrHoldForeign) {
		why := fault.Of(err)
		return p.changeTimes(c, statusOf(why), pg.refused(why), mine, slot.Day)
	}
	pg, status, err := pg.unchanged(err)
	if err != nil {
		return err
	}
	return p.showChange(c, status, pg, mine, f)
}
