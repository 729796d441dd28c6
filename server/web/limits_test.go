package web

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"hunyue/internal/testenv"
	"hunyue/server/auth"
	"hunyue/server/limit"
)

// limits puts budgets around the pages of a town.
func (tn *town) limits(budgets ...limit.Budget) {
	tn.t.Helper()
	client, prefix := testenv.Redis(tn.t)
	tn.Limits = &limit.Limiter{
		Redis: client, Prefix: prefix, Keys: tn.Keys, Clock: tn.Clock, Log: tn.Desk.Log,
		Budgets: budgets, Patience: 5 * time.Second,
	}
}

// told is a page without what differs each time it is made.
func (v *visitor) told() string {
	once := regexp.MustCompile(`href="/book/details[^"]*"|value="[0-9a-f-]{36}"|[0-9]{2}:[0-9]{2}:[0-9]{2}`)
	return once.ReplaceAllString(v.body, "")
}

func TestOverBudgetIsToldWhatWhoComesTooLateIsTold(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.limits(limit.Budget{Act: limit.Holds, Of: limit.Device, Most: 3, Within: time.Hour})
	v, late := tn.visitor().get(theDay), tn.visitor().get(theDay)
	late.send(theDay, "slot", slotAt("1030")) // both hold that one in the end
	late.get(theDay)
	for full := false; !full; { // all places of nine o'clock
		full = tn.visitor().get(theDay).send(theDay, "slot", slotAt("0900")).Status == http.StatusConflict
	}
	v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	form := v.form(theDay)
	for _, hhmm := range []string{"0930", "1000", "1030"} {
		form.Set("slot", slotAt(hhmm))
		form.Set("key", newKey())
		if v.post(theDay, form); v.Status != http.StatusSeeOther {
			t.Fatalf("within budget the answer is %d", v.Status)
		}
		tn.oldHolds() // nobody comes back for it
	}
	v.client.CheckRedirect = nil
	form.Set("key", newKey())
	form.Set("slot", slotAt("1100"))
	v.post(theDay, form).want(http.StatusConflict, "刚被约满")
	late.send(theDay, "slot", slotAt("0900")).want(http.StatusConflict, "刚被约满")
	if v.told() != late.told() {
		t.Errorf("over budget:\n%s\ntoo late:\n%s", v.told(), late.told())
	}
	if v.header.Get("Retry-After") != late.header.Get("Retry-After") {
		t.Error("one is told to wait and the other is not")
	}
	tn.visitor().get(theDay).send(theDay, "slot", slotAt("1100")).want(http.StatusOK, "填写双方信息")
}

// oldHolds makes what was spent on holds look old, so that giving a place back
// for the next one costs what it costs.
func (tn *town) oldHolds() {
	tn.t.Helper()
	keys, err := tn.Limits.Redis.Keys(tn.t.Context(), tn.Limits.Prefix+"l:holds.*").Result()
	if err != nil {
		tn.t.Fatal(err)
	}
	for _, key := range keys {
		for _, hold := range tn.Limits.Redis.ZRange(tn.t.Context(), key, 0, -1).Val() {
			if err := tn.Limits.Redis.ZIncrBy(tn.t.Context(), key, -float64((10 * time.Minute).Milliseconds()), hold).Err(); err != nil {
				tn.t.Fatal(err)
			}
		}
	}
}

func TestCoupleThatLooksAtManyTimesAndBooksMeetsNoLimit(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.limits()
	tn.Limits.Budgets = nil // those of the program
	v := tn.visitor()
	for _, hhmm := range []string{"0900", "0930", "1000", "1030", "1100", "1130", "0900", "0930"} {
		v.get(theDay).send(theDay, "slot", slotAt(hhmm)).want(http.StatusOK, "填写双方信息")
		tn.later(10 * time.Second)
	}
	v.send("/book/check", couple()...).want(http.StatusOK, "核对并验证手机")
	for range 3 {
		v.send("/book/confirm", "code", "000000").want(http.StatusUnprocessableEntity)
	}
	v.send("/book/confirm", "code", tn.codeFor(hisPhone)).want(http.StatusOK, "预约成功")
	for _, key := range tn.Limits.Redis.Keys(t.Context(), tn.Limits.Prefix+"l:holds.*").Val() {
		if n := tn.Limits.Redis.ZCard(t.Context(), key).Val(); n != 0 {
			t.Errorf("an appointment and seven looks have cost %d units of %s", n, strings.TrimPrefix(key, tn.Limits.Prefix))
		}
	}
}

func TestSameChoiceSentTwiceIsOneHoldOfTheBudget(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.limits(limit.Budget{Act: limit.Holds, Of: limit.Session, Most: 1, Within: time.Hour})
	v := tn.visitor()
	v.get(theDay)
	form := v.form(theDay)
	form.Set("slot", nineClock)
	for range 5 {
		v.post(theDay, form).want(http.StatusOK, "填写双方信息")
	}
}

func TestTooManyLookUpsKeepWhatWasTyped(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.limits(limit.Budget{Act: limit.Finds, Of: limit.Device, Most: 2, Within: time.Minute})
	v := tn.visitor()
	v.get("/find")
	typed := url.Values{"number": {"12345678"}, "phone": {hisPhone}, "code": {"000000"}, "key": {newKey()}, "sent": {"1"}}
	for range 2 {
		v.post("/find/phone", typed).want(http.StatusUnprocessableEntity)
	}
	v.post("/find/phone", typed).want(http.StatusTooManyRequests, "操作太快了，请等", "秒再试", "不用重新填写")
	if n, err := strconv.Atoi(v.header.Get("Retry-After")); err != nil || n < 30 || n > 60 {
		t.Errorf("Retry-After is %q", v.header.Get("Retry-After"))
	}
	kept := v.form("/find/phone")
	kept.Del(slowAction) // of the page itself
	kept.Del(slowUntil)
	if kept.Encode() != typed.Encode() {
		t.Errorf("the page keeps %s of %s", kept.Encode(), typed.Encode())
	}
	other := tn.visitor()
	other.get("/find")
	other.post("/find/phone", typed).want(http.StatusUnprocessableEntity) // strangers are not stopped with it
}

func TestTooManySignInsThatFailWait(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.staff(auth.Hall)
	tn.limits(limit.Budget{Act: limit.Logins, Of: limit.Address, Most: 1, Within: time.Minute}) // ten for loopback
	for range 20 {                                                                              // what succeeds costs nothing
		tn.visitor().get("/staff/login").send("/staff/login", "username", auth.Hall, "password", password).want(http.StatusOK, "今天的预约")
	}
	v := tn.visitor()
	for i := range 10 {
		tried := []string{"username", "nobody" + strconv.Itoa(i), "password", "not-the-password"}
		v.get("/staff/login").send("/staff/login", tried...).want(http.StatusUnauthorized)
	}
	v.send("/staff/login", "username", auth.Hall, "password", password).want(http.StatusTooManyRequests, "秒再试")
	if form := v.form("/staff/login"); form.Get("username") != auth.Hall || form.Get("password") != "" {
		t.Errorf("the page keeps %v", form)
	}
}

func TestLookUpsThatFindSomethingCostNothing(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.limits(limit.Budget{Act: limit.Finds, Of: limit.Device, Most: 1, Within: time.Hour})
	v := tn.visitor()
	v.book()
	number := strings.TrimPrefix(v.URL.Path, "/b/")
	var hold uuid.UUID
	if err := tn.db.GetContext(t.Context(), &hold, `SELECT hold_id FROM appointment WHERE number = $1`, number); err != nil {
		t.Fatal(err)
	}
	secret := base64.RawURLEncoding.EncodeToString(tn.Keys.MAC("secret", hold[:])[:16])
	form := url.Values{"number2": {number}, "secret": {secret}}
	for range 4 {
		v.get("/find")
		v.post("/find/secret", form).want(http.StatusOK)
	}
}

func TestTooManyCodesAreRefusedWhereTheyAreAskedFor(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.limits(limit.Budget{Act: limit.Codes, Of: limit.Session, Most: 1, Within: time.Hour})
	v := tn.visitor()
	v.get(theDay).send(theDay, "slot", nineClock)
	v.send("/book/check", couple()...).want(http.StatusOK, "验证码已发送")
	v.send("/book/details")
	v.send("/book/check", "phone", "13800000002").want(http.StatusOK, "操作太快了，请等 60 分钟再试", "张三", "13800000002")
	if n := tn.count(`SELECT count(*) FROM phone_code`); n != 1 {
		t.Errorf("%d codes were sent, want 1", n)
	}
}

func TestTooManyConfirmationsKeepTheForm(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.limits(limit.Budget{Act: limit.Confirms, Of: limit.Session, Most: 1, Within: time.Second})
	v := tn.visitor()
	v.get(theDay).send(theDay, "slot", nineClock)
	v.send("/book/check", couple()...)
	v.send("/book/confirm", "code", "000000").want(http.StatusUnprocessableEntity)
	code := tn.codeFor(hisPhone)
	for v.send("/book/confirm", "code", code); v.Status == http.StatusTooManyRequests; v.send("/book/confirm") {
		time.Sleep(300 * time.Millisecond) // as the page says, and with what the page has kept
	}
	v.want(http.StatusOK, "预约成功")
}

func TestDeviceIsNamedOnceAndOnlyByUs(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.limits()
	v := tn.visitor()
	if n := len(v.get(theDay).header.Values("Set-Cookie")); n != 2 {
		t.Errorf("the first page sets %d cookies, want the session and the device", n)
	}
	if n := len(v.get(theDay).header.Values("Set-Cookie")); n != 0 {
		t.Errorf("the second page sets %d cookies", n)
	}
	at, err := url.Parse(tn.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	v.client.Jar.SetCookies(at, []*http.Cookie{{Name: "device", Value: "made-up.AAAA", Path: "/"}})
	if n := len(v.get(theDay).header.Values("Set-Cookie")); n != 1 {
		t.Errorf("a device that somebody made up is answered with %d cookies, want one of ours", n)
	}
}
