package web

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/server/i18n"
	"hunyue/slots"
)

// The screen of a hall shows which ticket goes to which counter, in both languages,
// to everybody: no names, no business types (domain rule 46). It is one page that a
// stream keeps up to date; without scripts it asks again by itself.

func (p *Pages) mountScreen(e *echo.Echo) {
	e.GET("/screen/:office", p.hallScreen)
	e.GET("/screen/:office/events", p.hallEvents)
	e.GET("/b/:number/line", p.lineEvents)
}

// seen is a hall's day as it was read, and what the screen shows of it.
type seen struct {
	hall.Board
	about aboutDay
	shows wall
	id    string // another whenever the screen changes
	html  string
}

// aboutDay is an office and its day, as they were in this minute.
type aboutDay struct {
	office slots.Office
	rules  slots.Rules
	hours  []string
	minute string
}

// wall is what a screen shows.
type wall struct {
	Zh, En     i18n.Reader `json:"-"`
	Office     string
	OfficeEN   string
	Day, DayEN string
	Clock      string
	Newest     *wallCall // called last
	Before     []wallCall
	Waiting    []string // tickets, as they will be called
	More       int      // who do not fit
	Minutes    int      // until the next who comes would be called; 0: nobody knows
	Outside    bool     // the hall is full
	Hours      []string
	Open       bool // there are hours today that have not ended, or somebody waits
	Hot        bool `json:"-"` // the newest call is a few seconds old
}

// wallCall is a call of a ticket to a counter; one that is repeated is another.
type wallCall struct {
	ID      string `json:"id"`
	Ticket  string `json:"ticket"`
	Counter string `json:"counter"`
	At      int64  `json:"at"` // milliseconds
}

// shownWaiting is how many tickets of those who wait fit on the screen; hotFor is
// how long a call stands out.
const (
	shownWaiting = 5
	hotFor       = 12 * time.Second
)

// lookAt reads an office's hall for the hub. What has not changed is not drawn again.
func (p *Pages) lookAt(ctx context.Context, id string, before seen) (seen, error) {
	s, err := p.readHall(ctx, id, before)
	if err != nil {
		p.Hall.Log.WarnContext(ctx, "the hall cannot be read for its screens", "office", id, "error", err)
	}
	return s, err
}

func (p *Pages) readHall(ctx context.Context, id string, before seen) (seen, error) {
	about, err := p.aboutDay(ctx, id, before.about)
	if err != nil {
		return seen{}, err
	}
	now := p.Clock.Now().In(about.office.Location)
	board, err := p.Hall.BoardBy(ctx, id, date.DateOf(now), about.rules)
	if err != nil {
		return seen{}, err
	}
	s := seen{Board: board, about: about, shows: p.wallOf(about.office, now, board, about.hours)}
	text, err := json.Marshal(s.shows) //nolint:musttag // nobody reads it: it is compared
	if err != nil {
		return seen{}, err
	}
	sum := fnv.New64a()
	_, _ = sum.Write(text)
	if s.id = strconv.FormatUint(sum.Sum64(), 16); s.id == before.id {
		s.html = before.html
		return s, nil
	}
	s.html, err = p.draw(s.shows)
	return s, err
}

// aboutDay is what is read of a day once a minute: what a reading a second needs of it
// besides the line.
func (p *Pages) aboutDay(ctx context.Context, id string, before aboutDay) (aboutDay, error) {
	minute := p.Clock.Now().UTC().Format("2006-01-02 15:04")
	if before.minute == minute {
		return before, nil
	}
	about := aboutDay{minute: minute}
	var err error
	if about.office, err = p.Offices.Office(ctx, id); err != nil {
		return aboutDay{}, err
	}
	today := date.DateOf(p.Clock.Now().In(about.office.Location))
	if about.rules, err = p.Offices.Rules(ctx, id, today); err != nil {
		return aboutDay{}, err
	}
	about.hours, err = p.hoursOf(ctx, about.office, today)
	return about, err
}

func (p *Pages) draw(w wall) (string, error) {
	var html strings.Builder
	if err := p.look.templates["hallscreen"].ExecuteTemplate(&html, "wall", w); err != nil {
		return "", fmt.Errorf("draw the screen of a hall: %w", err)
	}
	return html.String(), nil
}

// wallOf is what a screen shows of a board.
func (p *Pages) wallOf(o slots.Office, now time.Time, b hall.Board, hours []string) wall {
	today := date.DateOf(now)
	w := wall{
		Zh: p.Texts.In("zh"), En: p.Texts.In("en"), Office: o.Name, OfficeEN: o.NameEN,
		Day: shortDayIn("zh", today), DayEN: shortDayIn("en", today), Clock: now.Format("15:04"),
		Outside: b.Full(), Hours: hours,
	}
	for i, t := range b.Calls {
		call := wallCall{fmt.Sprintf("%d-%s", t.At.UnixMilli(), t.Ticket), t.Ticket, t.Counter, t.At.UnixMilli()}
		if i == 0 {
			w.Newest = &call
		} else {
			w.Before = append(w.Before, call)
		}
	}
	waiting := b.Waiting()
	for i, c := range waiting {
		if i == shownWaiting {
			w.More = len(waiting) - i
			break
		}
		w.Waiting = append(w.Waiting, c.Ticket)
	}
	if about := b.About(len(waiting)); about > 0 {
		w.Minutes = inFives(about)
	}
	w.Open = len(b.Couples) > 0 || len(hours) > 0 && now.Format("15:04") < hours[len(hours)-1][len("09:00–"):]
	return w
}

// hoursOf is when an office works on a day, from its slots: "09:00–12:00".
func (p *Pages) hoursOf(ctx context.Context, o slots.Office, day date.Date) ([]string, error) {
	quotas, err := p.Offices.Quotas(ctx, o.ID, day, day)
	if err != nil {
		return nil, err
	}
	var from, to time.Time
	var hours []string
	add := func() {
		if !from.IsZero() {
			hours = append(hours, from.In(o.Location).Format("15:04")+"–"+to.In(o.Location).Format("15:04"))
		}
	}
	for _, q := range quotas { // in the order of their times
		if q.Kind != slots.Place || !q.Offered() || !q.Open {
			continue
		}
		if q.StartsAt.After(to) {
			add()
			from = q.StartsAt
		}
		if q.EndsAt.After(to) {
			to = q.EndsAt
		}
	}
	add()
	return hours, nil
}

// hallPage is the screen of a hall before its stream takes over.
type hallPage struct {
	page
	Wall   wall
	Events string // where it is kept up to date from
	Clips  string // where the voice comes from: NAME=ADDRESS, in a row
	Voice  string // on, zh, en, off
	Times  int    // how often a call is said
	Start  bool   // with a button, which browsers want before they let a page speak
	Stale  bool
}

// hallScreen shows it. When the hall cannot be read it says so, and asks again.
func (p *Pages) hallScreen(c echo.Context) error {
	office, err := p.Offices.Office(c.Request().Context(), c.Param("office"))
	if err != nil {
		return err
	}
	d := hallPage{
		page: p.page(c), Events: "/screen/" + office.ID + "/events", Clips: p.look.clips(),
		Voice: oneOf(c.QueryParam("voice"), "on", "zh", "en", "off"), Times: 1, Start: c.QueryParam("start") != "off",
	}
	if n, err := strconv.Atoi(c.QueryParam("times")); err == nil {
		d.Times = min(max(n, 1), 3)
	}
	s, err := p.hub.now(c.Request().Context(), office.ID, second)
	if err != nil {
		now := p.Clock.Now().In(office.Location)
		d.Wall, d.Stale = p.wallOf(office, now, hall.Board{}, nil), true
		return p.render(c, http.StatusOK, "hallscreen", d)
	}
	d.Wall = s.shows
	if newest := d.Wall.Newest; newest != nil {
		d.Wall.Hot = p.Clock.Now().Sub(time.UnixMilli(newest.At)) < hotFor
	}
	return p.renderPacked(c, http.StatusOK, "hallscreen", d)
}

// oneOf is what was asked for, if that can be had, or else the first of the others.
func oneOf(asked string, values ...string) string {
	for _, v := range values {
		if v == asked {
			return v
		}
	}
	return values[0]
}

// wallEvent is what a screen is told: what to show, and what to say.
type wallEvent struct {
	Now   int64      `json:"now"`
	HTML  string     `json:"html"`
	Calls []wallCall `json:"calls"` // newest first
}

// hallEvents keeps a screen up to date.
func (p *Pages) hallEvents(c echo.Context) error {
	office, err := p.Offices.Office(c.Request().Context(), c.Param("office"))
	if err != nil {
		return unlessGone(c, err)
	}
	return p.stream(c, office.ID, "screen", func(s seen) (event, error) {
		e := wallEvent{Now: p.Clock.Now().UnixMilli(), HTML: s.html, Calls: []wallCall{}}
		if s.shows.Newest != nil {
			e.Calls = append(append(e.Calls, *s.shows.Newest), s.shows.Before...)
		}
		return event{Name: "board", ID: s.id, Data: e}, nil
	})
}
