package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/slots"
)

type placesPage struct {
	page
	Office named
	Day    string
	Rows   []placesRow
	Report []answer
	Daily  daily
	Action string
	Signs  []string // who signs the printed report
}

// placesRow is a quota, and the form that changes it.
type placesRow struct {
	Quota, What                  string
	Cap, Booked, Cooling, Excess int
	Shut                         bool
	Places, Reason               field
}

// places is what an office sells on a day, and what the day has been so far.
func (p *Pages) places(c echo.Context) error {
	o, _, err := p.managed(c)
	if err != nil {
		return err
	}
	return p.showPlaces(c, http.StatusOK, p.page(c), o, "", nil, nil)
}

// showPlaces shows the day, under the quota that was to be changed what is wrong
// with the change, and the report that is about to be submitted.
func (p *Pages) showPlaces(c echo.Context, status int, pg page, o slots.Office, changing string, wrong wrongs, about *dailyTrial) error {
	day, err := date.ParseDate(c.Param("date"))
	if err != nil {
		return slots.ErrNoSuchSlot
	}
	quotas, err := p.Offices.Quotas(c.Request().Context(), o.ID, day, day)
	if err != nil {
		return err
	}
	d := placesPage{page: pg, Office: named{o.ID, pg.officeName(o)}, Day: pg.Day(day), Action: "/manage/" + o.ID + "/" + day.String() + "/places", Signs: pg.signs()}
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
	incidents, err := p.incidentLines(c, pg, o, day)
	if err != nil {
		return err
	}
	d.Report = append(pg.reportLines(report), incidents...)
	if d.Daily, err = p.daily(c, pg, o, day, report, wrong); err != nil {
		return err
	}
	d.Daily.About = about
	d.Mistakes = append(d.Mistakes, d.Daily.mistakes(pg)...)
	return p.render(c, status, "places", d)
}

func (pg page) reportLines(r hall.Report) []answer {
	var all []answer
	for _, f := range r.Figures() {
		all = append(all, answer{pg.T("report." + f.Name), strconv.Itoa(f.Count)})
	}
	return all
}

func (pg page) placesRow(q slots.Quota, o slots.Office) placesRow {
	return placesRow{
		Quota: q.ID, What: pg.quotaName(q, o), Shut: !q.Open,
		Cap: q.Cap, Booked: q.Booked, Cooling: q.Cooling, Excess: q.Excess,
		Places: field{Name: "places-" + q.ID, Label: pg.T("places.cap"), Value: strconv.Itoa(q.Cap)},
		Reason: field{Name: "reason-" + q.ID, Label: pg.T("places.reason")},
	}
}

// quotaName is what a quota counts, in words.
func (pg page) quotaName(q slots.Quota, o slots.Office) string {
	switch q.Kind {
	case slots.HallCap:
		return pg.T("cap.hall")
	case slots.DayCap:
		return pg.T("cap.day") + " " + pg.T("group."+string(q.Group))
	case slots.HalfDayCap:
		half := pg.T("cap.pm")
		if strings.Contains(q.ID, "-am-") {
			half = pg.T("cap.am")
		}
		return half + " " + pg.T("group."+string(q.Group))
	case slots.Place:
	}
	return pg.clockIn(q.StartsAt, o) + " " + pg.T("group."+string(q.Group)) + " " + pg.T("channel."+string(q.Channel))
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
		return p.showPlaces(c, http.StatusUnprocessableEntity, pg, o, quota, wrongs{"cap": "format"}, nil)
	}
	done, err := p.Desk.SetCapacity(c.Request().Context(), booking.Capacity{
		Quota: quota, Places: n, Reason: strings.TrimSpace(c.FormValue("reason")), Actor: me(c).Actor(),
	})
	if err != nil {
		pg, why, err := pg.explained(c, err)
		if err != nil {
			return err
		}
		return p.showPlaces(c, statusOf(why), pg, o, quota, why.Fields, nil)
	}
	pg.Notice = pg.T("places.done", "before", done.Before, "after", done.After, "excess", done.Excess)
	return p.showPlaces(c, http.StatusOK, pg, o, "", nil, nil)
}
