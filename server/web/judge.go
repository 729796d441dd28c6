package web

import (
	"maps"
	"strings"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/slots"
)

// judge makes an application of what was typed, and says by input what is
// wrong with it: everything at once.
func (l line) judge(f bookForm, s subject) (booking.Application, wrongs) {
	wrong := wrongs{}
	app := booking.Application{
		Service: s.service.ID, Channel: l.channel,
		Consents: f.consents(s.rules),
	}
	for i, p := range f.Parties[:s.parties()] {
		if i >= s.service.PartiesMin && p.empty() {
			continue
		}
		app.Parties = append(app.Parties, l.judgeParty(wrong, i, p, s))
	}
	app.Phone = l.judgePhone(wrong, f.Phone)
	if app.Caller = strings.TrimSpace(f.Caller); l.assisted() && app.Caller == "" {
		wrong["caller"] = "required"
	}
	if f.Agreement != agreementVersion {
		wrong["consents.agreement"] = "required"
	}
	if f.Privacy != privacyVersion {
		wrong["consents.privacy"] = "required"
	}
	if len(wrong) == 0 {
		maps.Copy(wrong, app.Wrong(s.service, s.rules, s.slot.Day))
	}
	return app, wrong.atShown(app.Parties)
}

func (l line) judgeParty(wrong wrongs, i int, p partyForm, s subject) booking.Party {
	note := func(input, code string) {
		if code != "" {
			wrong[partyInput(i, input)] = code
		}
	}
	now := s.now
	document, code := identity.ParseDocument(identity.DocumentType(p.Type), p.Number, now)
	note("document.number", code)
	if code == "unknown_type" {
		delete(wrong, partyInput(i, "document.number"))
		note("document.type", code)
	}
	name, code := identity.NormaliseName(p.Name, p.Type != string(identity.ResidentID))
	if unusual(code) && name != "" && (l.assisted() || p.Sure == p.Name) {
		code = "" // there are people with such names; staff have asked, couples insist
	}
	note("name", code)
	born, sex, sexCode, bornCode := bornAndSex(document, p, date.DateOf(now))
	note("sex", sexCode)
	note("birth_date", bornCode)
	return booking.Party{Name: name, Document: document, Sex: sex, Born: born}
}

// unusual reports whether this is wrong with names that somebody may have all the
// same, or may write in another way until the office puts them right.
func unusual(code string) bool { return code == "characters" || code == "too_short" }

// bornAndSex is what the document says of its holder, and otherwise what they
// say themselves. What is typed must not contradict the document (domain rule 4).
func bornAndSex(d identity.Document, p partyForm, today date.Date) (born date.Date, sex identity.Sex, sexWrong, bornWrong string) {
	typedSex, sexOK := identity.ParseSex(p.Sex)
	typedBorn, err := date.ParseDate(strings.TrimSpace(p.Born))
	bornOK := err == nil
	if born, sex, says := d.BirthAndSex(); says {
		if sexOK && typedSex != sex {
			sexWrong = "contradiction"
		}
		if bornOK && typedBorn != born {
			bornWrong = "contradiction"
		}
		return born, sex, sexWrong, bornWrong
	}
	if d.Number == "" {
		return typedBorn, typedSex, "", "" // the number has to be mended first
	}
	if !sexOK {
		sexWrong = "required"
	}
	switch {
	case strings.TrimSpace(p.Born) == "":
		bornWrong = "required"
	case !bornOK:
		bornWrong = "date"
	case typedBorn.After(today):
		bornWrong = "future"
	}
	return typedBorn, typedSex, sexWrong, bornWrong
}

// judgePhone reads the phone. A couple that books itself needs one that gets
// texts, since a code is sent to it.
func (l line) judgePhone(wrong wrongs, typed string) identity.Phone {
	phone, code := identity.ParsePhone(typed)
	if code == "" && !l.assisted() && !phone.TakesSMS() {
		code = "not_mobile"
	}
	if code != "" {
		wrong["phone"] = code
	}
	return phone
}

// atShown moves what is wrong with a birth date or a sex that was read from a
// document to the number that says so.
func (w wrongs) atShown(parties []booking.Party) wrongs {
	for i, p := range parties {
		if _, _, says := p.Document.BirthAndSex(); !says {
			continue
		}
		for _, derived := range []string{"birth_date", "sex"} {
			from, to := partyInput(i, derived), partyInput(i, "document.number")
			if code := w[from]; code != "" && code != "contradiction" && w[to] == "" {
				w[to] = code
				delete(w, from)
			}
		}
	}
	return w
}

// subject is what a form books: read from its slot and its service.
type subject struct {
	wish
	slot   slots.SlotID
	starts time.Time
	now    time.Time // at the office
}

// parties is how many people the form asks for.
func (s subject) parties() int { return min(s.service.PartiesMax, len(bookForm{}.Parties)) }
