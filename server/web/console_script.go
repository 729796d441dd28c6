package web

import (
	"strings"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/identity"
	"hunyue/server/i18n"
)

// scriptLine is a sentence to be said. The facts of this call in it are strong.
type scriptLine struct {
	Title string
	Parts []scriptPart
	Now   bool // it is said next
}

type scriptPart struct {
	Text string
	Fact bool
}

// The signs around a fact while a sentence is put together. Nothing that is typed
// can hold them: they are stripped from facts.
const factBegins, factEnds = "\x02", "\x03"

// script is what the operator says in this call, in the caller's language.
type script struct {
	i18n.Reader
	lines []scriptLine
}

// say adds a sentence with its facts.
func (s *script) say(title string, key string, facts ...any) {
	for i := 1; i < len(facts); i += 2 {
		if text, is := facts[i].(string); is {
			facts[i] = factBegins + strings.NewReplacer(factBegins, "", factEnds, "").Replace(text) + factEnds
		}
	}
	line := scriptLine{Title: s.T("console.script." + title)}
	text := s.T("console.say."+key, facts...)
	for text != "" {
		plain, rest, _ := strings.Cut(text, factBegins)
		if plain != "" {
			line.Parts = append(line.Parts, scriptPart{Text: plain})
		}
		fact, after, _ := strings.Cut(rest, factEnds)
		if fact != "" {
			line.Parts = append(line.Parts, scriptPart{fact, true})
		}
		text = after
	}
	s.lines = append(s.lines, line)
}

// script is the sentences for how the call stands, in the order in which they are
// said.
func (k *console) script() ([]scriptLine, error) {
	s := &script{Reader: k.Texts.In(k.st.Locale)}
	s.say("greet", "greet", "who", me(k.c).Name)
	if phone := k.st.phone().Number(); phone != "" {
		key := "owner"
		if k.other() {
			key = "other"
		}
		s.say("who", key, "tail", phone[max(0, len(phone)-4):])
	}
	switch {
	case k.st.Saved != "":
		return s.lines, k.sayEnd(s)
	case k.st.Hold != "":
		return s.lines, k.sayHeld(s)
	case k.d.Slots != nil:
		k.sayTimes(s)
	case k.st.begun():
		s.say("look", "look")
	}
	return s.lines, k.sayStop(s)
}

// sayTimes offers three times at most.
func (k *console) sayTimes(s *script) {
	day, err := date.ParseDate(k.st.Day)
	if err != nil {
		return
	}
	var times []string
	for _, row := range k.d.Slots.Times[:min(offered, len(k.d.Slots.Times))] {
		times = append(times, k.spokenSlot(strings.TrimPrefix(row.Step, "hold:"), s.Lang, k.d.Slots.Why != ""))
	}
	switch {
	case len(times) == 0:
		s.say("times", "none", "day", spokenDay(s.Lang, day))
	case k.d.Slots.Why != "":
		s.say("times", "full", "times", strings.Join(times, s.T("console.say.or")))
	default:
		s.say("times", "times", "day", spokenDay(s.Lang, day), "times", strings.Join(times, s.T("console.say.or")))
	}
}

// sayHeld asks for the numbers and reads the time back.
func (k *console) sayHeld(s *script) error {
	held, err := k.subject()
	if err != nil {
		return err
	}
	if !k.st.Changing && k.st.From == "" {
		k.sayNumbers(s)
	}
	office := held.office.Name
	if s.Lang == "en" {
		office = held.office.NameEN
	}
	s.say("back", "back", "day", spokenDay(s.Lang, held.slot.Day), "time", spokenTime(s.Lang, held.starts), "office", office)
	s.say("bring", "bring")
	return nil
}

// sayNumbers reads back the numbers that were typed, in the groups that people say
// them in.
func (k *console) sayNumbers(s *script) {
	s.say("numbers", "numbers")
	for _, p := range k.f.Parties {
		document, wrong := identity.ParseDocument(identity.ResidentID, p.Number, k.Clock.Now())
		if wrong == "" && len(document.Number) == 18 {
			s.say("numbers", "number", "number", saidInGroups(document.Number))
		}
	}
}

// saidInGroups is an ID number in groups of 6, 4, 4 and 4.
func saidInGroups(n string) string {
	return strings.Join([]string{n[:6], n[6:10], n[10:14], n[14:]}, " / ")
}

// sayEnd tells the number and ends the call.
func (k *console) sayEnd(s *script) error {
	mine, err := k.found()
	if err != nil {
		return err
	}
	s.say("saved", "saved", "number", grouped(mine.Number), "day", spokenDay(s.Lang, mine.Day), "time", spokenTime(s.Lang, mine.StartsAt))
	key := "sent"
	phone, err := k.Desk.Contact(k.c.Request().Context(), mine.appointment)
	if err != nil {
		return err
	}
	if !phone.TakesSMS() {
		key = "no_sms"
	}
	s.say("bring", key)
	s.say("end", "end")
	return nil
}

// sayStop explains an appointment that the office has cancelled.
func (k *console) sayStop(s *script) error {
	mine, err := k.found()
	if err != nil || mine.Status != booking.CancelledByOffice {
		return ignoreMissing(err)
	}
	s.say("stop", "stop", "day", spokenDay(s.Lang, mine.Day))
	return nil
}
