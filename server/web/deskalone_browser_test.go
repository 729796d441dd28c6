package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hunyue/internal/testenv/browser"
)

// atPage waits until the desk's own script listens and its store is there.
func (d *desk) atPage() {
	d.t.Helper()
	d.must(d.tab.Await("[data-desk=ready]"))
}

// typed puts into the desk's input what somebody has typed, who then presses Enter.
func (d *desk) typed(text string) {
	d.t.Helper()
	run[bool](d, `document.querySelector("#q").value = %q; document.querySelector("#q").focus(); return true`, text)
	d.must(d.tab.Press(browser.Enter))
}

// onCard is what stands on the card once it is of a kind.
func (d *desk) onCard(selector string) string {
	d.t.Helper()
	if err := d.tab.Await(selector); err != nil {
		words, _ := d.tab.Text()
		d.t.Fatalf("%s: %v\n%s", selector, err, words)
	}
	return run[string](d, `return document.querySelector("#card").innerText`)
}

// measure types the temperatures of a couple on the card, and the thermometer.
func (d *desk) measure() {
	d.t.Helper()
	run[bool](d, `document.querySelector("#receive #device").value = "CANARY-T1"; document.getElementById("reading.1").focus(); return true`)
	d.must(d.tab.Press("365"))
	d.focused("reading.2")
	d.must(d.tab.Press("366"))
	d.focused("arrive")
	d.must(d.tab.Press(browser.Enter))
}

func (d *desk) focused(id string) {
	d.t.Helper()
	if at := run[string](d, `for (let i = 0; i < 150 && document.activeElement.id !== %q; i++) await new Promise(r => setTimeout(r, 20)); return document.activeElement.id`, id); at != id {
		d.t.Fatalf("the focus is on %q, want %s", at, id)
	}
}

// received waits for so many visits.
func (h *hallOf) received(visits int) {
	h.t.Helper()
	deadline := time.Now().Add(40 * time.Second)
	for h.count(`SELECT count(*) FROM visit`) < visits && time.Now().Before(deadline) {
		time.Sleep(100 * time.Millisecond)
	}
}

// The page's own way, with what people do: whoever is scanned, or named, or meant by
// initials is on the card out of the list, is measured, and is sent once.
func TestADeskAloneReceivesACoupleByItsOwnPage(t *testing.T) {
	h := newHall(t, 3)
	d := h.desk(h.chrome.Tab(t), h.hire("door"))
	d.cut(cutAway)
	d.kill() // and opens without a network
	d.atPage()
	d.onCard(`#away:not([hidden])`)

	pass := h.Desk.DoorPass(h.numbers[0])
	d.typed(pass)
	d.onCard(`#card[data-local][data-number="` + h.numbers[0] + `"] #receive`)
	d.measure()
	if says := d.onCard(`#card[data-done]`); !strings.Contains(says, "还没有上传") || !strings.Contains(says, "C001") {
		t.Errorf("the card says %q, want that it is not sent yet, and the ticket", says)
	}
	if n := run[int](d, keptRows+`return rows.length`); n != 2 {
		t.Errorf("%d rows are kept, want the list and the check-in", n)
	}
	h.counts(0, 0)

	for _, name := range []string{rareNames + "一", " " + rareNames + " 二", "dy", "DE"} {
		d.typed(name)
		d.onCard(`#card[data-local]:not([data-number]) a[data-open]`)
		if n := run[int](d, `return document.querySelectorAll("#card a[data-open]").length`); n != 3 {
			t.Errorf("%q finds %d couples, want 3", name, n)
		}
	}
	for _, name := range []string{rareNames + "三", "dx", "dyy"} {
		d.typed(name)
		if says := d.onCard(`#card[data-tone="no"]:not([data-number])`); !strings.Contains(says, "名单里没有") {
			t.Errorf("%q: the card says %q", name, says)
		}
	}
	d.typed("dy")
	d.onCard(`#card a[data-open]`)
	run[bool](d, `document.querySelector('#card a[data-open="%s"]').click(); return true`, h.numbers[1])
	d.onCard(`#card[data-number="` + h.numbers[1] + `"] #receive`)
	d.measure()
	d.onCard(`#card[data-done]`)

	h.later(5 * time.Minute)
	d.cut(cutWhole)
	if s := d.settled(); s.Waiting != 0 || s.Failed != 0 {
		t.Fatalf("after the network came back: %+v", s)
	}
	h.counts(2, 2)
	if n := h.count(`SELECT count(*) FROM visit WHERE ticket IN ('C001', 'C002') AND arrived_at < (SELECT clock_now()) - interval '4 minutes'`); n != 2 {
		t.Errorf("%d couples came when they came, by the tickets they were told; want 2", n)
	}
	d.go_("/desk?lang=zh")
	d.openStore()
	if s := d.settled(); s.Waiting != 0 {
		t.Errorf("sent, and still kept: %+v", s)
	}
	h.counts(2, 2)
	t.Logf("count: desk alone, by its page: 2 couples found by code and initials, kept, sent once")
}

// A tab that is killed between Enter and the answer has the deed on the disk already.
func TestATabKilledBeforeTheAnswerLosesNobody(t *testing.T) {
	for how, name := range map[int32]string{cutBefore: "on the way there", cutBehind: "on the way back"} {
		t.Run(name, func(t *testing.T) {
			h := newHall(t, 1)
			d := h.desk(h.chrome.Tab(t), h.hire("door"))
			d.atPage()
			d.cut(how)
			d.typed(h.Desk.DoorPass(h.numbers[0]))
			d.onCard(`#card[data-number="` + h.numbers[0] + `"]:not([data-local]) #receive`)
			d.measure()
			for i := 0; h.hangs.Load() == 0 && i < 500; i++ {
				time.Sleep(10 * time.Millisecond)
			}
			if n := run[int](d, keptRows+`return rows.length`); n != 2 || h.hangs.Load() != 1 {
				t.Errorf("%d rows are kept while %d hang, want the list and the check-in", n, h.hangs.Load())
			}
			d.cut(cutAway)
			d.kill()
			d.cut(cutWhole)
			h.received(1)
			h.counts(1, 1)
			d.settled()
			for i := 0; run[int](d, keptRows+`return rows.length`) > 1 && i < 300; i++ {
				time.Sleep(100 * time.Millisecond)
			}
			h.counts(1, 1)
			if n := h.count(`SELECT count(*) FROM desk_conflict`) + run[int](d, keptRows+`return rows.length`) - 1; n != 0 {
				t.Errorf("%d conflicts and kept rows, want none", n)
			}
		})
	}
}

// Where the answer does not come and the tab stays, the desk decides by itself, also when
// the next couple is on the card already.
func TestWhoeverIsNotAnsweredIsSavedEvenBehindTheNext(t *testing.T) {
	h := newHall(t, 2)
	d := h.desk(h.chrome.Tab(t), h.hire("door"))
	d.atPage()
	d.cut(cutBehind)
	d.typed(h.Desk.DoorPass(h.numbers[0]))
	d.onCard(`#card[data-number="` + h.numbers[0] + `"]:not([data-local]) #receive`)
	d.measure()
	d.typed(h.Desk.DoorPass(h.numbers[1]))
	d.onCard(`#card[data-number="` + h.numbers[1] + `"]:not([data-local]) #receive`)
	run[bool](d, `for (let i = 0; i < 600 && !/C001/.test(document.querySelector("#away").textContent); i++) await new Promise(r => setTimeout(r, 20)); return true`)
	if says := run[string](d, `return document.querySelector("#away").textContent`); !strings.Contains(says, fmt.Sprint(h.numbers[0])) || !strings.Contains(says, "C001") {
		t.Errorf("the desk says %q, want whose ticket it is", says)
	}
	d.cut(cutWhole)
	d.settled()
	h.counts(1, 1)
	if n := h.count(`SELECT count(*) FROM visit WHERE ticket = 'C001'`); n != 1 {
		t.Error("the couple is not called by the ticket that it was told")
	}
}
