package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"
)

//go:embed templates static
var files embed.FS

// look is the templates and the stylesheet.
type look struct {
	templates map[string]*template.Template // by the name of the page
	style     []byte
	styleAt   string // an address that changes with the stylesheet
}

func newLook() (look, error) {
	l := look{templates: map[string]*template.Template{}}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return l, err
	}
	for _, name := range names {
		page := strings.TrimSuffix(path.Base(name), ".html")
		if page == "layout" || page == "parts" {
			continue
		}
		l.templates[page], err = template.ParseFS(files, "templates/layout.html", "templates/parts.html", name)
		if err != nil {
			return l, fmt.Errorf("page %s: %w", page, err)
		}
	}
	if l.style, err = files.ReadFile("static/hunyue.css"); err != nil {
		return l, err
	}
	sum := sha256.Sum256(l.style)
	l.styleAt = fmt.Sprintf("/static/%x.css", sum[:8])
	return l, nil
}

// style is the stylesheet. Its address is new whenever it is, so browsers may
// keep it.
func (p *Pages) style(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return c.Blob(http.StatusOK, "text/css; charset=utf-8", p.look.style)
}

// render makes the whole page before a byte of it is sent, so that none is
// ever cut short.
func (p *Pages) render(c echo.Context, status int, name string, data any) error {
	var body bytes.Buffer
	if err := p.look.templates[name].ExecuteTemplate(&body, "layout", data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	return c.HTMLBlob(status, body.Bytes())
}
