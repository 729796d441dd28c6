package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/slots"
)

// own is an appointment that the browser may see.
type own struct {
	booking.Row
	appointment booking.Appointment
	secret      string // where this browser made it
	office      slots.Office
	service     slots.Service
	rules       slots.Rules
	rest        hall.Rest // at the desk
}

// mine is the appointment of the address, if the browser has its pass.
func (p *Pages) mine(c echo.Context) (own, bool, error) {
	shown, ok := p.passOf(c, c.Param("number"))
	if !ok {
		return own{}, false, nil
	}
	ctx := c.Request().Context()
	a, err := p.Desk.At(ctx, shown.Number, func(string) bool { return true })
	if err != nil {
		return own{}, false, err
	}
	mine, err := p.known(c, a)
	mine.secret = shown.Secret
	return mine, true, err
}

// known is an appointment with what its page tells about it.
func (p *Pages) known(c echo.Context, a booking.Appointment) (own, error) {
	ctx := c.Request().Context()
	mine := own{appointment: a}
	var err error
	if mine.Row, err = p.Desk.Masked(ctx, a); err != nil {
		return mine, err
	}
	if mine.office, err = p.Offices.Office(ctx, a.Office); err != nil {
		return mine, err
	}
	mine.service, _ = mine.office.Service(a.Service)
	mine.rules, err = p.Offices.Rules(ctx, a.Office, a.Day)
	return mine, err
}

// changeable is how long the couple may cancel and move (domain rule 34).
func (o own) changeable() time.Time {
	return o.Day.AddDays(1 - o.rules.CancelDays).In(o.office.Location)
}

// standing is the appointment of the address if it can still be changed. If not,
// the answer has been given: its page, which says why, or where a pass is got.
func (p *Pages) standing(c echo.Context) (own, bool, error) {
	mine, ok, err := p.mine(c)
	switch {
	case err != nil:
		return mine, false, err
	case !ok:
		return mine, false, askWho(c)
	case mine.Status != booking.Booked:
		return mine, false, c.Redirect(http.StatusSeeOther, "/b/"+mine.Number)
	}
	return mine, true, nil
}

// askWho sends somebody without a pass to where one is got. The number is no
// secret and may be in an address.
func askWho(c echo.Context) error {
	return c.Redirect(http.StatusSeeOther, "/find?"+url.Values{"number": {c.Param("number")}}.Encode())
}

type bookedPage struct {
	page
	Own       ownWords
	Status    string
	Active    bool
	Bring     []string
	Rules     []string
	Ticket    string
	CanChange bool
	CanMove   bool
	Secret    string
	Ended     string // what can be done about an appointment that is cancelled
	Again     string // where another is booked
}

// ownWords is an appointment in words.
type ownWords struct {
	Number, Day, Time, Office, Address, OfficePhone, Service, Phone string
	Names, Documents                                                []string
}

func (pg page) ownWords(o own) ownWords {
	o.Row = pg.readable(o.Row, max(1, o.service.PartiesMin))
	return ownWords{
		Number: o.Number, Day: pg.Day(o.Day), Time: pg.Span(o.StartsAt, o.EndsAt),
		Office: pg.officeName(o.office), Address: o.office.Address, OfficePhone: o.office.Phone,
		Service: pg.serviceName(o.service), Phone: o.Phone, Names: o.Names, Documents: o.Numbers,
	}
}

// booked is the page of an appointment, to be kept and come back to.
func (p *Pages) booked(c echo.Context) error {
	mine, ok, err := p.mine(c)
	if err != nil {
		return err
	}
	if !ok {
		return askWho(c)
	}
	pg := p.page(c)
	return p.showBooked(c, http.StatusOK, pg, mine)
}

func (p *Pages) showBooked(c echo.Context, status int, pg page, mine own) error {
	ticket, err := p.ticket(c, mine.appointment)
	if err != nil {
		return err
	}
	open := mine.Status == booking.Booked && p.Clock.Now().Before(mine.changeable())
	return p.render(c, status, "booked", bookedPage{
		page: pg, Own: pg.ownWords(mine), Status: pg.T("status." + string(mine.Status)), Active: mine.Status == booking.Booked,
		Bring: pg.bring(mine.service, mine.rules, mine.Day, mine.Kinds), Rules: pg.visitRules(mine), Ticket: ticket, Secret: mine.secret,
		Ended: pg.ended(mine), Again: p.web().daysAt(mine.Office, mine.Service),
		CanChange: open, CanMove: open && mine.appointment.Reschedules < mine.rules.MaxMoves,
	})
}

// ended says what can be done about an appointment that was cancelled.
func (pg page) ended(o own) string {
	switch o.Status {
	case booking.Cancelled:
		return pg.T("booked.cancelled")
	case booking.CancelledByOffice:
		return pg.T("booked.cancelled_by_office", "phone", o.office.Phone)
	case booking.Booked, booking.Late, booking.CheckedIn, booking.Called, booking.InService, booking.Completed,
		booking.NotAccepted, booking.NoShow, booking.HealthDeferred:
	}
	return ""
}

// visitRules is what a couple should know about the day.
func (pg page) visitRules(o own) []string {
	opens := o.StartsAt.Add(-time.Duration(o.rules.EarlyMinutes) * time.Minute)
	come := "rule.check_in"
	if len(o.Names) == 1 {
		come = "rule.check_in_alone"
	}
	all := []string{
		pg.T(come, "time", pg.Clock(opens)),
		pg.T("rule.late", "n", o.rules.LateMinutes),
	}
	if o.rules.Screening != slots.ScreeningOff {
		all = append(all, pg.T("rule.temperature"))
	}
	last := date.DateOf(o.changeable().Add(-time.Minute))
	return append(all, pg.T("rule.cancel", "day", pg.ShortDay(last)))
}

// ticket is the number that the couple waits with, once it has been received.
func (p *Pages) ticket(c echo.Context, a booking.Appointment) (string, error) {
	if a.Status == booking.Booked || !a.Status.Active() {
		return "", nil
	}
	visits, err := p.Hall.Today(c.Request().Context(), a.Office, a.Day)
	if err != nil {
		return "", err
	}
	for _, v := range visits {
		if v.Number == a.Number {
			return v.Ticket, nil
		}
	}
	return "", nil
}
