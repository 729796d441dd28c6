package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/identity"
)

func (p *Pages) mountFind(e *echo.Echo) {
	e.GET("/find", p.find)
	e.POST("/find", p.findAgain)
	e.POST("/find/send", p.sendToPhone)
	e.POST("/find/mine", p.findByPhone)
	e.POST("/find/code", p.findCode)
	e.POST("/find/phone", p.findByNumber)
	e.POST("/find/secret", p.findBySecret)
	e.GET("/my", func(c echo.Context) error { return c.Redirect(http.StatusSeeOther, "/find") })
}

func (pg page) mobileField(f findForm, wrong wrongs) field {
	m := pg.typed(field{Name: "mobile", Type: "tel", Mode: "tel", Auto: "tel-national", Hint: pg.T("find.mobile_hint")}, "book.phone", f.Mobile, nil)
	m.Wrong = wrongs{"phone": wrong["mobile"]}.say(pg.Reader, "phone")
	return m
}

// readMobile reads the form with a phone alone. A code can be sent to it, or it
// is said why not.
func (p *Pages) readMobile(c echo.Context) (findForm, identity.Phone, wrongs, error) {
	f, err := sentFind(c)
	if err != nil {
		return f, identity.Phone{}, nil, err
	}
	phone, code := identity.ParsePhone(f.Mobile)
	if code == "" && !phone.TakesSMS() {
		code = "not_mobile"
	}
	if code != "" {
		return f, phone, wrongs{"mobile": code}, nil
	}
	f.sent = byPhone
	return f, phone, nil, nil
}

// sendToPhone sends a code to whatever phone was typed, whether or not there is
// an appointment with it: the answer, and how long it takes, is the same.
func (p *Pages) sendToPhone(c echo.Context) error {
	f, phone, wrong, err := p.readMobile(c)
	if err != nil {
		return err
	}
	pg := p.page(c)
	if len(wrong) > 0 {
		return p.showFind(c, http.StatusUnprocessableEntity, pg, f, wrong)
	}
	if pg, err = p.send(c.Request().Context(), pg, phone.Number()); err != nil {
		return err
	}
	return p.showFind(c, http.StatusOK, pg, f, nil)
}

// findByPhone lets in whoever has the phone in hand: to their appointment, or to
// the choice of them.
func (p *Pages) findByPhone(c echo.Context) error {
	f, phone, wrong, err := p.readMobile(c)
	if err != nil {
		return err
	}
	pg, code := p.page(c), digits(f.Code)
	if len(wrong) == 0 && code == "" {
		wrong = wrongs{"code": "required"}
	}
	if len(wrong) > 0 {
		return p.showFind(c, http.StatusUnprocessableEntity, pg, f, wrong)
	}
	ctx := c.Request().Context()
	if err := p.spend(ctx, phone.Number(), code, f.Key); refusedCode(err) {
		return p.showFind(c, http.StatusUnprocessableEntity, pg, f, wrongs{"code": "not_this"})
	} else if err != nil {
		return err
	}
	rows, err := p.Desk.OfPhone(ctx, phone)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := p.letIn(c, row.Number, ""); err != nil {
			return err
		}
	}
	waits, err := p.Desk.WaitersOfPhone(ctx, phone)
	if err != nil {
		return err
	}
	for _, w := range waits {
		if err := p.letWaitIn(c, w.Number); err != nil {
			return err
		}
	}
	switch {
	case len(rows) == 1 && len(waits) == 0:
		return c.Redirect(http.StatusSeeOther, "/b/"+rows[0].Number)
	case len(rows) == 0 && len(waits) == 1:
		return c.Redirect(http.StatusSeeOther, "/w/"+waits[0].Number)
	}
	return p.showFound(c, pg, phone, rows, waits)
}

type foundPage struct {
	page
	Phone string // masked
	Rows  []foundRow
}

// foundRow is an appointment to choose.
type foundRow struct{ To, When, Where, Names, Status string }

// showFound is the choice of several appointments, or says that there is none.
func (p *Pages) showFound(c echo.Context, pg page, phone identity.Phone, rows []booking.Row, waits []booking.Waiter) error {
	if done, err := p.turnTo(c, pg, outcome{View: viewFound, Status: http.StatusOK}); done {
		return err
	}
	found := foundPage{page: pg, Phone: phone.Masked()}
	for _, w := range waits {
		row, err := p.foundWaiter(c, pg, w)
		if err != nil {
			return err
		}
		found.Rows = append(found.Rows, row)
	}
	for _, row := range rows {
		office, err := p.Offices.Office(c.Request().Context(), row.Office)
		if err != nil {
			return err
		}
		found.Rows = append(found.Rows, foundRow{
			To: "/b/" + row.Number, When: pg.Day(row.Day) + " " + pg.Span(row.StartsAt, row.EndsAt), Where: pg.officeName(office),
			Names: strings.Join(row.Names, " · "), Status: pg.T("status." + string(row.Status)),
		})
	}
	return p.render(c, http.StatusOK, "found", found)
}

// foundWaiter is an entry of the waiting list to choose.
func (p *Pages) foundWaiter(c echo.Context, pg page, w booking.Waiter) (foundRow, error) {
	ctx := c.Request().Context()
	office, err := p.Offices.Office(ctx, w.Office)
	if err != nil {
		return foundRow{}, err
	}
	wishes, err := p.Desk.Wishes(ctx, w)
	row := foundRow{To: "/w/" + w.Number, Where: pg.officeName(office), Names: pg.T("wait.number", "number", w.Number), Status: pg.T("wait.state." + string(w.State))}
	var wished []string
	for _, wish := range wishes {
		wished = append(wished, pg.half(wish))
	}
	row.When = strings.Join(wished, pg.T("wait.or"))
	return row, err
}
