package identity

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
	"unicode/utf8"

	"hunyue/internal/date"
)

// DocumentType is the kind of document with which somebody proves who they are.
// The values are those of the API.
type DocumentType string

// The documents that the marriage registration regulations accept (婚姻登记条例
// 8, 15, 21).
const (
	ResidentID    DocumentType = "resident_id"     // 居民身份证, temporary ones too
	HKMacaoPermit DocumentType = "hk_macao_permit" // 港澳居民来往内地通行证
	TaiwanPermit  DocumentType = "taiwan_permit"   // 台湾居民来往大陆通行证
	HMTResidence  DocumentType = "hmt_residence"   // 港澳台居民居住证
	Passport      DocumentType = "passport"        // Chinese or foreign
	ForeignPR     DocumentType = "foreign_pr"      // 外国人永久居留身份证
)

// Document is one person's document. ParseDocument makes right ones; one put
// together from stored fields has the same Key and birthday as when it was
// parsed. It prints itself masked; Number is the plain text, for sealing.
type Document struct {
	Type   DocumentType
	Number string
}

// PartyKind is who somebody is to the law on marriage registration: on it
// depends which offices register them and what they bring (婚姻登记条例 2, 8).
type PartyKind string

// The kinds of persons.
const (
	Mainland        PartyKind = "mainland" // 内地居民
	HMT             PartyKind = "hmt"      // 香港、澳门、台湾居民
	OverseasChinese PartyKind = "overseas" // 华侨
	Foreign         PartyKind = "foreign"  // 外国人
)

// PartyKinds is every kind, residents first.
func PartyKinds() []PartyKind { return []PartyKind{Mainland, HMT, OverseasChinese, Foreign} }

// Kind is who the holder is, as far as the document tells: a passport in the form
// of a Chinese one is that of a citizen who lives abroad. It is "" for a type that
// does not exist.
func (d Document) Kind() PartyKind {
	switch d.Type {
	case ResidentID:
		return Mainland
	case HKMacaoPermit, TaiwanPermit, HMTResidence:
		return HMT
	case Passport:
		if d.IsChinesePassport() {
			return OverseasChinese
		}
		return Foreign
	case ForeignPR:
		return Foreign
	}
	return ""
}

// ParseDocument reads a number as somebody typed it. It returns the normalised
// document and "", or no document and what is wrong: "unknown_type",
// "required", "too_long", "format", "province", "date", "future",
// "check_digit" or, for 15 digits, "first_generation".
//
// A card with 18 digits says itself what it is: a number typed as ResidentID
// that belongs to a residence permit (810000, 820000, 830000) or to a permanent
// residence card (9…) comes back with that type, so that one person has one Key
// and cannot pass for a resident. The birthday is compared with the day that
// today shows in its own location.
func ParseDocument(t DocumentType, number string, today time.Time) (Document, string) {
	longest, known := t.longest()
	if !known {
		return Document{}, unknownType
	}
	if len(number) > maxTyped {
		return Document{}, tooLong
	}
	number = spell(number)
	switch {
	case number == "":
		return Document{}, required
	case utf8.RuneCountInString(number) > longest:
		return Document{}, tooLong
	}
	if t == ResidentID {
		t = cardOf(number)
	}
	if wrong := wrongIn(t, number, date.DateOf(today)); wrong != "" {
		return Document{}, wrong
	}
	return Document{Type: t, Number: number}, ""
}

// longest is how many characters the longest number of the type has; false
// stands for a type that does not exist.
func (t DocumentType) longest() (int, bool) {
	switch t {
	case ResidentID, HMTResidence, ForeignPR:
		return 18, true
	case Passport:
		return 15, true
	case HKMacaoPermit, TaiwanPermit:
		return 11, true
	}
	return 0, false
}

func wrongIn(t DocumentType, number string, today date.Date) string {
	switch t {
	case ResidentID:
		return wrongInResident(number, today)
	case HMTResidence:
		return wrongInResidencePermit(number, today)
	case ForeignPR:
		return wrongInPermanentResidence(number, today)
	case HKMacaoPermit:
		return wrongInTravel(hkMacao, number)
	case TaiwanPermit:
		return wrongInTravel(taiwan, number)
	case Passport:
		return wrongInTravel(passport, number)
	}
	return unknownType
}

// Key identifies the holder: two documents with one Key are one person's. It is
// the type with the number, of which a Hong Kong or Macao permit gives the nine
// characters that outlive re-issues and an old resident ID its 18-digit form
// (domain rule 5). A Key holds the plain number: feed it to an HMAC, store it
// nowhere.
func (d Document) Key() string {
	number := spell(d.Number)
	switch d.Type {
	case HKMacaoPermit:
		number = lifelong(number)
	case ResidentID:
		if long, ok := upgrade(number); ok {
			number = long
		}
	case TaiwanPermit, HMTResidence, Passport, ForeignPR:
	}
	return string(d.Type) + ":" + number
}

// BirthAndSex reads the birthday and the sex out of a number of 18 digits, or
// of 15 on an old resident ID. The bool is false for all other documents, whose
// holders must be asked (domain rule 4).
func (d Document) BirthAndSex() (date.Date, Sex, bool) {
	number := spell(d.Number)
	switch d.Type {
	case ResidentID, HMTResidence, ForeignPR:
		if long, ok := upgrade(number); ok && d.Type == ResidentID {
			number = long
		}
		return birthAndSex(number)
	case HKMacaoPermit, TaiwanPermit, Passport:
	}
	return date.Date{}, "", false
}

// Masked is the number as lists show it: the first 3 and last 4 characters of
// an ID number (domain rule 85), the first and the last third or less of the
// shorter numbers.
func (d Document) Masked() string {
	n := utf8.RuneCountInString(d.Number)
	switch {
	case n >= 15:
		return mask(d.Number, 3, 4)
	case n >= 5:
		return mask(d.Number, 1, n/3)
	}
	return mask(d.Number, 0, 0)
}

// String is the type with the masked number.
func (d Document) String() string { return string(d.Type) + " " + d.Masked() }

// GoString is what String is; %#v shows no more than %v.
func (d Document) GoString() string { return d.String() }

// Format prints the masked form whatever the verb.
func (d Document) Format(f fmt.State, _ rune) { maskFormat(f, d.String()) }

// LogValue is the masked form.
func (d Document) LogValue() slog.Value { return slog.StringValue(d.String()) }

// MarshalJSON writes the type and the masked number. What it writes cannot be
// read back as a document.
func (d Document) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Type   DocumentType `json:"type"`
		Number string       `json:"number"`
	}{d.Type, d.Masked()})
}
