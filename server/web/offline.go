package web

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// offline is the page that a browser keeps for when there is no network (sw.js): it
// says so, and whom to call.
func (p *Pages) offline(c echo.Context) error {
	d, _, err := p.explaining(c)
	if err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "offline", d)
}
