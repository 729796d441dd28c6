package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/slots"
)

// mountWalkIn adds what the desk does for those who come without an appointment.
func (p *Pages) mountWalkIn(desk *echo.Group) {
	desk.GET("/walk-in", p.walkInForm)
	desk.POST("/walk-in", p.walkIn)
	desk.GET("/kiosk", p.kioskForm)
	desk.POST("/kiosk", p.makeKiosk)
}

type walkInPage struct {
	page
	Office  named
	Offices []link
	From    string // an appointment that does not fit who has come; usually ""
	Why     field
	Service field
	Reading []field // none where nobody is measured
	Key     string
	Given   *walkInTicket
	Full    bool
	Free    string // the next day that can be booked
	Rebook  string // where
}

// walkInTicket is what a walk-in is given.
type walkInTicket struct {
	Number, Ticket, Estimate string
	Outside, Rests           bool
}

// walkInForm asks what somebody without an appointment has come for.
func (p *Pages) walkInForm(c echo.Context) error {
	o, err := p.placeOf(c)
	if err != nil {
		return err
	}
	return p.showWalkIn(c, http.StatusOK, p.page(c), o, walkInPage{Key: newKey()}, nil)
}

// placeOf is the office in the request or else that of the appointment which is to
// become a walk-in.
func (p *Pages) placeOf(c echo.Context) (slots.Office, error) {
	number := digits(c.FormValue("from"))
	if number == "" || c.FormValue("office") != "" {
		return p.place(c)
	}
	a, err := p.Desk.At(c.Request().Context(), number, me(c).MayServe)
	if err != nil {
		return slots.Office{}, err
	}
	return p.Offices.Office(c.Request().Context(), a.Office)
}

func (p *Pages) showWalkIn(c echo.Context, status int, pg page, o slots.Office, d walkInPage, wrong wrongs) error {
	rules, err := p.Offices.Rules(c.Request().Context(), o.ID, p.todayIn(o))
	if err != nil {
		return err
	}
	d.page, d.Office, d.From = pg, named{o.ID, pg.officeName(o)}, digits(c.FormValue("from"))
	if d.Offices, err = p.officeLinks(c, pg, "/desk/walk-in", o.ID, me(c).Offices); err != nil {
		return err
	}
	d.Service = pg.serviceField(c, o, wrong)
	if d.From != "" {
		why := field{Name: "wrong", Choices: []option{{"", pg.T("window.choose"), true}}}
		for value, key := range map[string]string{"person": "walkin.person", "service": "walkin.wrong_service"} {
			why.Choices = append(why.Choices, option{value, pg.T(key), c.FormValue("wrong") == value})
		}
		slices.SortFunc(why.Choices, func(a, b option) int { return strings.Compare(a.Value, b.Value) })
		d.Why = pg.typed(why, "walkin.why", c.FormValue("wrong"), wrong)
	}
	if rules.Screening != slots.ScreeningOff {
		d.Reading = pg.walkInReadings(c, wrong)
	}
	d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", append([]field{d.Why, d.Service}, d.Reading...)...)...)
	return p.render(c, status, "walkin", d)
}

func (pg page) serviceField(c echo.Context, o slots.Office, wrong wrongs) field {
	f := field{Name: "service"}
	for _, s := range o.Services {
		f.Choices = append(f.Choices, option{s.ID, pg.serviceName(s), c.FormValue("service") == s.ID})
	}
	return pg.typed(f, "walkin.service", c.FormValue("service"), wrong)
}

// walkInReadings is the inputs for two: where a service is for one, the second stays
// empty.
func (pg page) walkInReadings(c echo.Context, wrong wrongs) []field {
	var all []field
	for i := range 2 {
		for _, input := range []string{partyReading(i), partyAgain(i)} {
			if input == partyAgain(i) && c.FormValue(input) == "" && wrong[partyReading(i)] != "too_low_repeat" {
				continue
			}
			f := pg.typed(field{Name: input, Mode: "decimal", Auto: "off"}, "door.celsius", c.FormValue(input), wrong)
			f.Label = pg.T("door.celsius_of", "who", pg.partyName(i, 2))
			all = append(all, f)
		}
	}
	return append(all, pg.typed(field{Name: "device", Auto: "off"}, "door.device", c.FormValue("device"), wrong))
}

// walkIn gives somebody a place of the day and a ticket. What was measured is read
// before anything is given, so that no place is taken by a slip of the pen.
func (p *Pages) walkIn(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	ctx, pg, d := c.Request().Context(), p.page(c), walkInPage{Key: c.FormValue("key")}
	if c.FormValue("service") == "" { // from where there is nothing to choose
		return p.showWalkIn(c, http.StatusOK, pg, o, d, nil)
	}
	if err := p.Hall.MayReceive(ctx, me(c).Username, o.ID); err != nil {
		return p.walkInRefused(c, o, d, err, nil)
	}
	former, err := p.former(c, o)
	if err != nil {
		return err
	}
	arrival, inputs, wrong, err := p.walkInArrival(c, o)
	if err != nil {
		return err
	}
	if why := c.FormValue("wrong"); former != nil && why != "person" && why != "service" {
		wrong["wrong"] = "required"
	}
	if len(wrong) > 0 {
		return p.showWalkIn(c, http.StatusUnprocessableEntity, pg, o, d, wrong)
	}
	a, err := p.Desk.WalkIn(ctx, booking.WalkIn{Office: o.ID, Service: c.FormValue("service"), Key: d.Key, Locale: pg.Lang, Actor: arrival.Actor})
	if errors.Is(err, booking.ErrNoWalkIns) {
		return p.noWalkIns(c, pg, o, d)
	}
	if err != nil {
		return p.walkInRefused(c, o, d, err, nil)
	}
	arrival.Number = a.Number
	answer, err := p.Hall.CheckIn(ctx, arrival)
	if err != nil {
		return p.walkInRefused(c, o, d, err, inputs)
	}
	if former != nil && c.FormValue("wrong") == "service" {
		if err := p.giveUp(c, *former, pg); err != nil {
			return err
		}
	}
	if d.Given, err = p.walkInGiven(c, pg, o, a, answer); err != nil {
		return err
	}
	d.Key = newKey()
	return p.showWalkIn(c, http.StatusOK, pg, o, d, nil)
}

// former is the appointment that does not fit who has come, if there is one.
func (p *Pages) former(c echo.Context, o slots.Office) (*booking.Appointment, error) {
	number := digits(c.FormValue("from"))
	if number == "" {
		return nil, nil
	}
	a, err := p.Desk.At(c.Request().Context(), number, func(office string) bool { return office == o.ID })
	return &a, err
}

// giveUp cancels the appointment of a couple that has come for something else
// (domain rule 41).
func (p *Pages) giveUp(c echo.Context, a booking.Appointment, pg page) error {
	_, err := p.Desk.Cancel(c.Request().Context(), booking.Change{
		Appointment: a, Staff: true, Reason: pg.T("walkin.wrong_service"), Actor: me(c).Actor(),
	})
	if errors.Is(err, booking.ErrNotPossible) {
		return nil // it has ended already
	}
	return err
}

// walkInArrival reads what was measured, the input of each reading in their order,
// and what is wrong with it.
func (p *Pages) walkInArrival(c echo.Context, o slots.Office) (hall.Arrival, []string, wrongs, error) {
	a := hall.Arrival{Office: o.ID, Actor: me(c).Actor()}
	if key := c.FormValue("key"); key != "" {
		a.Key = key + "/check-in"
	}
	wrong, inputs := wrongs{}, []string{partyReading(0)}
	service, offered := o.Service(c.FormValue("service"))
	if !offered {
		wrong["service"] = "required"
		return a, inputs, wrong, nil
	}
	rules, err := p.Offices.Rules(c.Request().Context(), o.ID, p.todayIn(o))
	if err != nil || rules.Screening == slots.ScreeningOff {
		return a, inputs, wrong, err
	}
	inputs = nil
	for i := range service.PartiesMin {
		for _, input := range []string{partyReading(i), partyAgain(i)} {
			typed := c.FormValue(input)
			switch {
			case strings.TrimSpace(typed) != "":
				a.Readings = append(a.Readings, reading(wrong, input, typed, i+1, c.FormValue("device")))
				inputs = append(inputs, input)
			case input == partyReading(i) && rules.Screening == slots.ScreeningRequired:
				wrong[input] = "required"
			}
		}
	}
	if len(inputs) == 0 {
		inputs = []string{partyReading(0)}
	}
	return a, inputs, wrong, nil
}

func (p *Pages) walkInRefused(c echo.Context, o slots.Office, d walkInPage, err error, inputs []string) error {
	pg, why, err := p.page(c).explained(c, err)
	if err != nil {
		return err
	}
	wrong := wrongs(why.Fields)
	if inputs != nil {
		wrong = readingFaults(why, inputs)
	}
	return p.showWalkIn(c, statusOf(why), pg, o, d, wrong)
}

// noWalkIns says that the day's places are used up, and which day is free.
func (p *Pages) noWalkIns(c echo.Context, pg page, o slots.Office, d walkInPage) error {
	free, err := p.nextFree(c, o, c.FormValue("service"))
	if err != nil {
		return err
	}
	d.Full = true
	if !free.IsZero() {
		d.Free = pg.Day(free)
		d.Rebook = rebookAt(o, c.FormValue("service"))
	}
	return p.showWalkIn(c, http.StatusConflict, pg, o, d, nil)
}

// nextFree is the first day after today on which somebody can still book a service,
// online or at the desk, or the zero date.
func (p *Pages) nextFree(c echo.Context, o slots.Office, service string) (date.Date, error) {
	s, _ := o.Service(service)
	free, err := p.Desk.Availability(c.Request().Context(), o.ID)
	if err != nil {
		return date.Date{}, err
	}
	today := p.todayIn(o)
	for day := today.AddDays(1); !day.After(today.AddDays(mostAhead)); day = day.AddDays(1) {
		for _, via := range slots.Channels() {
			if free.Days(s, via, day, day)[0].State == booking.Open {
				return day, nil
			}
		}
	}
	return date.Date{}, nil
}

// mostAhead is further than anything is published.
const mostAhead = 100

// walkInGiven is a ticket with the time at which it is likely to be called (domain
// rule 45).
func (p *Pages) walkInGiven(c echo.Context, pg page, o slots.Office, a booking.Appointment, answer hall.CheckIn) (*walkInTicket, error) {
	given := &walkInTicket{Number: a.Number, Ticket: answer.Ticket, Outside: answer.Outside, Rests: answer.Outcome == hall.Recheck}
	if answer.Ticket == "" {
		return given, nil
	}
	wait, err := p.Hall.Waiting(c.Request().Context(), a.Number)
	if err != nil {
		return nil, err
	}
	from, to := estimate(p.Clock.Now(), a.StartsAt, a.EndsAt, wait.About)
	given.Estimate = pg.Span(from.In(o.Location), to.In(o.Location))
	return given, nil
}

// estimate is when a walk-in is likely to be called: by the pace of the day or, while
// that is not known, in the slot whose place it has.
func estimate(now, starts, ends time.Time, about time.Duration) (from, to time.Time) {
	const step = 10 * time.Minute
	switch {
	case about > 0:
		from = now.Add(about)
	case starts.After(now):
		return starts, ends
	default:
		from = now
	}
	from = from.Truncate(step)
	return from, from.Add(3 * step)
}
