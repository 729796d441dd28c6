package web

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"
	"time"

	"hunyue/internal/testenv/browser"
	"hunyue/server/operator"
)

const keysAt = "/call/keys"

func TestAnOperatorChoosesKeysOfTheirOwn(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	anna, ben := tn.operator("anna"), tn.operator("ben")
	anna.get(keysAt).want(http.StatusOK, "到查找框", "F2", "Ctrl+Enter", "1–9")
	anna.send(keysAt, "key.0", "F5").want(http.StatusUnprocessableEntity, "到查找框：浏览器或打字要用这个键")
	if got := anna.form(keysAt).Get("key.0"); got != "F5" {
		t.Errorf("what was typed came back as %q", got)
	}
	for typed, says := range map[string]string{
		"Alt+D": "Alt 会打开菜单", "ctrl+space": "输入法要用", "q": "单个字符", "F4": "两个作用不能用同一个键", "F99": "没有这样的键",
	} {
		anna.get(keysAt).send(keysAt, "key.0", typed).want(http.StatusUnprocessableEntity, says)
	}
	if n := tn.count(`SELECT count(*) FROM key_binding`); n != 0 {
		t.Errorf("%d keys were kept of what was refused", n)
	}
	anna.get(keysAt).send(keysAt, "key.0", "ctrl+m", "key.2", "").want(http.StatusOK, "Ctrl+M")
	if box, date, park := anna.bound(operator.Box), anna.bound(operator.Date), anna.bound(operator.Park); box != "Ctrl+M" || date != "F4" || park != "" {
		t.Errorf("her keys are %q, %q and %q, want Ctrl+M, F4 and none", box, date, park)
	}
	if got := ben.get(keysAt).bound(operator.Box); got != "F2" {
		t.Errorf("ben's key is %q, want F2", got)
	}
	anna.get(keysAt).send(keysAt, "step", "off").want(http.StatusOK, "快捷键都关了")
	anna.send(keysAt, "step", "defaults").want(http.StatusOK, "F2")
	if n := tn.count(`SELECT count(*) FROM key_binding`); n != 0 {
		t.Errorf("%d keys are kept that everybody has", n)
	}
}

// What was chosen is on the buttons of the console, and what its script obeys.
func TestTheConsoleHasTheKeysThatWereChosen(t *testing.T) {
	t.Parallel()
	if ours := operator.Defaults().Named(); !maps.Equal(keysOf(nil), ours) {
		t.Errorf("the console begins with %v, whoever chooses keys with %v", keysOf(nil), ours)
	}
	tn := newTown(t)
	anna := tn.operator("anna")
	anna.get(keysAt).send(keysAt, "key.0", "Ctrl+M", "key.1", "").want(http.StatusOK)
	anna.get("/call").want(http.StatusOK, "Ctrl+M", "Ctrl+/")
	for f := range anna.all("form") {
		if attr(f, "id") != "console" {
			continue
		}
		chosen := map[string]string{}
		if err := json.Unmarshal([]byte(attr(f, "data-keys")), &chosen); err != nil || chosen["box"] != "Ctrl+M" || chosen["date"] != "" || chosen["save"] != "Ctrl+Enter" {
			t.Errorf("the script has %v, %v", chosen, err)
		}
		return
	}
	t.Error("there is no console")
}

// bound is the key of an action as the page's form has it.
func (v *visitor) bound(a operator.Action) string {
	v.t.Helper()
	for i, known := range shownActions() {
		if known == a {
			return v.form(keysAt).Get(keyInput(i))
		}
	}
	v.t.Fatalf("no key for %s", a)
	return ""
}

func TestTheDayOfAnOperatorIsTheirOwn(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	anna := tn.operator("anna")
	anna.get("/call/stats").want(http.StatusOK, "今天还没有记录", "2026年5月18日", "还没有")
	tn.callers("13900000001", "0736-7123456")
	anna.get(callList).send(callList + "/next")
	tn.later(95 * time.Second)
	anna.send(anna.recordAt(), "outcome", "reached", "then", "stop").want(http.StatusOK)
	anna.get("/call/stats").want(http.StatusOK, "回访电话\n1\n", "其中已告知\n1\n", "回访平均用时\n1 分 ", "约成\n0\n")
	booker := tn.visitor().signIn("booker0")
	booker.get("/call/stats").want(http.StatusOK, "约成\n1\n", "回访电话\n0\n")
	tn.at("2026-05-19 00:01")
	anna.signIn("anna").get("/call/stats").want(http.StatusOK, "今天还没有记录")
}

// Keys are chosen by pressing them, and outcomes by their digits and Enter: no
// pointer is used, and no key of an input method is mistaken for one of ours.
func TestKeysAndOutcomesAreChosenWithoutAPointer(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	anna := tn.operator("anna")
	tn.callers("13900000001")
	anna.get(callList)
	tab := browser.Open(t).Tab(t)
	anna.shows(tab.Context(), keysAt)
	shown, err := browser.Ask[string](tab, `(function () {
		var input = document.querySelector('[name="key.0"]');
		function press(options) {
			options.bubbles = options.cancelable = true;
			return input.dispatchEvent(new KeyboardEvent("keydown", options));
		}
		var seen = [];
		press({ key: "m", ctrlKey: true, isComposing: true }); seen.push(input.value);
		press({ key: "m", ctrlKey: true, keyCode: 229 }); seen.push(input.value);
		press({ key: "m", ctrlKey: true }); seen.push(input.value);
		press({ key: "Escape" }); seen.push(input.value);
		seen.push(press({ key: "Tab" }), press({ key: "w" }), input.value);
		return seen.join(" ");
	})()`)
	anna.must(err)
	if want := "F2 F2 Ctrl+M Esc true true Esc"; shown != want {
		t.Errorf("the field shows %q, want %q", shown, want)
	}

	anna.shows(tab.Context(), callList)
	anna.must(tab.Press(browser.Enter)) // the button to take the next has the focus
	anna.must(tab.Await("[data-digits]"))
	for _, key := range []string{"2", "1", browser.Enter} {
		anna.must(tab.Press(key))
	}
	anna.must(tab.Await(".done"))
	if n := tn.count(`SELECT count(*) FROM contact_call WHERE outcome = 'reached'`); n != 1 {
		t.Errorf("%d calls were recorded, want one that has reached somebody", n)
	}
}
