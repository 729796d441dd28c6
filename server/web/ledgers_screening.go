package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/slots"
)

// screenings is what an office may do about temperatures.
func screenings() []slots.Screening {
	return []slots.Screening{slots.ScreeningRequired, slots.ScreeningOptional, slots.ScreeningOff}
}

// screeningWords is when an office takes temperatures, from today on.
func (p *Pages) screeningWords(c echo.Context, pg page, o slots.Office, today date.Date) ([]string, error) {
	all, err := p.Offices.ScreeningFrom(c.Request().Context(), o.ID, today)
	var lines []string
	for _, s := range all {
		how := pg.T("ledgers.screening." + string(s.Screening))
		switch {
		case s.To.IsZero():
			lines = append(lines, pg.T("ledgers.from_on", "from", pg.ShortDay(s.From), "how", how))
		case s.From == s.To:
			lines = append(lines, pg.T("ledgers.on_day", "from", pg.ShortDay(s.From), "how", how))
		default:
			lines = append(lines, pg.T("ledgers.from_to", "from", pg.ShortDay(s.From), "to", pg.ShortDay(s.To), "how", how))
		}
	}
	return lines, err
}

func (pg page) screeningFields(c echo.Context, rules slots.Rules, today date.Date, wrong wrongs) []field {
	how := field{Name: "screening"}
	for _, s := range screenings() {
		chosen := c.FormValue("screening") == string(s) || c.FormValue("screening") == "" && s == rules.Screening
		how.Choices = append(how.Choices, option{string(s), pg.T("ledgers.screening." + string(s)), chosen})
	}
	until := pg.typed(field{Name: "to", Type: "date", Hint: pg.T("ledgers.to_hint")}, "ledgers.to", c.FormValue("to"), wrong)
	return []field{
		pg.typed(how, "ledgers.how", c.FormValue("screening"), wrong),
		pg.dated(c, "from", "ledgers.from", today, wrong),
		until,
		pg.typed(field{Name: "reason", Auto: "off"}, "ledgers.reason", c.FormValue("reason"), wrong),
	}
}

// setScreening says from which day to which temperatures are taken.
func (p *Pages) setScreening(c echo.Context) error {
	o, today, err := p.managed(c)
	if err != nil {
		return err
	}
	wrong, to := wrongs{}, date.Date{}
	from := typedDay(c, wrong, "from")
	if strings.TrimSpace(c.FormValue("to")) != "" {
		to = typedDay(c, wrong, "to")
	}
	if len(wrong) > 0 {
		return p.showHealth(c, http.StatusUnprocessableEntity, p.page(c), o, today, wrong)
	}
	err = p.Offices.SetScreening(c.Request().Context(), o.ID, from, to, slots.Screening(c.FormValue("screening")), c.FormValue("reason"), me(c).Actor())
	if err != nil {
		return p.notHealthy(c, o, today, err, map[string]string{"screening": "screening", "from": "from", "to": "to", "note": "reason"})
	}
	return backToHealth(c, "screening")
}
