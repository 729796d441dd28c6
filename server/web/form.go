package web

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"hunyue/booking"
	"hunyue/internal/identity"
	"hunyue/slots"
)

// The versions of what couples agree to (domain rule 33). They are stored with
// the appointment.
const (
	agreementVersion = booking.AgreementVersion
	privacyVersion   = booking.PrivacyVersion
)

// bookForm is what travels from page to page while a couple books.
type bookForm struct {
	Slot    string `json:"s,omitempty"`
	Service string `json:"v,omitempty"`
	Hold    string `json:"h"`
	Token   string `json:"t,omitempty"`
	Until   string `json:"u,omitempty"` // when the hold ends, to be shown; what counts is in the token
	Key     string `json:"k,omitempty"` // of this booking: sent twice, it is made once
	Part    string `json:"p,omitempty"` // which of the pages it is on, where there is one for each person

	Parties   [2]partyForm `json:"w"`
	Phone     string       `json:"m,omitempty"`
	Caller    string       `json:"-"`           // who asks, where staff type
	Agreement string       `json:"a,omitempty"` // the version that was accepted
	Privacy   string       `json:"y,omitempty"`
	Health    string       `json:"e,omitempty"` // asked for where temperatures are taken, and never needed
	Code      string       `json:"-"`
}

type partyForm struct {
	Name   string `json:"n,omitempty"`
	Type   string `json:"t,omitempty"`
	Number string `json:"d,omitempty"`
	Sex    string `json:"s,omitempty"`
	Born   string `json:"b,omitempty"`
	Sure   string `json:"r,omitempty"` // the name that they insist on
}

// readBookForm reads what was sent. Nothing of it is read from the address.
func readBookForm(v url.Values) bookForm {
	f := bookForm{
		Slot: v.Get("slot"), Service: v.Get("service"), Hold: v.Get("hold"), Token: v.Get("token"),
		Until: v.Get("until"), Key: v.Get("key"), Part: v.Get("part"), Phone: v.Get("phone"), Caller: v.Get("caller"),
		Agreement: v.Get("consents.agreement"), Privacy: v.Get("consents.privacy"), Health: v.Get("consents.health"), Code: v.Get("code"),
	}
	for i := range f.Parties {
		f.Parties[i] = partyForm{
			Name: v.Get(partyInput(i, "name")), Type: v.Get(partyInput(i, "document.type")),
			Number: v.Get(partyInput(i, "document.number")),
			Sex:    v.Get(partyInput(i, "sex")), Born: v.Get(partyInput(i, "birth_date")),
			Sure: v.Get(partyInput(i, "sure")),
		}
	}
	return f
}

// partyInput names an input as the faults of booking name it.
func partyInput(i int, of string) string { return fmt.Sprintf("parties.%d.%s", i, of) }

// held is what identifies the hold, for the next form.
func (f bookForm) held() []hidden {
	return []hidden{
		{"slot", f.Slot},
		{"service", f.Service},
		{"hold", f.Hold},
		{"token", f.Token},
		{"until", f.Until},
		{"key", f.Key},
	}
}

// place is held by name, for a page that is asked for again.
func (f bookForm) place() map[string]string {
	all := map[string]string{}
	for _, h := range f.held() {
		all[h.Name] = h.Value
	}
	return all
}

// typed is what the couple has typed, for a form that does not show it.
func (f bookForm) typed() []hidden {
	all := []hidden{
		{"phone", f.Phone},
		{"caller", f.Caller},
		{"consents.agreement", f.Agreement},
		{"consents.privacy", f.Privacy},
		{"consents.health", f.Health},
	}
	for i, p := range f.Parties {
		all = append(all,
			hidden{partyInput(i, "name"), p.Name},
			hidden{partyInput(i, "document.type"), p.Type},
			hidden{partyInput(i, "document.number"), p.Number},
			hidden{partyInput(i, "sex"), p.Sex},
			hidden{partyInput(i, "birth_date"), p.Born},
			hidden{partyInput(i, "sure"), p.Sure})
	}
	return all
}

// request is what was asked for, without what may differ when it is asked
// again: the code, and a token that was prolonged.
func (f bookForm) request() ([]byte, error) {
	var all []string
	for _, h := range append(f.held(), f.typed()...) {
		if h.Name != "token" && h.Name != "until" {
			all = append(all, h.Name, h.Value)
		}
	}
	return json.Marshal(all)
}

// empty reports whether nothing was typed for a person.
func (p partyForm) empty() bool { return strings.TrimSpace(p.Name+p.Number+p.Born) == "" }

// begun reports whether anything was typed that would be missed.
func (f bookForm) begun() bool {
	return strings.TrimSpace(f.Phone+f.Caller) != "" || !f.Parties[0].empty() || !f.Parties[1].empty()
}

// documents is the types that an office with these rules takes, residents'
// first (domain rule 8).
func documents(rules slots.Rules) []identity.DocumentType {
	types := []identity.DocumentType{identity.ResidentID}
	if rules.XBHMT {
		types = append(types, identity.HKMacaoPermit, identity.TaiwanPermit, identity.HMTResidence)
	}
	if rules.XBForeign || rules.XBOverseas {
		types = append(types, identity.Passport)
	}
	if rules.XBForeign {
		types = append(types, identity.ForeignPR)
	}
	return types
}

// newKey is a key under which a form is sent, however often.
func newKey() string { return uuid.NewString() }

// until reads when the hold ends; false where the form does not say.
func (f bookForm) until() (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, f.Until)
	return t, err == nil
}
