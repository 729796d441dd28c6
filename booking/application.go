package booking

import (
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/internal/seal"
	"hunyue/slots"
)

// The texts in force that a couple agrees to. A new text is a new version.
const (
	AgreementVersion = "2026-01"
	PrivacyVersion   = "2026-01"
	HealthVersion    = "2026-01" // temperatures at the door; a consent of its own (domain rule 91)
)

// Party is one of the persons who come to register.
type Party struct {
	Name     string
	Document identity.Document
	Sex      identity.Sex
	Born     date.Date
}

// Application is what turns a hold into an appointment.
type Application struct {
	Hold    uuid.UUID
	Token   string
	Session string
	Key     string // the client's Idempotency-Key
	Request []byte // the whole request as it came: another one with the same key is refused

	Service  string
	Parties  []Party
	Phone    identity.Phone
	Code     string // sent to the phone; not asked of staff, nor where the hold proves the phone
	Locale   string // zh or en
	Consents map[string]string

	Channel slots.Channel
	Actor   string // "couple", or the staff account that typed
	Caller  string // who asked, where somebody else typed; empty otherwise

	known   bool // the second person has confirmed what this is booked in place of
	rebooks bool // in place of what a suspension has taken away: see Rebook
}

// notServedHere is said of a document whose holders other offices register.
const notServedHere = "not_served_here"

// Wrong says by field what keeps the parties from being registered on the
// visit date at an office with these rules; nothing if nothing does.
//
// Sources: 民法典 1047 (ages), 婚姻登记条例 2 and 7 (both, one man and one
// woman, which offices serve whom); domain rules 1, 2, 8 and 12.
func (a Application) Wrong(service slots.Service, rules slots.Rules, visit date.Date) map[string]string {
	wrong := map[string]string{}
	if n := len(a.Parties); n < service.PartiesMin || n > service.PartiesMax {
		wrong["parties"] = "count"
		return wrong
	}
	if len(a.Parties) == 2 && a.Parties[0].Document.Key() == a.Parties[1].Document.Key() {
		wrong["parties.1.document.number"] = "same_person"
	}
	if service.Group == slots.Marriage {
		a.wrongForMarriage(wrong, rules, visit)
	}
	foreign := 0
	for i, p := range a.Parties {
		served, mainland := serves(rules, p.Document)
		if !served {
			wrong[fmt.Sprintf("parties.%d.document.type", i)] = notServedHere
		}
		if !mainland {
			foreign++
		}
	}
	if foreign == 2 {
		wrong["parties"] = "both_foreign" // 条例 26: rules of their own; the office helps
	}
	return wrong
}

func (a Application) wrongForMarriage(wrong map[string]string, rules slots.Rules, visit date.Date) {
	if a.Parties[0].Sex == a.Parties[1].Sex {
		wrong["parties.1.sex"] = "one_man_one_woman"
	}
	for i, p := range a.Parties {
		if !identity.OldEnough(p.Sex, p.Born, visit, rules.MinAgeM, rules.MinAgeF) {
			wrong[fmt.Sprintf("parties.%d.birth_date", i)] = "under_age"
		}
	}
}

// serves reports whether an office with these rules serves holders of a
// document, and whether they are residents of the mainland. The office that
// serves foreigners sees whether a passport is a Chinese one.
func serves(rules slots.Rules, d identity.Document) (served, mainland bool) {
	switch d.Kind() {
	case identity.Mainland:
		return true, true
	case identity.HMT:
		return rules.XBHMT, false
	case identity.OverseasChinese:
		return rules.XBForeign || rules.XBOverseas, false
	case identity.Foreign:
		return rules.XBForeign, false
	}
	return false, false
}

// filed is a party as it is sealed for the database.
type filed struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Number string `json:"number"`
	Sex    string `json:"sex"`
	Born   string `json:"born"`
}

func (p Party) seal(keys *seal.Keys, hold uuid.UUID, role int) ([]byte, error) {
	plain, err := json.Marshal(filed{
		Name: p.Name, Type: string(p.Document.Type), Number: p.Document.Number,
		Sex: string(p.Sex), Born: p.Born.String(),
	})
	if err != nil {
		return nil, err
	}
	return keys.Seal(plain, partyRow(hold, role))
}

func partyRow(hold uuid.UUID, role int) string { return fmt.Sprintf("party/%s/%d", hold, role) }
func contactRow(hold uuid.UUID) string         { return "contact/" + hold.String() }
func callerRow(hold uuid.UUID) string          { return "caller/" + hold.String() }
