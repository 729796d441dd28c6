package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/server/auth"
	"hunyue/slots"
)

// deskPage is the desk at the door: one input for all that a couple can show, what
// was found, and who waits.
type deskPage struct {
	page
	deskSide
	Scan     scanBox
	Said     string // what came of what was looked for; "" before that
	Sign     string // of that
	Found    []guestRow
	Searched bool
	Reading  []field // of the one who is signed in; none where nobody is measured
	Normal   bool
	Shift    string // what is due of them now
	Key      string
	Verdict  string // what their own reading says

	Conflicts deskConflicts
	shell     bool // nobody is on it
}

// deskSide is the day of an office, beside whatever is done at its desk.
type deskSide struct {
	Office  named
	Offices []link
	Day     string
	Queue   queueView
	Owed    []owed
}

// guestRow is a line of the hall's list. It names nobody in full.
type guestRow struct{ Number, Names, When, Status, Ticket, Counter string }

// place is the office where a member of staff works: the one in the request, or
// else their first.
func (p *Pages) place(c echo.Context) (slots.Office, error) {
	s := me(c)
	id := c.FormValue("office")
	if id == "" && len(s.Offices) > 0 {
		id = s.Offices[0]
	}
	if !s.MayServe(id) {
		return slots.Office{}, auth.ErrForbidden
	}
	return p.Offices.Office(c.Request().Context(), id)
}

// today is the desk with nobody at it.
func (p *Pages) today(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	return p.showDesk(c, http.StatusOK, p.page(c), o, deskPage{}, nil)
}

func (p *Pages) showDesk(c echo.Context, status int, pg page, o slots.Office, d deskPage, wrong wrongs) error {
	ctx, s := c.Request().Context(), me(c)
	day := p.dayAt(o)
	rules, err := p.Offices.Rules(ctx, o.ID, day)
	if err != nil {
		return err
	}
	d.page, d.Key = pg, newKey()
	if d.deskSide, err = p.deskSide(c, pg, o, day, d.shell); err != nil {
		return err
	}
	if !d.shell {
		if d.Conflicts, err = p.conflicts(c, pg, o, 0, nil); err != nil {
			return err
		}
	}
	if d.Scan, err = p.scanBox(c, pg, o, rules, d.Scan.Find.Value); err != nil {
		return err
	}
	if rules.Screening != slots.ScreeningOff {
		if d.Normal, err = p.Hall.StaffNormalToday(ctx, s.Username); err != nil {
			return err
		}
		if d.Shift, err = p.ownShift(c, pg, s, o); err != nil {
			return err
		}
		d.Reading = pg.ownReadingFields(c, wrong)
		d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", d.Reading...)...)
	}
	return p.render(c, status, "desk", d)
}

// deskSide reads it; of a shell, which nobody is on, without the couples.
func (p *Pages) deskSide(c echo.Context, pg page, o slots.Office, day date.Date, shell bool) (deskSide, error) {
	var err error
	side := deskSide{Office: named{o.ID, pg.officeName(o)}, Day: pg.Day(day)}
	if side.Offices, err = p.officeLinks(c, pg, "/desk", o.ID, me(c).Offices); err != nil {
		return deskSide{}, err
	}
	if side.Owed, err = p.owed(c, pg, o, day); err != nil {
		return deskSide{}, err
	}
	if !shell {
		side.Queue, err = p.queue(c, pg, o, day)
	}
	return side, err
}

// dayAt is the day at an office.
func (p *Pages) dayAt(o slots.Office) date.Date { return date.DateOf(p.Clock.Now().In(o.Location)) }

// officeLinks leads to the same page at their other offices.
func (p *Pages) officeLinks(c echo.Context, pg page, at, here string, ids []string) ([]link, error) {
	var links []link
	for _, id := range ids {
		o, err := p.Offices.Office(c.Request().Context(), id)
		if err != nil {
			return nil, err
		}
		links = append(links, link{at + "?office=" + id, pg.officeName(o), id == here})
	}
	if len(links) < 2 {
		return nil, nil
	}
	return links, nil
}

// clockIn is an instant as the clocks at an office show it.
func (pg page) clockIn(t time.Time, o slots.Office) string { return pg.Clock(t.In(o.Location)) }
