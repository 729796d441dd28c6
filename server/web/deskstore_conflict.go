package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/slots"
)

// conflictPage is a conflict of a desk for whoever settles it: what the desk had, and
// beside it what is known here. Its buttons settle it.
type conflictPage struct {
	page
	Office    named
	ID        int64
	Number    string
	What, Why string
	Had       []answer // at the desk
	Known     []answer // here; none where nobody is meant
	To        string   // the couple's page; "" where there is none
	Takeable  bool
	Word      field
}

// oneConflict shows what a desk had. That it is shown is noted, and so is the couple.
func (p *Pages) oneConflict(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(c.Param("conflict"), 10, 64)
	if err != nil {
		return hall.ErrNoConflict
	}
	return p.showConflict(c, http.StatusOK, p.page(c), o, id, nil)
}

func (p *Pages) showConflict(c echo.Context, status int, pg page, o slots.Office, id int64, wrong wrongs) error {
	found, err := p.Hall.ConflictOf(c.Request().Context(), o.ID, id, me(c).Actor())
	if err != nil {
		return err
	}
	d := conflictPage{
		page: pg, Office: named{o.ID, pg.officeName(o)}, ID: id, Number: found.Number,
		What: pg.whatWasDone(found.Conflict, found.HappenedAt.In(o.Location)), Why: pg.Fault(found.Code), Takeable: found.Takeable,
	}
	parties := 2
	a, err := p.Desk.At(c.Request().Context(), found.Number, func(office string) bool { return office == o.ID })
	switch {
	case err == nil:
		if d.Known, parties, err = p.knownHere(c, pg, a); err != nil {
			return err
		}
		d.To = "/desk/" + found.Number
	case errors.Is(err, booking.ErrNoAppointment):
		d.Takeable = false
	default:
		return err
	}
	d.Had = pg.hadAtDesk(found, o, parties)
	at := "word." + strconv.FormatInt(id, 10)
	d.Word = pg.typed(field{Name: at, Auto: "off"}, "deskstore.word", c.FormValue(at), wrongs{at: wrong["word"]})
	d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", d.Word)...)
	return p.render(c, status, "conflict", d)
}

// hadAtDesk is all that a desk had of a couple, but its names.
func (pg page) hadAtDesk(found hall.Opened, o slots.Office, parties int) []answer {
	when := func(t time.Time) string { return pg.ShortDay(date.DateOf(t.In(o.Location))) + " " + pg.clockIn(t, o) }
	had := []answer{{Label: pg.T("deskstore.at"), Text: when(found.Deed.At)}, {Label: pg.T("deskstore.told_at"), Text: when(found.Received)}}
	if said := found.Deed.Said; slices.Contains(deskOutcomes(), string(said)) {
		had = append(had, answer{Label: pg.T("deskstore.said"), Text: pg.T("deskstore.outcome." + string(said))})
	}
	if found.Ticket != "" {
		had = append(had, answer{Label: pg.T("deskstore.ticket"), Text: found.Ticket})
	}
	for _, r := range found.Deed.Readings {
		who := strconv.Itoa(r.Party)
		if r.Party == 1 || r.Party == 2 { // whatever a browser sends
			who = pg.partyName(r.Party-1, parties)
		}
		had = append(had, answer{Label: who, Text: pg.measured(r.Decicelsius, r.Device)})
	}
	for _, along := range found.Deed.Companions {
		words := []string{along.Reason}
		if along.Decicelsius > 0 {
			words = append(words, pg.measured(along.Decicelsius, along.Device))
		}
		had = append(had, answer{Label: pg.T("deskstore.companion"), Text: strings.Trim(strings.Join(words, " · "), " ·")})
	}
	return had
}

// deskOutcomes is what a desk that is alone tells a couple.
func deskOutcomes() []string { return []string{"admitted", "late", "recheck", "deferred", "entered"} }

// measured is a reading as people say it, and what it was taken with.
func (pg page) measured(tenths int, device string) string {
	return pg.T("deskstore.measured", "value", fmt.Sprintf("%d.%d", tenths/10, tenths%10), "device", device)
}

// knownHere is what is known of a couple here, masked, and how many they are.
func (p *Pages) knownHere(c echo.Context, pg page, a booking.Appointment) ([]answer, int, error) {
	g, err := p.known(c, a)
	if err != nil {
		return nil, 0, err
	}
	in, err := p.Hall.Arrived(c.Request().Context(), a.Number)
	if err != nil {
		return nil, 0, err
	}
	w := pg.ownWords(g)
	known := []answer{
		{Label: pg.T("answer.who"), Text: w.Couple()},
		{Label: pg.T("answer.when"), Text: w.Day + " " + w.Time},
		{Label: pg.T("desk.status"), Text: pg.T("status." + string(a.Status))},
	}
	if !in.At.IsZero() {
		by := strings.TrimPrefix(in.By, "staff:")
		known = append(known, answer{Label: pg.T("deskstore.arrival"), Text: pg.T("deskstore.arrival_by", "time", pg.clockIn(in.At, g.office), "who", by)})
	}
	if in.Ticket != "" {
		known = append(known, answer{Label: pg.T("deskstore.ticket"), Text: in.Ticket})
	}
	return known, max(1, len(g.Names)), nil
}
