package api

import (
	"context"
	"strings"

	"hunyue/booking"
	"hunyue/hall"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/identity"
	"hunyue/server/auth"
	"hunyue/server/watch"
	"hunyue/slots"
)

// Login answers POST /staff/login.
func (a *API) Login(ctx context.Context, r LoginRequestObject) (LoginResponseObject, error) {
	session, err := a.Accounts.Login(ctx, r.Body.Username, r.Body.Password, r.Body.Totp)
	if err != nil {
		return nil, err
	}
	answer := Login200JSONResponse{Token: session.Token, Roles: []string{}, Offices: []OfficeID{}}
	answer.Roles = append(answer.Roles, session.Staff.Roles...)
	answer.Offices = append(answer.Offices, session.Staff.Offices...)
	return answer, nil
}

// Logout answers POST /staff/logout.
func (a *API) Logout(ctx context.Context, _ LogoutRequestObject) (LogoutResponseObject, error) {
	if err := a.Accounts.Logout(ctx, shownIn(ctx).bearer); err != nil {
		return nil, err
	}
	return Logout204Response{}, nil
}

// serving is who asks, if they work for the office, or auth.ErrForbidden.
func serving(ctx context.Context, office string) (*auth.Staff, error) {
	staff := auth.From(ctx)
	if !staff.MayServe(office) {
		return nil, auth.ErrForbidden
	}
	return staff, nil
}

// theirs is an office that whoever asks works for, and who that is.
func (a *API) theirs(ctx context.Context, office string) (slots.Office, *auth.Staff, error) {
	staff, err := serving(ctx, office)
	if err != nil {
		return slots.Office{}, nil, err
	}
	o, err := a.Offices.Office(ctx, office)
	return o, staff, err
}

// HoldForCaller answers POST /staff/holds.
func (a *API) HoldForCaller(ctx context.Context, r HoldForCallerRequestObject) (HoldForCallerResponseObject, error) {
	slot, err := slots.ParseSlotID(r.Body.Slot)
	if err != nil {
		return nil, err
	}
	staff, err := serving(ctx, slot.Office)
	if err != nil {
		return nil, err
	}
	held, err := a.Assisted.Hold(ctx, booking.HoldRequest{
		Slot: slot, Channel: slots.Channel(r.Body.Channel), Session: staff.Actor(), Key: r.Params.IdempotencyKey, Once: true,
	})
	if err != nil {
		return nil, err
	}
	answer, err := a.holdOf(ctx, held)
	return HoldForCaller201JSONResponse(answer), err
}

// BookForCaller answers POST /staff/appointments. That the hold is of an
// office that they work for was asked when it was given out, and only who it
// was given to can use it.
func (a *API) BookForCaller(ctx context.Context, r BookForCallerRequestObject) (BookForCallerResponseObject, error) {
	wrong := map[string]string{}
	parties := a.partiesOf(r.Body.Parties, r.Body.NamesChecked, wrong)
	phone, code := identity.ParsePhone(r.Body.Phone)
	note(wrong, "phone", code)
	consents := consentsOf(r.Body.Consents, wrong)
	if err := fault.InFields(wrong); err != nil {
		return nil, err
	}
	staff, seen := auth.From(ctx), shownIn(ctx)
	request, err := canonical(seen.body)
	if err != nil {
		return nil, err
	}
	receipt, err := a.Assisted.Confirm(ctx, booking.Application{
		Hold: r.Body.Hold, Token: seen.token, Session: staff.Actor(), Key: r.Params.IdempotencyKey, Request: request,
		Service: r.Body.Service, Parties: parties, Phone: phone,
		Locale: localeOf(r.Body.Locale), Consents: consents,
		Channel: slots.Channel(r.Body.Channel), Actor: staff.Actor(), Caller: r.Body.Caller,
	})
	if err != nil {
		return nil, err
	}
	answer, err := a.receiptOf(ctx, receipt)
	return BookForCaller201JSONResponse(answer), err
}

// ListAppointments answers GET /staff/appointments.
func (a *API) ListAppointments(ctx context.Context, r ListAppointmentsRequestObject) (ListAppointmentsResponseObject, error) {
	answer := ListAppointments200JSONResponse{Appointments: []Appointment{}}
	offices, err := served(ctx, r.Params.Office)
	if err != nil {
		return nil, err
	}
	for _, office := range offices {
		o, err := a.Offices.Office(ctx, office)
		if err != nil {
			return nil, err
		}
		day := r.Params.Date
		if day.IsZero() && r.Params.Q == "" {
			day = a.today(o)
		}
		rows, err := a.listed(ctx, office, r.Params.Q, day)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			answer.Appointments = append(answer.Appointments, appointmentOf(row))
		}
	}
	return answer, nil
}

// mostForOperators is how many rows of a day an operator gets, who has no list to see
// for their work: those that were made last, each of them noted as opened.
const mostForOperators = 30

// listed is the appointments that q names or, without q, those of the day.
func (a *API) listed(ctx context.Context, office, q string, day date.Date) ([]booking.Row, error) {
	if q == "" && !watch.SeesLists(auth.From(ctx)) {
		return a.Assisted.Latest(ctx, office, day, mostForOperators)
	}
	return a.Assisted.Search(ctx, office, q, day)
}

// SearchAppointments answers POST /staff/appointments/search.
func (a *API) SearchAppointments(ctx context.Context, r SearchAppointmentsRequestObject) (SearchAppointmentsResponseObject, error) {
	if strings.TrimSpace(r.Body.Q) == "" { // which would be everybody
		return nil, fault.InFields(map[string]string{"q": required})
	}
	answer := SearchAppointments200JSONResponse{Appointments: []Appointment{}}
	offices, err := served(ctx, r.Body.Office)
	if err != nil {
		return nil, err
	}
	for _, office := range offices {
		rows, err := a.Assisted.Search(ctx, office, r.Body.Q, r.Body.Date)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			answer.Appointments = append(answer.Appointments, appointmentOf(row))
		}
	}
	return answer, nil
}

// served is the one office that is asked for, or all that they work for.
func served(ctx context.Context, office string) ([]string, error) {
	staff := auth.From(ctx)
	if office == "" {
		return staff.Offices, nil
	}
	_, err := serving(ctx, office)
	return []string{office}, err
}

// RecordOwnReading answers POST /staff/readings.
func (a *API) RecordOwnReading(ctx context.Context, r RecordOwnReadingRequestObject) (RecordOwnReadingResponseObject, error) {
	offices, err := served(ctx, r.Body.Office)
	if err != nil {
		return nil, err
	}
	if len(offices) != 1 {
		return nil, fault.InFields(map[string]string{"office": required})
	}
	readings, err := ownReadings(r.Body)
	if err != nil {
		return nil, err
	}
	staff := auth.From(ctx)
	health, err := a.Hall.RecordStaff(ctx, hall.StaffReading{
		Staff: staff.Username, Office: offices[0], Readings: readings, Key: r.Params.IdempotencyKey, Actor: staff.Actor(),
	})
	if err != nil {
		return nil, own(err)
	}
	answer := RecordOwnReading200JSONResponse{Outcome: OwnReadingOutcome(health.Outcome)}
	if !health.RecheckAt.IsZero() {
		answer.RecheckAt, err = a.at(ctx, offices[0], health.RecheckAt)
	}
	return answer, err
}

func ownReadings(in *OwnReadingRequest) ([]hall.Reading, error) {
	wrong := map[string]string{}
	celsius, code := hall.ParseCelsius(in.Celsius)
	note(wrong, "celsius", code)
	readings := []hall.Reading{{Party: 1, Decicelsius: celsius, Device: in.Device}}
	if in.Repeat != "" {
		celsius, code := hall.ParseCelsius(in.Repeat)
		note(wrong, "repeat", code)
		readings = append(readings, hall.Reading{Party: 1, Decicelsius: celsius, Device: in.Device})
	}
	return readings, fault.InFields(wrong)
}

// own names the fields of a fault as they are named in one's own reading.
func own(err error) error {
	f := fault.Of(err)
	if f.Fields == nil {
		return err
	}
	names := map[string]string{"readings.1.celsius": "repeat", "readings.1.party": "repeat", "readings.0.device": "device", "readings.1.device": "device"}
	wrong := map[string]string{}
	for field, code := range f.Fields {
		name, ok := names[field]
		if !ok {
			name = "celsius"
		}
		wrong[name] = code
	}
	return fault.InFields(wrong)
}
