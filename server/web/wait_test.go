package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/slots"
)

// waitPhone is that of the couple that waits.
const waitPhone = "13800000002"

// soldOut holds whatever is left for the web on the day.
func (tn *town) soldOut() {
	tn.t.Helper()
	ctx := tn.t.Context()
	a, err := tn.Desk.Availability(ctx, office)
	if err != nil {
		tn.t.Fatal(err)
	}
	for _, slot := range a.Times(slots.Service{ID: "marriage", Group: slots.Marriage}, slots.Web, date.Date{Year: 2026, Month: 5, Day: 20}) {
		for err = nil; err == nil; {
			_, err = tn.Desk.Hold(ctx, booking.HoldRequest{Slot: slot.Slot, Channel: slots.Web, Session: uuid.NewString()})
		}
		if !errors.Is(err, booking.ErrFull) {
			tn.t.Fatal(err)
		}
	}
}

// waiting is the form of a couple that waits.
func (v *visitor) waiting(changes ...string) []string {
	v.t.Helper()
	return append(append(couple(),
		"parties.0.document.number", synthetic(v.t, identity.Male), "parties.1.document.number", synthetic(v.t, identity.Female), "phone", waitPhone), changes...)
}

// waits joins the list for the morning of the day.
func (v *visitor) waits() {
	v.t.Helper()
	v.get(theDay).want(http.StatusOK, "这一天约满了。可以候补", "加入候补")
	v.get(v.to("加入候补")).want(http.StatusOK, "最多选三个")
	v.send("/o/"+office+"/wait/check", v.waiting()...).want(http.StatusOK, "核对并验证手机", "5月20日", "上午")
	v.send("/o/"+office+"/wait/join", "code", v.codeFor(waitPhone)).want(http.StatusOK, "候补中", "您排在第一位", "退出候补")
}

// to is where the link with these words leads.
func (v *visitor) to(words string) string {
	v.t.Helper()
	for a := range v.all("a") {
		if a.FirstChild != nil && strings.Contains(a.FirstChild.Data, words) {
			return attr(a, "href")
		}
	}
	v.t.Fatalf("%s: no link says %s", v.URL.Path, words)
	return ""
}

// cancelled has the first couple cancel, and its place cool to the end.
func (tn *town) cancelled(v *visitor) {
	tn.t.Helper()
	tn.later(2 * time.Minute)
	v.get(v.URL.Path + "/cancel").send(v.URL.Path + "/code").want(http.StatusOK)
	number := strings.Split(v.URL.Path, "/")[2]
	v.send("/b/"+number+"/cancel", "code", tn.codeFor(hisPhone)).want(http.StatusOK, "已取消")
	if _, err := tn.db.Exec(`UPDATE cooling SET until = clock_now()`); err != nil {
		tn.t.Fatal(err)
	}
	tn.warm()
}

func (tn *town) warm() {
	tn.t.Helper()
	if err := tn.Desk.Warm(tn.t.Context()); err != nil {
		tn.t.Fatal(err)
	}
	if err := tn.worker.Drain(tn.t.Context()); err != nil {
		tn.t.Fatal(err)
	}
}

// told is the newest text that the couple that waits got.
func (tn *town) told() string {
	tn.t.Helper()
	messages, err := tn.Dev.Messages(tn.t.Context(), waitPhone)
	if err != nil || len(messages) == 0 {
		tn.t.Fatalf("no text came: %v", err)
	}
	return messages[0].Text
}

// waitTown is a town whose Wednesday is sold out, the first couple's place among it.
func waitTown(t *testing.T) (tn *town, booked, waits *visitor) {
	t.Helper()
	tn = newTown(t)
	booked, waits = tn.visitor(), tn.visitor()
	booked.book()
	tn.soldOut()
	waits.waits()
	return tn, booked, waits
}

// T3: joining on a full day, the text, and one press, by forms alone.
func TestACoupleThatWaitsGetsThePlaceOfOneThatCancels(t *testing.T) {
	t.Parallel()
	tn, first, v := waitTown(t)
	at := v.URL.Path
	if text := tn.told(); !strings.Contains(text, "已加入候补") {
		if err := tn.worker.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if text = tn.told(); !strings.Contains(text, "已加入候补（号"+strings.TrimPrefix(at, "/w/")+"）") {
			t.Errorf("the text says %s", text)
		}
	}
	tn.cancelled(first)
	if text := tn.told(); !strings.Contains(text, "候补有号：5月20日周三09:00，为您保留到今天10:3") {
		t.Errorf("the text says %s", text)
	}
	v.get(at).want(http.StatusOK, "候补有号", "5月20日", "09:00", "为您保留到今天 10:3")
	form := v.form(at + "/accept")
	v.post(at+"/accept", form).want(http.StatusOK, "预约成功")
	booked := v.URL.Path
	if !strings.HasPrefix(booked, "/b/") {
		t.Fatalf("one press leads to %s", booked)
	}
	v.post(at+"/accept", form).want(http.StatusOK, "预约成功")
	if v.URL.Path != booked {
		t.Errorf("pressed twice it leads to %s, want %s", v.URL.Path, booked)
	}
	if n := tn.count(`SELECT count(*) FROM appointment WHERE status = 'booked'`); n != 1 {
		t.Errorf("%d are booked, want 1", n)
	}
	v.get(at).want(http.StatusOK, "已约到")
	if n := tn.count(`SELECT count(*) FROM waiter_person WHERE sealed <> ''`); n != 0 {
		t.Errorf("%d persons are kept on the list", n)
	}
}

func TestAnOfferThatIsNotAnsweredIsKeptForNobody(t *testing.T) {
	t.Parallel()
	tn, first, v := waitTown(t)
	at := v.URL.Path
	tn.cancelled(first)
	v.get(at).want(http.StatusOK, "候补有号")
	form := v.form(at + "/accept")
	tn.later(32 * time.Minute)
	tn.warm()
	if text := tn.told(); !strings.Contains(text, "已不再为您保留") {
		t.Errorf("the text says %s", text)
	}
	v.post(at+"/accept", form).want(http.StatusConflict, "已不再为您保留", "再有一次不答复")
	tn.visitor().get(theDay).want(http.StatusOK, "09:00") // for everybody: nobody else waits
	if n := tn.count(`SELECT cooling FROM quota WHERE id = $1`, nineClock+"-web"); n != 0 {
		t.Errorf("%d places still cool", n)
	}
}

func TestTheListIsLeftAndFoundAgainByPhone(t *testing.T) {
	t.Parallel()
	tn, first, v := waitTown(t)
	at := v.URL.Path
	stranger := tn.visitor()
	stranger.get(at).want(http.StatusOK)
	if stranger.URL.Path != "/find" {
		t.Errorf("a stranger is led to %s, want /find", stranger.URL.Path)
	}
	stranger.post(at+"/leave", url.Values{}).want(http.StatusOK)
	tn.later(2 * time.Minute)
	again := tn.visitor()
	again.get("/find").send("/find/send", "mobile", waitPhone).want(http.StatusOK)
	again.send("/find/mine", "code", tn.codeFor(waitPhone)).want(http.StatusOK, "候补中")
	if again.URL.Path != at {
		t.Errorf("the phone leads to %s, want %s", again.URL.Path, at)
	}
	tn.cancelled(first)
	again.get(at).send(at+"/leave").want(http.StatusOK, "已退出候补", "信息已删除")
	again.post(at+"/leave", url.Values{}).want(http.StatusOK, "已退出候补")
	if n := tn.count(`SELECT count(*) FROM waiter_person WHERE sealed <> ''`); n != 0 {
		t.Errorf("%d persons are kept", n)
	}
}

func TestWhatIsWrongWithTheFormIsSaidAndNothingIsLost(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.get(theDay)
	v.get("/o/"+office+"/wait").want(http.StatusOK, "现在没有可以候补的时段")
	tn.soldOut()
	v.get("/o/"+office+"/wait?date=2026-05-20").want(http.StatusOK, "5月20日")
	check := "/o/" + office + "/wait/check"
	v.send(check, v.waiting("wishes.0", "", "phone", "110", "consents.privacy", "")...).want(http.StatusUnprocessableEntity, "请至少选一个时段")
	if name := v.form(check).Get("parties.0.name"); name != "张三" {
		t.Errorf("the name is %q, want what was typed", name)
	}
	v.send(check, v.waiting("wishes.0", "2026-05-20 am", "wishes.1", "2026-05-20 am")...).want(http.StatusUnprocessableEntity, "已经选过")
	v.send(check, v.waiting("wishes.0", "2026-05-21 am", "wishes.1", "")...).want(http.StatusUnprocessableEntity, "现在不能候补")
	v.send(check, v.waiting("wishes.0", "2026-05-20 am", "wishes.1", "x")...).want(http.StatusUnprocessableEntity, "请从列表中选择")
	v.send(check, v.waiting("wishes.0", "", "wishes.1", "2026-05-21 am")...).want(http.StatusUnprocessableEntity, "能来的时段 1：这个时段现在不能候补")
	v.send(check, v.waiting("wishes.0", "2026-05-20 am", "wishes.1", "")...).want(http.StatusOK, "核对并验证手机")
	join := "/o/" + office + "/wait/join"
	v.send(join, "code", "").want(http.StatusUnprocessableEntity)
	v.send(join, "code", "000000").want(http.StatusUnprocessableEntity, "验证码")
	if n := tn.count(`SELECT count(*) FROM waiter`); n != 0 {
		t.Errorf("%d are on the list, want none", n)
	}
}

func waitForgetfully(f *forgetful) {
	first := f.visitor.visitor()
	first.book()
	f.soldOut()
	form := "/o/" + office + "/wait"
	f.get(form + "?date=2026-05-20").want(http.StatusOK)
	f.press(form+"/check", f.waiting("phone", "12")...).want(http.StatusUnprocessableEntity)
	f.press(form+"/check", f.waiting()...).want(http.StatusOK, "核对并验证手机")
	f.press(form, "page", "check").want(http.StatusOK, "核对并验证手机")
	f.press(form+"/join", "code", "000000").want(http.StatusUnprocessableEntity, "验证码不对")
	f.press(form+"/join", "code", f.codeFor(waitPhone)).want(http.StatusOK, "候补中")
	at := f.URL.Path
	f.cancelled(first)
	f.get(at)
	f.press(at+"/decline").want(http.StatusOK, "候补中")
	f.warm() // nobody else waits: it is for everybody
	first.later(2 * time.Minute)
	first.book()
	f.soldOut()
	f.cancelled(first)
	f.get(at)
	f.press(at+"/accept", "offer", uuid.NewString()).want(http.StatusConflict, "已不再为您保留")
	f.press(at+"/accept").want(http.StatusOK, "预约成功")
	f.get(form + "?date=2026-05-20").want(http.StatusOK)
	f.later(2 * time.Minute)
	f.soldOut()
	f.get(form + "?date=2026-05-20")
	f.press(form+"/check", append(f.waiting(), couple()[:8]...)...).want(http.StatusOK)
	f.press(form+"/join", "code", f.codeFor(waitPhone)).want(http.StatusOK, "候补中")
	f.press(f.URL.Path+"/leave").want(http.StatusOK, "已退出候补")
}
