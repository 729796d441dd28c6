package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"hunyue/internal/testenv/browser"
	"hunyue/server/auth"
)

// seat is an operator with a real browser, a keyboard and no mouse.
type seat struct {
	*phone
	keys int // pressed beyond what was typed
}

func newSeat(t *testing.T, tn *town) *seat {
	t.Helper()
	s := &seat{phone: &phone{town: tn, tab: browser.Open(t).Guest(t)}}
	s.do(chromedp.EmulateViewport(1280, 800), chromedp.Navigate(s.server.URL+"/staff/login?lang=zh"))
	tn.staff(auth.Operator)
	s.must(s.tab.TabTo("#username"))
	s.must(s.tab.Press("operator"))
	s.must(s.tab.TabTo("#password"))
	s.must(s.tab.Press(password + browser.Enter))
	s.must(s.tab.Await(".top form"))
	s.visit("/call", "#console")
	s.must(s.watch())
	return s
}

// watch counts pointers, and submits that went past the script.
func (s *seat) watch() error {
	_, err := browser.Ask[bool](s.tab, `['pointerdown', 'mousedown', 'touchstart', 'click'].forEach(kind => addEventListener(kind, e => {
		if (kind !== 'click' || e.detail > 0) window.pointers = (window.pointers || 0) + 1
	}, true)); window.posts = 0; { const old = window.fetch; window.fetch = (...a) => { window.posts++; return old(...a) } } true`)
	return err
}

// chord presses keys that are counted: F2, Ctrl+Enter.
func (s *seat) chord(key string, with ...chromedp.KeyOption) {
	s.t.Helper()
	s.keys += 1 + len(with)
	s.do(chromedp.KeyEvent(key, with...))
}

// data types what the caller has said.
func (s *seat) data(text string) {
	s.t.Helper()
	s.must(s.tab.Press(text))
}

// await waits for an element and sees that the focus is somewhere.
func (s *seat) await(selector string) {
	s.t.Helper()
	s.must(s.tab.Await(`#console:not([aria-busy]) ` + selector))
	at, err := browser.Ask[string](s.tab, `document.activeElement.id || document.activeElement.tagName`)
	if err != nil || at == "BODY" {
		s.t.Errorf("the focus is on %s, %v, after %s", at, err, selector)
	}
}

// focusIs sees where the focus is.
func (s *seat) focusIs(id string) {
	s.t.Helper()
	at, err := browser.Ask[string](s.tab, `document.activeElement.id`)
	if err != nil || at != id {
		s.t.Errorf("the focus is on %q, %v; want %q", at, err, id)
	}
}

func (s *seat) pointers() int {
	s.t.Helper()
	n, err := browser.Ask[int](s.tab, `window.pointers || 0`)
	s.must(err)
	return n
}

func (s *seat) posts() int {
	s.t.Helper()
	n, err := browser.Ask[int](s.tab, `window.posts`)
	s.must(err)
	return n
}

// mostKeys is how many keys an operator may press for a caller who is known,
// beyond what is typed.
const mostKeys = 12

func TestAKnownCallerIsBookedWithAFewKeysAndNoPointer(t *testing.T) {
	tn := newTown(t)
	tn.acquainted()
	s := newSeat(t, tn)
	s.focusIs("q")
	s.data(hisPhone)
	s.chord(browser.Enter)
	s.await("#date")
	s.chord(kb.F4)
	s.data("0521")
	s.chord(browser.Enter)
	s.await("#slot-1")
	s.focusIs("slot-1")
	s.chord("1")
	s.await("#save")
	s.focusIs("consents.agreement")
	s.chord(browser.Space)
	s.chord(kb.Tab)
	s.chord(browser.Space)
	s.chord(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl))
	s.await("#next")
	if n := tn.count(`SELECT count(*) FROM appointment WHERE status = 'booked' AND day = '2026-05-21' AND channel = 'phone'`); n != 1 {
		t.Errorf("%d appointments were made, want 1", n)
	}
	if p := s.pointers(); s.keys > mostKeys || p != 0 {
		t.Errorf("%d keys and %d pointer events, want at most %d and none", s.keys, p, mostKeys)
	}
	t.Logf("count: console: a known caller is booked with %d key events beyond data (Ctrl counts) and %d pointer events", s.keys, s.pointers())
}

// holdFor takes a call, and holds the first place of a day for whoever calls.
func (s *seat) holdFor(phone, day string) {
	s.t.Helper()
	s.data(phone)
	s.chord(browser.Enter)
	s.await("#date")
	s.data(day)
	s.chord(browser.Enter)
	s.await("#slot-1")
	s.chord("1")
	s.await("#save")
}

func TestAnUnknownCallerIsBookedWithoutAPointer(t *testing.T) {
	tn := newTown(t)
	s := newSeat(t, tn)
	s.holdFor("13900001234", "0522")
	s.focusIs("parties.0.name")
	for i, text := range []string{"张三", him, "李四", her} {
		if i > 0 {
			s.chord(kb.Tab)
		}
		s.data(text)
	}
	for range 2 { // an Enter checks what was typed, and books nothing
		s.chord(browser.Enter)
		s.await("#save")
	}
	if n := tn.count(`SELECT count(*) FROM appointment`); n != 0 {
		t.Errorf("Enter in a field has made %d appointments", n)
	}
	text, err := s.tab.Text()
	if err != nil || !strings.Contains(text, "1990年3月7日，36 岁") {
		t.Errorf("the number does not say when its holder was born, %v", err)
	}
	s.focusIs("consents.agreement")
	s.chord(browser.Space)
	s.chord(kb.Tab)
	s.chord(browser.Space)
	s.chord(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl))
	s.await("#next")
	if n := tn.count(`SELECT count(*) FROM appointment WHERE status = 'booked' AND channel = 'phone'`); n != 1 {
		t.Errorf("%d appointments were made, want 1", n)
	}
	if p := s.pointers(); p != 0 {
		t.Errorf("%d pointer events, want none", p)
	}
	t.Logf("count: console: an unknown caller is booked with %d key events beyond data and %d pointer events", s.keys, s.pointers())
}

// An input method ends with an Enter that belongs to it: while it composes, or, on
// some systems, just after it, as the key 229. Neither sends anything.
func TestTheEnterOfAnInputMethodSendsNothing(t *testing.T) {
	tn := newTown(t)
	s := newSeat(t, tn)
	s.focusIs("q")
	s.do(browser.Compose("zhangsan"), browser.Key("Enter", 13, "")) // the browser marks it as composing
	if n := s.posts(); n != 0 {
		t.Errorf("%d steps were sent while the input method composed", n)
	}
	s.do(browser.Commit("张三"))
	for _, text := range []string{"", "\r"} { // with the character that follows, and without
		s.do(browser.Key("Enter", 229, text))
	}
	if n := s.posts(); n != 0 {
		t.Errorf("%d steps were sent by the key 229", n)
	}
	for _, event := range []string{"{key: 'Enter', keyCode: 13, isComposing: true}", "{key: 'Enter', keyCode: 229}", "{key: 'F9', keyCode: 229}"} {
		if _, err := browser.Ask[bool](s.tab, `document.getElementById('q').dispatchEvent(new KeyboardEvent('keydown', Object.assign({bubbles: true, cancelable: true}, `+event+`)))`); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.posts(); n != 0 {
		t.Errorf("%d steps were sent by events of an input method", n)
	}
	typed, err := browser.Ask[string](s.tab, `document.getElementById('q').value`)
	if err != nil || typed != "张三" {
		t.Errorf("the box holds %q, %v", typed, err)
	}
	s.chord(browser.Enter) // and the operator's own
	s.must(s.tab.Await(`#console:not([aria-busy])`))
	if n := s.posts(); n != 1 {
		t.Errorf("%d steps were sent by Enter itself, want 1", n)
	}
}

// Every key is on a button that does the same, and can be changed or switched off.
func TestEveryKeyIsOnAButtonThatCanBePressed(t *testing.T) {
	t.Parallel()
	v := newTown(t).staff(auth.Operator)
	v.get("/call").step("enter", "q", "13900001234")
	v.pickAt("2026-05-21", "09:00")
	printedKeys := map[string]bool{}
	for b := range v.all("kbd") {
		printedKeys[b.FirstChild.Data] = true
	}
	for _, a := range keyActions() {
		if a.Name != "wait" && a.Name != "change" && !printedKeys[printed(a.Key)] {
			t.Errorf("no button has %s", a.Key)
		}
	}
}

// The script and the server have one table of keys.
func TestTheKeysOfTheScriptAreThoseOfTheServer(t *testing.T) {
	raw, err := files.ReadFile("static/keys.js")
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[string]string{}
	_, block, _ := strings.Cut(string(raw), "DEFAULTS = {")
	block, _, _ = strings.Cut(block, "}")
	for _, m := range regexp.MustCompile(`(\w+): "([^"]+)"`).FindAllStringSubmatch(block, -1) {
		theirs[m[1]] = m[2]
	}
	if ours := keysOf(nil); !maps.Equal(theirs, ours) {
		t.Errorf("the script has %v, the server %v", theirs, ours)
	}
}

// A key that is changed does what the old one did, and one that is off does
// nothing. A letter is nobody's outside a list.
func TestKeysCanBeChangedAndSwitchedOff(t *testing.T) {
	tn := newTown(t)
	s := newSeat(t, tn)
	for _, c := range []struct{ chosen, event, want string }{
		{`{}`, `{key: 'F4'}`, "date"},
		{`{"date": "F7"}`, `{key: 'F4'}`, "none"},
		{`{"date": "F7"}`, `{key: 'F7'}`, "date"},
		{`{"date": ""}`, `{key: 'F4'}`, "none"},
		{`{"save": "Ctrl+S"}`, `{key: 's', ctrlKey: true}`, "save"},
		{`{}`, `{key: 'Enter', ctrlKey: true}`, "save"},
		{`{}`, `{key: '/', ctrlKey: true}`, "help"},
		{`{}`, `{key: 'w'}`, "none"},
		{`not json`, `{key: 'F2'}`, "box"},
	} {
		chosen, err := json.Marshal(c.chosen)
		s.must(err)
		got, err := browser.Ask[string](s.tab, fmt.Sprintf(`(() => { const f = document.createElement('form'), i = document.createElement('input'); f.append(i); f.setAttribute('data-keys', %s);
			const e = new KeyboardEvent('keydown', %s); let got; i.addEventListener('keydown', x => { got = hunyueKeys.of(f).action(x) }); i.dispatchEvent(e); return got || 'none' })()`, chosen, c.event))
		if err != nil || got != c.want {
			t.Errorf("with %s, %s does %q, %v; want %s", c.chosen, c.event, got, err, c.want)
		}
	}
}

// What the first visit of an operator may weigh.
const consoleWeight = 120_000

func TestTheConsoleIsLight(t *testing.T) {
	tn := newTown(t)
	s := newSeat(t, tn)
	bytes := 0.0
	s.must(chromedp.Listen(s.tab.Context(), func(e any) {
		if done, ok := e.(*network.EventLoadingFinished); ok {
			bytes += done.EncodedDataLength
		}
	}))
	s.do(browser.Network(0, -1), browser.Forget())
	s.visit("/call", "#console")
	if bytes == 0 || bytes > consoleWeight {
		t.Errorf("the console takes %.0f bytes, want at most %d", bytes, consoleWeight)
	}
	script, keys, sheet := s.Pages.look.assets["console.js"], s.Pages.look.assets["keys.js"], s.Pages.look.assets["console.css"]
	t.Logf("count: console: %.0f bytes; console.js %d packed, keys.js %d, console.css %d", bytes, len(script.packed), len(keys.packed), len(sheet.packed))
}

// While the server is away nothing is lost and nothing is said to be booked; the
// same step is sent again, and done once.
func TestWhileTheServerIsAwayNothingIsLostOrBookedTwice(t *testing.T) {
	tn := newTown(t)
	tn.acquainted()
	s := newSeat(t, tn)
	s.data(hisPhone)
	s.chord(browser.Enter)
	s.await("#date")
	s.data("0521")
	s.chord(browser.Enter)
	s.await("#slot-1")
	s.chord("1")
	s.await("#save")
	s.chord(browser.Space)
	s.chord(kb.Tab)
	s.chord(browser.Space)
	s.do(browser.Network(0, 0))
	s.chord(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl))
	s.must(s.tab.Await(`.offline:not([hidden])`))
	text, err := s.tab.Text()
	if err != nil || !regexp.MustCompile(`系统断开 \d\d:\d\d，可以继续记录`).MatchString(text) || strings.Contains(text, "已预约") {
		t.Errorf("the page says, %v:\n%s", err, text)
	}
	ticked, err := browser.Ask[bool](s.tab, `document.getElementById('consents.agreement').checked`)
	if err != nil || !ticked {
		t.Errorf("what was ticked is gone: %v", err)
	}
	s.do(browser.Network(0, -1))
	s.await("#next")
	hidden, err := browser.Ask[bool](s.tab, `document.querySelector('.offline').hidden`)
	if n := tn.count(`SELECT count(*) FROM appointment WHERE day = '2026-05-21'`); n != 1 || err != nil || !hidden {
		t.Errorf("%d appointments were made, want 1; the bar is hidden %t, %v", n, hidden, err)
	}
}

// The telephone system opens the console with the number where no server sees it.
func TestTheNumberOfACallIsInNoAddress(t *testing.T) {
	tn := newTown(t)
	tn.acquainted()
	s := newSeat(t, tn)
	s.do(chromedp.Navigate("about:blank"))
	s.visit("/call#ani="+hisPhone, "#card .past, #card .hint")
	s.must(s.tab.Await(`#console:not([aria-busy]) #date`))
	s.await("#parties, #date")
	at, err := browser.Ask[string](s.tab, `location.href`)
	text, failed := s.tab.Text()
	if err != nil || failed != nil || strings.Contains(at, hisPhone) || !strings.Contains(text, "138****0001") {
		t.Errorf("at %s, %v, %v the page says\n%s", at, err, failed, text)
	}
	if slices.ContainsFunc(tn.asked, func(asked string) bool { return strings.Contains(asked, hisPhone) }) {
		t.Error("an address has the number")
	}
}

// Escape goes back a step, and twice to the box.
func TestEscapeGoesBackAndTwiceToTheBox(t *testing.T) {
	tn := newTown(t)
	s := newSeat(t, tn)
	s.data("0521")
	s.chord(browser.Enter)
	s.await("#slot-1")
	s.chord(kb.Escape)
	s.must(s.tab.Await(`#console:not([aria-busy]) #date[value=""]`))
	s.data("0521") // the day is next
	s.chord(browser.Enter)
	s.await("#slot-1")
	s.do(chromedp.KeyEvent(kb.Escape), chromedp.KeyEvent(kb.Escape))
	s.must(s.tab.Await(`#console:not([aria-busy]) #date[value=""]`))
	s.focusIs("q")
	s.chord(kb.F4)
	s.focusIs("date")
	s.chord(kb.F2)
	s.focusIs("q")
	s.chord("/", chromedp.KeyModifiers(chromedp.ModifierCtrl))
	s.must(s.tab.Await("#help[open]"))
}

// Letters and digits are typed wherever somebody types, and pick only in a list;
// arrows walk there.
func TestDigitsPickOnlyInAList(t *testing.T) {
	tn := newTown(t)
	s := newSeat(t, tn)
	s.data("0521")
	s.chord(browser.Enter)
	s.await("#slot-1")
	s.chord(kb.ArrowDown)
	s.focusIs("slot-2")
	s.chord(kb.ArrowUp)
	s.focusIs("slot-1")
	s.chord(kb.F2)
	s.data("1")
	if typed, err := browser.Ask[string](s.tab, `document.getElementById('q').value`); err != nil || typed != "1" || s.posts() != 1 {
		t.Errorf("the box holds %q, %v, after %d steps; want 1 after 1", typed, err, s.posts())
	}
}

// A session that ends in the middle of a call costs nobody what they have typed: the
// operator signs in again, and the call goes on where it was.
func TestACallGoesOnAfterTheSessionHasEnded(t *testing.T) {
	tn := newTown(t)
	s := newSeat(t, tn)
	s.holdFor("13900001234", "0521")
	s.data("张三")
	s.chord(kb.Tab)
	s.data(him)
	tn.must(tn.Accounts.EndSessions(t.Context(), "test", int64(tn.count(`SELECT id::int FROM account WHERE username = 'operator'`))))
	tn.later(2 * time.Second)
	s.chord(browser.Enter)
	s.must(s.tab.Await("#username"))
	text, err := s.tab.Text()
	if err != nil || !strings.Contains(text, "刚才填写的内容已保留") || strings.Contains(text, "张三") {
		t.Errorf("the login page says, %v:\n%s", err, text)
	}
	s.focusIs("username")
	s.must(s.tab.Press("operator"))
	s.must(s.tab.TabTo("#password"))
	s.must(s.tab.Press(password + browser.Enter))
	s.must(s.tab.Await(`form[action="/call"] button`))
	s.must(s.tab.TabTo(`form[action="/call"] button`))
	s.must(s.tab.Press(browser.Enter))
	s.await("#save")
	typed, err := browser.Ask[string](s.tab, `document.getElementById('parties.0.name').value + document.getElementById('parties.0.document.number').value`)
	if err != nil || typed != "张三"+him {
		t.Errorf("what was typed comes back as %q, %v", typed, err)
	}
}
