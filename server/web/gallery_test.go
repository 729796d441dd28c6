package web

import (
	"bytes"
	"html/template"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"hunyue/internal/fault"
	"hunyue/notify"
)

// The gallery shows every screen in every state, each reached as a couple or a
// member of staff reaches it: by the pages and forms themselves, in an office whose days are made
// up and whose clock stands at 9:41 on 20 May 2026. What came back is kept, so
// that it can be looked at again without its past. It is part of the tests and so
// of no program that is released.

// screen is a page and what can be seen on it. The ids are those of the design:
// P is for the public, O for operators.
type screen struct {
	id, name string
	states   []state
}

// forStaff reports whether only staff see the screen with this id.
func forStaff(id string) bool { return !strings.HasPrefix(id, "P") }

// allScreens is those of couples and of staff.
func allScreens() []screen {
	return slices.Concat(screens, consoleScreens, lineScreens, accountScreens, secondScreens, waitScreens, deskScreens, hallScreens, ledgerScreens, offlineScreens, windowScreens, kioskScreens)
}

// state is how a screen can look. Before is done two days earlier; show leads
// there and stays.
type state struct {
	name         string
	before, show func(*guest)
}

// frozen is when everything in the gallery is seen, and earlier when what it shows
// was booked.
const (
	frozen  = "2026-05-20 09:41"
	earlier = "2026-05-18 10:00"
)

// shot is a page as it came back.
type shot struct {
	id, state, lang string
	status          int
	body            []byte
}

// offline reports whether the network is taken away once the page is shown.
func (s shot) offline() bool { return strings.HasSuffix(s.state, "offline") }

func (s shot) path() string { return "/_gallery/" + s.id + "/" + s.state + "?lang=" + s.lang }

// gallery is the shots, and the town behind the links on them.
type gallery struct {
	*town
	dev   *notify.DevChannel
	shots []shot
	at    string // its address

	announced map[string]string         // the ids of notices, by what they are for
	signedIn  map[string][]*http.Cookie // of staff, by their role
}

// newGallery is the screens with these ids, or all of them.
func newGallery(t *testing.T, ids ...string) *gallery {
	t.Helper()
	tn := newTown(t)
	g := &gallery{town: tn, dev: tn.Dev}
	tn.Dev = nil // what couples see, without the helps of demo mode
	tn.open()
	g.town.at(earlier)
	g.seed()
	g.record(ids)
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	g.at = server.URL
	return g
}

// record goes to every state of the screens in both languages.
func (g *gallery) record(ids []string) {
	g.t.Helper()
	type going struct {
		guest *guest
		shot  shot
		state state
	}
	var all []going
	for _, sc := range allScreens() {
		if len(ids) > 0 && !slices.Contains(ids, sc.id) {
			continue
		}
		for _, st := range sc.states {
			for _, lang := range []string{"zh", "en"} {
				v := &guest{visitor: g.visitor(), gallery: g, n: len(all), lang: lang}
				v.get(dayAt(unopened, "2026-05-21") + "&lang=" + lang) // sets the cookies that a place is chosen with
				all = append(all, going{v, shot{id: sc.id, state: st.name, lang: lang}, st})
				if st.before != nil {
					st.before(v)
				}
			}
		}
	}
	for _, to := range all {
		g.freeze()
		to.state.show(to.guest)
		to.shot.status, to.shot.body = to.guest.Status, []byte(to.guest.body)
		g.shots = append(g.shots, to.shot)
	}
}

// freeze turns the clock back where a state has moved it. That it runs on for a
// few seconds is not seen, and what the desk remembers stays of use.
func (g *gallery) freeze() {
	g.t.Helper()
	if g.Clock.Now().In(shanghai).Format("2006-01-02 15:04") != frozen {
		g.town.at(frozen)
	}
}

// ServeHTTP is the gallery, and the town for all that its pages ask for.
func (g *gallery) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at, ours := strings.CutPrefix(r.URL.Path, "/_gallery")
	if !ours {
		g.server.Config.Handler.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	query := r.URL.Query()
	if at == "" || at == "/" {
		g.index(w)
		return
	}
	i := slices.IndexFunc(g.shots, func(s shot) bool {
		return at == "/"+s.id+"/"+s.state && (query.Get("lang") == s.lang || query.Get("lang") == "" && s.lang == "zh")
	})
	if i < 0 {
		http.NotFound(w, r)
		return
	}
	if width := query.Get("w"); width != "" {
		query.Del("w")
		framed(w, width, r.URL.Path+"?"+query.Encode())
		return
	}
	w.WriteHeader(g.shots[i].status)
	_, _ = w.Write(dressed(g.shots[i].body, query.Get("size"), query.Get("theme")))
}

var (
	root = regexp.MustCompile(`<html[^>]*>`)
	worn = regexp.MustCompile(` data-(size|theme)="[^"]*"`)
)

// dressed is a page with the size and the theme that the server would write on its
// root element for somebody who had chosen them.
func dressed(body []byte, size, theme string) []byte {
	return root.ReplaceAllFunc(body, func(tag []byte) []byte {
		tag = worn.ReplaceAll(tag, nil)
		var chosen strings.Builder
		if slices.Contains([]string{"large", "largest"}, size) {
			chosen.WriteString(` data-size="` + size + `"`)
		}
		if slices.Contains([]string{"light", "dark"}, theme) {
			chosen.WriteString(` data-theme="` + theme + `"`)
		}
		return bytes.Replace(tag, []byte(">"), []byte(chosen.String()+">"), 1)
	})
}

var frame = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><title>{{.At}}</title>
<body style="margin:0;background:#777"><iframe title="{{.At}}" src="{{.At}}" style="display:block;margin:auto;border:0;width:{{.Width}}px;height:100vh"></iframe>`))

// framed shows an address in a window of its own width.
func framed(w http.ResponseWriter, width, at string) {
	_ = frame.Execute(w, struct{ Width, At string }{width, at})
}

var index = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Gallery</title>
<h1>Gallery</h1><p>Add w=360, size=large|largest, theme=light|dark to an address. What ends in
offline is seen when the browser is told that it has no network.</p>
{{range .}}<h2>{{.ID}} {{.Name}}</h2><ul>{{range .Shots}}<li><a href="{{.}}">{{.}}</a>
<a href="{{.}}&amp;w=360&amp;size=largest">360 largest</a> <a href="{{.}}&amp;theme=dark">dark</a></li>{{end}}</ul>{{end}}`))

func (g *gallery) index(w http.ResponseWriter) {
	type row struct {
		ID, Name string
		Shots    []string
	}
	var rows []row
	for _, sc := range allScreens() {
		r := row{ID: sc.id, Name: sc.name}
		for _, s := range g.shots {
			if s.id == sc.id {
				r.Shots = append(r.Shots, s.path())
			}
		}
		rows = append(rows, r)
	}
	_ = index.Execute(w, rows)
}

// failed is the page that somebody gets where a request ends with a fault.
func (v *guest) failed(status int, f *fault.Error) {
	v.t.Helper()
	r := httptest.NewRequestWithContext(v.t.Context(), http.MethodGet, "/somewhere?lang="+v.lang, nil)
	answer := httptest.NewRecorder()
	answer.Header().Set(echo.HeaderXRequestID, "0000-0000")
	if err := v.Error(echo.New().NewContext(r, answer), status, f); err != nil {
		v.t.Fatal(err)
	}
	v.Status, v.body = answer.Code, answer.Body.String()
}

func TestNoProgramHasTheGallery(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get("/_gallery").want(http.StatusNotFound)
	v.get("/_gallery/P01/many").want(http.StatusNotFound)
	if strings.Contains(sources(t), "_gallery") {
		t.Error("what is released names the gallery")
	}
}
