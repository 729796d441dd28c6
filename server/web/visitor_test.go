package web

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"

	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/server/auth"
	"hunyue/server/i18n"
)

const (
	office    = "430702"
	elsewhere = "430703" // an office where our staff have nothing to do
	password  = "demo-hunyue-2026"
)

// visitor is a browser with its cookies, showing a page.
type visitor struct {
	*town
	client *http.Client
	Status int
	URL    *url.URL
	header http.Header
	body   string
	root   *html.Node
}

func (tn *town) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		tn.t.Fatal(err)
	}
	return &visitor{town: tn, client: &http.Client{Jar: jar, Timeout: 20 * time.Second}}
}

func (v *visitor) do(r *http.Request) *visitor {
	v.t.Helper()
	v.answer(r)
	var err error
	if v.root, err = html.Parse(strings.NewReader(v.body)); err != nil {
		v.t.Fatal(err)
	}
	return v
}

// answer sends a request and keeps what comes back.
func (v *visitor) answer(r *http.Request) {
	v.t.Helper()
	v.asked = append(v.asked, r.URL.String())
	answer, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	v.Status, v.URL, v.header, v.body = answer.StatusCode, answer.Request.URL, answer.Header, string(raw)
}

// get asks for an address.
func (v *visitor) get(path string) *visitor {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.server.URL+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(r)
}

// form is the form of the page that is sent to the address, or that has a
// button that sends it there, filled in as the page shows it.
func (v *visitor) form(action string) url.Values {
	v.t.Helper()
	for f := range v.all("form") {
		sends := attr(f, "action") == action
		for b := range descendants(f, "button") {
			sends = sends || attr(b, "formaction") == action
		}
		if sends {
			return filled(f)
		}
	}
	v.t.Fatalf("%s: no form is sent to %s:\n%s", v.URL.Path, action, v.text())
	return nil
}

// send sends that form with some of its inputs typed over.
func (v *visitor) send(action string, typed ...string) *visitor {
	v.t.Helper()
	values := v.form(action)
	for i := 0; i+1 < len(typed); i += 2 {
		values.Set(typed[i], typed[i+1])
	}
	return v.post(action, values)
}

func (v *visitor) post(action string, values url.Values) *visitor {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.server.URL+action, strings.NewReader(values.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return v.do(r)
}

// want checks the status and that the page says something.
func (v *visitor) want(status int, says ...string) *visitor {
	v.t.Helper()
	if v.Status != status {
		v.t.Fatalf("%s: status %d, want %d:\n%s", v.URL.Path, v.Status, status, v.text())
	}
	text := v.text()
	for _, s := range says {
		if !strings.Contains(text, s) {
			v.t.Errorf("%s does not say %q:\n%s", v.URL.Path, s, text)
		}
	}
	return v
}

// text is what the page says.
func (v *visitor) text() string {
	var all strings.Builder
	for n := range v.root.Descendants() {
		switch {
		case n.Type != html.TextNode || strings.TrimSpace(n.Data) == "":
		case isTel(n.Parent) || isTel(n.NextSibling): // a word of the sentence around it
			all.WriteString(n.Data)
			if isTel(n.Parent) && n.Parent.NextSibling == nil {
				all.WriteString("\n")
			}
		default:
			all.WriteString(strings.TrimSpace(n.Data) + "\n")
		}
	}
	return i18n.Plain(all.String())
}

// isTel reports whether n is a number that can be called.
func isTel(n *html.Node) bool {
	return n != nil && n.Type == html.ElementNode && attr(n, "class") == "tel"
}

func (v *visitor) all(tag string) func(func(*html.Node) bool) { return descendants(v.root, tag) }

func descendants(n *html.Node, tag string) func(func(*html.Node) bool) {
	return func(yield func(*html.Node) bool) {
		for d := range n.Descendants() {
			if d.Type == html.ElementNode && d.Data == tag && !yield(d) {
				return
			}
		}
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// filled is what a browser would send of a form as it is.
func filled(f *html.Node) url.Values {
	values := url.Values{}
	for in := range descendants(f, "input") {
		box := attr(in, "type") == "checkbox" || attr(in, "type") == "radio"
		if !box || has(in, "checked") {
			values.Set(attr(in, "name"), attr(in, "value"))
		}
	}
	for s := range descendants(f, "select") {
		for o := range descendants(s, "option") {
			if has(o, "selected") || !values.Has(attr(s, "name")) {
				values.Set(attr(s, "name"), attr(o, "value"))
			}
		}
	}
	for a := range descendants(f, "textarea") {
		if a.FirstChild != nil {
			values.Set(attr(a, "name"), a.FirstChild.Data)
		}
	}
	return values
}

// radios is the values that can be chosen on the page.
func (v *visitor) radios() []string {
	var all []string
	for in := range v.all("input") {
		if attr(in, "type") == "radio" && !has(in, "disabled") {
			all = append(all, attr(in, "value"))
		}
	}
	return all
}

// The couple of the examples. Nobody has these numbers.
const (
	him       = "430799199003070014"
	her       = "430799199003070022"
	hisPhone  = "13800000001"
	theDay    = "/o/" + office + "/2026-05-20"
	nineClock = office + "-20260520-0900-marriage"
)

// couple is the form filled in by them.
func couple() []string {
	return []string{
		"parties.0.name", "张三", "parties.0.document.number", him,
		"parties.1.name", "李四", "parties.1.document.number", her,
		"phone", hisPhone, "consents.agreement", agreementVersion, "consents.privacy", privacyVersion,
	}
}

// book books for the couple and stays on the page of the appointment.
func (v *visitor) book() {
	v.t.Helper()
	v.get(theDay).send(theDay, "slot", nineClock).want(http.StatusOK, "填写双方信息")
	v.send("/book/check", couple()...).want(http.StatusOK, "核对并验证手机")
	v.send("/book/confirm", "code", v.codeFor(hisPhone)).want(http.StatusOK, "预约成功")
}

// staff is a browser in which somebody with this role has signed in.
func (tn *town) staff(role string) *visitor {
	tn.t.Helper()
	_, err := tn.Accounts.AddUser(tn.t.Context(), "test", auth.NewUser{
		Username: role, Password: password, Roles: []string{role}, Offices: []string{office},
		CertificateFrom: date.Date{Year: 2026, Month: 1, Day: 1}, CertificateTo: date.Date{Year: 2027, Month: 12, Day: 31},
	})
	if err != nil {
		tn.t.Fatal(err)
	}
	v := tn.visitor()
	v.get("/staff/login").send("/staff/login", "username", role, "password", password)
	if v.Status != http.StatusOK || v.URL.Path == "/staff/login" {
		tn.t.Fatalf("login of %s: %d at %s", role, v.Status, v.URL.Path)
	}
	return v
}

// well is staff who have been measured today and are healthy.
func (tn *town) well(role string) *visitor {
	tn.t.Helper()
	v := tn.staff(role)
	_, err := tn.Hall.RecordStaff(tn.t.Context(), hall.StaffReading{
		Staff: role, Office: office, Actor: role, Readings: []hall.Reading{{Party: 1, Decicelsius: 364, Device: "T1"}},
	})
	if err != nil {
		tn.t.Fatal(err)
	}
	return v
}
