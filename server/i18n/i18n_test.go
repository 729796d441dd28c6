package i18n_test

import (
	"strings"
	"testing"

	"hunyue/server/i18n"
)

func load(t testing.TB) *i18n.Texts {
	t.Helper()
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestEveryReaderIsUnderstood(t *testing.T) {
	texts := load(t)
	for accept, want := range map[string]string{
		"":                               "zh", // the office's own language
		"zh":                             "zh",
		"zh-CN,zh;q=0.9,en;q=0.8":        "zh",
		"zh-Hant-TW":                     "zh",
		"zh-HK":                          "zh",
		"en":                             "en",
		"en-GB,en;q=0.5":                 "en",
		"fr":                             "en", // more people read English than Chinese abroad
		"fr-CH, fr;q=0.9, zh;q=0.5":      "zh",
		"en;q=0.1, zh;q=0.9":             "zh",
		"*":                              "zh",
		"not a header, \x00":             "zh",
		strings.Repeat("x", 1<<16) + "-": "zh",
	} {
		for range 2 { // the second is remembered
			if got := texts.In(accept).Lang; got != want {
				t.Errorf("In(%.40q) reads %s, want %s", accept, got, want)
			}
		}
	}
}

func TestManyHeadersDoNotFillTheMemory(t *testing.T) {
	texts := load(t)
	for i := range 5000 {
		header := "en;q=0." + strings.Repeat("1", 1+i%1000)
		if got := texts.In(header).Lang; got != "en" && got != "zh" {
			t.Fatalf("In(%q) reads %q", header, got)
		}
	}
}

func TestBlanksAreFilled(t *testing.T) {
	texts := load(t)
	if got, want := texts.In("en").T("page.request", "id", "r7"), "Request number: r7"; got != want {
		t.Errorf("T = %q, want %q", got, want)
	}
	if got, want := texts.In("zh").T("page.request", "id", 7), "请求编号：7"; got != want {
		t.Errorf("T = %q, want %q", got, want)
	}
}

func TestAnUnknownFaultIsToldAsOurs(t *testing.T) {
	r := load(t).In("en")
	if got, want := r.Fault("never_heard_of"), r.T("fault.internal"); got != want || got == "" {
		t.Errorf("Fault = %q, want %q", got, want)
	}
	if got := r.Fault("slot_full"); got != r.T("fault.slot_full") || got == "fault.slot_full" {
		t.Errorf("Fault(slot_full) = %q", got)
	}
}

func BenchmarkIn(b *testing.B) {
	texts := load(b)
	b.ReportAllocs()
	for b.Loop() {
		texts.In("zh-CN,zh;q=0.9,en;q=0.8,en-GB;q=0.7").Fault("slot_full")
	}
}
