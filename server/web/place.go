package web

import (
	"context"
	"hash/fnv"
	"strconv"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/hall"
)

// inLine is for a couple that was received.
func (p *Pages) inLine(ctx context.Context, pg page, o own) (news, error) {
	b, err := p.Hall.Board(ctx, o.Office, o.Day)
	if err != nil {
		return news{}, err
	}
	place, there := b.Place(o.Number)
	if !there {
		return news{Title: pg.T("status." + string(o.Status)), Live: true}, nil
	}
	return pg.placeNews(place), nil
}

// placeNews is what a couple in the line has to know, and to do next.
func (pg page) placeNews(w hall.Place) news {
	n := news{Title: pg.T("booked.ticket", "ticket", w.Ticket), Text: pg.lineText(w), Live: true, InLine: true}
	switch {
	case w.Status == booking.InService:
		n.Title, n.Text = pg.T("status.in_service"), pg.T("booked.served", "counter", w.Counter)
	case w.Status == booking.Called:
		n.Title, n.Text = pg.T("booked.called", "counter", w.Counter), pg.T("booked.called_text", "ticket", w.Ticket)
	case w.Parked:
		n.Text = pg.T("screen.parked")
	case w.Outside && w.Now == "": // the line names no ticket yet
		n.Text = pg.T("screen.ticket", "ticket", w.Ticket, "line", n.Text)
		fallthrough
	case w.Outside:
		n.Title = pg.T("screen.wait_outside")
		if w.ComeIn {
			n.Title = pg.T("screen.come_in")
		}
	}
	return n
}

// lineText is how far they are from being called.
func (pg page) lineText(w hall.Place) string {
	switch {
	case w.Now == "" && w.Ahead == 0:
		return pg.T("booked.line_first")
	case w.Now == "":
		return pg.T("booked.line_begins", "n", w.Ahead)
	case w.Ahead == 0:
		return pg.T("booked.line_next", "now", w.Now, "ticket", w.Ticket)
	case w.About == 0:
		return pg.T("booked.line", "now", w.Now, "ticket", w.Ticket, "n", w.Ahead)
	}
	return pg.T("booked.line_about", "now", w.Now, "ticket", w.Ticket, "n", w.Ahead, "minutes", inFives(w.About))
}

// lineEvent is what the page of a couple in the line is told.
type lineEvent struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

// lineEvents keeps the page of a couple up to date while it is in the line. When it
// no longer is, the page is to be asked for again.
func (p *Pages) lineEvents(c echo.Context) error {
	mine, ok, err := p.mine(c)
	if err != nil || !ok {
		return unlessGone(c, err)
	}
	pg := p.page(c)
	return p.stream(c, mine.Office, "line", func(s seen) (event, error) {
		place, there := s.Place(mine.Number)
		if !there {
			return event{Name: "over", Data: lineEvent{}, Last: true}, nil
		}
		n := pg.placeNews(place)
		sum := fnv.New64a()
		_, _ = sum.Write([]byte(n.Title + "\n" + n.Text))
		return event{Name: "line", ID: strconv.FormatUint(sum.Sum64(), 16), Data: lineEvent{n.Title, n.Text}}, nil
	})
}

// hallNow is what everybody is told of a hall's day, in sentences; none where it has
// no line. It may be two seconds old, so that a crowd costs nothing, and is left out
// where it cannot be read: the page is for more than that.
func (p *Pages) hallNow(c echo.Context, pg page, office string) []string {
	s, known := p.hub.glance(c.Request().Context(), office, 2*second)
	if !known || s.Empty() {
		return nil
	}
	var told []string
	inside, room := s.Inside, s.Room
	switch {
	case room == 0: // no counter is open
		told = append(told, pg.T("screen.shut"))
	case room < 0:
		told = append(told, pg.T("screen.inside", "n", inside))
	case s.Full():
		told = append(told, pg.T("screen.inside_full", "n", inside, "room", room))
	default:
		told = append(told, pg.T("screen.inside_of", "n", inside, "room", room))
	}
	waiting := len(s.Waiting())
	switch about := s.About(waiting); {
	case waiting == 0:
		told = append(told, pg.T("screen.nobody_waits"))
	case about == 0:
		told = append(told, pg.T("screen.waiting", "n", waiting))
	default:
		told = append(told, pg.T("screen.waiting_about", "n", waiting, "minutes", inFives(about)))
	}
	return told
}
