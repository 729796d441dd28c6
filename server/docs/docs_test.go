package docs

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/labstack/echo/v4"

	"hunyue/internal/testenv/browser"
)

// reference serves the page with the document that it shows.
func reference(t *testing.T) *httptest.Server {
	t.Helper()
	e := echo.New()
	Mount(e.Group("/api/docs"))
	e.File("/api/openapi.yaml", "../api/openapi.yaml")
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	return server
}

func get(t *testing.T, address, accepted string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", accepted)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

func TestTheVendoredFilesAreThoseOfTheReadme(t *testing.T) {
	readme, err := os.ReadFile("static/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"} {
		content, err := static.ReadFile("static/" + name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		if row := "| " + hex.EncodeToString(sum[:]) + " | " + name + " |"; !strings.Contains(string(readme), row) {
			t.Errorf("the README has not the row %s", row)
		}
	}
}

func TestScriptsCannotStandInThePage(t *testing.T) {
	answer := get(t, reference(t).URL+"/api/docs", "identity")
	policy := answer.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "script-src 'self';") || strings.Contains(policy, "unsafe-eval") {
		t.Errorf("policy %q lets scripts in that are not ours", policy)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(body), "//") && strings.Contains(string(body), "http") {
		t.Errorf("the page names another host:\n%s", body)
	}
}

func TestFilesAreTheSameCompressed(t *testing.T) {
	server := reference(t)
	for _, name := range []string{"swagger-ui-bundle.js", "page.js"} {
		plain, err := io.ReadAll(get(t, server.URL+"/api/docs/"+name, "identity").Body)
		if err != nil {
			t.Fatal(err)
		}
		answer := get(t, server.URL+"/api/docs/"+name, "gzip")
		if got := answer.Header.Get("Content-Encoding"); got != "gzip" {
			t.Fatalf("%s is sent as %q, want gzip", name, got)
		}
		unpack, err := gzip.NewReader(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		unpacked, err := io.ReadAll(unpack)
		if err != nil {
			t.Fatal(err)
		}
		if string(plain) != string(unpacked) {
			t.Errorf("%s differs when it is compressed", name)
		}
	}
}

// TestThePageShowsTheDocumentAndAsksNobodyElse looks at the page in a browser.
func TestThePageShowsTheDocumentAndAsksNobodyElse(t *testing.T) {
	server := reference(t)
	tab, asked := browse(t)
	shown := func(text string) chromedp.Action[chromedp.Void] {
		return chromedp.Poll[chromedp.Void]("document.body.innerText.includes(`" + text + "`)")
	}
	err := chromedp.Do(tab,
		noteViolations,
		chromedp.Navigate(server.URL+"/api/docs"),
		shown("Appointments at a marriage registry."),
		chromedp.Click(chromedp.CSS(`#operations-appointments-book .opblock-summary-control`)),
		shown("person_busy"), // the description beside a reference
		shown("430799199003070014"),
		chromedp.Click(chromedp.CSS(`#operations-offices-listOffices .opblock-summary-control`)),
		chromedp.Click(chromedp.CSS(`#operations-offices-listOffices .try-out__btn`)),
		chromedp.Click(chromedp.CSS(`#operations-offices-listOffices .execute`)),
		chromedp.WaitVisible(chromedp.CSS(`#operations-offices-listOffices .live-responses-table`)),
	)
	if err != nil {
		t.Fatal(err)
	}
	violations, err := chromedp.Run(tab, chromedp.Evaluate[[]string](`window.violations`))
	if err != nil {
		t.Fatal(err)
	}
	if len(violations) > 0 {
		t.Errorf("the page breaks its own policy: %v", violations)
	}
	all := asked()
	for _, address := range all {
		u, err := url.Parse(address)
		if err != nil || (u.Scheme != "data" && u.Scheme != "blob" && "http://"+u.Host != server.URL) {
			t.Errorf("the page asks %s", address)
		}
	}
	if !slices.Contains(all, server.URL+"/api/v1/offices") {
		t.Errorf("trying an operation out did not ask it; asked were %v", all)
	}
}

var noteViolations = chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
	_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `window.violations = [];
			addEventListener("securitypolicyviolation", (e) => violations.push(e.violatedDirective + " " + e.blockedURI));`,
	})
	return err
})

// browse opens a browser, and returns a tab and which addresses it has asked.
func browse(t *testing.T) (tab context.Context, asked func() []string) {
	t.Helper()
	var mu sync.Mutex
	var all []string
	limited, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	tab, closeTab := chromedp.NewContext(limited,
		chromedp.WithAllocatorOptions(
			chromedp.ExecPath(browser.Find(t)), chromedp.Headless, chromedp.DisableGPU, chromedp.NoSandbox,
			chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
			chromedp.Flag("disable-sync", true), chromedp.Flag("disable-quic", true),
		),
		chromedp.WithListener(func(event any) {
			if sent, ok := event.(*network.EventRequestWillBeSent); ok {
				mu.Lock()
				defer mu.Unlock()
				all = append(all, sent.Request.URL)
			}
		}),
	)
	t.Cleanup(closeTab)
	return tab, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}
