package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/identity"
	"hunyue/slots"
)

// ListOffices answers GET /offices.
func (a *API) ListOffices(ctx context.Context, _ ListOfficesRequestObject) (ListOfficesResponseObject, error) {
	all, err := a.Offices.Offices(ctx)
	if err != nil {
		return nil, err
	}
	answer := ListOffices200JSONResponse{Offices: []Office{}}
	for _, o := range all {
		answer.Offices = append(answer.Offices, officeOf(o))
	}
	return answer, nil
}

func officeOf(o slots.Office) Office {
	office := Office{
		Id: o.ID, Name: o.Name, NameEn: o.NameEN, Address: o.Address, Phone: o.Phone, Timezone: o.TimeZone,
		Services: []Service{},
	}
	for _, s := range o.Services {
		office.Services = append(office.Services, Service{
			Id: s.ID, Group: Group(s.Group), Name: s.Name, NameEn: s.NameEN, PartiesMin: s.PartiesMin, PartiesMax: s.PartiesMax,
		})
	}
	return office
}

// The longest range of days that is answered, and the longest whose answer is
// kept for the next reader: nobody may fill the memory by asking for ranges.
const (
	longestRange = 92
	keptRange    = 62
)

// ListDays answers GET /offices/{office}/days.
func (a *API) ListDays(ctx context.Context, r ListDaysRequestObject) (ListDaysResponseObject, error) {
	o, service, err := a.serviceAt(ctx, r.Office, r.Params.Service)
	if err != nil {
		return nil, err
	}
	today := a.today(o)
	from, to, err := a.span(ctx, o, today, r.Params.From, r.Params.To)
	if err != nil {
		return nil, err
	}
	left, err := a.Desk.Availability(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	render := func() ([]byte, error) {
		return json.Marshal(Days{AsOf: left.AsOf.In(o.Location), Days: daysOf(left.Days(service, slots.Web, from, to))})
	}
	if ahead := from.DaysSince(today); ahead < 0 || ahead > keptRange || to.DaysSince(from) > keptRange {
		body, err := render()
		return fresh(body), err
	}
	body, err := left.Cached("days "+service.ID+from.String()+to.String(), render)
	return fresh(body), err
}

// span is the range that is asked for, or all days that can be booked.
func (a *API) span(ctx context.Context, o slots.Office, today, from, to date.Date) (date.Date, date.Date, error) {
	if from.IsZero() {
		from = today
	}
	if to.IsZero() {
		rules, err := a.Offices.Rules(ctx, o.ID, today)
		if err != nil {
			return from, to, err
		}
		to = from.AddDays(max(0, rules.HorizonDays-from.DaysSince(today)))
	}
	switch {
	case to.Before(from):
		return from, to, fault.InFields(map[string]string{"to": "order"})
	case to.DaysSince(from) > longestRange:
		return from, to, fault.InFields(map[string]string{"to": "too_many"})
	}
	return from, to, nil
}

func daysOf(days []booking.Day) []Day {
	all := make([]Day, 0, len(days))
	for _, d := range days {
		all = append(all, Day{Date: d.Date, State: DayState(d.State), Remaining: d.Remaining, Reason: d.Reason})
	}
	return all
}

// ListSlots answers GET /offices/{office}/slots.
func (a *API) ListSlots(ctx context.Context, r ListSlotsRequestObject) (ListSlotsResponseObject, error) {
	o, service, err := a.serviceAt(ctx, r.Office, r.Params.Service)
	if err != nil {
		return nil, err
	}
	left, err := a.Desk.Availability(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	render := func() ([]byte, error) {
		return json.Marshal(Slots{AsOf: left.AsOf.In(o.Location), Slots: slotsOf(left.Times(service, slots.Web, r.Params.Date))})
	}
	if ahead := r.Params.Date.DaysSince(a.today(o)); ahead < 0 || ahead > longestRange {
		body, err := render()
		return fresh(body), err
	}
	body, err := left.Cached("slots "+service.ID+r.Params.Date.String(), render)
	return fresh(body), err
}

func slotsOf(times []booking.Time) []Slot {
	all := make([]Slot, 0, len(times))
	for _, t := range times {
		s := Slot{Id: t.Slot.String(), StartsAt: t.StartsAt, EndsAt: t.EndsAt, State: SlotState(t.State), Remaining: t.Remaining}
		if t.State == booking.Unreleased {
			s.OpensAt = t.OpensAt
		}
		all = append(all, s)
	}
	return all
}

// fresh is an answer for everybody that is ready to be sent and good for a
// second.
type fresh []byte

// VisitListDaysResponse sends it.
func (f fresh) VisitListDaysResponse(w http.ResponseWriter) error { return f.send(w) }

// VisitListSlotsResponse sends it.
func (f fresh) VisitListSlotsResponse(w http.ResponseWriter) error { return f.send(w) }

func (f fresh) send(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "public, max-age=1")
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(f)
	return err
}

// Hold answers POST /holds.
func (a *API) Hold(ctx context.Context, r HoldRequestObject) (HoldResponseObject, error) {
	slot, err := slots.ParseSlotID(r.Body.Slot)
	if err != nil {
		return nil, err
	}
	rules, err := a.Offices.Rules(ctx, slot.Office, slot.Day)
	if err != nil {
		return nil, err
	}
	phone, err := a.phoneInHand(ctx, *r.Body)
	if err != nil {
		return nil, err
	}
	key := r.Params.IdempotencyKey
	held, err := a.Desk.Hold(ctx, booking.HoldRequest{
		Slot: slot, Channel: slots.Web, Key: key, Scope: scopeOf(ctx, key), Once: true,
		Phone: phone, Admit: a.admission(ctx, slot.Office, rules, phone),
	})
	if err != nil {
		return nil, err
	}
	answer, err := a.holdOf(ctx, held)
	return Hold201JSONResponse(answer), err
}

// scopeOf is whose a key is, where nobody has signed in. A UUID is nobody
// else's, wherever it comes from: a phone changes its address in a corridor. Other
// keys could be anybody's, so they are those of one address only.
func scopeOf(ctx context.Context, key string) string {
	if uuid.Validate(key) == nil {
		return ""
	}
	return shownIn(ctx).address
}

// holder is who holds a place: staff who show that they are, or whoever has the
// token.
func (a *API) holder(ctx context.Context) (string, error) {
	bearer := shownIn(ctx).bearer
	if bearer == "" {
		return "", nil
	}
	staff, err := a.Accounts.Authenticate(ctx, bearer)
	if err != nil {
		return "", err
	}
	return staff.Actor(), nil
}

// ExtendHold answers POST /holds/{id}/extend.
func (a *API) ExtendHold(ctx context.Context, r ExtendHoldRequestObject) (ExtendHoldResponseObject, error) {
	holder, err := a.holder(ctx)
	if err != nil {
		return nil, err
	}
	held, err := a.Desk.Extend(ctx, r.Id, shownIn(ctx).token, holder)
	if err != nil {
		return nil, err
	}
	answer, err := a.holdOf(ctx, held)
	return ExtendHold200JSONResponse(answer), err
}

// ReleaseHold answers DELETE /holds/{id}.
func (a *API) ReleaseHold(ctx context.Context, r ReleaseHoldRequestObject) (ReleaseHoldResponseObject, error) {
	holder, err := a.holder(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.Desk.Release(ctx, r.Id, shownIn(ctx).token, holder); err != nil {
		return nil, err
	}
	a.Limits.Released(ctx, askerIn(ctx).who, r.Id.String())
	return ReleaseHold204Response{}, nil
}

func (a *API) holdOf(ctx context.Context, held booking.Hold) (Hold, error) {
	expires, err := a.at(ctx, held.Slot.Office, held.ExpiresAt)
	return Hold{Id: held.ID, Token: held.Token, Slot: held.Slot.String(), ExpiresAt: expires}, err
}

// at is an instant with the offset that an office has.
func (a *API) at(ctx context.Context, office string, t time.Time) (time.Time, error) {
	o, err := a.Offices.Office(ctx, office)
	if err != nil {
		return t, err
	}
	return t.In(o.Location), nil
}

// SendPhoneCode answers POST /phone-codes.
func (a *API) SendPhoneCode(ctx context.Context, r SendPhoneCodeRequestObject) (SendPhoneCodeResponseObject, error) {
	phone, wrong := mobile(r.Body.Phone)
	if wrong != "" {
		return nil, fault.InFields(map[string]string{"phone": wrong})
	}
	key := r.Params.IdempotencyKey
	if key != "" {
		key = scopeOf(ctx, key) + " " + key
	}
	if err := a.Codes.Request(ctx, phone.Number(), localeOf(r.Body.Locale), key); err != nil {
		return nil, err
	}
	return SendPhoneCode202Response{}, nil
}

// mobile is a phone that gets texts, or what is wrong with it.
func mobile(typed string) (identity.Phone, string) {
	phone, wrong := identity.ParsePhone(typed)
	if wrong == "" && !phone.TakesSMS() {
		return phone, "not_mobile"
	}
	return phone, wrong
}

// localeOf is the language of messages: zh unless en was asked for, whatever
// the region.
func localeOf(l Locale) string {
	if language, _, _ := strings.Cut(l, "-"); language == "en" {
		return "en"
	}
	return "zh"
}
