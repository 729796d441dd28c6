package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/slots"
)

// Suspend answers POST /manage/offices/{office}/suspensions.
func (a *API) Suspend(ctx context.Context, r SuspendRequestObject) (SuspendResponseObject, error) {
	o, staff, err := a.theirs(ctx, r.Office)
	if err != nil {
		return nil, err
	}
	done, err := a.Assisted.Suspend(ctx, slots.Closing{
		Office: o.ID, From: r.Body.From, To: r.Body.To, Mode: slots.Mode(r.Body.Mode), Services: r.Body.Services,
		Reason: r.Body.Reason, Notice: r.Body.Notice,
	}, staff.Actor(), r.Body.DryRun)
	if err != nil {
		return nil, err
	}
	return Suspend200JSONResponse{Id: done.ID, Closed: done.Closed, Appointments: affectedOf(done, o)}, nil
}

func affectedOf(s booking.Suspension, o slots.Office) []Affected {
	all := []Affected{}
	for _, a := range s.Affected {
		all = append(all, Affected{Number: a.Number, Service: a.Service, StartsAt: a.StartsAt.In(o.Location)})
	}
	return all
}

// AmendSuspension answers PUT /manage/offices/{office}/suspensions/{id}.
func (a *API) AmendSuspension(ctx context.Context, r AmendSuspensionRequestObject) (AmendSuspensionResponseObject, error) {
	o, staff, err := a.theirs(ctx, r.Office)
	if err != nil {
		return nil, err
	}
	id, err := strconv.ParseInt(r.Id, 10, 64)
	if err != nil {
		return nil, slots.ErrNoSuchSuspension
	}
	done, err := a.Assisted.Amend(ctx, booking.Amendment{
		Office: o.ID, Suspension: id, To: r.Body.To, Reason: r.Body.Reason,
	}, staff.Actor(), r.Body.DryRun)
	if err != nil {
		return nil, err
	}
	return AmendSuspension200JSONResponse{
		Id: done.ID, Closed: done.Closed, Reopened: done.Reopened, Appointments: affectedOf(done, o),
	}, nil
}

// ListSuspensions answers GET /manage/offices/{office}/suspensions.
func (a *API) ListSuspensions(ctx context.Context, r ListSuspensionsRequestObject) (ListSuspensionsResponseObject, error) {
	o, _, err := a.theirs(ctx, r.Office)
	if err != nil {
		return nil, err
	}
	from, to, err := a.within(o, r.Params.From, r.Params.To)
	if err != nil {
		return nil, err
	}
	found, err := a.Offices.Suspensions(ctx, o.ID, from, to)
	if err != nil {
		return nil, err
	}
	changes, err := a.Offices.SuspensionChanges(ctx, found)
	if err != nil {
		return nil, err
	}
	answer := suspensions{All: []suspension{}}
	for _, s := range found {
		answer.All = append(answer.All, suspensionOf(s, changes[s.ID], o))
	}
	return answer, nil
}

func suspensionOf(s slots.Suspension, changes []slots.SuspensionChange, o slots.Office) suspension {
	shown := suspension{
		ID: s.ID, From: s.From, To: until(s.To), Mode: s.Mode, Services: s.Services, Groups: s.Groups, Reason: s.Reason, Notice: s.Notice,
		By: s.Actor, At: s.At.In(o.Location), Changes: []suspensionChange{},
	}
	for _, c := range changes {
		shown.Changes = append(shown.Changes, suspensionChange{until(c.To), c.Reason, c.Actor, c.At.In(o.Location)})
	}
	return shown
}

// until is null for no day, which the generated types cannot say.
func until(day date.Date) *date.Date {
	if day.IsZero() {
		return nil
	}
	return &day
}

type suspensions struct {
	All []suspension `json:"suspensions"`
}

type suspension struct {
	ID       int64              `json:"id"`
	From     date.Date          `json:"from"`
	To       *date.Date         `json:"to"`
	Mode     slots.Mode         `json:"mode"`
	Services []string           `json:"services"`
	Groups   []slots.Group      `json:"groups"`
	Reason   string             `json:"reason"`
	Notice   string             `json:"notice"`
	By       string             `json:"by"`
	At       time.Time          `json:"at"`
	Changes  []suspensionChange `json:"changes"`
}

type suspensionChange struct {
	To     *date.Date `json:"to"`
	Reason string     `json:"reason"`
	By     string     `json:"by"`
	At     time.Time  `json:"at"`
}

// VisitListSuspensionsResponse sends them.
func (s suspensions) VisitListSuspensionsResponse(w http.ResponseWriter) error { return sendJSON(w, s) }
