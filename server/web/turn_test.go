package web

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"hunyue/server/limit"
)

// shownCheck is a visitor at the check, and the address of the page.
func (tn *town) shownCheck() (*visitor, string) {
	tn.t.Helper()
	v := tn.visitor()
	v.get(theDay).send(theDay, "slot", nineClock)
	v.send("/book/check", couple()...).want(http.StatusOK, "核对并验证手机", "张三")
	if v.URL.Path != "/book/check" || v.URL.RawQuery == "" {
		tn.t.Fatalf("the check is at %s: Back could not ask for it", v.URL)
	}
	return v, v.URL.RequestURI()
}

// keptFor is the cookies of a visitor for the booking.
func (v *visitor) keptFor() []*http.Cookie {
	at, err := url.Parse(v.server.URL + "/book/check")
	if err != nil {
		v.t.Fatal(err)
	}
	return v.client.Jar.Cookies(at)
}

func TestWhatWasTypedIsKeptSealedForThisBrowserAlone(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v, at := tn.shownCheck()
	if kept := v.header.Get("Cache-Control"); kept != "no-store" {
		t.Errorf("the check may be kept: %q", kept)
	}
	var typed *http.Cookie
	for _, c := range v.keptFor() {
		if c.Name == "typed" {
			typed = c
		}
		for i, inputs := 1, couple(); i < len(inputs); i += 2 {
			if len(inputs[i]) > 4 && strings.Contains(c.Value, inputs[i]) {
				t.Errorf("the cookie %s has %s in it", c.Name, inputs[i])
			}
		}
	}
	if typed == nil {
		t.Fatal("nothing is kept of what was typed")
	}
	v.get(at).want(http.StatusOK, "核对并验证手机", "张三", "李四", "验证码已发送")

	// With the cookie and without the session it came of, it opens nothing.
	other := tn.visitor()
	other.get(theDay)
	there, err := url.Parse(tn.server.URL + "/book")
	if err != nil {
		t.Fatal(err)
	}
	other.client.Jar.SetCookies(there, []*http.Cookie{{Name: "typed", Value: typed.Value, Path: "/book"}})
	if other.get(at); strings.Contains(other.body, "张三") {
		t.Error("another browser is shown what was typed")
	}
	for _, forged := range []string{"", "x", typed.Value[:len(typed.Value)-2], strings.Repeat("A", 3000)} {
		v.client.Jar.SetCookies(there, []*http.Cookie{{Name: "typed", Value: forged, Path: "/book"}})
		if v.get(at).want(http.StatusOK, "填写双方信息"); strings.Contains(v.body, "张三") {
			t.Errorf("%q is taken for what was typed", forged)
		}
	}
}

func TestWhatWasTypedIsForgottenAfterHalfAnHour(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v, at := tn.shownCheck()
	tn.later(turnedFor + time.Second)
	if v.get(at); strings.Contains(v.body, "张三") {
		t.Errorf("it is still there: %s", v.text())
	}
}

func TestBackToAPlaceThatWasLeftOffersOthersForWhatWasTyped(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v, at := tn.shownCheck()
	v.send("/book/details").want(http.StatusOK, "填写双方信息").send("/book/leave").want(http.StatusOK, "请换一个时段")
	v.get(at).want(http.StatusOK, "09:00 已放回", "您填的都还在")
	if strings.Contains(v.text(), "核对并验证手机") {
		t.Errorf("a place that was given back is still to be booked: %s", v.text())
	}
	v.send("/book/hold", "slot", nineClock).want(http.StatusOK, "核对并验证手机", "张三")
}

func TestLeavingForgetsWhereNothingWasTyped(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get(theDay).send(theDay, "slot", nineClock).send("/book/leave")
	for _, c := range v.keptFor() {
		if c.Name == typedCookie {
			t.Errorf("%s is still there", c.Name)
		}
	}
}

func TestWhoComesBackAfterBookingIsShownTheAppointment(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v, at := tn.shownCheck()
	again := v.form("/book/details")
	v.send("/book/confirm", "code", "000000").want(http.StatusUnprocessableEntity, "验证码不对")
	v.get(v.URL.RequestURI()).want(http.StatusUnprocessableEntity, "验证码不对") // Reload says the same
	v.send("/book/confirm", "code", tn.codeFor(hisPhone)).want(http.StatusOK, "预约成功")
	for _, back := range []string{at, strings.Replace(at, "/check?", "/details?", 1)} {
		v.get(back).want(http.StatusOK, "已经约好了，这是您的预约。", "预约成功")
	}
	v.post("/book/check", again).want(http.StatusOK, "已经约好了") // the form from a page that waited in memory
	if n := tn.count(`SELECT count(*) FROM appointment`); n != 1 {
		t.Errorf("%d appointments, want 1", n)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v.client.Jar = jar
	if v.get(at); strings.Contains(v.body, "预约成功") || strings.Contains(v.body, "张") {
		t.Error("the address alone leads to the appointment")
	}
}

// A wrong code costs what it costs, though the page that says so is asked for anew.
func TestAWrongCodeIsStillCounted(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.limits(limit.Budget{Act: limit.Confirms, Of: limit.Session, Most: 3, Within: 10 * time.Minute})
	v, _ := tn.shownCheck()
	for range 5 {
		if v.send("/book/confirm", "code", "000000"); v.Status == http.StatusTooManyRequests {
			return
		}
	}
	t.Errorf("five wrong codes are answered with %d, want 429", v.Status)
}

func TestBackToAFormWithMistakesFindsThem(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get(theDay).send(theDay, "slot", nineClock)
	at := v.URL.RequestURI()
	v.send("/book/check", "parties.0.name", "李思远😀", "phone", "12").want(http.StatusUnprocessableEntity, "姓名里有“😀”", "手机号码应为")
	v.get(at).want(http.StatusUnprocessableEntity, "姓名里有“😀”")
	if got := v.form("/book/check").Get("phone"); got != "12" {
		t.Errorf("the phone is %q, want what was typed", got)
	}
}
