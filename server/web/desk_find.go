package web

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/slots"
)

var (
	tailTyped   = regexp.MustCompile(`^\d{3}[\dX]$`)
	ticketTyped = regexp.MustCompile(`^[A-Z]\d{3,4}$`)
)

// lookUp finds somebody by what they show or say: the QR code, a number of theirs or
// its last four, their ticket, their name or its initials. What was typed is not put
// into an address.
func (p *Pages) lookUp(c echo.Context) error {
	o, err := p.place(c)
	if err != nil {
		return err
	}
	q, pg := strings.TrimSpace(c.FormValue("q")), p.page(c)
	if q == "" {
		pg.Mistakes = []mistake{{"q", pg.T("wrong.q.required")}}
		return p.showDesk(c, http.StatusUnprocessableEntity, pg, o, deskPage{}, nil)
	}
	found, err := p.atDoor(c, o, q)
	if err != nil {
		return err
	}
	if row, one := meant(found, p.dayAt(o)); one {
		return c.Redirect(http.StatusSeeOther, "/desk/"+row.Number)
	}
	d := deskPage{Searched: true, Scan: scanBox{Find: field{Value: c.FormValue("q")}}}
	slices.Reverse(found) // the latest first
	for _, row := range found {
		d.Found = append(d.Found, guestRow{
			Number: row.Number, Names: pg.couple(row), Status: pg.T("status." + string(row.Status)),
			When: pg.ShortDay(row.Day) + " " + pg.Span(row.StartsAt, row.EndsAt),
		})
	}
	if len(found) == 0 {
		if d.Sign, d.Said, err = p.notFound(c, pg, q); err != nil {
			return err
		}
	}
	return p.showDesk(c, http.StatusOK, pg, o, d, nil)
}

// atDoor is whom what was typed can mean. Whole numbers are looked for on any day;
// what many may share, among those of today or of the days to come.
func (p *Pages) atDoor(c echo.Context, o slots.Office, q string) ([]booking.Row, error) {
	ctx, today := c.Request().Context(), p.dayAt(o)
	plain := strings.ToUpper(unwidened(q))
	switch {
	case tailTyped.MatchString(plain):
		return p.Desk.EndingIn(ctx, o.ID, today, plain, mostListed)
	case ticketTyped.MatchString(plain):
		if number, err := p.withTicket(c, o, plain); number != "" || err != nil {
			return []booking.Row{{Number: number}}, err
		}
	}
	if n := digits(q); (len(n) == 8 || len(n) == 16) && !strings.ContainsFunc(q, unicode.IsLetter) {
		q = n // however the number was grouped
	}
	r := readBox(q, p.Clock.Now().In(o.Location))
	if r.as == meansInitials || r.as == meansName {
		return p.Desk.Named(ctx, o.ID, today, p.matchingName(r), mostListed)
	}
	return p.Desk.Search(ctx, o.ID, q, date.Date{})
}

// matchingName says which names are meant by a name or by initials.
func (p *Pages) matchingName(r boxReading) func(string) bool {
	if r.as == meansInitials {
		return func(name string) bool { return p.rare.Initials(name, r.text) }
	}
	return func(name string) bool { return name == r.text }
}

// withTicket is the appointment that has a ticket today, or "".
func (p *Pages) withTicket(c echo.Context, o slots.Office, ticket string) (string, error) {
	visits, err := p.Hall.Today(c.Request().Context(), o.ID, p.dayAt(o))
	for _, v := range visits {
		if v.Ticket == ticket {
			return v.Number, err
		}
	}
	return "", err
}

// meant is the one couple among those that were found: the only one, or the only one
// that is expected today.
func meant(found []booking.Row, today date.Date) (booking.Row, bool) {
	if len(found) == 1 {
		return found[0], true
	}
	var now []booking.Row
	for _, row := range found {
		if row.Day == today && row.Status.Active() {
			now = append(now, row)
		}
	}
	if len(now) != 1 {
		return booking.Row{}, false
	}
	return now[0], true
}

// notFound says why nobody was: where a couple shows the code of an appointment at
// another office, which one that is. A number alone says nothing of other offices.
func (p *Pages) notFound(c echo.Context, pg page, q string) (sign, said string, err error) {
	ctx := c.Request().Context()
	id, err := p.Desk.BookedElsewhere(ctx, digits(q))
	if errors.Is(err, booking.ErrNoAppointment) {
		return "no", pg.T("desk.not_found"), nil
	}
	if err != nil {
		return "", "", err
	}
	o, err := p.Offices.Office(ctx, id)
	if err != nil {
		return "", "", err
	}
	return "no", pg.T("desk.elsewhere", "office", pg.officeName(o), "phone", o.Phone), nil
}

// couple is the masked names of an appointment.
func (pg page) couple(row booking.Row) string {
	return strings.Join(pg.readable(row, 1).Names, pg.T("desk.and"))
}
