package web

import (
	"regexp"
	"slices"
	"strings"

	"hunyue/server/watch"
)

// The audit in the reader's words. Its rows have short words of the program's own:
// audit.does.* says what was done, audit.on.* to what kind of thing, audit.by.* by
// whom, where it was nobody with an account. The database refuses a row that has no
// words here (migration 0030); older ones are shown as they are.

// word is what a key says, or raw where there is no such key.
func (pg page) word(key, raw string, blanks ...any) string {
	if pg.Has(key) {
		return pg.T(key, blanks...)
	}
	return raw
}

func (pg page) auditActor(actor string) string {
	kind, who, named := strings.Cut(actor, ":")
	switch {
	case named && kind == "staff":
		return who
	case named:
		return pg.word("audit.by."+kind, actor, "who", who)
	}
	return pg.word("audit.by."+actor, actor)
}

func (pg page) auditAction(e watch.Entry) string {
	if onThePhone(e) {
		return pg.T("audit.called")
	}
	return pg.word("audit.does."+e.Action, e.Action)
}

// onThePhone tells the call of a list from the one to a counter, which moves the
// appointment.
func onThePhone(e watch.Entry) bool { return e.Action == "called" && e.New == "" }

func (pg page) auditSubject(subject string) string {
	kind, id, of := strings.Cut(subject, ":")
	words := pg.word("audit.on."+kind, kind)
	if !of {
		return words
	}
	return pg.T("audit.one", "kind", words, "id", id)
}

// statuses is where the words for the states of a kind of thing are.
var statuses = map[string]string{"appointment": "status.", "notice": "notices.state.", "visit": "audit.visit.", "waiter": "audit.waiter."}

func (pg page) auditStatus(e watch.Entry, status string) string {
	kind, _, _ := strings.Cut(e.Subject, ":")
	return pg.word(statuses[kind]+status, status)
}

// auditDetail is a detail that is not a sentence somebody wrote; "" where it is one.
func (pg page) auditDetail(e watch.Entry) string {
	words := strings.Fields(e.Detail)
	switch e.Action {
	case "read", "unmasked", "list":
		return pg.auditLook(words)
	case "called", "call_taken":
		return pg.auditAlso(words, "calls.reason.", "calls.outcome.")
	case "alarm_answered":
		return pg.word("alarm.outcome."+e.Detail, "")
	case "second_confirmed":
		return pg.word("audit.second."+e.Detail, "")
	case "data_erased":
		return pg.word("audit.erased."+e.Detail, "")
	case "ledger_exported":
		return pg.word("audit.ledger."+e.Detail, "")
	case "desk_conflict", "desk_conflict_read", "desk_conflict_taken", "desk_conflict_settled":
		return pg.word("fault."+e.Detail, "")
	}
	return ""
}

// auditLook is "unmasked: call operator+hall asked": why, as what, and for which
// reason or how many.
func (pg page) auditLook(words []string) string {
	if len(words) < 2 {
		return ""
	}
	var roles []string
	for role := range strings.SplitSeq(words[1], "+") {
		roles = append(roles, pg.word("role."+role, role))
	}
	said := pg.T("audit.looked", "purpose", pg.word("watch.for."+words[0], words[0]), "roles", strings.Join(roles, pg.T("desk.and")))
	if len(words) == 2 {
		return said
	}
	more := pg.word("unmask."+words[2], "")
	if more == "" {
		more = pg.T("audit.shown", "n", words[2])
	}
	return pg.T("audit.also", "what", said, "more", more)
}

// auditAlso is one word, or two with words of different kinds.
func (pg page) auditAlso(words []string, first, second string) string {
	switch len(words) {
	case 1:
		return pg.word(first+words[0], "")
	case 2:
		return pg.T("audit.also", "what", pg.word(first+words[0], words[0]), "more", pg.word(second+words[1], words[1]))
	}
	return ""
}

// auditWords is what the keys with a beginning say, as a list to choose from.
func (pg page) auditWords(begins string) []string {
	all := []string{}
	for _, code := range pg.auditCodes(begins) {
		all = append(all, pg.T(begins+code))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (pg page) auditCodes(begins string) []string {
	var all []string
	for _, key := range pg.Keys() {
		if code, ok := strings.CutPrefix(key, begins); ok {
			all = append(all, code)
		}
	}
	return all
}

// auditActions is the actions that somebody means: the one of that name, or all that
// have what was typed in theirs. ok is false where there is none.
func (pg page) auditActions(typed string) (actions []string, ok bool) {
	typed = strings.ToLower(strings.TrimSpace(typed))
	if typed == "" {
		return nil, true
	}
	var exact, part []string
	for _, code := range pg.auditCodes("audit.does.") {
		name := strings.ToLower(pg.T("audit.does." + code))
		if code == "called" {
			name += " " + strings.ToLower(pg.T("audit.called"))
		}
		if code == typed || name == typed {
			exact = append(exact, code)
		}
		if strings.Contains(name, typed) {
			part = append(part, code)
		}
	}
	if len(exact) > 0 {
		return exact, true
	}
	return part, len(part) > 0
}

var (
	actorOf  = regexp.MustCompile(`^(staff|kiosk):[a-z0-9._-]{1,32}$`)
	username = regexp.MustCompile(`^[a-z0-9._-]{1,32}$`)
)

// auditActors is whom somebody means: those of that name who have no account, or an
// account, at a kiosk that it has set up as well.
func (pg page) auditActors(typed string) (actors []string, ok bool) {
	typed = strings.ToLower(strings.TrimSpace(typed))
	switch {
	case typed == "":
		return nil, true
	case actorOf.MatchString(typed):
		return []string{typed}, true
	}
	for _, code := range pg.auditCodes("audit.by.") {
		if code != "kiosk" && (code == typed || strings.ToLower(pg.T("audit.by."+code)) == typed) {
			actors = append(actors, code)
		}
	}
	if actors == nil && username.MatchString(typed) {
		actors = []string{"staff:" + typed, "kiosk:" + typed}
	}
	return actors, actors != nil
}

var (
	objectNumber = regexp.MustCompile(`^[1-9][0-9]{7}$`)
	objectID     = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,60}$`)
)

// auditObject is what somebody means: the number of an appointment, a kind of thing,
// or one of them.
func (pg page) auditObject(typed string) (object string, ok bool) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", true
	}
	if number := strings.ReplaceAll(typed, " ", ""); objectNumber.MatchString(number) {
		return number, true
	}
	longest := 0
	for _, code := range pg.auditCodes("audit.on.") {
		for _, name := range []string{code, pg.T("audit.on." + code)} {
			id, begins := cutFold(typed, name)
			id = strings.TrimSpace(id)
			whole := id == ""
			id = strings.TrimSpace(strings.TrimLeft(id, ":："))
			switch {
			case !begins || len(name) <= longest:
			case whole:
				longest, object = len(name), code
			case objectID.MatchString(id):
				longest, object = len(name), code+":"+id
			}
		}
	}
	return object, longest > 0
}

// cutFold is strings.CutPrefix in letters of any size.
func cutFold(text, begins string) (rest string, ok bool) {
	if len(text) < len(begins) || !strings.EqualFold(text[:len(begins)], begins) {
		return text, false
	}
	return text[len(begins):], true
}
