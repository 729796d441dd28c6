// Package policy is who may use which address: one table, and the one guard
// that asks it. No handler decides by roles itself.
//
// To add an address, mount it and give it a line in table.go; without one the
// program does not start. The auditor reads the same table on a page.
package policy

import (
	"slices"
	"strings"
)

// Rule is one line of the table.
type Rule struct {
	Method string
	Path   string   // as it is mounted; one that ends in "*" is for all that begin so
	Door   Door     // how somebody is known there
	Roles  []string // behind a staff door: one of them is needed; empty: any
	Scope  Scope    // whose of the records behind it they may have
}

// Door is how somebody is known at an address.
type Door string

// The doors.
const (
	Open   Door = "open"   // to everybody, and the same for everybody
	Couple Door = "couple" // shows what opens their own appointment or hold; the handler asks for it
	Device Door = "device" // a device in the hall that staff have made one for the day; the handler asks for it
	Page   Door = "page"   // staff, by the cookie of their browser
	Entry  Door = "entry"  // staff, likewise, who may have another step to take before they may work
	API    Door = "api"    // staff, by the bearer token of a program
)

// Staff reports whether the door is for staff alone.
func (d Door) Staff() bool { return d == Page || d == Entry || d == API }

// Scope is which offices' records somebody may have behind an address.
type Scope string

// The scopes.
const (
	Anything Scope = "anything" // nothing there belongs to an office, or it is public
	Path     Scope = "path"     // the office that the address names must be theirs: the guard asks
	Form     Scope = "form"     // so must the one that the request names otherwise: the handler asks
	Record   Scope = "record"   // the record that the address names is found only at their offices
	Theirs   Scope = "theirs"   // what is shown is picked out of their offices
	Held     Scope = "held"     // the place that they hold themselves
	Self     Scope = "self"     // their own account
)

type key struct{ method, path string }

// rules is the table by what it is asked for, and those that end in "*".
var rules, wide = func() (map[key]Rule, []Rule) {
	exact, wide := map[key]Rule{}, []Rule{}
	for _, r := range Table() {
		if strings.HasSuffix(r.Path, "*") {
			wide = append(wide, r)
		} else {
			exact[key{r.Method, r.Path}] = r
		}
	}
	return exact, wide
}()

// Of is the rule of an address as it is mounted, if there is one.
func Of(method, path string) (Rule, bool) {
	if r, ok := rules[key{method, path}]; ok {
		return r, true
	}
	for _, r := range wide {
		if r.Method == method && strings.HasPrefix(path, strings.TrimSuffix(r.Path, "*")) {
			return r, true
		}
	}
	return Rule{}, false
}

// Admits reports whether one of the roles is enough.
func (r Rule) Admits(roles []string) bool {
	return len(r.Roles) == 0 || slices.ContainsFunc(r.Roles, func(role string) bool { return slices.Contains(roles, role) })
}

// May reports whether somebody with these roles may use an address: what a page
// asks before it offers a link or a button.
func May(roles []string, method, path string) bool {
	r, ok := Of(method, path)
	return ok && r.Door.Staff() && r.Admits(roles)
}
