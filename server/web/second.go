package web

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/boombuler/barcode/qr"
	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
)

// mountSecond adds what the second person of a couple confirms with, where the
// office asks them themselves (decision 20).
func (p *Pages) mountSecond(e *echo.Echo) {
	e.GET("/b/:number/second", p.invitation)
	e.GET("/second/:token", p.secondForm)
	e.POST("/second/:token", p.secondAgain)
	e.POST("/second/:token/check", p.secondCheck)
	e.POST("/second/:token/confirm", p.secondConfirm)
	e.GET("/second/:token/:step", func(c echo.Context) error {
		return c.Redirect(http.StatusSeeOther, secondAt(c.Param("token")))
	})
}

func secondAt(token string) string { return "/second/" + url.PathEscape(token) }

// invitePage is the first person's: the link that the second one gets.
type invitePage struct {
	page
	Own  ownWords
	Link string // "": it is used up, and the hall is left
	Code *qrCode
}

// invitation shows the couple the link for the second person.
func (p *Pages) invitation(c echo.Context) error {
	mine, ok, err := p.standing(c)
	if err != nil || !ok {
		return err
	}
	second, err := p.Desk.Second(c.Request().Context(), mine.appointment)
	if err != nil {
		return err
	}
	if !second.Unconfirmed {
		return c.Redirect(http.StatusSeeOther, "/b/"+mine.Number)
	}
	pg := p.page(c)
	d := invitePage{page: pg, Own: pg.ownWords(mine)}
	if second.Link != "" {
		d.Link = p.origin(c) + secondAt(second.Link)
		code, err := qr.Encode(d.Link, qr.M, qr.Unicode)
		if err != nil {
			return fmt.Errorf("QR code of a link: %w", err)
		}
		d.Code = &qrCode{code}
	}
	return p.render(c, http.StatusOK, "invite", d)
}

// waiting is where the couple finds the link for the second person; "" where nobody
// is asked, or they have confirmed.
func (p *Pages) waiting(c echo.Context, mine own) (string, error) {
	if mine.Status != booking.Booked {
		return "", nil
	}
	second, err := p.Desk.Second(c.Request().Context(), mine.appointment)
	if err != nil || !second.Unconfirmed {
		return "", err
	}
	return "/b/" + mine.Number + "/second", nil
}

// saidBySecond is what the second person has agreed to, and when.
func (pg page) saidBySecond(mine own, second booking.Second) string {
	if second.At == nil {
		return ""
	}
	at := second.At.In(mine.office.Location)
	return pg.T("second.said."+second.By, "at", pg.Day(date.DateOf(at))+" "+pg.Clock(at))
}
