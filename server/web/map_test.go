package web

import (
	"testing"

	"hunyue/internal/testenv/browser"
)

// On a desk nothing opens geo: links. The address is copied there, and nobody is
// asked for a map.
func TestTheAddressIsCopiedWhereNoMapOpens(t *testing.T) {
	ph := &phone{town: newTown(t), tab: browser.Open(t).Tab(t)}
	ph.chosenTime()
	ph.toCheck()
	ph.confirmed()
	copied, err := browser.Ask[string](ph.tab, `new Promise(done => {
		navigator.clipboard.writeText = text => { setTimeout(() => done(text + '|' + document.getElementById('copy').textContent)); return Promise.resolve() }
		document.getElementById('copy').click()
	})`)
	if err != nil || copied != "1 Shili Road 武陵区婚姻登记处|地址已复制" {
		t.Errorf("copied %q, %v", copied, err)
	}
	right, err := browser.Ask[bool](ph.tab, `document.querySelector('a[href^="geo:"]').checkVisibility() !== matchMedia('(hover: hover) and (pointer: fine)').matches`)
	if err != nil || !right {
		t.Errorf("the link to the map is shown where nothing opens it, or hidden where something does: %v", err)
	}
}
