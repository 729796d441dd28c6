package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"hunyue/server/auth"
)

// listed asks for the list as the store does.
func (v *visitor) listed(tag string) (deskList, string) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.server.URL+"/desk/list.json?office="+office, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	if tag != "" {
		r.Header.Set("If-None-Match", tag)
	}
	v.answer(r)
	var list deskList
	if v.Status == http.StatusOK {
		if err := json.Unmarshal([]byte(v.body), &list); err != nil {
			v.t.Fatal(err, v.body)
		}
	}
	return list, v.header.Get("ETag")
}

func TestADeskIsGivenTheListOnceAndMasked(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:40")
	v := tn.well(auth.Hall)
	looks := `SELECT count(*) FROM audit WHERE action = 'list'`
	before := tn.count(looks)
	list, tag := v.listed("")
	if len(list.Rows) != 1 || list.Rows[0].Number != number || !slices.Equal(list.Rows[0].Names, []string{"张*", "李*"}) || list.Letter != "C" {
		t.Fatalf("the list is %+v", list)
	}
	row := list.Rows[0]
	if number+row.Pass != tn.Desk.DoorPass(number) || !slices.Equal(row.Tails, []string{him[14:], her[14:]}) || row.Phone != hisPhone[7:] {
		t.Errorf("the couple is found by %q %q %q", row.Pass, row.Tails, row.Phone)
	}
	if !slices.Equal(row.Heads, []string{"z s", "l s"}) || len(row.Tags) != 2 || row.Tags[0] == row.Tags[1] {
		t.Errorf("the couple is found by the letters %q and the tags %q", row.Heads, row.Tags)
	}
	for _, secret := range []string{"张三", him, hisPhone} {
		if strings.Contains(v.body, secret) {
			t.Errorf("the list tells %s", secret)
		}
	}
	if again, _ := v.listed(tag); v.Status != http.StatusNotModified || len(again.Rows) != 0 {
		t.Errorf("the same list: %d, %d rows; want 304 and none", v.Status, len(again.Rows))
	}
	if n := tn.count(looks) - before; n != 1 {
		t.Errorf("%d looks are noted, want 1", n)
	}
	if other, _ := tn.staff(auth.Manager).listed(""); other.Letter != "D" {
		t.Errorf("the next desk has the letter %q, want D", other.Letter)
	}
	if same, _ := v.listed(""); same.Letter != "C" {
		t.Errorf("the desk has the letter %q now, want C", same.Letter)
	}
}

func TestTheKeptPageOfTheDeskNamesNobody(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:40")
	v := tn.well(auth.Hall)
	v.get("/desk?office="+office).want(http.StatusOK, number, "张*")
	v.get("/desk/shell?office="+office).want(http.StatusOK, "武陵区婚姻登记处", "本机")
	for _, told := range []string{number, "张", "李", ">" + auth.Hall + "<"} {
		if i := strings.Index(v.body, told); i >= 0 {
			t.Errorf("the kept page tells %s: %s", told, v.body[max(0, i-80):i+80])
		}
	}
}

func TestACoupleOnPaperIsEnteredWithItsOwnTime(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	guest := "/desk/" + number
	tn.at("2026-05-20 10:40")
	v := tn.well(auth.Hall)
	typed := []string{"reading.1", "36.5", "reading.2", "36.6", "device", "T1", "arrived"}
	for wrong, says := range map[string]string{"9点": "请填时间，例如 9:05", "25:00": "请填时间，例如 9:05", "11:00": "这个时间还没有到"} {
		v.get(guest).send(guest+"/check-in", append(typed, wrong)...).want(http.StatusUnprocessableEntity, "实际到达时间：", says)
		if got := v.form(guest + "/check-in").Get("arrived"); got != wrong {
			t.Errorf("the time came back as %q, want %q", got, wrong)
		}
	}
	v.send(guest+"/check-in", append(typed, "０９：０５")...).want(http.StatusOK, "A001")
	if n := tn.count(`SELECT count(*) FROM visit WHERE arrived_at = '2026-05-20 09:05+08' AND outcome = 'admitted'`); n != 1 {
		t.Error("the couple did not come at 09:05, in time")
	}
	if n := tn.count(`SELECT count(*) FROM audit WHERE action = 'visit_told_later' AND detail = '2026-05-20T01:05:00Z' AND actor = 'staff:hall'`); n != 1 {
		t.Errorf("%d audit rows say so, want 1", n)
	}
}

func TestADeskBringsOnlyWhatAStoreSends(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:45")
	v := tn.well(auth.Hall)
	tn.at("2026-05-20 08:50")
	v.listed("")
	deed := `{"kind":"check-in","number":"` + number + `","key":"11111111-1111-4111-8111-111111111111","at":"2026-05-20T00:50:00Z","ticket":"C001",` +
		`"readings":[{"party":1,"celsius":365,"device":"T1"},{"party":2,"celsius":366,"device":"T1"}]}`
	for what, body := range map[string]string{
		"nothing": ``, "no JSON": `x`, "a list": `[]x`, "another kind": `{"deeds":[` + strings.Replace(deed, "check-in", "complete", 1) + `]}`,
		"no number": `{"deeds":[` + strings.Replace(deed, number, "x", 1) + `]}`, "no key": `{"deeds":[` + strings.Replace(deed, "11111111-1111-4111-8111-111111111111", "1", 1) + `]}`,
		"a ticket of ours": `{"deeds":[` + strings.Replace(deed, "C001", "A001", 1) + `]}`, "no time": `{"deeds":[` + strings.Replace(deed, "2026-05-20T00:50:00Z", "0001-01-01T00:00:00Z", 1) + `]}`,
		"too many": `{"deeds":[` + strings.Repeat(deed+",", mostDeeds) + deed + `]}`,
	} {
		if v.brings(body); v.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d, want 422", what, v.Status)
		}
	}
	if n := tn.count(`SELECT count(*) FROM visit`) + tn.count(`SELECT count(*) FROM desk_conflict`); n != 0 {
		t.Errorf("%d rows of it, want none", n)
	}
	for range 2 {
		if v.brings(`{"deeds":[` + deed + `]}`); !strings.Contains(v.body, `"state":"done"`) || !strings.Contains(v.body, `"ticket":"C001"`) {
			t.Errorf("a check-in is answered %d %s", v.Status, v.body)
		}
	}
	live := strings.NewReplacer("11111111-1111", "22222222-1111", `"ticket"`, `"live":true,"ticket"`, `"readings"`, `"reading_s"`).Replace(deed)
	if v.brings(`{"deeds":[` + strings.Replace(live, number, "99999999", 1) + `]}`); !strings.Contains(v.body, `"state":"refused","code":"no_such_appointment"`) {
		t.Errorf("what is mended at the desk is answered %s", v.body)
	}
	if n := tn.count(`SELECT count(*) FROM desk_conflict`); n != 0 {
		t.Errorf("%d conflicts, want none of what was refused at the desk", n)
	}
	v.get("/desk/conflict?office="+office).want(http.StatusOK, "没有要处理的")
}

// brings sends a body as the store does.
func (v *visitor) brings(body string) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.server.URL+"/desk/sync?office="+office, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	v.answer(r)
}

func TestSomebodySettlesAConflictWithAWord(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.at("2026-05-20 08:45")
	v := tn.well(auth.Hall)
	tn.at("2026-05-20 08:50")
	v.listed("")
	v.brings(`{"deeds":[{"kind":"check-in","number":"99999999","key":"11111111-1111-4111-8111-111111111111","at":"2026-05-20T00:49:00Z","ticket":"C007"}]}`)
	v.get("/desk?office="+office).want(http.StatusOK, "有几条要人处理", "99999999", "8:49 断网时签到，给了号条 C007")
	v.send("/desk/conflict").want(http.StatusUnprocessableEntity, "请写一句怎么处理的")
	v.get("/desk?office=" + office)
	for in := range v.all("input") {
		if name := attr(in, "name"); strings.HasPrefix(name, "word.") {
			v.send("/desk/conflict", name, "号码看错了，已人工签到").want(http.StatusOK)
			if strings.Contains(v.body, "99999999") {
				t.Error("what was settled is still on the list")
			}
			if n := tn.count(`SELECT count(*) FROM desk_conflict WHERE settled_by = 'staff:hall' AND sealed IS NULL`); n != 1 {
				t.Errorf("%d are settled, want 1", n)
			}
			return
		}
	}
	t.Error("there is no form to settle it")
}

// A name is found however it is spaced, and by nobody with another key or on another day.
func TestATagStandsForOneNameOnOneDay(t *testing.T) {
	key, other, day := []byte("one"), []byte("other"), may(20)
	for _, same := range []string{" 买买提 ·吐尔逊", "买买提．吐尔逊", "买买提吐尔逊"} {
		if nameTag(key, day, same) != nameTag(key, day, "买买提·吐尔逊") {
			t.Errorf("%q is not found", same)
		}
	}
	if nameTag(key, day, "MARIA schmidt") != nameTag(key, day, "Maria Schmidt") {
		t.Error("capitals matter")
	}
	seen := map[string]bool{}
	for _, tag := range []string{nameTag(key, day, "张三"), nameTag(other, day, "张三"), nameTag(key, day.AddDays(1), "张三"), nameTag(key, day, "张四")} {
		if seen[tag] || len(tag) != 12 {
			t.Errorf("%q stands for two", tag)
		}
		seen[tag] = true
	}
}

// unsettled is the address of the one conflict that waits, after a desk has brought a couple
// that was told it may go on although it was too early.
func (tn *town) unsettled(v *visitor, number string) string {
	tn.t.Helper()
	v.listed("")
	v.brings(`{"deeds":[{"kind":"check-in","number":"` + number + `","key":"11111111-1111-4111-8111-111111111111","at":"2026-05-20T00:01:00Z","ticket":"C007",` +
		`"said":{"outcome":"admitted"},"readings":[{"party":1,"celsius":365,"device":"T1"},{"party":2,"celsius":366,"device":"T2"}]}]}`)
	if !strings.Contains(v.body, `"state":"conflict"`) {
		tn.t.Fatalf("brought: %s", v.body)
	}
	var id int
	if err := tn.db.Get(&id, `SELECT id FROM desk_conflict WHERE word IS NULL`); err != nil {
		tn.t.Fatal(err)
	}
	return fmt.Sprintf("/desk/conflict/%d?office=%s", id, office)
}

func TestWhoeverSettlesAConflictSeesWhatTheDeskHad(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:00")
	v := tn.well(auth.Hall)
	tn.at("2026-05-20 08:10")
	one := tn.unsettled(v, number)
	looks := `SELECT count(*) FROM audit WHERE action = 'desk_conflict_read' AND actor = 'staff:hall'`
	reads := `SELECT count(*) FROM audit WHERE action = 'read' AND actor = 'staff:hall'`
	before := tn.count(reads)
	v.get("/desk?office="+office).want(http.StatusOK, "看签到台当时记了什么")
	if n := tn.count(looks); n != 0 {
		t.Errorf("%d looks before anybody opened it", n)
	}
	v.get(one).want(http.StatusOK, "8:01", "8:10", "36.5 ℃（T1）", "36.6 ℃（T2）", "C007", "可以办理", "张*", "李*", "照签到台记的签到", "保留系统现在的")
	for _, secret := range []string{"张三", him, her, hisPhone} {
		if strings.Contains(v.body, secret) {
			t.Errorf("the page tells %s", secret)
		}
	}
	if n, m := tn.count(looks), tn.count(reads)-before; n != 1 || m != 1 {
		t.Errorf("%d looks at the conflict and %d at the couple are noted, want one each", n, m)
	}
	v.send("/desk/conflict").want(http.StatusUnprocessableEntity, "请写一句怎么处理的", "36.5 ℃（T1）")
	v.get("/desk/conflict/7?office=" + office).want(http.StatusNotFound)
	v.get("/desk/conflict/x?office=" + office).want(http.StatusNotFound)

	v.get(one).send("/desk/conflict", "step", "take").want(http.StatusOK)
	if n := tn.count(`SELECT count(*) FROM visit WHERE ticket = 'C007' AND outcome = 'admitted' AND arrived_at = '2026-05-20 08:01+08'`); n != 1 {
		t.Error("the couple was not received as the desk had it")
	}
	if n := tn.count(`SELECT count(*) FROM desk_conflict WHERE taken AND word = '照签到台记的签到' AND sealed IS NULL`); n != 1 {
		t.Error("nothing says that it was taken")
	}
	v.get(one).want(http.StatusNotFound)
}

func TestWhatIsKnownHereIsLeftWithOnePress(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:00")
	v := tn.well(auth.Hall)
	tn.at("2026-05-20 08:10")
	one := tn.unsettled(v, number)
	v.get(one).send("/desk/conflict", "step", "leave").want(http.StatusOK)
	if n := tn.count(`SELECT count(*) FROM desk_conflict WHERE NOT taken AND word = '保留系统现在的' AND sealed IS NULL`) + tn.count(`SELECT count(*) FROM visit`); n != 1 {
		t.Errorf("%d rows, want the settled conflict and no visit", n)
	}
	v.listed("")
	v.brings(`{"deeds":[{"kind":"check-in","number":"99999999","key":"22222222-1111-4111-8111-111111111111","at":"2026-05-20T00:05:00Z"}]}`)
	v.get("/desk/conflict?office=" + office)
	var id int
	if err := tn.db.Get(&id, `SELECT id FROM desk_conflict WHERE word IS NULL`); err != nil {
		t.Fatal(err)
	}
	v.get(fmt.Sprintf("/desk/conflict/%d?office=%s", id, office)).want(http.StatusOK, "本处没有这个预约号")
	if strings.Contains(v.body, `value="take"`) {
		t.Error("a couple that nobody knows can be taken")
	}
}
