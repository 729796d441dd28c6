package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/server/operator"
)

type statsPage struct {
	page
	Day   string
	Rows  []statRow
	Empty bool
}

type statRow struct{ What, N string }

// stats is what whoever is signed in has done today. Nobody else sees it here.
func (p *Pages) stats(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	today := date.DateOf(p.Clock.Now().In(o.Location))
	d, err := p.Operator.Day(c.Request().Context(), me(c).Actor(), today.In(o.Location), today.AddDays(1).In(o.Location))
	if err != nil {
		return err
	}
	pg := p.page(c)
	return p.render(c, http.StatusOK, "stats", statsPage{page: pg, Day: pg.Day(today), Rows: pg.statRows(d), Empty: d.Empty()})
}

func (pg page) statRows(d operator.Day) []statRow {
	var rows []statRow
	for _, r := range []struct {
		key string
		n   int
	}{
		{"stats.booked", d.Booked},
		{"stats.moved", d.Moved},
		{"stats.cancelled", d.Cancelled},
		{"stats.calls", d.Calls},
		{"stats.reached", d.Reached},
		{"stats.no_answer", d.NoAnswer},
		{"stats.wrong_number", d.WrongNumber},
	} {
		rows = append(rows, statRow{pg.T(r.key), strconv.Itoa(r.n)})
	}
	average := pg.T("stats.no_average")
	if d.Average > 0 {
		whole := d.Average.Round(time.Second)
		average = pg.T("stats.minutes", "m", int(whole.Minutes()), "s", int(whole.Seconds())%60)
	}
	return append(rows, statRow{pg.T("stats.average"), average})
}
