package web

import (
	"crypto/sha256"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hunyue/internal/date"
	"hunyue/server/limit"
	"hunyue/slots"
)

const windowOfARush = 10_000 // ms

// rush makes the office one at which every hold costs a proof.
func (tn *town) rush() {
	tn.t.Helper()
	rules := slots.DefaultRules()
	rules.ProofPerMinute = 1
	if err := tn.Offices.SetRules(tn.t.Context(), office, date.Date{Year: 2026, Month: 5, Day: 18}, rules, "test", "test"); err != nil {
		tn.t.Fatal(err)
	}
	tn.limits(limit.Budget{Act: limit.Holds, Of: limit.Session, Most: 100, Within: time.Hour})
	redis, ctx := tn.Limits.Redis, tn.t.Context()
	now, err := redis.Time(ctx).Result()
	if err != nil {
		tn.t.Fatal(err)
	}
	for i := range int64(60) { // for longer than a test lasts, however slow the machine
		if err := redis.HSet(ctx, tn.Limits.Prefix+"r:"+office, now.UnixMilli()/windowOfARush+i, 100).Err(); err != nil {
			tn.t.Fatal(err)
		}
	}
}

// challenge is what the page has to solve.
func (v *visitor) challenge() string {
	v.t.Helper()
	for in := range v.all("input") {
		if has(in, "data-challenge") {
			return attr(in, "data-challenge")
		}
	}
	v.t.Fatalf("%s has no challenge", v.URL.Path)
	return ""
}

func solve(challenge string) string {
	for n := 0; ; n++ {
		proof := challenge + "." + strconv.Itoa(n)
		if sum := sha256.Sum256([]byte(proof)); sum[0] == 0 && sum[1] == 0 {
			return proof
		}
	}
}

func TestInARushAPageWithoutScriptsKeepsTheChoiceAndNamesThePhone(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.rush()
	v := tn.visitor().get(theDay)
	v.send(theDay, "slot", nineClock).want(http.StatusConflict, "现在预约的人特别多", "请拨打 0736-7250001")
	if chosen := v.form(theDay).Get("slot"); chosen != nineClock {
		t.Errorf("the choice is %q, want what was chosen", chosen)
	}
	v.send(theDay, "proof", solve(v.challenge())).want(http.StatusOK, "填写双方信息")
	v.send("/book/leave")
	v.send(theDay, "slot", nineClock, "proof", "").want(http.StatusConflict)
}

func TestProofOfAnotherBrowserIsNone(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.rush()
	another := tn.visitor().get(theDay)
	v := tn.visitor().get(theDay)
	v.send(theDay, "slot", nineClock, "proof", solve(another.challenge())).want(http.StatusConflict, "现在预约的人特别多")
}

func TestWhatWasTypedSurvivesARush(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.rush()
	v := tn.visitor().get(theDay)
	v.send(theDay, "slot", nineClock, "proof", solve(v.challenge())).want(http.StatusOK, "填写双方信息")
	v.send("/book/check", couple()...).want(http.StatusOK)
	tn.later(10 * time.Minute)
	v.send("/book/confirm", "code", "000000").want(http.StatusConflict)
	v.send("/book/hold", "slot", slotAt("0930")).want(http.StatusConflict, "现在预约的人特别多", "请拨打 0736-7250001")
	v.send("/book/hold", "proof", solve(v.challenge())).want(http.StatusOK, "核对并验证手机", "张三", "09:30")
}

func TestStaffNeedNoProof(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	tn.rush()
	tn.staff("operator").get("/call"+theDay).send("/call"+theDay, "slot", nineClock).want(http.StatusOK, "填写双方信息")
}

func TestPageDoesTheWorkItself(t *testing.T) {
	tn := newTown(t)
	tn.rush()
	ctx := tn.browser()
	err := chromedp.Do(ctx,
		chromedp.Navigate(tn.server.URL+theDay+"?lang=zh"), click(`input[value="`+nineClock+`"]+label`), submit("#times form > button", ".held"))
	if err != nil {
		t.Fatal(err)
	}
	tn.look(ctx, "p-proof")
}

func TestTheScriptOfTheProofIsSmall(t *testing.T) {
	t.Parallel()
	l, err := newLook()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(l.assets["proof.js"].packed); n == 0 || n > 2<<10 {
		t.Errorf("proof.js is %d bytes packed, want at most 2 kB", n)
	}
	if strings.Contains(string(l.assets["proof.js"].body), "eval") {
		t.Error("proof.js does what the policy of our pages forbids")
	}
}
