package main

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// read takes out of the document what each operation says of each status.
func (v *victim) read() {
	v.t.Helper()
	got, err := v.send("GET", "/api/openapi.yaml", nil)
	if err != nil {
		v.t.Fatal(err)
	}
	v.document = map[string]string{}
	path, method := "", ""
	for line := range strings.Lines(got.text) {
		name, said, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch depth := len(line) - len(strings.TrimLeft(line, " ")); {
		case depth == 2:
			path = name
		case depth == 4:
			method = strings.ToUpper(name)
		case depth == 8 && strings.HasPrefix(name, `"`):
			v.document[method+" "+path+" "+strings.Trim(name, `"`)] = said
		}
	}
}

// promised reports whether the document speaks of a refusal: in general, or at
// the operation.
func (v *victim) promised(method, path string, status int, code string) bool {
	if slices.Contains([]string{"malformed", "too_large", "unsupported_media_type", "no_such_page", "method_not_allowed"}, code) ||
		code == "invalid_input" && (status == 400 || status == 422) {
		return true
	}
	for operation, said := range v.document {
		template := strings.Split(operation, " ")
		same := template[0] == method && template[2] == strconv.Itoa(status) && fits(template[1], path)
		if same && strings.Contains(said, "`"+code+"`") {
			return true
		}
	}
	return false
}

// fits reports whether a path is one of a template.
func fits(template, path string) bool {
	path, _, _ = strings.Cut(path, "?")
	names, steps := strings.Split(template, "/"), strings.Split(path, "/")
	if len(names) != len(steps) {
		return false
	}
	for i, name := range names {
		if !strings.HasPrefix(name, "{") && name != steps[i] {
			return false
		}
	}
	return true
}

// described is the operations that take a body.
func (v *victim) described(t *testing.T) map[string]bool {
	t.Helper()
	got, err := v.send("GET", "/api/openapi.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	document, err := openapi3.NewLoader().LoadFromData([]byte(got.text))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.RequestBody != nil {
				all[method+" "+path] = true
			}
		}
	}
	return all
}
