package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/notify"
	"hunyue/server/auth"
	"hunyue/slots"
)

// mountCalls adds the call list to the addresses of the phone line.
func (p *Pages) mountCalls(call *echo.Group) {
	call.GET("/list", p.calls)
	call.POST("/list/next", p.nextCall)
	call.POST("/list/back", p.putBackCall)
	call.POST("/list/:call", p.recordCall)
	call.GET("/list/:call", func(c echo.Context) error { return c.Redirect(http.StatusSeeOther, "/call/list") })
}

// mostCalls is how many entries of the list are shown: what comes next, and not
// everybody there is. They say what about and when, and not who: nobody has to know
// that before they call them.
const mostCalls = 20

type callsPage struct {
	page
	Office  named
	Offices []link
	Held    *heldCall // nil: nothing is in hand
	Left    int
	Due     int    // of those left, who can be called now
	Early   string // when the first of them can; "" where somebody can now, or nobody is left
	Tallies []tallyRow
	Rows    []entryRow
	More    int // entries that are not shown
}

// calls is the list: what is in hand, what comes next, and how far it has come.
func (p *Pages) calls(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	return p.showCalls(c, http.StatusOK, p.page(c), o, nil)
}

func (p *Pages) showCalls(c echo.Context, status int, pg page, o slots.Office, wrong wrongs) error {
	ctx, now := c.Request().Context(), p.Clock.Now().In(o.Location)
	d := callsPage{page: pg, Office: named{o.ID, pg.officeName(o)}}
	if d.Other != "" {
		d.Other = otherLanguage(url.URL{Path: "/call/list", RawQuery: url.Values{"office": {o.ID}}.Encode()}, pg.Lang)
	}
	var err error
	if d.Offices, err = p.officeLinks(c, pg, "/call/list", o.ID, me(c).Offices); err != nil {
		return err
	}
	tallies, err := p.Calls.Progress(ctx, o.ID, date.DateOf(now).In(o.Location))
	if err != nil {
		return err
	}
	for _, t := range tallies {
		row, err := p.tallyRow(c, pg, t)
		if err != nil {
			return err
		}
		d.Tallies, d.Left, d.Due = append(d.Tallies, row), d.Left+t.Left(), d.Due+t.Todo
	}
	if err := p.listCalls(c, &d, o); err != nil {
		return err
	}
	held, there, err := p.Calls.Held(ctx, me(c).Actor(), o.ID)
	if err != nil {
		return err
	}
	if there {
		if d.Held, err = p.heldCall(c, pg, o, held, wrong); err != nil {
			return err
		}
		if d.Held.Wrong != "" {
			d.Mistakes = append(d.Mistakes, mistake{"outcome." + string(notify.Reached), d.Held.Wrong})
		}
	}
	return p.render(c, status, "calls", d)
}

// listCalls fills in what comes next.
func (p *Pages) listCalls(c echo.Context, d *callsPage, o slots.Office) error {
	ctx := c.Request().Context()
	open, err := p.Calls.Open(ctx, o.ID, mostCalls)
	if err != nil {
		return err
	}
	now := p.Clock.Now()
	for _, call := range open {
		d.Rows = append(d.Rows, d.entryRow(o, call, now, me(c)))
		if call.Holder == "" && call.Waits(now) && d.Due == 0 && d.Early == "" {
			d.Early = d.clockIn(*call.DueAt, o)
		}
	}
	d.More = d.Left - len(open)
	return nil
}

// nextCall takes the next entry in hand.
func (p *Pages) nextCall(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	if _, _, err := p.Calls.Next(c.Request().Context(), me(c).Actor(), o.ID, c.FormValue("early") != ""); err != nil {
		return err
	}
	return backToCalls(c, o)
}

// putBackCall gives up the entry in hand uncalled.
func (p *Pages) putBackCall(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(c.FormValue("call"), 10, 64)
	if err != nil {
		return notify.ErrNoSuchCall
	}
	if err := p.Calls.PutBack(c.Request().Context(), me(c).Actor(), id); err != nil {
		return err
	}
	return backToCalls(c, o)
}

// recordCall notes how the call went, and takes the next unless they stop.
func (p *Pages) recordCall(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(c.Param("call"), 10, 64)
	if err != nil {
		return notify.ErrNoSuchCall
	}
	ctx, actor := c.Request().Context(), me(c).Actor()
	err = p.Calls.Record(ctx, actor, o.ID, notify.Called{ID: id, Outcome: notify.Outcome(c.FormValue("outcome")), Key: c.FormValue("key")})
	if err != nil {
		pg, why, err := p.page(c).explained(c, err)
		if err != nil {
			return err
		}
		return p.showCalls(c, statusOf(why), pg, o, why.Fields)
	}
	if c.FormValue("then") != "stop" {
		if _, _, err := p.Calls.Next(ctx, actor, o.ID, false); err != nil {
			return err
		}
	}
	return backToCalls(c, o)
}

func backToCalls(c echo.Context, o slots.Office) error {
	return c.Redirect(http.StatusSeeOther, "/call/list?"+url.Values{"office": {o.ID}}.Encode())
}

// keepsCall lets an operator keep what they have in hand while they work on
// other pages of the phone line, where they may be booking for whoever they call.
func (p *Pages) keepsCall(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s := me(c); s != nil && (c.Path() == "/call" || strings.HasPrefix(c.Path(), "/call/")) {
			if err := p.Calls.Keep(c.Request().Context(), s.Actor()); err != nil {
				return err
			}
		}
		return next(c)
	}
}

// freesCall takes what they have in hand away from whoever signs out.
func (p *Pages) freesCall(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		s, err := p.Accounts.Authenticate(ctx, p.Accounts.CookieToken(c.Request()))
		if err == nil {
			err = p.Calls.Release(ctx, s.Actor())
		}
		if err != nil && !errors.Is(err, auth.ErrLoginRequired) {
			return err
		}
		return next(c)
	}
}
