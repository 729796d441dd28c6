package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	loads "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"hunyue/internal/testenv/browser"
)

// phone is a couple with a real browser who have no mouse.
type phone struct {
	*town
	tab     *browser.Tab
	scripts bool
	pages   int // documents that were loaded
}

// inBothWays runs a test with scripts and without, each in a town of its own.
func inBothWays(t *testing.T, test func(*phone)) { inBothWaysOf(t, browser.Open(t), test) }

func inBothWaysOf(t *testing.T, chromium *browser.Browser, test func(*phone)) {
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			ph := &phone{town: newTown(t), tab: chromium.Guest(t), scripts: scripts}
			err := chromedp.Listen(ph.tab.Context(), func(e any) {
				if _, loaded := e.(*loads.EventLoadEventFired); loaded {
					ph.pages++
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			ph.do(chromedp.EmulateViewport(360, 740), browser.Scripts(scripts))
			test(ph)
		})
	}
}

func (ph *phone) must(err error) {
	ph.t.Helper()
	if err != nil {
		ph.t.Fatal(err)
	}
}

func (ph *phone) do(steps ...browser.Step) {
	ph.t.Helper()
	ph.must(ph.tab.Do(steps...))
}

func (ph *phone) visit(path, then string) {
	ph.t.Helper()
	ph.do(chromedp.Navigate(ph.server.URL + path))
	ph.must(ph.tab.Await(then))
}

// press goes to an element with the Tab key, presses Enter and waits for what
// comes of it.
func (ph *phone) press(on, then string) {
	ph.t.Helper()
	ph.must(ph.tab.TabTo(on))
	ph.must(ph.tab.Press(browser.Enter))
	ph.must(ph.tab.Await(then))
}

// write types into inputs, in their order on the page, what they are to hold.
func (ph *phone) write(inputs ...string) {
	ph.t.Helper()
	for i := 0; i+1 < len(inputs); i += 2 {
		ph.must(ph.tab.TabTo(inputNamed(inputs[i])))
		keys := inputs[i+1]
		if strings.HasPrefix(inputs[i], "consents.") {
			keys = browser.Space
		}
		ph.must(ph.tab.Press(keys))
	}
}

func inputNamed(input string) string { return `[name="` + input + `"]:not([type=hidden])` }

// value is what an input holds, without the spaces that group it.
func (ph *phone) value(input string) string {
	ph.t.Helper()
	v, err := browser.Ask[string](ph.tab, fmt.Sprintf(`document.querySelector(%q).value.replace(/ /g, '')`, `[name="`+input+`"]`))
	ph.must(err)
	return v
}

// says checks that the page says something.
func (ph *phone) says(texts ...string) {
	ph.t.Helper()
	all, err := ph.tab.Text()
	ph.must(err)
	for _, text := range texts {
		if !strings.Contains(all, text) {
			ph.t.Errorf("the page does not say %q:\n%s", text, all)
		}
	}
}

// round checks that the Tab key leads through the page and out of it.
func (ph *phone) round() {
	ph.t.Helper()
	if n, err := ph.tab.Round(); err != nil || n < 5 {
		ph.t.Errorf("%d stops: %v", n, err)
	}
}

// once checks that there is one appointment.
func (ph *phone) once() {
	ph.t.Helper()
	if n := ph.count(`SELECT count(*) FROM appointment`); n != 1 {
		ph.t.Errorf("%d appointments, want 1", n)
	}
}

const (
	send   = "main form > button"
	radio  = "input[name=slot]:enabled"
	form   = `[name="parties.0.name"]:not([type=hidden])`
	inCode = "#code"
	ofOurs = `a[href$="/cancel"]` // on the page of an appointment
)

// chosenTime goes to the form with a time chosen.
func (ph *phone) chosenTime() {
	ph.t.Helper()
	ph.visit(theDay+"?lang=zh", radio)
	ph.must(ph.tab.TabTo(radio))
	ph.must(ph.tab.Press(browser.Space))
	ph.press(send, form)
}

// toCheck fills in the form and sends it.
func (ph *phone) toCheck() {
	ph.t.Helper()
	ph.write(couple()...)
	ph.press(send, inCode)
}

// confirmed types the code and books.
func (ph *phone) confirmed() {
	ph.t.Helper()
	ph.write("code", ph.codeFor(hisPhone))
	ph.press(send, ofOurs)
}

// T1 of the design.
func TestACoupleBooksWithTheKeyboardAlone(t *testing.T) {
	inBothWays(t, func(ph *phone) {
		ph.visit("/?lang=zh", ".cards a")
		ph.press(`.cards a[href="/o/`+office+`"]`, radio)
		ph.pages = 1 // the list of offices is before the first
		ph.round()
		ph.must(ph.tab.TabTo(radio))
		ph.must(ph.tab.Press(browser.Space))
		ph.press(send, form)
		if keys, err := browser.Ask[int](ph.tab, `document.querySelectorAll('button[aria-label="X"]').length`); err != nil || keys > 0 != ph.scripts {
			ph.t.Errorf("%d keys for an X, %v: scripts run, or do not", keys, err)
		}
		asked, err := browser.Ask[int](ph.tab, `[...document.querySelectorAll('main input:not([type=hidden], [type=checkbox]), main select')].filter(e => e.checkVisibility()).length`)
		if err != nil || asked > 7 {
			t.Errorf("%d fields are asked for, %v; want at most 7", asked, err)
		}
		ph.round()
		ph.press(send, ".summary") // nothing typed yet
		ph.round()
		ph.pages-- // a mistake is a page more
		ph.toCheck()
		ph.round()
		ph.confirmed()
		ph.says("预约成功")
		ph.round()
		ph.once()
		if ph.pages > 4 {
			ph.t.Errorf("the couple saw %d documents, want at most 4", ph.pages)
		}
		ph.t.Logf("count: booking: %d documents, %d fields", ph.pages, asked)
	})
}

// T2 of the design.
func TestACoupleSeesChangesAndCancelsWithTheKeyboardAlone(t *testing.T) {
	inBothWays(t, func(ph *phone) {
		ph.chosenTime()
		ph.toCheck()
		ph.confirmed()
		at, err := chromedp.Run(ph.tab.Context(), chromedp.Location())
		ph.must(err)
		here, err := url.Parse(at)
		ph.must(err)

		ph.later(2 * time.Minute) // another code can be had
		ph.visit(here.Path+"/change?date=2026-05-22", radio)
		ph.round()
		ph.must(ph.tab.TabTo(radio))
		ph.must(ph.tab.Press(browser.Space))
		ph.press(send, inCode)
		ph.round()
		ph.write("code", ph.codeFor(hisPhone))
		ph.press(send, ofOurs)
		ph.says("2026年5月22日 星期五")
		ph.once()

		ph.later(2 * time.Minute)
		ph.press(ofOurs, `form[action$="/cancel/code"]`)
		ph.round()
		ph.press(send, inCode)
		ph.write("code", "000000")
		ph.press(send, ".summary")
		ph.write("code", ph.codeFor(hisPhone))
		ph.press(send, `main a.button[href^="/o/"]`) // where another is booked
		ph.says("已取消")
	})
}

// T5: whatever happens on the way, nothing that was typed is lost, nothing is
// booked twice, and the page says what to do.
func TestASecondPressBooksOnce(t *testing.T) {
	inBothWays(t, func(ph *phone) {
		ph.chosenTime()
		ph.toCheck()
		ph.write("code", ph.codeFor(hisPhone))
		ph.must(ph.tab.TabTo(send))
		ph.must(ph.tab.Press(browser.Enter))
		_ = ph.tab.Press(browser.Enter) // may come too late, to the page that follows
		ph.must(ph.tab.Await(ofOurs))
		ph.says("预约成功")
		ph.once()
	})
}

func TestAPlaceThatIsGoneLosesNothing(t *testing.T) {
	inBothWays(t, func(ph *phone) {
		ph.chosenTime()
		ph.write(couple()...)
		ph.later(16 * time.Minute)
		ph.press(send, `form[action="/book/hold"]`)
		ph.says("您填的都还在")
		ph.round()
		ph.press(send, inCode) // the first of the times that are offered, and nothing to type again
		ph.says("张三", "李四", hisPhone)
		ph.confirmed()
		ph.once()
	})
}

func TestWithoutANetworkNothingIsLost(t *testing.T) {
	inBothWays(t, func(ph *phone) {
		ph.chosenTime()
		ph.write(couple()...)
		ph.do(browser.Network(0, 0))
		ph.must(ph.tab.TabTo(send))
		ph.must(ph.tab.Press(browser.Enter))
		if ph.scripts {
			ph.must(ph.tab.Await(".offline:not([hidden])"))
			ph.says("网络")
			ph.do(browser.Network(0, -1))
		} else { // the browser says so itself, and Back leads to the form
			ph.must(ph.tab.Await("body.neterror"))
			ph.do(browser.Network(0, -1))
			ph.back(ph.tab.Context(), form)
		}
		for i, inputs := 0, couple(); i < 10; i += 2 {
			if got := ph.value(inputs[i]); got != inputs[i+1] {
				ph.t.Errorf("%s is %q, want %q", inputs[i], got, inputs[i+1])
			}
		}
		ph.press(send, inCode)
		ph.confirmed()
		ph.once()
	})
}

// The appointment is made, and the answer is lost on the way: the couple presses
// again.
func TestALostAnswerIsGivenAgain(t *testing.T) {
	inBothWays(t, func(ph *phone) {
		ph.chosenTime()
		ph.toCheck()
		code := ph.codeFor(hisPhone)
		sent, err := browser.Ask[string](ph.tab, `new URLSearchParams(new FormData(document.querySelector('form[action="/book/confirm"]'))).toString()`)
		ph.must(err)
		values, err := url.ParseQuery(sent)
		ph.must(err)
		values.Set("code", code)
		ph.lostOnTheWay(values)
		ph.once()
		ph.write("code", code)
		ph.press(send, ofOurs)
		ph.says("预约成功")
		ph.once()
	})
}

// lostOnTheWay sends the form of the tab, with its cookies, from elsewhere.
func (ph *phone) lostOnTheWay(values url.Values) {
	ph.t.Helper()
	v := ph.visitor()
	jar, err := ph.tab.Cookies(ph.server.URL)
	ph.must(err)
	here, err := url.Parse(ph.server.URL)
	ph.must(err)
	v.client.Jar.SetCookies(here, jar)
	v.post("/book/confirm", values).want(http.StatusOK)
}

func TestTwoTabsBookOnce(t *testing.T) {
	chromium := browser.Open(t)
	ph := &phone{town: newTown(t), tab: chromium.Tab(t)}
	other := &phone{town: ph.town, tab: chromium.Tab(t)}
	ph.do(chromedp.EmulateViewport(360, 740))
	other.do(chromedp.EmulateViewport(360, 740))
	ph.chosenTime()
	at, err := chromedp.Run(ph.tab.Context(), chromedp.Location())
	ph.must(err)
	other.do(chromedp.Navigate(at))
	ph.toCheck()
	other.toCheck()
	code := ph.codeFor(hisPhone)
	ph.write("code", code)
	ph.press(send, ofOurs)
	other.write("code", code)
	other.press(send, ofOurs)
	other.says("预约成功")
	ph.once()
}

func TestBackAfterBookingLeadsToTheAppointment(t *testing.T) {
	inBothWays(t, func(ph *phone) {
		ph.chosenTime()
		ph.toCheck()
		ph.write("code", "000000")
		ph.press(send, ".summary")
		ph.confirmed()
		ph.back(ph.tab.Context(), `p.done`)
		ph.says("已经约好了", "预约成功")
		ph.once()
	})
}

// Within WeChat and in other apps Back asks the server again: there is no page that
// waits in memory.
func TestBackAndReloadLoseNothingWhereNoPageIsKept(t *testing.T) {
	inBothWaysOf(t, browser.OpenForgetful(t), func(ph *phone) {
		ph.chosenTime()
		ph.write("parties.0.name", "张三", "phone", "1380000")
		ph.press(send, ".summary")
		ph.back(ph.tab.Context(), form)
		ph.holds("parties.0.name", "张三", "phone", "1380000")
		ph.visit(ph.here()+"&again", form) // typed into the bar
		ph.holds("parties.0.name", "张三", "phone", "1380000")
		ph.clear("parties.0.name", "phone")
		ph.toCheck()
		ph.do(chromedp.Reload())
		ph.must(ph.tab.Await(inCode))
		ph.says("张三", "李四", hisPhone)
		ph.back(ph.tab.Context(), form)
		ph.holds(couple()[:10]...)
		ph.press(send, inCode)
		ph.confirmed()
		ph.once()
	})
}

func TestBackAndReloadFindThePhoneWhereNoPageIsKept(t *testing.T) {
	inBothWaysOf(t, browser.OpenForgetful(t), func(ph *phone) {
		mobile := inputNamed("mobile")
		ph.visit("/find?lang=zh", mobile)
		ph.write("mobile", "1380000")
		ph.press(send, ".summary")
		ph.do(chromedp.Reload())
		ph.must(ph.tab.Await(".summary"))
		ph.holds("mobile", "1380000")
		ph.back(ph.tab.Context(), mobile)
		ph.holds("mobile", "1380000")
	})
}

// here is the address of the page, without the server.
func (ph *phone) here() string {
	ph.t.Helper()
	at, err := chromedp.Run(ph.tab.Context(), chromedp.Location())
	ph.must(err)
	return strings.TrimPrefix(at, ph.server.URL)
}

// holds checks what inputs hold.
func (ph *phone) holds(inputs ...string) {
	ph.t.Helper()
	for i := 0; i+1 < len(inputs); i += 2 {
		if got := ph.value(inputs[i]); got != inputs[i+1] {
			ph.t.Errorf("%s is %q, want %q", inputs[i], got, inputs[i+1])
		}
	}
}

// clear empties inputs.
func (ph *phone) clear(inputs ...string) {
	ph.t.Helper()
	for _, input := range inputs {
		_, err := browser.Ask[bool](ph.tab, fmt.Sprintf(`(document.querySelector(%q).value = '', true)`, inputNamed(input)))
		ph.must(err)
	}
}

// A press that was stopped, or that nothing came of, is no reason never to press
// again.
func TestAPressThatLedNowhereCanBeRepeated(t *testing.T) {
	ph := &phone{town: newTown(t), tab: browser.Open(t).Guest(t), scripts: true}
	ph.visit(theDay+"?lang=zh", radio)
	got, err := browser.Ask[string](ph.tab, `(() => {
		const timers = [], dropped = [];
		window.setTimeout = f => timers.push(f);
		window.addEventListener("submit", e => { dropped.push(e.defaultPrevented); e.preventDefault(); });
		const press = () => document.querySelector("main form > button").click();
		press(); press();
		timers.forEach(f => f());
		press();
		return dropped.join();
	})()`)
	if want := "false,true,false"; err != nil || got != want {
		t.Errorf("three presses, the third after a while, are dropped %s, %v; want %s", got, err, want)
	}
}
