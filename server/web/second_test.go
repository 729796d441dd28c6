package web

import (
	"bytes"
	"image/png"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hunyue/booking"
	"hunyue/notify"
	"hunyue/server/auth"
	"hunyue/slots"
)

const herPhone = "13800000002"

// secondBooks books for the couple where the office asks the second person, and is
// where the link leads.
func (v *visitor) secondBooks() (number, link string) {
	v.t.Helper()
	v.ruled(func(r *slots.Rules) { r.SecondPerson = slots.ByOwnPhone })
	v.book()
	number = path.Base(v.URL.Path)
	v.want(http.StatusOK, "另一方还没有确认")
	v.get("/b/"+number+"/second").want(http.StatusOK, "请另一方用自己的手机确认")
	for n := range v.all("input") {
		if attr(n, "id") == "link" {
			link = strings.TrimPrefix(attr(n, "value"), v.server.URL)
		}
	}
	if !strings.HasPrefix(link, "/second/") {
		v.t.Fatalf("the couple is shown the link %q", link)
	}
	return number, link
}

// says is the second person's form.
func says(changes ...string) []string {
	return append([]string{
		"name", "李四", "document.number", her, "phone", herPhone,
		"consents.agreement", agreementVersion, "consents.privacy", privacyVersion,
	}, changes...)
}

func TestTheSecondPersonConfirmsOnTheirOwnPhone(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	his := tn.visitor()
	number, link := his.secondBooks()
	v := tn.visitor()
	v.get(link).want(http.StatusOK, "张*", "2026年5月20日")
	for _, secret := range []string{number, "430799", hisPhone, "李四"} {
		if strings.Contains(v.body, secret) {
			t.Errorf("the second person is shown %q", secret)
		}
	}
	v.send(link + "/check").want(http.StatusUnprocessableEntity)
	v.send(link+"/check", says("name", "王五")...).want(http.StatusUnprocessableEntity, "不一致")
	v.send(link+"/check", says("phone", hisPhone)...).want(http.StatusUnprocessableEntity, "您自己的手机号")
	v.send(link+"?lang=en", says()...).want(http.StatusOK, "Your name").send(link + "?lang=zh").want(http.StatusOK)
	v.send(link+"/check", says()...).want(http.StatusOK, "138****0002")
	v.send(link+"/confirm", "code", "000000").want(http.StatusUnprocessableEntity)
	form := v.form(link + "/confirm")
	form.Set("code", v.codeFor(herPhone))
	v.post(link+"/confirm", form).want(http.StatusOK, "已确认")
	v.post(link+"/confirm", form).want(http.StatusOK, "已确认") // sent twice, it is done once
	v.get(link).want(http.StatusNotFound, "链接不能用了")
	form.Set("phone", "13800000003")
	v.post(link+"/confirm", form).want(http.StatusNotFound, "链接不能用了")
	if strings.Contains(his.get("/b/"+number).want(http.StatusOK).text(), "还没有确认") {
		t.Error("the couple is still asked for the second person")
	}
	if his.get("/b/" + number + "/second"); his.URL.Path != "/b/"+number {
		t.Errorf("there is nothing to send any more, and yet %s", his.URL.Path)
	}
	for _, address := range tn.asked {
		if strings.Contains(address, her) || strings.Contains(address, herPhone) {
			t.Errorf("an address has the second person in it: %s", address)
		}
	}
}

func TestAUsedUpLinkLeavesTheHall(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	his := tn.visitor()
	number, link := his.secondBooks()
	v := tn.visitor()
	v.get(link)
	for range 4 {
		v.send(link+"/check", says("name", "王五")...).want(http.StatusUnprocessableEntity, "不一致")
	}
	v.send(link+"/check", says("name", "王五")...).want(http.StatusNotFound)
	v.get(link).want(http.StatusNotFound, "链接不能用了")
	his.get("/b/"+number+"/second").want(http.StatusOK, "链接因多次填错已失效")
}

// Decision 14: who has another appointment is told at its phone, and nothing here.
func TestTheSecondPersonsOtherAppointmentIsToldToItsPhoneAlone(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	_, link := tn.visitor().secondBooks()
	tn.visitor().asks(slotAt("1000"), her, numbered(him, "07"), "13800000009").want(http.StatusOK, "预约成功")
	v := tn.visitor()
	v.get(link).send(link+"/check", says()...)
	v.send(link+"/confirm", "code", v.codeFor(herPhone)).want(http.StatusConflict, "不能在网上完成")
	if got := tn.texts(notify.Tried, "13800000009"); len(got) != 1 {
		t.Errorf("the other appointment was sent %q, want one message", got)
	}
	if got := tn.texts(notify.Tried, herPhone); len(got) != 0 {
		t.Errorf("the phone that asked was sent %q", got)
	}
}

func TestTheDeskConfirmsTheSecondPersonAndIsToldOfAnotherAppointment(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number, _ := tn.visitor().secondBooks()
	tn.visitor().asks(slotAt("1000"), her, numbered(him, "07"), "13800000009").want(http.StatusOK, "预约成功")
	tn.at("2026-05-20 08:50")
	desk, at := tn.well(auth.Hall), "/desk/"+number
	measured := []string{"reading.1", "36.5", "reading.2", "36.6", "device", "T1"}
	desk.get(at).want(http.StatusOK, "另一方还没有确认")
	desk.send(at+"/check-in", measured...).want(http.StatusConflict, "另一方还有一个有效预约", "****", "仍然受理的原因")
	if got := desk.form(at + "/check-in").Get("reading.1"); got != "36.5" {
		t.Errorf("what was measured is gone: %q", got)
	}
	desk.send(at+"/check-in", "second.reason", "证件已核对").want(http.StatusOK, "A001")
	tn.sound()
}

func TestADeskThatReceivesTheTwoConfirmsTheSecond(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	his := tn.visitor()
	number, link := his.secondBooks()
	tn.at("2026-05-20 08:50")
	desk, at := tn.well(auth.Hall), "/desk/"+number
	desk.get(at).send(at+"/check-in", "reading.1", "36.5", "reading.2", "36.6", "device", "T1").want(http.StatusOK, "A001")
	tn.visitor().get(link).want(http.StatusNotFound)
	tn.sound()
}

// The link lives as long as its appointment: a change of time keeps it.
func TestAChangeKeepsTheLinkAndACancellationEndsIt(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	his := tn.visitor()
	number, link := his.secondBooks()
	slot := office + "-20260521-0930-marriage"
	his.get("/b/"+number+"/change?date=2026-05-21").send("/b/"+number+"/change", "slot", slot).want(http.StatusOK)
	tn.later(2 * time.Minute)
	his.send("/b/" + number + "/change/code")
	his.send("/b/"+number+"/change/confirm", "code", his.codeFor(hisPhone)).want(http.StatusOK)
	tn.visitor().get(link).want(http.StatusOK, "2026年5月21日")
	tn.later(2 * time.Minute)
	his.get("/b/" + number + "/cancel").send("/b/" + number + "/cancel/code")
	his.send("/b/"+number+"/cancel", "code", his.codeFor(hisPhone)).want(http.StatusOK)
	tn.visitor().get(link).want(http.StatusNotFound)
	tn.sound()
}

func TestTheCodeOfTheLinkIsRead(t *testing.T) {
	tn := newTown(t)
	his := tn.visitor()
	number, link := his.secondBooks()
	ctx := tn.browser()
	tn.must(chromedp.Do(ctx, chromedp.EmulateViewport(narrow, 780, chromedp.EmulateScale(3)))) // as sharp as phones are
	his.shows(ctx, "/b/"+number+"/second")
	shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	tn.must(err)
	picture, err := png.Decode(bytes.NewReader(shot))
	tn.must(err)
	if got, _ := scanned(t, picture); got != tn.server.URL+link {
		t.Errorf("the code reads %q, want %q", got, tn.server.URL+link)
	}
}

// sound checks the invariants.
func (tn *town) sound() {
	tn.t.Helper()
	found, err := booking.Check(tn.t.Context(), tn.db, nil)
	tn.must(err)
	for _, a := range found {
		if a.Bad != 0 {
			tn.t.Errorf("%s: %d", a.Name, a.Bad)
		}
	}
}
