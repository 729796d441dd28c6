package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/server/auth"
	"hunyue/slots"
)

type officesPage struct {
	page
	Links []link
}

// managedOffices is the offices that a manager may change.
func (p *Pages) managedOffices(c echo.Context) error {
	s := auth.From(c.Request().Context())
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

// managed is the office of the address, if it is one of theirs.
func (p *Pages) managed(c echo.Context) (slots.Office, date.Date, error) {
	if !auth.From(c.Request().Context()).MayServe(c.Param("office")) {
		return slots.Office{}, date.Date{}, auth.ErrForbidden
	}
	o, err := p.Offices.Office(c.Request().Context(), c.Param("office"))
	if err != nil {
		return o, date.Date{}, err
	}
	return o, date.DateOf(p.Clock.Now().In(o.Location)), nil
}

type managePage struct {
	page
	Office   hidden
	Schedule []field
	From     []field // first and last day to publish
	Suspend  []field
	Close    field
	Days     []link
	Preview  *preview
	Affected *affected
}

// preview is what publishing would change, or has changed.
type preview struct {
	Done           bool
	From, To       string
	Added, Removed int
	Days           []dayChange
	Unconfirmed    bool // the holidays of the year are not published yet
}

// dayChange is a day on which something changes or needs somebody's eyes.
type dayChange struct{ Day, Text string }

// affected is whom a suspension would take away, or has.
type affected struct {
	Done   bool
	Closed int
	Rows   []guestRow
	Keep   []hidden
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
	d.page, d.Office = pg, hidden{o.ID, pg.officeName(o)}
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
	d.Suspend = pg.suspendFields(c, o, today, wrong)
	d.Close = pg.dated(c, "close.day", "manage.day", today, wrong)
	for day := today; !day.After(last); day = day.AddDays(1) {
		d.Days = append(d.Days, link{To: "/manage/" + o.ID + "/" + day.String(), Text: pg.ShortDay(day)})
	}
	all := append(append(append(d.Schedule, d.From...), d.Suspend...), d.Close)
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

// publish offers what the schedule says: first what that would change, and then,
// if the manager says so, in effect.
func (p *Pages) publish(c echo.Context) error {
	o, today, err := p.managed(c)
	if err != nil {
		return err
	}
	wrong := wrongs{}
	from, to := typedDay(c, wrong, "publish.from"), typedDay(c, wrong, "publish.to")
	if len(wrong) > 0 {
		return p.showOffice(c, http.StatusUnprocessableEntity, p.page(c), o, today, managePage{}, wrong)
	}
	dry := c.FormValue("step") != "publish"
	options := slots.PublishOptions{DryRun: dry, ConfirmUnpublishedCalendar: c.FormValue("unconfirmed") != ""}
	done, err := p.Desk.Publish(c.Request().Context(), o.ID, from, to, options, auth.From(c.Request().Context()).Actor())
	pg := p.page(c)
	if err != nil {
		return p.notManaged(c, pg, o, today, err, "publish.", managePage{Preview: unconfirmed(err, from, to)})
	}
	added, removed := done.Places()
	shown := &preview{Done: !dry, From: from.String(), To: to.String(), Added: added, Removed: removed, Unconfirmed: options.ConfirmUnpublishedCalendar}
	for _, day := range done.Days {
		shown.Days = append(shown.Days, pg.dayChanges(day)...)
	}
	return p.showOffice(c, http.StatusOK, pg, o, today, managePage{Preview: shown}, nil)
}

// unconfirmed offers to publish all the same, where only the calendar is not
// known.
func unconfirmed(err error, from, to date.Date) *preview {
	if fault.Of(err).Code != slots.ErrCalendarUnconfirmed.Code {
		return nil
	}
	return &preview{From: from.String(), To: to.String(), Unconfirmed: true}
}

// dayChanges is what is worth saying about a day.
func (pg page) dayChanges(d slots.DayPreview) []dayChange {
	var all []dayChange
	say := func(key string, n int) {
		if n > 0 {
			all = append(all, dayChange{pg.ShortDay(d.Day), pg.T(key, "n", n)})
		}
	}
	added, removed := slots.Preview{Days: []slots.DayPreview{d}}.Places()
	say("publish.added", added)
	say("publish.removed", removed)
	say("publish.withdrawn", len(d.Withdrawn))
	say("publish.left", len(d.Left))
	say("publish.blocked", len(d.Blocked))
	say("publish.excess", len(d.Excess))
	if key := "publish.closed." + d.Closed; d.Closed != "" && pg.Has(key) {
		all = append(all, dayChange{pg.ShortDay(d.Day), pg.T(key)})
	}
	return all
}

// notManaged shows the page again with why nothing was done. The fields of a
// fault are those of the form with the prefix.
func (p *Pages) notManaged(c echo.Context, pg page, o slots.Office, today date.Date, err error, prefix string, d managePage) error {
	why, tellable := told(err)
	if !tellable {
		return err
	}
	wrong := wrongs{}
	for name, code := range why.Fields {
		wrong[prefix+name] = code
	}
	if len(wrong) == 0 {
		pg = pg.refused(why)
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
	closed, err := p.Hall.CloseDay(c.Request().Context(), o.ID, day, auth.From(c.Request().Context()).Actor())
	if err != nil {
		return p.notManaged(c, pg, o, today, err, "close.", managePage{})
	}
	pg.Notice = pg.T("manage.closed", "day", pg.ShortDay(day), "marked", closed.Marked, "absent", closed.NoShows, "deferred", closed.Deferred, "open", closed.Open)
	return p.showOffice(c, http.StatusOK, pg, o, today, managePage{}, nil)
}

type placesPage struct {
	page
	Office hidden
	Day    string
	Rows   []placesRow
	Report []answer
	Action string
}

// placesRow is a quota, and the form that changes it.
type placesRow struct {
	What                         string
	Cap, Booked, Cooling, Excess int
	Places, Reason               field
	Quota                        string
	Shut                         bool
}

// places is what an office sells on a day, and what the day has been so far.
func (p *Pages) places(c echo.Context) error {
	o, _, err := p.managed(c)
	if err != nil {
		return err
	}
	return p.showPlaces(c, http.StatusOK, p.page(c), o, "", nil)
}

func (p *Pages) showPlaces(c echo.Context, status int, pg page, o slots.Office, changing string, wrong wrongs) error {
	day, err := date.ParseDate(c.Param("date"))
	if err != nil {
		return slots.ErrNoSuchSlot
	}
	quotas, err := p.Offices.Quotas(c.Request().Context(), o.ID, day, day)
	if err != nil {
		return err
	}
	d := placesPage{page: pg, Office: hidden{o.ID, pg.officeName(o)}, Day: pg.Day(day), Action: "/manage/" + o.ID + "/" + day.String() + "/places"}
	for _, q := range quotas {
		if q.Kind == slots.Place && !q.Offered() {
			continue
		}
		row := pg.placesRow(q, o)
		if q.ID == changing {
			row.Places.Value, row.Places.Wrong = c.FormValue("places"), wrong.say(pg.Reader, "cap")
			row.Reason.Value, row.Reason.Wrong = c.FormValue("reason"), wrong.say(pg.Reader, "reason")
			d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, row.What, row.Places, row.Reason)...)
		}
		d.Rows = append(d.Rows, row)
	}
	report, err := p.Hall.Report(c.Request().Context(), o.ID, day)
	if err != nil {
		return err
	}
	for _, line := range []struct {
		key string
		n   int
	}{
		{"report.booked", report.Booked},
		{"report.expected", report.Expected},
		{"report.arrived", report.Arrived},
		{"report.completed", report.Completed},
		{"report.not_accepted", report.NotAccepted},
		{"report.deferred", report.Deferred},
		{"report.open", report.Open},
		{"report.no_show", report.NoShow},
		{"report.cancelled", report.Cancelled},
		{"report.cancelled_by_office", report.CancelledByOffice},
	} {
		d.Report = append(d.Report, answer{pg.T(line.key), strconv.Itoa(line.n)})
	}
	return p.render(c, status, "places", d)
}

func (pg page) placesRow(q slots.Quota, o slots.Office) placesRow {
	row := placesRow{
		Quota: q.ID, Cap: q.Cap, Booked: q.Booked, Cooling: q.Cooling, Excess: q.Excess, Shut: !q.Open,
		Places: field{Name: "places-" + q.ID, Label: pg.T("places.cap"), Value: strconv.Itoa(q.Cap), Mode: "numeric"},
		Reason: field{Name: "reason-" + q.ID, Label: pg.T("places.reason"), Auto: "off"},
	}
	switch q.Kind {
	case slots.Place:
		row.What = pg.Clock(q.StartsAt.In(o.Location)) + " " + pg.T("group."+string(q.Group)) + " " + pg.T("channel."+string(q.Channel))
	case slots.HallCap:
		row.What = pg.T("cap.hall")
	case slots.HalfDayCap, slots.DayCap:
		row.What = pg.T("cap."+string(q.Kind)) + " " + pg.T("group."+string(q.Group))
		if strings.Contains(q.ID, "-am-") {
			row.What += " " + pg.T("cap.am")
		} else if strings.Contains(q.ID, "-pm-") {
			row.What += " " + pg.T("cap.pm")
		}
	}
	return row
}

// setPlaces changes how many places one quota sells.
func (p *Pages) setPlaces(c echo.Context) error {
	o, _, err := p.managed(c)
	if err != nil {
		return err
	}
	quota, pg := c.FormValue("quota"), p.page(c)
	if !strings.HasPrefix(quota, o.ID+"-") {
		return slots.ErrNoSuchSlot
	}
	n, err := strconv.Atoi(strings.TrimSpace(c.FormValue("places")))
	if err != nil {
		return p.showPlaces(c, http.StatusUnprocessableEntity, pg, o, quota, wrongs{"cap": "format"})
	}
	done, err := p.Desk.SetCapacity(c.Request().Context(), capacityOf(c, quota, n))
	if err != nil {
		why, tellable := told(err)
		if !tellable {
			return err
		}
		if len(why.Fields) == 0 {
			pg = pg.refused(why)
		}
		return p.showPlaces(c, statusOf(why), pg, o, quota, why.Fields)
	}
	pg.Notice = pg.T("places.done", "before", done.Before, "after", done.After, "excess", done.Excess)
	return p.showPlaces(c, http.StatusOK, pg, o, "", nil)
}
