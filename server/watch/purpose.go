package watch

import (
	"context"
	"strings"

	"github.com/labstack/echo/v4"
)

// Purpose is why staff are shown a couple's data.
type Purpose string

// The purposes there are.
const (
	CheckIn      Purpose = "check_in"     // at the door of the hall
	Registration Purpose = "registration" // at a counter
	Call         Purpose = "call"         // somebody is on the phone
	Console      Purpose = "console"      // whoever calls is looked for
	CallList     Purpose = "call_list"    // somebody has to be told by phone
	Lookup       Purpose = "lookup"       // by number, phone or document
	Management   Purpose = "management"   // of an office: whom a suspension meets
)

// Purposes is all of them.
func Purposes() []Purpose {
	return []Purpose{CheckIn, Registration, Call, Console, CallList, Lookup, Management}
}

// purposes is why each address of staff shows anybody: the longest beginning of its
// route counts. What is in none of them can show nobody.
var purposes = map[string]Purpose{
	"/desk":                             CheckIn,
	"/desk/find":                        Lookup,
	"/desk/:number/call":                Registration,
	"/desk/:number/start":               Registration,
	"/desk/:number/complete":            Registration,
	"/desk/:number/not-accepted":        Registration,
	"/desk/:number/certificate":         Registration,
	"/window":                           Registration,
	"/call":                             Console,
	"/call/:number":                     Call,
	"/call/list":                        CallList,
	"/manage":                           Management,
	"/api/v1/staff/appointments":        Lookup,
	"/api/v1/manage":                    Management,
	"/manage/audit":                     "",
	"/manage/alarms":                    "",
	"/api/v1/staff/appointments/":       CheckIn, // of one couple, by number
	"/api/v1/staff/appointments/search": Lookup,
}

// PurposeOf is why a route shows anybody, or "".
func PurposeOf(route string) Purpose {
	longest := ""
	for begins := range purposes {
		if strings.HasPrefix(route, begins) && len(begins) > len(longest) {
			longest = begins
		}
	}
	return purposes[longest]
}

// Mark has the requests of staff say what they are for. It may come before the
// door: who asks is looked at later.
func Mark(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if p := PurposeOf(c.Path()); p != "" && askedIn(r.Context()) == nil {
			c.SetRequest(r.WithContext((&asked{purpose: p}).in(r.Context())))
		}
		return next(c)
	}
}

// Reason is why somebody is shown in full.
type Reason string

// The reasons there are (domain rule 85).
const (
	Compare  Reason = "compare"  // documents with what was booked
	Correct  Reason = "correct"  // a mistake that the couple names
	CallBack Reason = "callback" // the number has to be called
	Official Reason = "official" // a request of an authority, on paper
)

// Reasons is all of them, the commonest first.
func Reasons() []Reason { return []Reason{Compare, CallBack, Correct, Official} }

// Unmasked is ctx in which records are opened in full, for a reason. ok is false if
// there is no such reason, or nothing to be opened at that address.
func Unmasked(ctx context.Context, reason Reason) (_ context.Context, ok bool) {
	a := askedIn(ctx)
	for _, known := range Reasons() {
		if a != nil && reason == known {
			return (&asked{purpose: a.purpose, reason: reason}).in(ctx), true
		}
	}
	return ctx, false
}
