package api

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"hunyue/server/policy"
)

func spec(t testing.TB) *openapi3.T {
	t.Helper()
	s, err := readSpec()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheDocumentAndItsExamplesAreValid(t *testing.T) {
	// 3.1 lets a reference to a response have a description of its own; kin-openapi wants to be told.
	err := spec(t).Validate(t.Context(), openapi3.EnableExamplesValidation(), openapi3.AllowExtraSiblingFields("description"))
	if err != nil {
		t.Error(err)
	}
}

// promised is what scripts of other people rely on. Rows are added, none is
// taken away.
var promised = []string{
	"GET /notices", "GET /offices", "GET /offices/{office}/days", "GET /offices/{office}/slots",
	"POST /holds", "POST /holds/{id}/extend", "DELETE /holds/{id}",
	"POST /phone-codes",
	"POST /appointments", "GET /appointments/{number}",
	"POST /appointments/{number}/cancel", "POST /appointments/{number}/erase", "POST /appointments/{number}/reschedule",
	"POST /staff/login", "POST /staff/logout", "POST /staff/readings",
	"POST /staff/holds", "POST /staff/appointments", "GET /staff/appointments", "POST /staff/appointments/search",
	"POST /staff/appointments/{number}/check-in", "POST /staff/appointments/{number}/call",
	"POST /staff/appointments/{number}/start", "POST /staff/appointments/{number}/complete",
	"POST /staff/appointments/{number}/not-accepted",
	"GET /manage/offices/{office}/schedule", "PUT /manage/offices/{office}/schedule",
	"GET /manage/offices/{office}/exceptions", "PUT /manage/offices/{office}/exceptions/{date}",
	"DELETE /manage/offices/{office}/exceptions/{date}",
	"POST /manage/offices/{office}/publish", "PUT /manage/offices/{office}/capacity",
	"GET /manage/offices/{office}/suspensions", "PUT /manage/offices/{office}/suspensions/{id}",
	"POST /manage/offices/{office}/suspensions", "POST /manage/offices/{office}/days/{date}/close",
	"GET /manage/offices/{office}/reports/{date}", "POST /manage/offices/{office}/reports/{date}/submit",
}

// The table decides; who reads only the document must not be told otherwise.
func TestTheDocumentNamesTheRolesOfTheTable(t *testing.T) {
	braces := strings.NewReplacer("{", ":", "}", "")
	for path, item := range spec(t).Paths.Map() {
		for method, of := range item.Operations() {
			rule, ok := policy.Of(method, "/api/v1"+braces.Replace(path))
			if !ok {
				t.Errorf("%s %s is not in the table", method, path)
			}
			said, staff := []string{}, false
			for _, needed := range *of.Security {
				if roles, bearer := needed["Bearer"]; bearer {
					said, staff = roles, true
				}
			}
			if staff != (rule.Door == policy.API) || !slices.Equal(said, append([]string{}, rule.Roles...)) {
				t.Errorf("%s %s: the document says %v, the table %v", method, path, said, rule.Roles)
			}
		}
	}
}

func TestWhatIsPromisedIsInTheDocument(t *testing.T) {
	there := map[string]bool{}
	for path, item := range spec(t).Paths.Map() {
		for method := range item.Operations() {
			there[method+" "+path] = true
		}
	}
	for _, operation := range promised {
		if !there[operation] {
			t.Errorf("%s is missing", operation)
		}
		delete(there, operation)
	}
	for operation := range there {
		t.Errorf("%s is not promised: add it to the list", operation)
	}
}

// TestNothingIsReadThatIsNotDescribed holds the document to what the checks
// rely on: closed objects, bounded texts and lists.
func TestNothingIsReadThatIsNotDescribed(t *testing.T) {
	for path, item := range spec(t).Paths.Map() {
		for method, op := range item.Operations() {
			for _, p := range op.Parameters {
				bounded(t, method+" "+path+" "+p.Value.Name, p.Value.Schema.Value)
			}
			if op.RequestBody != nil {
				body := op.RequestBody.Value
				if !body.Required || len(body.Content) != 1 {
					t.Errorf("%s %s: the body is required, and JSON alone", method, path)
				}
				bounded(t, method+" "+path, body.Content[echo.MIMEApplicationJSON].Schema.Value)
			}
		}
	}
}

func bounded(t *testing.T, at string, s *openapi3.Schema) {
	t.Helper()
	switch {
	case s.Type.Is(openapi3.TypeString) && s.MaxLength == nil && len(s.Enum) == 0:
		t.Errorf("%s: a text without an end", at)
	case s.Type.Is(openapi3.TypeInteger) && (s.Min == nil || s.Max == nil):
		t.Errorf("%s: a number without bounds", at)
	case s.Type.Is(openapi3.TypeArray):
		if s.MaxItems == nil {
			t.Errorf("%s: a list without an end", at)
		}
		bounded(t, at+"[]", s.Items.Value)
	case s.Type.Is(openapi3.TypeObject):
		if s.AdditionalProperties.Has == nil || *s.AdditionalProperties.Has {
			t.Errorf("%s: an object that takes anything", at)
		}
		for name, p := range s.Properties {
			bounded(t, at+"."+name, p.Value)
		}
	}
}

func TestEveryOperationSaysWhoMayUseIt(t *testing.T) {
	ops, err := operations(spec(t))
	if err != nil {
		t.Fatal(err)
	}
	open := map[string]bool{
		"listNotices": true, "listOffices": true, "listDays": true, "listSlots": true, "hold": true, "sendPhoneCode": true, "login": true,
	}
	for id, op := range ops {
		if guarded := op.staff || len(op.headers) > 0; guarded == open[id] {
			t.Errorf("%s: guarded is %t, want %t", id, guarded, !open[id])
		}
	}
}

// elsewhere is the codes that no operation answers with: what they are about
// can be done on pages and by commands only, or is asked before.
var elsewhere = []string{
	"no_such_call", "too_few_calls", "no_such_user", "user_exists", "other_office",
	"no_such_notice", "notice_moved", "own_notice",
	"call_not_held", "no_such_draft", "no_rebooking", "not_oneself", "link_over", "account_shut", "factor_mistaken", "sign_on_away",
	"nobody_waits", "counter_shut", "counter_taken", "not_their_turn", "recall_too_soon", "called_often_enough", "call_again", "undo_too_late", "ticket_given",
	"no_walk_ins", "no_such_conflict", "own_entry", "entry_checked", "no_such_incident", "handed_over", "no_such_entry", "already_corrected", "ledger_day_over",
	"desk_not_today", "desk_day_confirmed", "desk_not_taken", "desk_in_future", "desk_other_outcome", "desk_already_in", "desk_ticket_called", "desk_not_its_ticket",
	"no_invitation", "not_invited", "second_needs_a_phone", "no_waiting", "no_offer", "no_such_waiter", "waiting_already",
}

func TestEveryCodeIsInTheDocument(t *testing.T) {
	declared := regexp.MustCompile(`fault\.New\(fault\.\w+, "(\w+)"\)`)
	for _, folder := range []string{"../../slots", "../../notify", "../../booking", "../../hall", "../auth", "."} {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in %s: %v", folder, err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range declared.FindAllSubmatch(source, -1) {
				code := string(found[1])
				told := bytes.Contains(document, []byte("`"+code+"`"))
				if told == slices.Contains(elsewhere, code) && !strings.HasSuffix(file, "_test.go") {
					t.Errorf("%s: the document tells of %s: %t", file, code, told)
				}
			}
		}
	}
}

func TestTheGeneratedCodeIsOfThisDocument(t *testing.T) {
	fresh := filepath.Join(t.TempDir(), "api.gen.go")
	generate := exec.Command("go", "run", "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2",
		"-config", "oapi-codegen.yaml", "-o", fresh, "openapi.yaml")
	if out, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("generate: %v\n%s", err, out)
	}
	want, err := os.ReadFile(fresh)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("api.gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("api.gen.go is of another document: go generate ./server/api")
	}
}
