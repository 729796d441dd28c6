package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
)

//go:embed templates static
var files embed.FS

// look is the templates and what pages load besides.
type look struct {
	templates map[string]*template.Template // by the name of the page
	assets    map[string]asset              // by the name of the file
}

// asset is a file that pages load. Its address is new whenever it is, so that
// browsers may keep it.
type asset struct {
	at           string
	kind         string
	body, packed []byte
}

// made is the look of every program of this version. To parse the templates and to
// pack the files takes a good part of a second, most of what a test takes.
var made = sync.OnceValues(makeLook)

// newLook is a look that a voice may be recorded for.
func newLook() (look, error) {
	l, err := made()
	l.assets = maps.Clone(l.assets)
	return l, err
}

func makeLook() (look, error) {
	l := look{templates: map[string]*template.Template{}, assets: map[string]asset{}}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return l, err
	}
	for _, name := range names {
		page := strings.TrimSuffix(path.Base(name), ".html")
		if page == "layout" || page == "parts" {
			continue
		}
		l.templates[page], err = template.New(page).Funcs(template.FuncMap{"dial": dial}).ParseFS(files, "templates/layout.html", "templates/parts.html", name)
		if err != nil {
			return l, fmt.Errorf("page %s: %w", page, err)
		}
	}
	return l, fs.WalkDir(files, "static", func(at string, file fs.DirEntry, err error) error {
		if err != nil || file.IsDir() {
			return err
		}
		name := strings.TrimPrefix(at, "static/")
		l.assets[name], err = newAsset(name)
		return err
	})
}

func newAsset(name string) (asset, error) {
	body, err := files.ReadFile("static/" + name)
	if err != nil {
		return asset{}, err
	}
	return assetOf(name, body)
}

// assetOf is a file with this name and content.
func assetOf(name string, body []byte) (asset, error) {
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".wav": "audio/wav"}
	kind, known := kinds[path.Ext(name)]
	if !known {
		return asset{}, fmt.Errorf("static/%s: no such kind of file is served", name)
	}
	sum := sha256.Sum256(body)
	packed, err := pack(body)
	return asset{at: fmt.Sprintf("/static/%x%s", sum[:8], path.Ext(name)), kind: kind, body: body, packed: packed}, err
}

func pack(body []byte) ([]byte, error) {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// mountAssets adds the address of every file that pages load.
func (p *Pages) mountAssets(e *echo.Echo) {
	for _, a := range p.look.assets {
		e.GET(a.at, func(c echo.Context) error {
			h := c.Response().Header()
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
			h.Set(echo.HeaderVary, "Accept-Encoding")
			if strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
				h.Set("Content-Encoding", "gzip")
				return c.Blob(http.StatusOK, a.kind, a.packed)
			}
			return c.Blob(http.StatusOK, a.kind, a.body)
		})
	}
}

// serviceWorker is at an address of its own, since it may only do with pages
// beneath it.
func (p *Pages) serviceWorker(c echo.Context) error {
	a := p.look.assets["sw.js"]
	c.Response().Header().Set("Cache-Control", "no-cache")
	return c.Blob(http.StatusOK, a.kind, a.body)
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

// renderPacked is render for a page with nothing on it that is somebody's own.
// Only such pages are compressed: the length of a compressed page tells about
// what else is on it.
func (p *Pages) renderPacked(c echo.Context, status int, name string, data any) error {
	if !strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
		return p.render(c, status, name, data)
	}
	var body bytes.Buffer
	w := gzip.NewWriter(&body)
	if err := p.look.templates[name].ExecuteTemplate(w, "layout", data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	if err := w.Close(); err != nil {
		return err
	}
	c.Response().Header().Set("Content-Encoding", "gzip")
	c.Response().Header().Add(echo.HeaderVary, "Accept-Encoding")
	return c.HTMLBlob(status, body.Bytes())
}
