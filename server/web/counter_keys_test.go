package web

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"hunyue/internal/testenv/browser"
	"hunyue/server/auth"
)

// A couple is called, served, completed, undone and completed again without a mouse
// and without looking for a button.
func TestTheKeysOfACounterDoWhatTheySay(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.waiting(2)
	tn.staff(auth.Registrar)
	s := &seat{phone: &phone{town: tn, tab: browser.Open(t).Guest(t)}}
	s.do(chromedp.EmulateViewport(1280, 800), chromedp.Navigate(s.server.URL+"/staff/login?lang=zh"))
	s.must(s.tab.TabTo("#username"))
	s.must(s.tab.Press("registrar"))
	s.must(s.tab.TabTo("#password"))
	s.must(s.tab.Press(password + browser.Enter))
	s.must(s.tab.Await(".top form"))
	s.visit(window3, "#now")
	s.must(s.tab.TabTo(`button[value="open"]`))
	s.must(s.tab.Press(browser.Enter))
	s.must(s.tab.Await(`[data-key="F2"]:not(:disabled)`))

	presses, err := browser.Ask[[]int](s.tab, `(() => {
		let n = 0
		document.getElementById('press').addEventListener('submit', e => { n++; e.preventDefault(); e.stopPropagation() })
		const key = more => document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'F2', bubbles: true, cancelable: true, ...more }))
		const seen = []
		key({ isComposing: true }); seen.push(n)
		key({ repeat: true }); seen.push(n)
		key({ shiftKey: true }); seen.push(n)
		key({}); seen.push(n)
		return seen
	})()`)
	if err != nil || len(presses) != 4 || presses[2] != 0 || presses[3] != 1 {
		t.Errorf("F2 while composing, held down, with Shift, and alone has called %v times, %v; want 0 0 0 1", presses, err)
	}
	s.visit(window3, "#now")

	s.chord(kb.F2)
	s.must(s.tab.Await(`[data-key="Enter"]:not(:disabled)`))
	s.chord(kb.Enter)
	s.must(s.tab.Await("#certificate_number"))
	s.focusIs("certificate_number")
	s.data("000123")
	s.chord(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl))
	s.must(s.tab.Await(`[value="undo"]`))
	s.chord(kb.F9)
	s.must(s.tab.Await("#certificate_number"))
	s.chord(kb.F9)
	s.must(s.tab.Await("#refusal"))
	s.visit(window3, "#certificate_number")
	s.data("000124")
	s.chord(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl))
	s.must(s.tab.Await(`[value="undo"]`))
	if n := tn.count(`SELECT count(*) FROM registration`); n != 2 {
		t.Errorf("%d registrations, want two of which one is undone", n)
	}
}
