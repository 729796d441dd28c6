package web

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// outcome is a page that came of a couple's form, outside the booking, which has
// more to keep (turn.go). The browser keeps it for us in the same way: sealed, and
// for the addresses of the form's flow alone. It is asked for with GET where the
// form was sent, so that Back and Reload find it. Nothing in it opens anything: who
// may see the page is asked again each time.
type outcome struct {
	At       string            `json:"a"` // the address that is asked for
	View     string            `json:"v,omitempty"`
	Step     string            `json:"x,omitempty"` // what the view is about, beside the form
	Sent     map[string]string `json:"f,omitempty"`
	Status   int               `json:"s,omitempty"`
	Alert    string            `json:"l,omitempty"`
	Why      string            `json:"y,omitempty"`
	Notice   string            `json:"n,omitempty"`
	Mistakes []mistake         `json:"m,omitempty"`
	Wrong    wrongs            `json:"w,omitempty"`
	To       string            `json:"d,omitempty"` // where the form led, once it is done; then nothing else is kept
	Kept     int64             `json:"t"`           // seconds
}

// askedAgain marks an address as that of an outcome. Without it the address is what
// it always was, and so it is where nothing is kept.
const askedAgain = "typed"

// notKept are the inputs that are typed anew each time, and those that say which
// button was pressed.
var notKept = []string{"code", "secret", "proof", "page", "step", "again"}

// flowOf is the address below which a browser keeps the outcome of a form; "" for
// pages that are no couple's, or the booking's.
func flowOf(path string) string {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	depth := map[string]int{"find": 1, "slow": 1, "second": 2, "help": 2, "o": 3, "b": 3, "w": 2}[parts[0]]
	if depth == 0 || len(parts) < depth {
		return ""
	}
	return "/" + strings.Join(parts[:depth], "/")
}

func outcomeRow(flow, session string) string { return "outcome of a form:" + flow + ":" + session }

// turnTo answers a couple's form with the address of the page that came of it; false
// where that page has to be the answer itself: to whoever has to wait, who is told
// so at once, and to a browser that keeps nothing.
func (p *Pages) turnTo(c echo.Context, pg page, o outcome) (done bool, err error) {
	r := c.Request()
	if r.Method != http.MethodPost || c.Response().Header().Get(echo.HeaderRetryAfter) != "" || !keepsCookies(c) {
		return false, nil
	}
	o.At = cmp.Or(o.At, r.URL.Path)
	if flowOf(o.At) == "" {
		return false, nil
	}
	o.Alert, o.Why, o.Notice, o.Mistakes = pg.Alert, pg.why, pg.Notice, pg.Mistakes
	o.keep(r.PostForm)
	if !p.putOutcome(c, o) {
		return false, nil
	}
	c.Set(turnedStatus, o.Status)
	asked := url.Values{askedAgain: {"1"}}
	if service := r.PostForm.Get("service"); service != "" && strings.HasPrefix(o.At, "/o/") {
		asked.Set("service", service)
	}
	return true, c.Redirect(http.StatusSeeOther, (&url.URL{Path: o.At, RawQuery: asked.Encode()}).String())
}

// keep notes what a form has sent, without what the outcome has of its own.
func (o *outcome) keep(sent url.Values) {
	all := map[string]string{}
	for name, values := range sent {
		if values[0] != "" {
			all[name] = values[0]
		}
	}
	for _, name := range notKept {
		delete(all, name)
	}
	maps.Copy(all, o.Sent)
	o.Sent = all
}

func (p *Pages) putOutcome(c echo.Context, o outcome) bool {
	flow := flowOf(o.At)
	o.Kept = p.Clock.Now().Unix()
	c.Set(outcomePut, true)
	return p.putSealed(c, outcomeRow(flow, p.session(c)), flow, o)
}

// outcomePut is where a request notes that its answer has something to keep.
const outcomePut = "outcome of this form"

// outcome is what this browser keeps for the flow of an address.
func (p *Pages) outcome(c echo.Context, flow string) (outcome, bool) {
	session, err := c.Cookie(p.own("session"))
	if err != nil {
		return outcome{}, false
	}
	var o outcome
	known := p.openSealed(c, outcomeRow(flow, session.Value), &o)
	return o, known && p.Clock.Now().Sub(time.Unix(o.Kept, 0)) < turnedFor
}

// turnsBack answers whoever asks for a page that came of a form, and has browsers
// forget what is done with.
func (p *Pages) turnsBack(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		flow := flowOf(r.URL.Path)
		if flow == "" {
			return next(c)
		}
		if r.Method == http.MethodPost {
			c.Response().Before(func() { p.settle(c, flow) })
			return next(c)
		}
		o, kept := p.outcome(c, flow)
		switch {
		case kept && c.QueryParam(askedAgain) != "":
			return p.showOutcome(c, o)
		case kept && o.To == "" && fills(c.Path()):
			o.restore(c)
		case fills(c.Path()) && namesNobody(c.Path()):
			c.Response().Header().Set("Cache-Control", "private, no-cache") // as line.begin does
		}
		if fills(c.Path()) {
			p.session(c) // with which what is sent can be kept
		}
		return next(c)
	}
}

// fills reports whether a page is a form that comes filled in with what was typed
// into it before. It says nothing of what was wrong with that.
func fills(path string) bool {
	switch path {
	case "/find", "/second/:token", "/help/rare-name", "/o/:office/:date/phone", "/o/:office/wait", "/b/:number/data/correct":
		return true
	}
	return false
}

// namesNobody reports whether such a page may be kept while it is as we made it, so
// that Back finds what was typed and never sent.
func namesNobody(path string) bool {
	return path == "/find" || path == "/help/rare-name" || path == "/o/:office/:date/phone"
}

// settle is for a form that has led to another page: what was typed is no longer
// kept. Whoever comes back to what a couple has done with its appointment is led to
// what came of it.
func (p *Pages) settle(c echo.Context, flow string) {
	if c.Response().Status != http.StatusSeeOther || c.Get(outcomePut) != nil {
		return
	}
	at, to := c.Request().URL.Path, c.Response().Header().Get(echo.HeaderLocation)
	if strings.HasPrefix(at, "/b/") && strings.HasPrefix(to, "/b/") && p.putOutcome(c, outcome{At: at, To: to}) {
		return
	}
	if _, err := c.Cookie(typedCookie); err == nil {
		p.setCookie(c, http.Cookie{Name: typedCookie, Path: flow, MaxAge: -1})
	}
}

// restore has the request say what was typed, as if it had been sent with it.
func (o outcome) restore(c echo.Context) {
	r := c.Request()
	r.PostForm, r.Form = url.Values{}, r.URL.Query()
	for name, value := range o.Sent {
		r.PostForm.Set(name, value)
		r.Form.Set(name, value)
	}
}

// showOutcome makes the page anew. At another address of the flow it is the same
// form, without what was said of it.
func (p *Pages) showOutcome(c echo.Context, o outcome) error {
	if o.To != "" {
		return c.Redirect(http.StatusSeeOther, o.To)
	}
	o.restore(c)
	pg := p.page(c)
	pg.Other, pg.Settings = "", "" // the forms have switches that keep what was typed
	if o.At == c.Request().URL.Path {
		pg.Alert, pg.why, pg.Notice, pg.Mistakes = o.Alert, o.Why, o.Notice, o.Mistakes
	} else {
		o.Status, o.Wrong = http.StatusOK, nil
	}
	return p.view(c, pg, o)
}

// stepIf is the step of a page on which a code is awaited.
func stepIf(sent bool) string {
	if sent {
		return stepSent
	}
	return ""
}

// said reports whether an outcome is that of the address that is asked for.
func (o outcome) said(c echo.Context) bool { return o.At == c.Request().URL.Path }
