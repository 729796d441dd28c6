package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"hunyue/internal/date"
	"hunyue/slots"
)

// links is where the links of the page with the class lead to.
func (v *visitor) links(class string) []string {
	var all []string
	for a := range v.all("a") {
		if strings.Contains(" "+attr(a, "class")+" ", " "+class+" ") {
			all = append(all, attr(a, "href"))
		}
	}
	return all
}

// chosen is the day that the table shows as chosen.
func (v *visitor) chosen() string {
	for a := range v.all("a") {
		if attr(a, "aria-current") == "date" {
			return attr(a, "href")
		}
	}
	return ""
}

func TestTheCalendarOpensOnTheFirstDayWithPlaces(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.get("/o/"+office).want(http.StatusOK, "2026年5月", "2026年5月19日 星期二", "2026年6月")
	if want := "/o/" + office + "/2026-05-19?service=marriage#times"; v.chosen() != want {
		t.Errorf("opens on %q, want %q", v.chosen(), want)
	}
	if days := len(v.links("open")); days != 9 {
		t.Errorf("%d open days, want 9", days)
	}
	for range 2 {
		tn.visitor().get(theDay).send(theDay, "slot", nineClock).want(http.StatusOK)
	}
	v.get(theDay).want(http.StatusOK, "约满")
	if all := v.radios(); len(all) != 5 || all[0] == nineClock {
		t.Errorf("%v can be chosen, want the five that are left", all)
	}
}

func TestAMonthBesideLeadsThere(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	v.get("/o/"+office+"?month=2026-06").want(http.StatusOK, "2026年6月", "2026年5月", "还没有公布")
	for _, wrong := range []string{"2020-01", "2099-12", "x", "2026-13"} {
		v.get("/o/"+office+"?month="+wrong).want(http.StatusOK, "2026年5月19日 星期二")
	}
}

func TestEveryDaySaysWhyItCannotBeChosen(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	for day, why := range map[string]string{
		"2026-05-17": "这一天已经过了",
		"2026-05-18": "这一天网上已不能预约",
		"2026-05-23": "这一天不办公",
		"2026-06-01": "这一天的安排还没有公布",
		"2026-09-01": "这一天的名额还没有放出",
	} {
		v.get("/o/"+office+"/"+day).want(http.StatusOK, why, "最近的空位")
	}
	v.get("/o/" + office + "/2026-5-1").want(http.StatusNotFound)
}

func TestOnesOwnHoldIsShownAndCanBeGoneOnWith(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.get(theDay).send(theDay, "slot", nineClock).want(http.StatusOK, "填写双方信息")
	v.get(theDay).want(http.StatusOK, "您选的 5月20日 周三 09:00 为您保留到 10:05。")
	tn.visitor().get(theDay)
	var on string
	for p := range v.all("p") {
		if attr(p, "class") == "done" {
			for a := range descendants(p, "a") {
				on = attr(a, "href")
			}
		}
	}
	v.get(on).want(http.StatusOK, "填写双方信息", "名额为您保留到 10:05")
	v.send("/book/leave").want(http.StatusOK, "选择日期和时段")
	if strings.Contains(v.text(), "为您保留到") {
		t.Error("a place that was left still looks held")
	}
	v.send(theDay, "slot", nineClock).want(http.StatusOK)
	tn.later(6 * time.Minute)
	v.get(theDay).want(http.StatusOK)
	if strings.Contains(v.text(), "为您保留到") {
		t.Error("a hold that has ended still looks held")
	}
}

func TestAnUnusualNameCanBeInsistedOn(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.get(theDay).send(theDay, "slot", nineClock)
	v.send("/book/check", append(couple(), "parties.0.name", "Zhang San")...).want(http.StatusUnprocessableEntity, "姓名里有不常见的字符", "姓名确实这样写")
	v.send("/book/check", "parties.0.sure", "Zhang San", "parties.0.name", "Zhang 3").want(http.StatusUnprocessableEntity, "姓名里有不常见的字符")
	v.send("/book/check", "parties.0.sure", "Zhang 3").want(http.StatusOK, "核对并验证手机", "Zhang 3")
	v.send("/book/confirm", "code", v.codeFor(hisPhone)).want(http.StatusOK, "预约成功")
}

func TestOfficesThatServeACoupleAreNamed(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	abroad := slots.DefaultRules()
	abroad.XBHMT = true
	if err := tn.Offices.SetRules(t.Context(), elsewhere, date.Date{Year: 2026, Month: 5, Day: 18}, abroad, "test", "test"); err != nil {
		t.Fatal(err)
	}
	v := tn.visitor()
	v.get(theDay).send(theDay, "slot", nineClock)
	v.send("/book/check", append(couple(), "parties.1.document.type", "hk_macao_permit", "parties.1.document.number", "H12345678",
		"parties.1.sex", "F", "parties.1.birth_date", "1990-03-07")...)
	v.want(http.StatusUnprocessableEntity, "这些登记处可以办理", "鼎城区婚姻登记处 0736-7250002")
}

func TestTheCalendarIsSentPackedAndTheFormsAreNot(t *testing.T) {
	t.Parallel()
	v := newTown(t).visitor()
	for path, packed := range map[string]bool{"/o/" + office: true, theDay: true, "/settings": true, "/find": false} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", "gzip") // so that the client does not unpack it
		answer, err := v.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := html.Parse(answer.Body); err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if got := answer.Header.Get("Content-Encoding") == "gzip"; got != packed {
			t.Errorf("%s packed: %v, want %v", path, got, packed)
		}
	}
}
