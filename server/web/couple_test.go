package web

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/server/auth"
	"hunyue/slots"
)

func TestACoupleBooksSeesAndCancels(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get("/").want(http.StatusOK, "武陵区婚姻登记处")
	v.get("/o/"+office).want(http.StatusOK, "5月20日 周三", "充足", "可约", "结婚登记")
	v.get(theDay).want(http.StatusOK, "09:00–09:30", "2026年5月20日 星期三")
	v.send(theDay, "slot", nineClock).want(http.StatusOK, "填写双方信息", "名额为您保留到 10:05")
	v.send("/book/check", couple()...).want(http.StatusOK, "核对并验证手机", "张三", "430***********0014", "验证码已发送")
	v.send("/book/confirm", "code", v.codeFor(hisPhone)).want(http.StatusOK,
		"预约成功", "2026年5月20日 星期三 09:00–09:30", "张*", "138****0001", "08:30 起可以签到", "5月19日 周二 24:00 前")

	page := v.URL.Path
	v.get(page+"/cancel").want(http.StatusOK, "确定取消 2026年5月20日 星期三 09:00–09:30 吗")
	v.later(2 * time.Minute)
	v.send(page+"/cancel/code").want(http.StatusOK, "短信验证码")
	v.send(page+"/cancel", "code", "").want(http.StatusUnprocessableEntity, "请填写短信里的 6 位验证码")
	v.send(page+"/cancel", "code", v.codeFor(hisPhone)).want(http.StatusOK, "已取消")
	if v.URL.Path != page {
		t.Errorf("after the cancellation at %s, want %s", v.URL.Path, page)
	}
	if n := v.count(`SELECT count(*) FROM appointment WHERE status = 'cancelled'`); n != 1 {
		t.Errorf("%d cancelled appointments, want 1", n)
	}
}

func TestACoupleMovesItsAppointmentAndKeepsTheOldOneUntilThen(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.book()
	page := v.URL.Path
	v.get(page+"/change").want(http.StatusOK, "5月22日 周五", "新的时段确认之前，原来的会一直留着")
	v.get(page + "/change?date=2026-05-22").want(http.StatusOK)
	v.send(page+"/change").want(http.StatusUnprocessableEntity, "请选择一个时段")
	v.later(2 * time.Minute)
	v.send(page+"/change", "slot", office+"-20260522-1030-marriage").want(http.StatusOK, "2026年5月22日 星期五 10:30")
	form := v.form(page + "/change/confirm")
	v.send(page+"/change/confirm", "code", "000000").want(http.StatusUnprocessableEntity, "验证码不对")
	form.Set("code", v.codeFor(hisPhone))
	for range 2 { // pressed twice
		v.post(page+"/change/confirm", form).want(http.StatusOK, "预约成功", "2026年5月22日 星期五 10:30–11:00")
	}
	if n := v.count(`SELECT count(*) FROM appointment WHERE day = '2026-05-22' AND reschedules = 1`); n != 1 {
		t.Errorf("%d appointments moved once, want 1", n)
	}
}

func TestWrongInputKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get(theDay).send(theDay).want(http.StatusUnprocessableEntity, "请选择一个时段")
	v.send(theDay, "slot", nineClock).want(http.StatusOK)
	v.send("/book/check",
		"parties.0.name", "张三", "parties.0.document.number", "430799199003070013",
		"parties.1.name", "", "parties.1.document.number", " 4307 9919 9003 0700 22 ",
		"phone", "0736-7123456", "consents.privacy", privacyVersion)
	v.want(http.StatusUnprocessableEntity,
		"错误", "一方的证件号码：号码不对，请对照证件再看一遍", "另一方的姓名：请填写姓名", "手机号码：这个号码收不到验证码", "请先同意预约须知")
	f := v.form("/book/check")
	for name, want := range map[string]string{
		"parties.0.name": "张三", "parties.0.document.number": "430799199003070013", "parties.1.name": "",
		"parties.1.document.number": " 4307 9919 9003 0700 22 ", "phone": "0736-7123456",
		"consents.privacy": privacyVersion, "consents.agreement": "", "slot": nineClock,
	} {
		if got := f.Get(name); got != want {
			t.Errorf("%s came back as %q, want %q", name, got, want)
		}
	}
	for link := range v.all("a") {
		field, inPage := strings.CutPrefix(attr(link, "href"), "#")
		if inPage && !strings.Contains(v.body, `id="`+field+`"`) {
			t.Errorf("the summary leads to %s, which is not there", field)
		}
	}
	v.send("/book/check", couple()...).want(http.StatusOK, "核对并验证手机")
	v.send("/book/confirm", "code", "000000").want(http.StatusUnprocessableEntity, "验证码不对")
	if got := v.form("/book/confirm").Get("parties.0.document.number"); got != him {
		t.Errorf("after a wrong code the number is %q, want %q", got, him)
	}
	v.send("/book/details").want(http.StatusOK, "填写双方信息")
	if got := v.form("/book/check").Get("parties.1.name"); got != "李四" {
		t.Errorf("back in the form the name is %q, want 李四", got)
	}
}

func TestTheLawIsToldWhereItWasBroken(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get(theDay).send(theDay, "slot", nineClock)
	typed := func(change ...string) []string { return append(couple(), change...) }
	for _, tt := range []struct{ change, value, says string }{
		{"parties.1.document.number", him, "另一方的证件号码：双方填了同一个证件号码"},
		{"parties.1.document.number", "430799199003070030", "另一方的证件号码：结婚登记须为一男一女"},
		{"parties.0.document.number", "430799200609010010", "一方的证件号码：登记当天未满 22 周岁，2028年9月1日 星期五起可以登记"},
		{"parties.0.document.number", "43079919900307001", "居民身份证号码是 18 位，您填了 17 位"},
		{"parties.0.document.number", "43079919900307O014", "应像 17 位数字加 1 位数字或 X"},
		{"parties.0.document.type", "passport", "一方的性别：请选择性别"},
		{"parties.0.document.type", "library_card", "一方的证件类型：没有这种证件类型"},
	} {
		number := tt.value
		if strings.HasSuffix(tt.change, "number") && len(number) == 18 {
			number = number[:17] + checkDigit(number[:17])
		}
		v.send("/book/check", typed(tt.change, number)...)
		if tt.value == "passport" {
			v.want(http.StatusUnprocessableEntity)
			continue // its number is not one of a passport
		}
		v.want(http.StatusUnprocessableEntity, tt.says)
	}
}

// checkDigit is the last character of a resident ID.
func checkDigit(first17 string) string {
	weights := []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += w * int(first17[i]-'0')
	}
	return "10X98765432"[sum%11 : sum%11+1]
}

func TestSentTwiceItIsBookedOnce(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get(theDay)
	choice := v.form(theDay)
	choice.Set("slot", nineClock)
	first := v.post(theDay, choice).want(http.StatusOK).form("/book/check")
	second := v.post(theDay, choice).want(http.StatusOK).form("/book/check")
	if first.Get("hold") != second.Get("hold") {
		t.Errorf("the same choice twice is held twice: %s and %s", first.Get("hold"), second.Get("hold"))
	}
	v.send("/book/check", couple()...)
	confirm := v.form("/book/confirm")
	confirm.Set("code", v.codeFor(hisPhone))
	var pages []string
	for range 3 {
		v.post("/book/confirm", confirm).want(http.StatusOK, "预约成功")
		pages = append(pages, v.URL.Path)
	}
	if pages[0] != pages[1] || pages[1] != pages[2] {
		t.Errorf("three answers to one booking: %v", pages)
	}
	if n := v.count(`SELECT count(*) FROM appointment`); n != 1 {
		t.Errorf("%d appointments, want 1", n)
	}
}

func TestWhoLosesAPlaceKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get(theDay).send(theDay, "slot", nineClock)
	typed := v.form("/book/check")
	v.later(6 * time.Minute)
	v.post("/book/check", merged(typed, couple()...)).want(http.StatusConflict, "请换一个时段", "保留时间到了", "您填的都还在")
	near := v.radios()
	if len(near) != 3 || near[0] != nineClock || near[1] != office+"-20260520-0930-marriage" {
		t.Errorf("offered %v, want the three nearest to %s", near, nineClock)
	}
	v.send("/book/hold", "slot", near[1]).want(http.StatusOK, "核对并验证手机", "09:30", "张三")
	v.send("/book/confirm", "code", v.codeFor(hisPhone)).want(http.StatusOK, "预约成功", "09:30–10:00")
}

func merged(values url.Values, typed ...string) url.Values {
	for i := 0; i+1 < len(typed); i += 2 {
		values.Set(typed[i], typed[i+1])
	}
	return values
}

func TestAFullTimeIsToldWithTheNearestOthers(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	late := tn.visitor()
	late.get(theDay)
	choice := merged(late.form(theDay), "slot", nineClock)
	held := 0
	for range 3 { // each in a browser of their own
		if v := tn.visitor(); v.get(theDay).send(theDay, "slot", nineClock).Status == http.StatusOK {
			held++
		}
	}
	late.post(theDay, choice).want(http.StatusConflict, "这个时段刚被约满", "约满", "09:30–10:00")
	if held != 2 { // 70 % of three places, shared out slot by slot
		t.Errorf("%d holds of the first time on the web, want 2", held)
	}
}

func TestABrowserHoldsOnePlace(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get(theDay).send(theDay, "slot", nineClock).want(http.StatusOK)
	first := v.form("/book/check")
	v.get(theDay).send(theDay, "slot", office+"-20260520-1000-marriage").want(http.StatusOK)
	v.send("/book/check", couple()...).want(http.StatusOK)
	code := v.codeFor(hisPhone)
	v.post("/book/confirm", merged(first, append(couple(), "code", code)...)).want(http.StatusConflict, "您在另一个页面选了别的时段")
	if n := v.count(`SELECT count(*) FROM hold_outcome WHERE outcome = 'R'`); n != 1 {
		t.Errorf("%d holds given back, want the first", n)
	}
}

func TestMoreTimeAndLeaving(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get(theDay).send(theDay, "slot", nineClock)
	v.later(3 * time.Minute)
	v.send("/book/extend", "parties.0.name", "张三").want(http.StatusOK, "名额为您保留到 10:08")
	if got := v.form("/book/check").Get("parties.0.name"); got != "张三" {
		t.Errorf("after more time the name is %q, want 张三", got)
	}
	v.send("/book/leave").want(http.StatusOK, "09:00 已放回", "您填的都还在")
	v.send("/book/again", "day", "2026-05-22").want(http.StatusOK, "2026年5月22日 星期五", "您填的都还在")
	if times := v.radios(); len(times) != 6 || times[0] != office+"-20260522-0900-marriage" {
		t.Errorf("offered %v, want the six of the day", times)
	}
	v.send("/book/hold").want(http.StatusOK, "填写双方信息", "2026年5月22日 星期五 09:00")
	if got := v.form("/book/check").Get("parties.0.name"); got != "张三" {
		t.Errorf("at another time the name is %q, want 张三", got)
	}

	v.get(theDay).send(theDay, "slot", nineClock)
	v.send("/book/leave").want(http.StatusOK, "选择日期和时段") // nothing would be missed
	if v.URL.Path != theDay {
		t.Errorf("left for %s, want %s", v.URL.Path, theDay)
	}
}

func TestAnAppointmentIsFoundWithItsPhoneOrItsSecretAlone(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	maker := tn.visitor()
	maker.book()
	page := maker.URL.Path
	number := path.Base(page)
	secret := textOf(maker, "code")

	stranger := tn.visitor()
	stranger.get(page).want(http.StatusOK, "查询、改期或取消")
	if stranger.URL.Path != "/find" || stranger.form("/find/code").Get("number") != number {
		t.Errorf("a stranger is at %s", stranger.URL)
	}
	stranger.send("/find/code", "phone", "13800000009").want(http.StatusOK, "如果预约号和手机号或证件号码相符")
	stranger.send("/find/phone", "code", "123456").want(http.StatusUnprocessableEntity, "没有找到预约")
	if err := tn.Codes.Request(t.Context(), "13800000009", "zh", ""); err != nil { // had a code been sent, it would be too soon
		t.Errorf("a second code for the stranger: %v", err)
	}
	stranger.send("/find/phone", "code", tn.codeFor("13800000009")).want(http.StatusUnprocessableEntity, "没有找到预约")
	stranger.get(page)
	stranger.send("/find/secret", "number2", number, "secret", "not-the-secret").want(http.StatusNotFound, "没有找到这个预约")

	tampered := tn.visitor() // a pass is for one appointment
	another, err := url.Parse(tn.server.URL + "/b/12345678")
	if err != nil {
		t.Fatal(err)
	}
	own, err := url.Parse(tn.server.URL + page)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range maker.client.Jar.Cookies(own) {
		tampered.client.Jar.SetCookies(another, []*http.Cookie{{Name: cookie.Name, Value: cookie.Value, Path: "/"}})
	}
	if tampered.get(another.Path); tampered.URL.Path != "/find" {
		t.Errorf("with the pass of another appointment at %s: %d", tampered.URL.Path, tampered.Status)
	}

	theirs := tn.visitor()
	tn.later(2 * time.Minute)
	theirs.get("/find").send("/find/code", "number", number[:4]+" "+number[4:], "phone", hisPhone).want(http.StatusOK)
	theirs.send("/find/phone", "code", tn.codeFor(hisPhone)).want(http.StatusOK, "预约成功")
	if theirs.URL.Path != page {
		t.Errorf("found %s, want %s", theirs.URL.Path, page)
	}
	other := tn.visitor()
	other.get("/find").send("/find/secret", "number2", number, "secret", secret).want(http.StatusOK, "预约成功")
}

// textOf is what the first such element says.
func textOf(v *visitor, tag string) string {
	for n := range v.all(tag) {
		return n.FirstChild.Data
	}
	return ""
}

// Whoever is in an active appointment is told where it can be found.
func TestABusyPersonIsLedToTheAppointmentThatThereIs(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.visitor().book()
	tn.later(2 * time.Minute)
	v := tn.visitor()
	v.get(theDay).send(theDay, "slot", office+"-20260520-1000-marriage")
	v.send("/book/check", append(couple(), "phone", "13800000002")...)
	v.send("/book/confirm", "code", tn.codeFor("13800000002")).want(http.StatusConflict, "如有人已有预约", "查询已有的预约", "0736-7250001")
	if times := v.radios(); len(times) != 0 {
		t.Errorf("offered %v, which cannot help", times)
	}
}

// Domain rule 36: either of the two, with their own document.
func TestEitherOfTheTwoFindsTheAppointmentWithTheirDocument(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	maker := tn.visitor()
	maker.book()
	page := maker.URL.Path
	tn.later(2 * time.Minute)
	v := tn.visitor()
	v.get("/find").send("/find/code", "number", path.Base(page), "phone", "her").want(http.StatusUnprocessableEntity, "或双方中一人的证件号码")
	v.send("/find/code", "phone", her).want(http.StatusOK, "很快会发到预约时填的手机")
	v.send("/find/phone", "code", tn.codeFor(hisPhone)).want(http.StatusOK, "预约成功")
	if v.URL.Path != page {
		t.Errorf("let in to %s, want %s", v.URL.Path, page)
	}
	tn.later(2 * time.Minute)
	v.get(page + "/cancel").send(page + "/cancel/code").want(http.StatusOK)
	v.send(page+"/cancel", "code", tn.codeFor(hisPhone)).want(http.StatusOK, "已取消")
}

// Whoever could tell one refusal from another could ask whose phone it is.
func TestEveryRefusedCodeIsAnsweredAlike(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	maker := tn.visitor()
	number := tn.bookedBy(maker)
	tn.later(2 * time.Minute)
	answers := map[string]string{}
	try := func(what, phone, code string) {
		v := tn.visitor()
		v.get("/find").send("/find/code", "number", number, "phone", phone).want(http.StatusOK, "如果预约号和手机号或证件号码相符")
		v.send("/find/phone", "code", code).want(http.StatusUnprocessableEntity)
		answers[strings.ReplaceAll(v.text(), phone, "")] += what + " "
	}
	try("another's phone", "13800000009", "123456")
	try("wrong", hisPhone, "000000")
	for range 5 {
		try("used up", hisPhone, "000000")
	}
	tn.later(6 * time.Minute)
	try("sent again and wrong", hisPhone, "000000")
	tn.later(6 * time.Minute)
	late := tn.visitor()
	late.get("/find").send("/find/code", "number", number, "phone", hisPhone)
	code := tn.codeFor(hisPhone)
	tn.later(6 * time.Minute)
	late.send("/find/phone", "code", code).want(http.StatusUnprocessableEntity)
	answers[strings.ReplaceAll(late.text(), hisPhone, "")] += "late"
	if len(answers) != 1 {
		t.Errorf("%d different answers: %q", len(answers), answers)
	}
}

func TestFindKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get("/find").send("/find/code", "number", "abc", "phone", "138").want(http.StatusUnprocessableEntity, "预约号是 8 位数字", "请填 11 位手机号")
	if f := v.form("/find/code"); f.Get("number") != "abc" || f.Get("phone") != "138" {
		t.Errorf("came back as %v", f)
	}
	v.send("/find/code", "number", "1234 5678", "phone", "138 0000 0009").want(http.StatusOK)
	if f := v.form("/find/phone"); f.Get("number") != "1234 5678" || f.Get("phone") != "138 0000 0009" {
		t.Errorf("came back as %v", f)
	}
	v.send("/find/phone", "code", "").want(http.StatusUnprocessableEntity, "请填写短信里的 6 位验证码")
	v.send("/find/secret", "number2", "12", "secret", "x").want(http.StatusUnprocessableEntity, "预约号是 8 位数字")
	if got := v.form("/find/secret").Get("number2"); got != "12" {
		t.Errorf("the number came back as %q, want 12", got)
	}
}

func TestASpentCodeIsNotToldToBeUsed(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.get(theDay).send(theDay, "slot", nineClock)
	v.send("/book/check", couple()...).want(http.StatusOK, "验证码已发送")
	v.send("/book/code").want(http.StatusOK, "请用那一条", "秒后可以再发")
	for range 5 {
		v.send("/book/confirm", "code", "000000").want(http.StatusUnprocessableEntity)
	}
	if v.send("/book/code").want(http.StatusOK, "已经不能用了", "秒后可以再发一条"); strings.Contains(v.text(), "请用那一条") {
		t.Error("a code that is used up is told to be used")
	}
}

// A browser that keeps no cookies could hold place after place and book none.
func TestABrowserWithoutCookiesIsToldSoAndHoldsNothing(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.client.Jar = nil
	for range 3 {
		v.get(theDay).send(theDay, "slot", nineClock).want(http.StatusUnprocessableEntity, "需要浏览器的 Cookie")
	}
	keeps := tn.visitor()
	keeps.get(theDay).send(theDay, "slot", nineClock).want(http.StatusOK)
	form := merged(keeps.form("/book/check"), couple()...)
	v.post("/book/check", form).want(http.StatusUnprocessableEntity, "需要浏览器的 Cookie", "您填的都还在")
	v.send("/book/hold").want(http.StatusUnprocessableEntity, "需要浏览器的 Cookie")
	if got := v.form("/book/hold").Get("parties.1.name"); got != "李四" {
		t.Errorf("the name is %q, want 李四", got)
	}
	tn.visitor().get(theDay).send(theDay, "slot", nineClock).want(http.StatusOK) // the second of two places
}

func TestTheFormForAHeldPlaceNamesNobodyAndMayBeKept(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get(theDay).send(theDay, "slot", nineClock).want(http.StatusOK, "填写双方信息", "名额为您保留到 10:05")
	if v.URL.Path != "/book/details" || v.header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("at %s with Cache-Control %q", v.URL.Path, v.header.Get("Cache-Control"))
	}
	first := v.form("/book/check")
	v.get(v.URL.RequestURI()).want(http.StatusOK, "名额为您保留到 10:05")
	if again := v.form("/book/check"); again.Get("hold") != first.Get("hold") {
		t.Errorf("asked for again the hold is %s, want %s", again.Get("hold"), first.Get("hold"))
	}
	check := merged(first, couple()...)
	for range 2 { // sent again, it comes back filled
		v.post("/book/check", check).want(http.StatusOK, "张三", "李四")
		if cached := v.header.Get("Cache-Control"); cached != "no-store" {
			t.Errorf("a page with names has Cache-Control %q", cached)
		}
	}
	for range 2 {
		v.post("/book/details", check).want(http.StatusOK)
		if got := v.form("/book/check").Get("parties.0.document.number"); got != him {
			t.Errorf("sent again the number is %q, want %q", got, him)
		}
	}
}

func TestAnErrorInTheLineLeadsBackToWhatWasTyped(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get(theDay).send(theDay, "slot", nineClock)
	form := merged(v.form("/book/check"), couple()...)
	v.post("/book/extend", merged(form, "hold", "not one")).want(http.StatusForbidden, "回到填写的内容")
	if got := v.send("/book/details").want(http.StatusOK).form("/book/check").Get("parties.1.name"); got != "李四" {
		t.Errorf("the name is %q, want 李四", got)
	}
}

func TestAPhoneWithEnoughAppointmentsIsToldHowMany(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	for i := range 3 {
		v := tn.visitor()
		v.get(theDay).send(theDay, "slot", office+"-20260520-1"+[]string{"000", "030", "100"}[i]+"-marriage")
		others := couple()
		for _, at := range []int{3, 7} {
			others[at] = others[at][:14] + []string{"11", "12", "13"}[i] + others[at][16:17]
			others[at] += checkDigit(others[at])
		}
		v.send("/book/check", others...).want(http.StatusOK)
		v.send("/book/confirm", "code", tn.codeFor(hisPhone))
		tn.later(2 * time.Minute)
		if i == 2 {
			v.want(http.StatusConflict, "一个手机号最多同时有 2 个预约")
		}
	}
}

func TestWhoIsTooYoungIsToldFromWhenTheyMayMarry(t *testing.T) {
	rules := slots.DefaultRules()
	for _, tt := range []struct {
		sex  identity.Sex
		born string
		age  int
		from string
	}{
		{identity.Male, "2006-09-01", 22, "2028-09-01"},
		{identity.Female, "2006-09-01", 20, "2026-09-01"},
		{identity.Male, "2004-02-29", 22, "2026-03-01"},
		{identity.Female, "2008-02-29", 20, "2028-02-29"},
	} {
		born, err := date.ParseDate(tt.born)
		if err != nil {
			t.Fatal(err)
		}
		age, from := oldEnough(booking.Party{Sex: tt.sex, Born: born}, rules)
		if age != tt.age || from.String() != tt.from {
			t.Errorf("%s born %s: %d on %s, want %d on %s", tt.sex, tt.born, age, from, tt.age, tt.from)
		}
		if !identity.OldEnough(tt.sex, born, from, rules.MinAgeM, rules.MinAgeF) || identity.OldEnough(tt.sex, born, from.AddDays(-1), rules.MinAgeM, rules.MinAgeF) {
			t.Errorf("%s born %s: %s is not the first day", tt.sex, tt.born, from)
		}
	}
}

func TestAServiceForOneAsksForOne(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	err := tn.Offices.PutOffice(t.Context(), slots.Office{
		ID: office, Name: "武陵区婚姻登记处", NameEN: "Wuling Marriage Registry", Address: "1 Shili Road", Phone: "0736-7250001",
		Services: []slots.Service{{ID: "marriage"}, {ID: "divorce_withdraw"}, {ID: "counselling"}},
	}, "test")
	if err != nil {
		t.Fatal(err)
	}
	v := tn.visitor()
	both := func() {
		t.Helper()
		if strings.Contains(v.text(), "双方") {
			t.Errorf("%s speaks of both:\n%s", v.URL.Path, v.text())
		}
	}
	v.get(theDay+"?service=divorce_withdraw").want(http.StatusOK, "下一步：填写您的信息")
	v.send(theDay, "slot", v.radios()[0]).want(http.StatusOK, "填写您的信息", "本人")
	both()
	v.send("/book/check", couple()...).want(http.StatusOK, "受理回执单", "本人\n张三")
	both()
	v.send("/book/confirm", "code", v.codeFor(hisPhone)).want(http.StatusOK, "预约成功", "请本人到场")
	both()
}

func TestACancelledAppointmentSaysWhatCanBeDone(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.book()
	page := v.URL.Path
	v.get(page+"/change?date=2026-05-22").want(http.StatusOK, "下一步：验证手机")
	if _, err := tn.db.ExecContext(t.Context(), `SELECT set_actor('test'); UPDATE appointment SET status = 'cancelled_by_office'`); err != nil {
		t.Fatal(err)
	}
	v.get(page).want(http.StatusOK, "登记处停办，已取消", "重新预约，或打电话 0736-7250001")
	for _, address := range []string{"/change", "/change?date=2026-05-22", "/cancel"} {
		if v.get(page+address).want(http.StatusOK, "不能改期"); v.URL.Path != page {
			t.Errorf("%s leads to %s, want %s", address, v.URL.Path, page)
		}
	}
}

// After signing in again, or from the history, browsers ask for what they once
// sent.
func TestAddressesOfFormsLeadToAPage(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.book()
	page := v.URL.Path
	for from, to := range map[string]string{
		"/book": "/", "/book/check": "/", "/book/details": "/", "/book/confirm": "/",
		"/find/code": "/find", "/find/phone": "/find", page + "/cancel/code": page + "/cancel", page + "/change/confirm": page + "/change",
	} {
		if v.get(from).want(http.StatusOK); v.URL.Path != to {
			t.Errorf("%s leads to %s, want %s", from, v.URL.Path, to)
		}
	}
	guest := "/desk/" + path.Base(page)
	s := tn.staff(auth.Registrar)
	for from, to := range map[string]string{
		guest + "/check-in": guest, guest + "/complete": guest, "/desk/find": "/desk", "/desk/reading": "/desk",
		"/call/book/check": "/call", "/call/" + path.Base(page) + "/cancel": "/call/" + path.Base(page), "/staff/logout": "/desk",
	} {
		if s.get(from).want(http.StatusOK); s.URL.Path != to {
			t.Errorf("%s leads to %s, want %s", from, s.URL.Path, to)
		}
	}
}
