package web

import (
	"net/http"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"
)

// ux T2: a phone and the code that it gets are enough.
func TestAPhoneAloneFindsItsAppointment(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	maker := tn.visitor()
	maker.book()
	page := maker.URL.Path
	tn.later(2 * time.Minute)
	v := tn.visitor()
	if v.get("/my").want(http.StatusOK, "查询、改期或取消"); v.URL.Path != "/find" {
		t.Errorf("/my leads to %s", v.URL.Path)
	}
	v.send("/find/send", "mobile", " 138 0000 0001 ").want(http.StatusOK, "验证码已发送")
	v.send("/find/mine", "code", "").want(http.StatusUnprocessableEntity, "请填写短信里的 6 位验证码")
	form := v.form("/find/mine")
	form.Set("code", tn.codeFor(hisPhone))
	for range 2 { // pressed twice
		if v.post("/find/mine", form).want(http.StatusOK, "预约成功", "张*"); v.URL.Path != page {
			t.Errorf("let in to %s, want %s", v.URL.Path, page)
		}
	}
	v.get(page+"/cancel").want(http.StatusOK, "确定取消")
	if secret := textOf(v.get(page), "code"); secret != "" {
		t.Errorf("whoever has the phone is shown the secret %q", secret)
	}
}

func TestAPhoneWithSeveralAppointmentsChooses(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	maker := tn.visitor()
	maker.book()
	tn.later(2 * time.Minute)
	second := tn.visitor()
	second.get(theDay).send(theDay, "slot", office+"-20260520-1000-marriage")
	others := couple()
	others[1], others[5], others[3], others[7] = "王五", "赵六", "430799199003080010", "430799199003080029"
	for _, at := range []int{3, 7} {
		others[at] = others[at][:17] + checkDigit(others[at][:17])
	}
	second.send("/book/check", others...)
	second.send("/book/confirm", "code", tn.codeFor(hisPhone)).want(http.StatusOK, "预约成功")
	tn.later(2 * time.Minute)

	v := tn.visitor()
	v.get("/find").send("/find/send", "mobile", hisPhone)
	v.send("/find/mine", "code", tn.codeFor(hisPhone)).want(http.StatusOK, "请选择预约",
		"2026年5月20日 星期三 09:00–09:30", "张* · 李*", "2026年5月20日 星期三 10:00–10:30", "王* · 赵*")
	v.accessible()
	for _, at := range []string{maker.URL.Path, second.URL.Path} {
		if v.get(at).want(http.StatusOK, "预约成功"); v.URL.Path != at {
			t.Errorf("chosen %s and at %s", at, v.URL.Path)
		}
	}
	if text := v.text(); strings.Contains(text, "王五") {
		t.Error("the page names somebody in full")
	}

	tn.end(path.Base(maker.URL.Path), "cancelled")
	tn.later(2 * time.Minute)
	w := tn.visitor()
	w.get("/find").send("/find/send", "mobile", hisPhone)
	if w.send("/find/mine", "code", tn.codeFor(hisPhone)).want(http.StatusOK); w.URL.Path != second.URL.Path {
		t.Errorf("of one that is active and one that is not it leads to %s", w.URL.Path)
	}
	tn.end(path.Base(second.URL.Path), "cancelled")
	tn.later(2 * time.Minute)
	w.get("/find").send("/find/send", "mobile", hisPhone)
	w.send("/find/mine", "code", tn.codeFor(hisPhone)).want(http.StatusOK, "请选择预约", "已取消")
}

func TestAPhoneWithoutAppointmentIsToldSoOnceItIsInHand(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.get("/find").send("/find/send", "mobile", "13800000009")
	v.send("/find/mine", "code", tn.codeFor("13800000009")).want(http.StatusOK, "没有找到预约", "138****0009 名下目前没有预约", "去预约")
	v.accessible()
}

// What is answered before the code says nothing of whether there is an
// appointment: not the text, not the status, not whether a code was sent.
func TestAskingWithAPhoneTellsAStrangerNothing(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.visitor().book()
	tn.later(2 * time.Minute)
	answers, seconds := map[string]string{}, regexp.MustCompile(`\d+ 秒`)
	for _, phone := range []string{hisPhone, "13800000009"} {
		v := tn.visitor()
		said := ""
		for range 2 { // the second comes too soon
			v.get("/find").send("/find/send", "mobile", phone)
			said += v.text()
		}
		for _, code := range []string{"000000", "111111", "222222", "333333", "444444", "555555"} { // the last: used up
			said += v.send("/find/mine", "code", code).want(http.StatusUnprocessableEntity, "验证码不对或已失效").text()
		}
		tn.codeFor(phone)
		answers[seconds.ReplaceAllString(strings.ReplaceAll(said, phone, ""), "")] = phone
	}
	if len(answers) != 1 {
		t.Errorf("%d different answers: %q", len(answers), answers)
	}
	never := tn.visitor() // asks without a code having been sent
	never.get("/find")
	form := never.form("/find/send")
	form.Set("mobile", "13800000008")
	form.Set("code", "123456")
	never.post("/find/mine", form).want(http.StatusUnprocessableEntity, "验证码不对或已失效")
}

func TestAPhoneThatGetsNoCodeIsToldWhy(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	for typed, says := range map[string]string{
		"": "手机号码：请填写手机号码", "138": "手机号码应为 11 位", "0736-7123456": "这个号码收不到验证码",
	} {
		v.get("/find").send("/find/send", "mobile", typed).want(http.StatusUnprocessableEntity, says)
		if got := v.form("/find/send").Get("mobile"); got != typed {
			t.Errorf("%q came back as %q", typed, got)
		}
		v.accessible()
	}
	v.get("/find").send("/find/send", "mobile", hisPhone).want(http.StatusOK)
	v.send("/find?lang=en", "page", "phone").want(http.StatusOK, "Code from the text", "中文")
	if got := v.form("/find/mine").Get("mobile"); got != hisPhone {
		t.Errorf("in the other language the phone is %q", got)
	}
	v.sound("en")
}

// The ways that there were before are there, a step further down.
func TestTheOtherWaysToFindAreOpenWhereTheyAreUsed(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	open := func() bool {
		for d := range v.all("details") {
			return has(d, "open")
		}
		t.Fatal("there are no other ways")
		return false
	}
	if v.get("/find"); open() {
		t.Error("they are open before anybody asks for them")
	}
	if v.send("/find/code", "number", "1"); !open() {
		t.Error("what is wrong is hidden")
	}
	if v.send("/find/code", "number", "12345678", "phone", hisPhone).want(http.StatusOK); !open() {
		t.Error("the field for the code is hidden")
	}
	v.accessible()
}
