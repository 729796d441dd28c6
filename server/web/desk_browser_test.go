package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"image/png"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"hunyue/internal/testenv/browser"
	"hunyue/server/auth"
)

// door is the desk in a real browser, with a server that can be slow or away, and a
// list of its own that holds one couple.
type door struct {
	*town
	tab    *browser.Tab
	at     string
	number string

	mu     sync.Mutex
	delay  time.Duration // of every answer about a couple
	away   bool          // nobody is looked up
	sought []string      // what was looked for
}

func newDoor(t *testing.T) *door {
	t.Helper()
	tn := newTown(t)
	d := &door{town: tn, number: tn.bookedBy(tn.visitor())}
	tn.at("2026-05-20 08:50")
	d.tab = browser.Open(t).Guest(t)
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	d.at = server.URL
	for _, cookie := range tn.well(auth.Hall).client.Jar.Cookies(address(t, tn.server.URL)) {
		d.must(d.tab.Do(cookieIn(cookie.Name, cookie.Value, d.at)))
	}
	d.must(d.tab.Do(onEveryPage(`window.stamps = []; addEventListener('keydown', e => { stamps.push(e.timeStamp); if (/Digit/.test(e.code)) window.last = e.timeStamp }, true)`)))
	d.must(d.tab.Do(cookieIn("thermometer", "T1", d.at), cookieIn("lang", "zh", d.at)))
	d.open()
	return d
}

func address(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// onEveryPage runs a script before those of each page.
func onEveryPage(script string) browser.Step {
	add := command(cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := add(ctx, target)
		return chromedp.Void{}, err
	}
}

func cookieIn(name, value, at string) browser.Step {
	set := command(network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: at})
	return chromedp.Steps(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := set(ctx, target)
		return chromedp.Void{}, err
	})
}

// open shows the desk and waits until its script listens.
func (d *door) open() {
	d.t.Helper()
	d.must(d.tab.Do(chromedp.EmulateViewport(1280, 800), chromedp.Navigate(d.at+"/desk?lang=zh")))
	d.must(d.tab.Await("[data-desk=ready]"))
}

var storeAt = regexp.MustCompile(`data-store="[^"]*"`)

// ServeHTTP is the town, as slow or as far away as the test wants.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/store.js" {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = fmt.Fprintf(w, ownList, d.number)
		return
	}
	d.mu.Lock()
	about := r.URL.Path == "/desk/find" || strings.HasPrefix(r.URL.Path, "/desk/"+d.number)
	delay, away := d.delay, d.away && r.URL.Path == "/desk/find"
	if r.URL.Path == "/desk/find" {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		d.sought = append(d.sought, form.Get("q"))
		r.Body = io.NopCloser(strings.NewReader(string(body)))
	}
	d.mu.Unlock()
	if about {
		time.Sleep(delay)
	}
	if away {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	answer := httptest.NewRecorder()
	d.server.Config.Handler.ServeHTTP(answer, r)
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	body := answer.Body.Bytes()
	if strings.HasPrefix(answer.Header().Get("Content-Type"), "text/html") {
		body = storeAt.ReplaceAll(body, []byte(`data-store="/store.js"`))
	}
	_, _ = w.Write(body)
}

// ownList is a list that holds one couple, and says what it was sent.
const ownList = `export async function openStore() {
	await window.opening
	const row = { number: "%s", names: ["张*", "李*"], tails: ["0014", "0022"], starts: "2026-05-20T09:00:00+08:00", ends: "2026-05-20T09:30:00+08:00", status: "booked", ticket: "", office: "430702" }
	return {
		find: text => text.startsWith(row.number) ? [row] : [],
		during: async (deed, act) => {
			try { return { state: "sent", answer: await act() } } catch { window.sent = [...(window.sent || []), deed]; return { state: "saved", ticket: "C001" } }
		},
		onchange: f => f({ online: true, waiting: 0 }),
		now: () => Date.parse("2026-05-20T08:50:00+08:00"),
	}
}`

func (d *door) set(delay time.Duration, away bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.delay, d.away = delay, away
}

// taken is what was looked for since it was last asked.
func (d *door) taken() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.sought
	d.sought = nil
	return all
}

// scan types digits as a scanner does, so many milliseconds apart, and Enter behind
// them where it is set to. An input method that is open sees the keys first and
// composes what it makes of them. It returns the longest gap that the page saw.
func (d *door) scan(digits string, gap time.Duration, enter, composing bool, before string) float64 {
	d.t.Helper()
	_, err := browser.Ask[bool](d.tab, `window.stamps = [], true`)
	d.must(err)
	next := time.Now()
	for i, r := range digits {
		time.Sleep(time.Until(next)) // the gap is what is tested
		next = time.Now().Add(gap)
		d.must(d.tab.Do(d.digit(r, composing)))
		if composing {
			d.must(d.tab.Do(browser.Compose(before + digits[:i+1])))
		}
	}
	if enter {
		d.must(d.tab.Do(pressed("Enter", "Enter", "\r", composing)))
	}
	if composing {
		d.must(d.tab.Do(browser.Commit(before + digits)))
	}
	longest, err := browser.Ask[float64](d.tab, `Math.max(0, ...stamps.slice(1).map((at, i) => at - stamps[i]))`)
	d.must(err)
	return longest
}

func (d *door) digit(r rune, composing bool) browser.Step {
	return pressed(string(r), "Digit"+string(r), string(r), composing)
}

// pressed presses a key. One that an input method keeps is known by its place alone.
func pressed(key, code, text string, composing bool) browser.Step {
	down := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: key, Code: code, Text: text, WindowsVirtualKeyCode: int64(text[0])}
	if composing {
		down = input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeRawKeyDown, Key: "Process", Code: code, WindowsVirtualKeyCode: 229}
	}
	up := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: key, Code: code, WindowsVirtualKeyCode: int64(text[0])}
	return chromedp.Steps(keyStep(down), keyStep(up))
}

func keyStep(p input.DispatchKeyEventParams) browser.Step {
	press := command(input.DispatchKeyEvent, p)
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := press(ctx, target)
		return chromedp.Void{}, err
	}
}

const (
	mostScans  = 20                     // of one burst, on a machine that is too slow to type it
	longestGap = 60.0                   // ms between two digits of a scanner, as static/scanner.js has it
	quietAfter = 300 * time.Millisecond // it is another one: longer than any gap
)

// burst scans digits until the machine has been fast enough to type them as a scanner
// does; before each, ready makes the page what it was, and returns what is composed
// already. It returns how often they were typed again.
func (d *door) burst(digits string, gap time.Duration, enter, composing bool, ready func() string) int {
	d.t.Helper()
	longest := 0.0
	for again := range mostScans {
		if longest = d.scan(digits, gap, enter, composing, ready()); longest <= longestGap {
			return again
		}
		time.Sleep(quietAfter)
	}
	d.t.Fatalf("this machine cannot type with gaps of %s: %.0f ms", gap, longest)
	return 0
}

// scanned scans the code of the couple at a desk with nobody at it.
func (d *door) scanned(gap time.Duration, enter bool) {
	d.t.Helper()
	d.burst(d.Desk.DoorPass(d.number), gap, enter, false, func() string {
		d.must(d.tab.Press(kb.Escape))
		return ""
	})
}

// focuses is where the focus may be before a scan.
var focuses = map[string]string{
	"body":       `document.activeElement.blur()`,
	"button":     `document.querySelector('#scan button').focus()`,
	"text field": `(f => { f.closest('details').open = true; f.value = 'T-a'; f.focus(); f.setSelectionRange(3, 3) })(document.querySelector('.own #device'))`,
}

func TestAScannerIsHeardWhereverTheFocusIs(t *testing.T) {
	d := newDoor(t)
	d.set(0, true)
	pass := d.Desk.DoorPass(d.number)
	scans, caught, stray, slow := 0, 0, 0, 0
	for _, gap := range []time.Duration{5, 10, 20, 50} {
		for focus, put := range focuses {
			for _, composing := range []bool{false, true} {
				for _, enter := range []bool{true, false} {
					again := d.burst(pass, gap*time.Millisecond, enter, composing, func() string {
						_, err := browser.Ask[bool](d.tab, `(`+put+`, true)`)
						d.must(err)
						before := ""
						if composing && focus == "text field" {
							before = "zh"
							d.must(d.tab.Do(browser.Compose(before)))
						}
						d.taken()
						return before
					})
					slow += again
					got := d.caught()
					left, err := browser.Ask[string](d.tab, `document.querySelector('.own #device').value`)
					d.must(err)
					scans++
					if len(got) == 1 && got[0] == pass {
						caught++
					} else {
						t.Errorf("%d ms, %s, composing %t, Enter %t: caught %q", gap, focus, composing, enter, got)
					}
					if n := len(digits(left)); n > 0 {
						stray += n
						t.Errorf("%d ms, %s, composing %t, Enter %t: the field holds %q", gap, focus, composing, enter, left)
					}
				}
			}
		}
	}
	t.Logf("count: scanner: %d of %d scans caught at gaps of 5, 10, 20 and 50 ms, on body, button and text field, with and without an input method; %d stray characters; %d bursts typed again on a slow machine",
		caught, scans, stray, slow)
}

// caught waits for what is looked for.
func (d *door) caught() []string {
	for range 100 {
		if all := d.taken(); len(all) > 0 {
			return all
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

// What a person types is put where they typed it, however fast.
func TestWhatAPersonTypesStaysInItsField(t *testing.T) {
	d := newDoor(t)
	_, err := browser.Ask[bool](d.tab, `(document.querySelector('#q').focus(), true)`)
	d.must(err)
	d.must(d.tab.Press("0014" + browser.Enter))
	if err := d.tab.Await(`#card[data-number="` + d.number + `"]:not([data-local])`); err != nil {
		t.Errorf("looked for %q: %v", d.taken(), err)
	}
	if all := d.taken(); len(all) != 1 || all[0] != "0014" {
		t.Errorf("looked for %q", all)
	}
}

// mostSteps is how many things are done for a couple at the door: a scan is one, and
// so is a temperature.
const mostSteps = 6

func TestACoupleIsReceivedInAFewSteps(t *testing.T) {
	d := newDoor(t)
	steps := 0
	step := func(do func()) { steps++; do() }
	step(func() { d.scanned(5*time.Millisecond, true) })
	d.must(d.tab.Await(`#card[data-kind="ok"]:not([data-local])`))
	step(func() { d.must(d.tab.Press("365")) })
	d.focusOn("reading.2")
	step(func() { d.must(d.tab.Press("366")) })
	d.focusOn("arrive")
	step(func() { d.must(d.tab.Press(browser.Enter)) })
	d.must(d.tab.Await(`#card[data-done] h1 .number`))
	d.must(d.tab.Await(`#queue b.number`)) // and the list is there
	d.focusOn("q")
	ticket, err := browser.Ask[string](d.tab, `document.querySelector('#card h1 .number').textContent`)
	if err != nil || ticket != "A001" {
		t.Errorf("the ticket is %q, %v", ticket, err)
	}
	if n := d.count(`SELECT count(*) FROM visit WHERE ticket = 'A001'`); n != 1 || steps > mostSteps {
		t.Errorf("%d couples received in %d steps, want 1 in at most %d", n, steps, mostSteps)
	}
	t.Logf("count: desk: a couple is received in %d steps, of which the scan is one", steps)
}

// focusOn waits until the focus is somewhere.
func (d *door) focusOn(id string) {
	d.t.Helper()
	for range 500 {
		at, err := browser.Ask[string](d.tab, `document.activeElement.id`)
		if err == nil && at == id {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	at, err := browser.Ask[string](d.tab, `document.activeElement.id`)
	d.t.Fatalf("the focus is on %q, %v; want %s", at, err, id)
}

// soonest is how long after the last digit a couple is on the card, whatever the
// server does.
const soonest = 300.0

// cardAfter scans a couple's code and is how long after its last digit the card is
// there, in milliseconds.
func (d *door) cardAfter() (float64, error) {
	d.t.Helper()
	d.must(d.tab.Await("body:not(:has(p.offline))")) // the list is open
	_, err := browser.Ask[bool](d.tab, `(new MutationObserver(() => { if (!(window.there > window.last) && document.querySelector('#card[data-local] .checking')) window.there = performance.now() }).observe(document.querySelector('#card'), {childList: true, attributes: true}), true)`)
	d.must(err)
	d.scanned(10*time.Millisecond, false)
	d.must(d.tab.Await(`#card[data-local] .checking`))
	return browser.Ask[float64](d.tab, `there - last`)
}

func TestTheCardIsThereBeforeTheServerAnswers(t *testing.T) {
	late := func() *door {
		d := newDoor(t)
		d.set(2*time.Second, false)
		return d
	}
	d := late()
	after, err := d.cardAfter()
	for again := 1; err == nil && after > soonest && again < 3; again++ { // others may use the machine
		d = late()
		after, err = d.cardAfter()
	}
	if err != nil || after > soonest {
		t.Errorf("the card is there after %.0f ms, %v; want at most %.0f", after, err, soonest)
	}
	d.must(d.tab.Press("365")) // and everything is typed before the server has answered
	d.focusOn("reading.2")
	d.must(d.tab.Press("366"))
	d.focusOn("arrive")
	d.must(d.tab.Press(browser.Enter))
	if n := d.count(`SELECT count(*) FROM visit`); n != 0 {
		t.Errorf("received before it was known who they are")
	}
	d.must(d.tab.Await(`#card[data-done] h1 .number`))
	d.must(d.tab.Await(`#queue b.number`))
	if n := d.count(`SELECT count(*) FROM visit WHERE ticket = 'A001'`); n != 1 {
		t.Errorf("%d couples received, want 1", n)
	}
	t.Logf("count: desk: the card is there %.0f ms after the last digit with the server 2 s late", after)
}

// A desk whose server is away keeps what was done and never says that it is done.
func TestWhatTheServerDoesNotGetIsKept(t *testing.T) {
	d := newDoor(t)
	d.set(0, true)
	d.scanned(5*time.Millisecond, true)
	d.must(d.tab.Await(`#card[data-local]`))
	d.must(d.tab.Do(browser.Network(0, 0)))
	d.must(d.tab.Press("365"))
	d.focusOn("reading.2")
	d.must(d.tab.Press("374"))
	d.focusOn("arrive")
	d.must(d.tab.Press(browser.Enter))
	d.must(d.tab.Await(`#card[data-done]`))
	said, err := browser.Ask[string](d.tab, `document.querySelector('#card .verdict').innerText + JSON.stringify(sent)`)
	if err != nil || !strings.Contains(said, "还没有上传") || !strings.Contains(said, `"celsius":365`) || !strings.Contains(said, `"celsius":374`) || !strings.Contains(said, `"kind":"check-in"`) {
		t.Errorf("the desk says %q, %v", said, err)
	}
}

// Who is scanned while the page opens, and the server is away, is looked for in the
// list as soon as that is open: nobody is called unknown whom nothing looked for.
func TestWhoIsScannedBeforeTheListIsOpenIsFoundInIt(t *testing.T) {
	for _, late := range []string{"a moment", "longer than a look waits"} {
		t.Run(late, func(t *testing.T) {
			d := newDoor(t)
			d.must(d.tab.Do(onEveryPage(`window.opening = new Promise(open => { window.opens = open })`)))
			d.open()
			d.set(0, true)
			d.scanned(5*time.Millisecond, true)
			if late != "a moment" {
				d.must(d.tab.Await(`#away:not([hidden])`)) // it looks without the list
			}
			_, err := browser.Ask[bool](d.tab, `(window.opens(), true)`)
			d.must(err)
			d.must(d.tab.Await(`#card[data-local][data-number="` + d.number + `"]`))
			d.focusOn("reading.1")
		})
	}
}

func TestADeskThatIsNotInFrontSaysSo(t *testing.T) {
	d := newDoor(t)
	_, err := browser.Ask[bool](d.tab, `(dispatchEvent(new Event('blur')), true)`)
	d.must(err)
	d.must(d.tab.Await(`#blocked:not([hidden])`))
	d.must(d.tab.Do(chromedp.Click(chromedp.CSS("#blocked button"))))
	d.must(d.tab.Await(`#blocked[hidden]`))
	d.focusOn("q")
}

// The library reads the code of a couple where the browser cannot.
func TestTheCameraReadsTheCodeOfACouple(t *testing.T) {
	d := newDoor(t)
	code, err := qrOf(d.Desk.DoorPass(d.number))
	d.must(err)
	var picture bytes.Buffer
	d.must(png.Encode(&picture, code.modules))
	digits, err := browser.Ask[string](d.tab, `(async () => {
		delete window.BarcodeDetector
		const set = document.querySelector('#scan').dataset, read = await (await import(set.camera)).reader(set.qr)
		const image = new Image(), canvas = document.createElement('canvas'), pen = canvas.getContext('2d')
		image.src = 'data:image/png;base64,`+base64.StdEncoding.EncodeToString(picture.Bytes())+`'
		await image.decode()
		canvas.width = canvas.height = 300
		pen.fillStyle = '#fff'
		pen.fillRect(0, 0, 300, 300)
		pen.imageSmoothingEnabled = false
		pen.rotate(0.1)
		pen.drawImage(image, 60, 60, 180, 180)
		return await read(canvas)
	})()`)
	if err != nil || digits != d.Desk.DoorPass(d.number) {
		t.Errorf("the code reads %q, %v", digits, err)
	}
}

// deskWeight is what all scripts of the desk may weigh, packed.
const deskWeight = 120_000

func TestTheScriptsOfTheDeskAreLight(t *testing.T) {
	l, err := newLook()
	if err != nil {
		t.Fatal(err)
	}
	all := 0
	for _, name := range []string{"hunyue.js", "desk.js", "deskcard.js", "desktones.js", "deskstore.js", "scanner.js", "camera.js", "jsqr.js"} {
		all += len(l.assets[name].packed)
	}
	if all > deskWeight {
		t.Errorf("the scripts of the desk weigh %d bytes, want at most %d", all, deskWeight)
	}
	t.Logf("count: desk: all its scripts weigh %d bytes packed, %d of them only when the camera is opened", all, len(l.assets["jsqr.js"].packed)+len(l.assets["camera.js"].packed))
}
