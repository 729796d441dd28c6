package web

import (
	"net/http"
	"strings"
	"testing"
)

func TestTheDisplayIsSetAndKept(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get("/settings?back=/o/"+office).want(http.StatusOK, "特大", "深色", "简洁")
	v.send("/settings", "size", "largest", "theme", "dark", "simple", "1", "lang", "en").want(http.StatusOK, "Choose a day and time")
	if v.URL.Path != "/o/"+office {
		t.Errorf("back at %s, want the page that it was set from", v.URL.Path)
	}
	for n := range v.all("html") {
		if attr(n, "data-size") != "largest" || attr(n, "data-theme") != "dark" || !has(n, "data-simple") || attr(n, "lang") != "en" {
			t.Errorf("the page is %v", n.Attr)
		}
	}
	v.get("/settings").send("/settings", "size", "standard", "theme", "system", "simple", "0").want(http.StatusOK)
	for n := range v.all("html") {
		if has(n, "data-size") || has(n, "data-theme") || has(n, "data-simple") {
			t.Errorf("set back, the page is %v", n.Attr)
		}
	}
}

func TestAWrongSettingChangesNothing(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get("/settings").send("/settings", "size", "huge", "theme", `dark" onload="x`).want(http.StatusOK)
	for n := range v.all("html") {
		if has(n, "data-size") || has(n, "data-theme") {
			t.Errorf("the page is %v", n.Attr)
		}
	}
}

func TestNobodyIsSentAwayFromTheSettings(t *testing.T) {
	for back, want := range map[string]string{
		"/o/430702":                   "/o/430702",
		"/find?number=1":              "/find",
		"":                            "/",
		"//elsewhere.example":         "/",
		"https://elsewhere.example/x": "/",
		`/\elsewhere.example`:         "/",
		"javascript:alert(1)":         "/",
		"/%2Felsewhere":               "/%2Felsewhere",
		"/a\r\nSet-Cookie: x":         "/",
	} {
		if got := localPath(back); got != want {
			t.Errorf("back to %q leads to %q, want %q", back, got, want)
		}
	}
}

func TestTheFormIsShownAgainInLargePrint(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get(theDay).send(theDay, "slot", nineClock)
	typed := v.form("/book/check")
	typed.Set("parties.0.name", "张三")
	v.post("/book/details?size=large", typed).want(http.StatusOK, "填写双方信息")
	if got := v.form("/book/check").Get("parties.0.name"); got != "张三" {
		t.Errorf("in large print the name is %q", got)
	}
	for n := range v.all("html") {
		if attr(n, "data-size") != "large" {
			t.Errorf("the page is %v", n.Attr)
		}
	}
}

// Files that pages load are kept by browsers for ever, under addresses that change
// with them, and are small.
func TestWhatPagesLoadIsSmall(t *testing.T) {
	l, err := newLook()
	if err != nil {
		t.Fatal(err)
	}
	for name, most := range map[string]int{"hunyue.css": 10_000, "hunyue.js": 5_000, "sw.js": 1_200} {
		a := l.assets[name]
		if len(a.packed) == 0 || len(a.packed) > most || !strings.HasPrefix(a.at, "/static/") {
			t.Errorf("%s at %s is %d bytes when packed, want at most %d", name, a.at, len(a.packed), most)
		}
	}
}
