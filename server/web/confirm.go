package web

import (
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/fault"
)

// confirm makes the appointment.
func (l line) confirm(c echo.Context) error {
	f, s, err := l.read(c)
	if err != nil {
		return err
	}
	pg := l.page(c)
	app, wrong := l.judge(f, s)
	if len(wrong) > 0 {
		return l.showDetails(c, http.StatusUnprocessableEntity, pg, f, s, wrong)
	}
	app.Code = digits(f.Code)
	if app.Code == "" && !l.assisted() && !l.known(c, f, app.Phone) {
		pg.Mistakes = []mistake{{"code", pg.T("wrong.code.required")}}
		return l.showCheck(c, http.StatusUnprocessableEntity, pg, f, s)
	}
	if app.Request, err = f.request(); err != nil {
		return err
	}
	app.Hold, err = uuid.Parse(f.Hold)
	if err != nil {
		return l.unheld(c, pg, f, s, booking.ErrHoldForeign)
	}
	if l.cookieless(c) {
		return l.unheld(c, pg, f, s, errNoCookies)
	}
	app.Token, app.Session, app.Key = f.Token, l.holder(c), f.Key
	app.Locale, app.Actor = pg.Lang, l.actor(c)
	made, err := l.Desk.Confirm(c.Request().Context(), app)
	if err != nil {
		return l.unconfirmed(c, pg, f, s, err)
	}
	return l.done(c, made, f.Hold)
}

// done leads to the appointment, also whoever comes back to the form.
func (l line) done(c echo.Context, made booking.Receipt, hold string) error {
	if l.assisted() {
		return c.Redirect(http.StatusSeeOther, l.base+"/"+made.Number)
	}
	l.forget(c)
	if hold != "" {
		l.putTurned(c, turned{Form: bookForm{Hold: hold}, Booked: made.Number})
	}
	if err := l.letIn(c, made.Number, made.Secret); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/b/"+made.Number)
}

// unconfirmed says why there is no appointment, where it can be mended.
func (l line) unconfirmed(c echo.Context, pg page, f bookForm, s subject, err error) error {
	told := fault.Of(err)
	switch told.Code {
	case booking.ErrCodeWrong.Code, booking.ErrCodeExpired.Code, booking.ErrCodeUsedUp.Code:
		pg.Mistakes = []mistake{{"code", pg.Fault(told.Code)}}
		return l.showCheck(c, http.StatusUnprocessableEntity, pg, f, s)
	case booking.ErrPhoneBusy.Code:
		return l.showDetails(c, http.StatusConflict, pg, f, s, wrongs{"phone": told.Code})
	case booking.ErrUnknownOutcome.Code, booking.ErrStillRunning.Code:
		retryLater(c, told)
		return l.showCheck(c, statusOf(told), pg.refused(told), f, s)
	}
	if len(told.Fields) > 0 {
		return l.showDetails(c, http.StatusUnprocessableEntity, pg, f, s, told.Fields)
	}
	return l.unheld(c, pg, f, s, err)
}

// digits is s without what people put between the digits of a code.
func digits(s string) string {
	var kept []rune
	for _, r := range s {
		switch {
		case r >= '０' && r <= '９':
			kept = append(kept, r-'０'+'0')
		case r >= '0' && r <= '9':
			kept = append(kept, r)
		}
	}
	return string(kept)
}
