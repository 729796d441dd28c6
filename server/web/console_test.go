package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/server/auth"
	"hunyue/slots"
)

// acquainted has the couple of the examples known to the office: it had an
// appointment and gave it back.
func (tn *town) acquainted() {
	tn.t.Helper()
	v := tn.visitor()
	v.book()
	a, err := tn.Desk.At(tn.t.Context(), strings.TrimPrefix(v.URL.Path, "/b/"), func(string) bool { return true })
	if err == nil {
		_, err = tn.Desk.Cancel(tn.t.Context(), booking.Change{Appointment: a, Staff: true, Reason: "test", Actor: "test"})
	}
	if err != nil {
		tn.t.Fatal(err)
	}
}

// pickAt holds a place of the office.
func (v *visitor) pickAt(day, clock string) {
	v.t.Helper()
	v.step("enter", "date", day).want(http.StatusOK)
	v.step("hold:" + slotOf(office, day, clock)).want(http.StatusOK)
}

// last is the number of the newest appointment.
func (tn *town) last() string {
	tn.t.Helper()
	var number string
	if err := tn.db.GetContext(tn.t.Context(), &number, `SELECT number FROM appointment ORDER BY id DESC LIMIT 1`); err != nil {
		tn.t.Fatal(err)
	}
	return number
}

func TestAKnownCallerIsBookedWithoutScriptsAndSeenMasked(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.acquainted()
	v := tn.staff(auth.Operator)
	v.get("/call").step("enter", "q", "138 0000 0001").want(http.StatusOK, "138****0001", "按电话号码查：1 条", "第 1 次来电")
	v.pickAt("2026-05-21", "09:00")
	v.want(http.StatusOK, "张*", "1990年3月7日，36 岁")
	for _, secret := range []string{"张三", "李四", him, her, hisPhone} {
		if strings.Contains(v.body, secret) {
			t.Errorf("the page has %s", secret)
		}
	}
	v.step("save").want(http.StatusUnprocessableEntity, "请先同意预约须知")
	v.step("save", agreed()...).want(http.StatusOK, "已预约", grouped(tn.last()), "短信正在发送")
	if err := tn.worker.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	v.step("look").want(http.StatusOK, "已送达")
	if n := tn.count(`SELECT count(*) FROM call JOIN appointment ON appointment.id = call.appointment_id
		WHERE outcome = 'booked' AND actor = 'staff:operator' AND number = $1 AND channel = 'phone'`, tn.last()); n != 1 {
		t.Errorf("%d calls have come to the appointment, want 1", n)
	}
	v.step("new").want(http.StatusOK)
	v.step("enter", "q", hisPhone).want(http.StatusOK, "第 2 次来电", "operator 已预约")
}

func TestAnUnknownCallerIsToldWhatIsWrongInWordsToSay(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.staff(auth.Operator)
	v.get("/call").step("enter", "q", "13900001234").want(http.StatusOK, "按电话号码查：没有找到", "这个号码第一次来电")
	v.pickAt("2026-05-21", "09:00")
	v.step("enter", "parties.0.document.number", him[:17], "parties.1.document.number", her[:17]+"0").
		want(http.StatusUnprocessableEntity, "号码少 1 位，麻烦您再念一遍后四位", "号码对不上，麻烦您六位一停再念一遍")
	v.step("enter", append(couple(), "phone", "")...).want(http.StatusOK, "1990年3月7日，36 岁", "430799 / 1990 / 0307 / 0014")
	v.step("save", "other", "1").want(http.StatusUnprocessableEntity, "请填写谁来的电话")
	v.step("save", "other", "1", "caller", "另一方的母亲").want(http.StatusOK, "已预约")
	if n := tn.count(`SELECT count(*) FROM call WHERE for_other`); n != 1 {
		t.Errorf("%d calls were for others, want 1", n)
	}
	if err := tn.worker.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent, err := tn.Dev.Messages(t.Context(), "13900001234")
	if err != nil || len(sent) != 1 || !strings.Contains(sent[0].Text, "非本人预约请拨") {
		t.Errorf("the text is %v, %v", sent, err)
	}
}

func TestALandlineGoesOnTheCallList(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.staff(auth.Operator)
	v.get("/call").step("enter", "q", "0736-7123456").want(http.StatusOK, "0736****456")
	v.pickAt("2026-05-21", "09:00")
	v.step("save", append(couple(), "phone", "")...).want(http.StatusOK, "座机收不到短信，已列入回访名单")
	if err := tn.worker.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := tn.count(`SELECT count(*) FROM contact WHERE open`); n != 1 {
		t.Errorf("%d on the call list, want 1", n)
	}
}

func TestTheSamePersonsAreNotBookedTwiceButMoved(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.visitor().book()
	number := tn.last()
	v := tn.staff(auth.Operator)
	v.get("/call").step("enter", "q", "13900001234")
	v.pickAt("2026-05-21", "10:00")
	v.step("save", append(couple(), "phone", "")...).want(http.StatusConflict, "双方已有预约", "可以改期")
	v.step("change").want(http.StatusOK, "原来的会一直留着")
	v.step("save").want(http.StatusOK, "已预约", grouped(number))
	if n := tn.count(`SELECT count(*) FROM appointment WHERE day = '2026-05-21' AND number = $1 AND status = 'booked'`, number); n != 1 {
		t.Errorf("%d appointments were moved, want 1", n)
	}
	if n := tn.count(`SELECT count(*) FROM appointment`); n != 1 {
		t.Errorf("there are %d appointments, want 1", n)
	}
}

// Who cannot book online is booked by a decision of staff, with a reason that is
// kept (domain rule 52).
func TestWhoIsRestrictedIsBookedByADecisionThatIsKept(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	for _, day := range []string{"2026-05-19", "2026-05-20"} {
		v := tn.staffNamed("clerk" + day)
		v.get("/call").step("enter", "q", hisPhone)
		v.step("others")
		v.pickAt(day, "09:00")
		v.step("save", append(couple(), "phone", "")...).want(http.StatusOK, "已预约")
		if _, err := tn.db.ExecContext(t.Context(), `SELECT end_appointment(id, 'no_show', NULL, 'test') FROM appointment WHERE status = 'booked'`); err != nil {
			t.Fatal(err)
		}
	}
	tn.at("2026-05-21 10:00")
	v := tn.staff(auth.Operator)
	v.get("/call").step("enter", "q", hisPhone).want(http.StatusOK, "未到场：2 次", "不能网上预约")
	v.pickAt("2026-05-22", "09:00")
	v.step("save", agreed()...).want(http.StatusUnprocessableEntity, "请写明理由")
	v.step("save", append(agreed(), "decision", strings.Repeat("长", 201))...).want(http.StatusUnprocessableEntity)
	if n := tn.count(`SELECT count(*) FROM appointment WHERE status = 'booked'`); n != 0 {
		t.Errorf("%d appointments without a reason", n)
	}
	v.step("save", append(agreed(), "decision", "住院，有证明")...).want(http.StatusOK, "已预约")
	if n := tn.count(`SELECT count(*) FROM call WHERE decision = '住院，有证明' AND outcome = 'booked'`); n != 1 {
		t.Errorf("%d decisions are kept, want 1", n)
	}
	if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'decided' AND actor = 'staff:operator'`); n != 1 {
		t.Errorf("%d decisions are in the audit, want 1", n)
	}
}

// staffNamed is another operator.
func (tn *town) staffNamed(name string) *visitor {
	tn.t.Helper()
	_, err := tn.Accounts.AddUser(tn.t.Context(), "test", auth.NewUser{Username: name, Password: password, Roles: []string{auth.Operator}, Offices: []string{office}})
	if err != nil {
		tn.t.Fatal(err)
	}
	v := tn.visitor()
	v.get("/staff/login").send("/staff/login", "username", name, "password", password)
	return v
}

// A call that breaks off comes back, also to somebody else, and the draft is gone
// once it was booked.
func TestACallThatBrokeOffComesBackToWhoeverTakesIt(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.staff(auth.Operator)
	v.get("/call").step("enter", "q", "13900001234")
	v.pickAt("2026-05-21", "11:00")
	v.step("park", append(couple(), "phone", "")...).want(http.StatusOK, "已暂存", "139****1234")
	if v.step("new").want(http.StatusOK); strings.Contains(v.body, "张三") {
		t.Error("what was parked is still on the page")
	}
	for _, plain := range []string{"张三", him, "13900001234"} {
		if n := tn.count(`SELECT count(*) FROM call_draft WHERE position(convert_to($1, 'UTF8') IN sealed) > 0`, plain); n != 0 {
			t.Errorf("the draft holds %s in plain", plain)
		}
	}
	other := tn.staffNamed("colleague")
	other.get("/call").step("enter", "q", "13900001234").want(http.StatusOK, "暂存的来电", "中断")
	var key string
	if err := tn.db.GetContext(t.Context(), &key, `SELECT call_key FROM call_draft`); err != nil {
		t.Fatal(err)
	}
	other.step("resume:"+key).want(http.StatusOK, "继续", "名额为您保留到") // the one place of that time, which the other held
	if !strings.Contains(other.body, "张三") || !strings.Contains(other.body, him) {
		t.Error("what was typed is lost")
	}
	other.step("save").want(http.StatusOK, "已预约")
	if n := tn.count(`SELECT count(*) FROM call_draft`); n != 0 {
		t.Errorf("%d drafts are left", n)
	}
}

func TestADraftIsGoneTheNextDay(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.staff(auth.Operator)
	v.get("/call").step("enter", "q", "13900001234")
	v.pickAt("2026-05-21", "11:00")
	v.step("park", append(couple(), "phone", "")...).want(http.StatusOK, "已暂存")
	var key string
	if err := tn.db.GetContext(t.Context(), &key, `SELECT call_key FROM call_draft`); err != nil {
		t.Fatal(err)
	}
	tn.at("2026-05-19 00:01")
	v = tn.staffNamed("colleague")
	v.get("/call").step("resume:"+key).want(http.StatusNotFound, "这份暂存已不在")
	if _, err := tn.Desk.EraseOld(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := tn.count(`SELECT count(*) FROM call_draft`); n != 0 {
		t.Errorf("%d drafts are kept", n)
	}
}

// The state of a call is the operator's own, and of their offices.
func TestTheStateOfACallOpensForNobodyElse(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.acquainted()
	v := tn.staff(auth.Operator)
	v.get("/call").step("enter", "q", hisPhone).want(http.StatusOK, "138****0001")
	stolen := v.form("/call")
	other := tn.staffNamed("colleague")
	if other.get("/call").post("/call", stolen).want(http.StatusOK); strings.Contains(other.body, "138****0001") {
		t.Error("another operator sees the call")
	}
	stolen.Set("state", stolen.Get("state")[:20]+"AAAA"+stolen.Get("state")[24:])
	if v.post("/call", stolen).want(http.StatusOK); strings.Contains(v.body, "138****0001") {
		t.Error("a state that was changed is taken")
	}
	v.get("/call?office=" + elsewhere).want(http.StatusForbidden)
	v.get("/call").step("hold:" + slotOf(elsewhere, "2026-05-21", "09:00")).want(http.StatusForbidden)
	v.get("/call").step("take:" + "12345678").want(http.StatusNotFound)
	v.get("/call").step("resume:nothing").want(http.StatusNotFound)
	v.get("/call").step("hold:nothing").want(http.StatusNotFound)
	v.get("/call").step("save").want(http.StatusUnprocessableEntity, "还没有选时段")
}

// Outside its hours the line says so, and serves who is on it.
func TestOutsideItsHoursTheLineSaysSo(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.staff(auth.Operator)
	if v.get("/call").want(http.StatusOK); strings.Contains(v.text(), "不在电话预约时间") {
		t.Error("at 10:00 the line is said to be closed")
	}
	tn.at("2026-05-18 12:00")
	v = tn.staffNamed("colleague")
	v.get("/call").want(http.StatusOK, "现在不在电话预约时间（工作日 08:30–11:30、14:30–17:00）")
	v.step("enter", "q", "13900001234")
	v.pickAt("2026-05-21", "09:00")
	v.step("save", append(couple(), "phone", "")...).want(http.StatusOK, "已预约")
}

// Where the office wants it nobody is booked before the number was called back, and
// that is kept.
func TestWhereTheOfficeWantsItTheNumberIsCalledBackFirst(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	rules := slots.DefaultRules()
	rules.CallBack = true
	if err := tn.Offices.SetRules(t.Context(), office, date.Date{Year: 2026, Month: time.May, Day: 18}, rules, "test", "test"); err != nil {
		t.Fatal(err)
	}
	v := tn.staff(auth.Operator)
	v.get("/call").step("enter", "q", "13900001234")
	v.pickAt("2026-05-21", "09:00")
	v.step("save", append(couple(), "phone", "")...).want(http.StatusUnprocessableEntity, "请先回拨核实")
	v.step("save", "called_back", "1").want(http.StatusOK, "已预约")
	if n := tn.count(`SELECT count(*) FROM call WHERE called_back`); n != 1 {
		t.Errorf("%d calls were called back, want 1", n)
	}
}

// Names are found by what they begin with or are, and never listed.
func TestANameIsFoundAndNobodyIsListed(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.visitor().book()
	v := tn.staff(auth.Operator)
	for typed, says := range map[string]string{
		"zs": "按姓名首字母查：1 条", "ls": "按姓名首字母查：1 条", "李四": "按姓名查：1 条", "李": "只有一个字，请输入全名或首字母", "wp": "按姓名首字母查：没有找到",
		him: "按证件号码查：1 条", tn.last(): "按预约号查：1 条", tn.Desk.DoorPass(tn.last()): "按二维码查：1 条",
	} {
		v.get("/call").step("enter", "q", typed)
		if !strings.Contains(v.text(), says) {
			t.Errorf("%s: the page does not say %q:\n%s", typed, says, v.text())
		}
		if strings.Contains(v.body, "张三") || strings.Contains(v.body, hisPhone) {
			t.Errorf("%s: the page shows more than it may", typed)
		}
	}
}

// What was erased is nowhere: the calls about it are nobody's.
func TestErasedDataAreInNoCall(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.staff(auth.Operator)
	v.get("/call").step("enter", "q", hisPhone)
	v.pickAt("2026-05-21", "09:00")
	v.step("save", append(couple(), "phone", "")...).want(http.StatusOK, "已预约")
	ctx := t.Context()
	a, err := tn.Desk.At(ctx, tn.last(), func(string) bool { return true })
	if err == nil {
		a, err = tn.Desk.Cancel(ctx, booking.Change{Appointment: a, Staff: true, Reason: "test", Actor: "test"})
	}
	if err == nil {
		_, err = tn.Desk.Erase(ctx, a, "test")
	}
	if err != nil {
		t.Fatal(err)
	}
	if n := tn.count(`SELECT count(*) FROM call WHERE phone_key = $1`, a.PhoneKey); n != 0 {
		t.Errorf("%d calls are still theirs", n)
	}
	tn.later(91 * 24 * time.Hour)
	if _, err := tn.Desk.EraseOld(ctx); err != nil {
		t.Fatal(err)
	}
	if n := tn.count(`SELECT count(*) FROM call`); n != 0 {
		t.Errorf("%d calls are kept after 90 days", n)
	}
}

// Whoever wants another time after two names and 36 digits were typed need not say
// them again: not after going back, choosing another day, looking somebody up,
// losing the place, or for a draft that is parked in between.
func TestWhatTheCallerHasSaidOutlivesThePlace(t *testing.T) {
	t.Parallel()
	for name, between := range map[string]func(v *visitor){
		"back":        func(v *visitor) { v.step("back").want(http.StatusOK) },
		"another day": func(v *visitor) { v.step("enter", "date", "2026-05-22").want(http.StatusOK) },
		"no such day": func(v *visitor) { v.step("back").step("enter", "date", "0230").want(http.StatusUnprocessableEntity) },
		"a command":   func(v *visitor) { v.step("enter", "q", ">").want(http.StatusOK, "返回").step("back") },
		"somebody":    func(v *visitor) { v.step("back").step("enter", "q", "97979797").want(http.StatusOK) },
		"parked": func(v *visitor) {
			v.step("back").step("park").want(http.StatusOK, "已暂存")
			v.step("enter", "q", "13900001234").step(regexp.MustCompile(`resume:[0-9a-f-]{36}`).FindString(v.body)).want(http.StatusOK, "继续")
		},
		"lost": func(v *visitor) {
			v.later(16 * time.Minute)
			again := v.form("/call")
			v.get("/staff/login").send("/staff/login", "username", auth.Operator, "password", password)
			v.post("/call", merged(again, "step", "save")).want(http.StatusConflict)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newTown(t).staff(auth.Operator)
			v.get("/call").step("enter", "q", "13900001234")
			v.pickAt("2026-05-21", "09:00")
			v.step("enter", append(couple(), "phone", "", "caller", "姐姐", "other", "1")...).want(http.StatusOK)
			between(v)
			v.pickAt("2026-05-22", "10:00")
			got := v.form("/call")
			for name, want := range map[string]string{
				"parties.0.name": "张三", "parties.1.name": "李四", "parties.0.document.number": him, "parties.1.document.number": her,
				"caller": "姐姐", "other": "1", "consents.agreement": agreementVersion,
			} {
				if got.Get(name) != want {
					t.Errorf("%s is %q, want %q", name, got.Get(name), want)
				}
			}
			v.step("save").want(http.StatusOK, "已预约")
			if v.step("new").want(http.StatusOK); strings.Contains(v.body, "张三") {
				t.Error("the next call has the names of this one")
			}
		})
	}
}

// While the caller reads numbers out their place does not run out.
func TestAPlaceIsKeptForAsLongAsTheCallGoesOn(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.staff(auth.Operator)
	v.get("/call").step("enter", "q", "13900001234")
	v.pickAt("2026-05-21", "11:00") // the one place of that time
	for range 3 {
		tn.later(4 * time.Minute)
		v.step("enter", append(couple(), "phone", "")...).want(http.StatusOK)
	}
	other := tn.staffNamed("colleague")
	other.get("/call").step("enter", "date", "2026-05-21").step("hold:" + slotOf(office, "2026-05-21", "11:00")).want(http.StatusConflict)
	v.step("save").want(http.StatusOK, "已预约")
}

func TestWhatCannotBeReadIsSaidInWordsToSay(t *testing.T) {
	t.Parallel()
	v := newTown(t).staff(auth.Operator)
	v.get("/call")
	for typed, says := range map[string]string{
		"1380000000": "号码少 1 位，麻烦您再念一遍", "138000000012": "号码多 1 位", "0230": "没有这一天", "张": "请输入全名", "@#": "看不懂",
	} {
		v.step("enter", "q", typed).want(http.StatusUnprocessableEntity, says)
		if got := v.form("/call").Get("q"); got != typed {
			t.Errorf("the box holds %q, want %q", got, typed)
		}
	}
	v.step("enter", "q", ">nothing").want(http.StatusOK, "没有这个命令", "回访名单", "我的一天")
}
