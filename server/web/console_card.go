package web

import (
	"errors"
	"strings"

	"hunyue/booking"
)

// cardView is who is on the line, as far as that may be seen.
type cardView struct {
	Phone   string // masked; "" where an appointment was found without one
	Nth     string // which call of the number it is
	Booking *cardBooking
	Others  []listedRow // what else is reached at the number
	Missed  string
	Until   string // they cannot book online, and until when
	Calls   []string
	SMS     *smsView // of an appointment that was just made
	Saved   bool
}

// cardBooking is an appointment on the card.
type cardBooking struct {
	Number, When, Names, Status, To string
	Lost                            bool // it was cancelled, missed or ended
	CanChange                       bool
}

// smsView is how the text stands that tells of what was done.
type smsView struct {
	Words   string
	Failed  bool
	Waiting bool
}

// card is what is known of the caller and of the appointment that was found.
func (k *console) card() (*cardView, error) {
	if k.st.Phone == "" && k.st.Found == "" {
		return nil, nil //nolint:nilnil // nobody is on the line
	}
	v := &cardView{Saved: k.st.Saved != ""}
	if k.st.Phone != "" {
		if err := k.acquaint(); err != nil {
			return nil, err
		}
		k.describe(v)
	}
	mine, err := k.found()
	if errors.Is(err, booking.ErrNoAppointment) {
		return v, nil
	}
	if err != nil {
		return nil, err
	}
	v.Booking = k.booking(mine)
	if v.Saved {
		v.SMS, err = k.sms(mine)
	}
	return v, err
}

// describe adds what the number is known for.
func (k *console) describe(v *cardView) {
	v.Phone = k.st.phone().Masked()
	v.Nth = k.d.T("console.nth", "n", len(k.caller.Calls)+1)
	v.Missed = k.d.T("console.missed", "n", k.caller.Missed)
	if !k.caller.Until.IsZero() {
		v.Until = k.d.T("console.until", "day", k.d.Day(k.caller.Until))
	}
	for _, c := range k.caller.Calls {
		at := c.At.In(k.office.Location)
		words := k.d.T("console.past", "day", shortDayIn(k.d.Lang, dateOfCall(at)), "time", k.d.Clock(at),
			"by", strings.TrimPrefix(c.Actor, "staff:"), "what", k.d.T("console.outcome."+string(c.Outcome)))
		if c.Number != "" {
			words += " " + grouped(c.Number)
		}
		v.Calls = append(v.Calls, words)
	}
	for _, a := range k.caller.Known {
		if a.Number == k.st.Found {
			continue
		}
		start := a.StartsAt.In(k.office.Location)
		v.Others = append(v.Others, listedRow{
			Step: "take:" + a.Number, When: k.d.ShortDay(a.Day) + " " + k.d.Clock(start), Status: k.d.T("status." + string(a.Status)),
		})
	}
}

func (k *console) booking(mine own) *cardBooking {
	row := k.d.readable(mine.Row, max(1, mine.service.PartiesMin))
	return &cardBooking{
		Number: grouped(mine.Number), When: k.d.ShortDay(mine.Day) + " " + k.d.Span(mine.StartsAt, mine.EndsAt),
		Names: strings.Join(row.Names, k.d.T("desk.and")), Status: k.d.T("status." + string(mine.Status)), To: "/call/" + mine.Number,
		Lost:      !mine.Status.Active(),
		CanChange: mine.Status == booking.Booked && mine.Office == k.office.ID && !k.st.Changing,
	}
}

// sms is how the text about an appointment stands. A number that gets none is on
// the call list (domain rule 7).
func (k *console) sms(mine own) (*smsView, error) {
	phone, err := k.Desk.Contact(k.c.Request().Context(), mine.appointment)
	if err != nil {
		return nil, err
	}
	if !phone.TakesSMS() {
		return &smsView{Words: k.d.T("console.sms_none")}, nil
	}
	told, err := k.Desk.LastTold(k.c.Request().Context(), mine.appointment, "booked", "moved")
	if err != nil {
		return nil, err
	}
	at := k.d.clockIn(told.At, k.office)
	switch told.State {
	case "done":
		return &smsView{Words: k.d.T("console.sms_done", "time", at)}, nil
	case "failed", "dropped":
		return &smsView{Words: k.d.T("console.sms_failed", "time", at), Failed: true}, nil
	}
	return &smsView{Words: k.d.T("console.sms_waiting"), Waiting: true}, nil
}
