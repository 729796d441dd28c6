package web

import (
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/slots"
)

// queueView is the day at the side of the desk.
type queueView struct {
	Counts   []tally
	Next     *queueRow // who comes in next, where somebody stands outside
	Full     string    // the hall is full, and of how many
	Rest     []queueRow
	Noted    []queueRow // here, and to be measured
	Line     []queueRow // with a ticket, in the order in which they will be called
	Expected []queueRow
	Ended    []queueRow
	First    string // when nobody has come: who comes first
	Key      string // of letting somebody in
}

// tally is how many couples are how far.
type tally struct {
	Kind, Name string
	N          int
}

// queueRow is a couple in it.
type queueRow struct {
	guestRow
	Outside bool
	Due     bool // the rest after a fever is over
	Until   string
}

// queue is the hall's list of a day with masked names, by how far they are.
func (p *Pages) queue(c echo.Context, pg page, o slots.Office, day date.Date) (queueView, error) {
	ctx := c.Request().Context()
	visits, err := p.Hall.Today(ctx, o.ID, day)
	if err != nil {
		return queueView{}, err
	}
	line, err := p.Hall.Line(ctx, o.ID, day)
	if err != nil {
		return queueView{}, err
	}
	names, err := p.namesOn(c, pg, o, day)
	if err != nil {
		return queueView{}, err
	}
	q := queueView{Key: newKey()}
	for _, v := range visits {
		q.sort(pg, v, names[v.Number], o, p.Clock.Now())
	}
	q.order(pg, line)
	q.count(pg)
	q.First = pg.firstOf(visits, o)
	return q, nil
}

// namesOn is the masked names of everybody of a day, by the number of their
// appointment.
func (p *Pages) namesOn(c echo.Context, pg page, o slots.Office, day date.Date) (map[string]string, error) {
	named, err := p.Desk.Day(c.Request().Context(), o.ID, day)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, row := range named {
		names[row.Number] = pg.couple(row)
	}
	return names, nil
}

// sort puts a couple where it belongs.
func (q *queueView) sort(pg page, v hall.Visit, names string, o slots.Office, now time.Time) {
	row := queueRow{guestRow: guestRow{
		Number: v.Number, Names: names, Ticket: v.Ticket, Counter: v.Counter, Status: pg.T("status." + string(v.Status)),
		When: pg.Span(v.StartsAt.In(o.Location), v.EndsAt.In(o.Location)),
	}}
	switch {
	case v.RecheckAt != nil && v.Status == booking.Booked:
		row.Until = v.RecheckAt.UTC().Format(time.RFC3339)
		row.Status, row.Due = pg.T("desk.resting", "time", pg.clockIn(*v.RecheckAt, o)), !now.Before(*v.RecheckAt)
		q.Rest = append(q.Rest, row)
	case v.Outcome == hall.Noted && v.Status == booking.Booked:
		row.Status = pg.T("desk.noted", "time", pg.clockIn(*v.ArrivedAt, o))
		q.Noted = append(q.Noted, row)
	case v.Status == booking.Booked:
		row.Status = pg.T("desk.expected")
		q.Expected = append(q.Expected, row)
	case !v.Status.Active():
		q.Ended = append(q.Ended, row)
	default:
		q.Line = append(q.Line, row)
	}
}

// order puts those with a ticket into the order of the line, and says who stands
// outside.
func (q *queueView) order(pg page, line hall.Line) {
	place := map[string]int{}
	for i, l := range line.Couples {
		place[l.Number] = i
	}
	slices.SortStableFunc(q.Line, func(a, b queueRow) int { return place[a.Number] - place[b.Number] })
	for i, l := range line.Outside() {
		at := slices.IndexFunc(q.Line, func(row queueRow) bool { return row.Number == l.Number })
		if at < 0 {
			continue // came a moment ago
		}
		q.Line[at].Outside, q.Line[at].Status = true, pg.T("desk.outside")
		if i == 0 {
			q.Next = &q.Line[at]
		}
	}
	switch {
	case line.Room == 0:
		q.Full = pg.T("desk.shut")
	case line.Full():
		q.Full = pg.T("desk.full", "n", line.Inside, "room", line.Room)
	}
}

func (q *queueView) count(pg page) {
	outside := 0
	for _, row := range q.Line {
		if row.Outside {
			outside++
		}
	}
	q.Counts = []tally{
		{"ok", pg.T("desk.count_here", "n", len(q.Line)), len(q.Line)},
		{"warn", pg.T("desk.count_expected", "n", len(q.Expected)), len(q.Expected)},
		{"mute", pg.T("desk.count_ended", "n", len(q.Ended)), len(q.Ended)},
	}
	if outside > 0 {
		q.Counts = append(q.Counts, tally{"warn", pg.T("desk.count_outside", "n", outside), outside})
	}
	if n := len(q.Noted); n > 0 {
		q.Counts = append(q.Counts, tally{"warn", pg.T("desk.count_noted", "n", n), n})
	}
	if n := len(q.Rest); n > 0 {
		q.Counts = append(q.Counts, tally{"err", pg.T("desk.count_resting", "n", n), n})
	}
}

// firstOf says when nobody has come yet who is expected first.
func (pg page) firstOf(visits []hall.Visit, o slots.Office) string {
	if len(visits) == 0 {
		return pg.T("desk.empty")
	}
	n := 0
	for _, v := range visits {
		if v.Outcome != "" {
			return ""
		}
		if v.StartsAt.Equal(visits[0].StartsAt) {
			n++
		}
	}
	return pg.T("desk.nobody_yet", "time", pg.clockIn(visits[0].StartsAt, o), "n", n)
}
