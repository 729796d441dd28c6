package web

import (
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"hunyue/server/auth"
	"hunyue/slots"
)

// bookedBy books for the couple and returns the number of the appointment.
func (tn *town) bookedBy(v *visitor) string {
	tn.t.Helper()
	v.book()
	return path.Base(v.URL.Path)
}

func TestStaffReceiveACoupleAndCompleteTheRegistration(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	couple := tn.visitor()
	number := tn.bookedBy(couple)
	guest := "/desk/" + number
	tn.at("2026-05-20 08:20")
	v := tn.staff(auth.Registrar)
	v.get("/desk").want(http.StatusOK, number, "张*、李*", "09:00–09:30", "今天还没有正常的体温记录")
	v.get(guest).send(guest+"/check-in", "reading.1", "36.5", "reading.2", "36.6", "device", "T1").want(http.StatusForbidden, "请先登记您今天的体温")
	v.get("/desk").send("/desk/reading", "celsius", "36.4", "device", "T1").want(http.StatusOK, "体温正常，可以上岗", "今天的体温已登记，正常")

	for _, q := range []string{number[:4] + " " + number[4:], hisPhone, her} {
		v.get("/desk").send("/desk/find", "q", q).want(http.StatusOK, "签到")
		if v.URL.Path != guest || v.URL.RawQuery != "" {
			t.Errorf("found at %s, want %s", v.URL, guest)
		}
	}
	v.get("/desk").send("/desk/find", "q", "13800000009").want(http.StatusOK, "查无此号")

	v.get(guest).want(http.StatusOK, "来早了：时段 09:00，08:30 起可签到").
		send(guest+"/check-in", "early", "", "reading.1", "36.5", "reading.2", "36.6", "device", "T1").want(http.StatusOK, "来早了，08:30 起可以签到")
	tn.at("2026-05-20 08:33")
	v.get(guest).send(guest+"/check-in", "reading.1", "36.5", "reading.2", "99", "device", "")
	v.want(http.StatusUnprocessableEntity, "另一方 李*的体温（℃）：读数 99 不像体温（应在 34.0 到 43.0 之间），请再量一次")
	if got := v.form(guest + "/check-in").Get("reading.1"); got != "36.5" {
		t.Errorf("the other reading came back as %q, want 36.5", got)
	}
	v.send(guest+"/check-in", "reading.2", "３６。６", "device", "").want(http.StatusUnprocessableEntity, "体温计编号：请填体温计编号")
	v.send(guest+"/check-in", "device", "T1").want(http.StatusOK, "已签到，号码 A001。厅内已满，请在厅外等候。")
	couple.get("/b/"+number).want(http.StatusOK, "您的号是 A001")

	v.send(guest+"/call", "counter", "3").want(http.StatusOK, "已叫号")
	if got := v.form(guest + "/start").Get("counter"); got != "3" {
		t.Errorf("the counter is remembered as %q, want 3", got)
	}
	v.send(guest+"/start").want(http.StatusOK, "正在办理")
	v.send(guest+"/complete", "certificate_number", "").want(http.StatusUnprocessableEntity, "证件号：请填写证件号")
	v.send(guest+"/complete", "certificate_number", "J430702-2026-000001").want(http.StatusOK, "已办结，证号 J430702-2026-000001")
	v.get(guest).want(http.StatusOK, "已办结，证号 J430702-2026-000001")
	if door := tn.well(auth.Hall).get(guest).want(http.StatusOK, "已办结"); strings.Contains(door.text(), "000001") {
		t.Error("the door is shown the certificate")
	}
	couple.get("/b/"+number).want(http.StatusOK, "恭喜二位！登记已完成。")
	if n := tn.count(`SELECT count(*) FROM registration`); n != 1 {
		t.Errorf("%d registrations, want 1", n)
	}
}

func TestAFeverRestsAndIsPutOff(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	guest := "/desk/" + tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:50")
	v := tn.well(auth.Hall)
	v.get(guest).send(guest+"/check-in", "reading.1", "34.6", "reading.2", "36.6", "device", "T1").
		want(http.StatusUnprocessableEntity, "读数偏低，请再量一次，两次都填", "再量一次（℃）")
	v.send(guest+"/check-in", "reading.1", "34.6", "again.1", "37.4").want(http.StatusOK, "一方体温偏高，请休息，09:00 起换一支体温计再量")
	v.get("/desk").want(http.StatusOK, "休息中，09:00 复测")
	v.get(guest).send(guest+"/check-in", "reading.1", "37.5", "device", "T2").want(http.StatusConflict)
	tn.later(11 * time.Minute)
	v.get(guest).send(guest+"/check-in", "reading.1", "37.5", "device", "T1").want(http.StatusUnprocessableEntity, "复测请换一支体温计")
	v.send(guest+"/check-in", "device", "T2").want(http.StatusOK, "体温仍偏高，今天不能办理", "因健康原因延期")
}

func TestWhoComesAlongWithAFeverStaysOutside(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	guest := "/desk/" + tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:50")
	v := tn.well(auth.Hall)
	v.get(guest).send(guest+"/check-in").want(http.StatusUnprocessableEntity, "一方 张*的体温（℃）：请量体温", "另一方 李*的体温（℃）：请量体温")
	v.send(guest+"/check-in", "companion.celsius", "x").want(http.StatusUnprocessableEntity, "请填度数，例如 36.5")
	for in := range v.all("input") {
		if attr(in, "name") != "companion.celsius" {
			continue
		}
		for d := in.Parent; d != nil; d = d.Parent {
			if d.Data == "details" && !has(d, "open") {
				t.Error("what is wrong with who comes along is folded away")
			}
		}
	}
	v.send(guest+"/check-in", "companion.celsius", "", "reading.1", "99").want(http.StatusUnprocessableEntity, "应在 34.0 到 43.0 之间", "另一方 李*的体温（℃）：请量体温")
	v.send(guest+"/check-in", "reading.1", "36.5", "reading.2", "36.6", "device", "T1", "companion.reason", "口译", "companion.celsius", "38.1")
	v.want(http.StatusOK, "已签到，号码 A001。厅内已满，请在厅外等候。陪同的人体温偏高，请留在门外。可以进去 2 人。")
}

func TestWhoRestsIsNamedUntilMeasuredAgain(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	guest := "/desk/" + tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:50")
	v := tn.well(auth.Hall)
	v.get(guest).send(guest+"/check-in", "reading.1", "36.5", "reading.2", "37.6", "device", "T1").want(http.StatusOK, "另一方体温偏高", "休息中，09:00 复测")
	v.get(guest).want(http.StatusOK, "休息中，09:00 复测", "另一方体温偏高，请休息，09:00 起换一支体温计再量", "复测不要用 T1")
	if form := v.form(guest + "/check-in"); form.Has("reading.1") || !form.Has("reading.2") {
		t.Errorf("asked for %v, want the one who rests alone", form)
	}
	tn.later(11 * time.Minute)
	v.send(guest+"/check-in").want(http.StatusUnprocessableEntity, "另一方 李*的体温（℃）：请量体温")
	v.send(guest+"/check-in", "reading.2", "36.8", "device", "T2").want(http.StatusOK, "号码 A001")
}

func TestAnUnusualCertificateIsAskedAboutBeforeItIsFinal(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	guest := "/desk/" + tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:50")
	v := tn.well(auth.Registrar)
	v.get(guest).send(guest+"/check-in", "reading.1", "36.5", "reading.2", "36.6", "device", "T1")
	v.send(guest+"/call", "counter", "3")
	v.send(guest+"/start").want(http.StatusOK, "正在办理")
	for typed, says := range map[string]string{
		"政字第2002208号":           "格式不常见",
		"J430702-2025-000001":   "不是今年的",
		"J430703-2026-000001":   "不是本处的",
		"L430702-2026-000001":   "与事项不符",
		"J430702-2026-0000001":  "格式不常见",
		"J430702 2026 000001 x": "格式不常见",
	} {
		v.get(guest).send(guest+"/complete", "certificate_number", typed).want(http.StatusUnprocessableEntity, says, "仍用这个办结")
		if got := v.form(guest + "/complete").Get("certificate_number"); got != typed {
			t.Errorf("the number came back as %q, want %q", got, typed)
		}
	}
	v.send(guest+"/complete", "certificate_number", "J430702-2025-000002", "sure_of", "J430702-2025-000001").want(http.StatusUnprocessableEntity, "不是今年的")
	if n := tn.count(`SELECT count(*) FROM registration`); n != 0 {
		t.Errorf("%d registrations before anybody was sure, want 0", n)
	}
	v.send(guest+"/complete", "certificate_number", "政字第2002208号", "sure_of", "政字第2002208号").want(http.StatusOK, "已办结，证号 政字第2002208号")
}

// What an office's rule calls its own needs no second press, and its former numbers do,
// at the desk as at the counter.
func TestANumberOfAnotherDivisionIsAskedAboutTwice(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	rules := slots.DefaultRules()
	rules.CertificateDivision, rules.Screening = "430700", slots.ScreeningOff
	tn.must(tn.Offices.SetRules(t.Context(), office, may(20), rules, "notice 7/2026", "test"))
	guest := "/desk/" + tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:50")
	other := tn.walksIn()
	tn.call(other, "2")
	_, err := tn.Hall.Start(t.Context(), other, "2", "registrar")
	tn.must(err)
	_, err = tn.Hall.Complete(t.Context(), other, "J430700-2026-000051", "registrar")
	tn.must(err)
	v := tn.staff(auth.Registrar)
	v.get(guest).send(guest + "/check-in")
	v.send(guest+"/call", "counter", "3")
	v.send(guest+"/start").want(http.StatusOK, "正在办理")
	typed := func(number string) *visitor {
		return v.get(guest).send(guest+"/complete", "certificate_number", number)
	}
	typed("J430702-2026-000051").want(http.StatusUnprocessableEntity, "不是本处的", "仍用这个办结")
	typed("J430700-2026-000055").want(http.StatusUnprocessableEntity, "跳了 3 个号", "仍用这个办结")
	typed("J430700-2026-000051").want(http.StatusUnprocessableEntity, "已用于")
	if strings.Contains(v.body, "仍用这个办结") {
		t.Error("a number that is taken may be insisted on")
	}
	typed("J430700-2026-000052").want(http.StatusOK, "已办结，证号 J430700-2026-000052")
}

func TestACoupleThatCannotBeRegisteredIsRecordedWithTheReason(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	guest := "/desk/" + tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:50")
	v := tn.well(auth.Registrar)
	v.get(guest).send(guest+"/check-in", "reading.1", "36.5", "reading.2", "36.6", "device", "T1", "companion.reason", "口译", "companion.celsius", "36.4").want(http.StatusOK)
	v.send(guest+"/not-accepted", "reason", " ").want(http.StatusUnprocessableEntity, "请写明原因")
	v.send(guest+"/not-accepted", "reason", "照片不合格").want(http.StatusOK, "未能办理")
}

func TestAnOperatorBooksForACallerAndCancels(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.staff(auth.Operator)
	v.get("/call").want(http.StatusOK, "武陵区婚姻登记处")
	v.get("/call/o/"+office).want(http.StatusOK, "5月20日 周三\n余")
	day := "/call" + theDay
	v.get(day).send(day, "slot", nineClock)
	if v.Status == http.StatusConflict { // the phone has no place in the first slot
		v.send(day, "slot", v.radios()[0])
	}
	v.want(http.StatusOK, "来电人")
	v.send("/call/book/check", append(couple(), "phone", "0736-7123456")...).want(http.StatusUnprocessableEntity, "来电人：请填写谁来的电话")
	v.send("/call/book/check", "caller", "本人").want(http.StatusOK, "读给来电人核对")
	v.send("/call/book/confirm").want(http.StatusOK, "预约成功", "请读给来电人")
	number := path.Base(v.URL.Path)
	if n := tn.count(`SELECT count(*) FROM appointment WHERE number = $1 AND channel = 'phone' AND caller IS NOT NULL`, number); n != 1 {
		t.Errorf("%d phone appointments with a caller, want 1", n)
	}
	v.send("/call/"+number+"/cancel").want(http.StatusUnprocessableEntity, "请写明原因")
	v.send("/call/"+number+"/cancel", "reason", " \t ").want(http.StatusUnprocessableEntity, "请写明原因")
	v.send("/call/"+number+"/cancel", "reason", strings.Repeat("长", 201)).want(http.StatusUnprocessableEntity, "最多 200 字")
	v.send("/call/"+number+"/cancel", "reason", "来电要求").want(http.StatusOK, "已取消")
	if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'reason' AND detail = '来电要求' AND actor = 'staff:operator'`); n != 1 {
		t.Errorf("%d audit rows with the reason, want 1", n)
	}
}

func TestAManagerChangesWhatIsOffered(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	couple := tn.visitor()
	number := tn.bookedBy(couple)
	v := tn.staff(auth.Manager)
	manage := "/manage/" + office
	v.get("/manage").want(http.StatusOK, "发布名额", "排班")
	if got := v.form(manage + "/schedule").Get("schedule.weekdays.mon"); got != "09:00-12:00" {
		t.Errorf("Monday's hours are shown as %q", got)
	}
	v.send(manage+"/schedule", "schedule.from", "2026-06-01", "schedule.weekdays.sat", "9-12").want(http.StatusUnprocessableEntity, "星期六")
	v.send(manage+"/schedule", "schedule.weekdays.sat", "09:00–11:00").want(http.StatusOK, "排班已保存，2026年6月1日 星期一 起生效")
	v.send(manage+"/publish", "publish.from", "2026-06-06", "publish.to", "2026-06-06", "step", "preview").want(http.StatusOK, "预览：还没有生效", "增加 20 个名额")
	if n := tn.count(`SELECT count(*) FROM slot WHERE day = '2026-06-06'`); n != 0 {
		t.Errorf("the preview made %d slots", n)
	}
	v.send(manage+"/publish", "step", "publish").want(http.StatusOK, "已发布", "增加 20 个名额")
	if n := tn.count(`SELECT count(*) FROM slot WHERE day = '2026-06-06'`); n != 4 {
		t.Errorf("%d slots on the Saturday, want 4", n)
	}

	places := manage + "/2026-05-20"
	v.get(places).want(http.StatusOK, "09:00 结婚 网上", "预约")
	form := v.form(places + "/places")
	v.post(places+"/places", merged(form, "places", "x", "reason", "")).want(http.StatusUnprocessableEntity, "请填一个数")
	v.post(places+"/places", merged(form, "places", "9", "reason", "加号")).want(http.StatusOK, "改为 9")

	v.get(manage).send(manage+"/suspend", "suspend.from", "2026-05-20", "suspend.to", "2026-05-20", "suspend.reason", "停电", "step", "preview").
		want(http.StatusUnprocessableEntity, "请写给公众的告示")
	v.send(manage+"/suspend", "suspend.notice", "5月20日停电，暂停办理。", "step", "preview").want(http.StatusOK, "预览：还没有停办", "影响 1 对新人", number)
	v.send(manage+"/suspend", "step", "suspend").want(http.StatusOK, "已停办")
	couple.get("/b/"+number).want(http.StatusOK, "登记处停办，已取消")
	couple.get("/o/"+office).want(http.StatusOK, "暂停", "临时停办")
	couple.get(theDay).want(http.StatusOK, "5月20日停电，暂停办理。", "最近的空位", "5月21日 周四")

	v.get(manage).send(manage+"/close", "close.day", "2026-05-20").want(http.StatusConflict)
	tn.at("2026-05-20 18:00")
	v = tn.visitor()
	v.get("/staff/login").send("/staff/login", "username", auth.Manager, "password", password)
	v.get(manage).send(manage+"/close", "close.day", "2026-05-20").want(http.StatusOK, "5月20日 周三 已结束")
}

func TestAManagerEndsASuspensionLaterAndEarlier(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	couple := tn.visitor()
	number := tn.bookedBy(couple) // for the 20th
	v := tn.staff(auth.Manager)
	manage := "/manage/" + office
	v.get(manage).send(manage+"/suspend", "suspend.from", "2026-05-19", "suspend.to", "2026-05-19", "suspend.reason", "停电", "suspend.notice", "停电。", "step", "suspend").
		want(http.StatusOK, "已停办", "5月19日 周二 到 5月19日 周二，全部业务：停电")
	id := strconv.Itoa(tn.count(`SELECT max(id) FROM suspension`))
	one, to, reason := manage+"/suspensions/"+id, amendInput(id, "to"), amendInput(id, "reason")
	v.send(one, to, "2026-05-17", reason, "", "step", "preview").
		want(http.StatusUnprocessableEntity, "改到哪天结束：最早填开始前一天", "改期原因：请写明原因")
	v.send(one, to, "2026-05-20", reason, "还没修好", "step", "preview").want(http.StatusOK, "预览：还没有改", "影响 1 对新人", number)
	couple.get("/b/"+number).want(http.StatusOK, "预约成功")
	v.send(one, "step", "amend").want(http.StatusOK, "停办的结束日期已改", "manager 改为到 5月20日 周三：还没修好")
	couple.get("/b/"+number).want(http.StatusOK, "登记处停办，已取消")
	v.send(one, to, "", reason, "不知何时", "step", "amend").want(http.StatusOK, "到 另行通知")
	v.send(one, to, "2026-05-18", reason, "修好了", "step", "amend").want(http.StatusOK, "影响 0 对新人")
	couple.get(theDay).want(http.StatusOK, "选择日期和时段")
	v.post(manage+"/suspensions/99", url.Values{"amend.99.reason": {"x"}}).want(http.StatusNotFound)
}

func TestAManagerSubmitsTheDailyReport(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.staff(auth.Manager)
	manage := "/manage/" + office
	day := manage + "/2026-05-18"
	report := day + "/report"
	v.get(manage).want(http.StatusOK, "5月18日 周一 · 未报", "5月17日 周日 · 漏报")
	v.get(day).want(http.StatusOK, "还没有上报", "来访人体温异常").
		send(report, "daily.zero", "1", "daily.remarks", "口罩不足", "daily.value.completed", "", "daily.because.completed", "手工登记", "daily.value.open", "x", "step", "preview").
		want(http.StatusUnprocessableEntity, "办结（统计 0）实报：请填写", "正在办（统计 0）实报：格式不对")
	if form := v.form(report); form.Get("daily.remarks") != "口罩不足" || form.Get("daily.because.completed") != "手工登记" {
		t.Errorf("what was typed came back as %v", form)
	}
	v.send(report, "daily.value.completed", "1", "daily.value.open", "", "daily.because.completed", "", "step", "preview").
		want(http.StatusUnprocessableEntity, "办结不同的原因：请填写")
	v.send(report, "daily.because.completed", "手工登记", "daily.value.abnormal", "1", "daily.because.abnormal", "门外发现", "step", "preview").
		want(http.StatusConflict, "不能零报告")
	v.send(report, "daily.value.abnormal", "", "daily.because.abnormal", "", "step", "preview").
		want(http.StatusOK, "预览：还没有上报", "第 1 版 · 零报 · 按时", "办结：统计 0，实报 1，手工登记")
	if n := tn.count(`SELECT count(*) FROM daily_report`); n != 0 {
		t.Errorf("the preview submitted %d reports", n)
	}
	v.send(report, "step", "submit").want(http.StatusOK, "已上报，第 1 版", "口罩不足")
	v.get(manage).want(http.StatusOK, "5月18日 周一 · 零报")
	v.get(manage+"/2026-05-19").want(http.StatusOK, "还没有上报")
	v.post(manage+"/2026-05-19/report", url.Values{}).want(http.StatusUnprocessableEntity, "请看这里")
	tn.staff(auth.Operator).post(report, url.Values{"step": {"submit"}}).want(http.StatusForbidden)
}

func TestAManagerPlansASpecialDay(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.staff(auth.Manager)
	manage := "/manage/" + office
	special := manage + "/special"
	v.get(manage).send(special, "special.day", "2026-05-20", "special.hours", "8:00-12", "special.reason", "小满", "step", "preview")
	v.want(http.StatusUnprocessableEntity, "办公时间：格式不对", "请写给公众的告示")
	if got := v.form(special).Get("special.hours"); got != "8:00-12" {
		t.Errorf("the hours came back as %q", got)
	}
	v.send(special, "special.hours", "08:00-12:00", "special.notice", "5月20日 8 点开门。", "step", "preview").
		want(http.StatusUnprocessableEntity, "加开须提前通知")
	v.send(special, "special.day", "2026-05-23", "special.slot_minutes", "60", "special.capacity.marriage", "9", "special.capacity.divorce", "0", "step", "preview").
		want(http.StatusOK, "预览：还没有生效", "2026年5月23日 星期六：4 个时段", "08:00–09:00 结婚 9、其他 1", "发布后才生效")
	if n := tn.count(`SELECT count(*) FROM schedule_exception`); n != 0 {
		t.Errorf("the preview has planned %d days", n)
	}
	v.send(special, "step", "put").want(http.StatusOK, "已保存", "5月23日 周六 · 08:00-12:00 · 小满")
	v.send(manage+"/publish", "step", "preview").want(http.StatusOK, "增加 40 个名额")
	v.get(manage).send(special+"/drop").want(http.StatusOK, "2026年5月23日 星期六 恢复平常安排")
	if n := tn.count(`SELECT count(*) FROM schedule_exception`); n != 0 {
		t.Errorf("%d days are left", n)
	}

	v.get(manage).send(special, "special.day", "2026-05-20", "special.reason", "停电", "special.notice", "5月20日停电。", "step", "preview").want(http.StatusOK, "0 个时段")
	v.send(special, "step", "put").want(http.StatusOK, "5月20日 周三 · 不办公 · 停电")
	v.send(manage+"/publish", "publish.from", "2026-05-20", "publish.to", "2026-05-20", "step", "publish").want(http.StatusOK, "单独安排为不办公")
	tn.visitor().get(theDay).want(http.StatusOK, "5月20日停电。", "最近的空位")
}

func TestWhoMayNotEnterIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	for _, path := range []string{"/desk", "/call", "/manage", "/manage/" + office, "/desk/12345678"} {
		v.get(path).want(http.StatusOK, "工作人员登录")
		if v.URL.Path != "/staff/login" || v.URL.Query().Get("next") != path {
			t.Errorf("%s: sent to %s", path, v.URL)
		}
	}
	tn.staff(auth.Hall).get("/staff/login").send("/staff/login", "username", auth.Hall, "password", password, "next", "https://elsewhere.example/").want(http.StatusOK, "今天的预约")
	v.send("/staff/login", "username", "nobody", "password", "wrong").want(http.StatusUnauthorized, "用户名、密码或验证码不对")
	if got := v.form("/staff/login").Get("username"); got != "nobody" {
		t.Errorf("the user name came back as %q", got)
	}
	operator := tn.staff(auth.Operator)
	operator.get("/manage").want(http.StatusForbidden, "没有办理此事的权限", "请换一个有权限的账号")
	operator.get("/call/o/430799").want(http.StatusForbidden) // as an office that there is
	operator.get("/call").send("/staff/logout").want(http.StatusOK, "工作人员登录")
	operator.get("/call").want(http.StatusOK, "工作人员登录")
}

func TestStaffWorkAtTheirOwnOfficesOnly(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	if _, err := tn.db.ExecContext(t.Context(), `UPDATE appointment SET office_id = $1`, elsewhere); err != nil {
		t.Fatal(err)
	}
	manager, operator := tn.staff(auth.Manager), tn.staff(auth.Operator)
	manager.get("/manage/" + elsewhere).want(http.StatusForbidden)
	manager.get("/manage/" + elsewhere + "/2026-05-20").want(http.StatusForbidden)
	operator.get("/call/o/" + elsewhere).want(http.StatusForbidden)
	hall := tn.staff(auth.Hall)
	hall.get("/desk?office=" + elsewhere).want(http.StatusForbidden)
	hall.get("/desk/" + number).want(http.StatusNotFound)
	operator.get("/call/" + number).want(http.StatusNotFound)
	operator.get("/call/o/" + office + "/2026-05-20")
	form := merged(operator.form("/call"+theDay), "slot", elsewhere+"-20260520-0900-marriage")
	operator.post("/call"+theDay, form).want(http.StatusForbidden)
	quota := url.Values{"quota": {elsewhere + "-20260520-0900-marriage-web"}, "places": {"9"}, "reason": {"x"}}
	manager.post("/manage/"+office+"/2026-05-20/places", quota).want(http.StatusNotFound)
}

func TestWhoHasNoPagesIsToldSo(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	for _, role := range []string{auth.SysAdmin} {
		v := tn.staff(role).want(http.StatusOK, "您已登录", role, "还没有网页")
		v.send("/staff/logout").want(http.StatusOK, "工作人员登录")
	}
	for role, want := range map[string]string{auth.Hall: "/desk", auth.District: "/manage/notices", auth.SecAdmin: "/manage/alarms", auth.Auditor: "/manage/audit"} {
		if v := tn.staff(role).get("/staff"); v.URL.Path != want {
			t.Errorf("%s is sent to %s, want %s", role, v.URL.Path, want)
		}
	}
}

func TestALoginLeadsOnlyToOurPages(t *testing.T) {
	for to, want := range map[string]bool{
		"/desk": true, "/desk/12345678": true, "/manage/430702": true, "/call?x=1": true,
		"": false, "//elsewhere.example": false, "https://elsewhere.example": false, "/deskelsewhere": false, "/\\elsewhere": false,
	} {
		if got := local(to); got != want {
			t.Errorf("local(%q) = %t, want %t", to, got, want)
		}
	}
}

func TestAnotherSiteCannotSendOurForms(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tn.server.URL+theDay, strings.NewReader("slot="+nineClock))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	v.do(r).want(http.StatusForbidden)
}
