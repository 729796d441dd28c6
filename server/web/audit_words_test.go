package web

import (
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hunyue/internal/postgres"
	"hunyue/server/auth"
	"hunyue/server/i18n"
	"hunyue/server/watch"
)

// auditKeys is the words of what the database may write into the audit.
// TestTheAuditHasWordsForAllThatItMayHold compares them with what it may.
func auditKeys() []string {
	texts, err := i18n.Load()
	if err != nil {
		panic(err)
	}
	written := regexp.MustCompile(`^audit\.(does|on|by|visit|waiter|second|erased|ledger)\.`)
	return slices.DeleteFunc(texts.In("zh").Keys(), func(key string) bool { return !written.MatchString(key) })
}

// codes is the last part of the keys with a beginning.
func codes(begins string) []string {
	var all []string
	for _, key := range auditKeys() {
		if code, ok := strings.CutPrefix(key, begins); ok {
			all = append(all, code)
		}
	}
	return all
}

// What the database lets into the audit has words, and what has words is let in.
// Nothing else is.
func TestTheAuditHasWordsForAllThatItMayHold(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	for list, begins := range map[string]string{"audit_actions()": "audit.does.", "audit_subjects()": "audit.on."} {
		var known []string
		tn.must(tn.db.Select(&known, `SELECT word COLLATE "C" FROM unnest(`+list+`) AS word ORDER BY 1`))
		said := codes(begins)
		slices.Sort(said)
		if len(known) < 15 || !slices.Equal(known, said) {
			t.Errorf("%s knows %q, and there are words for %q", list, known, said)
		}
	}
	for _, lang := range []string{"zh", "en"} {
		r := tn.Texts.In(lang)
		var keys []string
		for _, p := range watch.Purposes() {
			keys = append(keys, "watch.for."+string(p))
		}
		for _, reason := range watch.Reasons() {
			keys = append(keys, "unmask."+string(reason))
		}
		for _, role := range auth.AllRoles() {
			keys = append(keys, "role."+role)
		}
		for _, key := range keys {
			if !r.Has(key) {
				t.Errorf("the audit may say %s and there is no text of it in %s", key, lang)
			}
		}
	}
	for constraint, row := range map[string][2]string{
		"audit_action_known":  {"looked_away", "appointment:1"},
		"audit_subject_known": {"read", "teapot:1"},
	} {
		err := postgres.InTx(t.Context(), tn.db, func(tx postgres.Querier) error {
			if err := postgres.SetActor(t.Context(), tx, "test"); err != nil {
				return err
			}
			return postgres.Audit(t.Context(), tx, row[0], row[1], "")
		})
		if !postgres.Violates(err, constraint) {
			t.Errorf("%s of %s is let in, %v", row[0], row[1], err)
		}
	}
}

// The actions that stand in the program's text are ones the database lets in. What is
// put together there (notice_…, the statuses) is not looked for here.
func TestEveryActionOfTheProgramHasWords(t *testing.T) {
	known := map[string]bool{}
	for _, code := range codes("audit.does.") {
		known[code] = true
	}
	calls := []*regexp.Regexp{
		regexp.MustCompile(`postgres\.Audit\(ctx, tx, "(\w+)"`),
		regexp.MustCompile(`\baudit\(ctx, tx, [^\n]*"(\w+)", [\w.]+\)`),
		regexp.MustCompile(`promote\(ctx, token, "(\w+)"`),
		regexp.MustCompile(`enforce\(ctx, tx, o, id, "(\w+)"`),
		regexp.MustCompile(`Action: "(\w+)"`),
		regexp.MustCompile(`record_audit\(\s*'(\w+)',`),
		regexp.MustCompile(`record_audit\(\s*CASE WHEN .*? THEN '(\w+)'`),
		regexp.MustCompile(`record_audit\(\s*CASE .*? ELSE '(\w+)' END`),
	}
	found := map[string]bool{}
	tries := 0
	err := filepath.WalkDir("../..", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || filepath.Ext(path) != ".go" && filepath.Ext(path) != ".sql" {
			return err
		}
		src, err := os.ReadFile(path)
		tries++
		for _, call := range calls {
			for _, m := range call.FindAllSubmatch(src, -1) {
				found[string(m[1])] = true
				if action := string(m[1]); !known[action] {
					t.Errorf("%s writes %s into the audit: say it in auditwords.*.json and audit_knows", path, action)
				}
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 60 {
		t.Errorf("%d actions in %d files: the patterns no longer fit: %q", len(found), tries, slices.Sorted(maps.Keys(found)))
	}
}

func TestTheAuditIsReadAndAskedForInWords(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	id := strconv.Itoa(tn.count(`SELECT id::int FROM appointment`))
	tn.at("2026-05-20 08:50")
	hall := tn.staff(auth.Hall)
	hall.get("/desk/" + number).want(http.StatusOK)
	hall.send("/desk/"+number+"/unmask", "unmask", "compare").want(http.StatusOK)
	v := tn.staff(auth.Auditor)
	v.get("/manage/audit").want(http.StatusOK,
		"查看（部分隐藏）", "查看全部信息", "预约 "+id, "用途：签到，岗位：大厅工作人员，核对证件与预约信息", "当事人", "预约成功", "登录",
		"unmasked appointment:"+id, "check_in hall compare", "staff:hall") // as they are, in small print
	v.get("/manage/audit?lang=en").want(http.StatusOK, "seen in full", "appointment "+id, "for: check-in", "couple")
	v.get("/manage/audit?lang=zh")

	ask := func(field, typed string) *visitor {
		return v.get("/manage/audit?" + url.Values{field: {typed}}.Encode())
	}
	for _, f := range []struct{ field, typed, is, not string }{
		{"action", "查看全部信息", "unmasked appointment:" + id, "read appointment:"},
		{"action", "查看", "read appointment:" + id, "booked appointment:"},
		{"action", "unmasked", "unmasked appointment:" + id, "read appointment:"},
		{"actor", "当事人", "booked appointment:" + id, "staff:hall"},
		{"actor", "hall", "staff:hall", "couple"},
		{"actor", " Staff:HALL ", "staff:hall", "couple"},
		{"object", "预约 " + id, "booked appointment:" + id, "login account:"},
		{"object", "预约：" + id, "booked appointment:" + id, "login account:"},
		{"object", "账号", "login account:", "booked appointment:"},
		{"object", "appointment", "booked appointment:" + id, "login account:"},
		{"object", number[:4] + " " + number[4:], "unmasked appointment:" + id, "login account:"},
	} {
		said := ask(f.field, f.typed).want(http.StatusOK, f.is).text()
		if strings.Contains(said, f.not) {
			t.Errorf("asked for %s %q, %s is shown as well", f.field, f.typed, f.not)
		}
	}
	for _, f := range []struct{ field, typed, says string }{
		{"action", "看门", "没有这种操作"},
		{"action", "x'; --", "没有这种操作"},
		{"actor", "张三", "请填账号名"},
		{"actor", "staff:", "请填账号名"},
		{"object", "茶壶 1", "没有这种对象"},
		{"object", "teapot:1", "没有这种对象"},
		{"object", "预约 1; --", "没有这种对象"},
		{"object", her, "没有这种对象"},
		{"object", "99999999", "没有这个预约号"},
		{"day", "2026-05-21", "这一天还没有到"},
		{"day", "2026-02-30", "没有这一天"},
	} {
		before := tn.count(`SELECT count(*) FROM audit`)
		ask(f.field, f.typed).want(http.StatusUnprocessableEntity, "请看这里", f.says)
		if n := tn.count(`SELECT count(*) FROM audit`); n != before {
			t.Errorf("%s %q means nothing and is noted as a look", f.field, f.typed)
		}
	}
	v.get("/manage/audit?action=查看全部信息").send("/manage/audit/export").want(http.StatusOK, "unmasked,appointment:"+id, "查看全部信息,预约 "+id)
}

// A row from before the database asked for words is shown as it is.
func TestAnOldRowWithoutWordsIsShownAsItIs(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.change(`ALTER TABLE audit DISABLE TRIGGER in_words`)
	tn.change(`INSERT INTO audit (actor, action, subject, detail) VALUES ('robot:r2', 'beeped', 'teapot:1', 'twice')`)
	tn.staff(auth.Auditor).get("/manage/audit").want(http.StatusOK, "robot:r2", "beeped", "teapot 1", "twice")
}

func TestTheAuditorIsToldWhatWasRemoved(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.staff(auth.Auditor)
	if said := v.get("/manage/audit").want(http.StatusOK).text(); strings.Contains(said, "的规定删除") {
		t.Error("something is said to have been removed, and nothing was")
	}
	tn.change(`INSERT INTO audit_removal (seal, hash, rows, until, days) VALUES (1, sha256(''), 40, '2025-05-16 10:00+08', 365), (2, sha256(''), 2, '2025-05-17 10:00+08', 365)`)
	v.get("/manage/audit").want(http.StatusOK, "2025年5月17日", "365 天的规定删除，共 42 条", "最近一次在 2026年5月18日")
}

func (tn *town) change(query string) {
	tn.t.Helper()
	_, err := tn.db.ExecContext(tn.t.Context(), query)
	tn.must(err)
}
