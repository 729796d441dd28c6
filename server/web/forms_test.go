package web

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/net/html"

	"hunyue/server/policy"
)

// nothingToMistake is the forms of couples that cannot be filled in wrongly.
var nothingToMistake = map[string]string{
	"/settings":              "choices, of which none may be made",
	"/slow":                  "switches",
	"/help/rare-name":        "whatever is typed is looked for",
	"/find":                  "switches",
	"/second/:token":         "switches, and the way back to the form",
	"/book/details":          "switches, and the way back to the form",
	"/book/extend":           "a press",
	"/book/leave":            "a press",
	"/book/again":            "another day, or none",
	"/b/:number/cancel/code": "a press",
	"/b/:number/change/code": "a press",
	"/b/:number/rebook/code": "a press",
	"/b/:number/data/code":   "a press",
	"/o/:office/wait":        "switches, and the way back to the form",
	"/w/:number/decline":     "a press",
	"/w/:number/leave":       "a press",
	"/b/:number/data/delete": "a press, for which there is a page only where it can be done",
}

// noCouples is the public forms that are not filled in by couples.
func noCouples(path string) bool {
	return strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/staff/") || strings.HasPrefix(path, "/dev/")
}

// forgetful is a browser that keeps no page: to Back and Reload it asks for the
// address again, and where that took a form it has nothing to show.
type forgetful struct {
	*visitor
	routes  []*echo.Route
	pressed map[string][2]int // by address as mounted: how often it was refused and done
}

// sends sends a form twice, as an impatient thumb does, and then goes back and
// reloads: each time there is a page of ours with what was typed. It stays where the
// form has led.
func (f *forgetful) sends(action string, values url.Values) *forgetful {
	f.t.Helper()
	before := f.URL.RequestURI()
	f.once(action, values)
	done := f.done()
	to := f.once(action, values)
	if again := f.done(); again != done {
		f.t.Errorf("%s: sent twice it is done twice: %s, then %s", action, done, again)
	}
	f.get(to)
	shown, status := f.looksLike(), f.Status
	f.notes(action, status)
	at := f.URL.RequestURI()
	f.typedIs(action, values, status)

	f.get(before)
	if f.Status >= http.StatusInternalServerError || f.Status == http.StatusMethodNotAllowed || f.root == nil {
		f.t.Errorf("%s: Back leads to %s, which answers %d", action, before, f.Status)
	}
	if status >= http.StatusBadRequest {
		f.typedIs(action+", and Back to "+before, values, status)
	}
	if f.get(at); f.Status != status || f.looksLike() != shown {
		f.t.Errorf("%s: reloaded it is %d and not %d:\n%s\ninstead of\n%s", action, f.Status, status, f.looksLike(), shown)
	}
	return f
}

// press fills in the form of the page that is sent to an address.
func (f *forgetful) press(action string, typed ...string) *forgetful {
	f.t.Helper()
	values := f.form(action)
	for i := 0; i+1 < len(typed); i += 2 {
		values.Set(typed[i], typed[i+1])
	}
	return f.sends(action, values)
}

// once sends a form, which is answered with an address, and says which.
func (f *forgetful) once(action string, values url.Values) string {
	f.t.Helper()
	follow := f.client.CheckRedirect
	f.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	f.post(action, values)
	f.client.CheckRedirect = follow
	if f.Status != http.StatusSeeOther {
		f.t.Fatalf("%s is answered with %d and not with an address:\n%s", action, f.Status, f.text())
	}
	to := f.header.Get("Location")
	for _, inputs := range values {
		if said := inputs[0]; len([]rune(said)) > 1 && strings.ContainsAny(said, "张三李四王") || said == hisPhone || said == herPhone || said == him || said == her {
			if strings.Contains(to, url.QueryEscape(said)) || strings.Contains(to, said) {
				f.t.Errorf("%s leads to an address with %s in it: %s", action, said, to)
			}
		}
	}
	return to
}

// done is what is done once only. That data were looked at is noted each time.
func (f *forgetful) done() string {
	f.t.Helper()
	var all string
	err := f.db.GetContext(f.t.Context(), &all, `
		SELECT format('%s appointments, %s of them active, %s moves, %s codes, %s changes',
			count(*), count(*) FILTER (WHERE status = 'booked'), sum(reschedules),
			(SELECT count(*) FROM phone_code),
			(SELECT count(*) FROM audit WHERE actor = 'couple' AND action <> 'data_opened'))
		FROM appointment`)
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

// notes counts what became of a form.
func (f *forgetful) notes(action string, status int) {
	f.t.Helper()
	path := "" // the one with the fewest parameters
	for _, r := range f.routes {
		if r.Method == http.MethodPost && fitsRoute(r.Path, action) && (path == "" || strings.Count(r.Path, ":") < strings.Count(path, ":")) {
			path = r.Path
		}
	}
	if path != "" {
		n := f.pressed[path]
		if status >= http.StatusBadRequest {
			n[0]++
		} else {
			n[1]++
		}
		f.pressed[path] = n
		return
	}
	f.t.Errorf("%s is mounted nowhere", action)
}

func fitsRoute(route, path string) bool {
	want, got := strings.Split(route, "/"), strings.Split(path, "/")
	fits := len(want) == len(got)
	for i := range min(len(want), len(got)) {
		fits = fits && (want[i] == got[i] || strings.HasPrefix(want[i], ":"))
	}
	return fits
}

// typedIs checks that what can be typed on a page holds what was typed.
func (f *forgetful) typedIs(when string, values url.Values, status int) {
	f.t.Helper()
	for in := range f.all("input") {
		name := attr(in, "name")
		if kind := attr(in, "type"); kind == "hidden" || kind == "radio" || kind == "checkbox" || slices.Contains(notKept, name) || !values.Has(name) {
			continue
		}
		if got := attr(in, "value"); got != values.Get(name) {
			f.t.Errorf("%s (%d): %s holds %q, and %q was typed", when, status, name, got, values.Get(name))
		}
	}
}

// looksLike is what a page says and holds, but for what is new each time.
func (f *forgetful) looksLike() string {
	all := []string{f.text()}
	for _, tag := range []string{"input", "option"} {
		for in := range f.all(tag) {
			if name := attr(in, "name"); name != "key" && name != "proof" {
				all = append(all, name+"="+attr(in, "value")+chosenMark(in))
			}
		}
	}
	return strings.Join(all, "\n")
}

func chosenMark(in *html.Node) string {
	if has(in, "checked") || has(in, "selected") {
		return " (chosen)"
	}
	return ""
}

// A form's answer is a page of its own address, whichever form it is: over all that
// the table of the policy opens to couples, so that no new one is forgotten.
func TestBackAndReloadFindThePageOfEveryFormThatACoupleSends(t *testing.T) {
	t.Parallel()
	e := echo.New()
	newTown(t).Mount(e)
	pressed := map[string][2]int{}
	for name, walk := range map[string]func(*forgetful){
		"book": bookForgetfully, "change": changeForgetfully, "data": dataForgetfully, "rebook": rebookForgetfully,
		"find": findForgetfully, "second": confirmForgetfully, "hot day": verifyForgetfully, "waiting list": waitForgetfully, "the rest": chooseForgetfully,
	} {
		t.Run(name, func(t *testing.T) {
			walk(&forgetful{newTown(t).visitor(), e.Routes(), pressed})
		})
	}
	forms := 0
	for _, r := range e.Routes() {
		rule, _ := policy.Of(r.Method, r.Path)
		if r.Method != http.MethodPost || rule.Door != policy.Couple && rule.Door != policy.Open || noCouples(r.Path) {
			continue
		}
		forms++
		n := pressed[r.Path]
		if _, never := nothingToMistake[r.Path]; n[1] == 0 || n[0] == 0 && !never {
			t.Errorf("%s was refused %d times and done %d times: write how a couple fills it in, rightly and wrongly", r.Path, n[0], n[1])
		}
	}
	t.Logf("forms of couples: %d, each sent twice, gone back from and reloaded: %v", forms, slices.Sorted(maps.Keys(pressed)))
}

func bookForgetfully(f *forgetful) {
	f.get(theDay)
	none := f.form(theDay)
	none.Del("slot")
	f.sends(theDay, none).want(http.StatusUnprocessableEntity, "请选择一个时段")
	f.press(theDay, "slot", nineClock).want(http.StatusOK, "填写双方信息")
	f.press("/book/check", "parties.0.name", "张三", "phone", "12").want(http.StatusUnprocessableEntity)
	f.sends("/book/details", f.form("/book/check")).want(http.StatusOK)
	f.sends("/book/extend", f.form("/book/check"))
	f.press("/book/check", couple()...).want(http.StatusOK, "核对并验证手机")
	f.later(2 * time.Minute)
	f.press("/book/code").want(http.StatusOK)
	bad := f.form("/book/code")
	bad.Set("phone", "12")
	f.sends("/book/code", bad).want(http.StatusUnprocessableEntity)
	f.press("/book/check", couple()...).want(http.StatusOK)
	f.press("/book/confirm", "code", "000000").want(http.StatusUnprocessableEntity, "验证码不对")
	f.press("/book/details").want(http.StatusOK, "填写双方信息")
	f.press("/book/leave").want(http.StatusOK, "请换一个时段", "已放回")
	f.press("/book/again", "day", "2026-05-21").want(http.StatusOK, "5月21日")
	full := f.form("/book/hold")
	full.Set("slot", office+"-20260520-0930-marriage")
	for gone := false; !gone; {
		gone = f.town.visitor().get(theDay).send(theDay, "slot", office+"-20260520-0930-marriage").Status == http.StatusConflict
	}
	f.sends("/book/hold", full).want(http.StatusConflict, "请换一个时段")
	f.press("/book/hold", "slot", nineClock).want(http.StatusOK, "核对并验证手机", "张三")
	f.press("/book/confirm", "code", f.codeFor(hisPhone)).want(http.StatusOK, "预约成功")
}

func changeForgetfully(f *forgetful) {
	f.book()
	at := f.URL.Path
	f.later(2 * time.Minute)
	f.get(at + "/change?date=2026-05-22")
	none := f.form(at + "/change")
	none.Del("slot")
	f.sends(at+"/change", none).want(http.StatusUnprocessableEntity, "请选择一个时段")
	f.press(at+"/change", "slot", on22("0930")).want(http.StatusOK, "确认改期")
	f.press(at + "/change/code").want(http.StatusOK)
	f.press(at+"/change/confirm", "code", "000000").want(http.StatusUnprocessableEntity, "验证码不对")
	back := f.URL.RequestURI()
	f.press(at+"/change/confirm", "code", f.codeFor(hisPhone)).want(http.StatusOK, "5月22日")
	f.get(back).want(http.StatusOK, "已改期")

	f.later(2 * time.Minute)
	f.get(at + "/cancel").want(http.StatusOK)
	f.press(at + "/cancel/code").want(http.StatusOK)
	f.press(at+"/cancel", "code", "000000").want(http.StatusUnprocessableEntity, "验证码不对")
	back = f.URL.RequestURI()
	f.press(at+"/cancel", "code", f.codeFor(hisPhone)).want(http.StatusOK, "已取消")
	f.get(back).want(http.StatusOK, "已取消")
}

func dataForgetfully(f *forgetful) {
	f.book()
	at := f.URL.Path
	f.later(2 * time.Minute)
	f.get(at + "/data")
	f.press(at+"/data/code").want(http.StatusOK, "短信验证码")
	f.press(at+"/data/open", "code", "000000").want(http.StatusUnprocessableEntity, "验证码不对")
	f.press(at+"/data/open", "code", f.codeFor(hisPhone)).want(http.StatusOK, "我的信息")
	f.get(at + "/data/correct")
	f.press(at+"/data/correct", "parties.0.name", "张叁", "phone", "12").want(http.StatusUnprocessableEntity)
	f.press(at+"/data/correct", "parties.0.name", "张叁", "phone", herPhone).want(http.StatusOK, "短信验证码")
	f.press(at+"/data/correct", "code", "000000").want(http.StatusUnprocessableEntity, "验证码不对")
	f.press(at+"/data/correct", "code", f.codeFor(herPhone)).want(http.StatusOK, "张叁", herPhone)
	f.later(2 * time.Minute)
	f.get(at + "/cancel").send(at + "/cancel/code")
	f.send(at+"/cancel", "code", f.codeFor(herPhone)).want(http.StatusOK, "已取消")
	f.get(at + "/data/delete").want(http.StatusOK)
	f.press(at+"/data/delete").want(http.StatusOK, "删除")
}

func rebookForgetfully(f *forgetful) {
	f.book()
	at := f.URL.Path
	f.takenAway()
	f.later(2 * time.Minute)
	f.get(at+"/rebook?date=2026-05-22").want(http.StatusOK, "直接改约")
	none := f.form(at + "/rebook")
	none.Del("slot")
	f.sends(at+"/rebook", none).want(http.StatusUnprocessableEntity, "请选择一个时段")
	f.press(at+"/rebook", "slot", on22("0930")).want(http.StatusOK, "不用再填")
	f.press(at + "/rebook/code").want(http.StatusOK)
	f.press(at+"/rebook/confirm", "code", "000000").want(http.StatusUnprocessableEntity, "验证码不对")
	f.press(at+"/rebook/confirm", "code", f.codeFor(hisPhone)).want(http.StatusOK, "预约成功", "5月22日")
}

func findForgetfully(f *forgetful) {
	maker := f.town.visitor()
	maker.book()
	number, secret := strings.TrimPrefix(maker.URL.Path, "/b/"), textOf(maker, "code")
	f.later(2 * time.Minute)
	f.get("/find")
	f.press("/find/send", "mobile", "12").want(http.StatusUnprocessableEntity)
	f.press("/find/send", "mobile", hisPhone).want(http.StatusOK)
	switched := f.form("/find/mine")
	switched.Set("page", byPhone)
	f.sends("/find", switched).want(http.StatusOK, "短信验证码")
	f.press("/find/mine", "code", "000000").want(http.StatusUnprocessableEntity)
	f.press("/find/mine", "code", f.codeFor(hisPhone)).want(http.StatusOK, "预约成功")

	f.later(2 * time.Minute)
	f.get("/find")
	f.press("/find/code", "number", number, "phone", "12").want(http.StatusUnprocessableEntity)
	f.press("/find/code", "number", number, "phone", hisPhone).want(http.StatusOK)
	f.press("/find/phone", "code", "000000").want(http.StatusUnprocessableEntity)
	f.press("/find/phone", "code", f.codeFor(hisPhone)).want(http.StatusOK, "预约成功")

	f.get("/find")
	f.press("/find/secret", "number2", "12").want(http.StatusUnprocessableEntity)
	f.press("/find/secret", "number2", number, "secret", "nonsense").want(http.StatusNotFound)
	f.press("/find/secret", "number2", number, "secret", secret).want(http.StatusOK, "预约成功")
}

func confirmForgetfully(f *forgetful) {
	_, link := f.town.visitor().secondBooks()
	f.get(link).want(http.StatusOK)
	f.press(link+"/check", says("document.number", "12")...).want(http.StatusUnprocessableEntity)
	f.sends(link, f.form(link+"/check")).want(http.StatusOK)
	f.press(link+"/check", says()...).want(http.StatusOK, "138****0002")
	f.press(link+"/confirm", "code", "000000").want(http.StatusUnprocessableEntity, "验证码不对")
	f.press(link+"/confirm", "code", f.codeFor(herPhone)).want(http.StatusOK, "已确认")
}

func verifyForgetfully(f *forgetful) {
	f.heat()
	f.get(hotPhone).want(http.StatusOK)
	f.press(hotPhone, "phone", "12", "step", "code").want(http.StatusUnprocessableEntity)
	f.press(hotPhone, "phone", hisPhone, "step", "code").want(http.StatusOK)
	f.press(hotPhone, "code", "000000", "step", "prove").want(http.StatusUnprocessableEntity, "验证码不对")
	f.press(hotPhone, "code", f.codeFor(hisPhone), "step", "prove").want(http.StatusOK)
	if f.URL.Path != theDay || len(f.radios()) == 0 {
		f.t.Errorf("a phone leads to %s with %d times", f.URL, len(f.radios()))
	}
}

func chooseForgetfully(f *forgetful) {
	f.get("/help/rare-name")
	f.press("/help/rare-name", "q", "王 民").want(http.StatusOK, "珉")
	f.get("/settings")
	f.press("/settings", "size", "large").want(http.StatusOK)
	f.get("/find")
	f.sends("/slow", url.Values{slowAction: {"/find/send"}, slowUntil: {"1"}, "mobile": {hisPhone}}).want(http.StatusOK)
	if got := f.form("/find/send").Get("mobile"); got != hisPhone {
		f.t.Errorf("the phone that was typed is %q", got)
	}
}
