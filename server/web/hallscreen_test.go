package web

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"hunyue/internal/testenv/browser"
)

// shownOnWall is a tab with the screen of the hall, and before it a script.
func (tn *town) shownOnWall(how, before string) *browser.Tab {
	tn.t.Helper()
	tab := browser.Open(tn.t).Guest(tn.t)
	tn.must(tab.Do(
		chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: before})
			return err
		}),
		chromedp.Navigate(tn.server.URL+"/screen/"+office+how)))
	return tab
}

// is waits until an expression is true in the tab.
func (tn *town) is(tab *browser.Tab, what, expression string) {
	tn.t.Helper()
	for range 400 {
		if yes, err := browser.Ask[bool](tab, expression); err == nil && yes {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	text, _ := tab.Text()
	tn.t.Fatalf("%s is not so; the screen says %q", what, text)
}

// does runs a script in the tab.
func (tn *town) does(tab *browser.Tab, script string) {
	tn.t.Helper()
	_, err := browser.Ask[bool](tab, script)
	tn.must(err)
}

func TestACallComesToTheScreenWithoutLoadingItAgain(t *testing.T) {
	tn := newTown(t)
	_, _, others := tn.onTheDay()
	tab := tn.shownOnWall("?voice=off", "")
	tn.is(tab, "who waits", `document.querySelector('.waits').textContent.includes('A002')`)
	tn.does(tab, `window.same = true`)
	tn.call(others[0], "3")
	tn.is(tab, "the new call", `window.same && /A001.*3/s.test(document.querySelector('#newest.hot').textContent)`)
	tn.call(others[1], "2")
	tn.is(tab, "the newer one", `/A002.*2/s.test(document.querySelector('#newest.hot').textContent) && document.querySelector('ol').textContent.includes('A001')`)
	tn.must(tab.Do(browser.Media("", "prefers-reduced-motion", "no-preference")))
	tn.is(tab, "a flash, once a second and six times", `getComputedStyle(document.querySelector('.hot')).animation.includes('1s steps(1) 0s 6') || getComputedStyle(document.querySelector('.hot')).animationIterationCount === '6' && getComputedStyle(document.querySelector('.hot')).animationDuration === '1s'`)
	tn.must(tab.Do(browser.Media("", "prefers-reduced-motion", "reduce")))
	tn.is(tab, "no flash for whoever wants none", `getComputedStyle(document.querySelector('.hot')).animationName === 'none'`)

	tn.later(13 * time.Second)
	tn.must(tab.Do(chromedp.Navigate(tn.server.URL + "/screen/" + office + "?voice=off")))
	tn.is(tab, "a call steps back after 12 seconds", `!!document.querySelector('#newest:not(.hot)')`)
}

// The clock of the page is moved, so that nobody waits 15 seconds.
const movable = `{ const now = Date.now; window.ahead = 0; Date.now = () => now() + window.ahead }`

func TestAScreenThatIsBehindSaysSoAndComesBackByItself(t *testing.T) {
	tn := newTown(t)
	_, _, others := tn.onTheDay()
	tab := tn.shownOnWall("?voice=off", movable)
	tn.is(tab, "the line", `document.querySelector('.waits').textContent.includes('A001')`)
	real := tn.hub.read
	down, missed := true, 0
	tn.hub.halls[office].mu.Lock()
	tn.hub.read = func(ctx context.Context, office string, before seen) (seen, error) {
		if down {
			missed++
			return seen{}, context.DeadlineExceeded
		}
		return real(ctx, office, before)
	}
	tn.hub.halls[office].mu.Unlock()
	for gone := false; !gone; time.Sleep(10 * time.Millisecond) { // then no beat comes any more
		tn.hub.halls[office].mu.Lock()
		gone = missed > 1
		tn.hub.halls[office].mu.Unlock()
	}
	tn.is(tab, "a few seconds are not too long", `(window.ahead = 9000, document.querySelector('#wall').checkVisibility())`)
	tn.does(tab, `(window.ahead = 15000, true)`)
	tn.is(tab, "the warning", `getComputedStyle(document.querySelector('#wall')).display === 'none' && document.querySelector('.lost').checkVisibility() && document.querySelector('.lost').textContent.includes('信号中断，请听工作人员呼叫')`)
	tn.hub.halls[office].mu.Lock()
	down = false
	tn.hub.halls[office].mu.Unlock()
	tn.call(others[0], "3")
	tn.is(tab, "back again", `document.querySelector('#wall').checkVisibility() && document.querySelector('#newest').textContent.includes('A001')`)

	tn.server.CloseClientConnections() // as a server does that is started again
	tn.later(time.Second)
	tn.call(others[1], "2")
	tn.is(tab, "the call after the break", `document.querySelector('#newest').textContent.includes('A002')`)
}

// sounds keeps the page's audio context, and notes when each clip is heard.
const sounds = `{
	const Real = window.AudioContext
	window.AudioContext = class extends Real { constructor(...a) { super(...a); window.sound = this } }
	window.heard = []
	const start = AudioBufferSourceNode.prototype.start
	AudioBufferSourceNode.prototype.start = function (at) { heard.push([at, at + this.buffer.duration]); return start.call(this, at) }
}`

func TestWhetherTheScreenCanBeHeardIsSeen(t *testing.T) {
	tn := newTown(t)
	_, _, others := tn.onTheDay()
	tab := tn.shownOnWall("?lang=zh", sounds)
	tn.is(tab, "the start, and that nothing can be heard yet", `document.querySelector('#start button').checkVisibility() && document.querySelector('#start').textContent.includes('开始叫号屏') && !document.querySelector('#muted').hidden`)
	tn.must(tab.Do(click("#start button")))
	tn.is(tab, "a screen that can be heard", `document.querySelector('#start').hidden && document.querySelector('#muted').hidden && sound.state === 'running'`)
	tn.does(tab, `sound.suspend().then(() => true)`)
	tn.is(tab, "that it was put to sleep", `document.querySelector('#muted').checkVisibility() && document.querySelector('#muted').textContent.includes('点一下屏幕，恢复声音')`)
	tn.call(others[0], "3")
	tn.is(tab, "the call", `!!document.querySelector('#newest')`)
	tn.must(tab.Do(click("#muted")))
	tn.is(tab, "the sound again", `document.querySelector('#muted').hidden && heard.length === 0`) // what was not said in time is not said late
	tn.does(tab, `sound.close().then(() => true)`)
	tn.is(tab, "that it was closed", `document.querySelector('#muted').checkVisibility()`)

	off := tn.shownOnWall("?voice=off", sounds)
	tn.is(off, "a screen without a voice", `document.querySelector('#start').hidden && document.querySelector('#muted').checkVisibility() && !window.sound`)
}

func TestCallsAreSaidOneAfterTheOther(t *testing.T) {
	tn := newTown(t)
	_, _, others := tn.onTheDay()
	tab := tn.shownOnWall("", sounds)
	tn.must(tab.Do(click("#start button")))
	tn.is(tab, "a screen that can be heard", `document.querySelector('#muted').hidden`)
	tn.call(others[0], "3")
	tn.is(tab, "the first", `document.body.dataset.saying === 'A001 3'`)
	tn.call(others[1], "12")
	for range 3 { // each is some seconds long in both languages
		if err := tab.Await(`body[data-saying="A002 12"]`); err == nil {
			break
		}
	}
	spans, err := browser.Ask[[][2]float64](tab, `heard`)
	tn.must(err)
	words := 9 + 7 + 10 + 8 // 请A001号到3号窗口, number A001 please go to counter 3; and with a counter of two digits
	if len(spans) != words {
		t.Errorf("%d clips, want %d", len(spans), words)
	}
	for i := 1; i < len(spans); i++ {
		if spans[i][0] < spans[i-1][1]-1e-6 {
			t.Errorf("clip %d begins at %.3f, before %.3f", i, spans[i][0], spans[i-1][1])
		}
	}
}

// The call of A018 to counter 3 is rendered, and is as long as its clips are together.
const rendered = `(async () => {
	const v = window.hallVoice, said = v.words({ticket: 'A018', counter: '3'}, %q)
	const context = new OfflineAudioContext(1, 16000 * 20, 16000), buffers = await v.load(context, document.body.dataset.clips)
	const sum = said.reduce((n, w) => n + buffers[w].duration, 0), played = v.play(context, buffers, said, 0)
	const heard = samples => { let i = samples.length; while (i && Math.abs(samples[i - 1]) < 0.002) i--; return i / 16000 }
	const last = buffers[said.at(-1)], quiet = last.duration - heard(last.getChannelData(0))
	const wave = (await context.startRendering()).getChannelData(0)
	const loud = said.every(w => buffers[w].getChannelData(0).some(s => Math.abs(s) > 0.3))
	return {said: said.join(' '), sum, ends: played.ends, heard: heard(wave) + quiet, loud}
})()`

func TestTheVoiceIsAsLongAsItsClips(t *testing.T) {
	tn := newTown(t)
	tab := tn.shownOnWall("?start=off", "")
	for lang, want := range map[string]string{
		"zh": "zh-please letter-a zh-0 zh-1 zh-8 zh-number zh-to zh-3 zh-counter", // 请 A 零 一 八 号，到 三 号窗口
		"en": "en-number letter-a en-0 en-1 en-8 en-to en-3",
	} {
		got, err := browser.Ask[struct {
			Said             string
			Sum, Ends, Heard float64
			Loud             bool
		}](tab, fmt.Sprintf(rendered, lang))
		tn.must(err)
		if got.Said != want || !got.Loud {
			t.Errorf("%s: %q, loud: %t", lang, got.Said, got.Loud)
		}
		if diff := got.Heard - got.Sum; got.Sum < 2 || diff < -0.01 || diff > 0.01 || got.Ends != got.Sum {
			t.Errorf("%s: heard for %.3f s, planned %.3f s, the clips are %.3f s", lang, got.Heard, got.Ends, got.Sum)
		}
		t.Logf("count: hall voice: A018 to 3 in %s is %.0f ms, its clips %.0f ms", lang, got.Heard*1000, got.Sum*1000)
	}
}

// Every ticket and every counter can be said, and the clips are light.
func TestThereIsAClipForEveryWord(t *testing.T) {
	t.Parallel()
	l, err := newLook()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"zh-please", "zh-number", "zh-to", "zh-counter", "en-number", "en-to"}
	for _, c := range "0123456789" {
		want = append(want, "zh-"+string(c), "en-"+string(c))
	}
	for _, c := range "abcdefghijklmnopqrstuvwxyz" {
		want = append(want, "letter-"+string(c))
	}
	size := 0
	for _, word := range want {
		clip := l.assets["voice/"+word+".wav"]
		if len(clip.body) == 0 {
			t.Errorf("there is no clip %s", word)
		}
		size += len(clip.body)
	}
	if size > 400_000 {
		t.Errorf("the clips are %d bytes", size)
	}
	t.Logf("count: hall voice: %d clips, %d bytes", len(want), size)
}

func TestTheVoiceOfTheSystemSpeaksWhereClipsAreMissing(t *testing.T) {
	tn := newTown(t)
	_, _, others := tn.onTheDay()
	tab := tn.shownOnWall("?voice=zh", sounds+`; {
		const real = window.fetch; window.fetch = (at, ...rest) => /\.wav$/.test(at) ? Promise.reject(new Error('away')) : real(at, ...rest)
		window.said = []; Object.defineProperty(window, 'speechSynthesis', {value: {speak(u) { said.push(u.lang + ' ' + u.text); u.onend() }}})
	}`)
	tn.must(tab.Do(click("#start button")))
	tn.is(tab, "a screen that can be heard", `document.querySelector('#muted').hidden`)
	tn.call(others[0], "3")
	tn.is(tab, "the call in words", `window.said.join() === 'zh-CN 请 A 0 0 1 号，到 3 号窗口'`)
}

// walls is the televisions that halls have.
var walls = [][2]int64{{1280, 720}, {1920, 1080}}

// small is what has to be read from eight metres and is less than 4.6vw high, and
// whether the page is longer than the screen.
const small = `[
	...(document.documentElement.scrollHeight > innerHeight ? ['the page is ' + document.documentElement.scrollHeight + ' px high'] : []),
	...(document.documentElement.scrollWidth > innerWidth ? ['the page is ' + document.documentElement.scrollWidth + ' px wide'] : []),
	...[...document.querySelectorAll('.newest b, .newest .way, li, li *, .waits > b, .what > [lang|=zh], .clock b, .rest p:not([lang=en]), .full > [lang|=zh], .lost h1')]
		.filter(e => e.checkVisibility() && parseFloat(getComputedStyle(e).fontSize) < innerWidth * 0.046 - 0.1)
		.map(e => e.tagName + ' ' + e.textContent.trim() + ' is ' + getComputedStyle(e).fontSize),
]`

// With -artifacts -outputdir DIR the pictures are kept.
func TestTheScreenFitsItsWallAndIsReadFromEightMetres(t *testing.T) {
	g, tab := newGallery(t, "D04"), browser.Open(t).Guest(t)
	for _, s := range g.shots {
		if s.lang != "zh" {
			continue
		}
		for _, wall := range walls {
			if err := tab.Do(chromedp.EmulateViewport(wall[0], wall[1]), browser.Media("", "prefers-reduced-motion", "reduce"), chromedp.Navigate(g.at+s.path())); err != nil {
				t.Fatal(err)
			}
			wrong, err := browser.Ask[[]string](tab, small)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range wrong {
				t.Errorf("%s at %d: %s", s.state, wall[0], w)
			}
			picture, err := tab.Picture()
			if err == nil {
				err = os.WriteFile(filepath.Join(t.ArtifactDir(), fmt.Sprintf("wall-%s-%d.png", s.state, wall[0])), picture, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestTheScreenWorksWithoutScripts(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	_, _, others := tn.onTheDay()
	v := tn.visitor()
	tn.call(others[0], "3")
	v.get("/screen/"+office).want(http.StatusOK, "A001", "A002", "3", "号窗口", "静音")
	if !strings.Contains(v.body, `<noscript><meta http-equiv="refresh" content="10"></noscript>`) || !strings.Contains(v.body, `class="newest hot"`) {
		t.Errorf("the page is\n%s", v.body)
	}
	v.get("/screen/999999").want(http.StatusNotFound)
	v.get("/screen/" + elsewhere + "?voice=loud&times=99").want(http.StatusOK)
	if !strings.Contains(v.body, `data-voice="on" data-times="3"`) {
		t.Errorf("what cannot be had was asked for, and is\n%s", v.body)
	}
}
