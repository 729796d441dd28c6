package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"hunyue/internal/date"
	"hunyue/notify"
	"hunyue/server/auth"
)

// teller is a browser in which a manager of these offices has signed in.
func (tn *town) teller(name string, offices ...string) *visitor {
	tn.t.Helper()
	_, err := tn.Accounts.AddUser(tn.t.Context(), "test", auth.NewUser{Username: name, Password: password, Roles: []string{auth.Manager}, Offices: offices})
	if err != nil {
		tn.t.Fatal(err)
	}
	v := tn.visitor()
	v.get("/staff/login").send("/staff/login", "username", name, "password", password).want(http.StatusOK)
	return v
}

// notice is a form filled in.
func notice() []string {
	return []string{
		"office", office, "kind", "reminder", "audience", "public", "title_zh", "5月20日请提前预约", "title_en", "Book ahead for 20 May",
		"body_zh", "这一天人多。\n请提前预约。\n\n<b>谢谢</b>", "body_en", "It will be busy.\n\nPlease book ahead.",
		"from", "2026-05-18", "to", "2026-05-20", "step", "save",
	}
}

// publishNotice takes a notice through the hands of two people.
func (tn *town) publishNotice(writer, reviewer *visitor, typed ...string) string {
	tn.t.Helper()
	writer.get("/manage/notices/new").send("/manage/notices/new", append(notice(), typed...)...).want(http.StatusOK, "草稿")
	at := writer.URL.Path
	writer.send(at+"/step", "step", "handed_in").want(http.StatusOK, "待审核")
	reviewer.get(at).send(at+"/step", "step", "published").want(http.StatusOK, "已发布")
	return strings.TrimPrefix(at, "/manage")
}

func TestANoticeIsWrittenByOneAndPublishedByAnother(t *testing.T) {
	tn := newTown(t)
	writer, reviewer := tn.teller("writer", office), tn.teller("reviewer", office)
	writer.get("/manage/notices/new").want(http.StatusOK, "写公告")
	writer.send("/manage/notices/new", append(notice(), "step", "preview")...).want(http.StatusOK, "预览：还没有保存", "请提前预约。", "<b>谢谢</b>")
	if strings.Contains(writer.body, "<b>谢谢") {
		t.Error("markup that was typed is not escaped")
	}
	public := tn.visitor()
	public.get("/notices").want(http.StatusOK, "现在没有公告")
	writer.send("/manage/notices/new", "step", "save").want(http.StatusOK, "草稿", "第 1 版")
	at := writer.URL.Path
	public.get(strings.TrimPrefix(at, "/manage")).want(http.StatusNotFound, "没有这条公告")

	writer.send(at+"/step", "step", "handed_in").want(http.StatusOK, "待审核", "不能审核自己写的内容")
	writer.post(at+"/step", url.Values{"version": {"1"}, "step": {"published"}}).want(http.StatusConflict, "公告须由另一个人审核")
	reviewer.get("/manage/notices").want(http.StatusOK, "待审核", "5月20日请提前预约")
	reviewer.get(at).send(at+"/step", "step", "published").want(http.StatusOK, "已发布", "staff:reviewer")

	public.get("/notices").want(http.StatusOK, "温馨提示", "5月20日请提前预约", "武陵区婚姻登记处")
	public.get(strings.TrimPrefix(at, "/manage")).want(http.StatusOK, "请提前预约。", "2026年5月18日 星期一 至 2026年5月20日 星期三", "第 1 版", "所有人")
	public.get(strings.TrimPrefix(at, "/manage")+"?lang=en").want(http.StatusOK, "Book ahead for 20 May", "Please book ahead.", "Reminder", "Everybody")
	tn.at("2026-05-21 09:00")
	public.get("/notices").want(http.StatusOK, "no notices at the moment")
	public.get("/notices?over=1&lang=zh").want(http.StatusOK, "5月20日请提前预约")
	public.get(strings.TrimPrefix(at, "/manage")).want(http.StatusOK, "有效期到 2026年5月20日 星期三 为止")
}

func TestACorrectionStandsBesideWhatItCorrects(t *testing.T) {
	tn := newTown(t)
	writer, reviewer, public := tn.teller("writer", office), tn.teller("reviewer", office), tn.visitor()
	at := tn.publishNotice(writer, reviewer)
	writer.get("/manage"+at+"/edit").send("/manage"+at+"/edit", "title_zh", "更正：请预约", "step", "save").want(http.StatusOK, "第 2 版")
	public.get(at).want(http.StatusOK, "5月20日请提前预约", "第 1 版")
	writer.send("/manage"+at+"/step", "step", "handed_in")
	reviewer.get("/manage"+at).send("/manage"+at+"/step", "step", "published").want(http.StatusOK, "已更正")
	public.get(at).want(http.StatusOK, "更正：请预约", "第 2 版", "第 1 版")
	public.get(at+"?version=1").want(http.StatusOK, "5月20日请提前预约", "这是以前的版本")
	public.get(at+"?version=9").want(http.StatusNotFound, "没有这条公告")

	reviewer.send("/manage"+at+"/step", "step", "withdrawn", "reason", "").want(http.StatusUnprocessableEntity, "请写明原因")
	reviewer.send("/manage"+at+"/step", "step", "withdrawn", "reason", "写错了").want(http.StatusOK, "已撤回", "写错了")
	public.get(at).want(http.StatusOK, "更正：请预约", "已于 2026年5月18日 星期一 撤回")
	if strings.Contains(public.text(), "写错了") {
		t.Error("the reason is shown to everybody")
	}
	public.get("/notices?over=1").want(http.StatusOK, "已撤回")
}

func TestWhatIsWrongWithANoticeIsSaidAndNothingTypedIsLost(t *testing.T) {
	tn := newTown(t)
	v := tn.teller("writer", office)
	v.get("/manage/notices/new")
	long := strings.Repeat("长", 41)
	v.send("/manage/notices/new", append(notice(), "office", "", "title_zh", long, "from", "2026-05-2x", "to", "2026-02-30", "body_zh", "")...)
	v.want(http.StatusUnprocessableEntity, "请选择登记处", "最多 40 个字", "请填写正文", "没有这一天")
	kept := v.form("/manage/notices/new")
	for name, want := range map[string]string{"title_zh": long, "from": "2026-05-2x", "to": "2026-02-30", "body_en": "It will be busy.\n\nPlease book ahead.", "kind": "reminder"} {
		if got := strings.TrimPrefix(kept.Get(name), "\n"); got != want {
			t.Errorf("%s is %q afterwards, want %q", name, got, want)
		}
	}
	v.send("/manage/notices/new", "office", office, "title_zh", "好", "body_zh", "正文", "from", "2026-05-18", "to", "2026-05-17", "step", "save").
		want(http.StatusUnprocessableEntity, "结束日期早于开始日期")

	v.send("/manage/notices/new", "to", "", "body_en", "", "step", "save").want(http.StatusOK, "草稿", "缺英文")
	at := v.URL.Path
	v.send(at+"/step", "step", "handed_in").want(http.StatusUnprocessableEntity, "还缺英文正文")
	v.get(at+"/edit").send(at+"/edit", "body_en", "Text", "to", "2026-05-18", "step", "save").want(http.StatusOK, "第 2 版")
	tn.at("2026-05-19 09:00")
	v.get("/staff/login").send("/staff/login", "username", "writer", "password", password)
	v.get(at).send(at+"/step", "step", "handed_in").want(http.StatusUnprocessableEntity, "结束日期已经过去")
	if n := tn.count(`SELECT count(*) FROM notice_step`); n != 0 {
		t.Errorf("%d steps were taken, want none", n)
	}
}

func TestAFormThatIsSentTwiceWritesOneNotice(t *testing.T) {
	tn := newTown(t)
	v := tn.teller("writer", office)
	v.get("/manage/notices/new")
	form := v.form("/manage/notices/new")
	for i, typed := 0, notice(); i < len(typed); i += 2 {
		form.Set(typed[i], typed[i+1])
	}
	v.post("/manage/notices/new", form).want(http.StatusOK, "草稿")
	v.post("/manage/notices/new", form).want(http.StatusOK, "草稿")
	form.Set("title_zh", "回到表单后改的标题")
	v.post("/manage/notices/new", form).want(http.StatusConflict, "刚被别人改过")
	if got := v.form("/manage/notices/new").Get("title_zh"); got != "回到表单后改的标题" {
		t.Errorf("the title is %q afterwards", got)
	}
	if n := tn.count(`SELECT count(*) FROM notice_version`); n != 1 {
		t.Errorf("%d notices, want one", n)
	}
	v.send("/manage/notices/new").want(http.StatusOK, "回到表单后改的标题") // with another key it is another notice
}

func TestTwoEditorsOfANoticeAreToldOfEachOther(t *testing.T) {
	tn := newTown(t)
	one, other := tn.teller("one", office), tn.teller("other", office)
	one.get("/manage/notices/new").send("/manage/notices/new", notice()...)
	at := one.URL.Path
	other.get(at + "/edit")
	one.get(at+"/edit").send(at+"/edit", "title_zh", "先改的", "step", "save").want(http.StatusOK, "先改的")
	other.send(at+"/edit", "title_zh", "后改的", "step", "save").want(http.StatusConflict, "刚被别人改过", "您填写的内容还在")
	if got := other.form(at + "/edit").Get("title_zh"); got != "后改的" {
		t.Errorf("the title is %q afterwards", got)
	}
	other.send(at+"/edit", "step", "save").want(http.StatusOK, "后改的", "第 3 版") // now they know
}

func TestManagersTellOnlyForTheirOwnOffices(t *testing.T) {
	tn := newTown(t)
	mine, both := tn.teller("mine", office), tn.teller("both", office, elsewhere)
	mine.get("/manage/notices/new")
	if strings.Contains(mine.text(), "全部登记处") {
		t.Error("who works for one office may tell for every one")
	}
	for _, forged := range []string{elsewhere, everyOffice} {
		mine.post("/manage/notices/new", values(append(notice(), "office", forged)...)).want(http.StatusForbidden)
	}
	both.get("/manage/notices/new").send("/manage/notices/new", append(notice(), "office", elsewhere)...).want(http.StatusOK, "鼎城区婚姻登记处")
	mine.get(both.URL.Path).want(http.StatusNotFound) // as if it were not there
	mine.get(both.URL.Path + "/edit").want(http.StatusNotFound)
	both.get("/manage/notices/new").send("/manage/notices/new", append(notice(), "office", everyOffice)...).want(http.StatusOK, "全部登记处")
	mine.post(both.URL.Path+"/step", url.Values{"version": {"1"}, "step": {"handed_in"}}).want(http.StatusNotFound)
	tn.staff("operator").get("/manage/notices").want(http.StatusForbidden)
	tn.visitor().get("/manage/notices").want(http.StatusOK, "登录")
}

func values(typed ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(typed); i += 2 {
		v.Set(typed[i], typed[i+1])
	}
	return v
}

func TestTheNewestNoticeOfAnOfficeIsForItsCalendar(t *testing.T) {
	tn := newTown(t)
	writer, reviewer := tn.teller("writer", office, elsewhere), tn.teller("reviewer", office, elsewhere)
	tn.publishNotice(writer, reviewer, "title_zh", "这里的")
	tn.publishNotice(writer, reviewer, "title_zh", "各处的", "office", everyOffice, "to", "")
	tn.publishNotice(writer, reviewer, "title_zh", "那里的", "office", elsewhere)
	for at, want := range map[string]string{office: "各处的", elsewhere: "那里的", "": "各处的"} {
		c := echo.New().NewContext(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), httptest.NewRecorder())
		n, err := tn.newestNotice(c, in(t, "zh"), at)
		if err != nil || n == nil || n.Title != want || !strings.HasPrefix(n.To, "/notices/") {
			t.Errorf("at %q: %+v, error %v; want %s", at, n, err, want)
		}
	}
	tn.visitor().get("/o/"+office).want(http.StatusOK, "各处的")
	tn.visitor().get("/").want(http.StatusOK, "各处的")
	v := tn.visitor().get("/notices?office="+office).want(http.StatusOK, "这里的", "各处的")
	if strings.Contains(v.text(), "那里的") {
		t.Error("an office's list has another's notice")
	}
	v.get("/notices?office=999999").want(http.StatusNotFound)
	v.get("/notices/none").want(http.StatusNotFound)
}

func TestAPlainTextIsParagraphsOfLines(t *testing.T) {
	t.Parallel()
	got := paragraphs("\n一\n二\n\n\n三\r\n")
	if len(got) != 2 || len(got[0]) != 2 || got[0][1] != "二" || len(got[1]) != 1 || got[1][0] != "三" {
		t.Errorf("paragraphs %q", got)
	}
	if w := (notify.Words{From: date.Date{Year: 2026, Month: 5, Day: 18}}); in(t, "en").noticeDays(w) != "From Mon 18 May 2026 until further notice" {
		t.Errorf("days %q", in(t, "en").noticeDays(w))
	}
}
