package web

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"html/template"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"golang.org/x/sync/errgroup"

	"hunyue/internal/testenv/browser"
)

// Tabs is how many pages are looked at at once: as many as CI has cores.
const tabs = 2

// looks is what came of looking at every page in every way.
type looks struct {
	t        *testing.T
	keep     bool // a picture of each
	mu       sync.Mutex
	pages    int
	axe, own int
	seen     map[string]*finding // by the check and the element
}

var only = flag.String("screens", "", "the only screens of the gallery to look at, as in P05,P06")

// With `go test -run EveryPageInEveryWay -artifacts -outputdir DIR` a picture of
// each is kept, and the sheets that show a screen's states side by side.
func TestEveryPageIsSoundInEveryWay(t *testing.T) {
	g, chromium := newGallery(t, strings.FieldsFunc(*only, func(r rune) bool { return r == ',' })...), browser.Open(t)
	l := &looks{t: t, keep: flag.Lookup("test.artifacts").Value.String() == "true", seen: map[string]*finding{}}
	shots, ctx := errgroup.WithContext(t.Context())
	next := make(chan shot)
	for range tabs {
		tab := chromium.Tab(t)
		shots.Go(func() error {
			for s := range next {
				if err := l.look(tab, g.at, s); err != nil {
					return err
				}
			}
			return nil
		})
	}
	shots.Go(func() error {
		defer close(next)
		for _, s := range g.shots {
			select {
			case next <- s:
			case <-ctx.Done(): // a tab that fails takes no more: nobody waits for it
				return ctx.Err()
			}
		}
		return nil
	})
	if err := shots.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, f := range l.findings() {
		t.Error(f)
	}
	staff := 0
	for _, s := range g.shots {
		if forStaff(s.id) {
			staff++
		}
	}
	t.Logf("count: gallery: %d states of couples in %d variants and %d of staff in %d: %d pages, %d axe violations, %d home-made violations",
		(len(g.shots)-staff)/2, 2*len(browser.Variants()), staff/2, 2*len(browser.StaffVariants()), l.pages, l.axe, l.own)
	if l.keep {
		l.sheets(g, chromium.Tab(t))
	}
}

// look looks at one page in every variant, and where couples see it also on the
// narrowest screen, in the sizes that reach it there.
func (l *looks) look(tab *browser.Tab, at string, s shot) error {
	if err := tab.Show(at + s.path()); err != nil {
		return err
	}
	if s.offline() {
		if err := errors.Join(tab.Do(browser.Network(0, 0)), tab.Await(".offline:not([hidden]), #away:not([hidden])")); err != nil {
			return err
		}
		defer func() { _ = tab.Do(browser.Network(0, -1)) }()
	}
	for _, v := range waysOf(s.id) {
		found, err := tab.Look(v)
		if err != nil {
			return fmt.Errorf("%s: %w", s.path(), err)
		}
		l.note(s, v, found)
		if l.keep {
			if err := l.picture(tab, s, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// waysOf is how a screen is looked at.
func waysOf(id string) []browser.Variant {
	if forStaff(id) {
		return browser.StaffVariants()
	}
	return append(browser.Variants(), browser.Variant{Width: browser.Narrowest}, browser.Variant{Width: browser.Narrowest, Size: "largest"})
}

func (l *looks) note(s shot, v browser.Variant, found []browser.Finding) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pages++
	for _, f := range found {
		if f.Axe() {
			l.axe++
		} else {
			l.own++
		}
		name := f.Check + ": " + numbers.ReplaceAllString(f.Element, "0")
		if l.seen[name] == nil {
			l.seen[name] = &finding{what: f.What}
		}
		l.seen[name].where = append(l.seen[name].where, s.id+"/"+s.state+"-"+s.lang+"-"+v.String())
	}
}

// numbers is what the couples of the gallery differ in.
var numbers = regexp.MustCompile("[0-9]{2,}")

// finding is something wrong with an element, wherever that is seen.
type finding struct {
	what  string // at the first of them
	where []string
}

// findings is a line for each.
func (l *looks) findings() []string {
	var all []string
	for name, f := range l.seen {
		states := map[string]bool{}
		for _, where := range f.where {
			state, _, _ := strings.Cut(where, "-zh-")
			state, _, _ = strings.Cut(state, "-en-")
			states[state] = true
		}
		all = append(all, fmt.Sprintf("%s: %s (seen %d times, first in %s; in %s)",
			name, f.what, len(f.where), f.where[0], strings.Join(slices.Sorted(maps.Keys(states)), " ")))
	}
	slices.Sort(all)
	return all
}

func (l *looks) picture(tab *browser.Tab, s shot, v browser.Variant) error {
	picture, err := tab.Picture()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(l.t.ArtifactDir(), pictureOf(s, v)), picture, 0o600)
}

func pictureOf(s shot, v browser.Variant) string {
	return fmt.Sprintf("%s-%s-%s-%s.png", s.id, s.state, s.lang, v)
}

// views is how the sheets show a screen: as most see it, as the text that leaves
// least room, and in the dark.
func views(id string) []browser.Variant {
	if forStaff(id) {
		return []browser.Variant{{Width: 768}, {Width: 1280}, {Width: 1280, Dark: true}}
	}
	return []browser.Variant{{Width: 360}, {Width: 360, Size: "largest"}, {Width: 1280, Dark: true}}
}

var sheet = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><title>{{.Name}}</title>
<style>body { margin: 16px; background: #777; font: 14px sans-serif } div { display: flex; flex-wrap: wrap; align-items: start; gap: 16px }
figure { margin: 0 } figcaption { background: #fff; padding: 4px } img { display: block; width: {{.Wide}}px }</style>
<h1>{{.Name}}</h1><div>{{range .Pictures}}<figure><figcaption>{{.}}</figcaption><img src="{{.}}"></figure>
{{end}}</div>`))

// sheets makes a picture of each screen with its states side by side, for each of
// the views.
func (l *looks) sheets(g *gallery, tab *browser.Tab) {
	l.t.Helper()
	for _, sc := range allScreens() {
		for _, v := range views(sc.id) {
			d := struct {
				Name     string
				Wide     int
				Pictures []string
			}{Name: "sheet-" + sc.id + "-" + v.String(), Wide: min(v.Width/2, 400)}
			for _, s := range g.shots {
				if s.id == sc.id {
					d.Pictures = append(d.Pictures, pictureOf(s, v))
				}
			}
			var made bytes.Buffer
			if err := sheet.Execute(&made, d); err != nil {
				l.t.Fatal(err)
			}
			at := filepath.Join(l.t.ArtifactDir(), d.Name)
			err := errors.Join(os.WriteFile(at+".html", made.Bytes(), 0o600), tab.Do(chromedp.EmulateViewport(1640, 900), chromedp.Navigate("file://"+at+".html")))
			if err != nil {
				l.t.Fatal(err)
			}
			picture, err := tab.Picture()
			if err = errors.Join(err, os.WriteFile(at+".png", picture, 0o600)); err != nil {
				l.t.Fatal(err)
			}
		}
	}
}
