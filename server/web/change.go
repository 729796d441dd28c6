package web

import (
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

// changing shows the days and the times to move to.
func (p *Pages) changing(c echo.Context) error {
	mine, ok, err := p.standing(c)
	if err != nil || !ok {
		return err
	}
	if why := p.fixed(mine); why != nil {
		return p.showStays(c, http.StatusOK, p.page(c).refused(fault.Of(why)), mine, slots.SlotID{}, nil)
	}
	day, err := date.ParseDate(c.QueryParam("date"))
	if err != nil {
		day = date.Date{} // the first with places
	}
	return p.showMove(c, http.StatusOK, p.page(c), mine, day)
}

// showMove is the page of days and times for an appointment that keeps its place
// until it has another.
func (p *Pages) showMove(c echo.Context, status int, pg page, mine own, day date.Date) error {
	if done, err := p.turnTo(c, pg, outcome{View: viewMove, Step: day.String(), Status: status}); done {
		return err
	}
	at := "/b/" + mine.Number + "/change"
	return p.web().chooseAgain(c, pg, status, p.wishFor(mine), day, chooser{
		question: pg.T("change.title"), promise: pg.T("change.promise"), next: pg.T("change.next"),
		back: "/b/" + mine.Number, base: at,
		dayAt:  func(day date.Date) string { return at + "?" + url.Values{"date": {day.String()}}.Encode() },
		action: func(date.Date) string { return at },
	})
}

// changeHold keeps the new time and sends the code that a move takes.
func (p *Pages) changeHold(c echo.Context) error {
	mine, ok, err := p.standing(c)
	if err != nil || !ok {
		return err
	}
	pg := p.page(c)
	if c.FormValue("page") != "" {
		return p.staysAgain(c, pg, mine)
	}
	slot, err := slots.ParseSlotID(c.FormValue("slot"))
	if err != nil {
		pg.Mistakes = []mistake{{"times", pg.T("wrong.slot.required")}}
		return p.showMove(c, http.StatusUnprocessableEntity, pg, mine, dayTyped(c))
	}
	if why := p.fixed(mine); why != nil {
		return p.showStays(c, http.StatusConflict, pg.refused(fault.Of(why)), mine, slot, nil)
	}
	if pg.Alert, err = p.underAge(c, pg, mine, slot); err != nil {
		return err
	}
	if pg.Alert != "" {
		return p.stays(c, http.StatusUnprocessableEntity, pg, mine, slot)
	}
	f := bookForm{Slot: slot.String(), Service: mine.service.ID, Key: c.FormValue("key")}
	if err := p.web().take(c, subject{wish: p.wishFor(mine), slot: slot}, &f); err != nil {
		return p.unheldMove(c, pg, mine, slot, err)
	}
	if pg, err = p.sendTo(c.Request().Context(), pg, mine.appointment); err != nil {
		return err
	}
	return p.showChange(c, http.StatusOK, pg, mine, f)
}

func (p *Pages) showChange(c echo.Context, status int, pg page, mine own, f bookForm) error {
	if done, err := p.turnTo(c, pg, outcome{View: viewChange, Sent: f.place(), Status: status}); done {
		return err
	}
	slot, err := slots.ParseSlotID(f.Slot)
	if err != nil {
		return err
	}
	phone, err := p.Desk.Phone(mine.appointment)
	if err != nil {
		return err
	}
	to := pg.slotWords(slot, mine.office)
	return p.render(c, status, "change", changePage{
		page: pg, Own: pg.ownWords(mine), To: to, Code: pg.codeField(), Keep: f.held(), Call: !phone.TakesSMS(),
	})
}

// slotWords is a slot's day and when it begins.
func (pg page) slotWords(slot slots.SlotID, o slots.Office) string {
	return pg.Day(slot.Day) + " " + pg.Clock(slot.Start.On(slot.Day, o.Location))
}

// changeCode sends another code, or shows in another language or size where it is
// typed.
func (p *Pages) changeCode(c echo.Context) error {
	mine, f, ok, err := p.moving(c)
	if err != nil || !ok {
		return err
	}
	pg := p.page(c)
	if c.FormValue("page") == "" {
		pg, err = p.sendTo(c.Request().Context(), pg, mine.appointment)
	}
	if err != nil {
		return err
	}
	return p.showChange(c, http.StatusOK, pg, mine, f)
}

// moving reads a form that is about to move an appointment.
func (p *Pages) moving(c echo.Context) (own, bookForm, bool, error) {
	mine, ok, err := p.mine(c)
	if err != nil || !ok {
		return mine, bookForm{}, false, err
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
	return c.Redirect(http.StatusSeeOther, "/b/"+mine.Number+"?moved=1")
}
