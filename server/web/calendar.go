package web

import (
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"hunyue/booking"
)

// calendar is the appointment for the couple's own calendar. Calendars are shared
// and synchronised, so it names neither the couple nor what they come for. A
// cancelled appointment takes its entry out again.
func (p *Pages) calendar(c echo.Context) error {
	mine, ok, err := p.mine(c)
	if err != nil || !ok {
		return err
	}
	pg := p.page(c)
	words := pg.ownWords(mine)
	about := pg.T("booked.entry_about", "number", words.Grouped(), "time", pg.Clock(mine.opens()), "phone", mine.office.Phone)
	e := entry{
		UID: p.calendarUID(mine), Sequence: mine.appointment.Reschedules, Stamp: p.Clock.Now(), Language: pg.Lang,
		Start: mine.StartsAt, End: mine.EndsAt, Location: words.Office + " " + words.Address,
		Summary: pg.T("booked.entry", "number", words.Grouped(), "office", words.Office), Description: about,
	}
	switch mine.Status {
	case booking.Cancelled, booking.CancelledByOffice, booking.HealthDeferred:
		e.Cancelled = true
		e.Sequence++
	case booking.Booked, booking.Late, booking.CheckedIn, booking.Called, booking.InService, booking.Completed,
		booking.NotAccepted, booking.NoShow:
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="appointment.ics"`)
	return c.Blob(http.StatusOK, "text/calendar; charset=utf-8", e.ics())
}

// calendarUID is the same for an appointment however often it is moved, and
// nobody can tell its number from it.
func (p *Pages) calendarUID(mine own) string {
	id, _ := uuid.FromBytes(p.Keys.MAC("calendar", []byte(mine.Number))[:16]) // fails only for another length
	return fmt.Sprintf("%s@hunyue", id)
}
