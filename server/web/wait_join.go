package web

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/fault"
	"hunyue/slots"
)

// waitAgain is the form as it was typed, in another language or size.
func (l line) waitAgain(c echo.Context) error {
	s, _, err := l.waitSent(c)
	if err != nil {
		return err
	}
	if c.FormValue("page") == "check" {
		return l.showWaitCheck(c, http.StatusOK, l.page(c), s)
	}
	return l.showWait(c, http.StatusOK, l.page(c), s, nil)
}

// viewWait is the form, or the check, as it was sent.
func (l line) viewWait(c echo.Context, pg page, o outcome) error {
	s, _, err := l.waitSent(c)
	if err != nil {
		return err
	}
	if o.View == viewWaits {
		return l.showWaitCheck(c, o.Status, pg, s)
	}
	return l.showWait(c, o.Status, pg, s, o.Wrong)
}

// whenRight goes on with what was typed, or shows it again where something is wrong.
func (l line) whenRight(c echo.Context, then func(pg page, s waitSubject, app booking.Application) error) error {
	s, wrong, err := l.waitSent(c)
	if err != nil {
		return err
	}
	app, more := l.judge(s.form, s.subject)
	maps.Copy(wrong, more)
	if len(wrong) > 0 {
		return l.showWait(c, http.StatusUnprocessableEntity, l.page(c), s, wrong)
	}
	return then(l.page(c), s, app)
}

// waitCheck judges what was typed, shows it once more and sends a code.
func (l line) waitCheck(c echo.Context) error {
	return l.whenRight(c, func(pg page, s waitSubject, app booking.Application) error {
		pg, err := l.send(c.Request().Context(), pg, app.Phone.Number())
		if err != nil {
			return err
		}
		return l.showWaitCheck(c, http.StatusOK, pg, s)
	})
}

type waitCheckPage struct {
	page
	Action  string
	Answers []answer
	Keep    []hidden
	Code    field
	Phone   string
	Office  string // its phone
}

func (l line) showWaitCheck(c echo.Context, status int, pg page, s waitSubject) error {
	if done, err := l.turnTo(c, pg, outcome{View: viewWaits, Status: status}); done {
		return err
	}
	app, _ := l.judge(s.form, s.subject)
	d := waitCheckPage{
		page: pg, Action: "/o/" + s.office.ID + "/wait", Code: pg.codeField(), Phone: app.Phone.Masked(), Office: s.office.Phone,
		Keep: append(s.form.typed(), hidden{"service", s.service.ID}, hidden{"key", s.form.Key}),
	}
	var wished []string
	for i, w := range s.wishes {
		d.Keep = append(d.Keep, hidden{wishInput(i), wishValue(w)})
		wished = append(wished, pg.half(w))
	}
	d.Answers = []answer{
		{pg.T("wait.wishes"), strings.Join(wished, pg.T("wait.or"))},
		{pg.T("answer.where"), pg.officeName(s.office)},
		{pg.T("answer.service"), pg.serviceName(s.service)},
	}
	d.Answers = append(d.Answers, l.personAnswers(pg, app, s.subject)...)
	return l.render(c, status, "waitcheck", d)
}

// waitJoin puts the couple on the list, and lets this browser see its entry.
func (l line) waitJoin(c echo.Context) error {
	return l.whenRight(c, func(pg page, s waitSubject, app booking.Application) error {
		if app.Code = digits(s.form.Code); app.Code == "" {
			pg.Mistakes = []mistake{{"code", pg.T("wrong.code.required")}}
			return l.showWaitCheck(c, http.StatusUnprocessableEntity, pg, s)
		}
		app.Session, app.Key, app.Locale, app.Actor = l.session(c), cmp.Or(s.form.Key, newKey()), pg.Lang, l.actor(c)
		joined, err := l.Desk.Join(c.Request().Context(), booking.Joining{Application: app, Office: s.office.ID, Wishes: s.wishes})
		if err != nil {
			return l.notJoined(c, pg, s, err)
		}
		if err := l.letWaitIn(c, joined.Number); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/w/"+joined.Number)
	})
}

// notJoined says why they are not on the list, where it can be mended.
func (l line) notJoined(c echo.Context, pg page, s waitSubject, err error) error {
	why := fault.Of(err)
	switch why.Code {
	case booking.ErrCodeWrong.Code, booking.ErrCodeExpired.Code, booking.ErrCodeUsedUp.Code:
		pg.Mistakes = []mistake{{"code", pg.Fault(why.Code)}}
		return l.showWaitCheck(c, http.StatusUnprocessableEntity, pg, s)
	case booking.ErrPersonBusy.Code, booking.ErrWaiting.Code, booking.ErrNoWaiting.Code:
		return l.showWait(c, statusOf(why), l.theirs(pg.refused(why), err), s, nil)
	}
	if len(why.Fields) > 0 && !errors.Is(err, slots.ErrNoSuchOffice) {
		return l.showWait(c, http.StatusUnprocessableEntity, pg, s, why.Fields)
	}
	return err
}
