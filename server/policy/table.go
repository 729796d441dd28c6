package policy

import (
	"net/http"
	"slices"
	"strings"

	"hunyue/server/auth"
)

const (
	get  = http.MethodGet
	post = http.MethodPost
	put  = http.MethodPut
	del  = http.MethodDelete
)

// Who does what. The three who run, guard and audit the system are in none of
// these: they hold no couple's data (domain rule 88).
var (
	books     = []string{auth.Operator, auth.Hall, auth.Registrar, auth.Manager} // for callers, and for who stands before them
	receives  = []string{auth.Hall, auth.Registrar, auth.Manager}                // at the door; calls to a counter
	registers = []string{auth.Registrar, auth.Manager}
	manages   = []string{auth.Manager}
	oversees  = []string{auth.Manager, auth.District}
	audits    = []string{auth.Auditor}
	guards    = []string{auth.SecAdmin}
)

// Table is every address that the program answers, and who may use it.
func Table() []Rule {
	return slices.Concat(public(), couples(), desk(), counters(), management(), administration(), programs())
}

// public is what everybody may see, and do before they have an appointment. A
// place that is held belongs to the browser that asked for it, which its cookie
// shows.
func public() []Rule {
	return slices.Concat(
		open(get, "/", "/notice", "/sw.js", "/offline", "/slow", "/settings", "/static/*", "/healthz", "/readyz", "/metrics",
			"/notices", "/notices/:id", "/help", "/help/rare-name", "/bring", "/foreign", "/privacy", "/accessibility",
			"/o/:office", "/o/:office/:date", "/o/:office/:date/phone", "/o/:office/wait", "/o/:office/wait/:step", "/screen/:office", "/screen/:office/events", "/find", "/find/:step", "/my", "/dev/*",
			"/second/:token", "/second/:token/:step",
			"/staff/login", "/staff/logout", "/staff/link/:token", "/staff/signon", "/staff/signon/back", "/api/openapi.yaml", "/api/docs*",
			"/api/v1/offices", "/api/v1/offices/:office/days", "/api/v1/offices/:office/slots", "/api/v1/notices"),
		open(post, "/settings", "/slow", "/help/rare-name", "/o/:office/:date", "/o/:office/:date/phone",
			"/o/:office/wait", "/o/:office/wait/check", "/o/:office/wait/join",
			"/find", "/find/code", "/find/mine", "/find/phone", "/find/secret", "/find/send",
			"/second/:token", "/second/:token/check", "/second/:token/confirm",
			"/staff/login", "/staff/logout", "/staff/link/:token", "/dev/couples",
			"/api/v1/holds", "/api/v1/phone-codes", "/api/v1/staff/login"),
	)
}

// couples is what belongs to one couple: a hold, and their appointment.
func couples() []Rule {
	return slices.Concat(
		theirs(get, "/book", "/book/:step", "/book/details", "/book/check", "/book/again",
			"/b/:number", "/b/:number/line", "/b/:number/image", "/b/:number/image.png", "/b/:number/calendar.ics",
			"/b/:number/cancel", "/b/:number/cancel/:step", "/b/:number/change", "/b/:number/change/:step",
			"/b/:number/rebook", "/b/:number/rebook/:step",
			"/w/:number", "/w/:number/:step",
			"/b/:number/second", "/b/:number/data", "/b/:number/data.json", "/b/:number/data/:step", "/b/:number/data/correct", "/b/:number/data/delete",
			"/api/v1/appointments/:number"),
		theirs(post, "/book/details", "/book/extend", "/book/leave", "/book/again", "/book/hold", "/book/check", "/book/code", "/book/confirm",
			"/b/:number/cancel", "/b/:number/cancel/code", "/b/:number/change", "/b/:number/change/code", "/b/:number/change/confirm",
			"/b/:number/rebook", "/b/:number/rebook/code", "/b/:number/rebook/confirm",
			"/w/:number/accept", "/w/:number/decline", "/w/:number/leave",
			"/b/:number/data/open", "/b/:number/data/code", "/b/:number/data/correct", "/b/:number/data/delete",
			"/api/v1/holds/:id/extend", "/api/v1/appointments", "/api/v1/appointments/:number/cancel",
			"/api/v1/appointments/:number/reschedule", "/api/v1/appointments/:number/erase"),
		theirs(del, "/api/v1/holds/:id"),
	)
}

// desk is the phone line and the hall.
func desk() []Rule {
	return slices.Concat(
		pages(get, nil, Self, "/staff"),
		entries(get, "/staff/account", "/staff/account/factor"),
		entries(post, "/staff/account/factor", "/staff/account/key", "/staff/account/password", "/staff/account/sessions"),

		pages(get, books, Form, "/call"),
		pages(post, books, Form, "/call"),
		pages(get, books, Theirs, "/call/offices"),
		pages(get, books, Path, "/call/o/:office", "/call/o/:office/:date"),
		pages(post, books, Path, "/call/o/:office/:date"),
		pages(get, books, Anything, "/call/book", "/call/book/:step"),
		pages(get, books, Form, "/call/book/details"),
		pages(post, books, Form, "/call/book/details", "/call/book/extend", "/call/book/leave", "/call/book/again", "/call/book/hold",
			"/call/book/check", "/call/book/code", "/call/book/confirm"),
		pages(get, books, Record, "/call/:number"),
		pages(get, books, Anything, "/call/:number/:step"), // leads back to the page above
		pages(post, books, Record, "/call/:number/cancel", "/call/:number/unmask", "/call/:number/data"),
		pages(post, manages, Record, "/call/:number/excuse"),
		pages(get, books, Form, "/call/list", "/call/stats"),
		pages(get, books, Anything, "/call/list/:call"), // leads back to the list
		pages(post, books, Form, "/call/list/next", "/call/list/back", "/call/list/:call"),
		pages(get, books, Self, "/call/keys"),
		pages(post, books, Self, "/call/keys"),

		pages(get, receives, Form, "/desk"),
		pages(post, receives, Form, "/desk/find", "/desk/reading"),
		pages(get, receives, Record, "/desk/:number", "/desk/ticket/:number"),
		pages(get, receives, Form, "/desk/list.json", "/desk/shell", "/desk/conflict", "/desk/conflict/:conflict"),
		pages(post, receives, Form, "/desk/sync", "/desk/conflict"),
		pages(get, receives, Anything, "/desk/sync"),                                         // leads back to the desk
		pages(get, receives, Anything, "/desk/find", "/desk/reading", "/desk/:number/:step"), // likewise
		pages(post, receives, Record, "/desk/:number/unmask", "/desk/:number/data", "/desk/:number/check-in", "/desk/:number/enter",
			"/desk/ticket/:number", "/desk/:number/call", "/desk/:number/start"),
		pages(get, receives, Form, "/desk/today"),
		pages(post, registers, Record, "/desk/:number/complete", "/desk/:number/not-accepted"),
	)
}

// counters is where couples are called to, who comes without an appointment, and the
// devices in the hall.
func counters() []Rule {
	return slices.Concat(
		pages(get, receives, Form, "/window", "/window/:counter", "/window/:counter/line"),
		pages(post, registers, Form, "/window/:counter"),
		pages(get, manages, Record, "/desk/:number/certificate"),
		pages(post, manages, Record, "/desk/:number/certificate", "/desk/:number/let-in"),
		pages(get, receives, Form, "/desk/walk-in", "/desk/kiosk"),
		pages(post, receives, Form, "/desk/walk-in", "/desk/kiosk"),
		devices(get, "/kiosk/:office"),
		devices(post, "/kiosk/:office"),
	)
}

// management is the days of an office, and what is published.
func management() []Rule {
	return slices.Concat(
		pages(get, manages, Theirs, "/manage"),
		pages(get, manages, Path, "/manage/:office", "/manage/:office/:date"),
		pages(post, manages, Path, "/manage/:office/schedule", "/manage/:office/publish", "/manage/:office/special", "/manage/:office/special/drop",
			"/manage/:office/suspend", "/manage/:office/suspensions/:id", "/manage/:office/close",
			"/manage/:office/:date/places", "/manage/:office/:date/report"),
		pages(get, manages, Path, "/manage/:office/health"),
		pages(post, manages, Path, "/manage/:office/health/screening", "/manage/:office/health/handover", "/manage/:office/health/let-in"),
		pages(get, receives, Path, "/manage/:office/ledger/temperature", "/manage/:office/ledger/disinfection"),
		pages(post, receives, Path, "/manage/:office/ledger/temperature", "/manage/:office/ledger/disinfection", "/manage/:office/ledger/disinfection/check"),
		pages(get, manages, Anything, "/manage/:office/health/:step"),               // leads back to the page above
		pages(get, receives, Anything, "/manage/:office/ledger/disinfection/check"), // likewise
		pages(get, oversees, Theirs, "/manage/notices", "/manage/notices/new"),
		pages(post, oversees, Form, "/manage/notices/new"),
		pages(get, oversees, Record, "/manage/notices/:id", "/manage/notices/:id/edit"),
		pages(get, oversees, Anything, "/manage/notices/:id/step"), // leads back to the notice
		pages(post, oversees, Record, "/manage/notices/:id/edit", "/manage/notices/:id/step"),
	)
}

// administration is the work of those who hold no couple's data.
func administration() []Rule {
	return slices.Concat(
		pages(get, audits, Anything, "/manage/policy", "/manage/audit", "/manage/audit/export"),
		pages(post, audits, Anything, "/manage/audit/export"),
		pages(get, guards, Anything, "/manage/alarms", "/manage/alarms/:id/answer", "/manage/alarms/honey"),
		pages(post, guards, Anything, "/manage/alarms/:id/answer", "/manage/alarms/honey"),
		pages(get, guards, Anything, "/manage/people", "/manage/people/new", "/manage/people/:username", "/manage/people/:username/:step"),
		pages(post, guards, Anything, "/manage/people/new", "/manage/people/:username", "/manage/people/:username/link",
			"/manage/people/:username/sessions", "/manage/people/:username/factor", "/manage/people/:username/signon", "/manage/people/:username/disable"),
	)
}

// programs is the JSON API of staff. The roles are also in openapi.yaml, for
// those who read only that; a test compares them.
func programs() []Rule {
	return slices.Concat(
		calls(post, nil, Self, "/api/v1/staff/logout"),
		calls(post, nil, Form, "/api/v1/staff/readings"),
		calls(post, books, Form, "/api/v1/staff/holds", "/api/v1/staff/appointments/search"),
		calls(post, books, Held, "/api/v1/staff/appointments"),
		calls(get, books, Form, "/api/v1/staff/appointments"),
		calls(post, receives, Record, "/api/v1/staff/appointments/:number/check-in",
			"/api/v1/staff/appointments/:number/call", "/api/v1/staff/appointments/:number/start"),
		calls(post, registers, Record, "/api/v1/staff/appointments/:number/complete", "/api/v1/staff/appointments/:number/not-accepted"),
		calls(get, oversees, Path, "/api/v1/manage/offices/:office/schedule", "/api/v1/manage/offices/:office/exceptions",
			"/api/v1/manage/offices/:office/suspensions", "/api/v1/manage/offices/:office/reports/:date"),
		calls(put, manages, Path, "/api/v1/manage/offices/:office/schedule", "/api/v1/manage/offices/:office/exceptions/:date",
			"/api/v1/manage/offices/:office/capacity", "/api/v1/manage/offices/:office/suspensions/:id"),
		calls(del, manages, Path, "/api/v1/manage/offices/:office/exceptions/:date"),
		calls(post, manages, Path, "/api/v1/manage/offices/:office/publish", "/api/v1/manage/offices/:office/suspensions",
			"/api/v1/manage/offices/:office/reports/:date/submit"),
		calls(post, registers, Path, "/api/v1/manage/offices/:office/days/:date/close"),
	)
}

// optional reports whether a line may have no address: those of demo mode, and
// the metrics where they have an address of their own.
func (r Rule) optional() bool { return strings.HasPrefix(r.Path, "/dev/") || r.Path == "/metrics" }

func open(method string, paths ...string) []Rule {
	return lines(Rule{Method: method, Door: Open, Scope: Anything}, paths)
}

func theirs(method string, paths ...string) []Rule {
	return lines(Rule{Method: method, Door: Couple, Scope: Record}, paths)
}

func pages(method string, roles []string, scope Scope, paths ...string) []Rule {
	return lines(Rule{Method: method, Door: Page, Roles: roles, Scope: scope}, paths)
}

// devices is what a device that staff have set up is used for by whoever stands there.
func devices(method string, paths ...string) []Rule {
	return lines(Rule{Method: method, Door: Device, Scope: Path}, paths)
}

// entries is what somebody sees of their own account, at whatever step.
func entries(method string, paths ...string) []Rule {
	return lines(Rule{Method: method, Door: Entry, Scope: Self}, paths)
}

func calls(method string, roles []string, scope Scope, paths ...string) []Rule {
	return lines(Rule{Method: method, Door: API, Roles: roles, Scope: scope}, paths)
}

// lines is one rule for several addresses.
func lines(r Rule, paths []string) []Rule {
	all := make([]Rule, len(paths))
	for i, path := range paths {
		all[i] = r
		all[i].Path = path
	}
	return all
}
