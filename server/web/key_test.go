package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hunyue/internal/testenv/browser"
	"hunyue/server/auth"
)

// keyAddress is the town under the name under which browsers let keys be used
// without https.
func (tn *town) keyAddress() string {
	return strings.Replace(tn.server.URL, "127.0.0.1", "localhost", 1)
}

// In a real browser, with a key that is touched whenever it is asked.
func TestASecurityKeyIsASecondFactor(t *testing.T) {
	tn := newTown(t)
	for _, name := range []string{"anna", "bert"} {
		_, err := tn.Accounts.AddUser(t.Context(), "test", auth.NewUser{Username: name, Password: password, Roles: []string{auth.Operator}, Offices: []string{office}})
		if err != nil {
			t.Fatal(err)
		}
	}
	ph := &phone{town: tn, tab: browser.Open(t).Guest(t)}
	at := tn.keyAddress()
	signIn := func(name, pass, button, then string) {
		t.Helper()
		ph.do(chromedp.Navigate(at+"/staff/login?lang=zh"), typed("#username", name), typed("#password", pass), submit(button, then))
		ph.loaded(then)
	}
	const withKey, alone = "button[data-key]", "main form > button"
	ph.do(browser.SecurityKey())
	signIn("anna", password, alone, "form[action='/staff/logout']")
	ph.do(chromedp.Navigate(at+"/staff/account/factor"), chromedp.WaitVisible(chromedp.CSS(withKey)),
		typed("#key_name", "蓝色 USB 密钥"), typed("#key_password", "wrong"), submit(withKey, ".summary"))
	ph.says("密码不对")
	ph.do(typed("#key_name", "蓝色 USB 密钥"), typed("#key_password", password), click(withKey), chromedp.WaitNotPresent(chromedp.CSS(withKey)))
	ph.loaded("main")
	ph.do(chromedp.Navigate(at + "/staff/account/factor"))
	ph.says("蓝色 USB 密钥")
	ph.do(chromedp.Navigate(at + "/staff/account"))
	ph.says("已设置")
	ph.do(submit("form[action='/staff/logout'] button", "#password"))
	ph.loaded("#password")

	signIn("anna", password, alone, ".summary")
	ph.says("用户名、密码或验证码不对")
	signIn("anna", "wrong", withKey, ".summary")
	ph.says("用户名、密码或验证码不对")
	signIn("bert", password, withKey, ".summary") // the password is theirs, and the key is not
	ph.says("用户名、密码或验证码不对")
	for range 5 { // whoever has no key cannot keep her out
		_, _ = tn.Accounts.Login(t.Context(), "anna", "guess", "")
	}
	signIn("anna", password, withKey, "form[action='/staff/logout']")
	if n := tn.count(`SELECT count(*) FROM security_key WHERE (credential -> 'authenticator' ->> 'signCount')::int > 0`); n != 1 {
		t.Error("the counter of the key is not kept")
	}
}

// loaded waits until a page with this on it has come whole: a browser that is sent
// elsewhere before that gives up both.
func (ph *phone) loaded(with string) {
	ph.t.Helper()
	if err := ph.tab.Await(with); err != nil {
		ph.t.Fatal(err)
	}
}

// An answer of a key counts once, for the challenge that it was asked with.
func TestAnAnswerOfAKeyCountsOnce(t *testing.T) {
	tn := newTown(t)
	_, err := tn.Accounts.AddUser(t.Context(), "test", auth.NewUser{Username: "anna", Password: password, Roles: []string{auth.Operator}, Offices: []string{office}})
	if err != nil {
		t.Fatal(err)
	}
	ph, at := &phone{town: tn, tab: browser.Open(t).Guest(t)}, tn.keyAddress()
	ph.do(browser.SecurityKey(), chromedp.Navigate(at+"/staff/login?lang=zh"), typed("#username", "anna"), typed("#password", password),
		submit("main form > button", "form[action='/staff/logout']"))
	ph.loaded("main")
	ph.do(chromedp.Navigate(at+"/staff/account/factor"), chromedp.WaitVisible(chromedp.CSS("button[data-key]")), typed("#key_name", "x"), typed("#key_password", password),
		click("button[data-key]"), chromedp.WaitNotPresent(chromedp.CSS("button[data-key]")))
	ph.loaded("main")
	ph.do(chromedp.Navigate(at+"/staff/login"), chromedp.WaitVisible(chromedp.CSS("button[data-key]")))
	// The page's own script asks the key; what it would send is kept instead.
	sent, err := browser.Ask[string](ph.tab, `new Promise(done => {
		const form = document.querySelector('main form');
		form.username.value = 'anna'; form.password.value = '`+password+`';
		form.submit = () => done(new URLSearchParams(new FormData(form)).toString());
		document.querySelector('button[data-key]').click();
	})`)
	ph.must(err)
	values, err := url.ParseQuery(sent)
	ph.must(err)
	post := func(values url.Values) *visitor {
		v := tn.visitor()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at+"/staff/login", strings.NewReader(values.Encode()))
		ph.must(err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return v.do(r)
	}
	forged := url.Values{}
	for name := range values {
		forged.Set(name, values.Get(name))
	}
	forged.Set("key_state", tn.challenge())
	post(forged).want(http.StatusUnauthorized) // the answer to another challenge
	post(values).want(http.StatusOK, "电话预约")
	post(values).want(http.StatusUnauthorized)
}

// challenge is a challenge of another login page.
func (tn *town) challenge() string {
	tn.t.Helper()
	asked, err := tn.Accounts.AskKey(tn.keyAddress())
	if err != nil {
		tn.t.Fatal(err)
	}
	return asked.State
}

// Browsers let no key be used where the address is a number: nothing is offered.
func TestNoKeyIsOfferedWhereNoneCanBeUsed(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	if body := tn.visitor().get("/staff/login").body; strings.Contains(body, "data-key") || strings.Contains(body, "securitysecuritykey.js") {
		t.Error("a key is offered at an address that is a number")
	}
	tn.Base = "https://hunyue.example"
	one, two := tn.visitor().get("/staff/login"), tn.visitor().get("/staff/login")
	if !strings.Contains(one.body, "data-key") {
		t.Error("no key is offered behind https")
	}
	if one.form("/staff/login").Get("key_state") == two.form("/staff/login").Get("key_state") {
		t.Error("two pages have the same challenge")
	}
}
