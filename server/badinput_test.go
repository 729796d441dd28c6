package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/slots"
)

// victim is an office on an ordinary morning, and one right request of each
// kind. What is wrong with a request is only what a case changes in it.
type victim struct {
	*world
	canaries map[string]bool // names, numbers and phones that were sent

	couple, free  []doc // of the appointments; of nobody yet
	phone         string
	held, byPhone doc    // places on the web; by the operator
	digits        string // the code that was sent to the phone
	today         doc    // booked for nine o'clock today
	key           string
	tomorrow      doc
	elsewhere     doc // at the neighbour's
	stopped       doc // suspensions: here,
	theyStopped   doc // and at the neighbour's
	serving       doc // at the counter

	document map[string]string // what openapi.yaml says of "POST /holds 404"
}

// refusal is what a wrong request is told. Of two codes with | between either
// will do, and of a field "*" means any.
type refusal struct {
	status int
	code   string
	fields doc
	adds   map[string]int // rows that the refusal itself leaves behind
}

func invalid(fields doc) refusal {
	return refusal{status: http.StatusUnprocessableEntity, code: "invalid_input", fields: fields}
}

func refusedWith(status int, code string) refusal { return refusal{status: status, code: code} }

// Every wrong request is told what is wrong, by a code and by field, and leaves
// nothing behind: no row, no change of one, no hold, and nobody in the log.
func TestBadInput(t *testing.T) {
	v := newVictim(t)
	for _, about := range []struct {
		name string
		try  func(*testing.T)
	}{
		{"bodies", v.bodies},
		{"bookings", v.bookings},
		{"holds and secrets", v.holdsAndSecrets},
		{"the hall", v.inTheHall},
		{"the manager", v.byTheManager},
		{"no characters", v.characterless},
		{"strangers", v.strangers},
		{"what was right all the time", v.rightAllTheTime},
		{"too late", v.tooLate},
		{"squatting", v.squatting},
	} {
		t.Run(about.name, func(t *testing.T) {
			v.t = t
			about.try(t)
		})
	}
	v.t = t
	for canary := range v.canaries {
		if strings.Contains(v.logged.String(), canary) {
			t.Errorf("%q is in the log", canary)
		}
	}
	if strings.Contains(v.logged.String(), `"level":"ERROR"`) {
		t.Error("an error was logged: a mistake of the sender's was taken for ours")
	}
	v.check()
}

func newVictim(t *testing.T) *victim {
	v := &victim{world: newWorld(t, "2026-05-20T08:40:00+08:00", true), canaries: map[string]bool{}}
	rules := slots.DefaultRules()
	rules.LeadDays, rules.HoldSeconds, rules.Shares = 0, 1800, slots.Shares{Web: 34, Phone: 33, Counter: 33}
	morning := []doc{{"from": "09:00", "to": "12:00"}}
	for office, manager := range map[string]string{here: "manager", there: "manager." + there} {
		v.opens(office, rules)
		v.want(http.StatusOK, "PUT", "/manage/offices/"+office+"/schedule", doc{
			"slot_minutes": 30, "capacity": doc{"marriage": 60, "other": 60}, "weekdays": doc{"wed": morning, "thu": morning},
		}, v.as(manager)...)
		v.want(http.StatusOK, "POST", "/manage/offices/"+office+"/publish", doc{"from": "2026-05-20", "to": "2026-05-21"}, v.as(manager)...)
	}
	for _, username := range []string{"hall", "registrar", "hall." + there} {
		v.want(http.StatusOK, "POST", "/staff/readings", doc{"celsius": "36.5", "device": "T1"}, v.as(username)...)
	}
	v.fill()
	v.read()
	return v
}

// fill makes what the cases are tried on.
func (v *victim) fill() {
	v.couple, v.key = v.pair("龘靐", "齉爩", 1), uuid.NewString()
	hold := v.hold(here + "-20260520-0900-marriage")
	v.today = v.want(http.StatusCreated, "POST", "/appointments", application(hold, v.couple, "19900000001", v.code("19900000001")),
		"Hold-Token", word(hold, "token"), "Idempotency-Key", v.key)
	v.tomorrow = v.book(here+"-20260521-0930-marriage", v.pair("测试甲", "测试乙", 2), "19900000002")
	v.elsewhere = v.book(there+"-20260520-0900-marriage", v.pair("测试甲", "测试乙", 3), "19900000003")
	v.serving = v.book(here+"-20260520-0900-marriage", v.pair("测试甲", "测试乙", 4), "19900000004")
	v.want(http.StatusOK, "POST", visit(v.serving, "check-in"), readings("36.5", "36.5"), v.as("hall")...)
	for _, step := range []string{"call", "start"} {
		v.want(http.StatusOK, "POST", visit(v.serving, step), doc{"counter": "3"}, v.as("registrar")...)
	}

	stop := doc{"from": "2026-06-22", "to": "2026-06-23", "mode": "full", "reason": "搬迁", "notice": "6月22日至23日停办。"}
	v.stopped = v.want(http.StatusOK, "POST", "/manage/offices/"+here+"/suspensions", stop, v.as("manager")...)
	v.theyStopped = v.want(http.StatusOK, "POST", "/manage/offices/"+there+"/suspensions", stop, v.as("manager."+there)...)

	v.free, v.phone = v.pair("鱻麤", "灪龗", 5), "19900000005"
	v.held = v.hold(here + "-20260521-0900-marriage")
	v.byPhone = v.want(http.StatusCreated, "POST", "/staff/holds", doc{"slot": here + "-20260521-0900-marriage", "channel": "phone"}, v.as("operator")...)
	v.digits = v.code(v.phone)
	v.drain()
}

// pair is a couple of these names, the nth that there is.
func (v *victim) pair(him, her string, n int) []doc {
	born := date.Date{Year: 1990, Month: 3, Day: 7}
	return []doc{party(v.t, him, born, identity.Male, n), party(v.t, her, born, identity.Female, n)}
}

// booking is the right request that turns the hold on the web into an
// appointment.
func (v *victim) booking() (body doc, headers []string) {
	return application(v.held, v.free, v.phone, v.digits), []string{"Hold-Token", word(v.held, "token"), "Idempotency-Key", "the-right-key"}
}

// assisted is the same for the operator's hold.
func (v *victim) assisted() (body doc, headers []string) {
	body = application(v.byPhone, v.free, v.phone, "")
	delete(body, "phone_code")
	maps.Copy(body, doc{"channel": "phone", "caller": "爨癵本人"})
	return body, v.as("operator", "Hold-Token", word(v.byPhone, "token"), "Idempotency-Key", "the-right-key")
}

// try sends a wrong request and judges what comes back and what is left behind.
func (v *victim) try(t *testing.T, what string, want refusal, method, path string, body any, headers ...string) {
	t.Helper()
	before := v.state()
	v.ask(t, what, want, method, path, body, headers...)
	v.unchanged(t, what, want, before)
}

// ask is try without a look at what is left behind.
func (v *victim) ask(t *testing.T, what string, want refusal, method, path string, body any, headers ...string) {
	t.Helper()
	v.note(body)
	got, err := v.send(method, "/api/v1"+path, body, headers...)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	v.judge(t, what, want, method, path, got)
}

// judge wants a problem document that says the right thing and repeats nothing.
func (v *victim) judge(t *testing.T, what string, want refusal, method, path string, got answer) {
	t.Helper()
	p := got.doc(t)
	if !v.promised(method, path, got.status, word(p, "code")) {
		t.Errorf("%s: of %d %s the document does not speak", what, got.status, word(p, "code"))
	}
	if got.status != want.status || !slices.Contains(strings.Split(want.code, "|"), word(p, "code")) || p["status"] != float64(want.status) {
		t.Errorf("%s: %d %s, want %d %s", what, got.status, got.text, want.status, want.code)
	}
	if media := got.header.Get("Content-Type"); media != "application/problem+json" {
		t.Errorf("%s: Content-Type %q", what, media)
	}
	if word(p, "title") == "" || p["type"] != "about:blank" {
		t.Errorf("%s: not a problem document: %s", what, got.text)
	}
	fields, _ := p["fields"].(doc)
	want.fields = maps.Clone(want.fields)
	for name, code := range want.fields {
		if _, told := fields[name]; told && code == "*" {
			want.fields[name] = fields[name]
		}
	}
	if diff := gocmp.Diff(want.fields, fields); diff != "" {
		t.Errorf("%s: fields (-want +got):\n%s", what, diff)
	}
	for canary := range v.canaries {
		if strings.Contains(got.text, canary) {
			t.Errorf("%s: the answer repeats %q", what, canary)
		}
	}
}

// note keeps what a request says of persons.
func (v *victim) note(body any) {
	typed, ok := body.(string)
	if !ok && body != nil {
		if _, stream := body.(io.Reader); !stream {
			typed = text(body)
		}
	}
	var value any
	if json.Unmarshal([]byte(typed), &value) == nil {
		v.noteIn("", value)
	}
}

func (v *victim) noteIn(name string, value any) {
	switch of := value.(type) {
	case doc:
		for name, member := range of {
			v.noteIn(name, member)
		}
	case []any:
		for _, item := range of {
			v.noteIn("", item)
		}
	case string:
		personal := slices.Contains([]string{"name", "number", "phone", "caller", "q", "username"}, name)
		if personal && len(of) > 5 && utf8.RuneCountInString(of) > 1 {
			v.canaries[of] = true
		}
	}
}

// table is what is in a table: how many rows, and a digest of them.
type table struct {
	Name string `db:"name"`
	Rows int    `db:"rows"`
	Sum  string `db:"sum"`
}

// restless tables note that somebody has tried; only their rows are counted.
var restless = []string{"access_token", "account", "phone_code"}

// state is everything that is stored: all tables, and what is kept in Redis.
func (w *world) state() map[string]table {
	w.t.Helper()
	var tables []table
	err := w.jobs.Select(&tables, `
		SELECT name, (xpath('/row/n/text()', content))[1]::text::int AS rows, (xpath('/row/s/text()', content))[1]::text AS sum
		FROM (
			SELECT
				table_name::text AS name,
				query_to_xml(format($$
					SELECT count(*) AS n, md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) AS s
					FROM %I AS t$$, table_name), false, true, '') AS content
			FROM information_schema.tables
			WHERE table_schema = 'public'
			  AND table_type = 'BASE TABLE'
		) AS counted`)
	if err != nil {
		w.t.Fatal(err)
	}
	all := map[string]table{}
	for _, t := range tables {
		if slices.Contains(restless, t.Name) {
			t.Sum = ""
		}
		all[t.Name] = t
	}
	for key, content := range w.remembered() {
		all["redis "+key] = table{Name: key, Rows: strings.Count(content, "\n")}
	}
	return all
}

// unchanged wants everything that is stored to be as it was before, but for the
// rows that a refusal adds.
func (v *victim) unchanged(t *testing.T, what string, want refusal, before map[string]table) {
	t.Helper()
	after := v.state()
	for name, n := range want.adds {
		was, is := before[name], after[name]
		if is.Rows != was.Rows+n {
			t.Errorf("%s: %s has %d rows and had %d, want %d more", what, name, is.Rows, was.Rows, n)
		}
		delete(before, name)
		delete(after, name)
	}
	if diff := gocmp.Diff(before, after); diff != "" {
		t.Errorf("%s: stored (-before +after):\n%s", what, diff)
	}
}

// edited is a body with another value at a path, or with none.
func edited(t *testing.T, body doc, path string, value any) doc {
	t.Helper()
	var all doc
	if err := json.Unmarshal([]byte(text(body)), &all); err != nil {
		t.Fatal(err)
	}
	put(all, strings.Split(path, "."), value)
	return all
}

func put(in any, steps []string, value any) {
	i, _ := strconv.Atoi(steps[0])
	switch in := in.(type) {
	case []any:
		if len(steps) == 1 {
			in[i] = value
			return
		}
		put(in[i], steps[1:], value)
	case doc:
		switch {
		case len(steps) > 1:
			put(in[steps[0]], steps[1:], value)
		case value == nil:
			delete(in, steps[0])
		default:
			in[steps[0]] = value
		}
	}
}

// write is an operation with a right body.
type write struct {
	method, template, path string // the path is the template where it is ""
	body                   doc
	headers                []string
}

// writes is every operation that takes a body.
func (v *victim) writes() []write {
	number, office := word(v.today, "number"), "/manage/offices/"+here
	booking, shown := v.booking()
	assisted, typed := v.assisted()
	secret := []string{"Appointment-Secret", word(v.tomorrow, "secret")}
	morning := doc{"wed": []doc{{"from": "09:00", "to": "12:00"}}}
	all := []write{
		{"POST", "/holds", "", doc{"slot": here + "-20260521-0900-marriage"}, nil},
		{"POST", "/phone-codes", "", doc{"phone": "19900000006"}, nil},
		{"POST", "/appointments", "", booking, shown},
		{"POST", "/appointments/{number}/cancel", "/appointments/" + word(v.tomorrow, "number") + "/cancel", doc{"phone_code": "123456"}, secret},
		{
			"POST", "/appointments/{number}/reschedule", "/appointments/" + word(v.tomorrow, "number") + "/reschedule",
			doc{"hold": v.held["id"], "phone_code": "123456"},
			append(secret, "Hold-Token", word(v.held, "token")),
		},
		{"POST", "/staff/login", "", doc{"username": "registrar", "password": demoPassword}, nil},
		{"POST", "/staff/holds", "", doc{"slot": here + "-20260521-0900-marriage", "channel": "phone"}, v.as("operator")},
		{"POST", "/staff/appointments", "", assisted, typed},
		{"POST", "/staff/appointments/search", "", doc{"q": "19900000001"}, v.as("operator")},
		{"POST", "/staff/readings", "", doc{"celsius": "36.5", "device": "T1"}, v.as("operator")},
		{"POST", "/staff/appointments/{number}/check-in", visit(v.today, "check-in"), readings("36.5", "36.6"), v.as("hall")},
		{"POST", "/staff/appointments/{number}/call", "/staff/appointments/" + number + "/call", doc{"counter": "3"}, v.as("registrar")},
		{"POST", "/staff/appointments/{number}/start", "/staff/appointments/" + number + "/start", doc{"counter": "3"}, v.as("registrar")},
		{"POST", "/staff/appointments/{number}/complete", visit(v.serving, "complete"), doc{"certificate_number": "J430702-2026-000001"}, v.as("registrar")},
		{"POST", "/staff/appointments/{number}/not-accepted", visit(v.serving, "not-accepted"), doc{"reason": "证件不齐"}, v.as("registrar")},
		{"PUT", "/manage/offices/{office}/schedule", office + "/schedule", doc{"slot_minutes": 30, "capacity": doc{"marriage": 3}, "weekdays": morning}, v.as("manager")},
		{"POST", "/manage/offices/{office}/publish", office + "/publish", doc{"from": "2026-05-25", "to": "2026-05-29"}, v.as("manager")},
		{
			"PUT", "/manage/offices/{office}/capacity", office + "/capacity",
			doc{"slot": here + "-20260521-0900-marriage", "channel": "web", "capacity": 1, "reason": "少开窗口"},
			v.as("manager"),
		},
		{
			"PUT", "/manage/offices/{office}/exceptions/{date}", office + "/exceptions/2026-05-24",
			doc{"hours": []doc{{"from": "09:00", "to": "12:00"}}, "capacity": doc{"other": 0}, "reason": "加开", "notice": "周日加开。"},
			v.as("manager"),
		},
		{
			"POST", "/manage/offices/{office}/suspensions", office + "/suspensions",
			doc{"from": "2026-05-21", "to": "2026-05-21", "mode": "full", "reason": "停电", "notice": "今日停办。"},
			v.as("manager"),
		},
		{
			"PUT", "/manage/offices/{office}/suspensions/{id}", fmt.Sprintf("%s/suspensions/%.0f", office, v.stopped["id"]),
			doc{"to": "2026-06-24", "reason": "延期"},
			v.as("manager"),
		},
		{
			"POST", "/manage/offices/{office}/reports/{date}/submit", office + "/reports/2026-05-20/submit",
			doc{"remarks": "无", "differs": doc{"completed": doc{"value": 1, "because": "手工登记"}}},
			v.as("manager"),
		},
	}
	for i, w := range all {
		all[i].path = cmp.Or(w.path, w.template)
	}
	return all
}

// malformed is what can be wrong with any body, and which body that makes of a
// right one.
var malformed = []struct {
	what    string
	make    func(right string) string
	want    refusal
	headers []string
}{
	{"no body", func(string) string { return "" }, refusedWith(400, "malformed"), nil},
	{"null", func(string) string { return "null" }, invalid(doc{"": "type"}), nil},
	{"an array", func(right string) string { return "[" + right + "]" }, invalid(doc{"": "type"}), nil},
	{"a string", func(string) string { return `"right"` }, invalid(doc{"": "type"}), nil},
	{"half of it", func(right string) string { return right[:len(right)-1] }, refusedWith(400, "malformed"), nil},
	{"two of it", func(right string) string { return right + right }, refusedWith(400, "malformed"), nil},
	{"something behind", func(right string) string { return right + " x" }, refusedWith(400, "malformed"), nil},
	{"a number beyond all", func(right string) string { return `{"more":1e309,` + right[1:] }, refusedWith(400, "malformed"), nil},
	{"a name twice", func(right string) string { return `{"more":1,"more":1,` + right[1:] }, refusedWith(400, "malformed"), nil},
	{"a name twice, spelt otherwise", func(right string) string { return `{"more":1,"m\u006fre":1,` + right[1:] }, refusedWith(400, "malformed"), nil},
	{"not UTF-8", func(right string) string { return `{"more":"` + "\xff" + `",` + right[1:] }, refusedWith(400, "malformed"), nil},
	{"very deep", func(string) string { return strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000) }, refusedWith(400, "malformed"), nil},
	{"a field too many", func(right string) string { return `{"more":1,` + right[1:] }, invalid(doc{"more": "unknown"}), nil},
	{"a field in capitals", func(right string) string { return `{"More":1,` + right[1:] }, invalid(doc{"": "unknown"}), nil},
	{"a field named like somebody", func(right string) string { return `{"龘靐":1,` + right[1:] }, invalid(doc{"": "unknown"}), nil},
	{"2001 fields", many, refusedWith(413, "too_large"), nil},
	{"70 KiB", long, refusedWith(413, "too_large"), nil},
	{"as text", same, refusedWith(415, "unsupported_media_type"), []string{"Content-Type", "text/plain"}},
	{"as a form", same, refusedWith(415, "unsupported_media_type"), []string{"Content-Type", "application/x-www-form-urlencoded"}},
	{"as nothing", same, refusedWith(415, "unsupported_media_type"), []string{"Content-Type", ""}},
	{"packed", same, refusedWith(415, "unsupported_media_type"), []string{"Content-Encoding", "gzip"}},
}

func same(right string) string { return right }

func many(right string) string {
	var more strings.Builder
	for i := range 2001 {
		fmt.Fprintf(&more, `"m%d":1,`, i)
	}
	return "{" + more.String() + right[1:]
}

func long(right string) string {
	return `{"more":"` + strings.Repeat("a", 70<<10) + `",` + right[1:]
}

func (v *victim) bodies(t *testing.T) {
	described := v.described(t)
	for _, w := range v.writes() {
		delete(described, w.method+" "+w.template)
		before := v.state()
		for _, m := range malformed {
			v.ask(t, w.template+": "+m.what, m.want, w.method, w.path, m.make(text(w.body)), append(slices.Clone(w.headers), m.headers...)...)
		}
		unannounced := struct{ io.Reader }{strings.NewReader(long(text(w.body)))} // sent in pieces, without a length
		v.ask(t, w.template+": 70 KiB in pieces", refusedWith(413, "too_large"), w.method, w.path, unannounced, w.headers...)
		v.unchanged(t, w.template, refusal{}, before)
	}
	for operation := range described {
		t.Errorf("%s takes a body and is not tried", operation)
	}
}

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

// change is one thing that is wrong in a body.
type change struct {
	what, path string
	value      any // nil takes the field away
	fields     doc
}

// at is a change of a field that is told under its own name.
func at(path string, value any, code string) change {
	return change{what: path + " " + text(value), path: path, value: value, fields: doc{path: code}}
}

const numberOf = "parties.0.document.number"

// born is the number of somebody born on a day, the 21st of May of most cases
// being the day of the visit.
func born(t *testing.T, day string, sex identity.Sex) string {
	t.Helper()
	on, err := date.ParseDate(day)
	if err != nil {
		t.Fatal(err)
	}
	number, err := identity.Synthetic(on, sex, 7)
	if err != nil {
		t.Fatal(err)
	}
	return number
}

func (v *victim) wrongBookings(t *testing.T) []change {
	him, her := v.free[0], v.free[1]
	return []change{
		at(numberOf, "430799199003070015", "check_digit"),
		at(numberOf, "430799900307001", "first_generation"),
		at(numberOf, "160799199003070014", "province"),
		at(numberOf, "430799199002300014", "date"),
		at(numberOf, "43079919900307001", "format"),
		at(numberOf, "4307991990030700140", "too_long"),
		at(numberOf, strings.Repeat("1", 41), "too_long"),
		at(numberOf, 430799199003070014, "type"),
		at(numberOf, "", "required"),
		at(numberOf, nil, "required"),
		at(numberOf, born(t, "2026-05-21", identity.Male), "future"),
		{"a man a day too young", numberOf, born(t, "2004-05-22", identity.Male), doc{"parties.0.birth_date": "under_age"}},
		{"a woman a day too young", "parties.1.document.number", born(t, "2006-05-22", identity.Female), doc{"parties.1.birth_date": "under_age"}},
		{"the same person twice", "parties.1", him, doc{"parties.1.document.number": "same_person", "parties.1.sex": "one_man_one_woman"}},
		{"two men", "parties.1.document.number", born(t, "1991-01-01", identity.Male), doc{"parties.1.sex": "one_man_one_woman"}},
		{"two women", numberOf, born(t, "1991-01-01", identity.Female), doc{"parties.1.sex": "one_man_one_woman"}},
		{"one person", "parties", []doc{him}, doc{"parties": "count"}},
		{"nobody", "parties", []doc{}, doc{"parties": "too_short"}},
		{"three people", "parties", []doc{him, her, him}, doc{"parties": "too_long"}},
		at("parties", him, "type"),
		at("parties", nil, "required"),
		at("parties.0.document.type", "driving_licence", "enum"),
		at("parties.0.document.kind", "resident_id", "unknown"),
		at("parties.0.nickname", "小鱻麤", "unknown"),
		{"a permit where it is not served", "parties.0.document", doc{"type": "passport", "number": "E12345678"}, doc{"parties.0.sex": "required", "parties.0.birth_date": "required"}},
		{
			"the same with sex and birth date", "parties.0",
			doc{"name": "Zhang San", "sex": "male", "birth_date": "1990-03-07", "document": doc{"type": "passport", "number": "E12345678"}},
			doc{"parties.0.document.type": "not_served_here"},
		},
		at("parties.0.sex", "female", "contradiction"),
		at("parties.0.sex", "other", "enum"),
		at("parties.0.birth_date", "1990-03-08", "contradiction"),
		at("parties.0.birth_date", "1990-02-30", "format"),
		at("parties.0.birth_date", "7.3.1990", "format"),
		at("parties.0.name", "", "required"),
		at("parties.0.name", "   ", "required"),
		at("parties.0.name", nil, "required"),
		at("parties.0.name", []string{"鱻麤"}, "type"),
		at("parties.0.name", "Smith", "characters"),
		at("parties.0.name", "鱻麤<script>", "characters"),
		at("parties.0.name", "·鱻麤", "separator"),
		at("parties.0.name", "鱻", "too_short"),
		at("parties.0.name", strings.Repeat("鱻", 51), "too_long"),
		at("parties.0.name", strings.Repeat("鱻", 201), "too_long"),
		at("service", "fishing", "not_offered"),
		at("service", "divorce_apply", "not_offered"),
		at("service", "archive_query", "not_offered"), // offered, at other times
		at("service", "Marriage!", "pattern"),
		at("service", nil, "required"),
		at("phone", "1990000000", "format"),
		at("phone", "0736-7123456", "not_mobile"),
		at("phone", "+4915112345678", "country"),
		at("phone", "1440012345678", "iot"),
		at("phone", strings.Repeat("1", 41), "too_long"),
		at("phone", 19900000005, "type"),
		at("phone", nil, "required"),
		at("phone_code", nil, "required"),
		at("phone_code", "12345", "pattern"),
		at("phone_code", 123456, "type"),
		at("phone_code", "１２３４５６", "pattern"),
		at("hold", "not-a-hold", "format"),
		at("hold", nil, "required"),
		at("locale", "fr", "pattern"),
		at("consents.agreement", false, "required"),
		at("consents.privacy", 1, "type"),
		at("consents", nil, "required"),
		at("consents.privacy", nil, "required"),
		at("consents.agreement", "", "required"),
		at("consents.agreement", "yes, of course", "pattern"),
		at("consents.marketing", "1", "unknown"),
	}
}

func (v *victim) bookings(t *testing.T) {
	body, headers := v.booking()
	for _, c := range v.wrongBookings(t) {
		v.try(t, c.what, invalid(c.fields), "POST", "/appointments", edited(t, body, c.path, c.value), headers...)
	}
	key := func(value string) []string {
		return []string{"Hold-Token", word(v.held, "token"), "Idempotency-Key", value}
	}
	for value, code := range map[string]string{"": "required", "汉字": "pattern", strings.Repeat("k", 65): "*", "with a space": "pattern"} {
		want := refusal{400, "invalid_input", doc{"Idempotency-Key": code}, nil}
		v.try(t, "the key "+strconv.Quote(value), want, "POST", "/appointments", body, key(value)...)
	}
	v.try(t, "everything at once", invalid(doc{"parties.0.name": "characters", numberOf: "check_digit", "parties.1.sex": "contradiction", "phone": "not_mobile"}),
		"POST", "/appointments", edited(t, edited(t, edited(t, edited(t, body, "parties.0.name", "X"), numberOf, "430799199003070015"),
			"parties.1.sex", "male"), "phone", "0736-7123456"), headers...)

	assisted, typed := v.assisted()
	for _, c := range []change{
		at(numberOf, "430799199003070015", "check_digit"),
		at("channel", "web", "enum"),
		at("channel", nil, "required"),
		at("caller", strings.Repeat("爨", 101), "too_long"),
		at("names_checked", "yes", "type"),
		at("phone_code", "123456", "unknown"),
		at("phone", "12", "format"),
		{"a man a day too young", numberOf, born(t, "2004-05-22", identity.Male), doc{"parties.0.birth_date": "under_age"}},
	} {
		v.try(t, "the operator: "+c.what, invalid(c.fields), "POST", "/staff/appointments", edited(t, assisted, c.path, c.value), typed...)
	}
	without := append(v.as("operator"), "Hold-Token", word(v.byPhone, "token"))
	v.try(t, "the operator without a key", refusal{400, "invalid_input", doc{"Idempotency-Key": "required"}, nil}, "POST", "/staff/appointments", assisted, without...)
}

// holdsAndSecrets is about what shows whose something is.
func (v *victim) holdsAndSecrets(t *testing.T) {
	body, _ := v.booking()
	other := v.hold(here + "-20260521-0900-marriage")
	token := func(value string) []string { return []string{"Hold-Token", value, "Idempotency-Key", "another-key"} }
	right := word(v.held, "token")
	foreign := refusedWith(403, "hold_foreign")
	place := doc{"slot": here + "-20260521-0900-marriage"}
	v.try(t, "a hold with half a key", refusal{400, "invalid_input", doc{"Idempotency-Key": "pattern"}, nil}, "POST", "/holds", place, "Idempotency-Key", "a key")
	v.try(t, "no token", refusedWith(401, "token_required"), "POST", "/appointments", body, token("")...)
	v.try(t, "a made-up token", foreign, "POST", "/appointments", body, token("made-up")...)
	v.try(t, "a token cut short", foreign, "POST", "/appointments", body, token(right[:len(right)-2])...)
	v.try(t, "the token of another hold", foreign, "POST", "/appointments", body, token(word(other, "token"))...)
	v.try(t, "another hold", foreign, "POST", "/appointments", edited(t, body, "hold", other["id"]), token(right)...)
	v.try(t, "a hold of nobody", foreign, "POST", "/appointments", edited(t, body, "hold", uuid.NewString()), token(right)...)
	at := "/holds/" + word(v.held, "id")
	v.try(t, "extend without a token", refusedWith(401, "token_required"), "POST", at+"/extend", nil)
	v.try(t, "extend another's", foreign, "POST", at+"/extend", nil, token(word(other, "token"))...)
	v.try(t, "release another's", foreign, "DELETE", at, nil, token(word(other, "token"))...)
	v.try(t, "release what is no hold", invalid(doc{"id": "format"}), "DELETE", "/holds/19900000005", nil, token(right)...)

	taken := application(other, v.couple, "19900000007", v.code("19900000007"))
	v.drain()
	reused := []string{"Hold-Token", word(other, "token"), "Idempotency-Key", v.key}
	v.try(t, "a key that has been used", refusedWith(422, "key_reused"), "POST", "/appointments", taken, reused...)
	v.wrongCodes(t, other, taken)
	busy := refusal{409, "person_busy", nil, map[string]int{"hold_outcome": 1}}
	for _, quota := range []string{"0900-marriage-web", "am-marriage", "day-marriage", "hall"} { // the hold is over
		busy.adds["redis b:{"+here+"-20260521}:h:"+here+"-20260521-"+quota] = -1
	}
	busy.adds["redis b:{"+here+"-20260521}:n:"+word(other, "id")] = 1 // which is noted
	v.try(t, "a second appointment", busy, "POST", "/appointments", taken, token(word(other, "token"))...)
	v.try(t, "once more", refusedWith(409, "person_busy"), "POST", "/appointments", taken, token(word(other, "token"))...)
	v.appointments(t)
}

// wrongCodes uses a code up, and leaves another that is right.
func (v *victim) wrongCodes(t *testing.T, hold, body doc) {
	shown := []string{"Hold-Token", word(hold, "token"), "Idempotency-Key", "another-key"}
	right := word(body, "phone_code")
	wrong := edited(t, body, "phone_code", map[bool]string{true: "123456", false: "654321"}[right != "123456"])
	for range 5 {
		v.try(t, "a wrong code", refusedWith(422, "code_wrong"), "POST", "/appointments", wrong, shown...)
	}
	v.try(t, "the right one after five wrong ones", refusedWith(422, "code_used_up"), "POST", "/appointments", body, shown...)
	v.try(t, "the code of another phone", refusedWith(422, "code_wrong"), "POST", "/appointments",
		edited(t, edited(t, body, "phone", v.phone), "phone_code", map[bool]string{true: "123456", false: "654321"}[v.digits != "123456"]), shown...)
	v.try(t, "a phone without a code", refusedWith(422, "code_expired"), "POST", "/appointments", edited(t, body, "phone", "19900000099"), shown...)
	soon := refusedWith(429, "code_too_soon")
	v.try(t, "another code at once", soon, "POST", "/phone-codes", doc{"phone": "19900000007"})
	v.try(t, "from elsewhere, it says", soon, "POST", "/phone-codes", doc{"phone": "19900000007"},
		"X-Forwarded-For", "203.0.113.77", "X-Real-Ip", "203.0.113.77", "Forwarded", "for=203.0.113.77")
	v.canaries["203.0.113.77"] = true
	v.ahead(61 * time.Second)
	body["phone_code"] = v.code("19900000007")
}

// appointments is about looking at, cancelling and moving what is booked.
func (v *victim) appointments(t *testing.T) {
	at := "/appointments/" + word(v.tomorrow, "number")
	secret := func(value string) []string { return []string{"Appointment-Secret", value} }
	cancel := doc{"phone_code": "123456"}
	for _, stranger := range []struct {
		what, path, secret string
		want               refusal
	}{
		{"without a secret", at, "", refusedWith(401, "secret_required")},
		{"with another secret", at, word(v.today, "secret"), refusedWith(404, "no_such_appointment")},
		{"of nobody", "/appointments/99999999", word(v.tomorrow, "secret"), refusedWith(404, "no_such_appointment")},
		{"by a phone", "/appointments/19900000002", word(v.tomorrow, "secret"), invalid(doc{"number": "*"})},
		{"by a name", "/appointments/" + "%E9%BE%98%E9%9D%90", word(v.tomorrow, "secret"), invalid(doc{"number": "*"})},
		{"by NUL", "/appointments/%00", word(v.tomorrow, "secret"), invalid(doc{"number": "*"})},
	} {
		v.try(t, "look "+stranger.what, stranger.want, "GET", stranger.path, nil, secret(stranger.secret)...)
		want := stranger.want
		v.try(t, "cancel "+stranger.what, want, "POST", stranger.path+"/cancel", cancel, secret(stranger.secret)...)
	}
	mine := secret(word(v.tomorrow, "secret"))
	v.try(t, "cancel without a code having been sent", refusedWith(422, "code_expired"), "POST", at+"/cancel", cancel, mine...)
	v.try(t, "cancel today's", refusedWith(409, "too_late"), "POST", "/appointments/"+word(v.today, "number")+"/cancel", cancel, secret(word(v.today, "secret"))...)
	move := doc{"hold": v.held["id"], "phone_code": "123456"}
	v.try(t, "move without a token", refusedWith(401, "token_required"), "POST", at+"/reschedule", move, mine...)
	v.try(t, "move with a made-up token", refusedWith(403, "hold_foreign"), "POST", at+"/reschedule", move, append(mine, "Hold-Token", "made-up")...)
	far := v.hold(there + "-20260521-0900-marriage")
	v.try(t, "move to another office", refusedWith(403, "hold_foreign"), "POST", at+"/reschedule",
		doc{"hold": far["id"], "phone_code": "123456"}, append(mine, "Hold-Token", word(far, "token"))...)
	for slot, want := range map[string]refusal{
		"yesterday":                          invalid(doc{"slot": "pattern"}),
		here + "-20260521-0910-marriage":     refusedWith(404, "no_such_slot"),
		here + "-20260231-0900-marriage":     refusedWith(404, "no_such_slot"),
		here + "-20260521-2460-marriage":     refusedWith(404, "no_such_slot"),
		"999999-20260521-0900-marriage":      refusedWith(404, "no_such_slot|no_such_office"),
		here + "-20260521-0900-divorce":      refusedWith(404, "no_such_slot"),
		here + "-20260521-0900-marriage-web": invalid(doc{"slot": "pattern"}),
	} {
		v.try(t, "hold "+slot, want, "POST", "/holds", doc{"slot": slot})
	}
}

func (v *victim) inTheHall(t *testing.T) {
	in := visit(v.today, "check-in")
	right := readings("36.5", "36.6")
	const celsius = "readings.0.celsius"
	for _, c := range []change{
		at(celsius, "36.55", "format"), at(celsius, "50.0", "range"), at(celsius, "33.9", "range"), at(celsius, "-36.5", "format"),
		at(celsius, "36.5e0", "format"), at(celsius, "NaN", "format"), at(celsius, "", "required"), at(celsius, 36.5, "type"),
		at(celsius, strings.Repeat("3", 17), "too_long"), at(celsius, nil, "required"), at(celsius, "34.5", "too_low_repeat"),
		at("readings.0.party", 0, "too_small"), at("readings.0.party", 3, "too_big"), at("readings.0.party", 1.5, "type"), at("readings.0.party", "1", "type"),
		at("readings.0.device", "", "required"), at("readings.0.device", nil, "required"), at("readings.0.device", strings.Repeat("T", 33), "too_long"),
		at("readings", nil, "required"), at("readings", []doc{}, "required"), at("readings", doc{}, "type"),
		at("readings.0.name", "鱻麤", "unknown"),
		{"only one of them", "readings", []doc{{"party": 1, "celsius": "36.5", "device": "T1"}}, doc{"readings": "required"}},
		{"one of them twice", "readings.1.party", 1, doc{"readings": "required", "readings.1.party": "repeated"}},
		{"a companion without a reason", "companions", []doc{{"celsius": "36.5", "device": "T1"}}, doc{"companions.0.reason": "required"}},
		{"a companion who is not measured", "companions", []doc{{"reason": "翻译"}}, doc{"companions.0.celsius": "required"}},
	} {
		v.try(t, "check in: "+c.what, invalid(c.fields), "POST", in, edited(t, right, c.path, c.value), v.as("hall")...)
	}
	v.try(t, "check in tomorrow's", refusedWith(409, "other_day"), "POST", visit(v.tomorrow, "check-in"), right, v.as("hall")...)
	v.try(t, "check in nobody", refusedWith(404, "no_such_appointment"), "POST", "/staff/appointments/99999999/check-in", right, v.as("hall")...)
	v.try(t, "check in a phone", invalid(doc{"number": "*"}), "POST", "/staff/appointments/19900000001/check-in", right, v.as("hall")...)
	v.try(t, "check in the neighbour's", refusedWith(404, "no_such_appointment"), "POST", visit(v.elsewhere, "check-in"), right, v.as("hall")...)
	v.try(t, "the neighbour checks in", refusedWith(404, "no_such_appointment"), "POST", in, right, v.as("hall."+there)...)
	v.try(t, "nobody measured the operator", refusedWith(403, "own_reading_missing"), "POST", in, right, v.as("operator")...)
	for _, c := range []change{
		at("celsius", "36.55", "format"), at("celsius", "50.0", "range"), at("celsius", nil, "required"), at("device", "", "required"),
		at("repeat", "36.55", "format"),
	} {
		v.try(t, "own reading: "+c.what, invalid(c.fields), "POST", "/staff/readings", edited(t, doc{"celsius": "36.5", "device": "T1"}, c.path, c.value), v.as("operator")...)
	}
	v.try(t, "own reading at the neighbour's", refusedWith(403, "forbidden"), "POST", "/staff/readings", doc{"celsius": "36.5", "device": "T1", "office": there}, v.as("operator")...)
	v.atTheCounter(t)
}

func (v *victim) atTheCounter(t *testing.T) {
	registrar := v.as("registrar")
	for _, what := range []string{"call", "start"} {
		v.try(t, what+" to no counter", invalid(doc{"counter": "required"}), "POST", visit(v.today, what), doc{"counter": ""}, registrar...)
		v.try(t, what+" to a counter with a name", invalid(doc{"counter": "*"}), "POST", visit(v.today, what), doc{"counter": "三号"}, registrar...)
		v.try(t, what+" who has not come", refusedWith(409, "not_possible"), "POST", visit(v.today, what), doc{"counter": "3"}, registrar...)
		v.try(t, what+" the neighbour's", refusedWith(404, "no_such_appointment"), "POST", visit(v.elsewhere, what), doc{"counter": "3"}, registrar...)
	}
	v.try(t, "start at another counter", refusedWith(409, "other_counter"), "POST", visit(v.serving, "start"), doc{"counter": "4"}, registrar...)
	done := visit(v.serving, "complete")
	v.try(t, "complete without a certificate", invalid(doc{"certificate_number": "required"}), "POST", done, doc{}, registrar...)
	v.try(t, "complete with a blank", invalid(doc{"certificate_number": "required"}), "POST", done, doc{"certificate_number": " "}, registrar...)
	v.try(t, "complete with too much", invalid(doc{"certificate_number": "too_long"}), "POST", done, doc{"certificate_number": strings.Repeat("1", 101)}, registrar...)
	v.try(t, "complete who has not come", refusedWith(409, "not_possible"), "POST", visit(v.today, "complete"), doc{"certificate_number": "J430702-2026-000001"}, registrar...)
	v.try(t, "complete the neighbour's", refusedWith(404, "no_such_appointment"), "POST", visit(v.elsewhere, "complete"), doc{"certificate_number": "J430702-2026-000001"}, registrar...)
	v.try(t, "the door completes", refusedWith(403, "forbidden"), "POST", done, doc{"certificate_number": "J430702-2026-000001"}, v.as("hall")...)
	refuse := visit(v.serving, "not-accepted")
	v.try(t, "not accepted without a reason", invalid(doc{"reason": "required"}), "POST", refuse, doc{}, registrar...)
	v.try(t, "not accepted for a novel", invalid(doc{"reason": "too_long"}), "POST", refuse, doc{"reason": strings.Repeat("长", 301)}, registrar...)
	v.try(t, "not accepted who has not come", refusedWith(409, "not_possible"), "POST", visit(v.today, "not-accepted"), doc{"reason": "证件不齐"}, registrar...)
}

// byTheManager tries what is wrong with running an office.
func (v *victim) byTheManager(t *testing.T) {
	right := map[string]write{}
	for _, w := range v.writes() {
		right[w.template[strings.LastIndex(w.template, "/")+1:]] = w
	}
	for operation, changes := range map[string][]change{
		"schedule": {
			at("slot_minutes", 5, "too_small"), at("slot_minutes", "30", "type"), at("slot_minutes", 30.5, "type"), at("slot_minutes", nil, "required"),
			at("capacity.marriage", -1, "too_small"), at("capacity.burial", 1, "unknown"), at("capacity", doc{}, "required"),
			at("weekdays.wednesday", []doc{}, "unknown"), at("weekdays", doc{}, "required"), at("weekdays.wed.0.from", "9:00", "pattern"),
			at("weekdays.wed.0.to", "09:00", "order"),
			{"no time fits", "weekdays.wed.0.to", "09:10", doc{"weekdays.wed.0": "too_short"}},
			at("from", "2026-02-30", "format"), at("from", "2026-05-19", "past"), at("dry_run", "yes", "type"),
		},
		"{date}": {
			at("hours", nil, "required"), at("hours", "09:00-12:00", "type"), at("hours.0.from", "9:00", "pattern"), at("hours.0.to", "09:00", "order"),
			at("hours.0.capacity", doc{"burial": 1}, ""),
			{"no time fits", "hours.0.to", "09:10", doc{"hours.0": "too_short"}},
			at("slot_minutes", 5, "too_small"), at("slot_minutes", 241, "too_big"), at("slot_minutes", "30", "type"),
			at("capacity.marriage", -1, "too_small"), at("capacity.marriage", 201, "out_of_range"), at("capacity.burial", 1, "unknown"),
			at("reason", nil, "required"), at("reason", " ", "required"), at("reason", strings.Repeat("长", 301), "too_long"),
			at("notice", nil, "required"), at("notice", "", "required"), at("notice", strings.Repeat("停", 1001), "too_long"),
			at("day", "2026-05-25", "unknown"), at("dry_run", "yes", "type"),
		},
		"publish": {
			at("from", "2026-05-19", "past"), at("to", "2026-05-24", "order"), at("to", "2026-09-01", "too_many"), at("to", 20260529, "type"),
		},
		"capacity": {
			at("capacity", -1, "too_small"), at("capacity", 10001, "too_big"), at("capacity", 1.5, "type"), at("channel", "door", "enum"),
			at("reason", "", "required"), at("reason", nil, "required"),
		},
		"submit": {
			at("zero_report", "yes", "type"), at("remarks", 1, "type"), at("remarks", strings.Repeat("长", 1001), "too_long"),
			at("differs", []doc{}, "type"), at("differs.completed.value", nil, "required"), at("differs.completed.value", -1, "too_small"),
			at("differs.completed.value", 100001, "too_big"), at("differs.completed.value", "1", "type"), at("differs.completed.value", 1.5, "type"),
			at("differs.completed.because", nil, "required"), at("differs.completed.because", " ", "required"),
			at("differs.completed.because", strings.Repeat("长", 201), "too_long"), at("differs.burials", doc{}, "unknown"),
			at("differs.by_channel", doc{}, "unknown"), at("version", 2, "unknown"), at("counts", doc{}, "unknown"),
		},
		"{id}": {
			at("to", "2026-06-20", "order"), at("to", "2026-02-30", "format"), at("to", "", "required"), at("to", 20260624, "type"),
			at("reason", nil, "required"), at("reason", "", "required"), at("reason", strings.Repeat("长", 301), "too_long"),
			at("from", "2026-06-21", "unknown"), at("dry_run", "yes", "type"),
		},
		"suspensions": {
			at("from", "2026-05-19", "past"), at("to", "2026-05-20", "order"), at("mode", "half", "enum"), at("mode", nil, "required"),
			at("services", []string{"fishing"}, ""), at("reason", nil, "required"), at("notice", "", "required"),
			at("notice", strings.Repeat("停", 1001), "too_long"),
		},
	} {
		w := right[operation]
		for _, c := range changes {
			switch c.path {
			case "services":
				c.fields = doc{"services.0": "unknown"}
			case "hours.0.capacity":
				c.fields = doc{"hours.0.capacity.burial": "unknown"}
			}
			v.try(t, operation+": "+c.what, invalid(c.fields), w.method, w.path, edited(t, w.body, c.path, c.value), w.headers...)
		}
		far := strings.Replace(w.path, here, there, 1)
		v.try(t, operation+" of the neighbour", refusedWith(403, "forbidden"), w.method, far, w.body, w.headers...)
		v.try(t, operation+" by the operator", refusedWith(403, "forbidden"), w.method, w.path, w.body, v.as("operator")...)
		v.try(t, operation+" of no office", refusedWith(403, "forbidden"), w.method, strings.Replace(w.path, here, "999999", 1), w.body, w.headers...)
		v.try(t, operation+" of a name", invalid(doc{"office": "*"}), w.method, strings.Replace(w.path, here, "wuling", 1), w.body, w.headers...)
	}
	capacity := right["capacity"]
	v.try(t, "a time of the neighbour", refusedWith(404, "no_such_slot"), "PUT", capacity.path,
		edited(t, capacity.body, "slot", there+"-20260521-0900-marriage"), capacity.headers...)
	v.specialDays(t, right["{date}"])
	v.suspensions(t, right["{id}"])
	v.reports(t, right["submit"])
	days := "/manage/offices/" + here + "/days/"
	v.try(t, "close a day that goes on", refusedWith(409, "day_not_over"), "POST", days+"2026-05-20/close", nil, v.as("manager")...)
	v.try(t, "close a day that is none", invalid(doc{"date": "format"}), "POST", days+"2026-02-30/close", nil, v.as("manager")...)
	v.try(t, "close the neighbour's", refusedWith(403, "forbidden"), "POST", "/manage/offices/"+there+"/days/2026-05-20/close", nil, v.as("manager")...)
}

// specialDays tries days for which, or from which on, nothing can be planned.
func (v *victim) specialDays(t *testing.T, right write) {
	all := "/manage/offices/" + here + "/exceptions"
	for day, want := range map[string]refusal{
		"2026-05-19": invalid(doc{"day": "past"}), "2026-05-22": invalid(doc{"day": "too_late"}),
		"2026-02-30": invalid(doc{"date": "format"}), "tomorrow": invalid(doc{"date": "format"}),
	} {
		v.try(t, "a special day on "+day, want, right.method, all+"/"+day, right.body, right.headers...)
		if day != "2026-05-22" {
			v.try(t, "no special day on "+day, want, "DELETE", all+"/"+day, nil, right.headers...)
		}
	}
	far := "/manage/offices/" + there + "/exceptions"
	v.try(t, "the neighbour's special days", refusedWith(403, "forbidden"), "GET", far, nil, right.headers...)
	v.try(t, "drop the neighbour's", refusedWith(403, "forbidden"), "DELETE", far+"/2026-05-24", nil, right.headers...)
	v.try(t, "the operator drops", refusedWith(403, "forbidden"), "DELETE", all+"/2026-05-24", nil, v.as("operator")...)
	v.try(t, "special days backwards", invalid(doc{"to": "order"}), "GET", all+"?from=2026-05-24&to=2026-05-23", nil, right.headers...)
	v.try(t, "special days of no day", invalid(doc{"from": "format"}), "GET", all+"?from=2026-02-30", nil, right.headers...)
	v.want(http.StatusOK, "GET", all+"?from=9999-12-31", nil, right.headers...)
}

// suspensions tries to end some that are not the office's.
func (v *victim) suspensions(t *testing.T, right write) {
	all := "/manage/offices/" + here + "/suspensions"
	for id, want := range map[string]refusal{
		fmt.Sprintf("%.0f", v.theyStopped["id"]): refusedWith(404, "no_such_suspension"),
		"999999999999999999":                     refusedWith(404, "no_such_suspension"),
		"9999999999999999999":                    invalid(doc{"id": "*"}),
		"0":                                      invalid(doc{"id": "pattern"}),
		"first":                                  invalid(doc{"id": "pattern"}),
	} {
		v.try(t, "suspension "+id, want, right.method, all+"/"+id, right.body, right.headers...)
	}
	v.try(t, "the neighbour's suspensions", refusedWith(403, "forbidden"), "GET", "/manage/offices/"+there+"/suspensions", nil, right.headers...)
	v.try(t, "the operator asks", refusedWith(403, "forbidden"), "GET", all, nil, v.as("operator")...)
	v.try(t, "suspensions of no day", invalid(doc{"to": "format"}), "GET", all+"?to=2026-02-30", nil, right.headers...)
}

// reports tries reports of days that are none, and zero reports that are not.
func (v *victim) reports(t *testing.T, right write) {
	all := "/manage/offices/" + here + "/reports/"
	for day, want := range map[string]refusal{
		"2026-05-21": invalid(doc{"date": "future"}), "2026-02-30": invalid(doc{"date": "format"}), "today": invalid(doc{"date": "format"}),
	} {
		v.try(t, "report "+day, want, right.method, all+day+"/submit", right.body, right.headers...)
	}
	fever := doc{"zero_report": true, "differs": doc{"abnormal": doc{"value": 1, "because": "门外发现"}}}
	v.try(t, "a zero report with a fever", refusedWith(409, "not_zero"), right.method, right.path, fever, right.headers...)
	v.try(t, "a key that is none", refusal{400, "invalid_input", doc{"Idempotency-Key": "pattern"}, nil}, right.method, right.path, right.body,
		append(slices.Clone(right.headers), "Idempotency-Key", "a key")...)
}

// characterless sends texts with a character that no text has and that Postgres
// cannot keep. To say that this is no JSON is as good as to name the field.
func (v *victim) characterless(t *testing.T) {
	companion := readings("36.5", "36.6")
	companion["companions"] = []doc{{"reason": "翻译", "celsius": "36.5", "device": "T1"}}
	booking, _ := v.booking()
	fields := map[string][]string{
		"check-in": {"readings.0.device", "companions.0.reason", "companions.0.device"}, "not-accepted": {"reason"}, "readings": {"device"},
		"capacity": {"reason"}, "suspensions": {"reason", "notice"}, "{date}": {"reason", "notice"}, "{id}": {"reason"}, "submit": {"remarks", "differs.completed.because"}, "login": {"username", "password"}, "search": {"q"},
		"appointments": {"service", "phone", "consents.agreement"}, "call": {"counter"},
	}
	for _, w := range v.writes() {
		switch w.template[strings.LastIndex(w.template, "/")+1:] {
		case "check-in":
			w.body = companion
		case "appointments":
			w.body = edited(t, w.body, "consents", booking["consents"])
		}
		for _, field := range fields[w.template[strings.LastIndex(w.template, "/")+1:]] {
			before := v.state()
			got, err := v.send(w.method, "/api/v1"+w.path, edited(t, w.body, field, "a\x00b"), w.headers...)
			if err != nil {
				t.Fatal(err)
			}
			p, told := got.doc(t), refusedWith(400, "malformed")
			switch {
			case w.template == "/staff/login" && got.status == 401:
				told = refusal{401, "login_failed", nil, map[string]int{"audit": 1}}
			case w.template == "/staff/appointments/search" && got.status == 200:
				continue // nobody was found
			case got.status != 400:
				told = invalid(doc{field: "*"})
			}
			if fields, _ := p["fields"].(doc); got.status == 422 && len(fields) == 1 {
				for name := range fields {
					told.fields = doc{name: "*"}
				}
			}
			v.judge(t, w.template+" with NUL in "+field, told, w.method, w.path, got)
			v.unchanged(t, w.template+" with NUL in "+field, told, before)
		}
	}
}

// strangers is about who may ask at all.
func (v *victim) strangers(t *testing.T) {
	revoked := word(v.want(http.StatusOK, "POST", "/staff/login", doc{"username": "registrar", "password": demoPassword}), "token")
	v.want(http.StatusNoContent, "POST", "/staff/logout", nil, "Authorization", "Bearer "+revoked)
	for _, w := range v.writes() {
		if !strings.HasPrefix(w.template, "/staff/") && !strings.HasPrefix(w.template, "/manage/") || w.template == "/staff/login" {
			continue
		}
		for what, bearer := range map[string]string{"nobody": "", "a made-up token": "Bearer made-up", "a token that has ended": "Bearer " + revoked, "a password": "Basic cmVnaXN0cmFyOng="} {
			v.try(t, w.template+" by "+what, refusedWith(401, "login_required"), w.method, w.path, w.body, append(slices.Clone(w.headers), "Authorization", bearer)...)
		}
	}
	failed := refusal{status: 401, code: "login_failed", adds: map[string]int{"audit": 1}}
	v.try(t, "a wrong password", failed, "POST", "/staff/login", doc{"username": "registrar", "password": "爨癵灪龗"})
	v.try(t, "a number as a name", failed, "POST", "/staff/login", doc{"username": born(t, "1991-01-01", identity.Male), "password": "x"})
	v.try(t, "no password", invalid(doc{"password": "required"}), "POST", "/staff/login", doc{"username": "registrar"})
	v.try(t, "a second factor of letters", invalid(doc{"totp": "*"}), "POST", "/staff/login", doc{"username": "registrar", "password": "x", "totp": "abcdef"})
	hold := doc{"slot": there + "-20260521-0900-marriage", "channel": "phone"}
	v.try(t, "a place at the neighbour's", refusedWith(403, "forbidden"), "POST", "/staff/holds", hold, v.as("operator")...)
	hold["channel"] = "web"
	v.try(t, "a place of the web's", invalid(doc{"channel": "enum"}), "POST", "/staff/holds", hold, v.as("operator")...)
	body, headers := v.assisted()
	v.try(t, "a colleague's hold", refusedWith(403, "hold_foreign"), "POST", "/staff/appointments", body, append(headers, v.as("hall")...)...)
	v.try(t, "a hold of another channel", refusedWith(403, "hold_foreign"), "POST", "/staff/appointments", edited(t, body, "channel", "counter"), headers...)
	v.try(t, "a couple's hold", refusedWith(403, "hold_foreign"), "POST", "/staff/appointments", edited(t, body, "hold", v.held["id"]), append(headers, "Hold-Token", word(v.held, "token"))...)
	v.try(t, "the operator's hold on the web", refusedWith(403, "hold_foreign"), "POST", "/appointments",
		application(v.byPhone, v.free, v.phone, v.digits), "Hold-Token", word(v.byPhone, "token"), "Idempotency-Key", "another-key")
	v.try(t, "another method", refusedWith(405, "method_not_allowed"), "PATCH", "/holds", doc{})
	v.try(t, "another address", refusedWith(404, "no_such_page"), "POST", "/holdings", doc{})
}

// rightAllTheTime sends the requests of which the others were wrong variants. A
// couple of 22 and 20 on the very day of the visit is old enough.
func (v *victim) rightAllTheTime(t *testing.T) {
	body, headers := v.booking()
	body = edited(t, edited(t, body, numberOf, born(t, "2004-05-21", identity.Male)), "parties.1.document.number", born(t, "2006-05-21", identity.Female))
	v.want(http.StatusCreated, "POST", "/appointments", body, headers...)
	body, headers = v.assisted()
	v.want(http.StatusCreated, "POST", "/staff/appointments", body, headers...)
	if in := v.want(http.StatusOK, "POST", visit(v.today, "check-in"), readings("36.5", "36.6"), v.as("hall")...); in["outcome"] != "admitted" {
		t.Errorf("at the door: %v", in)
	}
	v.want(http.StatusOK, "POST", visit(v.serving, "complete"), doc{"certificate_number": "J430702-2026-000001"}, v.as("registrar")...)
}

// tooLate confirms and extends holds that have ended, and one more appointment
// than a phone may carry.
func (v *victim) tooLate(t *testing.T) {
	slot := here + "-20260521-1000-marriage"
	v.book(slot, v.pair("测试甲", "测试乙", 20), "19900000008")
	v.ahead(61 * time.Second)
	v.book(slot, v.pair("测试甲", "测试乙", 21), "19900000008")
	v.ahead(61 * time.Second)
	hold := v.hold(slot)
	third := application(hold, v.pair("测试甲", "测试乙", 22), "19900000008", v.code("19900000008"))
	v.drain()
	shown := []string{"Hold-Token", word(hold, "token"), "Idempotency-Key", "another-key"}
	v.try(t, "the third with one phone", refusedWith(409, "phone_limit"), "POST", "/appointments", third, shown...)

	v.ahead(5*time.Minute + time.Second)
	v.try(t, "a code that is too old", refusedWith(422, "code_expired"), "POST", "/appointments", third, shown...)
	v.ahead(25*time.Minute + 10*time.Second) // and the grace in which a confirmation may still end
	v.try(t, "extend a hold that has ended", refusedWith(409, "hold_expired"), "POST", "/holds/"+word(hold, "id")+"/extend", nil, shown...)
	other := edited(t, edited(t, third, "phone", "19900000009"), "phone_code", v.code("19900000009"))
	v.drain()
	v.try(t, "a hold that has ended", refusedWith(409, "hold_expired"), "POST", "/appointments", other, shown...)
	var booked int
	if err := v.jobs.Get(&booked, `SELECT count(*) FROM appointment`); err != nil || booked != 8 {
		t.Errorf("%d appointments are stored, want the 8 that were answered with 201; %v", booked, err)
	}
}

// squatting is to keep the only place of a time by trying to confirm it again
// and again. A hold ends when it ends (domain rule 28).
func (v *victim) squatting(t *testing.T) {
	slot := here + "-20260521-1030-marriage"
	v.want(http.StatusOK, "PUT", "/manage/offices/"+here+"/capacity", doc{"slot": slot, "channel": "web", "capacity": 1, "reason": "少开窗口"}, v.as("manager")...)
	hold := v.hold(slot)
	body := application(hold, v.pair("测试甲", "测试乙", 30), "19900000010", "000000")
	v.ahead(30*time.Minute + time.Second)
	for range 12 {
		v.refused(http.StatusConflict, "hold_expired", "POST", "/appointments", body, "Hold-Token", word(hold, "token"), "Idempotency-Key", "another-key")
		v.ahead(9 * time.Second)
	}
	got, err := v.send("POST", "/api/v1/holds", doc{"slot": slot})
	if err != nil || got.status != http.StatusCreated {
		t.Errorf("108 s after a hold ended its place is not on sale: %d %s %v", got.status, got.text, err)
	}
}
