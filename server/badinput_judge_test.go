package main

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"
)

// try sends a wrong request and judges what comes back and what is left behind.
func (v *victim) try(t *testing.T, what string, want refusal, method, path string, body any, headers ...string) {
	t.Helper()
	before := v.state()
	v.ask(t, what, want, method, path, body, headers...)
	v.unchanged(t, what, want, before)
}

// ask is try without a look at what is left behind.
func (v *victim) ask(t *testing.T, what string, want refusal, method, path string, body any, headers ...string) {
	t.Helper()
	v.note(body)
	got, err := v.send(method, "/api/v1"+path, body, headers...)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	v.judge(t, what, want, method, path, got)
}

// judge wants a problem document that says the right thing and repeats nothing.
func (v *victim) judge(t *testing.T, what string, want refusal, method, path string, got answer) {
	t.Helper()
	p := got.doc(t)
	if !v.promised(method, path, got.status, word(p, "code")) {
		t.Errorf("%s: of %d %s the document does not speak", what, got.status, word(p, "code"))
	}
	if got.status != want.status || !slices.Contains(strings.Split(want.code, "|"), word(p, "code")) || p["status"] != float64(want.status) {
		t.Errorf("%s: %d %s, want %d %s", what, got.status, got.text, want.status, want.code)
	}
	if media := got.header.Get("Content-Type"); media != "application/problem+json" {
		t.Errorf("%s: Content-Type %q", what, media)
	}
	if word(p, "title") == "" || p["type"] != "about:blank" {
		t.Errorf("%s: not a problem document: %s", what, got.text)
	}
	fields, _ := p["fields"].(doc)
	want.fields = maps.Clone(want.fields)
	for name, code := range want.fields {
		if _, told := fields[name]; told && code == "*" {
			want.fields[name] = fields[name]
		}
	}
	if diff := gocmp.Diff(want.fields, fields); diff != "" {
		t.Errorf("%s: fields (-want +got):\n%s", what, diff)
	}
	for canary := range v.canaries {
		if strings.Contains(got.text, canary) {
			t.Errorf("%s: the answer repeats %q", what, canary)
		}
	}
}

// note keeps what a request says of persons.
func (v *victim) note(body any) {
	typed, ok := body.(string)
	if !ok && body != nil {
		if _, stream := body.(io.Reader); !stream {
			typed = text(body)
		}
	}
	var value any
	if json.Unmarshal([]byte(typed), &value) == nil {
		v.noteIn("", value)
	}
}

func (v *victim) noteIn(name string, value any) {
	switch of := value.(type) {
	case doc:
		for name, member := range of {
			v.noteIn(name, member)
		}
	case []any:
		for _, item := range of {
			v.noteIn("", item)
		}
	case string:
		personal := slices.Contains([]string{"name", "number", "phone", "caller", "q", "username"}, name)
		if personal && len(of) > 5 && utf8.RuneCountInString(of) > 1 {
			v.canaries[of] = true
		}
	}
}

// table is what is in a table: how many rows, and a digest of them.
type table struct {
	Name string `db:"name"`
	Rows int    `db:"rows"`
	Sum  string `db:"sum"`
}

// restless tables note that somebody has tried; only their rows are counted.
var restless = []string{"access_token", "account", "phone_code"}

// state is everything that is stored: all tables, and what is kept in Redis.
func (w *world) state() map[string]table {
	w.t.Helper()
	var tables []table
	err := w.jobs.Select(&tables, `
		SELECT name, (xpath('/row/n/text()', content))[1]::text::int AS rows, (xpath('/row/s/text()', content))[1]::text AS sum
		FROM (
			SELECT
				table_name::text AS name,
				query_to_xml(format($$
					SELECT count(*) AS n, md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) AS s
					FROM %I AS t$$, table_name), false, true, '') AS content
			FROM information_schema.tables
			WHERE table_schema = 'public'
			  AND table_type = 'BASE TABLE'
		) AS counted`)
	if err != nil {
		w.t.Fatal(err)
	}
	all := map[string]table{}
	for _, t := range tables {
		if slices.Contains(restless, t.Name) {
			t.Sum = ""
		}
		all[t.Name] = t
	}
	for key, content := range w.remembered() {
		if strings.HasPrefix(key, "l:") {
			continue // that somebody tries is counted, and should be
		}
		all["redis "+key] = table{Name: key, Rows: strings.Count(content, "\n")}
	}
	return all
}

// unchanged wants everything that is stored to be as it was before, but for the
// rows that a refusal adds.
func (v *victim) unchanged(t *testing.T, what string, want refusal, before map[string]table) {
	t.Helper()
	after := v.state()
	for name, n := range want.adds {
		was, is := before[name], after[name]
		if is.Rows != was.Rows+n {
			t.Errorf("%s: %s has %d rows and had %d, want %d more", what, name, is.Rows, was.Rows, n)
		}
		delete(before, name)
		delete(after, name)
	}
	if diff := gocmp.Diff(before, after); diff != "" {
		t.Errorf("%s: stored (-before +after):\n%s", what, diff)
	}
}
