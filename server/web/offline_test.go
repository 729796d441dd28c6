package web

import (
	"strings"
	"testing"

	"hunyue/internal/testenv/browser"
)

// A browser that has seen the calendar shows it again when the network, and with it
// the program, is out of reach; of everything else it says so.
func TestWithoutANetworkTheLastCalendarIsShown(t *testing.T) {
	ph := &phone{town: newTown(t), tab: browser.Open(t).Tab(t)}
	ph.visit(theDay+"?lang=zh", radio)
	if ready, err := browser.Ask[bool](ph.tab, `navigator.serviceWorker.ready.then(r => !!r.active)`); err != nil || !ready {
		t.Fatalf("the service worker is ready: %v, %v", ready, err)
	}
	ph.visit(theDay, radio) // seen by it
	seen, err := browser.Ask[string](ph.tab, `document.querySelector("#times").innerText`)
	ph.must(err)

	ph.server.CloseClientConnections()
	ph.server.Close()
	ph.do(browser.Network(0, 0))
	ph.visit(theDay, ".offline:not([hidden])")
	ph.says("网络不通，显示的是 10:")
	if kept, err := browser.Ask[string](ph.tab, `document.querySelector("#times").innerText`); err != nil || kept != seen {
		t.Errorf("without a network the times are %q, %v; want those that were seen, %q", kept, err, seen)
	}
	if able, err := browser.Ask[string](ph.tab, `document.querySelector("#times form > button").getAttribute("aria-disabled")`); err != nil || able != "true" {
		t.Errorf("the button is disabled: %q, %v", able, err)
	}
	ph.visit("/find", "main a.button")
	ph.says("网络不通", "已有的预约不受影响", "0736-7250001")
}

// What was typed before the times of a hot day is none of what is kept of a calendar.
func TestThePhoneOfAHotDayIsNotKeptWithTheCalendar(t *testing.T) {
	ph := &phone{town: newTown(t), tab: browser.Open(t).Tab(t)}
	ph.heat()
	ph.visit(theDay+"?lang=zh", "main")
	if ready, err := browser.Ask[bool](ph.tab, `navigator.serviceWorker.ready.then(r => !!r.active)`); err != nil || !ready {
		t.Fatalf("the service worker is ready: %v, %v", ready, err)
	}
	ph.visit(theDay, "main")
	ph.visit(hotPhone, inputNamed("phone"))
	ph.write("phone", hisPhone)
	ph.press(send, inCode)
	ph.visit(hotPhone, inputNamed("phone"))
	ph.holds("phone", hisPhone)
	kept, err := browser.Ask[string](ph.tab, `caches.keys()
		.then(names => Promise.all(names.map(name => caches.open(name).then(shelf => shelf.keys()))))
		.then(all => all.flat().map(request => new URL(request.url).pathname).join(" "))`)
	if err != nil || !strings.Contains(kept, theDay) || strings.Contains(kept, "/phone") {
		t.Errorf("kept are %q, %v; want the calendar and not the phone's page", kept, err)
	}
}
