package browser

import (
	"errors"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Keys that are pressed.
const (
	Enter = kb.Enter
	Space = " "
	next  = kb.Tab
)

// Press presses a key, or types some text, where the focus is.
func (tab *Tab) Press(keys string) error { return tab.Do(chromedp.KeyEvent(keys)) }

// stop is where the focus is, and whether that can be seen.
type stop struct {
	Name   string
	Here   bool // on what was looked for
	Ring   bool // it has an outline or a shadow
	InView bool
}

const focused = `(wanted => {
	const e = document.activeElement
	if (!e || e === document.body || e === document.documentElement) return {Name: '', Here: false, Ring: true, InView: true}
	const s = getComputedStyle(e), b = e.getBoundingClientRect()
	const of = e.labels && e.labels.length ? e.labels[0] : e, l = getComputedStyle(of)
	const drawn = s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none'
	return {
		Name: e.tagName.toLowerCase() + (e.id ? '#' + e.id : '') + ' ' + (e.innerText || e.value || '').trim().slice(0, 30),
		Here: !!wanted && e.matches(wanted), Ring: drawn(s) || drawn(l),
		InView: b.bottom > 0 && b.top < innerHeight && b.right > 0 && b.left < innerWidth,
	}
})(%q)`

// errUnseen is a stop of the focus that cannot be seen.
var errUnseen = errors.New("the focus cannot be seen")

func (tab *Tab) step(wanted string) (stop, error) {
	if err := tab.Press(next); err != nil {
		return stop{}, err
	}
	at, err := Ask[stop](tab, fmt.Sprintf(focused, wanted))
	if err == nil && (!at.Ring || !at.InView) {
		err = fmt.Errorf("%w on %s: ring %t, in view %t", errUnseen, at.Name, at.Ring, at.InView)
	}
	return at, err
}

// most is more stops than any page has.
const most = 150

// TabTo goes with the Tab key to an element, and fails if the focus cannot be seen
// on the way or never gets there.
func (tab *Tab) TabTo(selector string) error {
	for range most {
		at, err := tab.step(selector)
		if err != nil || at.Here {
			return err
		}
	}
	return fmt.Errorf("the Tab key does not lead to %s", selector)
}

// Round goes with the Tab key through the whole page and out of it, and returns
// how many stops there are.
func (tab *Tab) Round() (int, error) {
	for n := range most {
		at, err := tab.step("")
		if err != nil {
			return n, err
		}
		if at.Name == "" && n > 0 {
			return n, nil
		}
	}
	return most, errors.New("the Tab key does not lead out of the page")
}

// Await waits for an element of the page that is shown, loaded whole.
func (tab *Tab) Await(selector string) error {
	for range 400 {
		there, err := Ask[bool](tab, fmt.Sprintf(`document.readyState === 'complete' && !!document.querySelector(%q)`, selector))
		if err == nil && there {
			return nil
		}
		if tab.ctx.Err() != nil {
			return tab.ctx.Err()
		}
		time.Sleep(25 * time.Millisecond)
	}
	text, err := tab.Text()
	return errors.Join(fmt.Errorf("there is no %s; the page says %q", selector, text), err)
}

// Text is what the page says.
func (tab *Tab) Text() (string, error) { return Ask[string](tab, `document.body.innerText`) }

// Compose has an input method compose: its text stands in the field and is not
// typed yet.
func Compose(text string) Step {
	return call(input.ImeSetComposition, input.ImeSetCompositionParams{Text: text, SelectionStart: int64(len(text)), SelectionEnd: int64(len(text))})
}

// Commit has the input method type what it has made of it.
func Commit(text string) Step { return call(input.InsertText, input.InsertTextParams{Text: text}) }

// Key presses a key as the system sends it, with any key code, and the character
// that it types, if any. An input method sends 229 for the keys that it keeps.
func Key(key string, code int64, text string) Step {
	down := input.DispatchKeyEventTypeRawKeyDown
	if text != "" {
		down = input.DispatchKeyEventTypeKeyDown
	}
	return chromedp.Steps(
		call(input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: down, Key: key, Text: text, WindowsVirtualKeyCode: code}),
		call(input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: key, WindowsVirtualKeyCode: code}))
}

// Forget empties the browser's cache.
func Forget() Step { return call(network.ClearBrowserCache, cdp.Empty{}) }
