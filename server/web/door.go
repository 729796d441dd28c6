package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hunyue/hall"
	"hunyue/slots"
)

// doorFields is the inputs at the door: a temperature for each party, the
// thermometer, and somebody who comes along.
func (d *guestPage) doorFields(c echo.Context, g own, wrong wrongs) {
	pg, typed := d.page, c.FormValue
	if d.Verdict != "" {
		typed = func(string) string { return "" } // it is kept: what is asked for now is another reading
	}
	for _, i := range g.measured() {
		who := pg.partyName(i, len(g.Names)) + " " + g.Names[i]
		for _, input := range []string{partyReading(i), partyAgain(i)} {
			if input == partyAgain(i) && typed(input) == "" && wrong[partyReading(i)] != "too_low_repeat" {
				continue
			}
			label := "door.celsius_of"
			if input == partyAgain(i) {
				label = "door.again_of"
			}
			f := pg.typed(field{Name: input, Mode: "decimal", Auto: "off"}, label, typed(input), wrong)
			f.Label = pg.T(label, "who", who)
			if wrong[input] == "range" {
				f.Wrong = pg.T("desk.odd", "value", f.Value)
			}
			d.Readings = append(d.Readings, f)
		}
	}
	device := field{Name: "device", Auto: "off"}
	if devices := g.rest.Devices; len(devices) > 0 && g.rules.RecheckOtherDevice {
		device.Hint = pg.T("door.not_with", "devices", strings.Join(slices.Compact(slices.Clone(devices)), pg.T("desk.and")))
	}
	d.Device = pg.typed(device, "door.device", d.usedDevice(c, g), wrong)
	d.Companion = []field{pg.typed(field{Name: "companion.reason", Auto: "off"}, "door.companion", typed("companion.reason"), wrong)}
	if d.Screening {
		celsius := field{Name: "companion.celsius", Mode: "decimal", Auto: "off"}
		d.Companion = append(d.Companion, pg.typed(celsius, "door.companion_celsius", typed("companion.celsius"), wrong))
	}
	for _, f := range d.Companion {
		d.Along = d.Along || f.Value+f.Wrong != ""
	}
	d.Mistakes = append(d.Mistakes, mistakesIn(pg.Reader, "", slices.Concat(d.Readings, []field{d.Device}, d.Companion)...)...)
}

// usedDevice is the thermometer that was typed, or the one used last, unless it took
// the reading that another one has to confirm.
func (d *guestPage) usedDevice(c echo.Context, g own) string {
	last := thermometer(c)
	if c.Request().Method != http.MethodGet {
		last = c.FormValue("device")
		if d.Verdict == "" {
			return last
		}
	}
	if slices.ContainsFunc(g.rest.Devices, func(used string) bool { return strings.EqualFold(used, last) }) {
		return ""
	}
	return last
}

// measured is the places of those whose temperature is taken: after a fever of
// the ones who rest.
func (o own) measured() []int {
	var places []int
	for i := range o.Names {
		if len(o.rest.Parties) == 0 || slices.Contains(o.rest.Parties, i+1) {
			places = append(places, i)
		}
	}
	return places
}

func partyReading(i int) string { return "reading." + strconv.Itoa(i+1) }
func partyAgain(i int) string   { return "again." + strconv.Itoa(i+1) }

// checkIn receives a couple and says how it went.
func (p *Pages) checkIn(c echo.Context) error {
	g, err := p.guestOf(c)
	if err != nil {
		return err
	}
	if err := p.Hall.MayReceive(c.Request().Context(), me(c).Username, g.office.ID); err != nil {
		return p.refusedAtWindow(c, g, err)
	}
	arrival, inputs, wrong := arrivalOf(c, g)
	arrival.At = cameAt(c, g.office, p.todayAt(g), wrong)
	pg := p.page(c)
	if len(wrong) > 0 {
		wrong.unmeasured(c, g)
		return p.showGuest(c, http.StatusUnprocessableEntity, pg, g, guestPage{}, wrong)
	}
	answer, err := p.Hall.CheckIn(c.Request().Context(), arrival)
	if busy := err; err != nil {
		pg, why, err := pg.explained(c, err)
		if err != nil {
			return err
		}
		pg = p.bookedElsewhere(c, pg, busy)
		wrong := readingFaults(why, inputs)
		wrong.notThen(why)
		if why.Fields["readings"] != "" {
			wrong.unmeasured(c, g)
		}
		return p.showGuest(c, statusOf(why), pg, g, guestPage{}, wrong)
	}
	if g, err = p.guestOf(c); err != nil { // as it is now
		return err
	}
	in := answer.Outcome == hall.Admitted || answer.Outcome == hall.Late
	p.keepThermometer(c, c.FormValue("device"))
	d := guestPage{Verdict: pg.verdict(answer, g) + pg.outside(answer, g), Good: in && answer.TurnedAway == 0, Outside: answer.Outside}
	return p.showGuest(c, http.StatusOK, pg, g, d, nil)
}

// arrivalOf reads the form, the input of each reading in their order, and what
// cannot be read.
func arrivalOf(c echo.Context, g own) (hall.Arrival, []string, wrongs) {
	wrong, inputs := wrongs{}, []string{}
	a := hall.Arrival{Number: g.Number, Office: g.Office, Second: c.FormValue("second.reason"), Key: c.FormValue("key"), Actor: me(c).Actor()}
	a.Early = c.FormValue("early") != ""
	device := c.FormValue("device")
	for _, i := range g.measured() {
		for _, input := range []string{partyReading(i), partyAgain(i)} {
			if typed := c.FormValue(input); strings.TrimSpace(typed) != "" {
				a.Readings = append(a.Readings, reading(wrong, input, typed, i+1, device))
				inputs = append(inputs, input)
			}
		}
	}
	if len(inputs) == 0 {
		inputs = []string{partyReading(0)} // where it is said that one is missing
	}
	reason, celsius := strings.TrimSpace(c.FormValue("companion.reason")), strings.TrimSpace(c.FormValue("companion.celsius"))
	if reason+celsius != "" {
		along := hall.Companion{Reason: reason, Device: device}
		if celsius != "" && g.rules.Screening != slots.ScreeningOff {
			along.Decicelsius = reading(wrong, "companion.celsius", celsius, 0, device).Decicelsius
		}
		a.Companions = append(a.Companions, along)
	}
	return a, inputs, wrong
}

// verdict is an outcome as a sentence to say to the couple.
func (pg page) verdict(a hall.CheckIn, g own) string {
	switch a.Outcome {
	case hall.Early:
		return pg.T("verdict.early", "time", pg.clockIn(a.OpensAt, g.office))
	case hall.Noted:
		return pg.T("desk.noted_title")
	case hall.Recheck:
		return pg.recheck(a.Recheck, a.RecheckAt, g)
	case hall.Deferred:
		return pg.T("verdict.deferred")
	case hall.Late:
		return pg.T("verdict.late", "ticket", a.Ticket)
	case hall.Admitted:
		if a.Outside {
			return pg.T("desk.wait_outside", "ticket", a.Ticket)
		}
	}
	return pg.T("verdict.admitted", "ticket", a.Ticket)
}

// recheck says who rests and when they are measured again.
func (pg page) recheck(parties []int, at time.Time, g own) string {
	var who []string
	for _, party := range parties {
		who = append(who, pg.partyName(party-1, len(g.Names)))
	}
	key := "verdict.recheck"
	if !g.rules.RecheckOtherDevice {
		key = "verdict.recheck_same"
	}
	return pg.T(key, "who", strings.Join(who, pg.T("desk.and")), "time", pg.clockIn(at, g.office))
}

// outside says that somebody with a fever who comes along stays outside (domain
// rule 64), and how many go in.
func (pg page) outside(a hall.CheckIn, g own) string {
	switch {
	case a.TurnedAway == 0:
		return ""
	case a.Ticket == "":
		return pg.T("verdict.companion_out")
	}
	return pg.T("verdict.companion_out") + pg.T("verdict.go_in", "n", len(g.Names)+a.Companions)
}

// unmeasured notes under each input that is still empty that it is needed, so
// that everything can be mended at once.
func (w wrongs) unmeasured(c echo.Context, g own) {
	if g.rules.Screening != slots.ScreeningRequired && len(g.rest.Parties) == 0 {
		return
	}
	for _, i := range g.measured() {
		if input := partyReading(i); strings.TrimSpace(c.FormValue(input)) == "" {
			w[input] = "required"
		}
	}
	if strings.TrimSpace(c.FormValue("device")) == "" {
		w["device"] = "required"
	}
}
