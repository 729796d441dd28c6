package web

import (
	"net/url"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/slots"
)

// closing is what is left to do before everybody goes home: whoever was received is
// served, or ended with a reason (domain rule 48).
type closing struct {
	Left   []dayRow // who is still there
	Absent int      // who has not come
	Ends   string   // the last slot
	Over   bool     // it has ended
	Action string   // where the day is closed; "" for who may not
	May    bool     // end somebody's visit
}

// closing is there from half an hour before the last slot of today ends, and nil
// before.
func (p *Pages) closing(c echo.Context, pg page, o slots.Office, rows []dayRow) (*closing, error) {
	now := p.Clock.Now().In(o.Location)
	ends, err := p.lastSlot(c, o, date.DateOf(now))
	if err != nil || ends.IsZero() || now.Before(ends.Add(-closingSoon)) {
		return nil, err
	}
	d := &closing{Ends: pg.clockIn(ends, o), Over: !now.Before(ends), May: mayPost(me(c), "/desk/:number/not-accepted")}
	if mayPost(me(c), "/manage/:office/close") {
		d.Action = "/manage/" + url.PathEscape(o.ID) + "/close"
	}
	for _, r := range rows {
		switch {
		case r.here():
			d.Left = append(d.Left, r)
		case r.status.Active():
			d.Absent++
		}
	}
	return d, nil
}

// owedCouples is who is still there once the last slot of today has ended.
func (p *Pages) owedCouples(c echo.Context, pg page, o slots.Office, today date.Date) ([]owed, error) {
	ends, err := p.lastSlot(c, o, today)
	if err != nil || ends.IsZero() || p.Clock.Now().Before(ends) {
		return nil, err
	}
	line, err := p.Hall.Line(c.Request().Context(), o.ID, today)
	if err != nil || len(line.Couples) == 0 {
		return nil, err
	}
	to := "/desk/today?" + url.Values{"office": {o.ID}}.Encode() + "#closing"
	return []owed{{pg.T("ledgers.left_over", "n", len(line.Couples), "time", pg.clockIn(ends, o)), to, true}}, nil
}
