package web

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tokens is the colours of the stylesheet, by the theme.
func tokens(t *testing.T) map[string]map[string]string {
	t.Helper()
	raw, err := files.ReadFile("static/hunyue.css")
	if err != nil {
		t.Fatal(err)
	}
	themes := map[string]map[string]string{}
	for theme, begins := range map[string]string{
		"light": "\n:root {", "dark": `:root:not([data-theme="light"]) {`, "set dark": `:root[data-theme="dark"] {`,
	} {
		_, block, found := strings.Cut(string(raw), begins)
		if !found {
			t.Fatalf("no block begins with %q", begins)
		}
		block, _, _ = strings.Cut(block, "}")
		themes[theme] = map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z0-9-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(block, -1) {
			themes[theme][m[1]] = m[2]
		}
	}
	if diff := cmp.Diff(themes["dark"], themes["set dark"]); diff != "" {
		t.Errorf("dark because of the system and because it was set (-system +set):\n%s", diff)
	}
	for name, colour := range themes["light"] { // what the dark theme does not change
		for _, theme := range themes {
			if theme[name] == "" {
				theme[name] = colour
			}
		}
	}
	return themes
}

// contrast is the ratio of two colours by WCAG 2.2.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	luminance := func(colour string) float64 {
		n, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i, weight := range []float64{0.0722, 0.7152, 0.2126} {
			c := float64(n>>(8*i)&0xff) / 255
			if c <= 0.04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			sum += weight * c
		}
		return sum
	}
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

func TestColoursCanBeReadOnTheirGround(t *testing.T) {
	for theme, colours := range tokens(t) {
		for _, pair := range []struct {
			on, ground string
			least      float64
		}{
			{"ink", "page", 4.5},
			{"ink", "paper", 4.5},
			{"ink-2", "page", 4.5},
			{"ink-2", "paper", 4.5},
			{"link", "page", 4.5},
			{"link", "paper", 4.5},
			{"on-go", "go", 4.5},
			{"ok", "ok-tint", 4.5},
			{"ok", "paper", 4.5},
			{"ink", "ok-tint", 4.5},
			{"warn", "warn-tint", 4.5},
			{"ink", "warn-tint", 4.5},
			{"err", "err-tint", 4.5},
			{"err", "page", 4.5},
			{"ink", "err-tint", 4.5},
			{"mute", "mute-tint", 4.5},
			{"mute", "page", 4.5},
			{"gold", "gold-tint", 4.5},
			{"ok", "go-tint", 4.5},
			{"ink", "go-tint", 4.5},
			{"warn", "page", 4.5},
			{"warn", "mute-tint", 4.5},
			{"edge", "page", 3},
			{"edge", "paper", 3},
			{"edge", "ok-tint", 3},
		} {
			on, ground := colours[pair.on], colours[pair.ground]
			if on == "" || ground == "" {
				t.Fatalf("%s: no colour for %s on %s", theme, pair.on, pair.ground)
			}
			if got := contrast(t, on, ground); got < pair.least {
				t.Errorf("%s: %s on %s has a contrast of %.2f, want %.1f", theme, pair.on, pair.ground, got, pair.least)
			}
		}
	}
}
