package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"hunyue/server/limit"
)

// switched presses the button of a form that shows the page in English and large.
func (v *visitor) switched(to string) *visitor {
	v.t.Helper()
	form := v.form(to + "?lang=en")
	form.Set("page", "x") // the button
	return v.post(to+"?lang=en&size=large", form)
}

func (tn *town) codesSent() int { return tn.count(`SELECT count(*) FROM phone_code`) }

func TestAnswersOfACancellationAndAMoveAreShownAgainInAnotherLanguage(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.book()
	at := v.URL.Path
	v.later(2 * time.Minute)
	v.get(at + "/cancel").send(at + "/cancel/code").want(http.StatusOK)
	sent := tn.codesSent()
	v.switched(at+"/cancel/code").want(http.StatusOK, "Code from the text")
	v.send(at+"/cancel/code?lang=zh", "page", "x").want(http.StatusOK, "短信验证码")
	if n := tn.codesSent(); n != sent {
		t.Errorf("a switch has sent %d codes", n-sent)
	}

	v.later(2 * time.Minute)
	v.get(at+"/change?date=2026-05-22&lang=zh").send(at+"/change", "slot", on22("0930")).want(http.StatusOK, "确认改期")
	sent = tn.codesSent()
	hold := v.form(at + "/change/confirm").Get("hold")
	v.switched(at+"/change/code").want(http.StatusOK, "Code from the text")
	if n := tn.codesSent(); n != sent || v.form(at+"/change/confirm").Get("hold") != hold {
		t.Errorf("a switch has sent %d codes, or lost the hold", n-sent)
	}
}

func TestWhyAnAppointmentStaysIsSaidAgainInAnotherLanguage(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	v := tn.visitor()
	v.book()
	at := v.URL.Path
	for full := false; !full; {
		other := tn.visitor()
		full = other.get("/o/"+office+"/2026-05-22").send("/o/"+office+"/2026-05-22", "slot", on22("0930")).Status == http.StatusConflict
	}
	v.get(at+"/change?date=2026-05-22").post(at+"/change", url.Values{"slot": {on22("0930")}, "day": {"2026-05-22"}, "key": {newKey()}}).
		want(http.StatusConflict, "刚被约满", "原来的预约还在")
	offered := strings.Join(v.radios(), " ")
	v.switched(at+"/change").want(http.StatusOK, "That time is full", "Your appointment stands as it was")
	if got := strings.Join(v.radios(), " "); got != offered || offered == "" {
		t.Errorf("offered %q in English and %q in Chinese", got, offered)
	}
	if n := tn.count(`SELECT count(*) FROM appointment WHERE status = 'booked' AND reschedules = 0`); n != 1 {
		t.Errorf("%d appointments stand as they were, want 1", n)
	}
}

func TestWhoIsTooFastReadsSoInAnotherLanguageAndWhomToCall(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.limits(limit.Budget{Act: limit.Finds, Of: limit.Device, Most: 1, Within: time.Minute}, limit.Budget{Act: limit.Confirms, Of: limit.Session, Most: 1, Within: time.Minute})
	v := tn.visitor()
	v.get("/find").send("/find/send", "mobile", hisPhone).want(http.StatusOK)
	v.get("/find").send("/find/send", "mobile", hisPhone).want(http.StatusTooManyRequests, "0736-7250001", "0736-7250002")
	sent := tn.codesSent()
	v.switched("/slow").want(http.StatusOK, "What you typed is still here", "seconds")
	if got := v.form("/find/send").Get("mobile"); got != hisPhone || tn.codesSent() != sent {
		t.Errorf("after the switch the phone is %q, and %d codes more were sent", got, tn.codesSent()-sent)
	}
	v.post("/slow", url.Values{slowAction: {"//elsewhere.example"}, slowUntil: {"1"}}).want(http.StatusOK)
	if v.URL.Path != "/" {
		t.Errorf("a form that goes elsewhere is shown at %s", v.URL.Path)
	}

	v = tn.visitor()
	v.get(theDay+"?lang=zh").send(theDay, "slot", nineClock).want(http.StatusOK)
	v.send("/book/check", couple()...).want(http.StatusOK)
	v.send("/book/confirm", "code", "000000").want(http.StatusUnprocessableEntity)
	v.send("/book/confirm", "code", "000000").want(http.StatusTooManyRequests, "0736-7250001")
	if strings.Contains(v.text(), "0736-7250002") {
		t.Error("the phone of another office is named")
	}
}
