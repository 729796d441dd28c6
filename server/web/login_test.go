package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"hunyue/server/auth"
)

// code is what an app shows for the key on the page.
func (v *visitor) appCode(key string) string {
	v.t.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(key, " ", ""), v.Clock.Now())
	if err != nil {
		v.t.Fatal(err)
	}
	return code
}

// key is the key for codes that the page shows.
func (v *visitor) key() string {
	v.t.Helper()
	for c := range v.all("code") {
		return c.FirstChild.Data
	}
	v.t.Fatal("the page shows no key:\n" + v.text())
	return ""
}

// secured is a town whose staff need a second factor.
func secured(t *testing.T) *town {
	t.Helper()
	tn := newTown(t)
	tn.Accounts.SecondFactor = true
	return tn
}

func TestAProgramThatStartsEmptyIsSetUpOnItsPages(t *testing.T) {
	t.Parallel()
	tn := secured(t)
	link, err := tn.Accounts.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v, at := tn.visitor(), "/staff/link/"+link
	v.get(at).want(http.StatusOK, "建立第一个账号")
	v.send(at, "username", "x", "password_new", "12345678").want(http.StatusUnprocessableEntity, "太常见")
	v.send(at, "username", "guard", "name", "安全员", "password_new", "eight-owls").want(http.StatusOK, "请先设置第二重验证")
	v.get("/manage/people").want(http.StatusOK, "请先设置第二重验证")
	key := v.key()
	v.send("/staff/account/factor", "code", "000000", "password", "eight-owls").want(http.StatusUnprocessableEntity, "验证码不对")
	if v.key() != key {
		t.Error("another secret is shown after a wrong code")
	}
	v.send("/staff/account/factor", "code", v.appCode(key), "password", "wrong").want(http.StatusUnprocessableEntity, "密码不对")
	before := cookieOf(v, "staff")
	v.send("/staff/account/factor", "code", v.appCode(key), "password", "eight-owls").want(http.StatusOK, "账号管理").get("/manage/people").want(http.StatusOK, "已设第二重验证")
	if cookieOf(v, "staff") == before {
		t.Error("the token is the one of before the second factor was set up")
	}
	tn.visitor().get(at).want(http.StatusConflict, "已经用过")
	tn.later(time.Minute)
	w := tn.visitor()
	w.get("/staff/login").send("/staff/login", "username", "guard", "password", "eight-owls").want(http.StatusUnauthorized, "验证码不对")
	w.send("/staff/login", "username", "guard", "password", "eight-owls", "code", w.appCode(key)).want(http.StatusOK, "账号管理")
}

func cookieOf(v *visitor, name string) string {
	u, _ := url.Parse(v.server.URL)
	for _, c := range v.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func TestASecurityAdministratorKeepsTheAccounts(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	g := tn.staff(auth.SecAdmin)
	g.get("/manage/people/new").send("/manage/people/new", "username", "Li.Na", "name", "李娜").want(http.StatusUnprocessableEntity, "请填写")
	if got := g.form("/manage/people/new").Get("name"); got != "李娜" {
		t.Errorf("the name came back as %q", got)
	}
	g.send("/manage/people/new", "username", "Li.Na", "name", "李娜", "role.auditor", "1", "role.hall", "1").want(http.StatusUnprocessableEntity, "三人分任")
	form := g.form("/manage/people/new")
	form.Del("role.auditor")
	form.Set("office."+office, "1")
	g.post("/manage/people/new", form).want(http.StatusOK, "一次性链接", "还没有设置密码")
	_, token, _ := strings.Cut(g.key(), "/staff/link/")
	at := "/staff/link/" + token

	li := tn.visitor()
	li.get(at).want(http.StatusOK, "李娜，您好").send(at, "password_new", "nine quiet herons 7").want(http.StatusOK, "今天的预约")
	one := "/manage/people/li.na"
	g.get(one).send(one, "role.registrar", "1", "certificate_from", "2026-05-01", "certificate_to", "2026-04-01").want(http.StatusUnprocessableEntity, "结束应在开始之后")
	g.send(one, "certificate_to", "2026-12-31").want(http.StatusOK, "已保存")
	tn.later(time.Second)
	li.get("/desk").want(http.StatusOK, "登录已过期")
	li.send("/staff/login", "username", "li.na", "password", "nine quiet herons 7").want(http.StatusOK, "今天的预约")
	g.get(one).send(one+"/sessions").want(http.StatusOK, "已在所有设备上退出")
	tn.later(time.Second)
	li.get("/desk").want(http.StatusOK, "登录已过期")
	g.get(one).send(one+"/disable").want(http.StatusUnprocessableEntity, "请输入这个账号的用户名")
	g.send(one+"/disable", "confirm", "li.na").want(http.StatusOK, "账号已停用", "这个账号已停用")
	li.send("/staff/login", "username", "li.na", "password", "nine quiet herons 7").want(http.StatusUnauthorized)

	g.post(one+"/link", nil).want(http.StatusConflict, "已停用")

	own := "/manage/people/secadmin"
	g.get(own).want(http.StatusOK, "这是您自己的账号")
	for _, act := range []string{own, own + "/link", own + "/factor", own + "/disable"} {
		g.post(act, url.Values{"role.secadmin": {"1"}, "reason": {"x"}}).want(http.StatusForbidden)
	}
	tn.staff(auth.Manager).get("/manage/people").want(http.StatusForbidden)
}

func TestWhatWasTypedComesBackAfterSigningInAgain(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.staff(auth.Manager)
	v.get("/manage/notices/new")
	form := merged(v.form("/manage/notices/new"), "title_zh", "停电通知：龚㼆䶮 <b>", "password", "never-carried")
	tn.later(16 * time.Minute)
	v.post("/manage/notices/new", form).want(http.StatusUnauthorized, "刚才填写的内容已保留")
	if strings.Contains(v.body, "停电") || strings.Contains(v.body, "never-carried") {
		t.Error("what was typed can be read on the login page")
	}
	login := v.form("/staff/login")
	v.post("/staff/login", merged(login, "username", auth.Manager, "password", "wrong")).want(http.StatusUnauthorized)
	login = v.form("/staff/login")
	v.post("/staff/login", merged(login, "username", auth.Manager, "password", password)).want(http.StatusOK, "接着提交")
	back := v.form("/manage/notices/new")
	if got := back.Get("title_zh"); got != "停电通知：龚㼆䶮 <b>" || back.Get("key") != form.Get("key") || back.Has("password") {
		t.Errorf("came back as %v", back)
	}
	if again := v.send("/manage/notices/new").want(http.StatusUnprocessableEntity, "请填写正文").form("/manage/notices/new"); again.Get("title_zh") != "停电通知：龚㼆䶮 <b>" {
		t.Errorf("sent and shown again as %v", again)
	}

	other := tn.staff(auth.Operator) // at another browser, with the same login form
	other.get("/staff/login")
	other.post("/staff/login", merged(login, "username", auth.Operator, "password", password))
	if other.Status != http.StatusOK || strings.Contains(other.body, "停电") || other.URL.Path != "/call" {
		t.Errorf("another account is at %s and may see what the first has typed", other.URL)
	}
	tn.later(61 * time.Minute)
	v.post("/staff/login", merged(login, "username", auth.Manager, "password", password))
	if strings.Contains(v.body, "停电") {
		t.Error("a form comes back after an hour")
	}
}

func TestAFormOfAStrangerIsNotKept(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.post("/manage/notices/new", url.Values{"title_zh": {"x"}}).want(http.StatusOK, "工作人员登录")
	if got := v.form("/staff/login").Get("carried"); got != "" {
		t.Errorf("carried %q", got)
	}
}

func TestLoggingOutClearsTheBrowser(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.staff(auth.Operator)
	v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	v.get("/call").send("/staff/logout")
	if got := v.header.Get("Clear-Site-Data"); got != `"cache", "storage"` {
		t.Errorf("Clear-Site-Data %q", got)
	}
	if cookieOf(v, "staff") != "" || cookieOf(v, "who") != "" {
		t.Error("a cookie of the session is left")
	}
}

// A token that was in the browser before is dead after signing in: nobody who
// has put it there knows the new one.
func TestASessionThatWasThereBeforeIsNotGoneOnWith(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.staff(auth.Operator)
	planted := cookieOf(v, "staff")
	v.get("/staff/login").send("/staff/login", "username", auth.Operator, "password", password).want(http.StatusOK)
	if cookieOf(v, "staff") == planted {
		t.Error("the token is the one of before")
	}
	tn.later(time.Second)
	if _, err := tn.Accounts.Authenticate(t.Context(), planted); err == nil {
		t.Error("the token of before still opens the door")
	}
	u, _ := url.Parse(v.server.URL)
	made := tn.visitor()
	made.client.Jar.SetCookies(u, []*http.Cookie{{Name: "staff", Value: strings.Repeat("A", 43), Path: "/"}})
	made.get("/staff/login").send("/staff/login", "username", auth.Operator, "password", password).want(http.StatusOK)
	if strings.HasPrefix(cookieOf(made, "staff"), "AAAA") {
		t.Error("a token that somebody has made up becomes a session")
	}
}

func TestAPasswordIsChangedByItsOwner(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v, elsewhere := tn.staff(auth.Operator), tn.visitor()
	elsewhere.get("/staff/login").send("/staff/login", "username", auth.Operator, "password", password).want(http.StatusOK)
	change := "/staff/account/password"
	v.get("/staff/account").send(change, "password", "wrong", "password_new", "seven blue lanterns").want(http.StatusUnprocessableEntity, "密码不对")
	v.send(change, "password", password, "password_new", "short").want(http.StatusUnprocessableEntity, "至少 15 个字符")
	v.send(change, "password", password, "password_new", "wo-ai-minzheng-2026").want(http.StatusUnprocessableEntity, "婚姻、民政之类")
	v.send(change, "password", password, "password_new", "seven blue lanterns").want(http.StatusOK)
	v.get("/call").want(http.StatusOK)
	tn.later(time.Second)
	elsewhere.get("/call").want(http.StatusOK, "登录已过期")
	elsewhere.send("/staff/login", "username", auth.Operator, "password", password).want(http.StatusUnauthorized)
	elsewhere.send("/staff/login", "username", auth.Operator, "password", "seven blue lanterns").want(http.StatusOK)
	elsewhere.get("/staff/account").send("/staff/account/sessions", "everywhere", "1").want(http.StatusOK, "工作人员登录")
	tn.later(time.Second)
	v.get("/call").want(http.StatusOK, "工作人员登录")
}

// A registrar whose permission has run out calls nobody to a counter and
// registers nobody (domain rule 49).
func TestACounterIsOpenedByARegistrarWithAPermission(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:45")
	v := tn.well(auth.Registrar)
	guest := "/desk/" + number
	v.get(guest).send(guest+"/check-in", "reading.1", "36.5", "reading.2", "36.6", "device", "T1").want(http.StatusOK)
	permit := func(from, to string) {
		t.Helper()
		if _, err := tn.db.ExecContext(t.Context(), `UPDATE account SET certificate_from = $1, certificate_to = $2 WHERE username = 'registrar'`, from, to); err != nil {
			t.Fatal(err)
		}
		tn.later(time.Second)
	}
	permit("2026-01-01", "2026-05-19")
	v.get(guest).send(guest+"/call", "counter", "3").want(http.StatusForbidden, "没有有效的婚姻登记员资格")
	permit("2026-01-01", "2026-05-20")
	v.get(guest).send(guest+"/call", "counter", "3").want(http.StatusOK)
	permit("2026-05-21", "2026-12-31")
	v.get(guest).send(guest+"/start", "counter", "3").want(http.StatusForbidden, "没有有效的婚姻登记员资格")
	permit("2026-05-20", "2026-12-31")
	v.get(guest).send(guest+"/start", "counter", "3").want(http.StatusOK)
	permit("2026-05-21", "2026-12-31")
	v.get(guest).send(guest+"/complete", "certificate_number", "J430702-2026-000001").want(http.StatusForbidden, "没有有效的婚姻登记员资格")
	permit("2026-05-20", "2026-05-20")
	v.get(guest).send(guest+"/complete", "certificate_number", "J430702-2026-000001").want(http.StatusOK, "已办结")
}
