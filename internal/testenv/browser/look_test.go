package browser

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const sound = `<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>婚约</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body { margin: 0; font: 1rem sans-serif } html[data-size] { font-size: 125% } .tap { display: inline-flex; min-height: 4rem; min-width: 4rem }</style></head>
<body><main><h1>婚约</h1>%s</main></body></html>`

// Each has one fault, which one check has to find.
var planted = []struct{ check, body string }{
	{"", `<p>09:30 在一号窗口，<a href="#x">一句话里的链接</a>很好。</p><a class="tap" href="#y">按这里</a>`},
	{"OVERFLOW", `<div style="width: 40rem">x</div>`},
	{"CLIP", `<p style="width: 6rem; overflow: hidden; white-space: nowrap">星期三上午九点半到十点</p>`},
	{"CLIP", `<label for="s">证件</label><select class="tap" id="s" style="width: 6rem"><option>港澳居民来往内地通行证</option></select>`},
	{"SPLIT", `<p style="width: 2.3em; overflow-wrap: anywhere">星期三 09:30</p>`},
	{"SPLIT", `<p style="width: 3em; overflow-wrap: anywhere">English</p>`},
	{"SPLIT", `<p style="width: 5em">09:00–09:30</p>`},
	{"", `<p style="width: 8em">今天办理 09:00–&#x2060;09:30</p>`},
	{"THIN", `<p style="width: 1.1em">二〇二六年五月</p>`},
	{"TARGET", `<a href="#x">小</a>`},
	{"TARGET", `<label>同意 <input type="checkbox"></label>`},
	{"axe color-contrast", `<p style="color: #999">看不清的字</p>`},
	{"axe label", `<input class="tap" style="width: 10rem">`},
}

func TestEveryCheckFindsTheFaultThatIsPlantedForIt(t *testing.T) {
	t.Parallel()
	page := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(page))
	}))
	t.Cleanup(server.Close)
	tab := Open(t).Tab(t)
	for _, tt := range planted {
		page = strings.Replace(sound, "%s", tt.body, 1)
		if err := tab.Show(server.URL); err != nil {
			t.Fatal(err)
		}
		found, err := tab.Look(Variant{Width: 360})
		if err != nil {
			t.Fatal(err)
		}
		if tt.check == "" && len(found) > 0 || tt.check != "" && (len(found) == 0 || found[0].Check != tt.check) {
			t.Errorf("%s: found %v, want %q alone", tt.body, found, tt.check)
		}
	}
}

// Each can be read on all screens but some, for a reason of its own.
var seldom = map[string]struct {
	style string
	bad   func(Variant) bool
}{
	"colour in the dark":          {`@media (prefers-color-scheme: dark) { p { color: #ddd } }`, func(v Variant) bool { return v.Dark }},
	"colour on a wide screen":     {`@media (min-width: 1000px) { p { color: #ddd } }`, func(v Variant) bool { return v.Width > 1000 }},
	"a ground on a middle screen": {`@media (min-width: 700px) and (max-width: 800px) { body { background: #333 } p { color: #222 } }`, func(v Variant) bool { return v.Width == 768 }},
	"letters that are not large": {`p { color: #888; font-size: 1.1rem } html[data-size=largest] p { font-size: 2rem }`, func(v Variant) bool {
		return v.Size != "largest"
	}},
	"over something else": {`.ground { background: #333; height: 3rem } p { position: relative } @media (min-width: 1000px) { p { margin-top: -3rem } }`, func(v Variant) bool {
		return v.Width > 1000
	}},
	"out of its own ground": {`body { background: #222 } h1 { color: #fff } body { min-height: 60rem } section { background: #fff; height: 9rem } p { position: relative } @media (min-width: 1000px) { p { top: 20rem } }`, func(v Variant) bool {
		return v.Width > 1000
	}},
	"a link like its text": {`a { color: #333 } @media (max-width: 500px) { a { text-decoration: none } }`, func(v Variant) bool { return v.Width < 500 }},
}

func TestWhatCannotBeReadOnSomeScreensIsFoundOnThese(t *testing.T) {
	t.Parallel()
	style := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(strings.Replace(sound, "%s", "<style>html, body { background: #fff } p { color: #111 } "+style+`</style>
<div class="ground"></div><section><p>一句话里的<a href="#x">链接</a>很好。</p></section>`, 1)))
	}))
	t.Cleanup(server.Close)
	tab := Open(t).Tab(t)
	for name, tt := range seldom {
		style = tt.style
		if err := tab.Show(server.URL); err != nil {
			t.Fatal(err)
		}
		for _, v := range Variants() {
			found, err := tab.Look(v)
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, f := range found {
				if f.Check == "axe color-contrast" || f.Check == "axe link-in-text-block" {
					said = append(said, f.String())
				}
			}
			if tt.bad(v) != (len(said) > 0) {
				t.Errorf("%s, %s: found %q, want something: %t", name, v, said, tt.bad(v))
			}
		}
	}
}

func TestTheScreenOfAVariantIsWhatThePageSees(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(sound))
	}))
	t.Cleanup(server.Close)
	tab := Open(t).Tab(t)
	if err := tab.Show(server.URL); err != nil {
		t.Fatal(err)
	}
	for _, v := range Variants() {
		if _, err := tab.Look(v); err != nil {
			t.Fatal(err)
		}
		got, err := Ask[Variant](tab, `({Width: innerWidth, Dark: matchMedia('(prefers-color-scheme: dark)').matches, Size: document.documentElement.dataset.size || ''})`)
		if err != nil || got != v {
			t.Errorf("the page sees %v, %v; want %v", got, err, v)
		}
	}
}
