package main

import (
	"bytes"
	"html/template"
	"net/http"

	"github.com/labstack/echo/v4"

	"hunyue/notify"
	"hunyue/server/i18n"
)

// devMessages shows every message that demo mode would have sent, codes and
// all. It is mounted in demo mode only.
type devMessages struct {
	channel *notify.DevChannel
	texts   *i18n.Texts
}

func (d *devMessages) mount(e *echo.Echo) {
	e.GET("/dev/messages", d.page)
	e.GET("/dev/messages.json", d.json)
}

// json answers {"messages":[{"at","phone","kind","text","code"}]}, the newest
// first; ?phone= keeps those to one phone.
func (d *devMessages) json(c echo.Context) error {
	messages, err := d.channel.Messages(c.Request().Context(), c.QueryParam("phone"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"messages": messages})
}

var devPage = template.Must(template.New("messages").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.T "dev.messages"}}</title>
<h1>{{.T "dev.messages"}}</h1>
<form><label>{{.T "dev.phone"}} <input name="phone" value="{{.Phone}}"></label> <button>{{.T "dev.show"}}</button></form>
{{range .Messages}}<article>
<h2><time datetime="{{.At.Format "2006-01-02T15:04:05Z07:00"}}">{{.At.Format "2006-01-02 15:04:05"}}</time> · {{.Phone}} · {{.Kind}}</h2>
<p>{{.Text}}</p>
</article>
{{else}}<p>{{.T "dev.none"}}</p>
{{end}}</html>
`))

func (d *devMessages) page(c echo.Context) error {
	phone := c.QueryParam("phone")
	messages, err := d.channel.Messages(c.Request().Context(), phone)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	err = devPage.Execute(&page, struct {
		i18n.Reader
		Phone    string
		Messages []notify.DevMessage
	}{d.texts.In(c.Request().Header.Get("Accept-Language")), phone, messages})
	if err != nil {
		return err
	}
	return c.HTMLBlob(http.StatusOK, page.Bytes())
}
