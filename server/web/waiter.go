package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/fault"
	"hunyue/slots"
)

// waitPass lets a browser see one entry of the waiting list, and answer for it: its
// couple has shown the phone when it joined, or to find it again.
const waitPass = "entry of the waiting list"

func (p *Pages) letWaitIn(c echo.Context, number string) error {
	payload, err := json.Marshal(pass{Number: number, Until: p.Clock.Now().Add(passFor).Unix()})
	if err != nil {
		return err
	}
	p.setCookie(c, http.Cookie{
		Name: "pass", Value: p.Keys.Sign(waitPass, payload), Path: "/w/" + number, MaxAge: int(passFor.Seconds()),
	})
	return nil
}

// onList is the entry of the address, if the browser has its pass. If not, the answer
// has been given: where one is got.
func (p *Pages) onList(c echo.Context) (booking.Waiter, bool, error) {
	cookie, err := c.Cookie("pass")
	if err != nil {
		return booking.Waiter{}, false, c.Redirect(http.StatusSeeOther, "/find")
	}
	var shown pass
	payload, err := p.Keys.Verify(waitPass, cookie.Value)
	if err != nil || json.Unmarshal(payload, &shown) != nil || shown.Number != c.Param("number") || !p.Clock.Now().Before(time.Unix(shown.Until, 0)) {
		return booking.Waiter{}, false, c.Redirect(http.StatusSeeOther, "/find")
	}
	w, err := p.Desk.OnList(c.Request().Context(), shown.Number)
	return w, err == nil, err
}

type waiterPage struct {
	page
	Number      string
	State       string // waiting, hit, expired, left
	Where       string
	OfficePhone string
	Service     string
	Wishes      []string
	Ahead       string
	Until       string // the last day that is waited for
	Minutes     int    // how long an offer is kept
	Missed      bool   // the next offer that is not answered is the last
	Offer       string // its id
	When        string // of the place that is kept
	Kept        string // until when
	Again       string // where the days are
}

// waiter is the page of a couple on the list. Who has booked by it is led to the
// appointment.
func (p *Pages) waiter(c echo.Context) error {
	w, ok, err := p.onList(c)
	if err != nil || !ok {
		return err
	}
	return p.showWaiter(c, http.StatusOK, p.page(c), w)
}

func (p *Pages) showWaiter(c echo.Context, status int, pg page, w booking.Waiter) error {
	ctx := c.Request().Context()
	office, err := p.Offices.Office(ctx, w.Office)
	if err != nil {
		return err
	}
	service, _ := office.Service(w.Service)
	d := waiterPage{
		page: pg, Number: w.Number, State: "waiting", Where: pg.officeName(office), OfficePhone: office.Phone, Service: pg.serviceName(service),
		Missed: w.Misses > 0, Again: p.web().daysAt(office.ID, service.ID),
	}
	wishes, err := p.Desk.Wishes(ctx, w)
	if err != nil {
		return err
	}
	for _, wish := range wishes {
		d.Wishes = append(d.Wishes, pg.half(wish))
	}
	last := booking.LastDay(wishes, office.Location)
	rules, err := p.Offices.Rules(ctx, w.Office, last)
	if err != nil {
		return err
	}
	d.Until, d.Minutes = pg.ShortDay(last), rules.WaitMinutes
	if err := p.fillWaiter(c, &d, w, office); err != nil {
		return err
	}
	return p.render(c, status, "waiter", d)
}

// fillWaiter says how they stand at this moment.
func (p *Pages) fillWaiter(c echo.Context, d *waiterPage, w booking.Waiter, office slots.Office) error {
	ctx := c.Request().Context()
	switch w.State {
	case booking.WaitLeft:
		d.State = "left"
		return nil
	case booking.WaitExpired:
		d.State = "expired"
		return nil
	case booking.WaitBooked:
		d.State = "booked"
		return nil
	case booking.Waiting, booking.Offered:
	}
	n, err := p.Desk.Ahead(ctx, w)
	if err != nil {
		return err
	}
	d.Ahead = d.T("wait.ahead", "n", n)
	if n == 0 {
		d.Ahead = d.T("wait.first")
	}
	o, err := p.Desk.OpenOffer(ctx, w)
	if errors.Is(err, booking.ErrNoOffer) {
		return nil
	}
	if err != nil {
		return err
	}
	d.State, d.Offer = "hit", o.ID.String()
	d.When = d.Day(o.Slot.Day) + " " + d.Clock(o.Slot.Start.On(o.Slot.Day, office.Location))
	d.Kept = d.Clock(o.Until.In(office.Location))
	return nil
}

// answers is the entry and the offer of a form.
func (p *Pages) answers(c echo.Context) (booking.Answer, bool, error) {
	w, ok, err := p.onList(c)
	offer, wrong := uuid.Parse(c.FormValue("offer"))
	if wrong != nil {
		offer = uuid.Nil // no offer has it
	}
	return booking.Answer{Waiter: w, Offer: offer, Actor: "couple"}, ok, err
}

// waiterAccepts makes the appointment, and lets this browser see it.
func (p *Pages) waiterAccepts(c echo.Context) error {
	a, ok, err := p.answers(c)
	if err != nil || !ok {
		return err
	}
	made, err := p.Desk.Accept(c.Request().Context(), a)
	if err != nil {
		return p.notTaken(c, a, err)
	}
	if err := p.letIn(c, made.Number, made.Secret); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/b/"+made.Number)
}

// notTaken says why there is no appointment, on the page as it is now.
func (p *Pages) notTaken(c echo.Context, a booking.Answer, err error) error {
	pg := p.page(c)
	why := fault.Of(err)
	switch {
	case len(why.Fields) > 0:
		pg.Alert = pg.T("wait.not_that_day")
	case why.Kind == fault.Conflict || why.Kind == fault.Unavailable:
		retryLater(c, why)
		pg = p.web().theirs(pg.refused(why), err)
	default:
		return err
	}
	if done, err := p.turnTo(c, pg, outcome{View: viewAnswer, Status: statusOf(why)}); done {
		return err
	}
	now, err := p.Desk.OnList(c.Request().Context(), a.Waiter.Number)
	if err != nil {
		return err
	}
	return p.showWaiter(c, statusOf(why), pg, now)
}

// viewOfWaiter is the page of a couple on the list with what was said of its answer,
// if the browser still has its pass.
func (p *Pages) viewOfWaiter(c echo.Context, pg page, o outcome) error {
	w, ok, err := p.onList(c)
	if err != nil || !ok {
		return err
	}
	return p.showWaiter(c, o.Status, pg, w)
}

// waiterDeclines gives the place to the next.
func (p *Pages) waiterDeclines(c echo.Context) error {
	return p.answered(c, p.Desk.Decline)
}

// waiterLeaves takes them off the list.
func (p *Pages) waiterLeaves(c echo.Context) error {
	return p.answered(c, p.Desk.Leave)
}

func (p *Pages) answered(c echo.Context, does func(ctx context.Context, a booking.Answer) error) error {
	a, ok, err := p.answers(c)
	if err != nil || !ok {
		return err
	}
	if err := does(c.Request().Context(), a); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/w/"+a.Waiter.Number)
}
