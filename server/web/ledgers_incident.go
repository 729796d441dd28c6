package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/slots"
)

// incidentCard is a couple or a member of staff with a fever, and what can be said of
// it.
type incidentCard struct {
	ID             int64
	Title          string
	Number         string // of a couple's appointment
	Text           string // how it stands
	Late, Open     bool
	LetIn          bool // they may be let in
	To, At, Reason field
}

// minute is a time as inputs of the kind datetime-local have it.
const minute = "2006-01-02T15:04"

// incidentCards is the incidents that are open, and those of the day.
func (p *Pages) incidentCards(c echo.Context, pg page, o slots.Office, today date.Date, wrong wrongs) ([]incidentCard, error) {
	incidents, err := p.Hall.Incidents(c.Request().Context(), o.ID, today)
	if err != nil {
		return nil, err
	}
	names, err := p.staffNames(c, o)
	if err != nil {
		return nil, err
	}
	var cards []incidentCard
	for _, i := range incidents {
		card := incidentCard{
			ID: i.ID, Number: i.Number, Title: pg.T("ledgers.incident", "number", i.Number, "time", pg.ledgerTime(i.OpenedAt, o, today)),
			Late: i.Overdue(), Open: i.Open(), LetIn: i.Open() && i.Day == today && i.Staff == "",
			Text: pg.incidentWords(i, o, today),
		}
		if i.Staff != "" {
			card.Title = pg.T("ledgers.incident_staff", "name", nameOf(names, i.Staff), "time", pg.ledgerTime(i.OpenedAt, o, today))
		}
		if card.Open {
			id := "." + strconv.FormatInt(i.ID, 10)
			now := p.Clock.Now().In(o.Location).Format(minute)
			if typed := c.FormValue("handed" + id); typed != "" {
				now = typed
			}
			card.To = pg.typed(field{Name: "authority" + id, Auto: "off"}, "ledgers.authority", c.FormValue("authority"+id), wrong)
			card.At = pg.typed(field{Name: "handed" + id, Type: "datetime-local"}, "ledgers.handed", now, wrong)
			card.Reason = pg.typed(field{Name: "reason" + id, Auto: "off"}, "ledgers.let_in_reason", c.FormValue("reason"+id), wrong)
		}
		cards = append(cards, card)
	}
	return cards, nil
}

// incidentWords says how an incident stands.
func (pg page) incidentWords(i hall.Incident, o slots.Office, today date.Date) string {
	due := pg.ledgerTime(i.DueAt, o, today)
	switch {
	case i.LetIn:
		return pg.T("ledgers.incident_let_in")
	case i.Cleared:
		return pg.T("ledgers.incident_cleared")
	case i.HandedAt != nil && i.Overdue():
		return pg.T("ledgers.incident_handed_late", "time", pg.ledgerTime(*i.HandedAt, o, today), "to", i.To, "due", due)
	case i.HandedAt != nil:
		return pg.T("ledgers.incident_handed", "time", pg.ledgerTime(*i.HandedAt, o, today), "to", i.To)
	case i.Overdue():
		return pg.T("ledgers.incident_late", "due", due)
	}
	return pg.T("ledgers.incident_open", "due", due)
}

// incidentLines is what a day's report says of incidents, where there were any.
func (p *Pages) incidentLines(c echo.Context, pg page, o slots.Office, day date.Date) ([]answer, error) {
	all, err := p.Hall.Incidents(c.Request().Context(), o.ID, day)
	if err != nil {
		return nil, err
	}
	there, ofStaff, late := 0, 0, 0
	for _, i := range all {
		if i.Day != day || i.Cleared {
			continue
		}
		there++
		if i.Staff != "" {
			ofStaff++
		}
		if i.Overdue() {
			late++
		}
	}
	if there == 0 {
		return nil, nil
	}
	return []answer{
		{pg.T("ledgers.incidents"), strconv.Itoa(there)},
		{pg.T("ledgers.incidents_staff"), strconv.Itoa(ofStaff)},
		{pg.T("ledgers.incidents_late"), strconv.Itoa(late)},
	}, nil
}

// handOver notes to whom and when somebody with a fever was handed over.
func (p *Pages) handOver(c echo.Context) error {
	o, today, err := p.managed(c)
	if err != nil {
		return err
	}
	typed := c.FormValue("incident")
	id, err := strconv.ParseInt(typed, 10, 64)
	if err != nil { // a form that is none of ours
		return p.showHealth(c, http.StatusUnprocessableEntity, p.page(c).refused(hall.ErrNoIncident), o, today, nil)
	}
	h := hall.Handover{Incident: id, Office: o.ID, To: c.FormValue("authority." + typed), Actor: me(c).Actor()}
	wrong := wrongs{}
	if at := strings.TrimSpace(c.FormValue("handed." + typed)); at != "" {
		if h.At, err = time.ParseInLocation(minute, at, o.Location); err != nil {
			wrong["handed."+typed] = "format"
			return p.showHealth(c, http.StatusUnprocessableEntity, p.page(c), o, today, wrong)
		}
	}
	if err := p.Hall.HandOver(c.Request().Context(), h); err != nil {
		return p.notHealthy(c, o, today, err, map[string]string{"to": "authority." + typed, "at": "handed." + typed})
	}
	return backToHealth(c, "handover")
}

// letFeverIn receives a couple with a fever all the same: the manager takes that on
// themselves.
func (p *Pages) letFeverIn(c echo.Context) error {
	o, today, err := p.managed(c)
	if err != nil {
		return err
	}
	typed := c.FormValue("incident")
	answer, err := p.Hall.LetIn(c.Request().Context(), c.FormValue("number"), o.ID, c.FormValue("reason."+typed), me(c).Actor())
	if err != nil {
		return p.notHealthy(c, o, today, err, map[string]string{"reason": "reason." + typed})
	}
	pg := p.page(c)
	pg.Notice = pg.T("ledgers.done_let_in", "ticket", answer.Ticket)
	return p.showHealth(c, http.StatusOK, pg, o, today, nil)
}

// notHealthy shows the page again with why nothing was done; the fields of the fault
// stand under the inputs named.
func (p *Pages) notHealthy(c echo.Context, o slots.Office, today date.Date, err error, inputs map[string]string) error {
	pg, why, err := p.page(c).explained(c, err)
	if err != nil {
		return err
	}
	wrong := wrongs{}
	for name, code := range why.Fields {
		wrong[inputs[name]] = code
	}
	return p.showHealth(c, statusOf(why), pg, o, today, wrong)
}
