package web

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"hunyue/internal/testenv/browser"
	"hunyue/slots"
)

// carries gives a tab the cookies of a visitor.
func (v *visitor) carries(tab *browser.Tab, path string) {
	v.t.Helper()
	v.must(tab.Do(chromedp.Navigate(v.server.URL + "/notice")))
	for _, c := range v.client.Jar.Cookies(v.URL) {
		v.must(tab.Do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: v.server.URL})
			return err
		})))
	}
	v.must(tab.Do(chromedp.Navigate(v.server.URL + path)))
}

func TestTheCouplesPageFollowsTheLineByItself(t *testing.T) {
	tn := newTown(t)
	v, number, others := tn.onTheDay()
	tab := browser.Open(t).Guest(t)
	v.carries(tab, "/b/"+number+"?lang=zh")
	tn.is(tab, "two ahead", `document.querySelector('#line').textContent.includes('前面 2 对')`)
	tn.does(tab, `window.same = true`)
	tn.call(others[0], "2")
	tn.is(tab, "one ahead", `document.querySelector('#line').textContent.includes('现在办到 A001，您是 A003，前面 1 对')`)
	tn.call(number, "3")
	tn.is(tab, "the call", `window.same && document.querySelector('#line h1').textContent === '请到 3 号窗口' && document.title.startsWith('请到 3 号窗口')`)
	tn.must(tn.Hall.NotAccepted(t.Context(), number, "证件不全", "registrar"))
	tn.is(tab, "the page of the end", `!window.same && !document.querySelector('#line') && document.body.textContent.includes('未能办理')`)
}

func TestTheCouplesPageWorksWithoutScriptsAndCanBeStopped(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v, number, _ := tn.onTheDay()
	at := "/b/" + number
	v.get(at).want(http.StatusOK, "前面 2 对", "这一页自动更新")
	if !strings.Contains(v.body, `<noscript><meta http-equiv="refresh" content="30"></noscript>`) || v.header.Get("Refresh") != "" {
		t.Error("without scripts it does not ask again, or with them it does")
	}
	v.get(at+"?still=1").want(http.StatusOK, "恢复自动更新")
	if strings.Contains(v.body, "line.js") || strings.Contains(v.body, "http-equiv") {
		t.Error("it goes on although it was stopped")
	}
	l := tn.visitor().listens(at + "/line")
	if !strings.HasPrefix(l.answer.Request.URL.Path, "/find") {
		t.Errorf("a stranger is at %s", l.answer.Request.URL)
	}
}

// crowded lets so many couples in.
func (tn *town) crowded(limit int) {
	tn.t.Helper()
	rules := slots.DefaultRules()
	rules.HallLimit, rules.Screening = limit, slots.ScreeningOptional
	tn.must(tn.Offices.SetRules(tn.t.Context(), office, may(19), rules, "test", "test"))
}

func TestWhoWaitsOutsideIsToldToComeIn(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.crowded(1)
	v, number, others := tn.onTheDay()
	own := func() string {
		_, _, data := v.listens("/b/" + number + "/line?once=1").next()
		return data
	}
	if got := own(); !strings.Contains(got, "请先在厅外等候") {
		t.Errorf("outside: %s", got)
	}
	v.get("/b/"+number).want(http.StatusOK, "请先在厅外等候")
	for _, n := range others {
		tn.must(tn.Hall.NotAccepted(t.Context(), n, "证件不全", "registrar"))
	}
	v.get("/b/"+number).want(http.StatusOK, "请进厅等候")
}

func TestTodayAtTheHallIsToldInNumbers(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.crowded(2)
	v := tn.visitor()
	if v.get("/o/" + office + "?lang=zh").want(http.StatusOK); strings.Contains(v.body, "大厅现在") {
		t.Error("a hall without a line")
	}
	_, number, others := tn.onTheDay()
	tn.later(3 * second)
	v.get("/o/"+office+"?lang=zh").want(http.StatusOK, "大厅现在", "厅内已满（2/2 对），请先在厅外等候", "有 3 对在等")
	v.get("/o/"+office+"?lang=en").want(http.StatusOK, "The hall is full (2 of 2 couples). Please wait outside.", "Couples waiting: 3.")
	if v.get("/o/" + office + "/2026-05-21?lang=zh").want(http.StatusOK); strings.Contains(v.body, "大厅现在") {
		t.Error("today's hall on the page of another day")
	}
	for _, secret := range append(others, number, "张", "A001") {
		if v.get("/o/" + office + "?lang=zh"); strings.Contains(v.body, secret) {
			t.Errorf("%q is on the page", secret)
		}
	}
	var reads atomic.Int64
	real := tn.hub.read
	tn.hub.read = func(ctx context.Context, office string, before seen) (seen, error) {
		reads.Add(1)
		return real(ctx, office, before)
	}
	began := tn.Clock.Now()
	for range 100 {
		v.get("/o/" + office)
	}
	if took := tn.Clock.Now().Sub(began); float64(reads.Load()) > took.Seconds()/2+1 {
		t.Errorf("%d readings for 100 visits in %s", reads.Load(), took)
	}
	t.Logf("count: today at the hall: 100 visits cost %d readings", reads.Load())
	tn.hub.read = func(context.Context, string, seen) (seen, error) { return seen{}, context.DeadlineExceeded }
	tn.later(3 * second)
	if v.get("/o/" + office + "?lang=zh").want(http.StatusOK); strings.Contains(v.body, "大厅现在") {
		t.Error("told although it cannot be read")
	}
}
