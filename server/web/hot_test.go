package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hunyue/internal/date"
	"hunyue/server/auth"
	"hunyue/server/limit"
	"hunyue/slots"
)

const hotPhone = theDay + "/phone"

// heat makes the day of the examples a hot one.
func (tn *town) heat() {
	tn.t.Helper()
	err := tn.Offices.PutException(tn.t.Context(), office, slots.Exception{
		Day: date.Date{Year: 2026, Month: 5, Day: 20}, Hours: []slots.Period{{From: 9 * 60, To: 12 * 60}},
		Reason: "5·20", Notice: "先验证手机号", VerifyFirst: true,
	}, "test")
	if err != nil {
		tn.t.Fatal(err)
	}
}

// verified is a browser that has shown a phone for the hot day.
func (tn *town) verified(phone string) *visitor {
	tn.t.Helper()
	v := tn.visitor()
	v.get(theDay).want(http.StatusOK, "先验证手机号")
	v.get(hotPhone).send(hotPhone, "phone", phone, "step", "code").want(http.StatusOK, "验证码已发送")
	return v.send(hotPhone, "code", tn.codeFor(phone), "step", "prove")
}

// withPage is a form as the buttons for languages and sizes send it.
func withPage(form url.Values) url.Values {
	form.Set("page", "phone")
	return form
}

func TestPhoneComesBeforeTheTimesOfAHotDay(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.heat()
	v := tn.visitor()
	v.get(theDay).want(http.StatusOK, "热门日期")
	if n := len(v.radios()); n != 0 {
		t.Errorf("%d times can be chosen before a phone was shown", n)
	}
	v.get(hotPhone).send(hotPhone, "phone", "110", "step", "code").want(http.StatusUnprocessableEntity)
	v.send(hotPhone, "phone", hisPhone, "step", "code").want(http.StatusOK, "验证码已发送", "短信验证码")
	v.post(hotPhone+"?lang=en", withPage(v.form(hotPhone))).want(http.StatusOK, "Verify a phone first", "Code from the text")
	v.post(hotPhone+"?lang=zh", withPage(v.form(hotPhone))).want(http.StatusOK, "先验证手机号", "短信验证码")
	v.send(hotPhone, "code", "000000", "step", "prove").want(http.StatusUnprocessableEntity, "验证码")
	v.send(hotPhone, "code", tn.codeFor(hisPhone), "step", "prove").want(http.StatusOK)
	if v.URL.Path != theDay || len(v.radios()) == 0 {
		t.Fatalf("after the code %s has %d times", v.URL.Path, len(v.radios()))
	}
	v.send(theDay, "slot", nineClock).want(http.StatusOK, "填写双方信息")
	v.send("/book/check", couple()...).want(http.StatusOK, "核对并验证手机", "已经验证过")
	if strings.Contains(v.body, `name="code"`) {
		t.Error("a second code is asked for")
	}
	v.send("/book/confirm").want(http.StatusOK, "预约成功")
	if n := tn.count(`SELECT count(*) FROM phone_code`); n != 1 {
		t.Errorf("%d codes were sent, want 1", n)
	}
}

func TestAnotherPhoneThanTheOneShownNeedsACode(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.heat()
	v := tn.verified("13800000009")
	v.send(theDay, "slot", nineClock).want(http.StatusOK, "填写双方信息")
	v.send("/book/check", couple()...).want(http.StatusOK, "短信验证码")
	v.send("/book/confirm", "code", "").want(http.StatusUnprocessableEntity, "验证码")
	v.send("/book/confirm", "code", "000000").want(http.StatusUnprocessableEntity, "验证码")
	v.send("/book/confirm", "code", tn.codeFor(hisPhone)).want(http.StatusOK, "预约成功")
}

func TestNoPlaceOfAHotDayIsKeptWithoutAPhone(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.get(theDay)
	form := v.form(theDay)
	form.Set("slot", nineClock)
	tn.heat() // while they were choosing
	v.post(theDay, form).want(http.StatusOK, "先验证手机号")
	v.send(hotPhone, "phone", hisPhone, "step", "code")
	v.send(hotPhone, "code", tn.codeFor(hisPhone), "step", "prove").want(http.StatusOK, "填写双方信息", "09:00")
}

func TestWhatWasTypedSurvivesThePhoneOfAHotDay(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.heat()
	v := tn.visitor()
	v.get("/o/"+office+"/2026-05-21").send("/o/"+office+"/2026-05-21", "slot", office+"-20260521-0900-marriage")
	v.send("/book/check", couple()...).want(http.StatusOK)
	tn.later(10 * time.Minute) // the place is gone
	v.send("/book/confirm", "code", "000000").want(http.StatusConflict)
	v.send("/book/hold", "slot", nineClock).want(http.StatusOK, "先验证手机号")
	v.send(hotPhone, "phone", hisPhone, "step", "code")
	v.send(hotPhone, "code", tn.codeFor(hisPhone), "step", "prove").want(http.StatusOK, "核对并验证手机", "张三", "李四", "已经验证过")
	v.send("/book/confirm").want(http.StatusOK, "预约成功")
}

func TestPassOfAHotDayEndsAndIsOurs(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.heat()
	v := tn.verified(hisPhone)
	at, err := url.Parse(tn.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range v.client.Jar.Cookies(at) {
		if strings.Contains(c.Value, hisPhone) || strings.Contains(c.Value, hisPhone[1:]) {
			t.Errorf("the cookie %s names the phone", c.Name)
		}
	}
	form := v.form(theDay)
	form.Set("slot", nineClock)
	tn.later(inHandFor + time.Minute)
	v.post(theDay, form).want(http.StatusOK, "先验证手机号")

	forged := tn.visitor()
	forged.get(theDay)
	forged.client.Jar.SetCookies(at, []*http.Cookie{{Name: "phone", Value: tn.Keys.Sign("another purpose", []byte(`{"p":"AAAA","u":9999999999}`)), Path: "/"}})
	forged.post(theDay, form).want(http.StatusOK, "先验证手机号")
}

func TestStaffAskTheCallerOnAHotDay(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.heat()
	tn.staff(auth.Operator).get("/call"+theDay).send("/call"+theDay, "slot", nineClock).want(http.StatusOK, "填写双方信息")
}

func TestManagerMakesADayHot(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	m := tn.staff(auth.Manager)
	m.get("/manage/"+office).send("/manage/"+office+"/special",
		"special.day", "2026-05-20", "special.hours", "09:00-12:00", "special.reason", "5·20", "special.notice", "热门", "special.verify_first", "1").
		want(http.StatusOK)
	m.send("/manage/"+office+"/special", "step", "put").want(http.StatusOK, "已保存", "先验证手机")
	if hot, err := tn.Offices.VerifiesFirst(t.Context(), office, date.Date{Year: 2026, Month: 5, Day: 20}); err != nil || !hot {
		t.Errorf("the day is hot: %v, %v", hot, err)
	}
	m.send("/manage/" + office + "/special/drop").want(http.StatusOK)
	if hot, err := tn.Offices.VerifiesFirst(t.Context(), office, date.Date{Year: 2026, Month: 5, Day: 20}); err != nil || hot {
		t.Errorf("the day is still hot: %v, %v", hot, err)
	}
}

func TestMoveToAHotDayNeedsNoOtherPhone(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.get("/o/"+office+"/2026-05-21").send("/o/"+office+"/2026-05-21", "slot", office+"-20260521-0900-marriage")
	v.send("/book/check", couple()...).want(http.StatusOK)
	v.send("/book/confirm", "code", tn.codeFor(hisPhone)).want(http.StatusOK, "预约成功")
	tn.heat()
	tn.later(2 * time.Minute)
	at := v.URL.Path + "/change"
	v.get(at+"?date=2026-05-20").send(at, "slot", nineClock).want(http.StatusOK)
	v.send(at+"/confirm", "code", tn.codeFor(hisPhone)).want(http.StatusOK, "09:00")
	if n := tn.count(`SELECT count(*) FROM appointment WHERE day = '2026-05-20'`); n != 1 {
		t.Errorf("%d appointments on the hot day, want the one that was moved there", n)
	}
}

func TestHotDayFitsOnASmallPhone(t *testing.T) {
	tn := newTown(t)
	tn.heat()
	tn.limits(limit.Budget{Act: limit.Confirms, Of: limit.Device, Most: 1, Within: time.Hour})
	ctx := tn.browser()
	tn.look(ctx, "h1-hot-day", chromedp.Navigate(tn.server.URL+theDay+"?lang=zh"))
	tn.look(ctx, "h2-phone", submit(`a.button[href*="/phone"]`, "#phone"))
	tn.look(ctx, "h3-code", typed("#phone", hisPhone), submit(`button[value="code"]`, "#code"))
	tn.look(ctx, "h4-wrong", typed("#code", "000000"), submit(`button[value="prove"]`, ".summary"))
	tn.look(ctx, "h5-wait", typed("#code", "000000"), click(`button[value="prove"]`), chromedp.WaitNotPresent(chromedp.CSS("#phone")))
	said, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil || !strings.Contains(said, "操作太快了") {
		t.Errorf("who tries too often is told %q, %v", said, err)
	}
}
