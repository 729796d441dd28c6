package web

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/server/auth"
	"hunyue/slots"
)

type guestPage struct {
	page
	deskSide
	Alone   bool // a script asks, which has the day beside the card already
	Own     ownWords
	Scan    scanBox
	Status  string
	Ticket  string
	Verdict string    // what came of what was done
	Good    bool      // the verdict lets them go on
	Outside bool      // with a ticket, where the hall is full
	Judged  judgement // before anything was done
	Focus   string    // the id of what has the focus next
	CanMove bool      // to another day
	Free    bool      // which is no missed visit: somebody rests after a fever
	Anew    string    // until when they may choose a new day, of those who were put off
	CanAnew bool      // and it can be done here
	LetIn   *field    // why they are let in all the same; nil where that cannot be
	Print   string    // where the ticket is put on paper; "" where there is none

	Arrive      bool
	Readings    []field
	Device      field
	Companion   []field
	Came        field // when they really came
	Along       bool  // something is said of who comes along
	Screening   bool
	AskHealth   bool // they have not agreed to be measured
	CanCall     bool
	CanStart    bool
	CanFinish   bool
	CanRefuse   bool
	CanAmend    bool
	Counter     field
	Certificate field
	Odd         hall.Odd // what is odd about the number that was typed
	Doubted     string   // a number that may be completed all the same
	Reason      field
	Key         string
	Unmask      unmasking
	Second      secondDoor
}

// Now reports whether they come before the door opens for them, and are taken all
// the same when they are asked to wait.
func (d guestPage) Now() bool { return d.Judged.Kind == early }

// guestOf is the appointment of the address, if it is at one of their offices.
func (p *Pages) guestOf(c echo.Context) (own, error) {
	ctx := c.Request().Context()
	a, err := p.Desk.At(ctx, c.Param("number"), auth.From(ctx).MayServe)
	if err != nil {
		return own{}, err
	}
	g, err := p.known(c, a)
	if a.WalkIn { // they have no names, and are as many as their service needs
		g.Row = p.page(c).readable(g.Row, max(1, g.service.PartiesMin))
	}
	if err == nil && a.Status == booking.Booked {
		g.rest, err = p.Hall.Resting(ctx, a.Number)
	}
	return g, err
}

// guest is a couple at the desk: who they are, and what can be done next.
func (p *Pages) guest(c echo.Context) error {
	g, err := p.guestOf(c)
	if err != nil {
		return err
	}
	return p.showGuest(c, http.StatusOK, p.page(c), g, guestPage{}, nil)
}

func (p *Pages) showGuest(c echo.Context, status int, pg page, g own, d guestPage, wrong wrongs) error {
	s := me(c)
	ticket, err := p.ticket(c, g.appointment)
	if err != nil {
		return err
	}
	d.page, d.Own, d.Ticket, d.Key = pg, pg.ownWords(g), ticket, newKey()
	d.Unmask = p.unmasking(c, pg, g, "/desk/"+g.Number+"/unmask", wrong)
	d.Unmask.Data = "/desk/" + g.Number + "/data"
	d.Status = pg.T("status." + string(g.Status))
	d.Arrive = g.Status == booking.Booked && g.Day == p.dayAt(g.office)
	if err := p.judge(c, &d, g); err != nil {
		return err
	}
	d.Screening = g.rules.Screening != slots.ScreeningOff
	waiting := g.Status == booking.CheckedIn || g.Status == booking.Late
	here := waiting || g.Status == booking.Called || g.Status == booking.InService
	d.CanCall = waiting && mayPost(s, "/desk/:number/call")
	d.CanStart = g.Status == booking.Called && mayPost(s, "/desk/:number/start")
	d.CanFinish = g.Status == booking.InService && mayPost(s, "/desk/:number/complete")
	d.CanRefuse = here && mayPost(s, "/desk/:number/not-accepted")
	d.CanAmend = g.Status == booking.Completed && mayPost(s, "/desk/:number/certificate")
	if d.Arrive {
		d.doorFields(c, g, wrong)
		d.cameEarlier(c, wrong)
		if d.Second, err = p.secondDoor(c, pg, g); err != nil {
			return err
		}
		if d.AskHealth, err = p.askHealth(c, g); err != nil {
			return err
		}
	}
	if d.Scan, err = p.scanBox(c, pg, g.office, g.rules, ""); err != nil {
		return err
	}
	if err := p.putOff(c, &d, g, wrong); err != nil {
		return err
	}
	if d.Alone = cardAlone(c); !d.Alone {
		if d.deskSide, err = p.deskSide(c, pg, g.office, p.dayAt(g.office), false); err != nil {
			return err
		}
	}
	d.Focus = d.focus()
	d.windowFields(c, wrong)
	d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", d.Unmask.inputs()...)...)
	if g.Status == booking.Completed && mayPost(s, "/desk/:number/complete") {
		if err := p.registered(c, &d, g); err != nil {
			return err
		}
	}
	return p.render(c, status, "guest", d)
}

// cardAlone reports whether the script of the desk asks: it shows the card beside the
// day that it has.
func cardAlone(c echo.Context) bool {
	r := c.Request()
	return r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Dest") == "empty"
}

// judge says how they stand, and what can be done about it besides.
func (p *Pages) judge(c echo.Context, d *guestPage, g own) error {
	came, err := p.Hall.Arrived(c.Request().Context(), g.Number)
	if err != nil {
		return err
	}
	d.Judged = d.judged(g, came, p.Clock.Now())
	if d.Judged.Kind == resting || d.Judged.Kind == restOver {
		d.Status = d.T("desk.resting", "time", d.clockIn(g.rest.Until, g.office))
	}
	d.Free = d.Judged.Kind == resting || d.Judged.Kind == restOver
	d.CanMove = (d.Free || d.Judged.Kind == wrongDay) && mayPost(me(c), "/call")
	if came.Ticket != "" && g.Status.Active() {
		d.Print = "/desk/ticket/" + g.Number
	}
	return nil
}

// focus is where somebody goes on: at what is wrong, at the first thermometer, or,
// where nothing is to be typed, at the next couple.
func (d guestPage) focus() string {
	for _, f := range d.Readings {
		if f.Wrong != "" {
			return f.Name
		}
	}
	switch {
	case d.Device.Wrong != "":
		return "device"
	case d.Arrive && d.Judged.Kind != resting && d.Screening && d.Verdict == "":
		return d.Readings[0].Name
	case d.Arrive && d.Judged.Kind != resting && d.Verdict == "":
		return "arrive"
	}
	return "q"
}

// registered says how the registration ended, as long as the couple is looked
// up: the number is on paper that they took home.
func (p *Pages) registered(c echo.Context, d *guestPage, g own) error {
	done, err := p.Hall.Registered(c.Request().Context(), g.Number)
	if err != nil {
		return err
	}
	d.Good, d.Verdict = true, d.T("verdict.completed", "certificate", done.Certificate)
	if done.Certificate == "" {
		d.Verdict = d.T("verdict.completed_without")
	}
	return nil
}

// callOffices is the offices that a member of staff books for.
func (p *Pages) callOffices(c echo.Context) error {
	return p.offices(c, p.phone(), me(c).MayServe)
}

type calledPage struct {
	page
	Own    ownWords
	Status string
	Bring  []string
	Rules  []string
	Active bool
	Reason field
	Missed excusal
	Unmask unmasking
}

// called is an appointment as the operator reads it back to the caller.
func (p *Pages) called(c echo.Context) error {
	g, err := p.guestOf(c)
	if err != nil {
		return err
	}
	return p.showCalled(c, http.StatusOK, p.page(c), g, nil)
}

func (p *Pages) showCalled(c echo.Context, status int, pg page, g own, wrong wrongs) error {
	d := calledPage{
		page: pg, Own: pg.ownWords(g), Status: pg.T("status." + string(g.Status)), Bring: pg.bring(g.service, g.rules, g.Day, g.Kinds), Rules: pg.visitRules(g, p.Clock.Now()),
		Active: g.Status == booking.Booked, Reason: pg.typed(field{Name: "reason", Auto: "off"}, "call.reason", c.FormValue("reason"), wrong),
	}
	d.Unmask = p.unmasking(c, pg, g, "/call/"+g.Number+"/unmask", wrong)
	d.Unmask.Data = "/call/" + g.Number + "/data"
	d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", append(d.Unmask.inputs(), d.Reason)...)...)
	var err error
	if d.Missed, err = p.excusal(c, g); err != nil {
		return err
	}
	return p.render(c, status, "called", d)
}

// cancelForCaller cancels for somebody who asks for it, for a reason that is
// kept; also when the couple itself cannot any more (domain rule 34).
func (p *Pages) cancelForCaller(c echo.Context) error {
	g, err := p.guestOf(c)
	if err != nil {
		return err
	}
	reason, pg := strings.TrimSpace(c.FormValue("reason")), p.page(c)
	if wrong := wrongReason(reason); wrong != nil {
		return p.showCalled(c, http.StatusUnprocessableEntity, pg, g, wrong)
	}
	_, err = p.Desk.Cancel(c.Request().Context(), booking.Change{
		Appointment: g.appointment, Staff: true, Reason: reason, Actor: me(c).Actor(),
	})
	if err != nil {
		pg, status, err := pg.unchanged(err)
		if err != nil {
			return err
		}
		return p.showCalled(c, status, pg, g, nil)
	}
	return c.Redirect(http.StatusSeeOther, "/call/"+g.Number)
}

// longestReason is in code points, as in the hall.
const longestReason = 200

func wrongReason(reason string) wrongs {
	switch {
	case reason == "":
		return wrongs{"reason": "required"}
	case utf8.RuneCountInString(reason) > longestReason:
		return wrongs{"reason": "too_long"}
	}
	return nil
}
