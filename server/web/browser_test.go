package web

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hunyue/internal/testenv/browser"
	"hunyue/server/auth"
)

// The narrowest phone that the pages are made for, and the smallest target.
const (
	narrow = 360
	tap    = 44
)

// browser is a real Chromium as wide as a small phone.
func (tn *town) browser() context.Context {
	tn.t.Helper()
	ctx, stop := chromedp.NewExecAllocator(tn.t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browser.Find(tn.t)), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(tn.t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.WindowSize(narrow, 780))...)
	tn.t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	tn.t.Cleanup(stop)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(narrow, 780)); err != nil {
		tn.t.Fatal(err)
	}
	ctx, stop = context.WithTimeout(ctx, 2*time.Minute)
	tn.t.Cleanup(stop)
	return ctx
}

// measured is what does not fit on the page that is shown: what is wider than
// the screen, and what is too small for a thumb.
const measured = `[
	...(document.documentElement.scrollWidth > innerWidth ? ['the page is ' + document.documentElement.scrollWidth + ' px wide'] : []),
	...[...document.querySelectorAll('button, select, textarea, .choice:not(.gone), .tick label, .slot label, nav a, .day, .cards a, summary, input:not([type=hidden], [type=checkbox], [type=radio])')]
		.filter(e => e.checkVisibility() && Math.round(e.getBoundingClientRect().height) < %d)
		.map(e => e.tagName + ' ' + (e.id || e.textContent.trim()) + ' is ' + e.getBoundingClientRect().height + ' px high'),
]`

// look runs actions, then measures the page and keeps a picture of it.
func (tn *town) look(ctx context.Context, name string, actions ...step) {
	tn.t.Helper()
	if err := chromedp.Do(ctx, append(actions, chromedp.WaitReady(chromedp.CSS("footer")))...); err != nil {
		tn.t.Fatalf("%s: %v", name, err)
	}
	wrong, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](fmt.Sprintf(measured, tap)))
	if err != nil {
		tn.t.Fatalf("%s: %v", name, err)
	}
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		tn.t.Fatalf("%s: %v", name, err)
	}
	for _, w := range wrong {
		tn.t.Errorf("%s: %s", name, w)
	}
	if err := os.WriteFile(filepath.Join(tn.t.ArtifactDir(), name+".png"), picture, 0o600); err != nil {
		tn.t.Error(err)
	}
}

// submit presses a button and waits for the page that comes of it.
func submit(button, then string) step {
	return chromedp.Steps(chromedp.Click(chromedp.CSS(button), chromedp.NodeVisible), chromedp.WaitVisible(chromedp.CSS(then)))
}

func typed(into, text string) step { return chromedp.SetValue(chromedp.CSS(into), text) }

func click(on string) step { return chromedp.Click(chromedp.CSS(on)) }

type step = chromedp.Action[chromedp.Void]

// With `go test -run Phone -artifacts -outputdir DIR` the pictures are kept.
func TestTheWholeJobFitsOnASmallPhone(t *testing.T) {
	tn := newTown(t)
	ctx := tn.browser()
	tn.look(ctx, "1-home", chromedp.Navigate(tn.server.URL+"/?lang=zh"))
	tn.look(ctx, "2-days", submit(".cards a", ".month"))
	tn.look(ctx, "3-times", submit(`.month a[href*="2026-05-20"]`, `input[value="`+nineClock+`"]`))
	tn.look(ctx, "4-details", click(`input[value="`+nineClock+`"]`), submit("main form > button", ".held"))
	tn.look(ctx, "5-mistakes", submit("main form > button", ".summary"))
	if at, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.activeElement.className`)); err != nil || at != "summary" {
		t.Errorf("after mistakes the focus is on %q, %v; want the summary", at, err)
	}
	var typing []step
	for i, inputs := 0, couple(); i < 10; i += 2 {
		typing = append(typing, typed(`[name="`+inputs[i]+`"]`, inputs[i+1]))
	}
	typing = append(typing, click(`[name="consents.agreement"]`), click(`[name="consents.privacy"]`))
	tn.look(ctx, "6-check", append(typing, submit("main form > button", "#code"))...)
	tn.look(ctx, "7-booked", typed("#code", tn.codeFor(hisPhone)), submit("main form > button", `a[href$="/cancel"]`))
	at, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		t.Fatal(err)
	}
	tn.look(ctx, "8-cancel", submit(`a[href$="/cancel"]`, `form[action$="/cancel/code"]`))
	tn.look(ctx, "9-find", chromedp.Navigate(tn.server.URL+"/find?lang=en"))

	tn.at("2026-05-20 08:50")
	tn.well(auth.Registrar)
	guest := tn.server.URL + "/desk/" + path.Base(at)
	tn.look(ctx, "a-login", chromedp.Navigate(guest+"?lang=zh"))
	tn.look(ctx, "b-guest", typed("#username", auth.Registrar), typed("#password", password), submit("main form > button", `[name="reading.1"]`))
	tn.look(ctx, "c-admitted", typed(`[name="reading.1"]`, "36.5"), typed(`[name="reading.2"]`, "36,6"),
		typed("#device", "T1"), submit("#arrive", ".verdict.good"))
	tn.look(ctx, "d-called", typed("#counter", "3"), submit(`form[action$="/call"] > button`, `form[action$="/start"]`))
	tn.look(ctx, "e-serving", submit(`form[action$="/start"] > button`, `form[action$="/complete"]`))
	tn.look(ctx, "f-completed", typed("#certificate_number", "J430702-2026-000001"),
		click(`form[action$="/complete"] > button`), chromedp.WaitNotPresent(chromedp.CSS(`form[action$="/complete"]`)))
	tn.look(ctx, "g-today", chromedp.Navigate(tn.server.URL+"/desk"))
}

// What was typed is in the memory of the browser and on no disk of it.
func TestBackFromTheCheckFindsWhatWasTyped(t *testing.T) {
	tn := newTown(t)
	ctx := tn.browser()
	steps := []step{
		chromedp.Navigate(tn.server.URL + theDay + "?lang=zh"),
		click(`input[value="` + nineClock + `"]`), submit("main form > button", ".held"),
	}
	for i, inputs := 0, couple(); i < 10; i += 2 {
		steps = append(steps, typed(`[name="`+inputs[i]+`"]`, inputs[i+1]))
	}
	steps = append(steps, click(`[name="consents.agreement"]`), click(`[name="consents.privacy"]`), submit("main form > button", "#code"))
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
	tn.back(ctx, `[name="parties.0.name"]`)
	for i, inputs := 0, couple(); i < 10; i += 2 {
		got, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector('[name="`+inputs[i]+`"]').value`))
		if err != nil || got != inputs[i+1] {
			t.Errorf("after Back %s is %q, %v; want %q", inputs[i], got, err, inputs[i+1])
		}
	}
}

// back presses Back and waits for an element of the page that it leads to. That
// page may come out of memory, without any of the events of a page that loads.
func (tn *town) back(ctx context.Context, to string) {
	tn.t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`(history.back(), true)`)); err != nil {
		tn.t.Fatal(err)
	}
	for range 100 {
		there, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`!!document.querySelector('`+to+`')`))
		if err == nil && there {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	said, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	tn.t.Fatalf("Back leads to %q, %v; want %s", said, err, to)
}
