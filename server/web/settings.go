package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// display is how somebody wants pages to look. What is not set is "".
type display struct {
	Size   string // large, largest
	Theme  string // light, dark; otherwise that of the system
	Simple string // 1: without what can be done without
}

// setting is something that a visitor chooses about how pages look, and what it
// may be. The first is how pages are without it.
type setting struct {
	name   string
	values []string
}

var settings = []setting{
	{"size", []string{"standard", "large", "largest"}},
	{"theme", []string{"system", "light", "dark"}},
	{"simple", []string{"0", "1"}},
	{"lang", []string{"zh", "en"}},
}

func (p *Pages) display(c echo.Context) display {
	chosen := map[string]string{}
	for _, s := range settings[:3] {
		if v := p.choice(c, s.name, s.values...); v != s.values[0] {
			chosen[s.name] = v
		}
	}
	return display{chosen["size"], chosen["theme"], chosen["simple"]}
}

const year = 365 * 24 * 60 * 60 // seconds

// choice is which of the values was asked for here, and is remembered from now
// on, or was chosen before; "" if none was.
func (p *Pages) choice(c echo.Context, name string, values ...string) string {
	if asked := c.Request().URL.Query().Get(name); slices.Contains(values, asked) {
		p.setCookie(c, http.Cookie{Name: name, Value: asked, Path: "/", MaxAge: year})
		return asked
	}
	if kept, err := c.Cookie(name); err == nil && slices.Contains(values, kept.Value) {
		return kept.Value
	}
	return ""
}

type settingsPage struct {
	page
	Groups []settingGroup
	Back   string
}

type settingGroup struct {
	Name, Label string
	Choices     []option
}

// settings is where the display is set.
func (p *Pages) settings(c echo.Context) error {
	pg := p.page(c)
	pg.Settings = ""
	now := map[string]string{"size": pg.Size, "theme": pg.Theme, "simple": pg.Simple, "lang": pg.Lang}
	d := settingsPage{page: pg, Back: localPath(c.QueryParam("back"))}
	for _, s := range settings {
		group := settingGroup{Name: s.name, Label: pg.T("settings." + s.name)}
		for i, v := range s.values {
			chosen := now[s.name] == v || now[s.name] == "" && i == 0
			group.Choices = append(group.Choices, option{v, pg.T("settings." + s.name + "." + v), chosen})
		}
		d.Groups = append(d.Groups, group)
	}
	return p.renderPacked(c, http.StatusOK, "settings", d)
}

// set keeps what was chosen and goes back to where it was wanted.
func (p *Pages) set(c echo.Context) error {
	sent, err := posted(c)
	if err != nil {
		return err
	}
	for _, s := range settings {
		if v := sent.Get(s.name); slices.Contains(s.values, v) {
			p.setCookie(c, http.Cookie{Name: s.name, Value: v, Path: "/", MaxAge: year})
		}
	}
	return c.Redirect(http.StatusSeeOther, localPath(sent.Get("back")))
}

// localPath is where a visitor wants to go back to, if that is a page of ours, and
// otherwise the first page.
func localPath(back string) string {
	to, err := url.Parse(back)
	if err != nil || to.IsAbs() || to.Host != "" || !strings.HasPrefix(to.Path, "/") || strings.ContainsAny(back, "\\\r\n") || strings.HasPrefix(back, "//") {
		return "/"
	}
	return to.EscapedPath()
}
