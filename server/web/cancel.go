package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/fault"
	"hunyue/slots"
)

type cancelPage struct {
	page
	Own  ownWords
	Sent bool // a code is on its way
	Code field
	Call bool   // no code can be sent to their phone
	Late bool   // only the office still can
	Move bool   // moving would do as well
	What string // becomes of the place
	Rule string
	Miss string // what missed visits lead to, where they do

	Moves int // that are left
}

// cancelling asks whether they are sure.
func (p *Pages) cancelling(c echo.Context) error {
	mine, ok, err := p.standing(c)
	if err != nil || !ok {
		return err
	}
	return p.showCancel(c, http.StatusOK, p.page(c), mine, false)
}

func (p *Pages) showCancel(c echo.Context, status int, pg page, mine own, sent bool) error {
	if done, err := p.turnTo(c, pg, outcome{View: viewCancel, Step: stepIf(sent), Status: status}); done {
		return err
	}
	phone, err := p.Desk.Phone(mine.appointment)
	if err != nil {
		return err
	}
	fixed, what := p.fixed(mine), pg.T("cancel.what")
	if mine.rules.Waitlist {
		what = pg.T("wait.cancel_what")
	}
	return p.render(c, status, "cancel", cancelPage{
		page: pg, Own: pg.ownWords(mine), Sent: sent, Code: pg.codeField(), Call: !phone.TakesSMS(),
		Late: errors.Is(fixed, booking.ErrTooLate), Move: fixed == nil, Moves: mine.rules.MaxMoves - mine.appointment.Reschedules, Rule: pg.T("cancel.rule", "day", pg.ShortDay(mine.lastDay())),
		Miss: pg.missed(mine.rules.NoShow), What: what,
	})
}

// missed is what visits that are missed lead to at an office (domain rule 50); ""
// where nothing comes of them. It names nobody's: one of the two may not know what
// the other has missed.
func (pg page) missed(r slots.NoShow) string {
	if r.Count == 0 || r.RestrictDays == 0 {
		return ""
	}
	return pg.T("cancel.missed", "n", r.Count, "within", r.WithinDays, "days", r.RestrictDays)
}

// codeField is where a phone code is typed.
func (pg page) codeField() field {
	f := field{Name: "code", Label: pg.T("code.label"), Hint: pg.T("code.hint"), Mode: "numeric", Auto: "one-time-code"}
	for _, m := range pg.Mistakes {
		if m.Field == f.Name {
			f.Wrong = m.Text
		}
	}
	return f
}

// cancelCode sends the code that a cancellation takes, or shows in another language
// or size where it is typed.
func (p *Pages) cancelCode(c echo.Context) error {
	mine, ok, err := p.standing(c)
	if err != nil || !ok {
		return err
	}
	if errors.Is(p.fixed(mine), booking.ErrTooLate) { // the code would be for nothing
		return p.showCancel(c, http.StatusConflict, p.page(c).refused(booking.ErrTooLate), mine, false)
	}
	pg := p.page(c)
	if c.FormValue("page") == "" {
		pg, err = p.sendTo(c.Request().Context(), pg, mine.appointment)
	}
	if err != nil {
		return err
	}
	return p.showCancel(c, http.StatusOK, pg, mine, true)
}

// sendTo sends a code to the phone on file, if it gets texts.
func (p *Pages) sendTo(ctx context.Context, pg page, a booking.Appointment) (page, error) {
	phone, err := p.Desk.Phone(a)
	if err != nil || !phone.TakesSMS() {
		return pg, err
	}
	return p.send(ctx, pg, phone.Number())
}

// cancel gives the place back.
func (p *Pages) cancel(c echo.Context) error {
	mine, ok, err := p.mine(c)
	if err != nil || !ok {
		return err
	}
	pg, code := p.page(c), digits(c.FormValue("code"))
	if code == "" {
		pg.Mistakes = []mistake{{"code", pg.T("wrong.code.required")}}
		return p.showCancel(c, http.StatusUnprocessableEntity, pg, mine, true)
	}
	_, err = p.Desk.Cancel(c.Request().Context(), booking.Change{Appointment: mine.appointment, Code: code, Actor: "couple"})
	if err != nil {
		pg, status, err := pg.unchanged(err)
		if err != nil {
			return err
		}
		return p.showCancel(c, status, pg, mine, true)
	}
	return c.Redirect(http.StatusSeeOther, "/b/"+mine.Number)
}

// unchanged is pg with why an appointment was not changed, and the status to
// show it with. What cannot be told comes back as the error.
func (pg page) unchanged(err error) (page, int, error) {
	switch {
	case errors.Is(err, booking.ErrCodeWrong), errors.Is(err, booking.ErrCodeExpired), errors.Is(err, booking.ErrCodeUsedUp):
		pg.Mistakes = []mistake{{"code", pg.Fault(fault.Of(err).Code)}}
		return pg, http.StatusUnprocessableEntity, nil
	case errors.Is(err, booking.ErrTooLate), errors.Is(err, booking.ErrNotPossible), errors.Is(err, booking.ErrTooManyMoves):
		f := fault.Of(err)
		return pg.refused(f), statusOf(f), nil
	}
	return pg, 0, err
}
