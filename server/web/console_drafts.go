package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"hunyue/booking"
)

// draft is what a call had come to when it broke off: all that was typed, and how
// the console stood.
type draft struct {
	State callState  `json:"state"`
	Typed url.Values `json:"typed"`
}

// parkedRow is a draft that can be gone on with.
type parkedRow struct{ Resume, Discard, Words string }

// unfinished reports whether something would be lost if the call were forgotten.
func (k *console) unfinished() bool {
	return k.st.Saved == "" && (k.st.Hold != "" || k.st.Day != "" && k.st.Call != "" || k.f.begun())
}

// park keeps what was typed, sealed, until the day of the office is over, and waits
// for the next call. A place that is held stays so for as long as it was promised.
func (k *console) park(string) error {
	if !k.unfinished() {
		k.d.Notice = k.d.T("console.park_nothing")
		return nil
	}
	call, err := k.call()
	if err != nil {
		return err
	}
	kept := draft{State: k.st, Typed: url.Values{}}
	for name, values := range k.typed {
		if name != "state" && name != "step" && name != "q" {
			kept.Typed[name] = values
		}
	}
	content, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	ctx := k.c.Request().Context()
	over := k.today().AddDays(1).In(k.office.Location)
	if err := k.Desk.Park(ctx, booking.Draft{Call: call, Content: content}, over); err != nil {
		return err
	}
	if err := k.Desk.EndCall(ctx, call.Key, booking.CallParked, booking.Appointment{}); err != nil {
		return err
	}
	k.reset()
	k.d.Notice = k.d.T("console.parked")
	return nil
}

// resume goes on with a draft of the office, whoever has parked it. What is on the
// screen now is parked first.
func (k *console) resume(of string) error {
	key, err := uuid.Parse(of)
	if err != nil {
		return booking.ErrNoDraft
	}
	found, err := k.Desk.Draft(k.c.Request().Context(), k.office.ID, key)
	if err != nil {
		return err
	}
	if k.unfinished() && k.st.Call != of {
		if err := k.park(""); err != nil {
			return err
		}
	}
	var kept draft
	if err := json.Unmarshal(found.Content, &kept); err != nil {
		return fmt.Errorf("a draft: %w", err)
	}
	k.st, k.typed, k.f = kept.State, kept.Typed, readConsoleForm(kept.Typed)
	k.st.Office, k.st.Call = k.office.ID, of
	k.d.Notice = k.d.T("console.resumed", "time", k.d.clockIn(found.At, k.office))
	return k.stillHeld(found.Call.Actor)
}

// stillHeld sees to the place of a draft. One that was held by whoever parked it is
// given back and taken again, which a call of another number may come between; the
// times of the day are shown where it is not to be had.
func (k *console) stillHeld(by string) error {
	until, held := k.st.heldUntil()
	if !held || by == k.holder(k.c) && until.After(k.Clock.Now()) {
		return nil
	}
	id, err := uuid.Parse(k.st.Hold)
	if err != nil {
		return booking.ErrHoldForeign
	}
	slot := k.st.Slot
	err = k.Desk.Release(k.c.Request().Context(), id, k.st.Token, by)
	k.st.drop()
	if err == nil || gone(err) {
		err = k.hold(slot)
	}
	if gone(err) {
		k.d.Notice += k.d.T("console.resumed_unheld")
		return nil
	}
	return err
}

// discard deletes a draft that nobody will go on with.
func (k *console) discard(of string) error {
	key, err := uuid.Parse(of)
	if err != nil {
		return booking.ErrNoDraft
	}
	k.status = http.StatusOK
	return k.Desk.Discard(k.c.Request().Context(), k.office.ID, key)
}

// parked is the drafts that can be gone on with: those of the number that calls or,
// while nobody is on the line, all of the office.
func (k *console) parked() ([]parkedRow, error) {
	if k.st.Phone == "" && k.st.begun() {
		return nil, nil
	}
	all, err := k.Desk.Parked(k.c.Request().Context(), booking.Call{Office: k.office.ID, Phone: k.st.phone()})
	if err != nil {
		return nil, err
	}
	var rows []parkedRow
	for _, d := range all {
		var kept draft
		if err := json.Unmarshal(d.Content, &kept); err != nil {
			return nil, fmt.Errorf("a draft: %w", err)
		}
		if d.Call.Key.String() == k.st.Call && k.unfinished() {
			continue // that is being gone on with
		}
		who := kept.State.phone().Masked()
		if who == "" {
			who = k.d.T("console.no_phone")
		}
		rows = append(rows, parkedRow{
			Resume: "resume:" + d.Call.Key.String(), Discard: "discard:" + d.Call.Key.String(),
			Words: k.d.T("console.parked_row", "who", who, "time", k.d.clockIn(d.At, k.office), "by", d.Call.Actor[len("staff:"):]),
		})
	}
	return rows, nil
}
