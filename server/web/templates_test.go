package web

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jba/templatecheck"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/identity"
	"hunyue/notify"
	"hunyue/server/auth"
	"hunyue/server/i18n"
	"hunyue/server/policy"
	"hunyue/server/watch"
	"hunyue/slots"
)

// shown is the data of every page.
var shown = map[string]any{
	"access": accessPage{}, "again": againPage{}, "booked": bookedPage{}, "called": calledPage{}, "cancel": cancelPage{},
	"change": changePage{}, "check": checkPage{}, "choice": choicePage{}, "correct": correctPage{}, "data": dataPage{}, "details": detailsPage{},
	"erase": erasePage{}, "error": errorPage{}, "find": findPage{}, "found": foundPage{}, "picture": picturePage{}, "stays": staysPage{}, "guest": guestPage{}, "home": homePage{}, "login": loginPage{},
	"manage": managePage{}, "messages": messagesPage{}, "notice": noticePage{}, "offices": officesPage{},
	"phone": phonePage{}, "places": placesPage{}, "settings": settingsPage{}, "slow": slowPage{}, "staff": staffPage{}, "desk": deskPage{}, "ticket": ticketPage{},
	"notices": noticesPage{}, "announced": announcedPage{}, "drafts": draftsPage{}, "draft": draftPage{}, "compose": composePage{},
	"help": helpPage{}, "foreign": foreignPage{}, "privacy": privacyPage{}, "accessibility": explaining{}, "bring": bringPage{}, "rare": rarePage{}, "offline": explaining{}, "rebook": rebookPage{},
	"account": accountPage{}, "arrived": arrivedPage{}, "factor": factorPage{}, "link": linkPage{}, "people": peoplePage{}, "person": personPage{}, "resume": resumePage{},
	"audit": auditPage{}, "alarms": alarmsPage{},
	"invite": invitePage{}, "second": secondPage{}, "wait": waitPage{}, "waitcheck": waitCheckPage{}, "waiter": waiterPage{},
	"console": consolePage{}, "hallscreen": hallPage{},
	"counter": counterPage{}, "certificate": certificatePage{}, "walkin": walkInPage{}, "kiosk": kioskPage{}, "kioskset": kioskSetPage{},
	"health": healthPage{}, "temperatures": temperaturesPage{}, "disinfections": disinfectionsPage{}, "daylist": dayListPage{},
	"calls": callsPage{}, "keys": keysPage{}, "stats": statsPage{},
	"conflicts": conflictsPage{}, "conflict": conflictPage{}, "couples": couplesPage{},
}

func TestEveryTemplateNamesOnlyWhatItsPageHas(t *testing.T) {
	l, err := makeLook() // that of no program: what has been shown cannot be checked
	if err != nil {
		t.Fatal(err)
	}
	for name, template := range l.templates {
		data, known := shown[name]
		if !known {
			t.Errorf("%s: say in shown what it is given", name)
			continue
		}
		if err := templatecheck.CheckHTML(template.Lookup("layout"), data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(shown) != len(l.templates) {
		t.Errorf("%d templates, but %d pages", len(l.templates), len(shown))
	}
}

// sources is the text of our Go files and templates.
func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, from := range []struct {
		in   fs.FS
		glob string
	}{{files, "templates/*.html"}, {goFiles(t), "*.go"}} {
		names, err := fs.Glob(from.in, from.glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			raw, err := fs.ReadFile(from.in, name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(name, "_test.go") {
				all.Write(raw)
			}
		}
	}
	return all.String()
}

// composed is the keys that are put together from a word and a value.
func composed() []string {
	var keys []string
	add := func(prefix string, values ...string) {
		for _, v := range values {
			keys = append(keys, prefix+v)
		}
	}
	add("state.", "open", "full", "closed", "suspended", "unreleased", "past")
	for _, chip := range []string{"open", "few", "full", "closed", "past", "suspended", "unreleased", "lead", "not_published"} {
		add("chip.", chip)
		if chip != "past" {
			add("legend.", chip)
		}
		if chip != "open" && chip != "few" {
			add("none.", chip)
		}
	}
	for _, s := range settings {
		add("settings.", s.name)
		for _, v := range s.values {
			add("settings."+s.name+".", v)
		}
	}
	for _, s := range []booking.Status{
		booking.Booked, booking.Late, booking.CheckedIn, booking.Called, booking.InService, booking.Completed,
		booking.NotAccepted, booking.Cancelled, booking.CancelledByOffice, booking.NoShow, booking.HealthDeferred,
	} {
		add("status.", string(s))
	}
	for _, d := range []identity.DocumentType{
		identity.ResidentID, identity.HKMacaoPermit, identity.TaiwanPermit, identity.HMTResidence, identity.Passport, identity.ForeignPR,
	} {
		add("document.", string(d))
		add("document.example.", string(d))
	}
	add("sex.", string(identity.Male), string(identity.Female))
	for _, g := range slots.Groups() {
		add("group.", string(g))
	}
	add("help.word.", chips...)
	for _, status := range troubles {
		add("trouble.", strconv.Itoa(status))
	}
	add("bring.", slots.MaterialIDs()...)
	for _, k := range identity.PartyKinds() {
		add("kind.", string(k))
		add("bring.of.", string(k))
	}
	for _, c := range slots.Channels() {
		add("channel.", string(c))
	}
	add("suspend.", string(slots.Full), string(slots.WalkInOnly))
	for _, d := range weekdays() {
		add("weekday.", d)
	}
	add("own.", string(hall.Admitted), string(hall.Deferred))
	for _, r := range hall.RefusalCodes() {
		add("window.refusal.", string(r))
	}
	add("warning.", "format", "province", "prefix", "division", "year", "unexpected")
	for _, f := range (hall.Report{}).Figures() {
		add("report.", f.Name)
	}
	add("daily.", string(hall.OnTime), string(hall.TooLate), "due", "missing", "zero_report", "reported")
	for _, k := range notify.NoticeKinds() {
		add("notices.kind.", string(k))
	}
	for _, a := range notify.Audiences() {
		add("notices.for.", string(a))
	}
	for _, s := range []notify.NoticeState{notify.Draft, notify.HandedIn, notify.SentBack, notify.Published, notify.Withdrawn, notify.Superseded} {
		add("notices.state.", string(s))
	}
	for _, reason := range notify.CallReasons() {
		add("calls.reason.", string(reason))
		add("calls.say.", string(reason))
	}
	for _, outcome := range notify.Outcomes() {
		add("calls.outcome.", string(outcome))
	}
	add("calls.say.", "suspended")
	for _, a := range shownActions() {
		add("keys.do.", string(a))
	}
	add("publish.closed.", "holiday", "exception", "no_hours")
	add("data.consent.", "agreement", "privacy", "health", "other")
	add("second.said.", "phone", "presence")
	add("wait.half.", string(booking.Morning), string(booking.Afternoon))
	add("wait.option.", string(booking.Morning), string(booking.Afternoon))
	add("wait.state.", string(booking.Waiting), string(booking.Offered))
	add("wait.wrong.", "closed", "required", "twice", "unknown")
	add("data.event.", "second_confirmed", "second_waived", "call_taken", "called", "data_corrected", "data_opened", "data_erased", "excused", "moved", "reason", "other")
	add("data.message.", string(notify.Booked), string(notify.Moved), string(notify.Cancelled), string(notify.CancelledByOffice), string(notify.NoShow),
		string(notify.HealthDeferred), string(notify.Reminder), string(notify.Tried), string(notify.Restricted), string(notify.PhoneChanged), "other")
	add("data.sent.", "pending", "done", "failed", "dropped", "other")
	add("data.who.", "couple", "staff", "system", "other")
	for _, r := range policy.Table() {
		add("policy.door.", string(r.Door))
		add("policy.scope.", string(r.Scope))
	}
	add("policy.who.", string(policy.Open), string(policy.Couple), string(policy.Device))
	add("role.", auth.AllRoles()...)
	for _, purpose := range watch.Purposes() {
		add("watch.for.", string(purpose))
	}
	add("watch.for.", "other")
	for _, r := range watch.Reasons() {
		add("unmask.", string(r))
	}
	add("deskstore.refused.", storeRefusals()...)
	add("deskstore.outcome.", deskOutcomes()...)
	for _, k := range watch.Kinds() {
		add("alarm.kind.", string(k))
	}
	for _, o := range watch.Outcomes() {
		add("alarm.outcome.", string(o))
	}
	for _, m := range meanings() {
		add("console.read.", string(m))
	}
	for _, o := range booking.CallOutcomes() {
		add("console.outcome.", string(o))
	}
	for _, a := range keyActions() {
		if a.Name != "wait" {
			add("console.key.", a.Name)
		}
	}
	add("console.tick.", "agreement", "privacy", "health")
	add("console.script.", "greet", "who", "look", "times", "numbers", "back", "bring", "saved", "end", "stop")
	add("console.say.", "greet", "owner", "other", "look", "times", "or", "full", "none", "numbers", "number", "back", "bring", "sent", "no_sms", "saved", "end", "stop")
	for _, s := range screenings() {
		add("ledgers.screening.", string(s))
	}
	for _, m := range hall.Methods() {
		add("ledgers.method.", string(m))
	}
	add("ledgers.area.", slots.DisinfectionAreas()...)
	add("audit.", "actor", "action", "object", "day")
	add("audit.device.", watch.Devices()...)
	keys = append(keys, auditKeys()...)
	return keys
}

// subjects is what the keys of texts begin with, where a key stands in a source as
// it is.
func subjects(r i18n.Reader) []string {
	begins := map[string]bool{}
	for _, key := range r.Keys() {
		subject, _, _ := strings.Cut(key, ".")
		begins[subject] = true
	}
	for _, put := range []string{"fault", "field", "page", "wrong", "dev"} { // put together elsewhere
		delete(begins, put)
	}
	return slices.Sorted(maps.Keys(begins))
}

func TestEveryTextOfThePagesIsThere(t *testing.T) {
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	keys := composed()
	// A key is asked for by name (T "x.y", pg.T("x.y"), say("x.y")), as a label of a field, or as the key of a table.
	for _, m := range regexp.MustCompile(`"((?:`+strings.Join(subjects(texts.In("zh")), "|")+`)\.[a-z_]+)"`).FindAllStringSubmatch(sources(t), -1) {
		if !strings.HasPrefix(m[1], "publish.from") && !strings.HasPrefix(m[1], "publish.to") && !isInput(m[1]) {
			keys = append(keys, m[1])
		}
	}
	if len(keys) < 200 {
		t.Fatalf("found %d keys: the pattern no longer fits how texts are asked for", len(keys))
	}
	for _, key := range keys {
		if !texts.In("zh").Has(key) {
			t.Errorf("there is no text %s", key)
		}
	}
}

// isInput reports whether a name is that of an input or a file and not of a text.
func isInput(name string) bool {
	return slices.Contains([]string{"keys.js", "close.day", "suspend.from", "suspend.to", "schedule.weekdays", "schedule.capacity.", "special.slot_minutes", "document.type", "document.number", "console.css", "console.js", "desk.css", "desk.js", "deskstore.js", "kiosk.css", "kiosk.js"}, name)
}

// What was written for the pages and is asked for by nobody is a leftover.
func TestNoTextOfThePagesIsLeftOver(t *testing.T) {
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	source := sources(t)
	used := map[string]bool{}
	for _, key := range composed() {
		used[key] = true
	}
	prefixes := []string{"fault.", "field.", "page.", "wrong.", "dev.", "consent."}
	for _, key := range texts.In("zh").Keys() {
		ours := true
		for _, prefix := range prefixes {
			ours = ours && !strings.HasPrefix(key, prefix)
		}
		if ours && !used[key] && !strings.Contains(source, `"`+key+`"`) {
			t.Errorf("nobody asks for %s", key)
		}
	}
}
