package api

import (
	"context"
	"strconv"

	"hunyue/booking"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/internal/identity"
	"hunyue/slots"
)

// couple is who acts on the public operations, in the audit.
const couple = "couple"

// Book answers POST /appointments.
func (a *API) Book(ctx context.Context, r BookRequestObject) (BookResponseObject, error) {
	wrong := map[string]string{}
	parties := a.partiesOf(r.Body.Parties, false, wrong)
	phone, code := mobile(r.Body.Phone)
	note(wrong, "phone", code)
	consents := consentsOf(r.Body.Consents, wrong)
	if err := fault.InFields(wrong); err != nil {
		return nil, err
	}
	seen := shownIn(ctx)
	request, err := canonical(seen.body)
	if err != nil {
		return nil, err
	}
	receipt, err := a.Desk.Confirm(ctx, booking.Application{
		Hold: r.Body.Hold, Token: seen.token, Key: r.Params.IdempotencyKey, Request: request,
		Service: r.Body.Service, Parties: parties, Phone: phone, Code: r.Body.PhoneCode,
		Locale: localeOf(r.Body.Locale), Consents: consents,
		Channel: slots.Web, Actor: couple,
	})
	if err != nil {
		return nil, err
	}
	a.Limits.Booked(ctx, askerIn(ctx).who, r.Body.Hold.String())
	answer, err := a.receiptOf(ctx, receipt)
	return Book201JSONResponse(answer), err
}

// partiesOf reads who comes, and notes everything that is wrong with them.
// Staff who have seen a name may insist on it.
func (a *API) partiesOf(in []Party, insist bool, wrong map[string]string) []booking.Party {
	now := a.Desk.Clock.Now()
	parties := make([]booking.Party, 0, len(in))
	for i, p := range in {
		m := map[string]string{}
		document, code := identity.ParseDocument(identity.DocumentType(p.Document.Type), p.Document.Number, now)
		note(m, "document.number", code)
		name, code := identity.NormaliseName(p.Name, identity.DocumentType(p.Document.Type) != identity.ResidentID)
		if insist && name != "" {
			code = ""
		}
		note(m, "name", code)
		party := booking.Party{Name: name, Document: document, Sex: identity.Sex(p.Sex), Born: p.BirthDate}
		if m["document.number"] == "" {
			complete(&party, m)
		}
		if party.Born.After(date.DateOf(now)) {
			m["birth_date"] = "future"
		}
		for field, code := range m {
			wrong["parties."+strconv.Itoa(i)+"."+field] = code
		}
		parties = append(parties, party)
	}
	return parties
}

func note(wrong map[string]string, field, code string) {
	if code != "" {
		wrong[field] = code
	}
}

// complete takes sex and birth date from a number that has them, and asks for
// them where it has not (domain rule 4).
func complete(p *booking.Party, wrong map[string]string) {
	born, sex, inNumber := p.Document.BirthAndSex()
	if !inNumber {
		born, sex = p.Born, p.Sex
	}
	switch {
	case sex == "":
		wrong["sex"] = required
	case p.Sex != "" && p.Sex != sex:
		wrong["sex"] = "contradiction"
	}
	switch {
	case born.IsZero():
		wrong["birth_date"] = required
	case !p.Born.IsZero() && p.Born != born:
		wrong["birth_date"] = "contradiction"
	}
	p.Born, p.Sex = born, sex
}

// consentsOf is which version of each text was agreed to, and notes which was
// not: true stands for the one in force.
func consentsOf(c Consents, wrong map[string]string) map[string]string {
	all := map[string]string{}
	for name, of := range map[string]struct{ agreed, inForce any }{
		"agreement": {c.Agreement, booking.AgreementVersion},
		"privacy":   {c.Privacy, booking.PrivacyVersion},
		"health":    {c.Health, booking.HealthVersion},
	} {
		switch agreed := of.agreed.(type) {
		case string:
			all[name] = agreed
		case bool:
			if agreed {
				all[name] = of.inForce.(string)
			} else if name != "health" {
				wrong["consents."+name] = required
			}
		}
	}
	return all
}

func (a *API) receiptOf(ctx context.Context, r booking.Receipt) (Receipt, error) {
	o, err := a.Offices.Office(ctx, r.Office)
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{
		Number: r.Number, Secret: r.Secret, Status: AppointmentStatus(r.Status), Office: r.Office, Service: r.Service,
		StartsAt: r.StartsAt.In(o.Location), EndsAt: r.EndsAt.In(o.Location),
	}, nil
}

// ShowAppointment answers GET /appointments/{number}.
func (a *API) ShowAppointment(ctx context.Context, r ShowAppointmentRequestObject) (ShowAppointmentResponseObject, error) {
	found, err := a.Desk.Find(ctx, r.Number, shownIn(ctx).secret)
	if err != nil {
		return nil, err
	}
	answer, err := a.masked(ctx, found)
	return ShowAppointment200JSONResponse(answer), err
}

// CancelAppointment answers POST /appointments/{number}/cancel.
func (a *API) CancelAppointment(ctx context.Context, r CancelAppointmentRequestObject) (CancelAppointmentResponseObject, error) {
	found, err := a.Desk.Find(ctx, r.Number, shownIn(ctx).secret)
	if err != nil {
		return nil, err
	}
	cancelled, err := a.Desk.Cancel(ctx, booking.Change{Appointment: found, Code: r.Body.PhoneCode, Actor: couple})
	if err != nil {
		return nil, err
	}
	answer, err := a.masked(ctx, cancelled)
	return CancelAppointment200JSONResponse(answer), err
}

// EraseAppointment answers POST /appointments/{number}/erase.
func (a *API) EraseAppointment(ctx context.Context, r EraseAppointmentRequestObject) (EraseAppointmentResponseObject, error) {
	found, err := a.Desk.Find(ctx, r.Number, shownIn(ctx).secret)
	if err != nil {
		return nil, err
	}
	erased, err := a.Desk.EraseByCode(ctx, booking.Change{Appointment: found, Code: r.Body.PhoneCode, Actor: couple})
	if err != nil {
		return nil, err
	}
	answer, err := a.masked(ctx, erased)
	return EraseAppointment200JSONResponse(answer), err
}

// MoveAppointment answers POST /appointments/{number}/reschedule.
func (a *API) MoveAppointment(ctx context.Context, r MoveAppointmentRequestObject) (MoveAppointmentResponseObject, error) {
	seen := shownIn(ctx)
	found, err := a.Desk.Find(ctx, r.Number, seen.secret)
	if err != nil {
		return nil, err
	}
	change := booking.Change{Appointment: found, Code: r.Body.PhoneCode, Actor: couple}
	moved, err := a.Desk.Move(ctx, change, r.Body.Hold, seen.token, "")
	if err != nil {
		return nil, err
	}
	a.Limits.Booked(ctx, askerIn(ctx).who, r.Body.Hold.String())
	answer, err := a.masked(ctx, moved)
	return MoveAppointment200JSONResponse(answer), err
}

// masked is an appointment as it is shown (domain rule 85).
func (a *API) masked(ctx context.Context, found booking.Appointment) (Appointment, error) {
	row, err := a.Desk.Masked(ctx, found)
	if err != nil {
		return Appointment{}, err
	}
	return appointmentOf(row), nil
}

func appointmentOf(row booking.Row) Appointment {
	shown := Appointment{
		Number: row.Number, Status: AppointmentStatus(row.Status), Office: row.Office, Service: row.Service,
		StartsAt: row.StartsAt, EndsAt: row.EndsAt, Channel: Channel(row.Channel), Phone: row.Phone, DataErased: row.Erased,
		Parties: make([]MaskedParty, len(row.Names)),
	}
	for i := range row.Names {
		shown.Parties[i].Name = row.Names[i]
		shown.Parties[i].Document.Number = row.Numbers[i]
	}
	return shown
}
