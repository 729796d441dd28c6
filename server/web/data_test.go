package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/internal/postgres"
	"hunyue/notify"
	"hunyue/server/auth"
)

// opens the data of the appointment that the browser shows, with a fresh code.
func (v *visitor) opens(page, phone string) *visitor {
	v.t.Helper()
	v.later(2 * time.Minute)
	v.get(page+"/data").send(page+"/data/code").want(http.StatusOK, "短信验证码")
	return v.send(page+"/data/open", "code", v.codeFor(phone)).want(http.StatusOK, "我的信息")
}

// Domain rule 90: see and copy.
func TestACoupleSeesAndCopiesItsDataWithAFreshCode(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.book()
	page := v.URL.Path
	secret := textOf(v, "code")
	hides := func(v *visitor) {
		t.Helper()
		for _, plain := range []string{him, her, hisPhone, "张三"} {
			if strings.Contains(v.body, plain) {
				t.Errorf("%s shows %s", v.URL.Path, plain)
			}
		}
	}
	hides(v.get(page+"/data").want(http.StatusOK, "发送验证码"))
	hides(v.get(page+"/data.json").want(http.StatusOK, "发送验证码"))
	tn.later(2 * time.Minute)
	v.get(page + "/data").send(page + "/data/code").want(http.StatusOK)
	v.send(page+"/data/open", "code", "").want(http.StatusUnprocessableEntity, "请填写短信里的 6 位验证码")
	hides(v.send(page+"/data/open", "code", "000000").want(http.StatusUnprocessableEntity, "验证码不对"))
	form := v.form(page + "/data/open")
	form.Set("code", v.codeFor(hisPhone))
	for range 2 { // pressed twice
		v.post(page+"/data/open", form).want(http.StatusOK, him, her, hisPhone, "张三", "李四", "2026-01 版", "网上", "预约成功", "查看信息（本人）", "已处理")
	}
	if got := textOf(v, "h1"); got != "我的信息" {
		t.Errorf("the page is called %q", got)
	}

	v.get(page + "/data.json").want(http.StatusOK)
	var stored dataCopy
	if err := json.Unmarshal([]byte(v.body), &stored); err != nil {
		t.Fatal(err)
	}
	if len(stored.Parties) != 2 || stored.Parties[0].Number != him || stored.Parties[1].Name != "李四" || stored.Phone != hisPhone ||
		stored.Consents["privacy"] != privacyVersion || len(stored.History) < 2 || len(stored.Messages) != 1 || stored.Messages[0].Kind != "booked" {
		t.Errorf("the copy holds %+v", stored)
	}
	if got := v.header.Get("Cache-Control") + v.header.Get("Content-Disposition"); !strings.Contains(got, "no-store") || !strings.Contains(got, "attachment") {
		t.Errorf("the copy may be kept: %s", got)
	}
	other := tn.visitor() // who may see the appointment, without the phone
	other.get("/find").send("/find/secret", "number2", path.Base(page), "secret", secret).want(http.StatusOK, "预约成功")
	hides(other.get(page+"/data.json").want(http.StatusOK, "发送验证码"))
	hides(other.get(page+"/data/correct").want(http.StatusOK, "发送验证码"))
	other.post(page+"/data/delete", nil).want(http.StatusOK, "发送验证码")
	if stranger := tn.visitor().get(page + "/data"); stranger.URL.Path != "/find" {
		t.Errorf("a stranger is at %s", stranger.URL.Path)
	}
	tn.later(permissionFor + time.Minute)
	hides(v.get(page+"/data").want(http.StatusOK, "发送验证码"))
}

// Domain rule 90: correct. Rule 32: two appointments with a phone.
func TestACoupleCorrectsNamesAndPhone(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.book()
	page, newPhone := v.URL.Path, "13800000003"
	for i, slot := range []string{slotAt("1000"), slotAt("1030")} {
		tn.later(2 * time.Minute)
		tn.visitor().asks(slot, numbered(him, "5"+fmt.Sprint(i)), numbered(her, "6"+fmt.Sprint(i)), "13800000009").want(http.StatusOK, "预约成功")
	}
	v.opens(page, hisPhone).get(page+"/data/correct").want(http.StatusOK, "证件号码不能改")
	v.send(page+"/data/correct", "parties.0.name", "", "phone", "138").want(http.StatusUnprocessableEntity, "请填写姓名", "手机号码应为 11 位")
	if got := v.form(page + "/data/correct").Get("phone"); got != "138" {
		t.Errorf("the phone came back as %q", got)
	}
	v.send(page+"/data/correct", "parties.0.name", "张三丰", "phone", hisPhone).want(http.StatusOK, "已保存", "张三丰")
	v.get(page+"/data/correct").send(page+"/data/correct").want(http.StatusOK, "已保存") // nothing has changed
	if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'data_corrected'`); n != 1 {
		t.Errorf("%d corrections in the audit, want that of the name", n)
	}
	if n := tn.count(`SELECT count(*) FROM audit WHERE detail LIKE '%张%' OR detail LIKE '%1380%'`); n != 0 {
		t.Errorf("the audit names somebody %d times", n)
	}

	v.get(page+"/data/correct").send(page+"/data/correct", "phone", "13800000009").want(http.StatusOK, "验证码发到新的手机号")
	v.send(page+"/data/correct", "code", v.codeFor("13800000009")).want(http.StatusConflict, "最多同时有 2 个预约")
	v.send(page+"/data/correct", "phone", newPhone).want(http.StatusOK, "验证码发到新的手机号")
	v.send(page+"/data/correct", "code", "").want(http.StatusUnprocessableEntity, "请填写短信里的 6 位验证码")
	v.send(page+"/data/correct", "code", "000000").want(http.StatusUnprocessableEntity, "验证码不对")
	form := v.form(page + "/data/correct")
	form.Set("code", v.codeFor(newPhone))
	for range 2 { // pressed twice
		v.post(page+"/data/correct", form).want(http.StatusOK, "已保存", newPhone)
	}
	if got := tn.texts(notify.PhoneChanged, ""); len(got) != 1 || len(tn.texts(notify.PhoneChanged, hisPhone)) != 1 || strings.Contains(got[0], newPhone) {
		t.Errorf("the phone before was told %q", got)
	}
	if _, err := tn.Desk.EraseOld(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := tn.count(`SELECT count(*) FROM appointment WHERE former_contact IS NOT NULL`); n != 0 {
		t.Error("the phone before is kept although it has been told")
	}
	tn.clean()
}

// clean fails the test for every invariant that does not hold.
func (tn *town) clean() {
	tn.t.Helper()
	found, err := booking.Check(tn.t.Context(), tn.db, tn.Desk.Holds)
	if err != nil {
		tn.t.Fatal(err)
	}
	for _, a := range found {
		if a.Bad != 0 {
			tn.t.Errorf("%s: %d rows", a.Name, a.Bad)
		}
	}
}

// somewhere is the columns, of all tables, in which one of the values stands: as
// it is, or its bytes.
func (tn *town) somewhere(values ...string) []string {
	tn.t.Helper()
	var patterns []string
	for _, v := range values {
		patterns = append(patterns, "%"+v+"%", fmt.Sprintf("%%%x%%", v))
	}
	var found []string
	err := postgres.InTx(tn.t.Context(), tn.db, func(tx postgres.Querier) error {
		if _, err := tx.ExecContext(tn.t.Context(), `SET LOCAL statement_timeout = '60s'`); err != nil {
			return err
		}
		return tx.SelectContext(tn.t.Context(), &found, `
			SELECT place
			FROM (
				SELECT
					c.table_name || '.' || c.column_name AS place,
					query_to_xml(format('SELECT count(*) AS n FROM %I WHERE %I::text LIKE ANY (%L)', c.table_name, c.column_name, $1::text[]),
						false, true, '') AS content
				FROM information_schema.columns AS c
				JOIN information_schema.tables AS t USING (table_schema, table_name)
				WHERE table_schema = 'public'
				  AND table_type = 'BASE TABLE'
			) AS searched
			WHERE (xpath('/row/n/text()', content))[1]::text::int > 0
			ORDER BY place`, pq.Array(patterns))
	})
	if err != nil {
		tn.t.Fatal(err)
	}
	return found
}

// person is the keyed hash of a resident's document, as the database writes it.
func (tn *town) person(number string) string {
	tn.t.Helper()
	document, wrong := identity.ParseDocument(identity.ResidentID, number, tn.Clock.Now())
	if wrong != "" {
		tn.t.Fatal(wrong)
	}
	return fmt.Sprintf("%x", tn.Desk.Person(document))
}

// Domain rules 87 and 90: what was deleted cannot be found in any column of any
// table, neither as it was nor by its keyed hash, and all pages go on working.
func TestWhatIsDeletedIsGone(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	number := tn.bookedBy(v)
	page := v.URL.Path
	secret := textOf(v, "code")
	secrets := []string{"张三", "李四", him, her, hisPhone, tn.person(him), tn.person(her), fmt.Sprintf("%x", tn.Codes.Key(hisPhone))}
	if got := tn.somewhere(secrets...); !slices.Contains(got, "party.person") || !slices.Contains(got, "appointment.phone_key") {
		t.Fatalf("found in %v, so this shows nothing", got)
	}

	v.opens(page, hisPhone).want(http.StatusOK, "预约还有效", "取消预约")
	v.post(page+"/data/delete", nil).want(http.StatusConflict, "取消预约之后马上可以删除")
	tn.later(2 * time.Minute)
	v.get(page + "/cancel").send(page + "/cancel/code")
	v.send(page+"/cancel", "code", v.codeFor(hisPhone)).want(http.StatusOK, "已取消")
	v.get(page+"/data/delete").want(http.StatusOK, "不能恢复")
	for range 2 {
		v.post(page+"/data/delete", nil).want(http.StatusOK, "个人信息已于 2026年5月18日 星期一 删除")
	}
	if got := tn.somewhere(secrets...); !slices.Equal(got, []string{"dev_message.phone", "phone_code.phone_key"}) {
		t.Errorf("found in %v; want the limit of codes and the messages of demo mode, and nothing else", got)
	}
	if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'data_erased'`); n != 1 {
		t.Errorf("%d erasures in the audit, want 1", n)
	}
	tn.clean()

	v.get(page).want(http.StatusOK, "已取消", "信息已删除")
	v.get(page+"/data.json").want(http.StatusOK, "个人信息已于")
	v.get(page+"/data/code").want(http.StatusOK, "个人信息已于")
	other := tn.visitor()
	other.get("/find").send("/find/secret", "number2", number, "secret", secret).want(http.StatusOK, "信息已删除")
	other.get("/find").send("/find/code", "number", number, "phone", hisPhone).want(http.StatusOK)
	other.send("/find/phone", "code", "123456").want(http.StatusUnprocessableEntity, "没有找到预约")
	staff := tn.staff(auth.Manager)
	staff.get("/desk/"+number).want(http.StatusOK, "已取消", "信息已删除")
	staff.get("/call/"+number).want(http.StatusOK, "信息已删除")
	staff.get("/desk").send("/desk/find", "q", him).want(http.StatusOK, "查无此号。请核对后再试，或按现场办理。")
	staff.send("/desk/find", "q", number).want(http.StatusOK, "信息已删除")
	tn.at("2026-05-20 13:00")
	if _, err := tn.Hall.CloseDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	staff = tn.visitor()
	staff.get("/staff/login").send("/staff/login", "username", auth.Manager, "password", password)
	staff.get("/desk").want(http.StatusOK)
	rows, err := tn.Desk.Search(t.Context(), office, "", date.Date{Year: 2026, Month: 5, Day: 20})
	if err != nil || len(rows) != 1 || !rows[0].Erased {
		t.Errorf("the list of the day is %+v, %v", rows, err)
	}
	staff.get("/manage/" + office).want(http.StatusOK)
	if err := tn.worker.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}

	tn.later(9 * 24 * time.Hour)
	if _, err := tn.Codes.Outbox.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := tn.somewhere(secrets...); len(got) != 0 {
		t.Errorf("nine days later found in %v", got)
	}
	tn.clean()
}

// Deleting is no way out of a restriction: a mark that leads to nobody counts on,
// and is gone when it counts no more.
func TestAMissThatWasDeletedStillCountsForAWhile(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	lazy, phone := numbered(him, "51"), "13800000005"
	for i, slot := range []string{slotAt("1000"), slotAt("1030")} {
		v := tn.visitor().asks(slot, lazy, numbered(her, "5"+fmt.Sprint(2+i)), phone).want(http.StatusOK, "预约成功")
		page := v.URL.Path
		tn.ends(path.Base(page), booking.NoShow)
		v.opens(page, phone)
		if says := strings.Contains(v.text(), "因多次未到场，2026年6月4日 星期四前"); says != (i == 1) {
			t.Errorf("after %d misses they read that they are kept out: %v", i+1, says)
		}
		v.get(page+"/data/delete").want(http.StatusOK, "不含身份信息的标记")
		v.post(page+"/data/delete", nil).want(http.StatusOK, "个人信息已于")
		tn.later(2 * time.Minute)
	}
	if got := tn.somewhere(lazy, tn.person(lazy), tn.person(numbered(her, "52"))); len(got) != 0 {
		t.Errorf("found in %v", got)
	}
	tn.visitor().asks(slotAt("1100"), lazy, her, "13800000006").want(http.StatusConflict, "这次预约不能在网上完成")
	tn.clean()
	tn.later(60 * 24 * time.Hour)
	if n, err := tn.Desk.EraseOld(t.Context()); err != nil || n != 2 {
		t.Errorf("%d marks erased, %v; want 2", n, err)
	}
}

// Domain section 6.3.
func TestDataAreKeptNinetyDays(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.ends(number, booking.NoShow)
	for _, want := range []int64{0, 1, 0} {
		if n, err := tn.Desk.EraseOld(t.Context()); err != nil || n != want {
			t.Errorf("on %s: %d erased, %v; want %d", tn.Clock.Now(), n, err, want)
		}
		tn.later(93 * 24 * time.Hour)
	}
	if got := tn.somewhere(him, tn.person(him), fmt.Sprintf("%x", tn.Codes.Key(hisPhone))); slices.Contains(got, "party.person") || slices.Contains(got, "appointment.phone_key") {
		t.Errorf("found in %v", got)
	}
}
