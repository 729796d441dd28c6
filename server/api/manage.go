package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/slots"
)

// ShowSchedule answers GET /manage/offices/{office}/schedule.
func (a *API) ShowSchedule(ctx context.Context, r ShowScheduleRequestObject) (ShowScheduleResponseObject, error) {
	o, _, err := a.theirs(ctx, r.Office)
	if err != nil {
		return nil, err
	}
	day := r.Params.Date
	if day.IsZero() {
		day = a.today(o)
	}
	t, err := a.Offices.Schedule(ctx, o.ID, day)
	return schedule(t), err
}

// schedule is a template as it is kept, which is also what is put.
type schedule slots.Template

// VisitShowScheduleResponse sends it.
func (s schedule) VisitShowScheduleResponse(w http.ResponseWriter) error {
	return sendJSON(w, slots.Template(s))
}

func sendJSON(w http.ResponseWriter, answer any) error {
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_, err = w.Write(body)
	return err
}

// PutSchedule answers PUT /manage/offices/{office}/schedule.
func (a *API) PutSchedule(ctx context.Context, r PutScheduleRequestObject) (PutScheduleResponseObject, error) {
	o, staff, err := a.theirs(ctx, r.Office)
	if err != nil {
		return nil, err
	}
	t, err := templateIn(shownIn(ctx).body)
	if err != nil {
		return nil, err
	}
	from := r.Body.From
	if from.IsZero() {
		from = a.today(o)
	}
	if !r.Body.DryRun {
		if err := a.Offices.PutSchedule(ctx, o.ID, from, t, staff.Actor()); err != nil {
			return nil, err
		}
	}
	planned, err := a.firstWeek(ctx, o, t, from)
	return PutSchedule200JSONResponse{From: from, Slots: planned}, err
}

// templateIn is the template in the body of a request. It is read from what was
// sent and not from the generated type, in which a 0 and nothing are the same.
func templateIn(body []byte) (slots.Template, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return slots.Template{}, fmt.Errorf("schedule that was checked: %w", err)
	}
	delete(members, "from")
	delete(members, "dry_run")
	text, err := json.Marshal(members)
	if err != nil {
		return slots.Template{}, fmt.Errorf("schedule that was checked: %w", err)
	}
	return slots.ParseTemplate(text)
}

// firstWeek is what a template gives in the first seven days.
func (a *API) firstWeek(ctx context.Context, o slots.Office, t slots.Template, from date.Date) ([]PlannedSlot, error) {
	calendar, err := a.Offices.Calendar(ctx, from.Year, from.AddDays(6).Year)
	if err != nil {
		return nil, err
	}
	planned := []PlannedSlot{}
	for day := range 7 {
		planned = append(planned, plannedOf(slots.Expand(t, calendar, nil, from.AddDays(day), o.Location))...)
	}
	return planned, nil
}

func placesOf(c slots.Capacity) Places {
	return Places{Marriage: c[slots.Marriage], Divorce: c[slots.Divorce], Other: c[slots.Other]}
}

// Publish answers POST /manage/offices/{office}/publish.
func (a *API) Publish(ctx context.Context, r PublishRequestObject) (PublishResponseObject, error) {
	o, staff, err := a.theirs(ctx, r.Office)
	if err != nil {
		return nil, err
	}
	from, to := r.Body.From, r.Body.To
	if from.IsZero() {
		from = a.today(o)
	}
	if to.IsZero() {
		rules, err := a.Offices.Rules(ctx, o.ID, from)
		if err != nil {
			return nil, err
		}
		to = from.AddDays(rules.HorizonDays)
	}
	how := slots.PublishOptions{DryRun: r.Body.DryRun, ConfirmUnpublishedCalendar: r.Body.ConfirmUnpublishedCalendar}
	preview, err := a.Assisted.Publish(ctx, o.ID, from, to, how, staff.Actor())
	if err != nil {
		return nil, err
	}
	return published(preview), nil
}

// published is what publishing changes, with the places that it comes to.
type published slots.Preview

// VisitPublishResponse sends it.
func (p published) VisitPublishResponse(w http.ResponseWriter) error {
	preview := slots.Preview(p)
	if preview.Days == nil {
		preview.Days = []slots.DayPreview{}
	}
	added, removed := preview.Places()
	return sendJSON(w, struct {
		slots.Preview
		Added   int `json:"places_added"`
		Removed int `json:"places_removed"`
	}{preview, added, removed})
}

// SetCapacity answers PUT /manage/offices/{office}/capacity.
func (a *API) SetCapacity(ctx context.Context, r SetCapacityRequestObject) (SetCapacityResponseObject, error) {
	slot, err := slots.ParseSlotID(r.Body.Slot)
	if err != nil {
		return nil, err
	}
	staff, err := serving(ctx, r.Office)
	if err != nil {
		return nil, err
	}
	if slot.Office != r.Office {
		return nil, slots.ErrNoSuchSlot
	}
	now, err := a.Assisted.SetCapacity(ctx, booking.Capacity{
		Quota: slot.Quota(slots.Channel(r.Body.Channel)), Places: r.Body.Capacity, Reason: r.Body.Reason, Actor: staff.Actor(),
	})
	if err != nil {
		return nil, err
	}
	return SetCapacity200JSONResponse{Slot: r.Body.Slot, Channel: r.Body.Channel, Capacity: now.After, Excess: now.Excess}, nil
}
