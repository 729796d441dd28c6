package slots

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"hunyue/internal/fault"
)

// decode reads one JSON value strictly: a name that means nothing is refused as
// "unknown", a value of the wrong type as "type", and text that is no JSON as
// the field "json".
func decode(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return mistake(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fault.InFields(map[string]string{"json": "format"})
	}
	return nil
}

func mistake(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && e.Field != "" {
		return fault.InFields(map[string]string{e.Field: "type"})
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fault.InFields(map[string]string{strings.Trim(name, `"`): "unknown"})
	}
	return fault.InFields(map[string]string{"json": "format"})
}
