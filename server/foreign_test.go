package main

import (
	"net/http"
	"strings"
	"testing"
)

// Every address of a page that changes something turns away what another site's
// page makes a browser send, whatever cookie comes with it: the handler, and
// what it would need, is not even asked. Engines are not there at all.
func TestNoOtherSiteChangesAnything(t *testing.T) {
	t.Parallel()
	f := newFront(t, config{BaseURL: "https://hunyue.example"})
	foreign := map[string][]string{
		"by its own word":      {"Sec-Fetch-Site", "cross-site"},
		"a neighbour":          {"Sec-Fetch-Site", "same-site"},
		"an old browser":       {"Origin", "https://elsewhere.example"},
		"a sandbox":            {"Origin", "null"},
		"another port":         {"Origin", "https://hunyue.example:8443"},
		"without encryption":   {"Origin", "http://hunyue.example"},
		"as plain text":        {"Sec-Fetch-Site", "cross-site", "Content-Type", "text/plain"},
		"a word after its own": {"Origin", "https://hunyue.example.elsewhere.example"},
	}
	asked := 0
	for _, route := range f.Routes() {
		if route.Method == http.MethodGet || strings.HasPrefix(route.Path, "/api/") {
			continue // reads, and what knows nobody by a cookie
		}
		path := strings.NewReplacer(":office", "430702", ":number", "12345678", ":date", "2026-05-20", ":id", "1", ":username", "anna", ":token", "x").Replace(route.Path)
		for why, headers := range foreign {
			asked++
			headers = append([]string{"Cookie", "__Host-staff=" + strings.Repeat("A", 43), "Content-Type", "application/x-www-form-urlencoded"}, headers...)
			w := f.ask(route.Method, path, strings.NewReader("step=save&confirm=1"), headers...)
			if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "来自别的网站") {
				t.Errorf("%s %s, %s: %d, want 403", route.Method, path, why, w.Code)
			}
		}
	}
	if asked < 8*40 {
		t.Errorf("%d requests: addresses are missed", asked)
	}
	t.Logf("%d requests from elsewhere, all turned away", asked)
}

// A form that names another method changes nothing: the address is asked for as
// it says.
func TestNoMethodIsOverridden(t *testing.T) {
	t.Parallel()
	f := newFront(t, config{})
	w := f.ask(http.MethodGet, "/staff/logout?_method=POST", nil, "X-HTTP-Method-Override", "POST", "X-Method-Override", "POST", "Sec-Fetch-Site", "cross-site")
	if w.Header().Get("Clear-Site-Data") != "" || w.Code != http.StatusSeeOther {
		t.Errorf("GET with another method's name: %d, %v", w.Code, w.Header())
	}
}
