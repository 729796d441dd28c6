package web

import (
	"net/http"
	"net/url"

	"hunyue/notify"
)

// secondScreens is what the two see where the second person is asked themselves.
var secondScreens = []screen{
	{"P06s", "the link for the second person", []state{
		{"waiting", inTwo("2026-05-27", "09:00"), ownPage("")},
		{"link", inTwo("2026-05-27", "09:30"), ownPage("/second")},
		{"used-up", inTwo("2026-05-27", "10:00"), func(v *guest) {
			link := v.link()
			for range 5 {
				v.post(link+"/check", v.second("name", "王五"))
			}
			v.own("/second").want(http.StatusOK)
		}},
	}},
	{"P06t", "the second person confirms", []state{
		{"form", inTwo("2026-05-28", "09:00"), func(v *guest) { v.get(v.link()).want(http.StatusOK) }},
		{"errors", inTwo("2026-05-28", "09:30"), func(v *guest) {
			v.post(v.link()+"/check", v.second("name", "", "document.number", "12", "phone", "110", "consents.privacy", "")).want(http.StatusUnprocessableEntity)
		}},
		{"not-invited", inTwo("2026-05-28", "10:00"), func(v *guest) {
			v.post(v.link()+"/check", v.second("name", longName)).want(http.StatusUnprocessableEntity)
		}},
		{"code", inTwo("2026-05-28", "10:30"), func(v *guest) { v.post(v.link()+"/check", v.second()).want(http.StatusOK) }},
		{"code-wrong", inTwo("2026-05-28", "14:00"), func(v *guest) {
			v.post(v.link()+"/confirm", v.second("code", "000000")).want(http.StatusUnprocessableEntity)
		}},
		{"confirmed", inTwo("2026-05-28", "14:30"), func(v *guest) {
			v.post(v.link()+"/check", v.second()).want(http.StatusOK)
			v.send(v.link()+"/confirm", "code", v.codeOf(v.hers())).want(http.StatusOK)
		}},
		{"gone", nil, func(v *guest) { v.get("/second/AAAAAAAAAAAAAAAAAAAAAA").want(http.StatusNotFound) }},
	}},
}

// inTwo books where the second person is asked themselves, a page each.
func inTwo(day, clock string) func(*guest) {
	return func(v *guest) {
		v.t.Helper()
		v.chosen(asked, day, clock)
		inputs := v.inputs()
		v.send("/book/check", inputs[:4]...).want(http.StatusOK)
		v.send("/book/check", inputs[4:8]...).want(http.StatusOK)
		v.send("/book/check", inputs[8:]...).want(http.StatusOK)
		v.send("/book/confirm", "code", v.code()).want(http.StatusOK)
		v.number = v.URL.Path[len("/b/"):]
	}
}

// apiece is the page of one of the two, or of what is left, with changes sent.
func apiece(page int, clock string, changes ...string) func(*guest) {
	return func(v *guest) {
		v.t.Helper()
		v.chosen(asked, "2026-05-21", clock)
		inputs := v.inputs()
		for _, part := range [][]string{inputs[:4], inputs[4:8]}[:page-1] {
			v.send("/book/check", part...).want(http.StatusOK)
		}
		if len(changes) > 0 {
			v.send("/book/check", changes...).want(http.StatusUnprocessableEntity)
		}
	}
}

// link is where the link for the second person leads.
func (v *guest) link() string {
	v.t.Helper()
	a, err := v.Desk.At(v.t.Context(), v.number, func(string) bool { return true })
	if err != nil {
		v.t.Fatal(err)
	}
	second, err := v.Desk.Second(v.t.Context(), a)
	if err != nil || second.Link == "" {
		v.t.Fatalf("no link: %v", err)
	}
	return secondAt(second.Link)
}

// hers is the phone of the second person.
func (v *guest) hers() string { return "1370000" + v.phone()[7:] }

// codeOf is the newest one that came to a phone.
func (v *guest) codeOf(phone string) string {
	v.t.Helper()
	if err := v.worker.Drain(v.t.Context()); err != nil {
		v.t.Fatal(err)
	}
	messages, err := v.gallery.dev.Messages(v.t.Context(), phone)
	if err != nil || len(messages) == 0 || messages[0].Kind != notify.Code {
		v.t.Fatalf("no code came to the second person: %v", err)
	}
	return messages[0].Code
}

// second is the form of the second person, filled in.
func (v *guest) second(changes ...string) url.Values {
	v.t.Helper()
	inputs := v.inputs()
	form := url.Values{
		"name": {inputs[5]}, "document.number": {inputs[7]}, "phone": {v.hers()},
		"consents.agreement": {agreementVersion}, "consents.privacy": {privacyVersion},
	}
	for i := 0; i+1 < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
	}
	return form
}
