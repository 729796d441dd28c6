package web

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"hunyue/internal/postgres"
	"hunyue/server/auth"
)

func TestACoupleIsShownInFullOnceAndForAReason(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	couple := tn.visitor()
	number := tn.bookedBy(couple)
	tn.at("2026-05-20 08:50")
	for role, at := range map[string]string{auth.Hall: "/desk/" + number, auth.Operator: "/call/" + number} {
		v := tn.staff(role)
		hidden := func() {
			t.Helper()
			for _, full := range []string{"张三", "李四", him, her, hisPhone} {
				if strings.Contains(v.text(), full) {
					t.Errorf("%s shows %s unasked", at, full)
				}
			}
		}
		v.get(at).want(http.StatusOK, "张*", "显示姓名、证件号和手机号全部内容")
		hidden()
		for _, reason := range []string{"", "curious", " compare"} {
			v.send(at+"/unmask", "unmask", reason).want(http.StatusUnprocessableEntity, "请选择理由")
			hidden()
		}
		if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'unmasked' AND actor = $1`, "staff:"+role); n != 0 {
			t.Errorf("%d rows of a look in full that was refused", n)
		}
		v.send(at+"/unmask", "unmask", "compare").want(http.StatusOK, "张三", "李四", him, her, hisPhone, "已记入审计")
		if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'unmasked' AND actor = $1 AND detail LIKE '% compare'`, "staff:"+role); n != 1 {
			t.Errorf("%d rows of a look in full by %s, want 1", n, role)
		}
		if kept := v.header.Get("Cache-Control"); kept != "no-store" {
			t.Errorf("a look in full is kept: %q", kept)
		}
		v.get(at + "/unmask").want(http.StatusOK)
		hidden()
		v.get(at)
		hidden()
	}
	if n := tn.count(`SELECT count(*) FROM audit WHERE coalesce(detail, '') ~ $1`, "张|李|"+him+"|"+her+"|"+hisPhone); n != 0 {
		t.Errorf("%d audit rows name the couple", n)
	}

	couple.get("/b/"+number+"/data").send("/b/"+number+"/data/code").send("/b/"+number+"/data/open", "code", tn.codeFor(hisPhone))
	couple.get("/b/"+number+"/data").want(http.StatusOK, "查看（部分隐藏），用途：签到，岗位：大厅工作人员（登记处）", "查看全部信息，用途：接听电话，岗位：话务员（登记处）")
	if said := couple.text(); strings.Contains(said, "staff:") || strings.Contains(said, "compare") {
		t.Errorf("the couple is told who looked:\n%s", said)
	}
}

func TestTheAuditorReadsWhoDidWhat(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.staff(auth.Hall).get("/desk/" + number).want(http.StatusOK)
	v := tn.staff(auth.Auditor).get("/manage/audit").want(http.StatusOK, "审计", "staff:hall", "read", "check_in hall")
	for _, of := range []string{number, "appointment:" + strconv.Itoa(tn.count(`SELECT id::int FROM appointment`))} {
		v.get("/manage/audit?"+url.Values{"object": {of}, "actor": {"staff:hall"}}.Encode()).want(http.StatusOK, "check_in hall")
		if strings.Contains(v.text(), "audit_shown") {
			t.Errorf("asked for %s of staff:hall, others' rows are shown:\n%s", of, v.text())
		}
	}
	v.get("/manage/audit?action=unmasked").want(http.StatusOK, "没有符合条件的记录")
	v.get("/manage/audit?day=2026-05-18&action=read").want(http.StatusOK, "check_in hall")
	v.get("/manage/audit?day=2026-05-17&action=read").want(http.StatusOK, "没有符合条件的记录")
	for field, typed := range map[string]string{"actor": "张三", "action": "x'; --", "object": her, "day": "2026-02-30"} {
		v.get("/manage/audit?"+url.Values{field: {typed}}.Encode()).want(http.StatusUnprocessableEntity, "请看这里")
	}
	before := tn.count(`SELECT count(*) FROM audit WHERE action = 'audit_shown' AND actor = 'staff:auditor'`)
	v.get("/manage/audit?action=read&actor=staff:hall").want(http.StatusOK)
	if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'audit_shown' AND detail = '1 actor=staff:hall action=read'`); n != 1 || before < 6 {
		t.Errorf("%d rows of one look at the audit and %d of those before, want 1 and at least 6", n, before)
	}
	for _, role := range []string{auth.SecAdmin, auth.SysAdmin, auth.Manager} {
		tn.staff(role).get("/manage/audit").want(http.StatusForbidden)
	}
}

func TestTheAuditIsExportedWithABoundAndNoFormulas(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	details := []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "1+1", "a \"quoted\", one"}
	err := postgres.InTx(t.Context(), tn.db, func(tx postgres.Querier) error {
		if err := postgres.SetActor(t.Context(), tx, "staff:hall"); err != nil {
			return err
		}
		for i := range 600 {
			if err := postgres.Audit(t.Context(), tx, "reason", "appointment:17", details[i%len(details)]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	v := tn.staff(auth.Auditor).get("/manage/audit?object=appointment:17").want(http.StatusOK, "更早的记录")
	v.send("/manage/audit/export")
	if v.Status != http.StatusOK || !strings.HasPrefix(v.header.Get("Content-Type"), "text/csv") || !strings.HasPrefix(v.header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("exported as %d %v", v.Status, v.header)
	}
	read := csv.NewReader(strings.NewReader(strings.TrimPrefix(v.body, "\uFEFF")))
	read.FieldsPerRecord = -1
	lines, err := read.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 502 {
		t.Fatalf("%d lines, want 500 rows, their names and the first line", len(lines))
	}
	if mark := lines[0][0]; !strings.Contains(mark, "staff:auditor 2026-05-18T10:") || !strings.Contains(mark, "object=appointment:17") || !strings.HasSuffix(mark, "500/500") {
		t.Errorf("the first line is %q", mark)
	}
	seen := map[string]bool{}
	for _, line := range lines[2:] {
		for _, cell := range line {
			if cell != "" && strings.ContainsRune("=+-@\t", rune(cell[0])) {
				t.Fatalf("a spreadsheet takes %q for a formula", cell)
			}
		}
		seen[line[7]] = true
	}
	for _, want := range []string{"'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "1+1", "a \"quoted\", one"} {
		if !seen[want] {
			t.Errorf("no row says %q: %v", want, seen)
		}
	}
	if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'audit_exported' AND detail = '500 object=appointment:17' AND actor = 'staff:auditor'`); n != 1 {
		t.Errorf("%d rows of the export, want 1", n)
	}
	bad := merged(v.get("/manage/audit").form("/manage/audit/export"), "object", her)
	v.post("/manage/audit/export", bad).want(http.StatusUnprocessableEntity)
}

func TestAHoneyRecordRaisesAnAlarmAndTheAlarmIsAnswered(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:50")
	guard := tn.staff(auth.SecAdmin)
	guard.get("/manage/alarms").want(http.StatusOK, "没有待处理的警示")
	guard.send("/manage/alarms/honey", "number", "").want(http.StatusUnprocessableEntity)
	guard.send("/manage/alarms/honey", "number", "99999999").want(http.StatusUnprocessableEntity, "没有这个预约号")
	guard.get("/manage/alarms").send("/manage/alarms/honey", "number", number[:4]+" "+number[4:]).want(http.StatusOK, number)
	if said := guard.text(); strings.Contains(said, "张") {
		t.Error("who marks a record is shown whose it is")
	}
	hall := tn.staff(auth.Hall)
	hall.get("/desk").want(http.StatusOK, number)
	guard.get("/manage/alarms").want(http.StatusOK, "没有待处理的警示") // a list is no reason
	hall.get("/desk/" + number).want(http.StatusOK)
	guard.get("/manage/alarms").want(http.StatusOK, "警示 1", "hall 打开了诱饵记录")
	id := tn.count(`SELECT id::int FROM alarm`)
	answer, at := "/manage/alarms/"+strconv.Itoa(id)+"/answer", "."+strconv.Itoa(id)
	guard.send(answer).want(http.StatusUnprocessableEntity, "请选择结论", "请写明原因")
	guard.send(answer, "outcome"+at, "false_alarm", "reason"+at, "演练").want(http.StatusOK, "没有待处理的警示", "误报", "演练（staff:secadmin）")
	if strings.Contains(guard.text(), "警示 1") {
		t.Error("an alarm that is answered still waits")
	}
	form := url.Values{"outcome" + at: {"explained"}, "reason" + at: {"演练"}}
	guard.post(answer, form).want(http.StatusConflict, "已有别的结论")
	guard.post("/manage/alarms/99/answer", url.Values{"outcome.99": {"explained"}, "reason.99": {"x"}}).want(http.StatusNotFound)
	guard.get(answer).want(http.StatusOK)

	guard.get("/manage/alarms").post("/manage/alarms/honey", url.Values{"number": {number}, "step": {"unmark"}}).want(http.StatusOK)
	tn.later(25 * time.Hour)
	guard.get("/staff/login").send("/staff/login", "username", auth.SecAdmin, "password", password)
	again := tn.visitor()
	again.get("/staff/login").send("/staff/login", "username", auth.Hall, "password", password)
	again.get("/desk/" + number).want(http.StatusOK)
	guard.get("/manage/alarms").want(http.StatusOK, "没有待处理的警示")
	for _, role := range []string{auth.Auditor, auth.Manager} {
		tn.staff(role).get("/manage/alarms").want(http.StatusForbidden)
	}
}

func TestALookIsNotShownWhereItCannotBeNoted(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := path.Base("/desk/" + tn.bookedBy(tn.visitor()))
	v := tn.staff(auth.Hall)
	if _, err := tn.db.ExecContext(t.Context(), `ALTER TABLE audit ADD CONSTRAINT away CHECK (action <> 'read') NOT VALID`); err != nil {
		t.Fatal(err)
	}
	tn.broken = true
	v.get("/desk/" + number)
	if v.Status != http.StatusInternalServerError || strings.Contains(v.body, "张") {
		t.Errorf("the audit cannot be written, and the page is %d:\n%s", v.Status, v.text())
	}
}

// The audit says from where staff did something, tried to sign in, and looked at a
// couple; where couples are it does not say (domain rule 88).
func TestTheAuditSaysFromWhereStaffWork(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	v := tn.staff(auth.Hall)
	v.get("/desk/" + number).want(http.StatusOK)
	tn.visitor().get("/staff/login").send("/staff/login", "username", "hall", "password", "wrong").want(http.StatusUnauthorized)
	tn.staff(auth.Operator).get("/call/"+number).send("/call/"+number+"/cancel", "reason", "来电要求").want(http.StatusOK)
	for _, of := range []string{"staff:hall read", "staff:hall login", "anonymous login_failed", "staff:operator cancelled"} {
		who, what, _ := strings.Cut(of, " ")
		if n := tn.count(`SELECT count(*) FROM audit WHERE actor = $1 AND action = $2 AND origin = '127.0.0.1 program'`, who, what); n == 0 {
			t.Errorf("no row of %s says from where", of)
		}
	}
	if n := tn.count(`SELECT count(*) FROM audit WHERE actor = 'couple' AND origin IS NOT NULL`); n != 0 {
		t.Errorf("%d rows say where the couple was", n)
	}
	a := tn.staff(auth.Auditor).get("/manage/audit?actor=staff:hall").want(http.StatusOK, "从哪里", "127.0.0.1 · 程序")
	a.send("/manage/audit/export").want(http.StatusOK, "127.0.0.1 program")
}

// Whoever has not shown for five minutes that it is them types their password before
// a couple is shown in full, and wrong ones count as those of a login (ASVS 7.5.3).
func TestWhoHasNotShownForAWhileThatItIsThemIsAskedBeforeACoupleIsShown(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:50")
	v := tn.staff(auth.Hall)
	at := "/desk/" + number
	tn.later(4 * time.Minute)
	if v.get(at); strings.Contains(v.body, `name="password"`) {
		t.Error("a password is asked for four minutes after signing in")
	}
	tn.later(2 * time.Minute)
	v.get(at).want(http.StatusOK, "您的密码")
	for _, typed := range []string{"", "wrong"} {
		v.send(at+"/unmask", "unmask", "compare", "password", typed).want(http.StatusUnprocessableEntity)
		if said := v.text(); strings.Contains(said, "张三") || strings.Contains(said, him) {
			t.Errorf("with the password %q the couple is shown", typed)
		}
		if chosen := v.form(at + "/unmask").Get("unmask"); chosen != "compare" {
			t.Errorf("the reason is %q, and was chosen", chosen)
		}
	}
	if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'login_failed'`); n != 1 {
		t.Errorf("%d wrong passwords were noted, want 1", n)
	}
	if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'unmasked'`); n != 0 {
		t.Errorf("%d looks in full, want none", n)
	}
	v.send(at+"/unmask", "unmask", "compare", "password", password).want(http.StatusOK, "张三", him)
	v.get(at).send(at+"/unmask", "unmask", "compare").want(http.StatusOK, "张三") // not again at once
	tn.later(6 * time.Minute)
	v.get(at).send(at+"/unmask", "unmask", "compare").want(http.StatusUnprocessableEntity)
}
