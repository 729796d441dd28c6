// Package docs is the API reference for people: one page that shows the
// OpenAPI document with Swagger UI. Everything it loads comes from this
// program; see static/README.md for where the viewer is from.
package docs

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
)

//go:embed static
var static embed.FS

// policy lets the page load what is ours and ask our API, and nothing else:
// Swagger UI needs no script or style inside the page. Its icons are data
// addresses in its style sheet.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Mount adds the page and what it needs below g, which must be /api/docs. The
// page reads the document from /api/openapi.yaml.
func Mount(g *echo.Group) {
	page := newFile("page.html")
	g.GET("", page.serve)
	g.GET("/", page.serve)
	for _, name := range []string{"page.js", "swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"} {
		g.GET("/"+name, newFile(name).serve)
	}
}

// file is one of the embedded files. It is compressed when it is first asked
// for, since most who use the program never do.
type file struct {
	name       string
	media      string
	compressed func() ([]byte, error)
}

func newFile(name string) *file {
	f := &file{name: "static/" + name, media: mime.TypeByExtension(path.Ext(name))}
	f.compressed = sync.OnceValues(f.compress)
	return f
}

func (f *file) compress() ([]byte, error) {
	plain, err := static.ReadFile(f.name)
	if err != nil {
		return nil, fmt.Errorf("compress %s: %w", f.name, err)
	}
	var small bytes.Buffer
	w := gzip.NewWriter(&small)
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("compress %s: %w", f.name, err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress %s: %w", f.name, err)
	}
	return small.Bytes(), nil
}

func (f *file) serve(c echo.Context) error {
	h := c.Response().Header()
	h.Set(echo.HeaderContentSecurityPolicy, policy)
	h.Set(echo.HeaderCacheControl, "public, max-age=3600")
	h.Add(echo.HeaderVary, echo.HeaderAcceptEncoding)
	read := func() ([]byte, error) { return static.ReadFile(f.name) }
	if strings.Contains(c.Request().Header.Get(echo.HeaderAcceptEncoding), "gzip") {
		h.Set(echo.HeaderContentEncoding, "gzip")
		read = f.compressed
	}
	body, err := read()
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, f.media, body)
}
