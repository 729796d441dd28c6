package identity_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hunyue/internal/identity"
)

func TestCertificates(t *testing.T) {
	for _, tt := range []struct {
		fact, typed string
		want        identity.Certificate
		warn        string
		printed     string
	}{
		{
			"the first couple of Dongcheng", "J110101-2010-000001",
			identity.Certificate{Prefix: "J", Division: "110101", Year: 2010, Serial: 1},
			"", "J110101-2010-000001",
		},
		{
			"number 123 of Wuling", "J430702-2020-000123",
			identity.Certificate{Prefix: "J", Division: "430702", Year: 2020, Serial: 123},
			"", "J430702-2020-000123",
		},
		{
			"a divorce at a city", "L430700-2025-000009",
			identity.Certificate{Prefix: "L", Division: "430700", Year: 2025, Serial: 9},
			"", "L430700-2025-000009",
		},
		{
			"a re-issue at a province", "BJ430000-2026-123456",
			identity.Certificate{Prefix: "BJ", Division: "430000", Year: 2026, Serial: 123456},
			"", "BJ430000-2026-123456",
		},
		{
			"a re-issued divorce, typed anyhow", " bl430702－2026 — 000001 ",
			identity.Certificate{Prefix: "BL", Division: "430702", Year: 2026, Serial: 1},
			"", "BL430702-2026-000001",
		},
		{
			"a division of no province", "J990702-2020-000123",
			identity.Certificate{Prefix: "J", Division: "990702", Year: 2020, Serial: 123},
			"province", "J990702-2020-000123",
		},
		{"an old free form", " 政字第2002208号\n", identity.Certificate{Free: "政字第2002208号"}, "format", "政字第2002208号"},
		{"a township's longer code", "J430702001-2020-000123", identity.Certificate{Free: "J430702001-2020-000123"}, "format", "J430702001-2020-000123"},
		{"a short serial", "J430702-2020-123", identity.Certificate{Free: "J430702-2020-123"}, "format", "J430702-2020-123"},
		{"another prefix", "X430702-2020-000123", identity.Certificate{Free: "X430702-2020-000123"}, "format", "X430702-2020-000123"},
		{"an old identity number", "430799900307001", identity.Certificate{Free: "430799900307001"}, "format", "430799900307001"},
		{"64 characters", strings.Repeat("字", 64), identity.Certificate{Free: strings.Repeat("字", 64)}, "format", strings.Repeat("字", 64)},
		{"nothing", " 　\u200b", identity.Certificate{}, "required", ""},
		{"65 characters", strings.Repeat("字", 65), identity.Certificate{}, "too_long", ""},
		{"a page", strings.Repeat("J", 1<<16), identity.Certificate{}, "too_long", ""},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			got, warn := identity.ParseCertificate(tt.typed)
			if diff := cmp.Diff(tt.want, got); diff != "" || warn != tt.warn {
				t.Errorf("warns %q, want %q; (-want +got)\n%s", warn, tt.warn, diff)
			}
			if got.String() != tt.printed {
				t.Errorf("printed as %q, want %q", got.String(), tt.printed)
			}
		})
	}
}

func TestCertificateMasked(t *testing.T) {
	for typed, want := range map[string]string{
		"J430702-2020-000123":  "J430702-2020-****23",
		"BL430702-2020-654321": "BL430702-2020-****21",
		"政字第2002208号":          "政*********号",
		"12":                   "**",
	} {
		c, _ := identity.ParseCertificate(typed)
		if got := c.Masked(); got != want {
			t.Errorf("%s is shown as %s, want %s", typed, got, want)
		}
	}
}

func TestEveryCertificateSurvivesPrinting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := identity.Certificate{
			Prefix:   rapid.SampledFrom([]string{"J", "L", "BJ", "BL"}).Draw(t, "prefix"),
			Division: fmt.Sprintf("43%04d", rapid.IntRange(0, 9999).Draw(t, "division")),
			Year:     rapid.IntRange(0, 9999).Draw(t, "year"),
			Serial:   rapid.IntRange(0, 999999).Draw(t, "serial"),
		}
		back, warn := identity.ParseCertificate(c.String())
		if back != c || warn != "" {
			t.Errorf("%s read back as %s, warning %q", c, back, warn)
		}
	})
}

func FuzzCertificate(f *testing.F) {
	for _, seed := range []string{
		"J430702-2020-000123", "bj110101－2010—000001", "政字第2002208号", "J990000-0000-000000", "430799900307001",
		"J000000-0000-0000\x1c00", "\xff", "\u202eJ", " \x00 ", "", strings.Repeat("字", 65), strings.Repeat("\u200b", 1<<14),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		c, warn := identity.ParseCertificate(typed)
		if empty := c == (identity.Certificate{}); empty != (warn == "required" || warn == "too_long") {
			t.Errorf("%+q is %+v with %q", typed, c, warn)
		}
		if again, warnAgain := identity.ParseCertificate(c.String()); c.String() != "" && (again != c || warnAgain != warn) {
			t.Errorf("%+q again is %+v with %q, was %+v with %q", c.String(), again, warnAgain, c, warn)
		}
		if got, want := utf8.RuneCountInString(c.Masked()), utf8.RuneCountInString(c.String()); got != want {
			t.Errorf("%d characters masked as %d", want, got)
		}
	})
}
