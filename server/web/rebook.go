package web

import (
	"context"
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

// rebookPage is the last step of booking anew what a suspension has taken away.
type rebookPage struct {
	page
	Own  ownWords
	To   string
	Code field
	Keep []hidden
	Call bool // no code can be sent to their phone
}

func (p *Pages) mountRebook(e *echo.Echo) {
	e.GET("/b/:number/rebook", p.rebooking)
	e.POST("/b/:number/rebook", p.rebookHold)
	e.POST("/b/:number/rebook/code", p.rebookCode)
	e.POST("/b/:number/rebook/confirm", p.rebook)
}

// offer is what the page of an appointment that a suspension has taken away says of
// booking anew, and where; "" where there is no right to it.
func (p *Pages) offered(ctx context.Context, pg page, mine own) (text, to string, err error) {
	right, err := p.Desk.Right(ctx, mine.appointment)
	if errors.Is(err, booking.ErrNoRebooking) {
		return "", "", nil
	}
	return pg.rightWords(right), "/b/" + mine.Number + "/rebook", err
}

func (pg page) rightWords(r booking.Right) string {
	if r.Deferred {
		return pg.T("ledgers.rebook", "day", pg.ShortDay(r.Until))
	}
	if r.Until.IsZero() {
		return pg.T("rebook.open")
	}
	return pg.T("rebook.until", "day", pg.ShortDay(r.Until))
}

// entitled is the appointment of the address, if its couple may book anew. If not,
// the answer has been given: its page, which says how it stands, or where a pass is
// got.
func (p *Pages) entitled(c echo.Context) (own, booking.Right, bool, error) {
	mine, ok, err := p.mine(c)
	if err != nil || !ok {
		return mine, booking.Right{}, false, err
	}
	right, err := p.Desk.Right(c.Request().Context(), mine.appointment)
	if errors.Is(err, booking.ErrNoRebooking) {
		return mine, right, false, c.Redirect(http.StatusSeeOther, "/b/"+mine.Number)
	}
	return mine, right, err == nil, err
}

// rebooking shows the days and the times to choose from.
func (p *Pages) rebooking(c echo.Context) error {
	mine, right, ok, err := p.entitled(c)
	if err != nil || !ok {
		return err
	}
	day, err := date.ParseDate(c.QueryParam("date"))
	if err != nil {
		day = date.Date{} // the first with places
	}
	return p.showRebooking(c, http.StatusOK, p.page(c), mine, right, day)
}

func (p *Pages) showRebooking(c echo.Context, status int, pg page, mine own, right booking.Right, day date.Date) error {
	if done, err := p.turnTo(c, pg, outcome{View: viewTimesNew, Step: day.String(), Status: status}); done {
		return err
	}
	at := "/b/" + mine.Number + "/rebook"
	return p.web().chooseAgain(c, pg, status, p.wishFor(mine), day, chooser{
		question: pg.T("rebook.title"), promise: pg.rightWords(right), next: pg.T("change.next"),
		back: "/b/" + mine.Number, base: at,
		dayAt:  func(day date.Date) string { return at + "?" + url.Values{"date": {day.String()}}.Encode() },
		action: func(date.Date) string { return at },
	})
}

// rebookHold keeps the time that was chosen and sends the code that it takes.
func (p *Pages) rebookHold(c echo.Context) error {
	mine, right, ok, err := p.entitled(c)
	if err != nil || !ok {
		return err
	}
	pg := p.page(c)
	slot, err := slots.ParseSlotID(c.FormValue("slot"))
	if err != nil {
		pg.Mistakes = []mistake{{"times", pg.T("wrong.slot.required")}}
		return p.showRebooking(c, http.StatusUnprocessableEntity, pg, mine, right, dayTyped(c))
	}
	if pg.Alert, err = p.underAge(c, pg, mine, slot); err != nil {
		return err
	}
	if pg.Alert != "" {
		return p.showRebooking(c, http.StatusUnprocessableEntity, pg, mine, right, slot.Day)
	}
	f := bookForm{Slot: slot.String(), Service: mine.service.ID, Key: c.FormValue("key")}
	if err := p.web().take(c, subject{wish: p.wishFor(mine), slot: slot}, &f); err != nil {
		pg, why, err := pg.explained(c, err)
		if err != nil {
			return err
		}
		return p.showRebooking(c, statusOf(why), pg, mine, right, slot.Day)
	}
	if pg, err = p.sendTo(c.Request().Context(), pg, mine.appointment); err != nil {
		return err
	}
	return p.showRebook(c, http.StatusOK, pg, mine, f)
}

func (p *Pages) showRebook(c echo.Context, status int, pg page, mine own, f bookForm) error {
	if done, err := p.turnTo(c, pg, outcome{View: viewRebook, Sent: f.place(), Status: status}); done {
		return err
	}
	slot, err := slots.ParseSlotID(f.Slot)
	if err != nil { // a form that is none of ours
		return c.Redirect(http.StatusSeeOther, "/b/"+mine.Number+"/rebook")
	}
	phone, err := p.Desk.Phone(mine.appointment)
	if err != nil {
		return err
	}
	return p.render(c, status, "rebook", rebookPage{
		page: pg, Own: pg.ownWords(mine), To: pg.slotWords(slot, mine.office), Code: pg.codeField(), Keep: f.held(), Call: !phone.TakesSMS(),
	})
}

// rebookCode sends another code, or shows in another language or size where it is
// typed.
func (p *Pages) rebookCode(c echo.Context) error {
	mine, _, ok, err := p.entitled(c)
	if err != nil || !ok {
		return err
	}
	sent, err := posted(c)
	if err != nil {
		return err
	}
	pg := p.page(c)
	if c.FormValue("page") == "" {
		if pg, err = p.sendTo(c.Request().Context(), pg, mine.appointment); err != nil {
			return err
		}
	}
	return p.showRebook(c, http.StatusOK, pg, mine, readBookForm(sent))
}

// rebook makes the appointment. That the right was used by this very form before is
// no mistake: the answer is the same.
func (p *Pages) rebook(c echo.Context) error {
	mine, f, ok, err := p.moving(c)
	if err != nil || !ok {
		return err
	}
	pg, code := p.page(c), digits(f.Code)
	if code == "" {
		pg.Mistakes = []mistake{{"code", pg.T("wrong.code.required")}}
		return p.showRebook(c, http.StatusUnprocessableEntity, pg, mine, f)
	}
	hold, err := uuid.Parse(f.Hold)
	if err != nil {
		return booking.ErrHoldForeign
	}
	made, err := p.Desk.Rebook(c.Request().Context(), booking.Rebooking{
		Appointment: mine.appointment, Hold: hold, Token: f.Token, Session: p.session(c), Key: f.Key, Code: code, Locale: pg.Lang,
	})
	if err != nil {
		return p.unrebooked(c, pg, mine, f, err)
	}
	return p.web().done(c, made, "")
}

// unrebooked says why there is no new appointment.
func (p *Pages) unrebooked(c echo.Context, pg page, mine own, f bookForm, err error) error {
	why := fault.Of(err)
	switch why.Code {
	case booking.ErrCodeWrong.Code, booking.ErrCodeExpired.Code, booking.ErrCodeUsedUp.Code:
		pg.Mistakes = []mistake{{"code", pg.Fault(why.Code)}}
		return p.showRebook(c, http.StatusUnprocessableEntity, pg, mine, f)
	case booking.ErrUnknownOutcome.Code, booking.ErrStillRunning.Code:
		retryLater(c, why)
		return p.showRebook(c, statusOf(why), pg.refused(why), mine, f)
	case booking.ErrPersonBusy.Code, booking.ErrBooked.Code:
		l := p.web()
		pg = l.theirs(pg.refused(why), err)
		if done, err := p.turnTo(c, pg, outcome{View: viewBusy, Sent: f.place(), Status: statusOf(why)}); done {
			return err
		}
		return l.busy(c, statusOf(why), pg, subject{wish: p.wishFor(mine)})
	case booking.ErrNoRebooking.Code:
		return c.Redirect(http.StatusSeeOther, "/b/"+mine.Number)
	}
	slot, bad := slots.ParseSlotID(f.Slot)
	right, none := p.Desk.Right(c.Request().Context(), mine.appointment)
	if _, tellable := told(err); !tellable && why.Code != booking.ErrHoldForeign.Code || bad != nil || none != nil {
		return err
	}
	return p.showRebooking(c, statusOf(why), pg.refused(why), mine, right, slot.Day)
}
