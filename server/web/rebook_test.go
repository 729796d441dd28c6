package web

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/slots"
)

// synthetic is the document of somebody else.
func synthetic(t *testing.T, sex identity.Sex) string {
	t.Helper()
	number, err := identity.Synthetic(date.Date{Year: 1991, Month: time.May, Day: 4}, sex, 7)
	if err != nil {
		t.Fatal(err)
	}
	return number
}

// takenAway suspends Wednesday, the day of the couple's appointment.
func (tn *town) takenAway() {
	tn.t.Helper()
	wed := date.Date{Year: 2026, Month: time.May, Day: 20}
	c := slots.Closing{Office: office, From: wed, To: wed, Mode: slots.Full, Reason: "power cut", Notice: "停电"}
	if _, err := tn.Desk.Suspend(tn.t.Context(), c, "manager", false); err != nil {
		tn.t.Fatal(err)
	}
}

// rebooks chooses a time in place of what was taken away, and returns the form that
// confirms it.
func (v *visitor) rebooks(at, slot string) url.Values {
	v.t.Helper()
	v.later(2 * time.Minute)
	v.get(at+"/rebook?date=2026-05-22").want(http.StatusOK, "直接改约")
	v.send(at+"/rebook", "slot", slot).want(http.StatusOK, "不用再填", "张*", "李*", "138****0001")
	form := v.form(at + "/rebook/confirm")
	form.Set("code", v.codeFor(hisPhone))
	return form
}

func (tn *town) active() int {
	tn.t.Helper()
	return tn.count(`SELECT count(*) FROM appointment WHERE status = 'booked'`)
}

func TestACoupleBooksAnewWhatASuspensionTookAwayAndTypesNothingButTheCode(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.book()
	old := v.URL.Path
	tn.takenAway()
	v.get(old).want(http.StatusOK, "6月3日 周三 前（含当天）可以直接改约", "改约到别的日期")

	form := v.rebooks(old, on22("0930"))
	v.post(old+"/rebook/confirm", form).want(http.StatusOK, "预约成功", "2026年5月22日 星期五 09:30–10:00", "张* · 李*")
	anew := v.URL.Path
	if anew == old || tn.active() != 1 {
		t.Fatalf("the new appointment is at %s, the old one at %s, and %d stand", anew, old, tn.active())
	}
	if n := tn.count(`SELECT count(*) FROM appointment WHERE number = $1 AND reschedules = 0 AND consents ->> 'agreement' <> ''`, path.Base(anew)); n != 1 {
		t.Error("it counts as moved, or lacks the consents")
	}
	v.get(anew+"/change").want(http.StatusOK, "改期") // as often as anybody

	// The answer was lost, and the form is sent again by whoever still has the old page.
	tn.letInTo(v, old)
	v.post(old+"/rebook/confirm", form).want(http.StatusOK, "2026年5月22日 星期五 09:30–10:00")
	if v.URL.Path != anew || tn.active() != 1 {
		t.Errorf("sent again it leads to %s, want %s, and %d stand", v.URL.Path, anew, tn.active())
	}
	tn.letInTo(v, old)
	v.get(old).want(http.StatusOK)
	if strings.Contains(v.text(), "直接改约") {
		t.Error("the right is offered after it was used")
	}
	v.get(old + "/rebook").want(http.StatusOK)
	if v.URL.Path != old {
		t.Errorf("a right that was used leads to %s", v.URL.Path)
	}
}

// letInTo gives a browser the pass of an appointment, as a code would.
func (tn *town) letInTo(v *visitor, at string) {
	tn.t.Helper()
	tn.later(2 * time.Minute)
	secret := ""
	a, err := tn.Desk.At(tn.t.Context(), path.Base(at), func(string) bool { return true })
	if err != nil {
		tn.t.Fatal(err)
	}
	v.get("/find?number=" + a.Number)
	v.send("/find/code", "number", a.Number, "phone", hisPhone).want(http.StatusOK)
	v.send("/find/phone", "number", a.Number, "phone", hisPhone, "code", v.codeFor(hisPhone)).want(http.StatusOK, secret)
}

func TestLimitsDoNotBindWhoBooksAnew(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	rules := slots.DefaultRules()
	rules.PerPhone = 1
	if err := tn.Offices.SetRules(t.Context(), office, date.Date{Year: 2026, Month: 5, Day: 18}, rules, "test", "test"); err != nil {
		t.Fatal(err)
	}
	v := tn.visitor()
	v.book()
	old := v.URL.Path
	tn.takenAway()
	other := tn.visitor() // other people, the same phone: the only one that it may have
	tn.later(2 * time.Minute)
	thursday := "/o/" + office + "/2026-05-21"
	other.get(thursday).send(thursday, "slot", office+"-20260521-0900-marriage").want(http.StatusOK)
	other.send("/book/check", "parties.0.name", "王五", "parties.0.document.number", synthetic(t, identity.Male),
		"parties.1.name", "赵六", "parties.1.document.number", synthetic(t, identity.Female),
		"phone", hisPhone, "consents.agreement", agreementVersion, "consents.privacy", privacyVersion).want(http.StatusOK)
	other.send("/book/confirm", "code", tn.codeFor(hisPhone)).want(http.StatusOK, "预约成功")
	v.post(old+"/rebook/confirm", v.rebooks(old, on22("0930"))).want(http.StatusOK, "预约成功")
	if n := tn.active(); n != 2 {
		t.Errorf("%d appointments stand, want 2", n)
	}
}

func TestTheRightEndsAndNobodyElseHasIt(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.book()
	old := v.URL.Path
	v.get(old + "/rebook").want(http.StatusOK)
	if v.URL.Path != old {
		t.Errorf("an appointment that stands can be booked anew at %s", v.URL.Path)
	}
	tn.takenAway()
	stranger := tn.visitor()
	stranger.get(old + "/rebook")
	if stranger.URL.Path != "/find" {
		t.Errorf("a stranger is shown %s", stranger.URL.Path)
	}
	v.get(old+"/rebook?date=2026-05-22").send(old+"/rebook", "slot", on22("0930")).want(http.StatusOK)
	form := v.form(old + "/rebook/confirm")
	for _, wrong := range []struct {
		code   string
		status int
		says   string
	}{{"", 422, "验证码"}, {"000000", 422, "验证码"}} {
		form.Set("code", wrong.code)
		v.post(old+"/rebook/confirm", form).want(wrong.status, wrong.says)
	}
	form.Set("code", v.codeFor(hisPhone))
	form.Set("hold", "x")
	v.post(old+"/rebook/confirm", form)
	if v.Status != http.StatusForbidden || tn.active() != 0 {
		t.Errorf("another hold: %d, and %d stand", v.Status, tn.active())
	}
	tn.at("2026-06-04 10:00") // fourteen days after the office has resumed
	tn.letInTo(v, old)
	v.get(old + "/rebook").want(http.StatusOK)
	if v.URL.Path != old || strings.Contains(v.text(), "直接改约") {
		t.Errorf("the right is not over at %s", v.URL.Path)
	}
}

// Invariant: however often the right is used at once, it gives one place.
func TestARightUsedInTwoTabsAtOnceGivesOnePlace(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.book()
	old := v.URL.Path
	tn.takenAway()
	first := v.rebooks(old, on22("0930"))
	second := v.rebooks(old, on22("1000"))
	first.Set("code", second.Get("code"))
	var both sync.WaitGroup
	for _, form := range []url.Values{first, second} {
		both.Go(func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tn.server.URL+old+"/rebook/confirm", strings.NewReader(form.Encode()))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			answer, err := v.client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			_ = answer.Body.Close()
			if answer.StatusCode >= http.StatusInternalServerError {
				t.Errorf("status %d", answer.StatusCode)
			}
		})
	}
	both.Wait()
	if n := tn.active(); n != 1 {
		t.Errorf("%d appointments stand, want 1", n)
	}
}

// That one of the two has booked with somebody else since is nothing that the other
// is told.
func TestTheRightSaysNothingOfWhatOneOfTheTwoHasBookedSince(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.book()
	old := v.URL.Path
	tn.takenAway()
	before := v.get(old).text()
	tn.later(2 * time.Minute)
	other, thursday := tn.visitor(), "/o/"+office+"/2026-05-21"
	other.get(thursday).send(thursday, "slot", office+"-20260521-0900-marriage").want(http.StatusOK)
	other.send("/book/check", "parties.0.name", "张三", "parties.0.document.number", him,
		"parties.1.name", "赵六", "parties.1.document.number", synthetic(t, identity.Female),
		"phone", "13800000009", "consents.agreement", agreementVersion, "consents.privacy", privacyVersion).want(http.StatusOK)
	other.send("/book/confirm", "code", tn.codeFor("13800000009")).want(http.StatusOK, "预约成功")
	if after := v.get(old).text(); after != before {
		t.Errorf("the page tells of it:\n%s\nbefore:\n%s", after, before)
	}
	v.post(old+"/rebook/confirm", v.rebooks(old, on22("0930"))).want(http.StatusConflict)
	if strings.Contains(v.text(), "赵") || strings.Contains(v.text(), "5月21日") {
		t.Errorf("the refusal tells of it:\n%s", v.text())
	}
}

// A place that is held to move an appointment, or to book one anew, is no way past
// the code: nobody has shown to have the phone in hand.
func TestAPlaceHeldForAMoveNeedsACodeToBeBooked(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.book()
	at := v.URL.Path
	v.later(2 * time.Minute)
	v.get(at+"/change?date=2026-05-21").send(at+"/change", "slot", office+"-20260521-0900-marriage").want(http.StatusOK)
	held := v.form(at + "/change/confirm")
	v.post("/book/details", held).want(http.StatusOK, "填写双方信息")
	v.send("/book/check", append(couple(),
		partyInput(0, "document.number"), synthetic(t, identity.Male), partyInput(1, "document.number"), synthetic(t, identity.Female))...)
	v.want(http.StatusOK, "核对并验证手机")
	v.send("/book/confirm", "code", "").want(http.StatusUnprocessableEntity, "请填写短信里的 6 位验证码")
	if n := tn.active(); n != 1 {
		t.Errorf("%d appointments, want 1", n)
	}
}
