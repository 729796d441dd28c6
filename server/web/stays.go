package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/identity"
	"hunyue/slots"
)

// staysPage is for a couple that could not move to a time: the old one stays,
// and others are offered.
type staysPage struct {
	page
	Own   ownWords
	Times []timeRow
	Key   string
	More  bool   // there may be other days
	Was   string // the time that was wanted
	Why   string // the code of what is said about it
}

// unheldMove says why the new time was not to be had.
func (p *Pages) unheldMove(c echo.Context, pg page, mine own, slot slots.SlotID, err error) error {
	why, tellable := told(err)
	if !tellable {
		return err
	}
	retryLater(c, why)
	if errors.Is(err, errNoCookies) {
		p.session(c) // so that it works as soon as they are allowed
	}
	return p.stays(c, statusOf(why), pg.refused(why), mine, slot)
}

// unmoved says why the old time still stands, each in a sentence of its own.
func (p *Pages) unmoved(c echo.Context, pg page, mine own, f bookForm, slot slots.SlotID, err error) error {
	why := fault.Of(err)
	switch why.Code {
	case booking.ErrCodeWrong.Code, booking.ErrCodeExpired.Code, booking.ErrCodeUsedUp.Code:
		pg.Mistakes = []mistake{{"code", pg.Fault(why.Code)}}
		return p.showChange(c, http.StatusUnprocessableEntity, pg, mine, f)
	case booking.ErrTooLate.Code, booking.ErrTooManyMoves.Code, booking.ErrNotPossible.Code:
		return p.showStays(c, statusOf(why), pg.refused(why), mine, slot, nil)
	case booking.ErrFull.Code, booking.ErrClosed.Code, booking.ErrSuspended.Code, booking.ErrNotOpen.Code,
		booking.ErrHoldExpired.Code, booking.ErrHoldForeign.Code:
		return p.stays(c, statusOf(why), pg.refused(why), mine, slot)
	}
	young, failed := p.underAge(c, pg, mine, slot)
	if failed != nil || young == "" {
		return errors.Join(err, failed)
	}
	pg.Alert = young
	return p.stays(c, http.StatusUnprocessableEntity, pg, mine, slot)
}

// underAge says who is too young on the day of a slot, and from when they are
// not (domain rule 1); "" where nobody is.
func (p *Pages) underAge(c echo.Context, pg page, mine own, slot slots.SlotID) (string, error) {
	parties, rules, err := p.agesOn(c, mine, slot.Day)
	if err != nil || mine.service.Group != slots.Marriage {
		return "", err
	}
	var all []string
	for i, one := range parties {
		if !identity.OldEnough(one.Sex, one.Born, slot.Day, rules.MinAgeM, rules.MinAgeF) {
			age, from := oldEnough(one, rules)
			all = append(all, pg.T("change.under_age", "who", pg.partyName(i, len(parties)), "age", age, "day", pg.Day(from)))
		}
	}
	return strings.Join(all, " "), nil
}

func (p *Pages) agesOn(c echo.Context, mine own, day date.Date) ([]booking.Party, slots.Rules, error) {
	parties, err := p.Desk.Parties(c.Request().Context(), mine.appointment)
	if err != nil {
		return nil, slots.Rules{}, err
	}
	rules, err := p.Offices.Rules(c.Request().Context(), mine.Office, day)
	return parties, rules, err
}

// stays offers the free times nearest to the one that was wanted, on days on
// which both may marry.
func (p *Pages) stays(c echo.Context, status int, pg page, mine own, wanted slots.SlotID) error {
	a, err := p.Desk.Availability(c.Request().Context(), mine.Office)
	if err != nil {
		return err
	}
	from, err := p.mayMarry(c, mine, wanted.Day)
	if err != nil {
		return err
	}
	l, w := p.web(), p.wishFor(mine)
	var times []timeRow
	for _, t := range otherTimes(a, w, mine, from, wanted.Start.On(wanted.Day, mine.office.Location)) {
		row := l.timeRow(pg, w, t)
		row.Words = pg.ShortDay(t.Slot.Day) + " " + row.Words
		times = append(times, row)
	}
	return p.showStays(c, status, pg, mine, wanted, times)
}

// mayMarry is the first day from today on which nobody of a couple is too young
// by the rules of a day.
func (p *Pages) mayMarry(c echo.Context, mine own, day date.Date) (date.Date, error) {
	first := date.DateOf(p.Clock.Now().In(mine.office.Location))
	if mine.service.Group != slots.Marriage {
		return first, nil
	}
	parties, rules, err := p.agesOn(c, mine, day)
	for _, one := range parties {
		if _, from := oldEnough(one, rules); from.After(first) {
			first = from
		}
	}
	return first, err
}

// otherTimes is the free times from a day on that lie nearest to the one that was
// wanted, without the couple's own, in the order of the calendar.
func otherTimes(a *booking.Availability, w wish, mine own, from date.Date, wanted time.Time) []booking.Time {
	var free []booking.Time
	for _, d := range a.Days(w.service, slots.Web, from, w.today.AddDays(w.rules.HorizonDays)) {
		if d.State == booking.Open {
			free = append(free, openTimes(a, w, slots.Web, d.Date)...)
		}
	}
	free = slices.DeleteFunc(free, func(t booking.Time) bool { return t.StartsAt.Equal(mine.StartsAt) })
	slices.SortStableFunc(free, func(a, b booking.Time) int {
		return cmp.Compare(a.StartsAt.Sub(wanted).Abs(), b.StartsAt.Sub(wanted).Abs())
	})
	free = free[:min(offered, len(free))]
	slices.SortFunc(free, func(a, b booking.Time) int { return a.StartsAt.Compare(b.StartsAt) })
	return free
}

// showStays is the page of a couple that keeps its time.
func (p *Pages) showStays(c echo.Context, status int, pg page, mine own, wanted slots.SlotID, times []timeRow) error {
	if done, err := p.turnTo(c, pg, outcome{View: viewStays, Step: wanted.String(), Status: status}); done {
		return err
	}
	return p.render(c, status, "stays", staysPage{
		page: pg, Own: pg.ownWords(mine), Times: times, Key: newKey(), More: p.fixed(mine) == nil,
		Was: wanted.String(), Why: pg.why,
	})
}

// staysAgain is that page in another language or size: it says again why.
func (p *Pages) staysAgain(c echo.Context, pg page, mine own) error {
	if why := c.FormValue("why"); pg.Has("fault." + why) {
		pg = pg.refused(&fault.Error{Code: why})
	}
	wanted, err := slots.ParseSlotID(c.FormValue("was"))
	if err != nil || p.fixed(mine) != nil {
		return p.showStays(c, http.StatusOK, pg, mine, wanted, nil)
	}
	if pg.Alert == "" {
		if pg.Alert, err = p.underAge(c, pg, mine, wanted); err != nil {
			return err
		}
	}
	return p.stays(c, http.StatusOK, pg, mine, wanted)
}
