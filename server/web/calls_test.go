package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/notify"
	"hunyue/server/auth"
	"hunyue/slots"
)

// callers makes couples who have booked for 20 May, and then suspends that day.
func (tn *town) callers(phones ...string) {
	tn.t.Helper()
	for i, phone := range phones {
		var numbers []string
		for _, sex := range []identity.Sex{identity.Male, identity.Female} {
			number, err := identity.Synthetic(date.Date{Year: 1990, Month: time.May, Day: 4}, sex, i+40)
			if err != nil {
				tn.t.Fatal(err)
			}
			numbers = append(numbers, number)
		}
		v := tn.operator("booker" + strconv.Itoa(i))
		day := "/call" + theDay
		v.get(day)
		v.send(day, "slot", v.radios()[0]).want(http.StatusOK, "来电人")
		v.send("/call/book/check", append(couple(),
			"parties.0.document.number", numbers[0], "parties.1.document.number", numbers[1], "phone", phone, "caller", "本人")...).want(http.StatusOK)
		v.send("/call/book/confirm").want(http.StatusOK, "预约成功")
	}
	_, err := tn.Desk.Suspend(tn.t.Context(), slots.Closing{
		Office: office, From: may(20), To: may(21), Mode: slots.Full, Reason: "停电", Notice: "停电，暂停办理。",
	}, "test", false)
	if err != nil {
		tn.t.Fatal(err)
	}
}

// operator is an operator of a name of their own who has signed in.
func (tn *town) operator(name string) *visitor {
	tn.t.Helper()
	_, err := tn.Accounts.AddUser(tn.t.Context(), "test", auth.NewUser{Username: name, Password: password, Roles: []string{auth.Operator}, Offices: []string{office}})
	if err != nil {
		tn.t.Fatal(err)
	}
	return tn.visitor().signIn(name)
}

func (v *visitor) signIn(name string) *visitor {
	v.t.Helper()
	v.get("/staff/login").send("/staff/login", "username", name, "password", password)
	if v.Status != http.StatusOK || v.URL.Path == "/staff/login" {
		v.t.Fatalf("login of %s: %d at %s", name, v.Status, v.URL.Path)
	}
	return v
}

// recordAt is where the call in hand is recorded.
func (v *visitor) recordAt() string {
	v.t.Helper()
	for f := range v.all("form") {
		if to := attr(f, "action"); filled(f).Has("key") {
			return to
		}
	}
	v.t.Fatalf("no call is in hand:\n%s", v.text())
	return ""
}

const callList = "/call/list"

func TestOperatorsWorkOffTheCallList(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	anna := tn.operator("anna")
	anna.get(callList).want(http.StatusOK, "今天没有要打的电话")
	tn.callers("0736-7123456", "13900000001")
	ben := tn.operator("ben")

	anna.get(callList).want(http.StatusOK, "5月20日 周三 至 5月21日 周四 停办（停电）", "没有打过", "打下一个电话")
	if text := anna.text(); strings.Contains(text, "7123456") || strings.Contains(text, "0001") || strings.Contains(text, "张") {
		t.Errorf("somebody is named before anybody is called:\n%s", text)
	}
	first := anna.send(callList+"/next").want(http.StatusOK, "现在拨打", "尾号 3456 的机主", "原因是停电", "不算爽约", "优先改约：", "张*、李*", "您正在打")
	if text := first.text(); !strings.Contains(text, "07367123456") || strings.Contains(text, "139 0000 0001") {
		t.Errorf("anna does not see her phone, or another one:\n%s", text)
	}
	ben.get(callList).want(http.StatusOK, "anna 正在打").send(callList+"/next").want(http.StatusOK, "139 0000 0001")
	if strings.Contains(ben.text(), "07367123456") {
		t.Error("ben sees the phone that anna is calling")
	}

	anna.send(anna.recordAt()).want(http.StatusUnprocessableEntity, "请选一个结果", "07367123456")
	anna.send(anna.recordAt(), "outcome", "given_up").want(http.StatusConflict, "至少拨打三次")
	anna.send(anna.recordAt(), "outcome", "no_answer").want(http.StatusOK, "没有人接", "起再打", "最早的一个")
	again := callList + "/next"
	anna.send(again, "early", "1").want(http.StatusOK, "07367123456", "1 次")
	anna.send(callList+"/back").want(http.StatusOK, "最早的一个")
	sent, to := ben.form(ben.recordAt()), ben.recordAt()
	sent.Set("outcome", "reached")
	for range 2 { // sent twice, it is one call
		ben.post(to, sent).want(http.StatusOK, "最早的一个")
	}
	tn.later(31 * time.Minute)
	anna.signIn("anna").get(callList).send(again).want(http.StatusOK, "07367123456", "1 次")
	anna.send(anna.recordAt(), "outcome", "reached", "then", "stop").want(http.StatusOK, "都打完了")
	if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'called'`); n != 3 {
		t.Errorf("%d calls are in the audit, want 3", n)
	}
	if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'read' AND actor = 'staff:ben' AND detail LIKE 'call_list %'`); n != 1 {
		t.Errorf("ben has seen a phone %d times by the audit, want once", n)
	}
}

// A call that somebody else has meanwhile is not recorded, and they are told so.
func TestACallThatWasTakenOverIsNotRecorded(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.callers("13900000001")
	anna, ben := tn.operator("anna"), tn.operator("ben")
	anna.get(callList).send(callList+"/next").want(http.StatusOK, "139 0000 0001")
	stale, to := anna.form(anna.recordAt()), anna.recordAt()
	stale.Set("outcome", "reached")
	ben.get(callList).want(http.StatusOK, "剩下的都有人在打")
	tn.later(11 * time.Minute)
	ben.get(callList).send(callList+"/next").want(http.StatusOK, "139 0000 0001")
	anna.post(to, stale).want(http.StatusConflict, "不在您手里", "ben 正在打")
	anna.post(callList+"/999", stale).want(http.StatusNotFound, "没有这条待拨记录")
	anna.post(callList+"/x", stale).want(http.StatusNotFound)
	anna.post(callList+"/back", url.Values{"call": {"x"}}).want(http.StatusNotFound)
	if n := tn.count(`SELECT count(*) FROM contact WHERE open AND tries = 0`); n != 1 {
		t.Errorf("%d entries are as they were, want 1", n)
	}
}

func TestWhoSignsOutHasNoCallInHand(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.callers("13900000001")
	anna := tn.operator("anna")
	anna.get(callList).send(callList+"/next").want(http.StatusOK, "139 0000 0001")
	anna.send("/staff/logout").want(http.StatusOK, "工作人员登录")
	tn.operator("ben").get(callList).send(callList+"/next").want(http.StatusOK, "139 0000 0001")
}

// Whoever books another day for those they call keeps the call in hand.
func TestWorkOnTheLineKeepsTheCallInHand(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.callers("13900000001")
	anna, ben := tn.operator("anna"), tn.operator("ben")
	anna.get(callList).send(callList+"/next").want(http.StatusOK, "139 0000 0001")
	for _, at := range []string{"/call/o/" + office, "/call", "/call"} {
		tn.later(7 * time.Minute)
		anna.get(at).want(http.StatusOK)
		ben.get(callList).want(http.StatusOK, "剩下的都有人在打")
	}
}

func TestTheCallListIsOfTheirOwnOffice(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	anna := tn.operator("anna")
	anna.get(callList + "?office=" + elsewhere).want(http.StatusForbidden)
	for _, to := range []string{"/next", "/back", "/1"} {
		anna.post(callList+to, url.Values{"office": {elsewhere}, "call": {"1"}}).want(http.StatusForbidden)
	}
	anna.get(callList+"/next").want(http.StatusOK, "今天没有要打的电话") // from the history
	tn.visitor().get(callList).want(http.StatusOK, "工作人员登录")
}

// Couples who read English are told in English, and the operator what it means.
func TestWhatIsToldIsInTheLanguageOfTheCouple(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.callers("13900000001")
	if _, err := tn.db.ExecContext(t.Context(), `UPDATE appointment SET locale = 'en'`); err != nil {
		t.Fatal(err)
	}
	tn.operator("anna").get(callList).send(callList+"/next").want(http.StatusOK, "am I speaking to the owner of the phone ending in 0001", "we are closed Wed 20 May to Thu 21 May (停电)", "意思是", "不算爽约")
}

// Every kind of news can be told: no sentence is missing, and none says what the
// visit is for or names anybody.
func TestEveryReasonHasASentenceThatNamesNobody(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	for _, reason := range notify.CallReasons() {
		if reason == notify.CancelledByOffice {
			continue // in the tests above
		}
		if _, err := tn.db.ExecContext(t.Context(), `SELECT add_contact((SELECT id FROM appointment WHERE number = $1), $2)`, number, reason); err != nil {
			t.Fatal(err)
		}
	}
	anna := tn.operator("anna")
	told := ""
	for range len(notify.CallReasons()) - 3 { // booked and moved are said by the reminder
		anna.get(callList).send(callList + "/next").want(http.StatusOK)
		say := anna.said()
		if strings.Contains(say, "结婚") || strings.Contains(say, "登记结") || strings.Contains(say, "张") || !strings.Contains(say, "这里是武陵区婚姻登记处") {
			t.Errorf("names them, or what they come for, or not us: %s", say)
		}
		told += say
		anna.send(anna.recordAt(), "outcome", "reached", "then", "stop").want(http.StatusOK)
	}
	for _, says := range []string{"提醒您", "已经取消", "改日办理", "没有等到您", "又约了一次", "现在可以了"} {
		if !strings.Contains(told, says) {
			t.Errorf("nobody was told %q", says)
		}
	}
	anna.get(callList).want(http.StatusOK, "都打完了")
}

// said is what the operator reads out.
func (v *visitor) said() string {
	v.t.Helper()
	for d := range v.all("div") {
		if attr(d, "id") == "say" {
			return (&visitor{root: d}).text()
		}
	}
	v.t.Fatalf("there is nothing to be said:\n%s", v.text())
	return ""
}
