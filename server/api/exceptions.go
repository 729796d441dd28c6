package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/slots"
)

// ListExceptions answers GET /manage/offices/{office}/exceptions.
func (a *API) ListExceptions(ctx context.Context, r ListExceptionsRequestObject) (ListExceptionsResponseObject, error) {
	o, _, err := a.theirs(ctx, r.Office)
	if err != nil {
		return nil, err
	}
	from, to, err := a.within(o, r.Params.From, r.Params.To)
	if err != nil {
		return nil, err
	}
	found, err := a.Offices.Exceptions(ctx, o.ID, from, to)
	if err != nil {
		return nil, err
	}
	answer := exceptions{All: []exception{}}
	for _, e := range found {
		answer.All = append(answer.All, exception{e.Day, e.Hours, e.SlotMinutes, e.Capacity, e.Reason, e.Notice, e.VerifyFirst})
	}
	return answer, nil
}

// within is a range of days: from today for a year, unless it is said otherwise.
func (a *API) within(o slots.Office, from, to date.Date) (first, last date.Date, err error) {
	if from.IsZero() {
		from = a.today(o)
	}
	if to.IsZero() {
		to = from.AddDays(365)
	}
	if !to.Valid() {
		to = date.Date{Year: 9999, Month: time.December, Day: 31}
	}
	if to.Before(from) {
		err = fault.InFields(map[string]string{"to": "order"})
	}
	return from, to, err
}

// exceptions is sent as it is kept: the generated types cannot tell a 0 from
// nothing, and here 0 leaves a group out.
type exceptions struct {
	All []exception `json:"exceptions"`
}

type exception struct {
	Date        date.Date      `json:"date"`
	Hours       []slots.Period `json:"hours"`
	SlotMinutes int            `json:"slot_minutes,omitempty"`
	Capacity    slots.Capacity `json:"capacity,omitempty"`
	Reason      string         `json:"reason"`
	Notice      string         `json:"notice"`
	VerifyFirst bool           `json:"verify_first,omitempty"`
}

// VisitListExceptionsResponse sends it.
func (e exceptions) VisitListExceptionsResponse(w http.ResponseWriter) error { return sendJSON(w, e) }

// PutException answers PUT /manage/offices/{office}/exceptions/{date}.
func (a *API) PutException(ctx context.Context, r PutExceptionRequestObject) (PutExceptionResponseObject, error) {
	o, staff, err := a.theirs(ctx, r.Office)
	if err != nil {
		return nil, err
	}
	var sent exception // and not the generated type: see exceptions
	if err := json.Unmarshal(shownIn(ctx).body, &sent); err != nil {
		return nil, fmt.Errorf("exception that was checked: %w", err)
	}
	e := slots.Exception{
		Day: r.Date, Hours: sent.Hours, SlotMinutes: sent.SlotMinutes, Capacity: sent.Capacity, Reason: sent.Reason, Notice: sent.Notice,
		VerifyFirst: sent.VerifyFirst,
	}
	given, err := a.Offices.TryException(ctx, o.ID, e)
	if err == nil && !r.Body.DryRun {
		err = a.Offices.PutException(ctx, o.ID, e, staff.Actor())
	}
	if err != nil {
		return nil, err
	}
	return PutException200JSONResponse{Date: r.Date, Slots: plannedOf(given), TakesEffect: WhenPublished}, nil
}

func plannedOf(given []slots.Slot) []PlannedSlot {
	planned := []PlannedSlot{}
	for _, s := range given {
		planned = append(planned, PlannedSlot{StartsAt: s.StartsAt, EndsAt: s.EndsAt, Capacity: placesOf(s.Capacity)})
	}
	return planned
}

// DropException answers DELETE /manage/offices/{office}/exceptions/{date}.
func (a *API) DropException(ctx context.Context, r DropExceptionRequestObject) (DropExceptionResponseObject, error) {
	staff, err := serving(ctx, r.Office)
	if err != nil {
		return nil, err
	}
	if err := a.Offices.DropException(ctx, r.Office, r.Date, staff.Actor()); err != nil {
		return nil, err
	}
	return DropException204Response{}, nil
}
