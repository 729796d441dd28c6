package web

import (
	"strings"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/identity"
)

// peopleView is for whom the place is.
type peopleView struct {
	Known  []string // masked: taken from the caller's newest booking
	Typed  []personFields
	Wrong  string // of the two together
	Phone  field
	Other  tick
	Caller field
	Back   *tick  // that the number was called back, where the office asks for it
	Decide *field // why they are booked although they cannot book online
	Ticks  []tick
	Basis  string
}

// personFields is the inputs for one person, in a row.
type personFields struct {
	Title    string
	Optional bool
	Fields   []field
	Check    string // what the number says of its holder, to be asked
}

// dateOfCall is the day that an instant is on where it is shown.
func dateOfCall(t time.Time) date.Date { return date.DateOf(t) }

// people is the form for a place that is held.
func (k *console) people(s subject) (*peopleView, error) {
	v := &peopleView{Wrong: k.wrong.say(k.d.Reader, "parties"), Basis: k.d.healthBasis(s.rules)}
	if k.st.From != "" {
		parties, err := k.persons()
		if err != nil {
			return nil, err
		}
		for _, p := range parties {
			v.Known = append(v.Known, k.d.T("console.person", "name", identity.MaskName(p.Name), "number", p.Document.Masked(), "born", k.d.bornAndAge(p.Born, k.today())))
		}
		k.knownWrong(v, parties, s)
	} else {
		k.typedPersons(v, s)
	}
	k.contact(v)
	if s.rules.CallBack {
		back := tick{Name: "called_back", Value: "1", Label: k.d.T("console.called_back"), On: k.typed.Get("called_back") != "", Wrong: k.wrong.say(k.d.Reader, "called_back")}
		v.Back = &back
	}
	v.Ticks = append(k.d.ticks(k.f, true, k.wrong), k.d.healthTicks(k.f, s.rules, true)...)
	for i, t := range v.Ticks { // in few words: the operator knows the texts
		v.Ticks[i].Label = k.d.T("console.tick." + strings.TrimPrefix(t.Name, "consents."))
	}
	return v, nil
}

// knownWrong says what keeps the persons of an earlier booking from this one: who
// was old enough then is so now, but documents may be served elsewhere.
func (k *console) knownWrong(v *peopleView, parties []booking.Party, s subject) {
	for i := range parties {
		for _, input := range []string{"name", "document.type", "document.number", "sex", "birth_date"} {
			if said := k.wrong.say(k.d.Reader, partyInput(i, input)); said != "" && v.Wrong == "" {
				v.Wrong = k.d.T("form.mistake_of", "whose", k.d.partyName(i, s.parties()), "label", k.d.T("book.number"), "wrong", said)
			}
		}
	}
}

func (k *console) typedPersons(v *peopleView, s subject) {
	for i, p := range k.f.Parties[:s.parties()] {
		of := k.d.partyFields(i, p, s, k.wrong)
		fields := personFields{Title: of.Title, Optional: of.Optional}
		for j, f := range of.Fields {
			f.Hint = ""
			if len(f.Choices) == 1 {
				continue // there is nothing to choose
			}
			if j == 2 && f.Wrong != "" {
				f.Wrong = k.d.speakable(k.wrong[f.Name], countOf(p.Number))
				if f.Wrong == "" {
					f.Wrong = k.wrong.say(k.d.Reader, f.Name)
				}
			}
			fields.Fields = append(fields.Fields, f)
		}
		document, wrong := identity.ParseDocument(identity.DocumentType(p.Type), p.Number, s.now)
		if born, _, says := document.BirthAndSex(); says && wrong == "" {
			fields.Check = k.d.bornAndAge(born, k.today())
		} else if wrong == "" && document.Number != "" {
			for _, f := range of.More {
				f.Hint = ""
				fields.Fields = append(fields.Fields, f)
			}
		}
		if party, _ := k.judgedParty(i, p, s); k.wrong[partyInput(i, "document.number")] == "under_age" {
			k.d.tooYoung(fields.Fields, party, s.rules, k.wrong)
		}
		v.Typed = append(v.Typed, fields)
	}
}

// judgedParty is one person as typed.
func (k *console) judgedParty(i int, p partyForm, s subject) (booking.Party, wrongs) {
	wrong := wrongs{}
	return k.judgeParty(wrong, i, p, s), wrong
}

// countOf is how many characters of a number were typed.
func countOf(number string) int { return len([]rune(strings.ReplaceAll(unwidened(number), " ", ""))) }

// speakable is what is wrong with an ID number in words that can be said to the
// caller; "" where there are none of its own.
func (pg page) speakable(wrong string, digits int) string {
	switch {
	case digits > 0 && digits < 18 && (wrong == "format" || wrong == "first_generation"):
		return pg.T("console.say_short", "n", 18-digits)
	case wrong == "too_long" || wrong == "format" && digits > 18:
		return pg.T("console.say_long", "n", digits-18)
	case wrong == "check_digit", wrong == "format", wrong == "province":
		return pg.T("console.say_check")
	case wrong == "date", wrong == "future":
		return pg.T("console.say_date")
	}
	return ""
}

// bornAndAge is a birthday with the age, to be asked as a check of the number.
func (pg page) bornAndAge(born, today date.Date) string {
	age := today.Year - born.Year
	if today.Month < born.Month || today.Month == born.Month && today.Day < born.Day {
		age--
	}
	if pg.Lang == "zh" {
		return pg.T("console.born", "year", born.Year, "month", int(born.Month), "day", born.Day, "age", age)
	}
	return pg.T("console.born", "year", born.Year, "month", born.Month.String()[:3], "day", born.Day, "age", age)
}

// contact is who calls and who is told.
func (k *console) contact(v *peopleView) {
	pg := k.d.page
	phone := field{Name: "phone", Type: "tel", Mode: "tel", Auto: "off"}
	v.Phone = pg.typed(phone, "console.phone", k.f.Phone, k.wrong)
	if k.st.Phone != "" {
		v.Phone.Label = pg.T("console.phone_hint", "phone", k.st.phone().Masked())
		if !k.st.phone().TakesSMS() {
			v.Phone.Label = pg.T("console.phone_hint_landline", "phone", k.st.phone().Masked())
		}
	}
	v.Other = tick{Name: "other", Value: "1", Label: pg.T("console.other"), On: k.other()}
	v.Caller = pg.typed(field{Name: "caller", Auto: "off"}, "console.caller", k.f.Caller, k.wrong)
	if !k.caller.Until.IsZero() && k.st.From != "" && k.d.Restricted == "" {
		k.d.Restricted = pg.T("busy.for_caller", "day", pg.Day(k.caller.Until))
	}
	if k.d.Restricted != "" {
		decide := pg.typed(field{Name: "decision", Auto: "off"}, "console.decision", k.typed.Get("decision"), k.wrong)
		v.Decide = &decide
	}
}
