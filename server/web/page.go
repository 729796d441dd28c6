package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/server/auth"
	"hunyue/server/i18n"
	"hunyue/server/policy"
)

// page is what every page shows. Its methods are there for the templates.
type page struct {
	i18n.Reader
	display

	Other    string // this page in the other language; "" where it came of a form
	Settings string // where the display is set, and then back here; "" where it came of a form
	Demo     bool
	Staff    *auth.Staff
	Nav      []link
	Alert    string    // what happened, where something went wrong
	Mistakes []mistake // what is wrong with the form
	Notice   string    // what happened, where all is well

	why    string // the code of the fault that Alert tells
	assets map[string]asset
}

// Asset is the address of a file that the page loads.
func (pg page) Asset(name string) string { return pg.assets[name].at }

// named is what a form calls by its id and people by its name.
type named struct{ ID, Name string }

type link struct {
	To, Text string
	Here     bool
}

// mistake is a line of the summary above a form, which leads to the field.
type mistake struct {
	Field string `json:"f"`
	Text  string `json:"t"`
}

// page begins a page as the visitor wants it: in the language and with the
// display that they ask for here, that they chose before, or that their browser
// asks for.
func (p *Pages) page(c echo.Context) page {
	r := c.Request()
	wanted := p.choice(c, "lang", "zh", "en")
	if wanted == "" {
		wanted = r.Header.Get("Accept-Language")
	}
	pg := page{
		Reader: p.Texts.In(wanted), display: p.display(c), Demo: p.Dev != nil, Staff: auth.From(r.Context()),
		assets: p.look.assets,
	}
	if r.Method == http.MethodGet {
		pg.Other = otherLanguage(*r.URL, pg.Lang)
		pg.Settings = "/settings?" + url.Values{"back": {r.URL.Path}}.Encode()
	}
	if pg.Nav = pg.navigation(r.URL.Path); pg.Staff != nil {
		pg.Nav = append(pg.Nav, p.overseen(c, pg)...)
	}
	h := c.Response().Header()
	h.Set("Content-Language", pg.Lang)
	h.Add(echo.HeaderVary, "Accept-Language, Cookie")
	return pg
}

func otherLanguage(u url.URL, now string) string {
	other := "en"
	if now == "en" {
		other = "zh"
	}
	query := u.Query()
	query.Set("lang", other)
	return u.Path + "?" + query.Encode()
}

func (pg page) navigation(here string) []link {
	var all []link
	for _, l := range []struct{ to, key string }{
		{"/desk", "nav.desk"}, {"/window", "nav.window"}, {"/call", "nav.call"}, {"/manage", "nav.manage"}, {"/manage/people", "nav.people"}, {"/manage/policy", "nav.policy"},
	} {
		if maySee(pg.Staff, l.to) {
			all = append(all, link{To: l.to, Text: pg.T(l.key), Here: here == l.to || strings.HasPrefix(here, l.to+"/")})
		}
	}
	return all
}

// OtherLang is the language that the switch leads to.
func (pg page) OtherLang() string {
	if pg.Lang == "en" {
		return "zh"
	}
	return "en"
}

// HTMLLang is the language of the page with its script: the same characters are
// drawn otherwise in Japan.
func (pg page) HTMLLang() string {
	if pg.Lang == "zh" {
		return "zh-CN"
	}
	return pg.Lang
}

// switches are the buttons of a form that shows it again in another language or
// size, with what was typed.
type switches struct {
	To, Page  string
	OtherLang string
	Sizes     []named
}

// Switches is those of a form that is shown again at an address; of two pages
// there it names the one.
func (pg page) Switches(to, name string) switches {
	s := switches{To: to, Page: name, OtherLang: pg.OtherLang()}
	for _, size := range settings[0].values {
		if size != cmp.Or(pg.Size, "standard") {
			s.Sizes = append(s.Sizes, named{size, pg.T("settings.size." + size)})
		}
	}
	return s
}

// Failed reports whether something has to be mended on this page.
func (pg page) Failed() bool { return pg.Alert != "" || len(pg.Mistakes) > 0 }

// Day is a date in full, with its weekday.
func (pg page) Day(d date.Date) string { return dayIn(pg.Lang, d) }

// ShortDay is a date without its year.
func (pg page) ShortDay(d date.Date) string { return shortDayIn(pg.Lang, d) }

// Clock is a time of day as the clocks at the office show it; t is in its zone.
func (pg page) Clock(t time.Time) string { return t.Format("15:04") }

// Span is the time from one instant to another. A line does not end after its dash.
func (pg page) Span(from, to time.Time) string {
	return i18n.Whole(pg.Clock(from) + "–" + pg.Clock(to))
}

// posted is what a form sent in its body; nothing is read from the address.
func posted(c echo.Context) (url.Values, error) {
	r := c.Request()
	if err := r.ParseForm(); err != nil {
		return nil, errors.Join(echo.ErrBadRequest, err)
	}
	return r.PostForm, nil
}

// refused is pg with what a fault says.
func (pg page) refused(f *fault.Error) page {
	pg.Alert, pg.why = pg.Fault(f.Code), f.Code
	return pg
}

// statusOf is the HTTP status of a page that is shown again because of f.
func statusOf(f *fault.Error) int {
	switch f.Kind {
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.Internal, fault.Invalid:
	}
	return http.StatusUnprocessableEntity
}

// explained is pg with what err says, unless that belongs to fields, and the
// fault itself. What cannot be told comes back as the error.
func (pg page) explained(c echo.Context, err error) (page, *fault.Error, error) {
	why, tellable := told(err)
	if !tellable {
		return pg, why, err
	}
	if len(why.Fields) == 0 {
		pg = pg.refused(why)
	}
	retryLater(c, why)
	return pg, why, nil
}

// me is the member of staff who asks, on pages that only staff see.
func me(c echo.Context) *auth.Staff { return auth.From(c.Request().Context()) }

// maySee reports whether a member of staff, or nil, may see a page; mayPost
// whether they may do what its form asks for. A page asks before it offers
// either.
func maySee(s *auth.Staff, path string) bool {
	return s != nil && policy.May(s.Roles, http.MethodGet, path)
}

func mayPost(s *auth.Staff, path string) bool {
	return s != nil && policy.May(s.Roles, http.MethodPost, path)
}

// told reports whether err can be told on the page that it happened on. What
// cannot is for the error handler.
func told(err error) (*fault.Error, bool) {
	f := fault.Of(err)
	return f, f.Code == hall.ErrReadingMissing.Code || f.Code == auth.ErrNotPermitted.Code || // they can see to it themselves
		f.Kind != fault.Internal && f.Kind != fault.Unauthorized && f.Kind != fault.Forbidden
}
