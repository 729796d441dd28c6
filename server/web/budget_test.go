package web

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"hunyue/internal/testenv/browser"
)

// What the first visit to the page of days and times may cost.
const (
	firstVisit  = 45_000          // bytes on the way, headers too
	firstChoice = 3 * time.Second // until a time can be chosen, at 400 kbit/s and 400 ms
)

func TestTheFirstVisitIsLight(t *testing.T) {
	ph := &phone{town: newTown(t), tab: browser.Open(t).Guest(t)}
	bytes, asked := 0.0, 0
	err := chromedp.Listen(ph.tab.Context(), func(e any) {
		if done, ok := e.(*network.EventLoadingFinished); ok {
			bytes, asked = bytes+done.EncodedDataLength, asked+1
		}
	})
	ph.must(err)
	ph.do(browser.Network(0, -1))
	ph.visit("/o/"+office+"?lang=zh", radio)
	if bytes == 0 || bytes > firstVisit {
		t.Errorf("the first visit takes %.0f bytes, want at most %d", bytes, firstVisit)
	}
	sheet, script := ph.Pages.look.assets["hunyue.css"], ph.Pages.look.assets["hunyue.js"]
	t.Logf("count: first visit: %.0f bytes in %d requests; style sheet %d bytes, script %d", bytes, asked, len(sheet.packed), len(script.packed))
}

func TestATimeCanBeChosenSoonOnASlowNetwork(t *testing.T) {
	ph := &phone{town: newTown(t), tab: browser.Open(t).Guest(t)}
	ph.do(browser.Network(400, 400))
	ph.visit("/o/"+office+"?lang=zh", radio)
	ms, err := browser.Ask[float64](ph.tab, `Math.max(performance.getEntriesByType('navigation')[0].domInteractive, ...performance.getEntriesByName('first-contentful-paint').map(p => p.startTime))`)
	took := time.Duration(ms * float64(time.Millisecond))
	if err != nil || took < 400*time.Millisecond || took > firstChoice {
		t.Errorf("a time can be chosen after %v, %v; want at most %v", took, err, firstChoice)
	}
	t.Logf("count: 400 kbit/s and 400 ms: a time can be chosen after %d ms", took.Milliseconds())
}

// coloursOf is every colour on the page, in the order of its elements.
const coloursOf = `[...document.querySelectorAll('body, body *')].map(e => { const s = getComputedStyle(e); return [s.color, s.backgroundColor, s.borderTopColor].join() }).join('\n')`

// Whoever chooses a theme sees what a system of that theme shows.
func TestAThemeThatIsChosenIsThatOfTheSystem(t *testing.T) {
	ph := &phone{town: newTown(t), tab: browser.Open(t).Guest(t)}
	seen := func(theme, system string) string {
		ph.do(browser.Media("", "prefers-color-scheme", system, "prefers-reduced-motion", "reduce"))
		ph.visit("/o/"+office+"?lang=zh&theme="+theme, radio)
		colours, err := browser.Ask[string](ph.tab, coloursOf)
		ph.must(err)
		return colours
	}
	light, dark := seen("system", "light"), seen("system", "dark")
	if light == dark {
		t.Fatal("light and dark look the same")
	}
	if seen("dark", "light") != dark || seen("dark", "dark") != dark {
		t.Error("the dark theme is not the same by choice and by system")
	}
	if seen("light", "dark") != light || seen("light", "light") != light {
		t.Error("the light theme is not the same by choice and by system")
	}
}

// kindsOfDay is how a day that is chosen, one that is free and one that is full
// look: what is drawn around them, and the word in them.
const kindsOfDay = `['a.day[aria-current]', 'a.day.open:not([aria-current])', '.day.full'].map(which => {
	const e = document.querySelector(which), s = e && getComputedStyle(e)
	return e ? [s.borderTopStyle, s.borderTopWidth, s.outlineStyle, s.outlineWidth, s.textDecorationLine, s.color, s.backgroundColor, e.querySelector('i').textContent.replace(/\d/g, '')].join() : 'none'
})`

func TestDaysCanBeToldApartInForcedColours(t *testing.T) {
	g := newGallery(t, "P02")
	tab := browser.Open(t).Guest(t)
	at := ""
	for _, s := range g.shots {
		if s.id == "P02" && s.state == "day-taken" && s.lang == "zh" {
			at = g.at + s.path()
		}
	}
	if err := tab.Do(browser.Media("", "forced-colors", "active"), chromedp.Navigate(at)); err != nil {
		t.Fatal(err)
	}
	if err := tab.Await(`html[lang="zh-CN"] a.day[aria-current]`); err != nil { // and nothing of what was there before
		t.Fatal(err)
	}
	days, err := browser.Ask[[3]string](tab, kindsOfDay)
	if err != nil || days[0] == days[1] || days[1] == days[2] || days[0] == days[2] || days[0] == "none" || days[1] == "none" || days[2] == "none" {
		t.Errorf("chosen, free and full are %q, %v", days, err)
	}
}

// The server writes the settings on the root element and changes nothing else, so
// that the gallery may do the same.
func TestSettingsChangeTheRootElementAlone(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	plain := v.get("/notice?lang=zh").body
	v.get("/?size=largest&theme=dark")
	if set := v.get("/notice").body; set == plain || string(dressed([]byte(plain), "largest", "dark")) != set {
		t.Errorf("the page in the largest size and dark is\n%s\nwant\n%s", set, dressed([]byte(plain), "largest", "dark"))
	}
}
