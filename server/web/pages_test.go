package web

import (
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"hunyue/internal/fault"
	"hunyue/server/auth"
)

// unwritten is what shows through where a text is missing.
var unwritten = regexp.MustCompile(`(?m)^[a-z]+\.[a-z_.]+$|\{\w+\}|<no value>|%!`)

// inEnglish fails for Chinese on a page for English readers. What people and
// offices are called is not translated, and neither is the switch.
func (v *visitor) inEnglish() {
	v.t.Helper()
	han := regexp.MustCompile(`\p{Han}+`)
	for _, found := range han.FindAllString(v.text(), -1) {
		if !slices.Contains([]string{"中文", "张", "李", "张三", "李四"}, found) {
			v.t.Errorf("%s: %q on an English page", v.URL.Path, found)
		}
	}
}

// sound fails for a page that breaks what all pages keep.
func (v *visitor) sound(lang string) {
	v.t.Helper()
	if found := unwritten.FindAllString(v.text(), -1); found != nil {
		v.t.Errorf("%s in %s: %q is no text", v.URL.Path, lang, found)
	}
	for n := range v.all("html") {
		if !strings.HasPrefix(attr(n, "lang"), lang) {
			v.t.Errorf("%s is in %q, want %q", v.URL.Path, attr(n, "lang"), lang)
		}
	}
	if lang == "en" {
		v.inEnglish()
	}
	v.accessible()
}

// within reports whether a node is in an element.
func within(n *html.Node, tag string) bool {
	for a := range n.Ancestors() {
		if a.Data == tag {
			return true
		}
	}
	return false
}

// accessible fails for an input without a label, two elements with one id, more
// than one h1, or anything that the content security policy would stop.
func (v *visitor) accessible() {
	v.t.Helper()
	ids, labelled, headings := map[string]int{}, map[string]bool{}, 0
	for n := range v.root.Descendants() {
		if n.Type != html.ElementNode || within(n, "template") { // what a script may put there is not there
			continue
		}
		if id := attr(n, "id"); id != "" {
			ids[id]++
		}
		switch {
		case n.Data == "label":
			labelled[attr(n, "for")] = true
		case n.Data == "h1":
			headings++
		case n.Data == "script" && !has(n, "src") || n.Data == "style" || has(n, "style") || has(n, "onclick"):
			v.t.Errorf("%s has an inline <%s>", v.URL.Path, n.Data)
		}
	}
	for id, n := range ids {
		if n > 1 {
			v.t.Errorf("%s: %d elements are %q", v.URL.Path, n, id)
		}
	}
	for _, tag := range []string{"input", "select", "textarea"} {
		for in := range v.all(tag) {
			inLabel := in.Parent != nil && in.Parent.Data == "label"
			if attr(in, "type") != "hidden" && !within(in, "template") && !inLabel && !labelled[attr(in, "id")] {
				v.t.Errorf("%s: nobody says what %s is", v.URL.Path, attr(in, "name"))
			}
		}
	}
	for _, tag := range []string{"input", "textarea"} {
		for in := range v.all(tag) {
			typed := tag == "textarea" || slices.Contains([]string{"text", "tel", "password"}, attr(in, "type"))
			if typed && attr(in, "maxlength") == "" {
				v.t.Errorf("%s: %s takes whatever is typed", v.URL.Path, attr(in, "name"))
			}
		}
	}
	if headings != 1 {
		v.t.Errorf("%s has %d main headings", v.URL.Path, headings)
	}
}

// Every page, in the state that a visitor meets first and in one with mistakes.
func TestEveryPageIsWrittenInBothLanguages(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"zh", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			tn := newTown(t)
			v := tn.visitor()
			v.get("/?lang=" + lang).sound(lang)
			for _, path := range []string{"/notice", "/find", "/o/" + office, theDay, "/o/" + office + "/2026-05-23", "/staff/login", "/dev/messages", "/nowhere"} {
				v.get(path).sound(lang)
			}
			v.get(theDay).send(theDay).sound(lang)
			v.send(theDay, "slot", nineClock).sound(lang)
			v.send("/book/check").sound(lang)
			v.send("/book/check", couple()...).sound(lang)
			v.send("/book/confirm").sound(lang)
			lost := merged(v.form("/book/confirm"), "hold", "4f9c1a52-0000-4000-8000-000000000000")
			v.post("/book/confirm", merged(lost, "code", "123456")).sound(lang)
			v.send("/book/hold").sound(lang)
			v.send("/book/confirm", "code", tn.codeFor(hisPhone)).sound(lang)
			page := v.URL.Path
			v.get(page + "/cancel").sound(lang)
			v.send(page + "/cancel/code").sound(lang)
			v.get(page + "/change").sound(lang)
			v.get(page + "/change?date=2026-05-21").sound(lang)
			v.send(page+"/change", "slot", office+"-20260521-0900-marriage").sound(lang)
			v.get("/find").send("/find/code").sound(lang)
			v.get("/find").send("/find/secret", "number2", "12345678", "secret", "x").sound(lang)
			staffPages(t, tn, lang, path.Base(page))
		})
	}
}

// staffPages looks at the pages of staff while a couple is received.
func staffPages(t *testing.T, tn *town, lang, number string) {
	t.Helper()
	tn.at("2026-05-20 08:50")
	guest := "/desk/" + number
	v := tn.staff(auth.Registrar)
	v.get("/desk?lang=" + lang).sound(lang)
	v.send("/desk/find", "q", "13800000009").sound(lang)
	v.send("/desk/reading", "celsius", "x").sound(lang)
	v.send("/desk/reading", "celsius", "36.4", "device", "T1").sound(lang)
	v.get(guest).sound(lang)
	v.send(guest + "/check-in").sound(lang)
	v.send(guest+"/check-in", "reading.1", "36.5", "reading.2", "36.5", "device", "T1").sound(lang)
	v.send(guest + "/call").sound(lang)
	v.send(guest+"/call", "counter", "3").sound(lang)
	v.send(guest+"/start", "counter", "4").sound(lang)
	v.send(guest+"/start", "counter", "3").sound(lang)
	v.send(guest+"/complete", "certificate_number", "J110101-2020-000001").sound(lang)
	v.send(guest+"/complete", "sure_of", "J110101-2020-000001").sound(lang)

	call := "/call/o/" + office + "/2026-05-25"
	v.get("/call").sound(lang)
	v.get("/call/o/" + office).sound(lang)
	v.get(call).send(call, "slot", v.radios()[0]).sound(lang)
	others := []string{"parties.0.document.number", "430799199003080010", "parties.1.document.number", "430799199003080029"}
	for _, at := range []int{1, 3} {
		others[at] = others[at][:17] + checkDigit(others[at][:17])
	}
	v.send("/call/book/check", append(append(couple(), others...), "caller", "-")...).sound(lang)
	v.send("/call/book/confirm").sound(lang)
	v.send(v.URL.Path + "/cancel").sound(lang)

	tn.staff(auth.SysAdmin).get("/staff?lang=" + lang).sound(lang)
	tn.staff(auth.Auditor).get("/manage/policy?lang=" + lang).sound(lang)

	m := tn.staff(auth.Manager)
	manage := "/manage/" + office
	m.get(manage + "?lang=" + lang).sound(lang)
	m.send(manage+"/publish", "step", "preview").sound(lang)
	m.get(manage).send(manage+"/publish", "publish.from", "", "publish.to", "x").sound(lang)
	m.get(manage).send(manage+"/schedule", "schedule.slot_minutes", "1").sound(lang)
	m.get(manage).send(manage+"/suspend", "suspend.reason", "-", "suspend.notice", "-").sound(lang)
	m.get(manage).send(manage+"/suspend", "suspend.from", "2026-07-01", "suspend.to", "2026-07-01", "suspend.reason", "-", "suspend.notice", "-", "step", "suspend").sound(lang)
	stop := strconv.Itoa(tn.count(`SELECT max(id) FROM suspension`))
	m.send(manage+"/suspensions/"+stop, amendInput(stop, "to"), "2026-06-01").sound(lang)
	m.send(manage+"/suspensions/"+stop, amendInput(stop, "to"), "2026-07-02", amendInput(stop, "reason"), "-", "step", "amend").sound(lang)
	m.get(manage).send(manage+"/special", "special.hours", "x").sound(lang)
	m.send(manage+"/special", "special.day", "2026-05-30", "special.hours", "09:00-10:00", "special.reason", "-", "special.notice", "-", "step", "preview").sound(lang)
	m.send(manage+"/special", "step", "put").sound(lang)
	m.get(manage + "/2026-05-25").sound(lang)
	m.send(manage+"/2026-05-25/places", "places", "x").sound(lang)
	report := manage + "/2026-05-20/report"
	m.get(manage+"/2026-05-20").send(report, "daily.value.late", "x").sound(lang)
	m.send(report, "daily.value.late", "1", "daily.because.late", "-", "daily.remarks", "-", "step", "preview").sound(lang)
	m.send(report, "step", "submit").sound(lang)
	m.get(manage).sound(lang)
	m.get("/nowhere").sound(lang)
}

func TestTheLanguageIsChosenHereBeforeOrByTheBrowser(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get("/").want(http.StatusOK, "选择登记处", "English")
	v.get("/?lang=en").want(http.StatusOK, "Choose an office", "中文")
	v.get("/o/"+office).want(http.StatusOK, "Wed 20 May", "office closed")
	v.get("/?lang=zh").want(http.StatusOK, "选择登记处")
	v.get(theDay).send(theDay, "slot", nineClock)
	v.send("/book/details?lang=en", "parties.0.name", "张三").want(http.StatusOK, "Your details", "Held for you until 10:05")
	if got := v.form("/book/check").Get("parties.0.name"); got != "张三" {
		t.Errorf("in the other language the name is %q, want 张三", got)
	}

	v.post("/book/check?lang=zh", merged(v.form("/book/check"), couple()...)).want(http.StatusOK, "核对并验证手机", "English")
	v.send("/book/details?lang=en", "page", "check").want(http.StatusOK, "Check your answers", "张三", "中文")
	v.post("/book/leave", v.form("/book/confirm")).want(http.StatusOK, "Choose another time")
	v.send("/book/again?lang=zh").want(http.StatusOK, "请换一个时段", "2026年5月20日 星期三", "您填的都还在")
	v.get(theDay).send(theDay).want(http.StatusUnprocessableEntity, "English")
	v.get("/find").send("/find/code", "number", "12345678", "phone", hisPhone).want(http.StatusOK, "English")
	v.send("/find?lang=en", "page", "number").want(http.StatusOK, "Code from the text")
	if f := v.form("/find/phone"); f.Get("number") != "12345678" || f.Get("phone") != hisPhone {
		t.Errorf("in the other language the form is %v", f)
	}
	v.get("/?lang=zh")

	foreigner := v.visitor()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.server.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Language", "fr-FR,fr;q=0.9")
	foreigner.do(r).want(http.StatusOK, "Choose an office")
}

// Addresses are logged, by us and by others; cookies lie about on machines that
// several people use.
func TestAddressesAndCookiesNameNobody(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	number := tn.bookedBy(v)
	secret := textOf(v, "code")
	tn.later(2 * time.Minute)
	v.get("/find").send("/find/code", "number", number, "phone", hisPhone)
	v.get("/find").send("/find/secret", "number2", number, "secret", secret)
	tn.at("2026-05-20 08:40")
	s := tn.staff(auth.Hall)
	s.get("/desk").send("/desk/find", "q", him)
	base, err := url.Parse(tn.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, path := range []string{"/", "/b/" + number} {
		base.Path = path
		for _, cookie := range append(v.client.Jar.Cookies(base), s.client.Jar.Cookies(base)...) {
			kept = append(kept, cookie.String())
		}
	}
	for _, word := range []string{him, her, hisPhone, url.QueryEscape("张三"), url.QueryEscape("李四"), "张三"} {
		for _, place := range append(append([]string{v.URL.String(), s.URL.String()}, tn.asked...), kept...) {
			if strings.Contains(place, word) {
				t.Errorf("%q is in %s", word, place)
			}
		}
	}
	for _, address := range tn.asked {
		if strings.Contains(address, secret) {
			t.Errorf("the secret is in %s", address)
		}
	}
	if len(tn.asked) < 8 || len(kept) < 3 {
		t.Errorf("looked at %d addresses and %d cookies only", len(tn.asked), len(kept))
	}
}

func TestCookiesAreOutOfReachOfScripts(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.Accounts.Secure = true
	answer, err := http.Get(tn.server.URL + theDay + "?lang=en")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	names := []string{}
	for _, cookie := range answer.Cookies() {
		names = append(names, cookie.Name)
		if !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode {
			t.Errorf("%s: HttpOnly %t, Secure %t, SameSite %d", cookie.Name, cookie.HttpOnly, cookie.Secure, cookie.SameSite)
		}
	}
	if !slices.Contains(names, "__Host-session") {
		t.Errorf("over https the session is in %v, want __Host-session", names)
	}
}

func TestEveryErrorPageSaysWhatToDoNext(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	for _, kind := range []fault.Kind{
		fault.Internal, fault.Unavailable, fault.Invalid, fault.Unauthorized, fault.Forbidden, fault.NotFound, fault.Conflict, fault.TooMany,
	} {
		for _, lang := range []string{"zh", "en"} {
			pg := page{Reader: tn.Texts.In(lang)}
			next := pg.next(fault.New(kind, "whatever"))
			if pg.next(fault.New(kind, "too_large")) == next {
				t.Errorf("kind %d in %s: what is too large is told as %q", kind, lang, next)
			}
			if unwritten.MatchString(next) || next == "" {
				t.Errorf("kind %d in %s: %q", kind, lang, next)
			}
		}
	}
}

func TestDemoMessagesAreThereInDemoModeOnly(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.book()
	v.get("/dev/messages").want(http.StatusOK, hisPhone)
	v.get("/dev/messages.json?phone=" + hisPhone)
	if !strings.HasPrefix(v.body, `{"messages":[{"at":"`) {
		t.Errorf("messages.json is %.60s", v.body)
	}
	tn.Dev = nil
	tn.server.Close()
	tn.open()
	v.get("/dev/messages").want(http.StatusNotFound)
	if strings.Contains(v.text(), "演示短信") {
		t.Error("there is a link to the messages outside demo mode")
	}
}
