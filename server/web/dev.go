package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/internal/identity"
	"hunyue/notify"
)

type messagesPage struct {
	page
	Messages []messageRow
	Phone    string
}

type messageRow struct{ At, Phone, Kind, Text, Code string }

// messages shows what would have been sent, codes too: demo mode only.
func (p *Pages) messages(c echo.Context) error {
	all, err := p.Dev.Messages(c.Request().Context(), typedPhone(c.QueryParam("phone")))
	if err != nil {
		return err
	}
	china := time.FixedZone("", 8*60*60)
	d := messagesPage{page: p.page(c), Phone: c.QueryParam("phone")}
	for _, m := range all {
		d.Messages = append(d.Messages, messageRow{m.At.In(china).Format("01-02 15:04:05"), m.Phone, string(m.Kind), m.Text, m.Code})
	}
	return p.render(c, http.StatusOK, "messages", d)
}

// messagesJSON is the same for scripts.
func (p *Pages) messagesJSON(c echo.Context) error {
	all, err := p.Dev.Messages(c.Request().Context(), typedPhone(c.QueryParam("phone")))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, struct {
		Messages []notify.DevMessage `json:"messages"`
	}{all})
}

// typedPhone is a phone as messages are kept by it, however it was typed.
func typedPhone(typed string) string {
	if phone, wrong := identity.ParsePhone(strings.TrimSpace(typed)); wrong == "" {
		return phone.Number()
	}
	return typed
}
