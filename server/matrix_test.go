package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"hunyue/server/auth"
	"hunyue/server/policy"
)

// asker is somebody who asks for every address: what they show, and what the
// table says of people like them.
type asker struct {
	name   string
	roles  []string
	office string // that they work for; "" for who has none
	token  string // of staff; "" for others
	ended  bool   // the token opens nothing any more
	secret string // of the appointment that everybody asks for, or of another
	pass   *http.Cookie
	owner  bool // of that appointment
}

// verdict is how a door answers.
type verdict string

const (
	in      verdict = "in"      // past the door, whatever is said there
	signIn  verdict = "sign in" // we do not know them
	closed  verdict = "closed"  // they have not the role, or it is another office
	unknown verdict = "unknown" // as what does not exist
	foreign verdict = "foreign" // it is held by somebody else
	shut    verdict = "shut"    // a couple's door: nothing of theirs is shown or changed
)

// due is the answer that the table promises somebody at an address.
func due(r policy.Rule, a asker) verdict {
	switch {
	case r.Door == policy.Open, r.Door == policy.Couple && a.owner:
		return in
	case r.Door == policy.Couple, r.Door == policy.Device:
		return shut
	case a.token == "" || a.ended:
		return signIn
	case !r.Admits(a.roles):
		return closed
	case r.Scope == policy.Held && a.name != auth.Operator:
		return foreign
	case a.office == here || !slices.Contains([]policy.Scope{policy.Path, policy.Form, policy.Record}, r.Scope):
		return in
	case r.Scope == policy.Record:
		return unknown
	}
	return closed
}

// matrix is every address that is mounted and everybody who may ask for it.
type matrix struct {
	*world
	routes  []*echo.Route
	askers  []asker
	params  map[string]string            // what an address names, at the office here
	forms   map[string]map[string]string // what a request of scope form must name, by "METHOD path"
	booked  doc
	canary  string          // in a name of that appointment
	tokens  map[bool]string // of the holds that an operator has (true) and the couple
	wrong   int
	written string // the appointment as it must remain for who has no right to it
}

// Every address x everybody: a route that the table does not have stops the
// program before (policy.Covers), and here every cell is asked for in earnest.
func TestEveryCellOfTheMatrix(t *testing.T) {
	m := newMatrix(t)
	cells := map[verdict]int{}
	for _, door := range []policy.Door{policy.Couple, policy.Device, policy.Page, policy.Entry, policy.API, policy.Open} { // those that sign out come last
		for _, route := range m.routes {
			rule, _ := policy.Of(route.Method, route.Path)
			if rule.Door != door {
				continue
			}
			for _, a := range m.askers {
				want := due(rule, a)
				cells[want]++
				m.cell(rule, route, a, want)
			}
		}
	}
	total := 0
	for _, n := range cells {
		total += n
	}
	t.Logf("authorisation matrix: %d addresses x %d askers = %d cells %v, %d wrong", len(m.routes), len(m.askers), total, cells, m.wrong)
	if total != len(m.routes)*len(m.askers) || m.wrong > 0 {
		t.Errorf("%d cells asserted of %d, %d wrong", total, len(m.routes)*len(m.askers), m.wrong)
	}
}

// cell asks for one address as one of them and compares.
func (m *matrix) cell(rule policy.Rule, route *echo.Route, a asker, want verdict) {
	m.t.Helper()
	got, said := m.ask(rule, route, a, m.params)
	switch {
	case want == shut:
		got = m.shown(said)
	case rule.Door == policy.Open && got == unknown:
		got = in // everybody is told that there is no such thing, as no such link
	}
	if got != want {
		m.wrong++
		m.t.Errorf("%s %s by %s: %s, want %s (%d %.200s)", route.Method, route.Path, a.name, got, want, said.status, said.text)
	}
}

// shown judges the answer to somebody who has no right to an appointment.
func (m *matrix) shown(said answer) verdict {
	if strings.Contains(said.text, m.canary) || said.status >= http.StatusInternalServerError || m.row() != m.written {
		return in
	}
	return shut
}

// ask sends the request of a cell.
func (m *matrix) ask(rule policy.Rule, route *echo.Route, a asker, params map[string]string) (verdict, answer) {
	m.t.Helper()
	path := m.address(route.Path, params)
	var body any
	headers := []string{"Hold-Token", m.holding(rule, a), "Cookie", a.cookies(), "Appointment-Secret", a.secret, "Authorization", "", "Sec-Fetch-Site", "same-origin"}
	if a.token != "" {
		headers[7] = "Bearer " + a.token
	}
	form := m.forms[route.Method+" "+route.Path]
	if rule.Scope == policy.Form && form == nil {
		m.t.Fatalf("%s %s: say in forms what names the office", route.Method, route.Path)
	}
	switch {
	case route.Method == http.MethodGet && form != nil:
		path += "?" + query(form)
	case route.Method == http.MethodGet:
	case strings.HasPrefix(path, "/api/"):
		body = doc{}
		for name, value := range form {
			body.(doc)[name] = value
		}
		if raw := form["json"]; raw != "" {
			body = raw
		}
		headers = append(headers, "Idempotency-Key", uuid.NewString())
	default:
		body = query(form)
		headers = append(headers, "Content-Type", echo.MIMEApplicationForm)
	}
	said, err := m.send(route.Method, path, body, headers...)
	if err != nil {
		m.t.Fatalf("%s %s by %s: %v", route.Method, path, a.name, err)
	}
	return m.judge(route, said), said
}

// holding is the token of a hold, for who has one. Staff all show the one that
// the operator was given.
func (m *matrix) holding(rule policy.Rule, a asker) string {
	if !rule.Door.Staff() && !a.owner {
		return ""
	}
	return m.tokens[rule.Door.Staff()]
}

// judge tells how the door has answered.
func (m *matrix) judge(route *echo.Route, said answer) verdict {
	to := said.header.Get("Location")
	code := ""
	if strings.Contains(said.header.Get("Content-Type"), "problem+json") {
		code = word(said.doc(m.t), "code")
	}
	switch {
	case said.status >= http.StatusInternalServerError:
		m.t.Errorf("%s %s: %d %.300s\n%s", route.Method, route.Path, said.status, said.text, m.tail())
	case strings.HasPrefix(to, "/staff/login") && route.Path != "/staff/logout", code == "login_required":
		return signIn
	case said.status == http.StatusForbidden && (code == "forbidden" || strings.Contains(said.text, m.texts.In("zh").Fault("forbidden"))):
		return closed
	case code == "hold_foreign":
		return foreign
	case said.status == http.StatusNotFound:
		return unknown
	}
	return in
}

func (a asker) cookies() string {
	all := []string{}
	if a.token != "" {
		all = append(all, "staff="+a.token)
	}
	if a.pass != nil {
		all = append(all, a.pass.Name+"="+a.pass.Value)
	}
	return strings.Join(all, "; ")
}

var param = regexp.MustCompile(`:[a-z]+`)

// address is a path with what it names.
func (m *matrix) address(path string, params map[string]string) string {
	return param.ReplaceAllStringFunc(path, func(name string) string {
		value, ok := params[name]
		if under, more := params[strings.Split(path, name)[0]+name]; more {
			value, ok = under, true
		}
		if !ok {
			m.t.Fatalf("%s: say in params what %s is", path, name)
		}
		return value
	})
}

func query(form map[string]string) string {
	values := url.Values{}
	for name, value := range form {
		values.Set(name, value)
	}
	return values.Encode()
}

// row is the appointment as it is stored.
func (m *matrix) row() string {
	m.t.Helper()
	var all []json.RawMessage
	err := m.jobs.Select(&all, `SELECT to_json(a) FROM appointment AS a WHERE number = $1`, word(m.booked, "number"))
	if err != nil || len(all) != 1 {
		m.t.Fatalf("the appointment: %v, %v", all, err)
	}
	return string(all[0])
}

// An office's record is for another office as one that does not exist: the
// answers differ in nothing.
func TestARecordElsewhereIsAsOneThatIsNot(t *testing.T) {
	m := newMatrix(t)
	nowhere := maps.Clone(m.params)
	nowhere[":number"], nowhere["/manage/notices/:id"] = "99999999", "99999999"
	compared := 0
	for _, route := range m.routes {
		rule, _ := policy.Of(route.Method, route.Path)
		for _, a := range m.askers {
			if rule.Scope != policy.Record || due(rule, a) != unknown {
				continue
			}
			compared++
			_, real := m.ask(rule, route, a, m.params)
			_, none := m.ask(rule, route, a, nowhere)
			saidOf, saidOfNone := m.bare(real, m.address(route.Path, m.params)), m.bare(none, m.address(route.Path, nowhere))
			if real.status != none.status || saidOf != saidOfNone {
				t.Errorf("%s %s by %s: %d and %d tell which of the two there is\n%s\n%s", route.Method, route.Path, a.name, real.status, none.status, saidOf, saidOfNone)
			}
		}
	}
	t.Logf("records of another office: %d pairs compared", compared)
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

var keys = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

// bare is an answer without what differs from one request to the next, and
// without the address that was asked for.
func (m *matrix) bare(said answer, address string) string {
	text := keys.ReplaceAllString(said.text, "")
	return strings.NewReplacer(address, "", url.QueryEscape(address), "", said.header.Get(echo.HeaderXRequestID), "").Replace(text)
}
