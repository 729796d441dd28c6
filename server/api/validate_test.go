package api

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"hunyue/internal/fault"
)

// bookBody and holdBody are what most requests send.
const (
	bookBody = `{"hold":"0b9fd3a8-6a3f-4c1e-9d53-1f1f3a1f7f10","service":"marriage",
		"parties":[
			{"name":"张三","document":{"type":"resident_id","number":"430799199003070014"}},
			{"name":"李四","document":{"type":"resident_id","number":"430799199003070022"}}],
		"phone":"13800000001","phone_code":"123456","locale":"zh","consents":{"agreement":"2026-01","privacy":"2026-01"}}`
	holdBody = `{"slot":"430702-20260520-0900-marriage"}`
)

// door is an Echo with the checks of every operation and nothing behind them.
func door(t testing.TB) *echo.Echo {
	t.Helper()
	spec, err := readSpec()
	if err != nil {
		t.Fatal(err)
	}
	ops, err := operations(spec)
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		f := fault.Of(err)
		if _, ok := errors.AsType[*echo.HTTPError](err); ok {
			f = fault.New(fault.NotFound, "no_such_page")
		}
		if err := WriteProblem(c, f, "title"); err != nil {
			t.Error(err)
		}
	}
	for path, item := range spec.Paths.Map() {
		for method, of := range item.Operations() {
			passed := func(c echo.Context) error { return c.NoContent(http.StatusTeapot) }
			e.Add(method, echoPath(path), ops[of.OperationID].check(passed))
		}
	}
	return e
}

// echoPath writes {name} as :name.
func echoPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// sent is a request that is right until a test spoils it.
type sent struct {
	method, path, body string
	header             map[string]string
}

func (s sent) request() *http.Request {
	var body io.Reader
	if s.body != "" {
		body = strings.NewReader(s.body)
	}
	r := httptest.NewRequest(s.method, s.path, body)
	headers := map[string]string{
		"Content-Type": "application/json", tokenHeader: "token", secretHeader: "secret",
		keyHeader: "5f0c2f0e-3d0a-4a52-8a55-0f0f4a8b7c11",
	}
	maps.Copy(headers, s.header)
	for name, value := range headers {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	return r
}

// booking is bookBody with old replaced by new.
func booked(old, replacement string) sent {
	return sent{method: "POST", path: "/appointments", body: strings.Replace(bookBody, old, replacement, 1)}
}

// with is s with old replaced by new in its body.
func (s sent) with(old, replacement string) sent {
	s.body = strings.Replace(s.body, old, replacement, 1)
	return s
}

// without is s without a header.
func (s sent) without(header string) sent {
	s.header = map[string]string{header: ""}
	return s
}

func asked(path, body string) sent { return sent{method: "POST", path: path, body: body} }

// unkeyed is asked without the Idempotency-Key that tests send.
func unkeyed(path, body string) sent {
	return sent{"POST", path, body, map[string]string{keyHeader: ""}}
}

func fetched(path string) sent { return sent{method: "GET", path: path} }

// members is n fields that nobody knows.
func members(n int) string {
	var all []string
	for i := range n {
		all = append(all, `"`+strings.Repeat("a", i%26+1)+strings.Repeat("b", i/26+1)+`":1`)
	}
	return strings.Join(all, ",")
}

func problemIn(t testing.TB, answer *httptest.ResponseRecorder) ProblemDocument {
	t.Helper()
	if media := answer.Header().Get("Content-Type"); media != problemType {
		t.Errorf("answered as %q, want %q", media, problemType)
	}
	var p ProblemDocument
	if err := json.Unmarshal(answer.Body.Bytes(), &p); err != nil {
		t.Fatalf("problem document %q: %v", answer.Body, err)
	}
	return p
}

func TestEveryMistakeIsNamedAtOnceAndNothingIsRepeated(t *testing.T) {
	type fields = map[string]string
	number := `"430799199003070014"`
	tests := map[string]struct {
		sent   sent
		status int
		code   string
		fields fields
	}{
		"a right booking":             {booked("", ""), 418, "", nil},
		"a right hold":                {asked("/holds", holdBody), 418, "", nil},
		"right days":                  {fetched("/offices/430702/days?service=marriage&from=2026-05-18&to=2026-05-24"), 418, "", nil},
		"days without a range":        {fetched("/offices/430702/days?service=marriage"), 418, "", nil},
		"a charset does no harm":      {sent{"POST", "/holds", holdBody, fields{"Content-Type": "application/json; charset=utf-8"}}, 418, "", nil},
		"no body where none is read":  {asked("/holds/0b9fd3a8-6a3f-4c1e-9d53-1f1f3a1f7f10/extend", ""), 418, "", nil},
		"a body where none is read":   {asked("/holds/0b9fd3a8-6a3f-4c1e-9d53-1f1f3a1f7f10/extend", "{"), 418, "", nil},
		"an optional header left out": {sent{"POST", "/holds", holdBody, fields{keyHeader: ""}}, 418, "", nil},

		"not JSON":                       {asked("/holds", `{"slot":`), 400, "malformed", nil},
		"an empty body":                  {asked("/holds", " "), 400, "malformed", nil},
		"no body":                        {asked("/holds", ""), 400, "malformed", nil},
		"more than one value":            {asked("/holds", holdBody+" {}"), 400, "malformed", nil},
		"a name twice":                   {asked("/holds", `{"slot":"x","slot":"430702-20260520-0900-marriage"}`), 400, "malformed", nil},
		"a name twice, once escaped":     {asked("/holds", `{"sl\u006ft":"x","slot":"430702-20260520-0900-marriage"}`), 400, "malformed", nil},
		"a name twice, deep down":        {booked("", "").with(`{"type":"resident_id",`, `{"type":"passport","type":"resident_id",`), 400, "malformed", nil},
		"not UTF-8":                      {asked("/holds", "{\"slot\":\"\xff\"}"), 400, "malformed", nil},
		"a number beyond all numbers":    {asked("/holds", `{"slot":1e999}`), 400, "malformed", nil},
		"nested beyond reason":           {asked("/holds", strings.Repeat("[", 20000)), 400, "malformed", nil},
		"a list instead of an object":    {asked("/holds", `[]`), 422, "invalid_input", fields{"": "type"}},
		"null instead of an object":      {asked("/holds", `null`), 422, "invalid_input", fields{"": "type"}},
		"more than 64 KiB":               {asked("/holds", `{"slot":"`+strings.Repeat("x", largestBody)+`"}`), 413, "too_large", nil},
		"thousands of members":           {asked("/holds", `{"a":[`+strings.Repeat(`{"b":1},`, mostMembers)+`{}]}`), 413, "too_large", nil},
		"a form":                         {sent{"POST", "/holds", "slot=x", fields{"Content-Type": "application/x-www-form-urlencoded"}}, 415, "unsupported_media_type", nil},
		"no content type":                {sent{"POST", "/holds", holdBody, fields{"Content-Type": ""}}, 415, "unsupported_media_type", nil},
		"compressed":                     {sent{"POST", "/holds", holdBody, fields{"Content-Encoding": "gzip"}}, 415, "unsupported_media_type", nil},
		"no token":                       {booked("", "").without(tokenHeader), 401, "token_required", nil},
		"no secret":                      {fetched("/appointments/48213907").without(secretHeader), 401, "secret_required", nil},
		"no key":                         {booked("", "").without(keyHeader), 400, "invalid_input", fields{keyHeader: "required"}},
		"a key with a blank":             {sent{"POST", "/appointments", bookBody, fields{keyHeader: "a key"}}, 400, "invalid_input", fields{keyHeader: "pattern"}},
		"a long key":                     {sent{"POST", "/appointments", bookBody, fields{keyHeader: strings.Repeat("k", 65)}}, 400, "invalid_input", fields{keyHeader: "too_long"}},
		"no key and no phone":            {booked(`"phone":"13800000001",`, "").without(keyHeader), 400, "invalid_input", fields{keyHeader: "required", "phone": "required"}},
		"an unknown field":               {asked("/holds", `{"slot":"430702-20260520-0900-marriage","status":"booked"}`), 422, "invalid_input", fields{"status": "unknown"}},
		"an unknown field, deep down":    {booked(`"type":"resident_id",`, `"type":"resident_id","country":"x",`), 422, "invalid_input", fields{"parties.0.document.country": "unknown"}},
		"a field in capitals":            {asked("/holds", `{"slot":"430702-20260520-0900-marriage","Slot":"x"}`), 422, "invalid_input", fields{"": "unknown"}},
		"a field named after somebody":   {booked(`"type":"resident_id",`, `"type":"resident_id","张三":"x",`), 422, "invalid_input", fields{"parties.0.document": "unknown"}},
		"nothing at all":                 {asked("/appointments", `{}`), 422, "invalid_input", fields{"hold": "required", "service": "required", "parties": "required", "phone": "required", "phone_code": "required", "consents": "required"}},
		"empty texts":                    {booked(`"13800000001"`, `""`).with(`"张三"`, `"  "`), 422, "invalid_input", fields{"phone": "required"}},
		"a number for a text":            {booked(number, `430799199003070014`), 422, "invalid_input", fields{"parties.0.document.number": "type"}},
		"null for a text":                {booked(number, `null`), 422, "invalid_input", fields{"parties.0.document.number": "type"}},
		"an unknown document":            {booked(`"resident_id"`, `"driving_licence"`), 422, "invalid_input", fields{"parties.0.document.type": "enum"}},
		"a number too long":              {booked(number, `"`+strings.Repeat("1", 41)+`"`), 422, "invalid_input", fields{"parties.0.document.number": "too_long"}},
		"one person too many":            {booked(`"parties":[`, `"parties":[{"name":"王五","document":{"type":"passport","number":"E00000001"}},`), 422, "invalid_input", fields{"parties": "too_long"}},
		"no person":                      {asked("/staff/appointments", `{"hold":"0b9fd3a8-6a3f-4c1e-9d53-1f1f3a1f7f10","service":"marriage","parties":[],"phone":"1","channel":"phone"}`), 422, "invalid_input", fields{"parties": "too_short"}},
		"a day that is none":             {booked(`"name":"张三",`, `"name":"张三","birth_date":"1990-02-30",`), 422, "invalid_input", fields{"parties.0.birth_date": "format"}},
		"an id that is none":             {booked("0b9fd3a8-6a3f", "0b9fd3a8-6a3g"), 422, "invalid_input", fields{"hold": "format"}},
		"a code of five digits":          {booked(`"123456"`, `"12345"`), 422, "invalid_input", fields{"phone_code": "pattern"}},
		"a slot that cannot be":          {asked("/holds", `{"slot":"430702-20260520-0900-web"}`), 422, "invalid_input", fields{"slot": "pattern"}},
		"channel web for staff":          {asked("/staff/holds", `{"slot":"430702-20260520-0900-marriage","channel":"web"}`), 422, "invalid_input", fields{"channel": "enum"}},
		"a third party":                  {asked("/staff/appointments/48213907/check-in", `{"readings":[{"party":3,"celsius":"36.5","device":"T1"}]}`), 422, "invalid_input", fields{"readings.0.party": "too_big"}},
		"half a party":                   {asked("/staff/appointments/48213907/check-in", `{"readings":[{"party":1.5,"celsius":"36.5","device":"T1"}]}`), 422, "invalid_input", fields{"readings.0.party": "type"}},
		"a temperature as a number":      {asked("/staff/appointments/48213907/check-in", `{"readings":[{"party":1,"celsius":36.5,"device":"T1"}]}`), 422, "invalid_input", fields{"readings.0.celsius": "type"}},
		"an office that cannot be":       {fetched("/offices/wuling/days?service=marriage"), 422, "invalid_input", fields{"office": "pattern"}},
		"no service and no date":         {fetched("/offices/430702/slots"), 422, "invalid_input", fields{"service": "required", "date": "required"}},
		"a parameter twice":              {fetched("/offices/430702/slots?service=marriage&date=2026-05-20&date=2026-05-21"), 422, "invalid_input", fields{"date": "repeated"}},
		"31 April":                       {fetched("/offices/430702/days?service=marriage&from=2026-04-31"), 422, "invalid_input", fields{"from": "format"}},
		"an ID number in the address":    {sent{"GET", "/staff/appointments?q=430799199003070014", "", nil}, 422, "invalid_input", fields{"q": "too_long"}},
		"wrong in address and in body":   {asked("/staff/appointments/1/call", `{"counter":""}`), 422, "invalid_input", fields{"number": "pattern", "counter": "required"}},
		"a hold that cannot be":          {sent{"DELETE", "/holds/1", "", nil}, 422, "invalid_input", fields{"id": "format"}},
		"more mistakes than can be told": {asked("/staff/appointments/48213907/check-in", `{`+members(200)+`}`), 422, "invalid_input", nil},
	}
	e := door(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			answer := httptest.NewRecorder()
			e.ServeHTTP(answer, test.sent.request())
			if answer.Code != test.status {
				t.Fatalf("status %d, want %d: %s", answer.Code, test.status, answer.Body)
			}
			if test.status == http.StatusTeapot {
				return
			}
			p := problemIn(t, answer)
			if p.Code != test.code || p.Status != test.status {
				t.Errorf("code %q and status %d, want %q and %d", p.Code, p.Status, test.code, test.status)
			}
			if diff := cmp.Diff(test.fields, p.Fields); diff != "" && test.fields != nil {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
			if len(p.Fields) > mostWrong {
				t.Errorf("%d fields told, at most %d", len(p.Fields), mostWrong)
			}
			for _, secret := range []string{"430799199003070014", "13800000001", "张三", "123456"} {
				if strings.Contains(answer.Body.String(), secret) {
					t.Errorf("%s is repeated in %s", secret, answer.Body)
				}
			}
		})
	}
}

// FuzzRequests sends what nobody expects: it is let in or refused with a
// problem, and never our mistake.
func FuzzRequests(f *testing.F) {
	for _, body := range []string{bookBody, holdBody, `{}`, `[{"a":{"a":1}}]`, `{"parties":[{"document":{}}]}`, "{\"a\":\"\\\"\"}"} {
		f.Add("/appointments", body)
		f.Add("/holds", body)
		f.Add("/staff/appointments/48213907/check-in", body)
		f.Add("/manage/offices/430702/suspensions", body)
	}
	e := door(f)
	f.Fuzz(func(t *testing.T, path, body string) {
		r := asked("/", body).request()
		r.URL.Path = path
		answer := httptest.NewRecorder()
		e.ServeHTTP(answer, r)
		if answer.Code >= http.StatusInternalServerError {
			t.Fatalf("status %d: %s", answer.Code, answer.Body)
		}
		if answer.Code == http.StatusUnprocessableEntity && len(problemIn(t, answer).Fields) == 0 {
			t.Errorf("refused without a field: %s", answer.Body)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	e := door(b)
	e.POST("/nothing", func(c echo.Context) error { return c.NoContent(http.StatusTeapot) })
	for name, s := range map[string]sent{
		"nothing": asked("/nothing", holdBody), "hold": asked("/holds", holdBody), "appointment": booked("", ""),
		"days": fetched("/offices/430702/days?service=marriage&from=2026-05-18&to=2026-05-24"), "wrong": booked("resident_id", "x"),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r := s.request()
			for b.Loop() {
				r.Body = io.NopCloser(strings.NewReader(s.body))
				e.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
