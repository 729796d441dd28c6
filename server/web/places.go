package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/slots"
)

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
