package web

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/server/auth"
	"hunyue/slots"
)

const (
	healthAt       = "/manage/" + office + "/health"
	temperatureAt  = "/manage/" + office + "/ledger/temperature"
	disinfectionAt = "/manage/" + office + "/ledger/disinfection"
)

// deferred is a couple with two fevers, the second at 09:02.
func (tn *town) deferred() string {
	tn.t.Helper()
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:50")
	tn.arrive(number, 376, 365)
	tn.at("2026-05-20 09:02")
	c, err := tn.Hall.CheckIn(tn.t.Context(), hall.Arrival{
		Number: number, Office: office, Actor: "staff:hall", Readings: []hall.Reading{{Party: 1, Decicelsius: 377, Device: "T2"}},
	})
	tn.must(err)
	if c.Outcome != hall.Deferred {
		tn.t.Fatalf("outcome %s, want deferred", c.Outcome)
	}
	return number
}

func TestASecondFeverIsSeenToByTheLeader(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.deferred()
	v, door := tn.well(auth.Manager), tn.well(auth.Hall)
	v.get("/manage/"+office).want(http.StatusOK, "预约号 "+number+" 体温偏高，11:02 前移交")
	door.get("/desk").want(http.StatusOK, "预约号 "+number+" 体温偏高，11:02 前移交")
	door.get(healthAt).want(http.StatusForbidden)
	v.counted("体温偏高的处置", "1")
	v.counted("其中移交超时", "0")
	tn.at("2026-05-20 11:10")
	v.signIn(auth.Manager)
	v.get(healthAt).want(http.StatusOK, "移交已超时，应在 11:02 前")
	v.counted("其中移交超时", "1")
	id := v.get(healthAt).form(healthAt + "/handover").Get("incident")
	v.get(healthAt).send(healthAt+"/handover", "authority."+id, " ", "handed."+id, "x").want(http.StatusUnprocessableEntity, "请填日期和时间")
	v.get(healthAt).send(healthAt+"/handover", "authority."+id, "", "handed."+id, "2026-05-20T11:20").want(http.StatusUnprocessableEntity)
	v.get(healthAt).send(healthAt+"/handover", "authority."+id, "疾控中心", "handed."+id, "2026-05-20T11:20").want(http.StatusUnprocessableEntity, "这个时间还没有到")
	v.send(healthAt+"/handover", "handed."+id, "2026-05-20T11:05").want(http.StatusOK, "已登记移交", "11:05 才移交：疾控中心，应在 11:02 前")
	if n := tn.count(`SELECT count(*) FROM handover`); n != 1 {
		t.Errorf("%d handovers, want 1", n)
	}
	elsewhereAt := "/manage/" + elsewhere + "/health/handover"
	v.post(elsewhereAt, url.Values{"incident": {id}, "authority." + id: {"x"}}).want(http.StatusForbidden)
}

// counted wants a figure of the page of 20 May.
func (v *visitor) counted(figure, want string) {
	v.t.Helper()
	v.get("/manage/"+office+"/2026-05-20").want(http.StatusOK, figure)
	if !strings.Contains(v.body, "<dt>"+figure+"</dt><dd>"+want+"</dd>") {
		v.t.Errorf("%s is not %s", figure, want)
	}
}

func TestTheLeaderLetsACoupleIn(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.deferred()
	v := tn.well(auth.Manager)
	id := v.get(healthAt).form(healthAt + "/let-in").Get("incident")
	v.send(healthAt+"/let-in", "reason."+id, "").want(http.StatusUnprocessableEntity, "请写明原因")
	v.send(healthAt+"/let-in", "reason."+id, "医生已看过").want(http.StatusOK, "已放行，号码 A001", "值班负责人已放行")
	v.get("/desk/"+number).want(http.StatusOK, "A001")
	if n := tn.count(`SELECT count(*) FROM line_place`); n != 1 {
		t.Errorf("%d places in the line, want 1", n)
	}
}

func TestWhoWasPutOffBooksAnewBeforeOthers(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	couple := tn.visitor()
	number := tn.bookedBy(couple)
	tn.at("2026-05-20 08:50")
	tn.arrive(number, 376, 365)
	tn.at("2026-05-20 09:02")
	_, err := tn.Hall.CheckIn(t.Context(), hall.Arrival{
		Number: number, Office: office, Actor: "staff:hall", Readings: []hall.Reading{{Party: 1, Decicelsius: 377, Device: "T2"}},
	})
	tn.must(err)
	couple.get("/b/"+number).want(http.StatusOK, "6月3日", "不计爽约", "改约到别的日期")
	couple.get("/b/"+number+"/rebook").want(http.StatusOK, "选择新的日期和时段")
	slot := slotOf(office, "2026-05-25", "09:30")
	couple.post("/b/"+number+"/rebook", url.Values{"slot": {slot}, "day": {"2026-05-25"}, "key": {newKey()}}).want(http.StatusOK)
	couple.send("/b/"+number+"/rebook/confirm", "code", tn.codeFor(hisPhone)).want(http.StatusOK)
	if n := tn.count(`SELECT count(*) FROM appointment WHERE status = 'booked' AND day = '2026-05-25'`); n != 1 {
		t.Errorf("%d appointments on the other day, want 1", n)
	}
	couple.get("/b/" + number + "/rebook").want(http.StatusOK)
	if strings.HasSuffix(couple.URL.Path, "/rebook") {
		t.Error("the right is there twice")
	}
}

func TestScreeningIsSwitchedFromOneDayToAnother(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.staff(auth.Manager)
	v.get(healthAt).want(http.StatusOK, "5月18日 周一 起：必须测")
	v.send(healthAt+"/screening", "screening", "off", "from", "2026-05-19", "to", "2026-05-18", "reason", "").
		want(http.StatusUnprocessableEntity)
	v.send(healthAt+"/screening", "screening", "off", "from", "2026-05-19", "to", "2026-05-21", "reason", "上级通知").
		want(http.StatusOK, "5月19日 周二 至 5月21日 周四：不测", "5月22日 周五 起：必须测")
	if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'screening_set' AND actor LIKE 'staff:%' AND detail LIKE 'off from 2026-05-19 to 2026-05-21: 上级通知'`); n != 1 {
		t.Errorf("%d audit rows, want 1", n)
	}
}

// healthWords is what pages say of anybody's health.
var healthWords = []string{"体温", "发热", "℃"}

func TestNothingIsSaidOfHealthWhereNobodyIsMeasured(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.must(tn.Offices.SetScreening(t.Context(), office, date.Date{Year: 2026, Month: 5, Day: 18}, date.Date{}, slots.ScreeningOff, "test", "test"))
	couple := tn.visitor()
	number := tn.bookedBy(couple)
	tn.at("2026-05-20 08:50")
	v := tn.staff(auth.Manager)
	silent := func(v *visitor, at string) {
		t.Helper()
		v.get(at).want(http.StatusOK)
		for _, word := range healthWords {
			if text := v.text(); strings.Contains(text, word) && !strings.Contains(at, "health") && !strings.Contains(at, "ledger") && !strings.HasPrefix(at, "/manage") {
				t.Errorf("%s says %s", at, word)
			}
		}
		for in := range v.all("input") {
			if name := attr(in, "name"); strings.Contains(name, "celsius") || strings.HasPrefix(name, "reading") || name == "consents.health" || name == "device" {
				t.Errorf("%s asks for %s", at, name)
			}
		}
	}
	silent(couple, "/b/"+number)
	for _, at := range []string{"/desk?office=" + office, "/desk/" + number, "/desk/today?office=" + office, healthAt, temperatureAt, "/call/" + number} {
		silent(v, at)
	}
	v.get(temperatureAt).want(http.StatusOK, "这一天不测体温")
	v.get("/desk/"+number).send("/desk/"+number+"/check-in", "reading.1", "36.5", "device", "T1", "companion.reason", "口译", "companion.celsius", "36.5").want(http.StatusOK, "A001")
	v.post("/desk/reading", url.Values{"office": {office}, "celsius": {"36.5"}, "device": {"T1"}}).want(http.StatusConflict)
	if n := tn.count(`SELECT count(*) FROM temperature`); n != 0 {
		t.Errorf("%d readings are kept, want none", n)
	}
}

func TestTheTemperatureLedgerIsCorrectedAndTakenAway(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:50")
	door := tn.well(auth.Hall)
	door.get("/desk/"+number).send("/desk/"+number+"/check-in", "reading.1", "36.5", "reading.2", "36.6", "device", "=T1").want(http.StatusOK, "A001")
	door.get(temperatureAt).want(http.StatusOK, "A001 的第 2 人", "36.6 正常")
	for _, name := range []string{"张", "李"} {
		if strings.Contains(door.text(), name) {
			t.Errorf("the ledger has the name %s", name)
		}
	}
	last := ""
	for a := range door.all("a") {
		if to := attr(a, "href"); strings.Contains(to, "correct=") {
			last, _, _ = strings.Cut(to, "#")
		}
	}
	door.get(last).send(temperatureAt, "celsius", "36.6", "reason", "").want(http.StatusUnprocessableEntity, "请写明原因")
	door.send(temperatureAt, "celsius", "36.6", "reason", "看错").want(http.StatusUnprocessableEntity, "和原来一样")
	door.send(temperatureAt, "celsius", "36,8", "reason", "=看错").want(http.StatusOK, "已更正", "36.8 正常", "（已被后面一行代替）")
	door.post(temperatureAt, url.Values{"entry": {"999999"}, "celsius": {"36.5"}, "reason": {"x"}}).want(http.StatusNotFound)
	door.get(temperatureAt + "?date=2026-05-21").want(http.StatusNotFound)

	lines := door.csv(temperatureAt + "?as=csv")
	if len(lines) < 5 || lines[len(lines)-1][3] != "36.8" {
		t.Fatalf("the file has %q", lines)
	}
	for _, line := range lines {
		for _, cell := range line {
			if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
				t.Errorf("the cell %q is a formula", cell)
			}
		}
	}
	door.get(temperatureAt + "?as=xlsx").want(http.StatusOK)
	file, err := excelize.OpenReader(bytes.NewReader([]byte(door.body)))
	tn.must(err)
	rows, err := file.GetRows("Sheet1")
	tn.must(err)
	if len(rows) != len(lines) {
		t.Errorf("%d rows in the one file and %d in the other", len(rows), len(lines))
	}
	for i := range rows {
		for j := range rows[i] {
			cell, err := excelize.CoordinatesToCellName(j+1, i+1)
			tn.must(err)
			if formula, err := file.GetCellFormula("Sheet1", cell); err != nil || formula != "" {
				t.Errorf("%s is the formula %q (%v)", cell, formula, err)
			}
		}
	}
	if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'ledger_exported' AND detail = 'temperature' AND subject = 'day:430702:2026-05-20'`); n != 2 {
		t.Errorf("%d audit rows of files, want 2", n)
	}
}

// csv is a file that was asked for, line by line.
func (v *visitor) csv(at string) [][]string {
	v.t.Helper()
	v.get(at).want(http.StatusOK)
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(v.body, "\uFEFF")))
	r.FieldsPerRecord = -1
	lines, err := r.ReadAll()
	if err != nil {
		v.t.Fatal(err)
	}
	return lines
}

func TestTheDisinfectionLedgerIsKeptByHand(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.at("2026-05-20 10:00")
	door, leader := tn.staff(auth.Hall), tn.staff(auth.Manager)
	door.get(disinfectionAt).want(http.StatusOK, "今天还要做的：10 项")
	form := door.form(disinfectionAt)
	if form.Get("agent") != "含氯消毒剂" || form.Get("concentration") != "500 mg/L" || form.Get("contact") != "30" {
		t.Errorf("filled in beforehand: %v", form)
	}
	door.send(disinfectionAt, "agent", "", "contact", "0", "began", "", "ended", "25:00").want(http.StatusUnprocessableEntity)
	door.get(disinfectionAt).send(disinfectionAt, "area", "hall", "due", "720", "began", "09:00", "ended", "09:40", "operator", "保洁员").
		want(http.StatusOK, "已登记", "大厅", "09:00–09:40", "今天还要做的：9 项")
	entry := tn.count(`SELECT max(id) FROM disinfection`)
	check := disinfectionAt + "/check"
	for form := range door.all("form") {
		if attr(form, "action") == check {
			t.Error("who entered it is offered to check it")
		}
	}
	door.post(check, url.Values{"entry": {strconv.Itoa(entry)}}).want(http.StatusConflict, "请另一位同事核对")
	leader.get(disinfectionAt).send(check).want(http.StatusOK, "已核对")
	leader.get(disinfectionAt+"?correct="+strconv.Itoa(entry)).send(disinfectionAt, "concentration", "250 mg/L", "reason", "").want(http.StatusUnprocessableEntity)
	leader.send(disinfectionAt, "concentration", "250 mg/L", "reason", "写错了").want(http.StatusOK, "更正第 "+strconv.Itoa(entry)+" 行：写错了")
	tn.at("2026-05-20 12:00")
	door.signIn(auth.Hall)
	leader.signIn(auth.Manager)
	door.get("/desk").want(http.StatusOK, "还没有消毒记录：窗口（12:00 前）")
	leader.get("/manage/"+office).want(http.StatusOK, "还没有消毒记录：窗口（12:00 前）")
	if lines := door.csv(disinfectionAt + "?as=csv"); len(lines) != 5 {
		t.Errorf("the file has %q, want two entries", lines)
	}
}

func TestTheListOfTheDayIsMaskedAndNoted(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-19 16:59")
	v := tn.staff(auth.Hall)
	tomorrow := "/desk/today?office=" + office + "&date=2026-05-20"
	v.get(tomorrow).want(http.StatusOK, "明天的名单 17:00 起可以打印和下载", "这一天没有人预约")
	tn.at("2026-05-19 17:00")
	before := tn.count(`SELECT count(*) FROM audit WHERE action = 'list' AND actor LIKE 'staff:%'`)
	v.get(tomorrow).want(http.StatusOK, number, "张*、李*", "09:00–09:30")
	lines := v.csv(tomorrow + "&as=csv")
	if last := lines[len(lines)-1]; last[0] != number || last[2] != "张*、李*" {
		t.Errorf("the file has %q", lines)
	}
	if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'list' AND actor LIKE 'staff:%'`); n != before+2 {
		t.Errorf("%d lists noted, want %d", n, before+2)
	}
	tn.at("2026-05-20 08:50")
	v.signIn(auth.Hall)
	today := "/desk/today?office=" + office
	v.get(today).want(http.StatusOK, number)
	v.get(today+"&status=booked&slot=09:00").want(http.StatusOK, number, "1 对，全天 1 对")
	v.get(today+"&status=completed").want(http.StatusOK, "没有符合条件的")
	v.get(today+"&slot=11:00").want(http.StatusOK, "没有符合条件的")
	v.get(today + "&date=2026-05-22").want(http.StatusNotFound)
	v.get(today + "&date=x").want(http.StatusNotFound)
	v.get("/desk/today?office=" + elsewhere).want(http.StatusForbidden)
}

func TestStaffSeeWhichReadingIsDue(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.at("2026-05-20 08:30")
	v := tn.staff(auth.Hall)
	v.get("/desk").want(http.StatusOK, "今天还没有测，测过才能上岗")
	v.send("/desk/reading", "celsius", "36.5", "device", "T1").want(http.StatusOK, "体温正常")
	tn.at("2026-05-20 13:05")
	v.signIn(auth.Hall)
	v.get("/desk").want(http.StatusOK, "08:30 已测，正常；15:00 前再测一次")
	tn.at("2026-05-20 15:00")
	v.signIn(auth.Hall)
	v.get("/desk").want(http.StatusOK, "08:30 测过，下午还没有测")
	leader := tn.staff(auth.Manager)
	leader.get(healthAt).want(http.StatusOK, "2 位工作人员还要测体温", "08:30 测过，下午还没有测")
	v.get("/desk").send("/desk/reading", "celsius", "36.6", "device", "T1").want(http.StatusOK, "体温正常")
	leader.get(healthAt).want(http.StatusOK, "1 位工作人员还要测体温", "15:00 已测，正常")
}

// Domain rule 48: from half an hour before the last slot ends the list says who is
// still there, and each of them can be ended from it.
func TestNobodyIsLeftInTheHallWhenTheDayEnds(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	absent := tn.bookedBy(tn.visitor())
	tn.unscreened()
	tn.at("2026-05-20 09:05")
	first, second := tn.walksIn(), tn.walksIn()
	today := "/desk/today?office=" + office
	v, door := tn.staff(auth.Registrar), tn.staff(auth.Hall)
	v.get(today).want(http.StatusOK, absent)
	if strings.Contains(v.body, "没有办结") {
		t.Error("the day ends in the morning")
	}
	tn.at("2026-05-20 17:00")
	v.signIn(auth.Registrar).get(today).want(http.StatusOK, "还有 2 对没有办结", "还没来的有 1 对", "写明原因结束")
	v.get("/desk?office="+office).want(http.StatusOK, "大厅里还有 2 对没有办结")
	door.signIn(auth.Hall).get(today).want(http.StatusOK, "去办理")
	if strings.Contains(door.body, "/not-accepted") {
		t.Error("the door may end a visit")
	}
	end := func(number string) string { return "/desk/" + number + "/not-accepted" }
	v.get(today).send(end(first), "reason", " ").want(http.StatusUnprocessableEntity, "请写明原因")
	v.get(today).send(end(first), "reason", "自行离开").want(http.StatusOK, "已写明原因结束", "还有 1 对没有办结")
	if v.URL.Path != "/desk/today" {
		t.Errorf("it leads to %s, want back to the list", v.URL.Path)
	}
	v.send(end(second), "reason", "自行离开").want(http.StatusOK, "大厅里没有等候的人了")
	leader := tn.staff(auth.Manager)
	leader.get(today).send("/manage/"+office+"/close").want(http.StatusOK, "已结束：这次登记未到场 1 对", "还没有办结的 0 对")
	leader.get(today).want(http.StatusOK, "未到场")
}

// A colleague's fever is for who leads, and counted with the day's.
func TestAFeverOfStaffIsSeenToByTheLeaderAlone(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.at("2026-05-20 08:30")
	leader, door := tn.well(auth.Manager), tn.staff(auth.Hall)
	for i, device := range []string{"T1", "T2"} {
		tn.at([]string{"2026-05-20 08:31", "2026-05-20 08:45"}[i])
		_, err := tn.Hall.RecordStaff(t.Context(), hall.StaffReading{
			Staff: auth.Hall, Office: office, Actor: "staff:hall", Readings: []hall.Reading{{Party: 1, Decicelsius: 376, Device: device}},
		})
		tn.must(err)
	}
	leader.get("/manage/"+office).want(http.StatusOK, "有工作人员体温偏高，10:45 前移交")
	door.get("/desk?office=" + office).want(http.StatusOK)
	if strings.Contains(door.body, "有工作人员体温偏高") {
		t.Error("the door is told of a colleague's fever")
	}
	leader.get(healthAt).want(http.StatusOK, "hall（工作人员），08:45 复测仍偏高")
	if strings.Contains(leader.body, healthAt+"/let-in") {
		t.Error("a member of staff may be let in")
	}
	leader.counted("体温偏高的处置", "1")
	leader.counted("其中工作人员", "1")
	id := leader.get(healthAt).form(healthAt + "/handover").Get("incident")
	leader.send(healthAt+"/handover", "authority."+id, "疾控中心").want(http.StatusOK, "已登记移交", "08:45 已移交：疾控中心")
	leader.get("/manage/" + office)
	if strings.Contains(leader.body, "有工作人员体温偏高") {
		t.Error("what was handed over is still owed")
	}
}
