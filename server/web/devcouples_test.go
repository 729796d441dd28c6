package web

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hunyue/internal/date"
	"hunyue/slots"
)

var devPass = regexp.MustCompile(`<td class="number">(\d{16})</td>`)

// A demo has nobody to receive until it is asked for couples. They have places of
// today, the door knows their codes, and asking twice books nobody else.
func TestADemoHasCouplesToReceive(t *testing.T) {
	t.Parallel()
	tn := newTown(t)
	rules := slots.DefaultRules()
	rules.LeadDays, rules.SpecialNoticeDays, rules.KeepShares = 0, 0, true
	rules.Shares = slots.Shares{Web: 34, Phone: 33, Counter: 33}
	today := date.Date{Year: 2026, Month: 5, Day: 18}
	tn.must(tn.Offices.SetRules(t.Context(), office, today, rules, "test", "test"))
	_, err := tn.Desk.Publish(t.Context(), office, today, today, slots.PublishOptions{}, "test")
	tn.must(err)
	v := tn.visitor()
	v.get("/dev/couples").want(http.StatusOK, "十二对")
	if devPass.MatchString(v.body) {
		t.Error("there are couples that nobody asked for")
	}
	form := url.Values{"key": {newKey()}}
	v.post("/dev/couples", form).want(http.StatusOK, "已预约 3 对")
	passes := devPass.FindAllStringSubmatch(v.body, -1)
	if len(passes) != 3 { // one for each slot that has not begun
		t.Fatalf("%d couples, want 3", len(passes))
	}
	for _, pass := range passes {
		if tn.Desk.Scanned(pass[1]) == "" {
			t.Errorf("the door does not know %s", pass[1])
		}
	}
	v.post("/dev/couples", form)
	if diff := cmp.Diff(passes, devPass.FindAllStringSubmatch(v.body, -1)); diff != "" {
		t.Errorf("asked again (-want +got):\n%s", diff)
	}
	v.post("/dev/couples", url.Values{"key": {newKey()}}).want(http.StatusOK, "已没有名额")
	v.post("/dev/couples", url.Values{}).want(http.StatusOK, "十二对")
	tn.clean()
}
