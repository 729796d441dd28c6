package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/server/auth"
	"hunyue/slots"
)

// finishing is the form that ends a registration. Where the service gives out no
// certificate it has no input.
type finishing struct {
	Prefix string // "J430702-2026-"
	Due    string // the serial that is due, as a suggestion: it is never filled in
	Serial field
	Sure   string // the number that may be noted all the same
}

func (p *Pages) finishing(c echo.Context, pg page, g own, f counterForm) (*finishing, error) {
	series, err := p.Hall.SeriesOf(c.Request().Context(), g.Office, g.Service, p.todayAt(g))
	if err != nil || series.Prefix == "" {
		return &finishing{}, err
	}
	d := &finishing{Prefix: series.Prefix}
	if series.Next > 0 {
		d.Due = fmt.Sprintf("%06d", series.Next)
	}
	serial := field{Name: "certificate_number", Mode: "numeric", Auto: "off", Hint: pg.T("window.serial_hint")}
	d.Serial = pg.typed(serial, "window.serial", f.typed, f.wrong)
	if odd := pg.oddWords(f.typed, f.odd); odd != "" {
		d.Serial.Wrong = odd
		if !f.odd.Final() {
			d.Sure = f.typed
		}
	}
	return d, nil
}

// oddWords says what is odd about a number, or "".
func (pg page) oddWords(typed string, odd hall.Odd) string {
	var all []string
	if odd.UsedBy != "" {
		all = append(all, pg.T("window.used", "serial", typed, "ticket", odd.UsedBy, "day", pg.ShortDay(odd.UsedOn)))
	}
	if odd.Skipped > 0 {
		all = append(all, pg.T("window.skipped", "n", odd.Skipped))
	}
	if odd.Form != "" {
		all = append(all, pg.T("warning."+odd.Form))
	}
	return strings.Join(all, " ")
}

// finish notes the certificate that the couple takes home. A number that is odd is
// asked about first: only the second press notes it.
func (p *Pages) finish(c echo.Context, o slots.Office, press hall.Press, number string) error {
	ctx, typed := c.Request().Context(), strings.TrimSpace(c.FormValue("certificate_number"))
	a, err := p.Desk.At(ctx, number, func(office string) bool { return office == o.ID })
	if err != nil {
		return err
	}
	if err := me(c).MayRegister(p.todayIn(o)); err != nil {
		return p.refusedAtCounter(c, o, err, counterForm{typed: typed})
	}
	series, err := p.Hall.SeriesOf(ctx, o.ID, a.Service, p.todayIn(o))
	if err != nil {
		return err
	}
	whole, ok := series.Whole(typed)
	if !ok {
		return p.showCounter(c, http.StatusUnprocessableEntity, p.page(c), o, counterForm{typed: typed, wrong: wrongs{"certificate_number": "serial"}})
	}
	odd, err := p.Hall.OddAbout(ctx, number, whole)
	if err != nil {
		return err
	}
	if odd != (hall.Odd{}) && a.Status != booking.Completed && (odd.Final() || c.FormValue("sure_of") != typed) {
		return p.showCounter(c, http.StatusUnprocessableEntity, p.page(c), o, counterForm{typed: typed, odd: odd})
	}
	if _, err := p.Hall.Complete(ctx, number, whole, press.Actor); err != nil {
		return p.refusedAtCounter(c, o, err, counterForm{typed: typed})
	}
	return c.Redirect(http.StatusSeeOther, counterAt(o, press.Counter))
}

// refuse ends a visit without a registration, and offers another day.
func (p *Pages) refuse(c echo.Context, o slots.Office, press hall.Press, number string) error {
	ctx := c.Request().Context()
	a, err := p.Desk.At(ctx, number, func(office string) bool { return office == o.ID })
	if err != nil {
		return err
	}
	r := hall.Refusal{Code: hall.RefusalCode(c.FormValue("refusal")), Text: c.FormValue("reason")}
	if err := p.Hall.Refuse(ctx, number, r, press.Actor); err != nil {
		return p.refusedAtCounter(c, o, err, counterForm{refusing: true})
	}
	pg := p.page(c)
	pg.Notice = pg.T("window.refused")
	return p.showCounter(c, http.StatusOK, pg, o, counterForm{again: rebookAt(o, a.Service)})
}

// certificatePage is the numbers that a registration has had, and the form that
// puts the last of them right.
type certificatePage struct {
	page
	Number  string
	Numbers []numberLine
	Serial  field
	Reason  field
	Key     string
}

type numberLine struct{ Certificate, Who, When, Why string }

// certificate shows the manager the numbers of a registration.
func (p *Pages) certificate(c echo.Context) error {
	g, err := p.guestOf(c)
	if err != nil {
		return err
	}
	return p.showCertificate(c, http.StatusOK, p.page(c), g, nil)
}

func (p *Pages) showCertificate(c echo.Context, status int, pg page, g own, wrong wrongs) error {
	all, err := p.Hall.Amended(c.Request().Context(), g.Number)
	if err != nil {
		return err
	}
	d := certificatePage{page: pg, Number: g.Number, Key: newKey()}
	for _, one := range all {
		d.Numbers = append(d.Numbers, numberLine{
			one.Certificate, strings.TrimPrefix(one.Actor, "staff:"), pg.ShortDay(date.DateOf(one.At.In(g.office.Location))) + " " + pg.clockIn(one.At, g.office), one.Reason,
		})
	}
	serial := field{Name: "certificate_number", Auto: "off", Hint: pg.T("window.certificate_hint")}
	d.Serial = pg.typed(serial, "window.right_number", c.FormValue("certificate_number"), wrong)
	d.Reason = pg.typed(field{Name: "reason", Auto: "off"}, "window.why", c.FormValue("reason"), wrong)
	d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", d.Serial, d.Reason)...)
	return p.render(c, status, "certificate", d)
}

// amendCertificate keeps another number beside the one that was noted.
func (p *Pages) amendCertificate(c echo.Context) error {
	g, err := p.guestOf(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	err = p.Hall.Amend(ctx, hall.Amendment{
		Number: g.Number, Certificate: c.FormValue("certificate_number"), Reason: c.FormValue("reason"),
		Key: c.FormValue("key"), Actor: auth.From(ctx).Actor(),
	})
	if err != nil {
		pg, why, err := p.page(c).explained(c, err)
		if err != nil {
			return err
		}
		return p.showCertificate(c, statusOf(why), pg, g, why.Fields)
	}
	return c.Redirect(http.StatusSeeOther, "/desk/"+g.Number+"/certificate")
}
