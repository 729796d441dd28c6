package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// typedFor is what a browser keeps of a form, for an address.
func (v *visitor) typedFor(address string) (string, bool) {
	v.t.Helper()
	at, err := url.Parse(v.server.URL + address)
	v.must(err)
	for _, c := range v.client.Jar.Cookies(at) {
		if c.Name == typedCookie {
			return c.Value, true
		}
	}
	return "", false
}

func TestWhatComesOfAFormIsKeptForThisBrowserAndThatFormAlone(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.get("/find").send("/find/send", "mobile", hisPhone).want(http.StatusOK, "验证码已发送")
	at := v.URL.RequestURI()
	typed, kept := v.typedFor("/find")
	if !kept || strings.Contains(typed, hisPhone) || strings.Contains(at, hisPhone) {
		t.Fatalf("the phone is kept as %q, and the address is %s", typed, at)
	}
	if kept := v.header.Get("Cache-Control"); kept != "no-store" {
		t.Errorf("the page may be kept: %q", kept)
	}
	for _, elsewhere := range []string{"/", "/book/check", "/b/12345678", "/o/" + office} {
		if _, sent := v.typedFor(elsewhere); sent {
			t.Errorf("it is sent to %s", elsewhere)
		}
	}
	if got := v.get("/find").form("/find/send").Get("mobile"); got != hisPhone {
		t.Errorf("the first page has %q, and %s was typed", got, hisPhone)
	}

	other := tn.visitor()
	other.get("/find")
	there, err := url.Parse(tn.server.URL + "/find")
	tn.must(err)
	for _, forged := range []string{typed, "x", strings.Repeat("A", 3000)} {
		other.client.Jar.SetCookies(there, []*http.Cookie{{Name: typedCookie, Value: forged, Path: "/find"}})
		if other.get(at).want(http.StatusOK); other.URL.Path != "/find" || strings.Contains(other.body, hisPhone) {
			t.Errorf("another browser is shown %s", other.text())
		}
	}
	tn.later(turnedFor + time.Second)
	if v.get(at).want(http.StatusOK); v.URL.Path != "/find" || strings.Contains(v.body, hisPhone) {
		t.Errorf("after half an hour there is still %s", v.text())
	}
}

func TestWhatWasTypedIsForgottenOnceItHasLedSomewhere(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.visitor().book()
	tn.later(2 * time.Minute)
	v := tn.visitor()
	v.get("/find").send("/find/send", "mobile", hisPhone)
	at := v.URL.RequestURI()
	v.send("/find/mine", "code", tn.codeFor(hisPhone)).want(http.StatusOK, "预约成功")
	if _, kept := v.typedFor("/find"); kept {
		t.Error("the phone is still kept")
	}
	if v.get(at).want(http.StatusOK); v.form("/find/send").Get("mobile") != "" {
		t.Error("the phone is still shown")
	}
}

// A couple's own page is shown to whoever has its pass, whatever else is kept.
func TestAnOutcomeOpensNothing(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.book()
	page := v.URL.Path
	v.opens(page, hisPhone)
	v.get(page+"/data/correct").send(page+"/data/correct", "phone", "12").want(http.StatusUnprocessableEntity)
	if at := v.URL.RequestURI(); !strings.Contains(v.get(at).body, "张三") {
		t.Fatalf("reloaded it lacks the names: %s", v.text())
	}
	at := v.URL.RequestURI()
	tn.later(permissionFor + time.Second)
	if v.get(at).want(http.StatusOK); strings.Contains(v.body, "张三") {
		t.Errorf("the data are shown without their code: %s", v.text())
	}
}

func TestABrowserThatKeepsNoCookiesIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.client.Jar = nil
	v.get("/find").send("/find/send", "mobile", "12").want(http.StatusUnprocessableEntity, "手机号码应为")
	if got := v.form("/find/send").Get("mobile"); got != "12" || v.URL.RawQuery != "" {
		t.Errorf("%s has the phone %q", v.URL, got)
	}
}
