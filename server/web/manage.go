package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/slots"
)

type officesPage struct {
	page
	Links []link
}

// managedOffices is the offices that a manager may change.
func (p *Pages) managedOffices(c echo.Context) error {
	s := me(c)
	if len(s.Offices) == 1 {
		return c.Redirect(http.StatusSeeOther, "/manage/"+s.Offices[0])
	}
	d := officesPage{page: p.page(c)}
	for _, id := range s.Offices {
		o, err := p.Offices.Office(c.Request().Context(), id)
		if err != nil {
			return err
		}
		d.Links = append(d.Links, link{To: "/manage/" + id, Text: d.officeName(o)})
	}
	return p.render(c, http.StatusOK, "offices", d)
}

// managed is the office of the address, and its today.
func (p *Pages) managed(c echo.Context) (slots.Office, date.Date, error) {
	o, err := p.Offices.Office(c.Request().Context(), c.Param("office"))
	if err != nil {
		return o, date.Date{}, err
	}
	return o, date.DateOf(p.Clock.Now().In(o.Location)), nil
}

type managePage struct {
	page
	Office   named
	Owed     []owed
	Schedule []field
	From     []field // first and last day to publish
	Special  special
	Suspend  []field
	Stops    []stop // suspensions whose end can be changed
	Close    field
	Reports  []link
	Days     []link
	Preview  *preview
	Affected *affected
}

// affected is whom a suspension, or another end of one, would take away or has.
type affected struct {
	Done             bool
	Title, Total, Do string
	Action, Step     string // of the form that does it
	Rows             []guestRow
	Keep             []hidden
}

// office is where a manager changes what an office offers.
func (p *Pages) office(c echo.Context) error {
	o, today, err := p.managed(c)
	if err != nil {
		return err
	}
	return p.showOffice(c, http.StatusOK, p.page(c), o, today, managePage{}, nil)
}

// showOffice shows the page of an office with what was typed into one of its
// forms, if anything was.
func (p *Pages) showOffice(c echo.Context, status int, pg page, o slots.Office, today date.Date, d managePage, wrong wrongs) error {
	template, err := p.templateNow(c, o, today)
	if err != nil {
		return err
	}
	d.page, d.Office = pg, named{o.ID, pg.officeName(o)}
	if d.Owed, err = p.owed(c, pg, o, today); err != nil {
		return err
	}
	d.Schedule = pg.scheduleFields(c, template, today, wrong)
	rules, err := p.Offices.Rules(c.Request().Context(), o.ID, today)
	if err != nil {
		return err
	}
	last := today.AddDays(rules.HorizonDays)
	d.From = []field{
		pg.dated(c, "publish.from", "manage.from", today, wrong),
		pg.dated(c, "publish.to", "manage.to", last, wrong),
	}
	d.Special.Fields = pg.specialFields(c, o, wrong)
	if d.Special.Days, err = p.specialDays(c, pg, o, today); err != nil {
		return err
	}
	d.Suspend = pg.suspendFields(c, o, today, wrong)
	if d.Stops, err = p.stops(c, pg, o, today, wrong); err != nil {
		return err
	}
	for _, s := range d.Stops {
		d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, s.What, s.To, s.Reason)...)
	}
	d.Close = pg.dated(c, "close.day", "manage.day", today, wrong)
	if d.Reports, err = p.reportedDays(c, pg, o, today); err != nil {
		return err
	}
	for day := today; !day.After(last); day = day.AddDays(1) {
		d.Days = append(d.Days, link{To: "/manage/" + o.ID + "/" + day.String(), Text: pg.ShortDay(day)})
	}
	all := slices.Concat(d.Schedule, d.From, d.Special.Fields, d.Suspend, []field{d.Close})
	d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", all...)...)
	if len(wrong) > 0 && len(d.Mistakes) == 0 {
		d.Alert = pg.Fault("invalid_input") // in what the form does not show
	}
	return p.render(c, status, "manage", d)
}

// dated is an input for a day: what was typed, or else the usual day.
func (pg page) dated(c echo.Context, name, label string, usual date.Date, wrong wrongs) field {
	value, sent := c.FormValue(name), c.Request().PostForm.Has(name)
	if !sent {
		value = usual.String()
	}
	return pg.typed(field{Name: name, Type: "date"}, label, value, wrong)
}

// notManaged shows the page again with why nothing was done. The fields of a
// fault are those of the form with the prefix.
func (p *Pages) notManaged(c echo.Context, pg page, o slots.Office, today date.Date, err error, prefix string, d managePage) error {
	pg, why, err := pg.explained(c, err)
	if err != nil {
		return err
	}
	wrong := wrongs{}
	for name, code := range why.Fields {
		wrong[prefix+name] = code
	}
	return p.showOffice(c, statusOf(why), pg, o, today, d, wrong)
}

// typedDay reads a day from a form.
func typedDay(c echo.Context, wrong wrongs, name string) date.Date {
	typed := strings.TrimSpace(c.FormValue(name))
	day, err := date.ParseDate(typed)
	switch {
	case typed == "":
		wrong[name] = "required"
	case err != nil:
		wrong[name] = "date"
	}
	return day
}

// closeDay notes who did not come.
func (p *Pages) closeDay(c echo.Context) error {
	o, today, err := p.managed(c)
	if err != nil {
		return err
	}
	wrong, pg := wrongs{}, p.page(c)
	day := typedDay(c, wrong, "close.day")
	if len(wrong) > 0 {
		return p.showOffice(c, http.StatusUnprocessableEntity, pg, o, today, managePage{}, wrong)
	}
	closed, err := p.Hall.CloseDay(c.Request().Context(), o.ID, day, me(c).Actor())
	if err != nil {
		return p.notManaged(c, pg, o, today, err, "close.", managePage{})
	}
	pg.Notice = pg.T("manage.closed", "day", pg.ShortDay(day), "marked", closed.Marked, "absent", closed.NoShows, "deferred", closed.Deferred, "open", closed.Open)
	return p.showOffice(c, http.StatusOK, pg, o, today, managePage{}, nil)
}
