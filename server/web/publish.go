package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/slots"
)

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
	done, err := p.Desk.Publish(c.Request().Context(), o.ID, from, to, options, me(c).Actor())
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
