package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"hunyue/internal/hanzi"
)

// mostRare is how many characters are shown at once.
const mostRare = 60

type rarePage struct {
	page
	Query field
	Asked bool
	Found []hanzi.Character
	More  bool // than are shown
}

// rareName finds a character that is hard to type. What is asked for may be a
// name, so it is in no address.
func (p *Pages) rareName(c echo.Context) error {
	pg, asked := p.page(c), c.Request().PostFormValue("q")
	if done, err := p.turnTo(c, pg, outcome{View: viewRare, Status: http.StatusOK}); done {
		return err
	}
	d := rarePage{page: pg, Asked: asked != "", Query: pg.typed(field{Name: "q", Auto: "off", Hint: pg.T("rare.hint")}, "rare.query", asked, nil)}
	d.Found = p.rare.Find(asked)
	if d.More = len(d.Found) > mostRare; d.More {
		d.Found = d.Found[:mostRare]
	}
	return p.render(c, http.StatusOK, "rare", d)
}
