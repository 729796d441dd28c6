package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/server/auth"
)

// waiting is the town's office at nine on the day, with so many couples who wait.
func (tn *town) waiting(couples int) {
	tn.t.Helper()
	tn.unscreened()
	tn.at("2026-05-20 09:05")
	for range couples {
		tn.walksIn()
	}
}

// walksIn is somebody without an appointment who waits in the hall.
func (tn *town) walksIn() string {
	tn.t.Helper()
	a, err := tn.Desk.WalkIn(tn.t.Context(), booking.WalkIn{Office: office, Service: "marriage", Actor: "test"})
	if err == nil {
		_, err = tn.Hall.CheckIn(tn.t.Context(), hall.Arrival{Number: a.Number, Office: office, Actor: "test"})
	}
	if err != nil {
		tn.t.Fatal(err)
	}
	return a.Number
}

const window3 = "/window/3?office=" + office

func TestACounterCallsServesAndCompletes(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	couple := tn.visitor()
	number := tn.bookedBy(couple)
	tn.waiting(0)
	v := tn.staff(auth.Registrar)
	v.get("/window").want(http.StatusOK, "还没有窗口打开")
	v.get(window3).press("call").want(http.StatusConflict, "窗口还没有开")
	v.press("open").want(http.StatusOK, "暂无等候")
	v.press("call").want(http.StatusConflict, "现在没有可叫的新人")
	if _, err := tn.Hall.CheckIn(t.Context(), hall.Arrival{Number: number, Office: office, Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	v.get(window3).want(http.StatusOK, "可以呼叫下一对", "A001", "09:00")
	if strings.Contains(v.body, "张") {
		t.Error("the line names somebody")
	}
	v.press("call").want(http.StatusOK, "A001", "已叫号", "张*", "李*", "已叫 1 次")
	couple.get("/b/"+number).want(http.StatusOK, "3")
	v.press("recall").want(http.StatusConflict, "刚刚叫过")
	v.press("start").want(http.StatusOK, "A001", "正在办理", "J430702-2026-")
	if got := v.form("/window/3").Get("certificate_number"); got != "" {
		t.Errorf("the serial is filled in: %q", got)
	}
	v.press("complete", "certificate_number", "12").want(http.StatusUnprocessableEntity, "请填 6 位数字")
	v.press("complete", "certificate_number", "000123").want(http.StatusOK, "上一对 A001，09:05 办结", "09:10 前可以撤销", "暂无等候")
	couple.get("/b/"+number).want(http.StatusOK, "登记已完成")

	v.press("undo").want(http.StatusOK, "A001", "正在办理")
	v.press("complete", "certificate_number", "000124").want(http.StatusOK, "办结")
	tn.later(6 * time.Minute)
	v.get(window3).want(http.StatusOK, "上一对 A001")
	if strings.Contains(v.body, `value="undo"`) {
		t.Error("after five minutes it can still be undone")
	}
	v.post("/window/3", url.Values{"office": {office}, "key": {newKey()}, "number": {number}, "step": {"undo"}}).want(http.StatusConflict, "不能撤销")
	if n := tn.count(`SELECT count(*) FROM registration`); n != 2 {
		t.Errorf("%d registrations are kept, want the undone one too", n)
	}
}

func TestAButtonPressedTwiceIsPressedOnce(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.waiting(2)
	v := tn.staff(auth.Registrar)
	v.get(window3).press("open")
	page := *v
	for range 3 {
		again := page
		again.press("call").want(http.StatusOK, "B001")
	}
	if n := tn.count(`SELECT count(*) FROM counter_call`); n != 1 {
		t.Errorf("one press called %d times", n)
	}
}

// Duplicate and gap: the first is never noted, the second by a second press alone.
func TestACounterAsksAboutAnOddNumber(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.waiting(3)
	v := tn.staff(auth.Registrar)
	v.get(window3).press("open")
	v.press("call").press("start").press("complete", "certificate_number", "000123").want(http.StatusOK, "B001", "办结")
	v.press("call").press("start").want(http.StatusOK, "下一个应为 000124")
	for range 2 {
		v.press("complete", "certificate_number", "000123").want(http.StatusUnprocessableEntity, "000123 已用于 B001（5月20日 周三），请核对")
	}
	v.press("complete", "certificate_number", "000127").want(http.StatusUnprocessableEntity, "跳了 3 个号，确认？")
	v.press("complete", "certificate_number", "000128").want(http.StatusUnprocessableEntity, "跳了 4 个号")
	v.press("complete").want(http.StatusOK, "上一对 B002")
	v.press("call").press("start").press("complete", "certificate_number", "J430702-2025-000001").want(http.StatusUnprocessableEntity, "证号不是今年的")
	v.press("complete").want(http.StatusOK, "上一对 B003")
	if n := tn.count(`SELECT count(*) FROM registration`); n != 3 {
		t.Errorf("%d registrations, want 3", n)
	}
}

func TestWhoDoesNotComeIsPassed(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.waiting(3)
	v := tn.staff(auth.Registrar)
	v.get(window3).press("open")
	v.press("call").want(http.StatusOK, "B001")
	v.press("pass").want(http.StatusConflict, "叫的次数还不够")
	for range 2 {
		tn.later(6 * time.Second)
		v.press("recall").want(http.StatusOK, "已叫")
	}
	v.want(http.StatusOK, "已叫 3 次", "请按过号")
	tn.later(6 * time.Second)
	v.press("recall").want(http.StatusConflict, "可以过号")
	v.press("pass").want(http.StatusOK, "B001 已过号，回来后前面还有 2 对")
	v.press("call").want(http.StatusOK, "B002")
	v.press("park").want(http.StatusOK, "暂存的", "B002")
	v.press("call").want(http.StatusOK, "B003")
}

func TestSomebodyIsSentOnAndCalledThereNext(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.waiting(2)
	v := tn.staff(auth.Registrar)
	v.get("/window/4?office=" + office).press("open")
	v.get(window3).press("open")
	v.press("call").press("start").press("forward", "to", "9").want(http.StatusConflict, "窗口还没有开")
	v.press("forward", "to", "4").want(http.StatusOK, "转到 4 号窗口")
	v.press("call").want(http.StatusOK, "B002")
	v.get("/window/4?office="+office).press("call").want(http.StatusOK, "B001", "已叫号")
}

func TestARefusalNeedsAReasonAndOffersAnotherDay(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.waiting(1)
	v := tn.staff(auth.Registrar)
	v.get(window3).press("open")
	v.press("call").press("start").press("refusing").want(http.StatusOK, "证件不全", "照片不合格")
	v.press("refuse").want(http.StatusUnprocessableEntity, "请选择原因")
	v.press("refuse", "refusal", "other").want(http.StatusUnprocessableEntity, "请写明原因")
	v.press("refuse", "refusal", "photos", "reason", "").want(http.StatusOK, "已记为未能办理", "给二位改约别的时间")
	v.get("/call/o/" + office + "?service=marriage").want(http.StatusOK)
	if n := tn.count(`SELECT count(*) FROM refusal WHERE code = 'photos'`); n != 1 {
		t.Errorf("%d refusals for the photos", n)
	}
}

// Domain rules 49 and 67: without a permission or a reading nobody opens a counter,
// and the hall looks on.
func TestNotEverybodyMayServe(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.waiting(1)
	tn.staff(auth.Hall).get(window3).want(http.StatusOK, "B001").post("/window/3", url.Values{"office": {office}, "step": {"open"}}).want(http.StatusForbidden)
	v := tn.staff(auth.Registrar)
	if _, err := tn.db.ExecContext(t.Context(), `UPDATE account SET certificate_to = '2026-05-19' WHERE username = 'registrar'`); err != nil {
		t.Fatal(err)
	}
	tn.later(2 * time.Second) // an account is remembered for a second
	v.get(window3).press("open").want(http.StatusForbidden)
	v.get("/window/3?office=" + elsewhere).want(http.StatusForbidden)
}

func TestACounterNeedsAReadingWhereTheOfficeMeasures(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.at("2026-05-20 09:05")
	v := tn.staff(auth.Registrar)
	v.get(window3).press("open").want(http.StatusForbidden, "请先登记您今天的体温")
}

// The line that a counter asks for again and again names nobody, so nothing of it is
// in the audit; the couple at the counter is.
func TestTheLineIsWatchedOnlyWhereItShowsSomebody(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.waiting(2)
	if _, err := tn.Hall.CheckIn(t.Context(), hall.Arrival{Number: number, Office: office, Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	v := tn.staff(auth.Registrar)
	v.get(window3).press("open")
	looks := `SELECT count(*) FROM audit WHERE action IN ('read', 'list', 'unmasked')`
	before := tn.count(looks)
	v.get("/window/3/line?office=" + office)
	var live liveLine
	//nolint:musttag // a row is sent by the names of its fields
	if err := json.Unmarshal([]byte(v.body), &live); err != nil || len(live.Line) != 3 || live.Line[0].Ticket != "A001" {
		t.Errorf("the line is %+v, %v", live, err)
	}
	if n := tn.count(looks); n != before {
		t.Errorf("%d looks were noted for the line", n-before)
	}
	v.get(window3).press("call").want(http.StatusOK, "张*")
	if n := tn.count(looks); n == before {
		t.Error("the couple at the counter was shown and not noted")
	}
	v.press("unmask").want(http.StatusUnprocessableEntity)
	v.press("unmask", "unmask", "compare").want(http.StatusOK, "张三", him)
	if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'unmasked'`); n != 1 {
		t.Errorf("%d rows say that they were shown in full", n)
	}
}

// Domain rule 48: before everybody goes home the page says who is left.
func TestTheCounterSaysWhoIsLeftBeforeClosing(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.waiting(2)
	v := tn.staff(auth.Registrar)
	if v.get("/window").want(http.StatusOK); strings.Contains(v.text(), "还没办完") {
		t.Error("in the morning it is no matter yet")
	}
	tn.at("2026-05-20 11:45")
	v = tn.staff(auth.Manager)
	v.get("/window").want(http.StatusOK, "还没办完的 2 对", "B001", "B002")
}

func TestOnlyAManagerCorrectsANumberAndBothAreKept(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.waiting(1)
	v := tn.staff(auth.Registrar)
	v.get(window3).press("open")
	v.press("call").press("start").press("complete", "certificate_number", "000123").want(http.StatusOK)
	var number string
	if err := tn.db.GetContext(t.Context(), &number, `SELECT number FROM registration`); err != nil {
		t.Fatal(err)
	}
	at := fmt.Sprintf("/desk/%s/certificate", number)
	v.get(at).want(http.StatusForbidden)
	m := tn.staff(auth.Manager)
	m.get(at).want(http.StatusOK, "J430702-2026-000123")
	m.send(at, "certificate_number", "J430702-2026-000132", "reason", "").want(http.StatusUnprocessableEntity, "请写明原因")
	m.send(at, "certificate_number", "J430702-2026-000123", "reason", "录入错误").want(http.StatusUnprocessableEntity, "和现在的证号一样")
	m.send(at, "certificate_number", "J430702-2026-000132", "reason", "应为 000132").want(http.StatusUnprocessableEntity, "不要写号码")
	m.send(at, "certificate_number", "J430702-2026-000132", "reason", "录入错误").want(http.StatusOK, "J430702-2026-000123", "J430702-2026-000132", "录入错误")
	v.get("/desk/"+number).want(http.StatusOK, "已办结，证号 J430702-2026-000132")
}

func TestWalkInsAreGivenATicketAtTheDesk(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.waiting(0)
	v := tn.staff(auth.Hall)
	v.get("/desk/walk-in").want(http.StatusOK, "不用填姓名和电话")
	once := v.form("/desk/walk-in")
	once.Set("service", "marriage")
	for range 2 {
		v.post("/desk/walk-in", once).want(http.StatusOK, "B001", "预计")
	}
	if n := tn.count(`SELECT count(*) FROM appointment WHERE walk_in`); n != 1 {
		t.Errorf("one press made %d walk-ins", n)
	}
	v.post("/desk/walk-in", url.Values{"office": {office}, "service": {"nothing"}, "key": {newKey()}}).want(http.StatusUnprocessableEntity)

	convert := "/desk/walk-in?from=" + number // domain rule 41
	v.get(convert).send("/desk/walk-in").want(http.StatusUnprocessableEntity, "请选择原因")
	v.send("/desk/walk-in", "wrong", "person").want(http.StatusOK, "B002")
	if n := tn.count(`SELECT count(*) FROM appointment WHERE number = $1 AND status = 'booked'`, number); n != 1 {
		t.Error("the appointment of those who did not come is gone")
	}
	v.get(convert).send("/desk/walk-in", "wrong", "service").want(http.StatusOK, "B003")
	if n := tn.count(`SELECT count(*) FROM appointment WHERE number = $1 AND status = 'cancelled'`, number); n != 1 {
		t.Error("the appointment for another service stands")
	}
	v.get("/desk/walk-in").send("/desk/walk-in", "service", "divorce_apply").want(http.StatusOK, "B004")
	for range 6 { // there are so many slots, with a place each
		v.send("/desk/walk-in", "service", "divorce_apply")
	}
	v.want(http.StatusConflict, "今天可以现场取号的名额已经用完", "最近可约的是")
	v.get("/desk").want(http.StatusOK, "现场", "B001")
}

func TestAWalkInIsMeasuredWhereTheOfficeMeasures(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.unscreened()
	rules, err := tn.Offices.Rules(t.Context(), office, may(20))
	if err != nil {
		t.Fatal(err)
	}
	rules.Screening = "required"
	if err := tn.Offices.SetRules(t.Context(), office, may(19), rules, "test", "test"); err != nil {
		t.Fatal(err)
	}
	tn.at("2026-05-20 09:05")
	v := tn.well(auth.Hall)
	v.get("/desk/walk-in").send("/desk/walk-in", "service", "marriage", "reading.1", "36.5").want(http.StatusUnprocessableEntity)
	if n := tn.count(`SELECT count(*) FROM appointment WHERE walk_in`); n != 0 {
		t.Errorf("a slip of the pen took %d places", n)
	}
	v.send("/desk/walk-in", "reading.1", "36.5", "reading.2", "36.6", "device", "T1").want(http.StatusOK, "B001")
	if n := tn.count(`SELECT count(*) FROM temperature WHERE kind = 'party'`); n != 2 {
		t.Errorf("%d readings were kept", n)
	}
	v.get("/desk/walk-in").send("/desk/walk-in", "service", "marriage", "reading.1", "36.5", "reading.2", "37.6", "device", "T1").want(http.StatusOK, "请到签到台休息后再量")
	var rests string
	tn.must(tn.db.GetContext(t.Context(), &rests, `SELECT number FROM appointment WHERE walk_in AND status = 'booked'`))
	tn.at("2026-05-20 09:20") // who has no name is measured again like anybody
	v.get("/desk/"+rests).send("/desk/"+rests+"/check-in", "reading.2", "36.6", "device", "T2").want(http.StatusOK, "B002")
}
