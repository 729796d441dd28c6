package web

import (
	"bytes"
	"context"
	"image/png"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// command sends one command of the protocol, which is a step of its own.
func command[P, R any](method cdp.Command[P, R], params P) chromedp.Action[R] {
	return func(ctx context.Context, t *chromedp.Target) (R, error) { return cdp.Call(ctx, t, method, params) }
}

// shows lets a real browser see what the visitor may see at an address.
func (v *visitor) shows(ctx context.Context, at string) {
	v.t.Helper()
	address, err := url.Parse(v.server.URL + at)
	v.must(err)
	for _, cookie := range v.client.Jar.Cookies(address) {
		_, err := chromedp.Run(ctx, command(network.SetCookie, network.SetCookieParams{Name: cookie.Name, Value: cookie.Value, URL: address.String()}))
		v.must(err)
	}
	v.must(chromedp.Do(ctx, chromedp.Navigate(address.String()), chromedp.WaitVisible(chromedp.CSS("footer"))))
}

// wanted adds what the stylesheet is still to get, as long as it has not.
func (v *visitor) wanted(ctx context.Context) {
	v.t.Helper()
	css, err := files.ReadFile("static/wanted-page.css")
	if err != nil {
		return // it has
	}
	_, err = chromedp.Run(ctx, chromedp.Evaluate[bool](`document.head.appendChild(document.createElement('style')).textContent = `+strconv.Quote(string(css))+`, true`))
	v.must(err)
}

// The slip is one page of A5, with the longest names and addresses, and a scanner
// reads it.
func TestTheSlipIsOnePageAndItsCodeIsRead(t *testing.T) {
	tn := newTown(t)
	v := tn.visitor()
	v.get(theDay).send(theDay, "slot", nineClock)
	long := "阿卜杜热西提·麦麦提吐尔逊·阿不都热合曼江巴依克艾"
	v.send("/book/check", append(couple(), "parties.0.name", long, "parties.1.name", long)...)
	v.send("/book/confirm", "code", v.codeFor(hisPhone)).want(http.StatusOK, "预约成功")
	_, err := tn.db.ExecContext(t.Context(), `UPDATE office SET name_en = $1, address = $2 WHERE id = $3`,
		"Jishishan Bonan, Dongxiang and Salar Autonomous County Marriage Registry", strings.Repeat("示例街道示例路一百二十三号", 3)+"政务服务中心二楼", office)
	tn.must(err)
	tn.later(2 * time.Minute) // what is known of an office is younger
	at := v.URL.Path
	ctx := tn.browser()
	v.shows(ctx, at+"?lang=en") // which needs more room
	v.wanted(ctx)
	printed, err := chromedp.Run(ctx, command(cdppage.PrintToPDF, cdppage.PrintToPDFParams{PreferCSSPageSize: new(true)}))
	tn.must(err)
	if n := len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(printed.Data, -1)); n != 1 {
		t.Errorf("%d pages, want one", n)
	}
	if box := regexp.MustCompile(`/MediaBox \[0 0 (\d+)[.\d]* (\d+)`).FindSubmatch(printed.Data); box == nil || string(box[1]) != "420" || string(box[2]) != "594" {
		t.Errorf("the paper is %q, want A5: 420 x 594 points", box)
	}
	if got := readFromPaper(t, printed.Data); got != tn.Desk.DoorPass(path.Base(at)) {
		t.Errorf("the PDF reads %s", got)
	}
	_, err = chromedp.Run(ctx, command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}))
	tn.must(err)
	tn.must(chromedp.Do(ctx, chromedp.EmulateViewport(492, 725))) // A5 without its margins
	shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	tn.must(err)
	picture, err := png.Decode(bytes.NewReader(shot))
	tn.must(err)
	if got, _ := scanned(t, picture); got != tn.Desk.DoorPass(path.Base(at)) {
		t.Errorf("the slip reads %s", got)
	}
	for _, link := range []string{`a[href$="/cancel"]`, `a[href$="/image"]`, `a[href^="geo:"]`, "main code"} {
		seen, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.querySelector('`+link+`').checkVisibility()`))
		if err != nil || seen {
			t.Errorf("%s is printed: %t, %v", link, seen, err)
		}
	}
}
