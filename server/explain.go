package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hunyue/internal/fault"
	"hunyue/server/i18n"
)

// explained is a fault in words, for whoever typed a command. Other errors stay
// as they are.
func explained(err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	texts, loading := i18n.Load()
	if loading != nil {
		return errors.Join(err, loading)
	}
	english := texts.In("en")
	said := []string{english.Fault(f.Code)}
	for _, field := range slices.Sorted(maps.Keys(f.Fields)) {
		said = append(said, fmt.Sprintf("%s: %s", field, english.Field(f.Fields[field])))
	}
	return errors.New(strings.Join(said, "\n"))
}
