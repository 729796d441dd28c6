package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/fault"
	"hunyue/slots"
)

// A kiosk is a device in the hall at which couples help themselves. Staff make one of
// it for a day; it knows nobody, and shows no name.

// kioskDevice is what the browser of a kiosk keeps.
type kioskDevice struct {
	Office string `json:"o"`
	By     string `json:"b"` // the account that has made it one
	Until  int64  `json:"u"` // seconds
}

const (
	kioskPurpose = "kiosk"
	kioskRests   = 30 // seconds until it forgets who was there
)

func (p *Pages) mountKiosk(e *echo.Echo) {
	e.GET("/kiosk/:office", p.kiosk)
	e.POST("/kiosk/:office", p.atKiosk)
}

// deviceOf is what makes this browser the kiosk of an office, if it is one today.
func (p *Pages) deviceOf(c echo.Context, office string) (kioskDevice, bool) {
	cookie, err := c.Cookie(p.own("kiosk"))
	if err != nil {
		return kioskDevice{}, false
	}
	payload, err := p.Keys.Verify(kioskPurpose, cookie.Value)
	if err != nil {
		return kioskDevice{}, false
	}
	var d kioskDevice
	if json.Unmarshal(payload, &d) != nil || d.Office != office {
		return kioskDevice{}, false
	}
	return d, p.Clock.Now().Before(time.Unix(d.Until, 0))
}

type kioskSetPage struct {
	page
	Office  named
	Offices []link
}

// kioskForm asks whether this device is to be a kiosk.
func (p *Pages) kioskForm(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	pg := p.page(c)
	d := kioskSetPage{page: pg, Office: named{o.ID, pg.officeName(o)}}
	if d.Offices, err = p.officeLinks(c, pg, "/desk/kiosk", o.ID, me(c).Offices); err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "kioskset", d)
}

// makeKiosk makes a kiosk of this device until the end of the day, and signs whoever
// did it out of it.
func (p *Pages) makeKiosk(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	if c.FormValue("step") != "make" {
		return p.kioskForm(c)
	}
	ends := p.todayIn(o).AddDays(1).In(o.Location)
	payload, err := json.Marshal(kioskDevice{o.ID, me(c).Username, ends.Unix()})
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := p.Accounts.Logout(ctx, p.Accounts.CookieToken(c.Request())); err != nil {
		return err
	}
	p.Accounts.ClearCookie(c)
	p.forgetWho(c)
	p.setCookie(c, http.Cookie{
		Name: p.own("kiosk"), Value: p.Keys.Sign(kioskPurpose, payload), Path: "/", MaxAge: int(ends.Sub(p.Clock.Now()).Seconds()),
	})
	return c.Redirect(http.StatusSeeOther, "/kiosk/"+o.ID)
}

// kioskPage is one of four: Ask where this is no kiosk, a ticket, Said where staff
// have to help, and otherwise ready for the next couple.
type kioskPage struct {
	page
	Ask      bool
	Ready    bool
	Office   named
	Key      string
	Number   field
	Services []named
	Given    *walkInTicket
	Back     bool // of the booked: they have no estimate
	Said     string
	Day      string
	Over     bool // whoever was there did nothing
	Rests    int
	Other    string
}

// kiosk is ready for the next couple.
func (p *Pages) kiosk(c echo.Context) error {
	o, err := p.Offices.Office(c.Request().Context(), c.Param("office"))
	if err != nil {
		return err
	}
	pg := p.page(c)
	if _, is := p.deviceOf(c, o.ID); !is {
		return p.render(c, http.StatusForbidden, "kiosk", kioskPage{page: pg, Ask: true, Office: named{o.ID, pg.officeName(o)}})
	}
	return p.showKiosk(c, pg, o, kioskPage{Ready: true, Over: c.QueryParam("over") != ""})
}

func (p *Pages) showKiosk(c echo.Context, pg page, o slots.Office, d kioskPage) error {
	d.page, d.Office, d.Key, d.Day, d.Rests = pg, named{o.ID, pg.officeName(o)}, newKey(), pg.Day(p.todayIn(o)), kioskRests
	d.Other = "/kiosk/" + o.ID + "?" + url.Values{"lang": {pg.OtherLang()}}.Encode()
	if d.Ready {
		d.Number = field{Name: "number", Label: pg.T("kiosk.number"), Hint: pg.T("kiosk.number_hint"), Mode: "numeric", Auto: "off"}
		for _, s := range o.Services {
			d.Services = append(d.Services, named{s.ID, pg.serviceName(s)})
		}
	} else {
		c.Response().Header().Set("Refresh", strconv.Itoa(kioskRests)+"; url=/kiosk/"+o.ID+"?over=1")
	}
	return p.render(c, http.StatusOK, "kiosk", d)
}

// atKiosk receives a couple that has booked, gives a ticket to one that has not, or
// says that staff will help.
func (p *Pages) atKiosk(c echo.Context) error {
	o, err := p.Offices.Office(c.Request().Context(), c.Param("office"))
	if err != nil {
		return err
	}
	by, is := p.deviceOf(c, o.ID)
	if !is {
		return p.kiosk(c)
	}
	arrival := hall.Arrival{Office: o.ID, Actor: "kiosk:" + by.By}
	if key := c.FormValue("key"); key != "" {
		arrival.Key = key + "/check-in"
	}
	pg := p.page(c)
	screened, err := p.screened(c, o)
	switch step := c.FormValue("step"); {
	case err != nil:
		return err
	case step == "help":
		return p.kioskSays(c, pg, o, "kiosk.help_comes")
	case screened && step == "walk-in":
		return p.kioskSays(c, pg, o, "kiosk.measured_first")
	case step == "walk-in":
		return p.kioskWalkIn(c, pg, o, arrival)
	}
	if arrival.Number = p.Desk.Scanned(c.FormValue("number")); arrival.Number == "" {
		return p.kioskSays(c, pg, o, "kiosk.unknown")
	}
	answer, err := p.receiveAtKiosk(c, arrival, screened)
	return p.kioskAnswers(c, pg, o, arrival.Number, answer, err)
}

// receiveAtKiosk receives a couple or, where nobody enters unmeasured, notes that it is
// here (domain rule 64).
func (p *Pages) receiveAtKiosk(c echo.Context, arrival hall.Arrival, screened bool) (hall.CheckIn, error) {
	if screened {
		return p.Hall.Note(c.Request().Context(), arrival)
	}
	return p.Hall.CheckIn(c.Request().Context(), arrival)
}

// screened reports whether nobody enters today without having been measured, which a
// kiosk cannot do.
func (p *Pages) screened(c echo.Context, o slots.Office) (bool, error) {
	rules, err := p.Offices.Rules(c.Request().Context(), o.ID, p.todayIn(o))
	return rules.Screening == slots.ScreeningRequired, err
}

func (p *Pages) kioskSays(c echo.Context, pg page, o slots.Office, key string) error {
	return p.showKiosk(c, pg, o, kioskPage{Said: pg.T(key)})
}

// kioskAnswers says what became of it.
func (p *Pages) kioskAnswers(c echo.Context, pg page, o slots.Office, number string, answer hall.CheckIn, err error) error {
	switch {
	case errors.Is(err, booking.ErrNoAppointment):
		return p.kioskSays(c, pg, o, "kiosk.unknown")
	case errors.Is(err, hall.ErrOtherDay):
		return p.kioskSays(c, pg, o, "kiosk.other_day")
	case errors.Is(err, hall.ErrOtherOffice):
		return p.kioskSays(c, pg, o, "kiosk.other_office")
	case err != nil && fault.Of(err).Kind != fault.Internal:
		return p.kioskSays(c, pg, o, "kiosk.ask_staff")
	case err != nil:
		return err
	case answer.Outcome == hall.Early:
		return p.showKiosk(c, pg, o, kioskPage{Said: pg.T("kiosk.early", "time", pg.clockIn(answer.OpensAt, o))})
	case answer.Outcome == hall.Noted:
		came, err := p.Hall.Arrived(c.Request().Context(), number)
		if err != nil {
			return err
		}
		return p.showKiosk(c, pg, o, kioskPage{Said: pg.T("kiosk.noted", "time", pg.clockIn(came.At, o))})
	case answer.Ticket == "":
		return p.kioskSays(c, pg, o, "kiosk.ask_staff")
	}
	return p.showKiosk(c, pg, o, kioskPage{Given: &walkInTicket{Ticket: answer.Ticket, Outside: answer.Outside}})
}

func (p *Pages) kioskWalkIn(c echo.Context, pg page, o slots.Office, arrival hall.Arrival) error {
	ctx := c.Request().Context()
	a, err := p.Desk.WalkIn(ctx, booking.WalkIn{
		Office: o.ID, Service: c.FormValue("service"), Key: c.FormValue("key"), Locale: pg.Lang, Actor: arrival.Actor,
	})
	if errors.Is(err, booking.ErrNoWalkIns) {
		return p.kioskFull(c, pg, o)
	}
	if err != nil && fault.Of(err).Kind != fault.Internal {
		return p.kioskSays(c, pg, o, "kiosk.ask_staff")
	}
	if err != nil {
		return err
	}
	arrival.Number = a.Number
	answer, err := p.Hall.CheckIn(ctx, arrival)
	if err != nil {
		return err
	}
	given, err := p.walkInGiven(c, pg, o, a, answer)
	if err != nil {
		return err
	}
	return p.showKiosk(c, pg, o, kioskPage{Given: given})
}

// kioskFull says that the day's places are used up, and which day is free.
func (p *Pages) kioskFull(c echo.Context, pg page, o slots.Office) error {
	free, err := p.nextFree(c, o, c.FormValue("service"))
	if err != nil {
		return err
	}
	said := pg.T("walkin.full")
	if !free.IsZero() {
		said += pg.T("kiosk.free", "day", pg.Day(free))
	}
	return p.showKiosk(c, pg, o, kioskPage{Said: said})
}
