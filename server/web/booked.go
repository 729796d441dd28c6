package web

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
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
	unmasked    bool      // names, numbers and phone are there in full
}

// mine is the appointment of the address, if the browser has its pass. If not, the
// answer has been given: where a pass is got.
func (p *Pages) mine(c echo.Context) (own, bool, error) {
	shown, ok := p.passOf(c, c.Param("number"))
	if !ok {
		return own{}, false, askWho(c)
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
	if err != nil || !ok {
		return mine, false, err
	}
	if mine.Status != booking.Booked {
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
	News      news
	Active    bool
	Code      *qrCode // to be scanned at the door; nil where nothing is to be shown
	Map       template.URL
	Bring     []string
	Rules     []string
	Texted    string // which phone was told
	CanChange bool
	CanMove   bool
	CanKeep   bool // as a picture and in a calendar
	Calendar  bool // files can be taken out of this browser
	Secret    string
	Invite    string // where the link for the second person is, until they have confirmed
	Still     bool   // the page no longer asks again by itself
	Line      string // where a script keeps the place in the line up to date from; "" where there is none
	Again     string // where another is booked
	Rebook    string // where it is, with what is known, after a suspension
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

// Grouped is the number as people read it out.
func (o ownWords) Grouped() string { return o.Number[:4] + " " + o.Number[4:] }

// Couple is who it is for, masked.
func (o ownWords) Couple() string { return strings.Join(o.Names, " · ") }

// booked is the page of an appointment, to be kept and come back to.
func (p *Pages) booked(c echo.Context) error {
	mine, ok, err := p.mine(c)
	if err != nil || !ok {
		return err
	}
	pg := p.page(c)
	if c.QueryParam("moved") != "" && mine.Status == booking.Booked {
		pg.Notice = pg.T("booked.moved")
	} else if c.QueryParam("already") != "" && mine.Status == booking.Booked {
		pg.Notice = pg.T("booked.already")
	}
	return p.showBooked(c, http.StatusOK, pg, mine)
}

func (p *Pages) showBooked(c echo.Context, status int, pg page, mine own) error {
	told, err := p.news(c.Request().Context(), pg, mine)
	if err != nil {
		return err
	}
	open := mine.Status == booking.Booked && !errors.Is(p.fixed(mine), booking.ErrTooLate)
	b := bookedPage{
		page: pg, Own: pg.ownWords(mine), News: told, Active: mine.Status.Active(), Map: mapLink(pg, mine.office),
		Rules: pg.visitRules(mine, p.Clock.Now()), Secret: mine.secret,
		CanChange: open, CanMove: open && p.fixed(mine) == nil, CanKeep: mine.Status == booking.Booked,
		Calendar: !strings.Contains(c.Request().UserAgent(), "MicroMessenger"), // which hands no files to other programs
	}
	if mine.Status != booking.Completed {
		b.Again = p.web().daysAt(mine.Office, mine.Service)
	}
	if mine.Status == booking.CancelledByOffice || mine.Status == booking.HealthDeferred {
		var offer string
		if offer, b.Rebook, err = p.offered(c.Request().Context(), pg, mine); err != nil {
			return err
		}
		if b.Rebook != "" {
			b.News.Text, b.Again = offer, ""
		}
	}
	if b.Invite, err = p.waiting(c, mine); err != nil {
		return err
	}
	if b.Texted, err = p.texted(mine); err != nil {
		return err
	}
	if b.Active {
		b.Bring = pg.bring(mine.service, mine.rules, mine.Day, mine.Kinds)
	}
	if b.Active && mine.Status != booking.InService {
		code, err := qrOf(p.Desk.DoorPass(mine.Number))
		if err != nil {
			return err
		}
		b.Code = &code
	}
	b.Still = c.QueryParam("still") != ""
	switch {
	case b.Still || !told.Live:
	case told.InLine: // a script listens, and without scripts the page asks again
		b.Line = "/b/" + mine.Number + "/line"
	default:
		c.Response().Header().Set("Refresh", strconv.Itoa(asksAgain))
	}
	return p.render(c, status, "booked", b)
}

// asksAgain is after how many seconds the page of a couple that waits is asked
// for again. A header does what a meta element would, in every browser; who
// would rather read in peace can stop it (WCAG 2.2, 2.2.2).
const asksAgain = 30

// texted is the phone that texts go to, masked; "" where it gets none.
func (p *Pages) texted(mine own) (string, error) {
	if !mine.Status.Active() {
		return "", nil // its data may have been erased
	}
	phone, err := p.Desk.Phone(mine.appointment)
	if err != nil || !phone.TakesSMS() {
		return "", err
	}
	return mine.Phone, nil
}

// mapLink opens the office in the phone's own map (RFC 5870): nothing is asked of
// anybody before that, and no map service is preferred.
func mapLink(pg page, o slots.Office) template.URL {
	return template.URL("geo:0,0?q=" + url.PathEscape(pg.officeName(o)+" "+o.Address)) // the rest is escaped
}

// fixed is why the couple cannot move its appointment any more, or nil: too late
// (domain rule 34), or moved often enough (rule 35).
func (p *Pages) fixed(mine own) error {
	switch {
	case !p.Clock.Now().Before(mine.changeable()):
		return booking.ErrTooLate
	case mine.appointment.Reschedules >= mine.rules.MaxMoves:
		return booking.ErrTooManyMoves
	}
	return nil
}

// visitRules is what a couple should know about the day; until when it may cancel
// only as long as it may.
func (pg page) visitRules(o own, now time.Time) []string {
	come := "rule.check_in"
	if len(o.Names) == 1 {
		come = "rule.check_in_alone"
	}
	all := []string{
		pg.T(come, "time", pg.Clock(o.opens())),
		pg.T("rule.late", "n", o.rules.LateMinutes),
	}
	if o.rules.Screening != slots.ScreeningOff {
		all = append(all, pg.T("rule.temperature"))
	}
	if now.Before(o.changeable()) {
		all = append(all, pg.T("rule.cancel", "day", pg.ShortDay(o.lastDay())))
	}
	return all
}

// lastDay is the day until whose end the couple may cancel and move.
func (o own) lastDay() date.Date { return date.DateOf(o.changeable().Add(-time.Minute)) }

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
