package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"
)

// The limits of a body: its bytes, and its members, so that a small body made
// of nothing but field names costs no more than a large one.
const (
	largestBody = 64 << 10
	mostMembers = 2000
)

// body is a request body that has been read. The generated code binds the
// value that was checked and does not parse a second time.
type body struct {
	*bytes.Reader
	bytes []byte
	value any
}

// ValidatedValue is the body as JSON has it.
func (b *body) ValidatedValue() any { return b.value }

// Close does nothing: there is nothing left to read.
func (b *body) Close() error { return nil }

// readBody reads a body of JSON. The faults are errMediaType, errTooLarge and
// errMalformed.
func readBody(r *http.Request) (*body, error) {
	if !isJSON(r) {
		return nil, errMediaType
	}
	if r.ContentLength > largestBody {
		return nil, errTooLarge
	}
	text, err := readAll(r)
	if err != nil {
		return nil, err
	}
	if len(text) > largestBody {
		return nil, errTooLarge
	}
	value, err := parse(text)
	if err != nil {
		return nil, err
	}
	return &body{Reader: bytes.NewReader(text), bytes: text, value: value}, nil
}

// dropNulls takes away what is null in an object and need not be there: many
// programs write null for what they leave out.
func dropNulls(schema *openapi3.Schema, value any) {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			property := schema.Properties[name]
			switch {
			case property == nil:
			case member == nil && !slices.Contains(schema.Required, name):
				delete(v, name)
			default:
				dropNulls(property.Value, member)
			}
		}
	case []any:
		for _, item := range v {
			if schema.Items != nil {
				dropNulls(schema.Items.Value, item)
			}
		}
	}
}

// canonical is a body in one spelling, whatever its order and its spaces: the
// same request sent by another program is the same request.
func canonical(text []byte) ([]byte, error) {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, fmt.Errorf("body that was checked: %w", err)
	}
	return json.Marshal(value)
}

func isJSON(r *http.Request) bool {
	if r.Header.Get(echo.HeaderContentEncoding) != "" {
		return false
	}
	said := r.Header.Get(echo.HeaderContentType)
	if said == echo.MIMEApplicationJSON {
		return true
	}
	media, _, err := mime.ParseMediaType(said)
	return err == nil && media == echo.MIMEApplicationJSON
}

func readAll(r *http.Request) ([]byte, error) {
	var text bytes.Buffer
	if r.ContentLength > 0 {
		text.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	_, err := text.ReadFrom(io.LimitReader(r.Body, largestBody+1))
	if err == nil {
		return text.Bytes(), nil
	}
	if ctx := r.Context(); ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if he, ok := errors.AsType[*echo.HTTPError](err); ok && he.Code == http.StatusRequestEntityTooLarge {
		return nil, errTooLarge // by a limit in front of ours
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, errTooLarge
	}
	return nil, errMalformed // broken off
}

// parse reads exactly one JSON value. A name that stands twice in an object is
// refused, because programs do not agree on which one counts.
func parse(text []byte) (any, error) {
	if !utf8.Valid(text) {
		return nil, errMalformed
	}
	var value any
	if json.Unmarshal(text, &value) != nil {
		return nil, errMalformed // the cause would quote what was sent
	}
	switch written := membersIn(text); {
	case holdsNUL(value):
		return nil, errMalformed // no text in the database can
	case written > mostMembers:
		return nil, errTooLarge
	case written != membersOf(value):
		return nil, errMalformed
	}
	return value, nil
}

// holdsNUL reports whether a name or a text in value has a NUL in it.
func holdsNUL(value any) bool {
	switch v := value.(type) {
	case string:
		return strings.IndexByte(v, 0) >= 0
	case map[string]any:
		for name, member := range v {
			if strings.IndexByte(name, 0) >= 0 || holdsNUL(member) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, holdsNUL)
	}
	return false
}

// membersIn counts the members of all objects in a valid JSON text: the colons
// outside strings.
func membersIn(text []byte) int {
	n := 0
	quoted := false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case ':':
			if !quoted {
				n++
			}
		}
	}
	return n
}

// membersOf counts them in the parsed value, where a repeated name is one.
func membersOf(value any) int {
	n := 0
	switch v := value.(type) {
	case map[string]any:
		n = len(v)
		for _, member := range v {
			n += membersOf(member)
		}
	case []any:
		for _, item := range v {
			n += membersOf(item)
		}
	}
	return n
}
