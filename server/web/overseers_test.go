package web

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"hunyue/internal/testenv/browser"
	"hunyue/server/auth"
)

// The pages of those who look over the staff, and the form that shows a couple in
// full, are sound at a desk and on a tablet, by day and by night.
func TestWhatOverseersSeeIsSound(t *testing.T) {
	tn := newTown(t)
	number := tn.bookedBy(tn.visitor())
	tn.at("2026-05-20 08:50")
	guard, hall, auditor := tn.staff(auth.SecAdmin), tn.staff(auth.Hall), tn.staff(auth.Auditor)
	guard.get("/manage/alarms").send("/manage/alarms/honey", "number", number).want(http.StatusOK)
	hall.get("/desk/" + number).want(http.StatusOK)
	id := strconv.Itoa(tn.count(`SELECT max(id)::int FROM alarm`))
	tab := browser.Open(t).Tab(t)
	looked := 0
	look := func(v *visitor, name, at string) {
		t.Helper()
		address, err := url.Parse(tn.server.URL + at)
		tn.must(err)
		for _, cookie := range v.client.Jar.Cookies(address) {
			_, err := chromedp.Run(tab.Context(), command(network.SetCookie, network.SetCookieParams{Name: cookie.Name, Value: cookie.Value, URL: address.String()}))
			tn.must(err)
		}
		tn.must(tab.Show(address.String()))
		for _, width := range []int{768, 1280} {
			for _, dark := range []bool{false, true} {
				variant := browser.Variant{Width: width, Dark: dark}
				found, err := tab.Look(variant)
				tn.must(err)
				for _, f := range found {
					t.Errorf("%s at %s: %s", name, variant, f)
				}
				looked++
			}
		}
	}
	look(guard, "alarms-waiting", "/manage/alarms")
	look(guard, "alarms-waiting-en", "/manage/alarms?lang=en")
	guard.get("/manage/alarms").send("/manage/alarms/"+id+"/answer", "outcome."+id, "false_alarm", "reason."+id, "演练").want(http.StatusOK)
	look(guard, "alarms-answered", "/manage/alarms?lang=zh")
	look(auditor, "audit-list", "/manage/audit")
	look(auditor, "audit-list-en", "/manage/audit?lang=en")
	look(auditor, "audit-filter", "/manage/audit?lang=zh&actor=staff:hall&day=2026-05-20")
	look(auditor, "audit-empty", "/manage/audit?action=excused")
	look(auditor, "audit-error", "/manage/audit?actor=%3D")
	look(hall, "desk-guest", "/desk/"+number)
	t.Logf("count: pages of those who look over the staff: 9 states in 4 variants: %d looks", looked)
}
