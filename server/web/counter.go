package web

import (
	"cmp"
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

// mountCounter adds the pages of those who sit at a counter.
func (p *Pages) mountCounter(e *echo.Echo) {
	window := e.Group("/window")
	window.GET("", p.counters)
	window.GET("/:counter", p.counter)
	window.POST("/:counter", p.press)
	window.GET("/:counter/line", p.counterLine)
	e.GET("/desk/:number/certificate", p.certificate)
	e.POST("/desk/:number/certificate", p.amendCertificate)
}

// counterPage is a counter: the couple that it has, and the line behind them. With
// no counter it is the counters of the office.
type counterPage struct {
	page
	Office   named
	Offices  []link
	Counter  string
	Day      string
	Taken    string // who has opened it, where that is somebody else
	May      bool   // press anything
	Open     bool
	Now      *atCounter
	Undo     *undoing
	Last     string // when the last couple was done, while nobody is here
	Line     []lineRow
	Parked   []lineRow
	Left     []lineRow // who still has to be served or closed, once the slots are over
	Counters []counterRow
	Inside   string
	To       field // the counter that a couple is sent on to
	Mark     string
	Again    string // what is offered to whom was not accepted
	Key      string
}

// atCounter is the couple that a counter has called or serves.
type atCounter struct {
	Own      ownWords
	Ticket   string
	Status   string
	Calls    string
	Gone     bool // called often enough: to be passed
	Called   bool
	Serving  bool
	WalkIn   bool
	Late     bool
	Unmask   unmasking
	Finish   *finishing
	Refusing bool
	Reasons  field
	Reason   field
}

// undoing is the completion that can still be taken back.
type undoing struct {
	Number, Ticket string
	Until          string // as clocks show it
	Left           int    // seconds, for the countdown
}

// lineRow is a couple of the line. It names nobody.
type lineRow struct{ Number, Ticket, Words string }

type counterRow struct{ To, Name, Who, Ticket string }

// counters leads to each counter of the office, and shows who is still in the hall.
func (p *Pages) counters(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	if name := strings.TrimSpace(c.QueryParam("counter")); name != "" {
		return c.Redirect(http.StatusSeeOther, counterAt(o, name))
	}
	d, _, err := p.atWindow(c, p.page(c), o, "")
	if err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "counter", d)
}

// counter is the page of one counter.
func (p *Pages) counter(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	return p.showCounter(c, http.StatusOK, p.page(c), o, counterForm{})
}

func counterAt(o slots.Office, name string) string {
	return "/window/" + url.PathEscape(name) + "?" + url.Values{"office": {o.ID}}.Encode()
}

// counterForm is what came of a press, for the page that is shown again.
type counterForm struct {
	wrong    wrongs
	typed    string // the serial, or the whole number
	odd      hall.Odd
	refusing bool
	again    string
	unmasked *own
}

func (p *Pages) showCounter(c echo.Context, status int, pg page, o slots.Office, f counterForm) error {
	d, line, err := p.atWindow(c, pg, o, c.Param("counter"))
	if err != nil {
		return err
	}
	d.Again = f.again
	for _, l := range line.Couples {
		if l.Counter == d.Counter && (l.Status == booking.Called || l.Status == booking.InService) {
			if err := p.fillNow(c, &d, o, l, f); err != nil {
				return err
			}
		}
	}
	if d.Now == nil {
		if err := p.fillLast(c, &d, o, line); err != nil {
			return err
		}
	}
	d.To = d.typed(field{Name: "to", Auto: "off"}, "window.to", c.FormValue("to"), f.wrong)
	for _, other := range line.Counters {
		if other.Name != d.Counter {
			d.To.Choices = append(d.To.Choices, option{other.Name, d.T("window.nth", "counter", other.Name), other.Name == d.To.Value})
		}
	}
	d.Mistakes = append(d.Mistakes, mistakesIn(d.Reader, "", d.To)...)
	return p.render(c, status, "counter", d)
}

// atWindow is what the page of a counter shows of the hall.
func (p *Pages) atWindow(c echo.Context, pg page, o slots.Office, name string) (counterPage, hall.Line, error) {
	s, now := me(c), p.Clock.Now().In(o.Location)
	today := date.DateOf(now)
	d := counterPage{page: pg, Office: named{o.ID, pg.officeName(o)}, Counter: name, Day: pg.Day(today), Key: newKey(), May: mayPost(s, "/window/:counter")}
	line, err := p.Hall.Line(c.Request().Context(), o.ID, today)
	if err != nil {
		return d, line, err
	}
	if d.Other != "" {
		d.Other = otherLanguage(url.URL{Path: c.Request().URL.Path, RawQuery: url.Values{"office": {o.ID}}.Encode()}, pg.Lang)
	}
	if d.Offices, err = p.officeLinks(c, pg, "/window", o.ID, s.Offices); err != nil {
		return d, line, err
	}
	for _, counter := range line.Counters {
		d.Counters = append(d.Counters, counterRow{counterAt(o, counter.Name), counter.Name, counter.Registrar, counter.Ticket})
		if counter.Name == name {
			d.Open = true
			if who := strings.TrimPrefix(counter.Registrar, "staff:"); who != s.Username {
				d.Taken = who
			}
		}
	}
	d.Line, d.Parked = pg.lineRows(line, o, name)
	d.Inside = pg.inside(line)
	d.Mark = mark(line, name)
	return d, line, p.fillLeft(c, &d, o, line, now)
}

// inside is how full the hall is, or "" where it takes everybody.
func (pg page) inside(line hall.Line) string {
	if line.Room < 0 {
		return ""
	}
	return pg.T("window.inside", "n", line.Inside, "room", line.Room)
}

// lineRows is who waits, in their order, and who was set aside.
func (pg page) lineRows(line hall.Line, o slots.Office, counter string) (waiting, parked []lineRow) {
	for _, l := range line.Couples {
		row := lineRow{Number: l.Number, Ticket: l.Ticket, Words: pg.lineWords(l, o, line.Room >= 0)}
		if l.Parked {
			parked = append(parked, row)
		}
	}
	for _, l := range line.Waiting() {
		row := lineRow{Number: l.Number, Ticket: l.Ticket, Words: pg.lineWords(l, o, line.Room >= 0)}
		if l.ForCounter == counter && counter != "" { // their next one
			waiting = append([]lineRow{row}, waiting...)
			continue
		}
		waiting = append(waiting, row)
	}
	return waiting, parked
}

// lineWords is what a line says of a couple: what they have booked or since when
// they wait, and what sets them apart.
func (pg page) lineWords(l hall.InLine, o slots.Office, limited bool) string {
	words := []string{pg.Clock(l.StartsAt.In(o.Location))}
	if walksIn(l) {
		words = []string{pg.T("window.walk_in"), pg.T("window.since", "time", pg.Clock(l.ArrivedAt.In(o.Location)))}
	}
	if l.ForCounter != "" {
		words = append(words, pg.T("window.for", "counter", l.ForCounter))
	}
	if l.Rounds > 0 {
		words = append(words, pg.T("window.passed_before", "n", l.Rounds))
	}
	if limited && !l.Inside {
		words = append(words, pg.T("window.outside"))
	}
	return strings.Join(words, " · ")
}

// walksIn reports whether a couple is in walk-in order.
func walksIn(l hall.InLine) bool { return strings.HasPrefix(l.Ticket, "B") || l.Status == booking.Late }

// mark changes when something of the line does that this counter should see.
func mark(line hall.Line, counter string) string {
	for _, l := range line.Couples {
		if l.Counter == counter && counter != "" && (l.Status == booking.Called || l.Status == booking.InService) {
			return l.Ticket + string(l.Status) + strconv.Itoa(l.Calls)
		}
	}
	return ""
}

// fillLast is what a counter shows while it has nobody: when it was done with the
// last couple, and that this can be undone.
func (p *Pages) fillLast(c echo.Context, d *counterPage, o slots.Office, line hall.Line) error {
	last, err := p.Hall.LastDone(c.Request().Context(), o.ID, d.Counter, line.Today)
	if err != nil || last.Number == "" {
		return err
	}
	d.Last = d.T("window.last", "ticket", last.Ticket, "time", d.clockIn(last.At, o))
	if ends := last.At.Add(hall.UndoWithin); p.Clock.Now().Before(ends) {
		d.Undo = &undoing{last.Number, last.Ticket, d.clockIn(ends, o), int(ends.Sub(p.Clock.Now()).Seconds())}
	}
	return nil
}

// fillLeft is who has to be served or closed with a reason before everybody goes
// home (domain rule 48), once the last slot of the day ends soon.
func (p *Pages) fillLeft(c echo.Context, d *counterPage, o slots.Office, line hall.Line, now time.Time) error {
	ends, err := p.lastSlot(c, o, line.Today)
	if err != nil || ends.IsZero() || now.Before(ends.Add(-closingSoon)) {
		return err
	}
	for _, l := range line.Couples {
		d.Left = append(d.Left, lineRow{l.Number, l.Ticket, d.T("status." + string(l.Status))})
	}
	return nil
}

// closingSoon is how long before the end of the last slot the page counts who is
// still there.
const closingSoon = 30 * time.Minute

// lastSlot is when the last slot of a day ends, or zero.
func (p *Pages) lastSlot(c echo.Context, o slots.Office, day date.Date) (time.Time, error) {
	free, err := p.Desk.Availability(c.Request().Context(), o.ID)
	if err != nil {
		return time.Time{}, err
	}
	var last time.Time
	for _, s := range o.Services {
		for _, via := range slots.Channels() {
			for _, t := range free.Times(s, via, day) {
				if t.EndsAt.After(last) {
					last = t.EndsAt
				}
			}
		}
	}
	return last, nil
}

// fillNow is the couple that the counter has.
func (p *Pages) fillNow(c echo.Context, d *counterPage, o slots.Office, l hall.InLine, f counterForm) error {
	g, err := p.coupleAt(c, l.Number, f)
	if err != nil {
		return err
	}
	w := &atCounter{
		Own: d.ownWords(g), Ticket: l.Ticket, Status: d.T("status." + string(l.Status)),
		Called: l.Status == booking.Called, Serving: l.Status == booking.InService, WalkIn: g.WalkIn, Late: walksIn(l) && !g.WalkIn,
		Gone: l.Calls >= g.rules.CallRepeats, Calls: d.T("window.calls", "n", l.Calls, "time", d.clockIn(l.CalledAt, o)),
		Refusing: f.refusing,
	}
	w.Unmask = p.unmasking(c, d.page, g, "", f.wrong)
	d.Now = w
	if w.Serving {
		if w.Finish, err = p.finishing(c, d.page, g, f); err != nil {
			return err
		}
		d.Mistakes = append(d.Mistakes, mistakesIn(d.Reader, "", w.Finish.Serial)...)
	}
	w.Reasons = field{Name: "refusal", Choices: []option{{"", d.T("window.choose"), true}}}
	for _, r := range hall.RefusalCodes() {
		w.Reasons.Choices = append(w.Reasons.Choices, option{string(r), d.T("window.refusal." + string(r)), string(r) == c.FormValue("refusal")})
	}
	w.Reasons = d.typed(w.Reasons, "window.reason", c.FormValue("refusal"), f.wrong)
	w.Reason = d.typed(field{Name: "reason", Auto: "off"}, "window.words", c.FormValue("reason"), f.wrong)
	d.Mistakes = append(d.Mistakes, mistakesIn(d.Reader, "", append(w.Unmask.inputs(), w.Reasons, w.Reason)...)...)
	return nil
}

// coupleAt is a couple as the counter sees it: in full only in the answer to
// whoever has asked for that.
func (p *Pages) coupleAt(c echo.Context, number string, f counterForm) (own, error) {
	if f.unmasked != nil && f.unmasked.Number == number {
		return *f.unmasked, nil
	}
	a, err := p.Desk.At(c.Request().Context(), number, me(c).MayServe)
	if err != nil {
		return own{}, err
	}
	return p.known(c, a)
}

// liveLine is what a counter asks for every few seconds. It names nobody, so that no
// look is noted for it.
type liveLine struct {
	Mark   string    `json:"mark"`
	Inside string    `json:"inside"`
	Line   []lineRow `json:"line"`
	Parked int       `json:"parked"`
}

// counterLine is the line for a page that is open.
func (p *Pages) counterLine(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	pg := p.page(c)
	line, err := p.Hall.Line(c.Request().Context(), o.ID, date.DateOf(p.Clock.Now().In(o.Location)))
	if err != nil {
		return err
	}
	waiting, parked := pg.lineRows(line, o, c.Param("counter"))
	if waiting == nil {
		waiting = []lineRow{}
	}
	return c.JSON(http.StatusOK, liveLine{cmp.Or(mark(line, c.Param("counter")), ""), pg.inside(line), waiting, len(parked)})
}
