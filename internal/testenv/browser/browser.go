// Package browser looks at pages as people do: in a real Chromium, at the widths,
// themes and text sizes that they use, with axe and with the checks of our own for
// what axe does not see.
package browser

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Step is something done in a tab.
type Step = chromedp.Action[chromedp.Void]

// Browser is one Chromium. Tabs of it may be used at once.
type Browser struct{ ctx context.Context } //nolint:containedctx // chromedp keeps a browser in a context

// Find is the Chromium or Chrome of this machine. Where there is none the test
// fails: what was not looked at must not pass.
func Find(t testing.TB) string {
	t.Helper()
	for _, program := range []string{ // as scripts/setup has them
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
	} {
		if found, err := exec.LookPath(program); err == nil {
			return found
		}
	}
	t.Fatal("no chromium here: run `scripts/setup test`")
	return ""
}

// Open starts Chromium and ends it after the test.
func Open(t testing.TB) *Browser {
	t.Helper()
	return OpenIn(t, t.TempDir())
}

// OpenForgetful starts one that keeps no page in memory, as within other apps: Back
// asks for the page again.
func OpenForgetful(t testing.TB) *Browser {
	t.Helper()
	return OpenIn(t, t.TempDir(), chromedp.Flag("disable-back-forward-cache", true))
}

// OpenIn does so with its files in a folder where the test may look at them.
func OpenIn(t testing.TB, profile string, more ...chromedp.ExecAllocatorOption) *Browser {
	t.Helper()
	ctx, stop := chromedp.NewExecAllocator(t.Context(), slices.Concat(chromedp.DefaultExecAllocatorOptions[:], more, []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(Find(t)), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
	})...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return &Browser{ctx}
}

// Tab is a page of the browser.
type Tab struct{ ctx context.Context } //nolint:containedctx // chromedp keeps a tab in a context

// Tab opens a page that shares its cookies with the others, for as long as the
// test runs.
func (b *Browser) Tab(t testing.TB, options ...chromedp.ContextOption) *Tab {
	t.Helper()
	ctx, stop := chromedp.NewContext(b.ctx, options...)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return &Tab{ctx}
}

// Guest opens a page that shares nothing with the others.
func (b *Browser) Guest(t testing.TB) *Tab {
	t.Helper()
	return b.Tab(t, chromedp.WithNewBrowserContext())
}

// Context is the tab for steps of chromedp.
func (tab *Tab) Context() context.Context { return tab.ctx }

// Do runs steps one after the other.
func (tab *Tab) Do(steps ...Step) error { return chromedp.Do(tab.ctx, steps...) }

// Ask is what an expression is in the page that is shown.
func Ask[T any](tab *Tab, expression string) (T, error) {
	return chromedp.Run(tab.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Scripts lets pages run scripts, or not, from the next page on. What a test asks
// of a page (Ask) still runs.
func Scripts(on bool) Step {
	return call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
}

// Media shows pages on paper or with other wishes of the person who looks:
// Media("print"), Media("", "forced-colors", "active").
func Media(medium string, features ...string) Step {
	wanted := emulation.SetEmulatedMediaParams{Media: medium}
	for i := 0; i+1 < len(features); i += 2 {
		wanted.Features = append(wanted.Features, &emulation.MediaFeature{Name: features[i], Value: features[i+1]})
	}
	return call(emulation.SetEmulatedMedia, wanted)
}

// call is a command to the tab of which nothing comes back.
func call[P, R any](command cdp.Command[P, R], with P) Step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := cdp.Call(ctx, t, command, with); err != nil {
			return fmt.Errorf("%s: %w", command.Method, err)
		}
		return nil
	})
}

// Network is the connection of the tab from now on: the latency of each answer, in
// milliseconds, and the speed in kbit/s. A speed of 0 is no connection at all, and
// a negative one no limit.
func Network(latency, speed float64) Step {
	perSecond := speed * 1000 / 8
	if speed < 0 {
		perSecond = -1
	}
	away := speed == 0
	return chromedp.Steps(
		call(network.Enable, network.EnableParams{}),
		call(network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{Latency: latency, DownloadThroughput: perSecond, UploadThroughput: perSecond, Offline: away}},
		}),
		call(network.OverrideNetworkState, network.OverrideNetworkStateParams{
			Offline: away, Latency: latency, DownloadThroughput: perSecond, UploadThroughput: perSecond,
		}))
}

// Cookies is what the tab would send to an address.
func (tab *Tab) Cookies(address string) ([]*http.Cookie, error) {
	kept, err := chromedp.Run(tab.ctx, func(ctx context.Context, t *chromedp.Target) (network.GetCookiesResult, error) {
		return cdp.Call(ctx, t, network.GetCookies, network.GetCookiesParams{URLs: []string{address}})
	})
	var all []*http.Cookie
	for _, c := range kept.Cookies {
		all = append(all, &http.Cookie{Name: c.Name, Value: c.Value, Path: c.Path})
	}
	return all, err
}
