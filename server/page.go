package main

import (
	"bytes"
	"html/template"
	"strconv"

	"github.com/labstack/echo/v4"

	"hunyue/internal/fault"
	"hunyue/server/api"
)

// errorPage is what a browser is shown where no page can be: plain, and with
// nothing to load.
var errorPage = template.Must(template.New("error").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Kind}} {{.Status}}</title>
<h1>{{.Text}}</h1>
<p><a href="/">{{.Home}}</a></p>
<p><small>{{.Request}}</small></p>
</html>
`))

// page answers with a page in the visitor's language.
func (m *mapper) page(c echo.Context, f *fault.Error) error {
	reader, status := m.reader(c), api.Status(f)
	if seconds := api.Problem(f, "").RetryAfter; seconds > 0 {
		c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(seconds))
	}
	var page bytes.Buffer
	err := errorPage.Execute(&page, struct {
		Lang, Kind, Text, Home, Request string
		Status                          int
	}{
		reader.Lang, reader.T("page.error_title"), reader.Fault(f.Code), reader.T("page.home"),
		reader.T("page.request", "id", requestID(c)), status,
	})
	if err != nil {
		return err
	}
	return c.HTMLBlob(status, page.Bytes())
}
