package api

import (
	"context"
	"strconv"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/server/auth"
)

// visitor is an appointment at an office that they work for. One of another
// office is none to them.
func (a *API) visitor(ctx context.Context, number string) (booking.Appointment, *auth.Staff, error) {
	staff := auth.From(ctx)
	found, err := a.Assisted.At(ctx, number, staff.MayServe)
	return found, staff, err
}

// received is visitor for those who meet people, so that they must be healthy.
func (a *API) received(ctx context.Context, number string) (booking.Appointment, *auth.Staff, error) {
	found, staff, err := a.visitor(ctx, number)
	if err == nil {
		err = a.Hall.MayReceive(ctx, staff.Username, found.Office)
	}
	return found, staff, err
}

// permitted reports whether whoever asks may do what needs a permission to
// register that is valid today at the office (domain rule 49).
func (a *API) permitted(ctx context.Context, found booking.Appointment, may func(*auth.Staff, date.Date) error) error {
	o, err := a.Offices.Office(ctx, found.Office)
	if err != nil {
		return err
	}
	return may(auth.From(ctx), a.today(o))
}

// CheckIn answers POST /staff/appointments/{number}/check-in.
func (a *API) CheckIn(ctx context.Context, r CheckInRequestObject) (CheckInResponseObject, error) {
	found, staff, err := a.received(ctx, r.Number)
	if err != nil {
		return nil, err
	}
	arrival, err := arrivalOf(r.Body)
	if err != nil {
		return nil, err
	}
	arrival.Number, arrival.Office, arrival.Key, arrival.Actor = r.Number, found.Office, r.Params.IdempotencyKey, staff.Actor()
	decided, err := a.Hall.CheckIn(ctx, arrival)
	if err != nil {
		return nil, err
	}
	o, err := a.Offices.Office(ctx, found.Office)
	if err != nil {
		return nil, err
	}
	answer := CheckIn200JSONResponse{
		Outcome: ArrivalOutcome(decided.Outcome), Ticket: decided.Ticket, Outside: decided.Outside, Recheck: decided.Recheck,
		Companions: decided.Companions, TurnedAway: decided.TurnedAway,
	}
	if !decided.RecheckAt.IsZero() {
		answer.RecheckAt = decided.RecheckAt.In(o.Location)
	}
	if !decided.OpensAt.IsZero() {
		answer.OpensAt = decided.OpensAt.In(o.Location)
	}
	return answer, nil
}

// arrivalOf reads what was measured, and reports everything that is no
// temperature.
func arrivalOf(in *CheckInRequest) (hall.Arrival, error) {
	var arrival hall.Arrival
	wrong := map[string]string{}
	for i, r := range in.Readings {
		celsius, code := hall.ParseCelsius(r.Celsius)
		note(wrong, "readings."+strconv.Itoa(i)+".celsius", code)
		arrival.Readings = append(arrival.Readings, hall.Reading{Party: r.Party, Decicelsius: celsius, Device: r.Device})
	}
	for i, c := range in.Companions {
		companion := hall.Companion{Reason: c.Reason, Device: c.Device}
		if c.Celsius != "" {
			celsius, code := hall.ParseCelsius(c.Celsius)
			note(wrong, "companions."+strconv.Itoa(i)+".celsius", code)
			companion.Decicelsius = celsius
		}
		arrival.Companions = append(arrival.Companions, companion)
	}
	return arrival, fault.InFields(wrong)
}

// CallCouple answers POST /staff/appointments/{number}/call.
func (a *API) CallCouple(ctx context.Context, r CallCoupleRequestObject) (CallCoupleResponseObject, error) {
	found, staff, err := a.received(ctx, r.Number)
	if err != nil {
		return nil, err
	}
	if err := a.permitted(ctx, found, (*auth.Staff).MayCall); err != nil {
		return nil, err
	}
	turn, err := a.Hall.Call(ctx, r.Number, r.Body.Counter, staff.Actor())
	if err != nil {
		return nil, err
	}
	answer, err := a.turnOf(ctx, found, turn, booking.Called)
	return CallCouple200JSONResponse(answer), err
}

// StartService answers POST /staff/appointments/{number}/start.
func (a *API) StartService(ctx context.Context, r StartServiceRequestObject) (StartServiceResponseObject, error) {
	found, staff, err := a.received(ctx, r.Number)
	if err != nil {
		return nil, err
	}
	if err := a.permitted(ctx, found, (*auth.Staff).MayCall); err != nil {
		return nil, err
	}
	turn, err := a.Hall.Start(ctx, r.Number, r.Body.Counter, staff.Actor())
	if err != nil {
		return nil, err
	}
	answer, err := a.turnOf(ctx, found, turn, booking.InService)
	return StartService200JSONResponse(answer), err
}

func (a *API) turnOf(ctx context.Context, found booking.Appointment, t hall.Turn, status booking.Status) (Turn, error) {
	at, err := a.at(ctx, found.Office, t.At)
	return Turn{Number: found.Number, Status: AppointmentStatus(status), Ticket: t.Ticket, Counter: t.Counter, At: at}, err
}

// CompleteService answers POST /staff/appointments/{number}/complete.
func (a *API) CompleteService(ctx context.Context, r CompleteServiceRequestObject) (CompleteServiceResponseObject, error) {
	found, staff, err := a.visitor(ctx, r.Number)
	if err == nil {
		err = a.permitted(ctx, found, (*auth.Staff).MayRegister)
	}
	if err != nil {
		return nil, err
	}
	done, err := a.Hall.Complete(ctx, r.Number, r.Body.CertificateNumber, staff.Actor())
	if err != nil {
		return nil, err
	}
	return CompleteService200JSONResponse{Number: r.Number, Status: AppointmentStatusCompleted, Warning: done.Warning}, nil
}

// RefuseService answers POST /staff/appointments/{number}/not-accepted.
func (a *API) RefuseService(ctx context.Context, r RefuseServiceRequestObject) (RefuseServiceResponseObject, error) {
	_, staff, err := a.visitor(ctx, r.Number)
	if err != nil {
		return nil, err
	}
	if err := a.Hall.NotAccepted(ctx, r.Number, r.Body.Reason, staff.Actor()); err != nil {
		return nil, err
	}
	return RefuseService200JSONResponse{Number: r.Number, Status: AppointmentStatusNotAccepted}, nil
}
