package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/slots"
)

// slotsView is the times of a day, or where the nearest are.
type slotsView struct {
	Day   string
	Left  string // on both channels
	Spill string // when unused places go to the web
	Why   string // nothing is free
	Told  string // what the public is told of the day
	Times []slotRow
}

// slotRow is a time to hold. Key is the digit that does so.
type slotRow struct{ Step, Key, Words, Left string }

// digitOf is the key of the i-th row of a list; there are nine.
func digitOf(i int) string {
	if i < mostListed {
		return strconv.Itoa(i + 1)
	}
	return ""
}

// pickDay shows the day that was typed into its box, or stands on a button.
func (k *console) pickDay(typed string) error {
	if typed == "" {
		typed = k.typed.Get("date")
	}
	if strings.TrimSpace(typed) == "" {
		k.st.Day = "" // the next days with places are shown
		return k.release()
	}
	day, is := readDay(unwidened(typed), k.today())
	if !is {
		k.wrong["date"], k.status = "date", http.StatusUnprocessableEntity
		return nil
	}
	return k.showDay(day)
}

// showDay shows the times of a day. A place that was held before is given back.
func (k *console) showDay(day date.Date) error {
	if err := k.release(); err != nil {
		return err
	}
	k.st.Day, k.st.Saved = day.String(), ""
	if k.d.Said == "" {
		k.d.Said = k.d.T("console.read.day") + k.d.T("site.colon") + k.d.Day(day)
	}
	return nil
}

// hold keeps the place that was picked.
func (k *console) hold(slot string) error {
	if err := k.release(); err != nil {
		return err
	}
	f := bookForm{Slot: slot, Service: k.st.Service, Key: newKey()}
	s, err := k.line.subject(k.c, f)
	if err != nil {
		return err
	}
	if s.office.ID != k.office.ID {
		return slots.ErrNoSuchSlot
	}
	k.st.Day = s.slot.Day.String()
	if err := k.line.take(k.c, s, &f); err != nil {
		return err
	}
	k.st.Slot, k.st.Hold, k.st.Token, k.st.Until, k.st.Key = f.Slot, f.Hold, f.Token, f.Until, f.Key
	return nil
}

// back goes back one step: a place is given back, then a day, then a change.
func (k *console) back(string) error {
	switch {
	case k.st.Saved != "":
		k.st.Saved = ""
	case k.st.Hold != "":
		return k.release()
	case k.st.Day != "":
		k.st.Day = ""
	case k.st.Changing:
		k.st.Changing = false
	}
	return nil
}

// slotsView is the day of the call.
func (k *console) slotsView(w wish) (*slotsView, error) {
	day, err := date.ParseDate(k.st.Day)
	if err != nil {
		return nil, slots.ErrNoSuchSlot
	}
	a, err := k.Desk.Availability(k.c.Request().Context(), k.office.ID)
	if err != nil {
		return nil, err
	}
	v := &slotsView{Day: k.d.Day(day)}
	phone := k.rows(a, w, slots.Phone, day, v)
	v.Left = k.d.T("console.left", "phone", phone, "web", left(a, w, slots.Web, day))
	if phone == 0 {
		v.Why = k.d.whyNone(a, w, slots.Phone, day)
		k.nearest(a, w, day, v)
	}
	if v.Told, err = k.Offices.ToldOf(k.c.Request().Context(), w.office.ID, day, w.service); err != nil {
		return nil, err
	}
	v.Spill, err = k.spills(day)
	return v, err
}

// rows adds the open times of a day and returns how many places they have.
func (k *console) rows(a *booking.Availability, w wish, via slots.Channel, day date.Date, v *slotsView) int {
	n := 0
	for _, t := range openTimes(a, w, via, day) {
		n += t.Remaining
		v.Times = append(v.Times, k.slotRow(len(v.Times), k.d.Span(t.StartsAt, t.EndsAt), t))
	}
	return n
}

func (k *console) slotRow(i int, words string, t booking.Time) slotRow {
	return slotRow{Step: "hold:" + t.Slot.String(), Key: digitOf(i), Words: words, Left: k.d.T("state.left", "n", t.Remaining)}
}

// nearest adds the times that lie nearest to a day on which nothing is free.
func (k *console) nearest(a *booking.Availability, w wish, day date.Date, v *slotsView) {
	for i, t := range nearest(a, w, slots.Phone, day.In(k.office.Location).Add(12*time.Hour)) {
		v.Times = append(v.Times, k.slotRow(i, k.d.ShortDay(t.Slot.Day)+" "+k.d.Span(t.StartsAt, t.EndsAt), t))
	}
}

// left is how many places a channel has on a day.
func left(a *booking.Availability, w wish, via slots.Channel, day date.Date) int {
	n := 0
	for _, t := range openTimes(a, w, via, day) {
		n += t.Remaining
	}
	return n
}

// spills says when the unused places of a day go to the web, while that is ahead.
func (k *console) spills(day date.Date) (string, error) {
	ctx := k.c.Request().Context()
	rules, err := k.Offices.Rules(ctx, k.office.ID, day)
	if err != nil || rules.KeepShares {
		return "", err
	}
	calendar, err := k.Offices.Calendar(ctx, day.Year-1, day.Year)
	if err != nil {
		return "", err
	}
	at := slots.SpillsAt(rules, calendar, day, k.office.Location)
	if !at.After(k.Clock.Now()) {
		return "", nil
	}
	at = at.In(k.office.Location)
	return k.d.T("console.spills", "day", k.d.ShortDay(date.DateOf(at)), "time", k.d.Clock(at)), nil
}

// soonest is the next days with places, to be offered to who has no wish.
func (k *console) soonest(w wish) ([]slotRow, error) {
	a, err := k.Desk.Availability(k.c.Request().Context(), k.office.ID)
	if err != nil {
		return nil, err
	}
	var days []slotRow
	for _, d := range a.Days(w.service, slots.Phone, w.today, w.today.AddDays(w.rules.HorizonDays)) {
		if d.State == booking.Open && len(days) < offered {
			days = append(days, slotRow{
				Step: "day:" + d.Date.String(), Key: digitOf(len(days)), Words: k.d.ShortDay(d.Date), Left: k.d.T("state.left", "n", d.Remaining),
			})
		}
	}
	return days, nil
}

// lose forgets a place that cannot be had any more, and shows what else there is.
func (k *console) lose(why error) error {
	k.st.drop()
	f := fault.Of(why)
	k.alert(statusOf(f), k.d.Fault(f.Code))
	return nil
}
