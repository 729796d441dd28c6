package web

import (
	"maps"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/slots"
)

type detailsPage struct {
	page
	Title     string
	Step      string
	Base      string
	What      string // day and time
	Where     string
	Service   string
	HeldUntil string
	Extend    bool
	Held      []hidden
	Parties   []partyFields
	Phone     field
	Caller    field
	Assisted  bool
	Ticks     []tick
	Basis     string // for which no tick is asked
	Wrong     string // of the couple as a whole
	Elsewhere []link // the offices that serve them, if this one does not
	Part      part
}

// partyFields is the inputs for one person. More are only needed for documents
// that do not say when their holder was born.
type partyFields struct {
	Title    string
	Optional bool
	Fields   []field
	Sure     *tick // where a name is unusual: that it is so all the same
	More     []field
	Open     bool
}

func (l line) showDetails(c echo.Context, status int, pg page, f bookForm, s subject, wrong wrongs) error {
	at := l.partOf(pg, f, s, wrong)
	f.Part = at.Is
	t := turned{Form: f, Page: onDetails, Status: status, Alert: pg.Alert, Notice: pg.Notice, Mistakes: pg.Mistakes, Wrong: wrong}
	if done, err := l.turn(c, t); done {
		return err
	}
	d := detailsPage{
		page: pg, Part: at, Base: l.base, Step: l.step(pg, 2), Title: pg.asksFor(s.service), What: pg.Day(s.slot.Day) + " " + pg.Clock(s.starts), Where: pg.officeName(s.office),
		Service: pg.serviceName(s.service), Held: f.held(), Extend: s.rules.Extendable, Assisted: l.assisted(),
		Wrong: wrong.say(pg.Reader, "parties"),
	}
	if ends, known := f.until(); known {
		d.HeldUntil = pg.Clock(ends.In(s.office.Location))
	}
	if err := l.fillDetails(c, &d, f, s, wrong); err != nil {
		return err
	}
	return l.render(c, status, "details", d.only(f))
}

// fillDetails adds the inputs for both people, the phone and what is agreed to, as
// they were typed, with what is wrong with them.
func (l line) fillDetails(c echo.Context, d *detailsPage, f bookForm, s subject, wrong wrongs) error {
	pg := d.page
	if d.Wrong != "" {
		d.Mistakes = append(d.Mistakes, mistake{"parties", d.Wrong})
	}
	var err error
	read, _ := l.judge(f, s)
	for i, p := range f.Parties[:s.parties()] {
		party := pg.partyFields(i, p, s, wrong)
		if i < len(read.Parties) {
			pg.tooYoung(party.Fields, read.Parties[i], s.rules, wrong)
			pg.tooYoung(party.More, read.Parties[i], s.rules, wrong)
		}
		d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, party.Title, append(party.Fields, party.More...)...)...)
		d.Parties = append(d.Parties, party)
	}
	d.Phone = pg.typed(field{Name: "phone", Type: "tel", Mode: "tel", Auto: "tel-national", Hint: pg.T("book.phone_hint")}, "book.phone", f.Phone, wrong)
	if wrong["phone"] == "phone_limit" {
		d.Phone.Wrong = pg.T("wrong.phone.limit", "n", s.rules.PerPhone)
	}
	d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", d.Phone)...)
	if d.Assisted {
		d.Phone.Hint = pg.T("book.phone_hint_assisted")
		d.Caller = pg.typed(field{Name: "caller", Hint: pg.T("book.caller_hint"), Auto: "off"}, "book.caller", f.Caller, wrong)
		d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", d.Caller)...)
	}
	d.Ticks, d.Basis = append(pg.ticks(f, l.assisted(), wrong), pg.healthTicks(f, s.rules, l.assisted())...), pg.healthBasis(s.rules)
	for _, t := range d.Ticks {
		if t.Wrong != "" {
			d.Mistakes = append(d.Mistakes, mistake{t.Name, t.Wrong})
		}
	}
	if slices.Contains(slices.Collect(maps.Values(wrong)), notServedHere) {
		if d.Elsewhere, err = l.elsewhere(c, pg, read, s); err != nil {
			return err
		}
	}
	return nil
}

// notServedHere is the code for a document whose holders other offices register.
const notServedHere = "not_served_here"

// elsewhere is the offices that register such a couple on the day (domain rule 8).
func (l line) elsewhere(c echo.Context, pg page, a booking.Application, s subject) ([]link, error) {
	able, err := l.Desk.ServedAt(c.Request().Context(), a, s.slot.Day)
	var all []link
	for _, o := range able {
		all = append(all, link{To: l.daysAt(o.ID, s.service.ID), Text: pg.officeName(o) + " " + o.Phone})
	}
	return all, err
}

// partyName is what the form calls somebody: there are services for one alone.
func (pg page) partyName(i, of int) string {
	if of == 1 {
		return pg.T("book.alone")
	}
	return pg.T([]string{"book.one", "book.other"}[i])
}

// step says how far a couple is. Staff know.
func (l line) step(pg page, n int) string {
	if l.assisted() {
		return ""
	}
	return pg.T("step", "n", n)
}

// asksFor is the title of the form.
func (pg page) asksFor(s slots.Service) string {
	if s.PartiesMax == 1 {
		return pg.T("details.title_alone")
	}
	return pg.T("details.title")
}

func (pg page) partyFields(i int, p partyForm, s subject, wrong wrongs) partyFields {
	types := documents(s.rules)
	if p.Type == "" {
		p.Type = string(types[0])
	}
	kind := field{Name: partyInput(i, "document.type")}
	for _, t := range types {
		kind.Choices = append(kind.Choices, option{string(t), pg.T("document." + string(t)), p.Type == string(t)})
	}
	sex := field{Name: partyInput(i, "sex"), Choices: []option{{"", pg.T("book.choose"), p.Sex == ""}}}
	for _, known := range []identity.Sex{identity.Female, identity.Male} {
		sex.Choices = append(sex.Choices, option{string(known), pg.T("sex." + string(known)), p.Sex == string(known)})
	}
	name := field{Name: partyInput(i, "name"), Hint: pg.T("book.name_hint"), Auto: "off"}
	number := field{Name: partyInput(i, "document.number"), Hint: pg.T("book.number_hint"), Auto: "off"}
	born := field{Name: partyInput(i, "birth_date"), Type: "date", Auto: "off"}
	of := partyFields{
		Title:    pg.partyName(i, s.parties()),
		Optional: i >= s.service.PartiesMin,
		Fields: []field{
			pg.typed(name, "book.name", p.Name, wrong),
			pg.typed(kind, "book.document", p.Type, wrong),
			pg.typed(number, "book.number", p.Number, wrong),
		},
	}
	if wrong[name.Name] == "characters" {
		if odd := identity.Odd(p.Name, p.Type != string(identity.ResidentID)); odd != "" && utf8.RuneCountInString(odd) <= 5 {
			of.Fields[0].Wrong = pg.T("wrong.name.odd", "odd", odd)
		}
	}
	if code := wrong[number.Name]; code == "format" || code == "too_long" {
		of.Fields[2].Wrong = pg.wrongNumber(identity.DocumentType(p.Type), p.Number)
	}
	if p.Sure != "" || unusual(wrong[name.Name]) {
		of.Sure = &tick{Name: partyInput(i, "sure"), Value: p.Name, Label: pg.T("book.sure"), On: p.Sure == p.Name}
	}
	if len(types) > 1 {
		of.More = []field{pg.typed(sex, "book.sex", p.Sex, wrong), pg.typed(born, "book.born", p.Born, wrong)}
		of.Open = p.Sex+p.Born+of.More[0].Wrong+of.More[1].Wrong != ""
	}
	return of
}

// wrongNumber says how a number of the document should look: of an ID card how
// many characters are missing.
func (pg page) wrongNumber(t identity.DocumentType, typed string) string {
	n := 0
	for _, r := range typed {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	if t == identity.ResidentID && n != 18 {
		return pg.T("wrong.document.number.length", "n", n)
	}
	return pg.T("wrong.document.number.format", "example", pg.T("document.example."+string(t)))
}

// tooYoung says from which day somebody may marry, under the input that says
// when they were born.
func (pg page) tooYoung(fields []field, p booking.Party, rules slots.Rules, wrong wrongs) {
	for i, f := range fields {
		if wrong[f.Name] == "under_age" && !p.Born.IsZero() {
			age, from := oldEnough(p, rules)
			fields[i].Wrong = pg.T("wrong.under_age", "age", age, "day", pg.Day(from))
		}
	}
}

// oldEnough is the age at which somebody may marry and their first day of it
// (民法典 1047): for those born on 29 February 1 March in common years.
func oldEnough(p booking.Party, rules slots.Rules) (int, date.Date) {
	age := rules.MinAgeF
	if p.Sex == identity.Male {
		age = rules.MinAgeM
	}
	born := p.Born
	return age, date.DateOf(time.Date(born.Year+age, born.Month, born.Day, 0, 0, 0, 0, time.UTC))
}

// ticks is what has to be agreed to. Staff read it out.
func (pg page) ticks(f bookForm, assisted bool, wrong wrongs) []tick {
	read := ""
	if assisted {
		read = "_read"
	}
	return []tick{
		{
			Name: "consents.agreement", Value: agreementVersion, On: f.Agreement == agreementVersion,
			Label: pg.T("consent.agreement"+read, "version", agreementVersion), Wrong: wrong.say(pg.Reader, "consents.agreement"),
		},
		{
			Name: "consents.privacy", Value: privacyVersion, On: f.Privacy == privacyVersion,
			Label: pg.T("consent.privacy"+read, "version", privacyVersion), Wrong: wrong.say(pg.Reader, "consents.privacy"),
		},
	}
}

// personAnswers shows back who they are and how they are reached.
func (l line) personAnswers(pg page, app booking.Application, s subject) []answer {
	var all []answer
	for i, p := range app.Parties {
		who := pg.partyName(i, s.parties())
		text := pg.T("answer.person", "name", p.Name, "document", pg.T("document."+string(p.Document.Type)), "number", p.Document.Masked())
		all = append(all, answer{who, text})
	}
	return append(all, answer{pg.T("book.phone"), app.Phone.Number()})
}

type checkPage struct {
	page
	Step      string
	Base      string
	Answers   []answer
	HeldUntil string
	Extend    bool
	Assisted  bool
	Keep      []hidden
	Code      field
	Known     bool // the phone was shown before the time was chosen
	Phone     string
	Office    string // its phone, where no text arrives
	Bring     []string
}

func kinds(a booking.Application) []identity.PartyKind {
	var all []identity.PartyKind
	for _, p := range a.Parties {
		all = append(all, p.Document.Kind())
	}
	return all
}

// answer is a line of what was typed, shown back.
type answer struct{ Label, Text string }

func (l line) showCheck(c echo.Context, status int, pg page, f bookForm, s subject) error {
	f.Part = ""
	t := turned{Form: f, Page: onCheck, Status: status, Alert: pg.Alert, Notice: pg.Notice, Mistakes: pg.Mistakes}
	if done, err := l.turn(c, t); done {
		return err
	}
	app, _ := l.judge(f, s)
	d := checkPage{
		page: pg, Step: l.lastStep(pg, s), Base: l.base, Assisted: l.assisted(), Extend: s.rules.Extendable,
		Known: l.known(c, f, app.Phone),
		Keep:  append(f.held(), f.typed()...), Phone: app.Phone.Masked(), Office: s.office.Phone, Bring: pg.bring(s.service, s.rules, s.slot.Day, kinds(app)),
		Code: field{Name: "code", Label: pg.T("code.label"), Hint: pg.T("code.hint"), Mode: "numeric", Auto: "one-time-code"},
		Answers: []answer{
			{pg.T("answer.when"), pg.Day(s.slot.Day) + " " + pg.Clock(s.starts)},
			{pg.T("answer.where"), pg.officeName(s.office)},
			{pg.T("answer.service"), pg.serviceName(s.service)},
		},
	}
	d.Answers = append(d.Answers, l.personAnswers(pg, app, s)...)
	for _, m := range pg.Mistakes {
		if m.Field == "code" {
			d.Code.Wrong = m.Text
		}
	}
	if ends, known := f.until(); known {
		d.HeldUntil = pg.Clock(ends.In(s.office.Location))
	}
	return l.render(c, status, "check", d)
}
