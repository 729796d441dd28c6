package web

import (
	"net/http"

	"github.com/google/uuid"

	"hunyue/booking"
)

// movedByPhone is the reason that the audit has for a move that a caller asked for.
const movedByPhone = "asked for by phone"

// change has the appointment on the card moved: a day and a time are chosen for it.
// A place that is held already is what it is moved to.
func (k *console) change(string) error {
	mine, err := k.found()
	if err != nil {
		return err
	}
	if mine.Status != booking.Booked || mine.Office != k.office.ID {
		return booking.ErrNotPossible
	}
	if k.st.Service != mine.Service {
		if err := k.release(); err != nil {
			return err
		}
	}
	k.st.Changing, k.st.Service, k.st.Saved, k.st.From = true, mine.Service, "", ""
	return nil
}

// anew begins a booking for a couple that was put off, or whose appointment a suspension
// has taken away: with its persons, its phone and its service, as is its right (domain
// rules 58 and 66).
func (k *console) anew(number string) error {
	ctx := k.c.Request().Context()
	a, err := k.Desk.At(ctx, number, func(office string) bool { return office == k.office.ID })
	if err != nil {
		return err
	}
	if _, err := k.Desk.Right(ctx, a); err != nil {
		return err
	}
	phone, err := k.Desk.Contact(ctx, a)
	if err != nil {
		return err
	}
	if err := k.ring(phone); err != nil {
		return err
	}
	k.st.Found, k.st.Service, k.st.From = "", a.Service, a.Number
	return nil
}

// move gives the appointment on the card the place that is held. The old place is
// kept until then (domain rule 35).
func (k *console) move() error {
	mine, err := k.found()
	if err != nil {
		return err
	}
	s, err := k.subject()
	if err != nil {
		return err
	}
	tooYoung, err := k.underAge(k.c, k.d.page, mine, s.slot)
	if err != nil || tooYoung != "" {
		k.alert(http.StatusUnprocessableEntity, tooYoung)
		return err
	}
	hold, err := uuid.Parse(k.st.Hold)
	if err != nil {
		return booking.ErrHoldForeign
	}
	ctx := k.c.Request().Context()
	wanted := booking.Change{Appointment: mine.appointment, Staff: true, Reason: movedByPhone, Actor: me(k.c).Actor()}
	if _, err := k.Desk.Move(ctx, wanted, hold, k.st.Token, k.holder(k.c)); err != nil {
		if gone(err) {
			return k.lose(err)
		}
		return err
	}
	call, err := k.call()
	if err == nil && call.Phone.Number() == "" {
		call.Phone, err = k.Desk.Contact(k.c.Request().Context(), mine.appointment) // it was found by its number
		k.st.Phone = call.Phone.Number()
	}
	if err != nil {
		return err
	}
	if _, err := k.Desk.TakeCall(ctx, call); err != nil {
		return err
	}
	return k.came(booking.CallMoved, mine.Number)
}
