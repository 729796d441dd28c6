package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// malformed is what can be wrong with any body, and which body that makes of a
// right one.
var malformed = []struct {
	what    string
	make    func(right string) string
	want    refusal
	headers []string
}{
	{"no body", func(string) string { return "" }, refusedWith(400, "malformed"), nil},
	{"null", func(string) string { return "null" }, invalid(doc{"": "type"}), nil},
	{"an array", func(right string) string { return "[" + right + "]" }, invalid(doc{"": "type"}), nil},
	{"a string", func(string) string { return `"right"` }, invalid(doc{"": "type"}), nil},
	{"half of it", func(right string) string { return right[:len(right)-1] }, refusedWith(400, "malformed"), nil},
	{"two of it", func(right string) string { return right + right }, refusedWith(400, "malformed"), nil},
	{"something behind", func(right string) string { return right + " x" }, refusedWith(400, "malformed"), nil},
	{"a number beyond all", func(right string) string { return `{"more":1e309,` + right[1:] }, refusedWith(400, "malformed"), nil},
	{"a name twice", func(right string) string { return `{"more":1,"more":1,` + right[1:] }, refusedWith(400, "malformed"), nil},
	{"a name twice, spelt otherwise", func(right string) string { return `{"more":1,"m\u006fre":1,` + right[1:] }, refusedWith(400, "malformed"), nil},
	{"not UTF-8", func(right string) string { return `{"more":"` + "\xff" + `",` + right[1:] }, refusedWith(400, "malformed"), nil},
	{"very deep", func(string) string { return strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000) }, refusedWith(400, "malformed"), nil},
	{"a field too many", func(right string) string { return `{"more":1,` + right[1:] }, invalid(doc{"more": "unknown"}), nil},
	{"a field in capitals", func(right string) string { return `{"More":1,` + right[1:] }, invalid(doc{"": "unknown"}), nil},
	{"a field named like somebody", func(right string) string { return `{"龘靐":1,` + right[1:] }, invalid(doc{"": "unknown"}), nil},
	{"2001 fields", many, refusedWith(413, "too_large"), nil},
	{"70 KiB", long, refusedWith(413, "too_large"), nil},
	{"as text", same, refusedWith(415, "unsupported_media_type"), []string{"Content-Type", "text/plain"}},
	{"as a form", same, refusedWith(415, "unsupported_media_type"), []string{"Content-Type", "application/x-www-form-urlencoded"}},
	{"as nothing", same, refusedWith(415, "unsupported_media_type"), []string{"Content-Type", ""}},
	{"packed", same, refusedWith(415, "unsupported_media_type"), []string{"Content-Encoding", "gzip"}},
}

func same(right string) string { return right }

func many(right string) string {
	var more strings.Builder
	for i := range 2001 {
		fmt.Fprintf(&more, `"m%d":1,`, i)
	}
	return "{" + more.String() + right[1:]
}

func long(right string) string {
	return `{"more":"` + strings.Repeat("a", 70<<10) + `",` + right[1:]
}

func (v *victim) bodies(t *testing.T) {
	described := v.described(t)
	for _, w := range v.writes() {
		delete(described, w.method+" "+w.template)
		before := v.state()
		for _, m := range malformed {
			v.ask(t, w.template+": "+m.what, m.want, w.method, w.path, m.make(text(w.body)), append(slices.Clone(w.headers), m.headers...)...)
		}
		unannounced := struct{ io.Reader }{strings.NewReader(long(text(w.body)))} // sent in pieces, without a length
		v.ask(t, w.template+": 70 KiB in pieces", refusedWith(413, "too_large"), w.method, w.path, unannounced, w.headers...)
		v.unchanged(t, w.template, refusal{}, before)
	}
	for operation := range described {
		t.Errorf("%s takes a body and is not tried", operation)
	}
}

// characterless sends texts with a character that no text has and that Postgres
// cannot keep. To say that this is no JSON is as good as to name the field.
func (v *victim) characterless(t *testing.T) {
	companion := readings("36.5", "36.6")
	companion["companions"] = []doc{{"reason": "翻译", "celsius": "36.5", "device": "T1"}}
	booking, _ := v.booking()
	fields := map[string][]string{
		"check-in": {"readings.0.device", "companions.0.reason", "companions.0.device"}, "not-accepted": {"reason"}, "readings": {"device"},
		"capacity": {"reason"}, "suspensions": {"reason", "notice"}, "{date}": {"reason", "notice"}, "{id}": {"reason"}, "submit": {"remarks", "differs.completed.because"}, "login": {"username", "password"}, "search": {"q"},
		"appointments": {"service", "phone", "consents.agreement"}, "call": {"counter"},
	}
	for _, w := range v.writes() {
		switch w.template[strings.LastIndex(w.template, "/")+1:] {
		case "check-in":
			w.body = companion
		case "appointments":
			w.body = edited(t, w.body, "consents", booking["consents"])
		}
		for _, field := range fields[w.template[strings.LastIndex(w.template, "/")+1:]] {
			before := v.state()
			got, err := v.send(w.method, "/api/v1"+w.path, edited(t, w.body, field, "a\x00b"), w.headers...)
			if err != nil {
				t.Fatal(err)
			}
			p, told := got.doc(t), refusedWith(400, "malformed")
			switch {
			case w.template == "/staff/login" && got.status == 401:
				told = refusal{401, "login_failed", nil, map[string]int{"audit": 1}}
			case w.template == "/staff/appointments/search" && got.status == 200:
				continue // nobody was found
			case got.status != 400:
				told = invalid(doc{field: "*"})
			}
			if fields, _ := p["fields"].(doc); got.status == 422 && len(fields) == 1 {
				for name := range fields {
					told.fields = doc{name: "*"}
				}
			}
			v.judge(t, w.template+" with NUL in "+field, told, w.method, w.path, got)
			v.unchanged(t, w.template+" with NUL in "+field, told, before)
		}
	}
}
