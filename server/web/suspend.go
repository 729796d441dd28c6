package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/slots"
)

// suspendFields is the form of a suspension. No service means all of them.
func (pg page) suspendFields(c echo.Context, o slots.Office, today date.Date, wrong wrongs) []field {
	mode := field{Name: "suspend.mode"}
	for _, m := range []slots.Mode{slots.Full, slots.WalkInOnly} {
		mode.Choices = append(mode.Choices, option{string(m), pg.T("suspend." + string(m)), c.FormValue("suspend.mode") == string(m)})
	}
	services := field{Name: "suspend.service", Choices: []option{{"", pg.T("suspend.all"), c.FormValue("suspend.service") == ""}}}
	for _, s := range o.Services {
		services.Choices = append(services.Choices, option{s.ID, pg.serviceName(s), c.FormValue("suspend.service") == s.ID})
	}
	return []field{
		pg.dated(c, "suspend.from", "manage.from", today.AddDays(1), wrong),
		pg.typed(field{Name: "suspend.to", Type: "date", Hint: pg.T("suspend.to_hint")}, "manage.to", c.FormValue("suspend.to"), wrong),
		pg.typed(mode, "suspend.mode", c.FormValue("suspend.mode"), wrong),
		pg.typed(services, "suspend.service", c.FormValue("suspend.service"), wrong),
		pg.typed(field{Name: "suspend.reason", Hint: pg.T("suspend.reason_hint")}, "suspend.reason", c.FormValue("suspend.reason"), wrong),
		pg.typed(field{Name: "suspend.notice", Long: true, Hint: pg.T("suspend.notice_hint")}, "suspend.notice", c.FormValue("suspend.notice"), wrong),
	}
}

// suspend shows whom a suspension would take away and then, if the manager says
// so, suspends.
func (p *Pages) suspend(c echo.Context) error {
	o, today, err := p.managed(c)
	if err != nil {
		return err
	}
	closing, wrong := closingOf(c, o)
	pg := p.page(c)
	if len(wrong) > 0 {
		return p.showOffice(c, http.StatusUnprocessableEntity, pg, o, today, managePage{}, wrong)
	}
	dry := c.FormValue("step") != "suspend"
	done, err := p.Desk.Suspend(c.Request().Context(), closing, me(c).Actor(), dry)
	if err != nil {
		return p.notManaged(c, pg, o, today, err, "suspend.", managePage{})
	}
	shown := pg.affected(o, done, dry, "suspend.preview", "suspend.done")
	shown.Total = pg.T("suspend.total", "n", len(shown.Rows), "closed", done.Closed)
	if dry {
		waiting, err := p.waitingIn(c.Request().Context(), closing)
		if err != nil {
			return err
		}
		if waiting > 0 {
			shown.Total += pg.T("wait.in_days", "n", waiting)
		}
	}
	shown.Do = pg.T("suspend.do", "n", len(shown.Rows))
	shown.Action, shown.Step = "/manage/"+o.ID+"/suspend", "suspend"
	for _, name := range []string{"from", "to", "mode", "service", "reason", "notice"} {
		shown.Keep = append(shown.Keep, hidden{"suspend." + name, c.FormValue("suspend." + name)})
	}
	return p.showOffice(c, http.StatusOK, pg, o, today, managePage{Affected: shown}, nil)
}

// waitingIn is how many couples wait for a day of a closing.
func (p *Pages) waitingIn(ctx context.Context, closing slots.Closing) (int, error) {
	to := closing.To
	if to.IsZero() { // until further notice
		to = closing.From.AddDays(366)
	}
	return p.Desk.WaitingOn(ctx, closing.Office, closing.From, to)
}

// affected begins with who is, under one of two titles.
func (pg page) affected(o slots.Office, s booking.Suspension, dry bool, before, after string) *affected {
	shown := &affected{Done: !dry, Title: pg.T(after)}
	if dry {
		shown.Title = pg.T(before)
	}
	for _, a := range s.Affected {
		at := a.StartsAt.In(o.Location)
		shown.Rows = append(shown.Rows, guestRow{Number: a.Number, When: pg.ShortDay(date.DateOf(at)) + " " + pg.Clock(at)})
	}
	return shown
}

func closingOf(c echo.Context, o slots.Office) (slots.Closing, wrongs) {
	wrong := wrongs{}
	closing := slots.Closing{
		Office: o.ID, From: typedDay(c, wrong, "suspend.from"), Mode: slots.Mode(c.FormValue("suspend.mode")),
		Reason: strings.TrimSpace(c.FormValue("suspend.reason")), Notice: strings.TrimSpace(c.FormValue("suspend.notice")),
	}
	if strings.TrimSpace(c.FormValue("suspend.to")) != "" {
		closing.To = typedDay(c, wrong, "suspend.to")
	}
	if s := c.FormValue("suspend.service"); s != "" {
		closing.Services = []string{s}
	}
	if closing.Notice == "" {
		wrong["suspend.notice"] = "required"
	}
	return closing, wrong
}
