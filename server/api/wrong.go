package api

import (
	"errors"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"hunyue/internal/date"
)

// The codes of what is wrong with a field. They are promises, and so are those
// of the packages booking, hall and internal/identity.
const (
	required = "required"
	repeated = "repeated"
	unknown  = "unknown"
)

// codes says what a field is told that breaks a keyword of its schema.
var codes = map[string]string{
	"type":      "type",
	"nullable":  "type",
	"enum":      "enum",
	"pattern":   "pattern",
	"format":    "format",
	"minLength": "too_short",
	"maxLength": "too_long",
	"minItems":  "too_short",
	"maxItems":  "too_long",
	"minimum":   "too_small",
	"maximum":   "too_big",
}

// mostWrong is how many wrong fields a caller is told.
const mostWrong = 50

// strictly finds all mistakes, and days and ids that only look like such.
var strictly = []openapi3.SchemaValidationOption{
	openapi3.MultiErrors(),
	openapi3.WithStringFormatValidators(map[string]openapi3.StringFormatValidator{
		"date": openapi3.NewCallbackValidator(func(s string) error {
			_, err := date.ParseDate(s)
			return err
		}),
		"uuid": openapi3.NewCallbackValidator(func(s string) error {
			if len(s) != 36 {
				return errors.New("not the usual form")
			}
			return uuid.Validate(s)
		}),
	}),
}

// wrongIn is what is wrong with a value, by the path of the field; "" is the
// value itself. It is empty, or nil, if nothing is.
func wrongIn(schema *openapi3.Schema, value any) map[string]string {
	err := schema.VisitJSON(value, strictly...)
	if err == nil {
		return nil
	}
	m := mistakes{fields: map[string]string{}, objects: map[string]bool{}}
	m.note(err)
	return m.fields
}

// mistakes is what is wrong with which field.
type mistakes struct {
	fields  map[string]string
	objects map[string]bool // whose unknown members are noted
}

func (m *mistakes) note(err error) {
	if many, ok := errors.AsType[openapi3.MultiError](err); ok {
		for _, one := range many {
			m.note(one)
		}
		return
	}
	one, ok := errors.AsType[*openapi3.SchemaError](err)
	if !ok {
		m.add("", "type")
		return
	}
	path := strings.Join(one.JSONPointer(), ".")
	if one.SchemaField == "properties" {
		m.noteUnknown(path, one)
		return
	}
	m.add(path, codeOf(one))
}

func codeOf(e *openapi3.SchemaError) string {
	if text, ok := e.Value.(string); ok && strings.TrimSpace(text) == "" {
		return required
	}
	if code, ok := codes[e.SchemaField]; ok {
		return code
	}
	return e.SchemaField // required, and what the document does not use yet
}

// tellable is a name that a programmer may have meant as a field's. Anything
// else could be somebody's name and is not repeated.
var tellable = regexp.MustCompile(`^[a-z_]{1,32}$`)

// noteUnknown notes the members that an object should not have. There is an
// error for each of them, and the first says all.
func (m *mistakes) noteUnknown(path string, e *openapi3.SchemaError) {
	if m.objects[path] {
		return
	}
	m.objects[path] = true
	object, _ := e.Value.(map[string]any)
	for name := range object {
		switch {
		case e.Schema.Properties[name] != nil:
		case tellable.MatchString(name):
			m.add(strings.TrimPrefix(path+"."+name, "."), unknown)
		default:
			m.add(path, unknown)
		}
	}
}

func (m *mistakes) add(path, code string) {
	if _, known := m.fields[path]; !known && len(m.fields) < mostWrong {
		m.fields[path] = code
	}
}
