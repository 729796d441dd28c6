package web

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"hunyue/booking"
)

type consolePage struct {
	page
	Office   named
	State    string // sealed
	Chosen   string // the keys that the operator has chosen, for static/keys.js
	Focus    string // the id of what has the focus next
	Again    int    // seconds after which the page asks how the text stands; 0: not
	Q, Said  string
	Card     *cardView
	Days     []slotRow // the next with places, where no day has been chosen
	Date     field
	Services field
	Slots    *slotsView
	Found    []listedRow
	More     string
	Held     *heldView
	People   *peopleView
	Parked   []parkedRow
	Commands []link
	Stops    []string
	Script   []scriptLine
	Help     []keyLine
	Kept     []hidden // what was typed, while its inputs are not on the page
	Spoken   string   // the language of the call, and the other one
	Switch   string

	Begun      bool
	Changing   bool
	Duplicate  bool
	Restricted string // who cannot book online, and until when
	Hours      string // the line is not open now

	keys keyTable
}

// Key is the key of an action as it stands on its button; "" where it is off.
func (d consolePage) Key(action string) string { return printed(d.keys[action]) }

// Listing reports whether the middle shows a list to choose from instead of the call.
func (d consolePage) Listing() bool { return len(d.Found) > 0 || len(d.Commands)+len(d.Stops) > 0 }

// Failed reports whether something has to be mended, for the title.
func (d consolePage) Failed() bool { return d.Alert != "" || d.Duplicate || len(d.Mistakes) > 0 }

// Line is what stands under the box: what it was read as and what has happened or,
// while nobody is on the line, what to do.
func (d consolePage) Line() string {
	line := strings.TrimSpace(d.Said + " " + d.Notice)
	if line == "" && !d.Begun {
		return d.T("console.waiting")
	}
	return line
}

// Beginning is what the card says while nobody is on the line: with which keys a call
// begins.
func (d consolePage) Beginning() string {
	box, day := d.Key("box"), d.Key("date")
	if box == "" || day == "" {
		return d.T("console.waiting")
	}
	return d.T("console.waiting_keys", "box", box, "date", day)
}

// heldView is the place that is held.
type heldView struct{ When, Until string }

// show answers with the console as it stands.
func (k *console) show() error {
	w, err := k.wanted()
	if err != nil {
		return err
	}
	for _, fill := range []func(wish) error{k.fillHours, k.fillCard, k.fillWork, k.fillScript} {
		if err := fill(w); err != nil {
			return err
		}
	}
	d := &k.d
	d.Office, d.Begun, d.Changing = named{k.office.ID, d.officeName(k.office)}, k.st.begun(), k.st.Changing
	chosen, err := k.Operator.Bindings(k.c.Request().Context(), me(k.c).ID)
	if err != nil {
		return err
	}
	d.keys = keysOf(chosen.Named())
	d.Help = d.keyHelp(d.keys)
	if d.Chosen, err = overrides(chosen.Named()); err != nil {
		return err
	}
	if d.State, err = k.sealCallState(k.st, me(k.c).Actor()); err != nil {
		return err
	}
	for name := range k.wrong {
		d.Mistakes = append(d.Mistakes, mistake{name, name})
	}
	d.Kept = k.kept()
	d.Focus = k.focus()
	return k.render(k.c, k.status, "console", *d)
}

// kept is what was typed about the couple while its inputs are not on the page: the
// caller wants another time, the place was lost, or somebody is looked up meanwhile.
// It is there again with the next place.
func (k *console) kept() []hidden {
	if k.st.Saved != "" || k.d.People != nil && !k.d.Listing() {
		return nil
	}
	var kept []hidden
	for _, name := range slices.Sorted(maps.Keys(k.typed)) {
		if slices.Contains(onEveryConsole, name) {
			continue
		}
		for _, value := range k.typed[name] {
			if value != "" {
				kept = append(kept, hidden{name, value})
			}
		}
	}
	return kept
}

// onEveryConsole is what the form sends besides what is typed about the couple.
var onEveryConsole = []string{"state", "step", "q", "date", "service"}

// fillHours says when the line is open, while it is not. Whoever is on it is served
// to the end (domain rules 82 and 83).
func (k *console) fillHours(w wish) error {
	now := k.Clock.Now().In(k.office.Location)
	calendar, err := k.Offices.Calendar(k.c.Request().Context(), now.Year())
	if err != nil || w.rules.PhoneOpen(calendar, now) {
		return err
	}
	var hours []string
	for _, h := range w.rules.PhoneHours {
		hours = append(hours, h.From.String()+"–"+h.To.String())
	}
	k.d.Hours = k.d.T("console.hours", "hours", strings.Join(hours, k.d.T("console.hours_and")))
	return nil
}

func (k *console) fillCard(wish) error {
	card, err := k.card()
	if err != nil {
		return err
	}
	k.d.Card = card
	if card != nil && card.SMS != nil && card.SMS.Waiting {
		k.d.Again = asksHowTextStands
	}
	k.d.Parked, err = k.parked()
	return err
}

// asksHowTextStands is after how many seconds that is asked again.
const asksHowTextStands = 2

// fillWork fills the middle: the day, the times, the persons.
func (k *console) fillWork(w wish) error {
	d := &k.d
	d.Date = field{Name: "date", Auto: "off", Value: k.st.typedDay(), Label: d.T("console.date")}
	if k.wrong["date"] != "" {
		d.Date.Value, d.Date.Wrong = k.typed.Get("date"), d.T("console.date_wrong")
	}
	d.Services = field{Name: "service", Label: d.T("answer.service")}
	for _, s := range k.office.Services {
		d.Services.Choices = append(d.Services.Choices, option{s.ID, d.serviceName(s), s.ID == w.service.ID})
	}
	switch {
	case k.st.Saved != "":
		return nil
	case k.st.Hold != "":
		return k.fillHeld()
	case k.st.Day != "":
		times, err := k.slotsView(w)
		d.Slots = times
		return err
	case d.Listing():
		return nil
	}
	days, err := k.soonest(w)
	d.Days = days
	return err
}

// fillHeld shows the place that is held and asks for whom.
func (k *console) fillHeld() error {
	s, err := k.subject()
	if err != nil {
		return err
	}
	until, _ := k.st.heldUntil()
	k.d.Held = &heldView{When: k.d.Day(s.slot.Day) + " " + k.d.Clock(s.starts), Until: k.d.clockIn(until, k.office)}
	if k.st.Changing {
		return nil
	}
	k.d.People, err = k.people(s)
	if errors.Is(err, booking.ErrNoAppointment) || errors.Is(err, booking.ErrErased) {
		k.st.From = "" // its data are gone: the persons are typed
		k.d.People, err = k.people(s)
	}
	return err
}

func (k *console) fillScript(wish) error {
	lines, err := k.script()
	k.d.Script = lines
	k.d.Spoken = map[string]string{"zh": "zh-CN", "en": "en"}[k.st.Locale]
	k.d.Switch = map[string]string{"zh": "English", "en": "中文"}[k.st.Locale]
	return err
}
