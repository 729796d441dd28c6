package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/identity"
)

// callState is what the server has to remember of a call. It travels in the form,
// sealed for the operator: the browser holds nobody's number that was not typed
// into it, and nobody can make a state up.
type callState struct {
	Call     string `json:"c,omitempty"` // its key
	Office   string `json:"o"`
	Phone    string `json:"p,omitempty"` // of the caller
	Found    string `json:"n,omitempty"` // number of the appointment on the card
	From     string `json:"f,omitempty"` // number of the appointment whose persons are taken
	Changing bool   `json:"m,omitempty"` // that appointment is being moved

	Service string `json:"s,omitempty"`
	Day     string `json:"d,omitempty"`
	Slot    string `json:"t,omitempty"`
	Hold    string `json:"h,omitempty"`
	Token   string `json:"k,omitempty"`
	Until   string `json:"u,omitempty"`
	Key     string `json:"i,omitempty"` // of the booking: sent twice, it is made once

	Saved  string `json:"b,omitempty"` // number of the appointment that was made
	Locale string `json:"l,omitempty"` // of the call
}

func sealedFor(actor string) string { return "console/" + actor }

// seal is the state as it stands in the form.
func (p *Pages) sealCallState(st callState, actor string) (string, error) {
	plain, err := json.Marshal(st)
	if err != nil {
		return "", err
	}
	sealed, err := p.Keys.Seal(plain, sealedFor(actor))
	if err != nil {
		return "", fmt.Errorf("seal the state of a call: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// readCallState is the state in a form; the zero state where it is not theirs.
func (p *Pages) readCallState(sent, actor string) callState {
	var st callState
	sealed, err := base64.RawURLEncoding.DecodeString(sent)
	if err != nil || len(sealed) == 0 {
		return st
	}
	plain, err := p.Keys.Open(sealed, sealedFor(actor))
	if err != nil || json.Unmarshal(plain, &st) != nil {
		return callState{}
	}
	return st
}

// typedDay is the day as it stands in the box for it: 0520.
func (st callState) typedDay() string {
	day, err := date.ParseDate(st.Day)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%02d%02d", int(day.Month), day.Day)
}

// begun reports whether a call is being served.
func (st callState) begun() bool { return st.Call != "" || st.Day != "" || st.Found != "" }

// phone is the number of the caller; none where it is not known.
func (st callState) phone() identity.Phone {
	phone, _ := identity.ParsePhone(st.Phone)
	return phone
}

// call is the call as booking knows it. Where it has no key it is given one.
func (k *console) call() (booking.Call, error) {
	if k.st.Call == "" {
		k.st.Call = newKey()
	}
	key, err := uuid.Parse(k.st.Call)
	return booking.Call{Key: key, Office: k.office.ID, Phone: k.st.phone(), Actor: me(k.c).Actor()}, err
}

// drop forgets the place that was held.
func (st *callState) drop() { st.Slot, st.Hold, st.Token, st.Until, st.Key = "", "", "", "", "" }

// release gives a held place back.
func (k *console) release() error {
	if k.st.Hold == "" {
		return nil
	}
	id, err := uuid.Parse(k.st.Hold)
	if err != nil {
		return booking.ErrHoldForeign
	}
	err = k.Desk.Release(k.c.Request().Context(), id, k.st.Token, k.holder(k.c))
	k.st.drop()
	if gone(err) {
		return nil
	}
	return err
}

// heldUntil is when the place that is held is given on; false where none is held.
func (st callState) heldUntil() (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, st.Until)
	return t, err == nil && st.Hold != ""
}
