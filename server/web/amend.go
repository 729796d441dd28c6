package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/slots"
)

// stop is a suspension, what has become of its end, and the form for another.
type stop struct {
	ID         string
	What       string
	Was        []string
	To, Reason field
}

// stops is the suspensions of an office that last, will, or did until yesterday.
func (p *Pages) stops(c echo.Context, pg page, o slots.Office, today date.Date, wrong wrongs) ([]stop, error) {
	ctx := c.Request().Context()
	found, err := p.Offices.Suspensions(ctx, o.ID, today.AddDays(-1), today.AddDays(365))
	if err != nil {
		return nil, err
	}
	changes, err := p.Offices.SuspensionChanges(ctx, found)
	if err != nil {
		return nil, err
	}
	var all []stop
	for _, s := range found {
		all = append(all, pg.stop(c, o, s, changes[s.ID], wrong))
	}
	return all, nil
}

func (pg page) stop(c echo.Context, o slots.Office, s slots.Suspension, changes []slots.SuspensionChange, wrong wrongs) stop {
	shown := stop{ID: strconv.FormatInt(s.ID, 10)}
	var services []string
	for _, offered := range o.Services {
		if slices.Contains(s.Services, offered.ID) {
			services = append(services, pg.serviceName(offered))
		}
	}
	what := strings.Join(services, pg.T("desk.and"))
	if len(services) == len(o.Services) {
		what = pg.T("amend.all")
	}
	shown.What = pg.T("amend.when", "from", pg.ShortDay(s.From), "to", pg.until(s.To), "services", what, "reason", s.Reason)
	for _, change := range changes {
		at := change.At.In(o.Location)
		shown.Was = append(shown.Was, pg.T("amend.was", "at", pg.ShortDay(date.DateOf(at))+" "+pg.Clock(at),
			"by", pg.who(change.Actor), "to", pg.until(change.To), "reason", change.Reason))
	}
	to, reason := amendInput(shown.ID, "to"), amendInput(shown.ID, "reason")
	last := s.To.String()
	if c.Request().PostForm.Has(to) {
		last = c.FormValue(to)
	}
	shown.To = pg.typed(field{Name: to, Type: "date", Hint: pg.T("amend.to_hint")}, "amend.to", last, wrong)
	shown.Reason = pg.typed(field{Name: reason}, "amend.reason", c.FormValue(reason), wrong)
	return shown
}

// amendInput names an input of a suspension's form: there are many on the page.
func amendInput(id, what string) string { return "amend." + id + "." + what }

// until is the last day of a suspension.
func (pg page) until(day date.Date) string {
	if day.IsZero() {
		return pg.T("amend.open")
	}
	return pg.ShortDay(day)
}

// who is the name of whoever acted: staff by their user name.
func (page) who(actor string) string { return strings.TrimPrefix(actor, "staff:") }

// amend shows whom another end of a suspension would take away and then, if the
// manager says so, sets it.
func (p *Pages) amend(c echo.Context) error {
	o, today, err := p.managed(c)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return slots.ErrNoSuchSuspension
	}
	wrong, pg := wrongs{}, p.page(c)
	to, reason := amendInput(c.Param("id"), "to"), amendInput(c.Param("id"), "reason")
	a := booking.Amendment{Office: o.ID, Suspension: id, Reason: strings.TrimSpace(c.FormValue(reason))}
	if strings.TrimSpace(c.FormValue(to)) != "" {
		a.To = typedDay(c, wrong, to)
	}
	if len(wrong) > 0 {
		return p.showOffice(c, http.StatusUnprocessableEntity, pg, o, today, managePage{}, wrong)
	}
	dry := c.FormValue("step") != "amend"
	done, err := p.Desk.Amend(c.Request().Context(), a, me(c).Actor(), dry)
	if err != nil {
		return p.notManaged(c, pg, o, today, err, amendInput(c.Param("id"), ""), managePage{})
	}
	shown := pg.affected(o, done, dry, "amend.preview", "amend.done")
	shown.Total = pg.T("amend.total", "n", len(shown.Rows), "closed", done.Closed, "reopened", done.Reopened)
	shown.Do = pg.T("amend.do", "n", len(shown.Rows))
	shown.Action, shown.Step = "/manage/"+o.ID+"/suspensions/"+c.Param("id"), "amend"
	shown.Keep = []hidden{{to, c.FormValue(to)}, {reason, c.FormValue(reason)}}
	return p.showOffice(c, http.StatusOK, pg, o, today, managePage{Affected: shown}, nil)
}
