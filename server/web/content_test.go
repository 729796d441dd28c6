package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hunyue/slots"
)

func TestThePagesThatExplainAreThereInBothLanguages(t *testing.T) {
	tn := newTown(t)
	v := tn.visitor()
	for path, says := range map[string][2]string{
		"/help":           {"网上的名额约完了", "No places are left online"},
		"/help/rare-name": {"不影响预约", "Your booking is not affected"},
		"/bring":          {"要带的材料：结婚登记", "What to bring: "},
		"/foreign":        {"二位有一方不是内地居民吗？", "Is either of you not a resident of mainland China?"},
		"/privacy":        {"15 个工作日", "15 working days"},
		"/accessibility":  {"WCAG", "WCAG"},
	} {
		v.get(path+"?lang=zh").want(http.StatusOK, says[0])
		v.get(path+"?lang=en").want(http.StatusOK, says[1])
		if strings.ContainsAny(v.body, "{}") {
			t.Errorf("%s has a blank that was not filled", path)
		}
	}
}

func TestHelpSaysWhomToCallAndHowToDoWithoutTheInternet(t *testing.T) {
	tn := newTown(t)
	v := tn.visitor().get("/help?lang=zh")
	v.want(http.StatusOK, "0736-7250001", "0736-7250002", "没有预约也可以直接来", "未放号", "暂停", "30 天内满 2 次")
}

func TestWhatToBringFollowsFromTheServiceAndWhoComes(t *testing.T) {
	tn := newTown(t)
	v := tn.visitor()
	v.get("/bring").want(http.StatusOK, "双方本人的居民身份证原件", "合影 3 张", "不需要户口簿")
	v.get("/bring?service=marriage&one=mainland&other=foreign").want(http.StatusOK, "外国人一方的护照", "内地居民一方的居民身份证")
	v.get("/bring?service=reissue_marriage&one=hmt").want(http.StatusOK, "本人的来往内地（大陆）通行证")
	v.get("/bring?service=marriage&one=hmt&other=foreign").want(http.StatusOK, "双方都不是内地居民的，请打电话给登记处")
	v.get("/bring?service=nonsense&one=nobody&other=%00").want(http.StatusOK, "要带的材料：结婚登记")
	v.get("/bring?office=999999").want(http.StatusNotFound)
	for a := range v.get("/bring").all("a") { // every choice leads to an answer
		if at := attr(a, "href"); strings.HasPrefix(at, "/bring?") && !strings.Contains(at, "lang=") {
			tn.visitor().get(at).want(http.StatusOK, "要带的材料")
		}
	}
}

func TestAnOfficesOwnWordsAboutWhatToBringAreOnItsPage(t *testing.T) {
	tn := newTown(t)
	rules := slots.DefaultRules()
	rules.Bring = []slots.BringText{{Service: "marriage", ZH: "大厅可免费拍照", EN: "Photos are taken here free of charge"}}
	if err := tn.Offices.SetRules(t.Context(), office, today, rules, "test", "test"); err != nil {
		t.Fatal(err)
	}
	tn.at("2026-05-20 10:00")
	v := tn.visitor()
	if v.get("/bring?service=marriage"); strings.Contains(v.text(), "大厅可免费拍照") {
		t.Error("what one office says is said for all")
	}
	v.get("/bring?service=marriage&office="+office).want(http.StatusOK, "大厅可免费拍照")
}

func TestCouplesFromAbroadReadWhichOfficeRegistersThem(t *testing.T) {
	tn := newTown(t)
	v := tn.visitor()
	v.get("/foreign").want(http.StatusOK, "目前都不办理这类登记", "0736-7250001")
	rules := slots.DefaultRules()
	rules.XBHMT, rules.XBForeign = true, true
	if err := tn.Offices.SetRules(t.Context(), elsewhere, today, rules, "test", "test"); err != nil {
		t.Fatal(err)
	}
	tn.at("2026-05-20 10:00")
	v.get("/foreign").want(http.StatusOK, "鼎城区婚姻登记处", "一方是香港、澳门、台湾居民、外国人", "0736-7250002", "不能在网上预约")
	if strings.Contains(v.text(), "武陵区婚姻登记处") {
		t.Error("an office is named that does not register them")
	}
}

func TestARareCharacterIsFoundAndCanBeCopied(t *testing.T) {
	tn := newTown(t)
	v := tn.visitor()
	v.get("/help/rare-name").want(http.StatusOK, "可以直接粘贴")
	copied := func() string {
		for in := range v.all("input") {
			if has(in, "readonly") {
				return attr(in, "value")
			}
		}
		return ""
	}
	for query, want := range map[string]string{"王 民": "珉", "岂页": "𫖮", "yan 龙": "䶮", "牛牛牛": "犇"} {
		v.get("/help/rare-name").send("/help/rare-name", "q", query).want(http.StatusOK, "找到")
		if got := copied(); got != want {
			t.Errorf("%s: %q can be copied, want %s", query, got, want)
		}
		if v.URL.RawQuery != askedAgain+"=1" {
			t.Errorf("what was asked for is in the address: %s", v.URL)
		}
	}
	v.send("/help/rare-name", "q", "一二三四五").want(http.StatusOK, "没有查到")
	if got := v.form("/help/rare-name").Get("q"); got != "一二三四五" {
		t.Errorf("the query is %q afterwards", got)
	}
	v.send("/help/rare-name", "q", "shi").want(http.StatusOK)
	v.post("/help/rare-name", url.Values{"q": {strings.Repeat("水", 4000) + "\x00"}}).want(http.StatusOK, "没有查到")
}
